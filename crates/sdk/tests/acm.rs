//! A codec of sound that is written as a type, as applications of both widths hear it.
#![forbid(unsafe_code)]

use std::sync::Arc;

use opendriver_sdk::acm::{
    Acm, Application, Codec, Converted, Details, Flags, Kind, Refusal, Stream, Tag, WaveFormat,
    Wish,
};
use opendriver_sdk::answer::{
    ACMERR_NOTPOSSIBLE, MMSYSERR_ERROR, MMSYSERR_INVALPARAM, MMSYSERR_NOERROR,
    MMSYSERR_NOTSUPPORTED,
};
use opendriver_sdk::structures::{AcmDrvOpenDesc, FourCc, Structure, aligned};
use opendriver_sdk::{Bench, Call, Host, LResult, Message, Refused, Setting, builtin};

const LATE: u16 = 0xfff1;

/// Bytes that come out one behind, and turned by what its settings say; a byte of 0xff is broken.
struct Late {
    turn: u8,
}

struct OneBehind {
    turn: u8,
    held: Option<u8>,
}

fn late(rate: u32) -> WaveFormat {
    WaveFormat {
        extra: vec![1, 2, 3, 4],
        ..WaveFormat::plain(LATE, 1, rate, 8)
    }
}

impl Codec for Late {
    type Stream = OneBehind;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        match host.setting("turn") {
            Some(Setting::Integer(turn)) if turn > 255 => Err(Refused),
            Some(Setting::Integer(turn)) => Ok(Self { turn: turn as u8 }),
            _ => Ok(Self { turn: 0 }),
        }
    }

    fn details(&self) -> Details {
        Details {
            kind: Kind::Both,
            ..Details::new("late", "Sound that comes late")
        }
    }

    fn tags(&self) -> Vec<Tag> {
        let plain = [8000, 11_025].map(|rate| WaveFormat::pcm(1, rate, 8));
        vec![
            Tag::new(WaveFormat::PCM, "PCM", plain.into()),
            Tag::new(LATE, "Late", vec![late(8000)]),
        ]
    }

    fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<OneBehind, Refusal> {
        let plain = WaveFormat::pcm(1, source.rate, 8);
        match (source, destination) == (&plain, &late(source.rate)) {
            true => Ok(OneBehind {
                turn: self.turn,
                held: None,
            }),
            false => Err(Refusal::NotPossible),
        }
    }

    fn message(&self, call: &Call<'_>) -> LResult {
        match call.message {
            Message::DRV_QUERYCONFIGURE => 1,
            _ => call.default_answer(),
        }
    }
}

impl Stream for OneBehind {
    fn destination_size(&self, source: usize) -> Option<usize> {
        Some(source)
    }

    fn source_size(&self, destination: usize) -> Option<usize> {
        Some(destination)
    }

    fn convert(
        &mut self,
        source: &[u8],
        destination: &mut [u8],
        flags: Flags,
    ) -> Result<Converted, Refusal> {
        if flags.start {
            self.held = None;
        }
        let mut done = Converted::default();
        for &byte in source {
            assert_ne!(byte, 0xee, "a byte that this stream cannot bear");
            match (byte, self.held) {
                (0xff, _) => return Err(Refusal::Failed),
                (_, Some(_)) if done.written == destination.len() => return Ok(done),
                (_, Some(held)) => {
                    destination[done.written] = held;
                    done.written += 1;
                }
                (_, None) => {}
            }
            self.held = Some(byte ^ self.turn);
            done.used += 1;
        }
        if flags.end && done.written < destination.len() {
            destination[done.written] = self.held.take().unwrap_or(0);
            done.written += 1;
        }
        Ok(done)
    }

    fn reset(&mut self) {
        self.held = None;
    }
}

fn bench() -> Bench {
    Bench::new(builtin::<Acm<Late>>("late"))
}

fn both_widths(test: fn(&Bench, Application)) {
    let bench = bench();
    test(&bench, bench.acm().unwrap());
    test(&bench, bench.acm_of_32_bits().unwrap());
}

const FIRST: Flags = Flags {
    start: true,
    end: false,
};
const LAST: Flags = Flags {
    start: false,
    end: true,
};

#[test]
fn a_codec_says_what_it_is_and_lists_its_formats() {
    both_widths(|_, application| {
        assert_eq!(application.details(), Ok(("late".to_owned(), 2)));
        let tags = application.tags().unwrap();
        let listed = [(1, "PCM".to_owned(), 2), (LATE, "Late".to_owned(), 1)];
        assert_eq!(tags, listed);
        let name = "8.000 kHz, 8 Bit, Mono".to_owned();
        assert_eq!(application.format(LATE, 0), Ok((late(8000), name.clone())));
        assert_eq!(application.format(LATE, 1), Err(ACMERR_NOTPOSSIBLE));
        assert_eq!(application.name(&late(8000)), Ok(name));
        assert_eq!(application.name(&late(9000)), Err(ACMERR_NOTPOSSIBLE));
        let plain = WaveFormat::pcm(1, 8000, 8);
        assert_eq!(application.suggest(&plain, Wish::default()), Ok(late(8000)));
        let other_rate = Wish {
            rate: Some(11_025),
            ..Wish::default()
        };
        let refused = Err(ACMERR_NOTPOSSIBLE);
        assert_eq!(application.suggest(&plain, other_rate), refused);
        assert_eq!(application.query(&plain, &late(8000)), Ok(()));
        assert_eq!(
            application.query(&late(8000), &plain),
            Err(ACMERR_NOTPOSSIBLE)
        );
    });
}

#[test]
fn what_a_stream_holds_back_comes_in_the_next_buffer_or_at_the_end() {
    both_widths(|_, application| {
        let plain = WaveFormat::pcm(1, 8000, 8);
        assert_eq!(
            application.convert(&plain, &late(8000), &[1, 2]),
            Ok(vec![1, 2])
        );
        let stream = application.stream(&plain, &late(8000)).unwrap();
        let used = |used, written| Converted { used, written };
        let first = stream.convert(&[1, 2, 3], 10, FIRST);
        assert_eq!(first, Ok((used(3, 2), vec![1, 2])));
        let no_room = stream.convert(&[4, 5], 1, Flags::default());
        assert_eq!(no_room, Ok((used(1, 1), vec![3])));
        let last = stream.convert(&[5], 10, LAST);
        assert_eq!(last, Ok((used(1, 2), vec![4, 5])));
        stream.convert(&[6], 10, Flags::default()).unwrap();
        stream.reset().unwrap();
        let after = stream.convert(&[7, 8], 10, Flags::default());
        assert_eq!(after, Ok((used(2, 1), vec![7])));
    });
}

#[test]
fn a_buffer_of_any_length_is_one_sound() {
    both_widths(|_, application| {
        let plain = WaveFormat::pcm(1, 8000, 8);
        for length in [0xffff, 0x1_0000, 0x1_0001, 0x2_0000, 200_000] {
            let sound: Vec<u8> = (0..length).map(|n: u32| (n % 199) as u8).collect();
            let made = application.convert(&plain, &late(8000), &sound);
            assert!(made == Ok(sound), "{length}");
        }
    });
}

#[test]
fn broken_sound_and_a_panic_are_errors_and_the_stream_goes_on() {
    let bench = bench();
    let application = bench.acm().unwrap();
    let plain = WaveFormat::pcm(1, 8000, 8);
    let stream = application.stream(&plain, &late(8000)).unwrap();
    assert_eq!(stream.convert(&[1, 0xff], 9, FIRST), Err(MMSYSERR_ERROR));
    assert_eq!(stream.convert(&[1, 0xee], 9, FIRST), Err(MMSYSERR_ERROR));
    assert_eq!(bench.reports().len(), 1);
    let (_, made) = stream.convert(&[1, 2], 9, FIRST).unwrap();
    assert_eq!(made, [1]);
}

#[test]
fn settings_come_with_the_host_and_may_be_refused() {
    let plain = WaveFormat::pcm(1, 8000, 8);
    let turned = bench().with_setting("turn", Setting::Integer(3));
    let application = turned.acm().unwrap();
    assert_eq!(application.convert(&plain, &late(8000), &[4]), Ok(vec![7]));
    let refused = bench().with_setting("turn", Setting::Integer(300));
    assert!(refused.acm().is_err());
}

#[test]
fn messages_that_have_no_function_come_to_the_author_or_are_not_supported() {
    both_widths(|_, application| {
        let send = |message| application.instance().send(message, 0, 0);
        assert_eq!(send(Message::DRV_QUERYCONFIGURE), 1);
        assert_eq!(send(Message::ACMDM_DRIVER_NOTIFY), MMSYSERR_NOERROR);
        for message in [
            Message::ACMDM_DRIVER_ABOUT,
            Message::ACMDM_STREAM_PREPARE,
            Message::ACMDM_FILTER_DETAILS,
        ] {
            assert_eq!(send(message), MMSYSERR_NOTSUPPORTED, "{message}");
        }
        for message in [
            Message::ACMDM_DRIVER_DETAILS,
            Message::ACMDM_FORMATTAG_DETAILS,
            Message::ACMDM_FORMAT_DETAILS,
            Message::ACMDM_FORMAT_SUGGEST,
            Message::ACMDM_STREAM_OPEN,
            Message::ACMDM_STREAM_CONVERT,
        ] {
            assert_eq!(send(message), MMSYSERR_INVALPARAM, "{message}");
        }
    });
}

#[test]
fn a_manager_that_does_not_pack_its_structures_is_understood() {
    let bench = bench();
    let application = bench.acm().unwrap();
    let send = |message, one, two| application.instance().send(message, one, two);
    let (plain, late) = (
        WaveFormat::pcm(1, 8000, 8).to_bytes(),
        late(8000).to_bytes(),
    );
    let (source, destination) = (bench.lend(&plain) as u64, bench.lend(&late) as u64);
    let stream = bench.lend_structure(&aligned::AcmDrvStreamInstance::<u64> {
        size: aligned::AcmDrvStreamInstance::<u64>::SIZE as u32,
        source,
        destination,
        ..aligned::AcmDrvStreamInstance::zeroed()
    });
    assert_eq!(
        send(Message::ACMDM_STREAM_OPEN, stream, 0),
        MMSYSERR_NOERROR
    );
    let opened: aligned::AcmDrvStreamInstance<u64> = bench.lent_structure(stream);
    assert_ne!(opened.driver_value, 0);
    let room = bench.lend(&[0; 8]);
    let header = bench.lend_structure(&aligned::AcmDrvStreamHeader::<u64> {
        size: aligned::AcmDrvStreamHeader::<u64>::SIZE as u32,
        source: bench.lend(&[5, 6, 7]) as u64,
        source_length: 3,
        destination: room as u64,
        destination_length: 8,
        convert_flags: 0x30,
        ..aligned::AcmDrvStreamHeader::zeroed()
    });
    let answer = send(Message::ACMDM_STREAM_CONVERT, stream, header);
    assert_eq!(answer, MMSYSERR_NOERROR);
    let told: aligned::AcmDrvStreamHeader<u64> = bench.lent_structure(header);
    assert_eq!((told.source_used, told.destination_used), (3, 3));
    assert_eq!(bench.lent(room)[..4], [5, 6, 7, 0]);
    assert_eq!(
        send(Message::ACMDM_STREAM_CLOSE, stream, 0),
        MMSYSERR_NOERROR
    );
    let wished = bench.lend(&[0; 64]);
    let suggestion = bench.lend_structure(&aligned::AcmDrvFormatSuggest::<u64> {
        size: aligned::AcmDrvFormatSuggest::<u64>::SIZE as u32,
        flags: 0,
        source,
        source_size: 18,
        destination: wished as u64,
        destination_size: 64,
    });
    let answer = send(Message::ACMDM_FORMAT_SUGGEST, suggestion, 0);
    assert_eq!(answer, MMSYSERR_NOERROR);
    assert!(bench.lent(wished).starts_with(&late));
}

#[test]
fn it_opens_as_a_codec_of_sound_only() {
    let bench = bench();
    let open = |kind| {
        let description = AcmDrvOpenDesc::<u64> {
            size: AcmDrvOpenDesc::<u64>::SIZE as u32,
            kind,
            ..AcmDrvOpenDesc::zeroed()
        };
        bench.open("", bench.lend_structure(&description)).is_ok()
    };
    assert!(open(FourCc::AUDC));
    assert!(!open(FourCc::VIDC));
    assert!(bench.open("", 0).is_ok());
}
