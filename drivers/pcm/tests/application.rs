//! An application of each width speaks to the converter, message by message.

use std::mem::offset_of;

use opendriver_sdk::answer::{
    ACMERR_NOTPOSSIBLE, MMSYSERR_INVALFLAG, MMSYSERR_INVALHANDLE, MMSYSERR_INVALPARAM,
    MMSYSERR_NOERROR, MMSYSERR_NOTSUPPORTED,
};
use opendriver_sdk::structures::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmDrvOpenDesc, AcmDrvStreamHeader,
    AcmDrvStreamInstance, AcmDrvStreamSize, AcmFormatDetails, AcmFormatTagDetails, Address, FourCc,
    Structure, WaveFormatEx,
};
use opendriver_sdk::{Bench, Instance, LParam, LResult, Message};

const START: u32 = 0x10;
const END: u32 = 0x20;

/// The system's side of one instance.
struct Application {
    bench: Bench,
    instance: Instance,
}

impl Application {
    fn new() -> Self {
        let bench = Bench::new(opendriver_pcm::driver());
        let instance = bench.open("", 0).expect("it opens to be configured");
        Self { bench, instance }
    }

    fn lend<S: Structure>(&self, value: &S) -> LParam {
        let mut bytes = vec![0; S::SIZE];
        value.write(&mut bytes).expect("there is room");
        self.bench.lend(&bytes)
    }

    fn lent<S: Structure>(&self, address: LParam) -> S {
        S::read(&self.bench.lent(address)).expect("it was lent")
    }

    /// Sends a message with a structure and returns the answer with what became of it.
    fn ask<S: Structure>(&self, message: Message, value: &S, flags: LParam) -> (LResult, S) {
        let address = self.lend(value);
        let answer = self.instance.send(message, address, flags);
        (answer, self.lent(address))
    }

    /// Opens a stream; its structure's address, and the answer.
    fn stream<P: Address>(
        &self,
        source: &[u8],
        destination: &[u8],
        flags: u32,
    ) -> (LParam, LResult) {
        let instance = AcmDrvStreamInstance::<P> {
            size: AcmDrvStreamInstance::<P>::SIZE as u32,
            source: P::from_param(self.bench.lend(source)),
            destination: P::from_param(self.bench.lend(destination)),
            open_flags: flags,
            ..AcmDrvStreamInstance::zeroed()
        };
        let address = self.lend(&instance);
        let answer = self.instance.send(Message::ACMDM_STREAM_OPEN, address, 0);
        (address, answer)
    }

    fn size(&self, stream: LParam, flags: u32, length: u32) -> Result<u32, LResult> {
        let sizes = AcmDrvStreamSize {
            size: AcmDrvStreamSize::SIZE as u32,
            flags,
            source_length: if flags == 0 { length } else { 0 },
            destination_length: if flags == 1 { length } else { 0 },
        };
        let address = self.lend(&sizes);
        match self
            .instance
            .send(Message::ACMDM_STREAM_SIZE, stream, address)
        {
            MMSYSERR_NOERROR => {
                let sizes: AcmDrvStreamSize = self.lent(address);
                Ok(if flags == 0 {
                    sizes.destination_length
                } else {
                    sizes.source_length
                })
            }
            answer => Err(answer),
        }
    }

    /// Converts a buffer; how much of it was used, and what was made.
    fn convert<P: Address>(
        &self,
        stream: LParam,
        source: &[u8],
        room: usize,
        flags: u32,
    ) -> (usize, Vec<u8>) {
        let destination = self.bench.lend(&vec![0; room]);
        let header = self.lend(&AcmDrvStreamHeader::<P> {
            size: AcmDrvStreamHeader::<P>::SIZE as u32,
            source: P::from_param(self.bench.lend(source)),
            source_length: source.len() as u32,
            destination: P::from_param(destination),
            destination_length: room as u32,
            convert_flags: flags,
            ..AcmDrvStreamHeader::zeroed()
        });
        let answer = self
            .instance
            .send(Message::ACMDM_STREAM_CONVERT, stream, header);
        assert_eq!(answer, MMSYSERR_NOERROR);
        let header: AcmDrvStreamHeader<P> = self.lent(header);
        let mut made = self.bench.lent(destination);
        made.truncate(header.destination_used as usize);
        (header.source_used as usize, made)
    }
}

fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let block_align = channels * bits / 8;
    let header = WaveFormatEx {
        tag,
        channels,
        samples_per_second: rate,
        bytes_per_second: rate * u32::from(block_align),
        block_align,
        bits_per_sample: bits,
        extra: 0,
    };
    let mut bytes = vec![0; WaveFormatEx::SIZE];
    header.write(&mut bytes).expect("there is room");
    bytes
}

fn a_stream_converts_from_open_to_close<P: Address>() {
    let application = Application::new();
    let (stream, answer) =
        application.stream::<P>(&format(1, 1, 8000, 8), &format(1, 2, 8000, 16), 0);
    assert_eq!(answer, MMSYSERR_NOERROR);
    assert_eq!(application.size(stream, 0, 3), Ok(12));
    assert_eq!(application.size(stream, 1, 15), Ok(3));
    assert_eq!(application.size(stream, 1, 3), Err(ACMERR_NOTPOSSIBLE));
    assert_eq!(application.size(stream, 2, 3), Err(MMSYSERR_INVALFLAG));
    assert_eq!(
        application.size(stream, 0, u32::MAX),
        Err(ACMERR_NOTPOSSIBLE)
    );
    let (used, made) = application.convert::<P>(stream, &[128, 129, 0], 100, START | END);
    assert_eq!(
        (used, &made[..]),
        (3, &[0, 0, 0, 0, 0, 1, 0, 1, 0, 128, 0, 128][..])
    );
    let (used, made) = application.convert::<P>(stream, &[128, 129, 0], 7, 0);
    assert_eq!((used, made.len()), (1, 4));
    let send = |message, stream| application.instance.send(message, stream, 0);
    assert_eq!(send(Message::ACMDM_STREAM_RESET, stream), MMSYSERR_NOERROR);
    assert_eq!(send(Message::ACMDM_STREAM_CLOSE, stream), MMSYSERR_NOERROR);
    assert_eq!(
        send(Message::ACMDM_STREAM_CLOSE, stream),
        MMSYSERR_INVALHANDLE
    );
    assert_eq!(
        send(Message::ACMDM_STREAM_RESET, stream),
        MMSYSERR_INVALHANDLE
    );
    assert_eq!(application.size(stream, 0, 3), Err(MMSYSERR_INVALHANDLE));
}

#[test]
fn a_stream_of_a_32_bit_application_converts_from_open_to_close() {
    a_stream_converts_from_open_to_close::<u32>();
}

#[test]
fn a_stream_of_a_64_bit_application_converts_from_open_to_close() {
    a_stream_converts_from_open_to_close::<u64>();
}

#[test]
fn another_rate_has_the_exact_length_however_buffers_are_cut() {
    let application = Application::new();
    let (source, destination) = (format(1, 1, 8000, 16), format(1, 2, 44_100, 16));
    let samples: Vec<u8> = (0..10_001_i32)
        .flat_map(|n| ((n * n) as i16 / 2).to_le_bytes())
        .collect();
    let whole = {
        let (stream, _) = application.stream::<u64>(&source, &destination, 0);
        let room = application.size(stream, 0, samples.len() as u32).unwrap();
        let (used, made) = application.convert::<u64>(stream, &samples, room as usize, START | END);
        assert_eq!(used, samples.len());
        made
    };
    // 10,001 * 44,100 / 8000 = 55,130.5, which is rounded up.
    assert_eq!(whole.len(), 55_131 * 4);
    for room in [400, 4000, 100_000] {
        let (stream, _) = application.stream::<u64>(&source, &destination, 0);
        let (mut left, mut made, mut start) = (&samples[..], Vec::new(), START);
        while !left.is_empty() {
            let piece = left.len().min(999);
            let end = if piece == left.len() { END } else { 0 };
            let (used, some) =
                application.convert::<u64>(stream, &left[..piece], room, start | end);
            assert!(
                used > 0 || !some.is_empty(),
                "nothing goes on with room for {room} bytes"
            );
            left = &left[used..];
            made.extend(some);
            start = 0;
        }
        assert!(made == whole, "pieces of {room} bytes are not the whole");
    }
}

#[test]
fn a_start_forgets_what_was_not_ended() {
    let application = Application::new();
    let (source, destination) = (format(3, 1, 44_100, 32), format(3, 1, 48_000, 32));
    let (stream, _) = application.stream::<u64>(&source, &destination, 0);
    let samples: Vec<u8> = (0..2000)
        .flat_map(|n| (n as f32).sin().to_le_bytes())
        .collect();
    let room = application.size(stream, 0, samples.len() as u32).unwrap() as usize;
    let (_, once) = application.convert::<u64>(stream, &samples, room, START | END);
    application.convert::<u64>(stream, &samples[..4000], room, START);
    let (_, again) = application.convert::<u64>(stream, &samples, room, START | END);
    assert!(once == again);
    // An end is also the start of what follows.
    let (_, again) = application.convert::<u64>(stream, &samples, room, END);
    assert!(once == again);
}

#[test]
fn a_query_leaves_no_stream_behind() {
    const QUERY: u32 = 1;
    let application = Application::new();
    let pcm = format(1, 2, 44_100, 16);
    let (stream, answer) = application.stream::<u64>(&pcm, &format(3, 6, 96_000, 64), QUERY);
    assert_eq!(answer, MMSYSERR_NOERROR);
    let answer = application
        .instance
        .send(Message::ACMDM_STREAM_CLOSE, stream, 0);
    assert_eq!(answer, MMSYSERR_INVALHANDLE);
}

#[test]
fn what_cannot_be_converted_is_refused() {
    const ASYNCHRONOUS: u32 = 2;
    let application = Application::new();
    let pcm = format(1, 2, 44_100, 16);
    let refused = [
        format(2, 2, 44_100, 16),
        format(1, 2, 100, 16),
        format(1, 65, 44_100, 16),
        format(3, 2, 44_100, 16),
    ];
    for other in refused {
        assert_eq!(
            application.stream::<u64>(&pcm, &other, 0).1,
            ACMERR_NOTPOSSIBLE
        );
        assert_eq!(
            application.stream::<u64>(&other, &pcm, 0).1,
            ACMERR_NOTPOSSIBLE
        );
    }
    assert_eq!(
        application.stream::<u64>(&pcm, &pcm, ASYNCHRONOUS).1,
        ACMERR_NOTPOSSIBLE
    );
}

#[test]
fn bad_addresses_and_sizes_are_refused() {
    let application = Application::new();
    for message in Message::ACMDM_BASE.0..Message::ACMDM_BASE.0 + 0x100 {
        let message = Message(message);
        let answer = application.instance.send(message, 0, 0);
        let expected = match message {
            Message::ACMDM_DRIVER_NOTIFY => MMSYSERR_NOERROR,
            Message::ACMDM_DRIVER_DETAILS
            | Message::ACMDM_FORMATTAG_DETAILS
            | Message::ACMDM_FORMAT_DETAILS
            | Message::ACMDM_FORMAT_SUGGEST
            | Message::ACMDM_STREAM_OPEN
            | Message::ACMDM_STREAM_CLOSE
            | Message::ACMDM_STREAM_SIZE
            | Message::ACMDM_STREAM_CONVERT
            | Message::ACMDM_STREAM_RESET => MMSYSERR_INVALPARAM,
            _ => MMSYSERR_NOTSUPPORTED,
        };
        assert_eq!(answer, expected, "{message}");
        // A size that no structure has, with nothing behind it.
        let lent = application.bench.lend(&u32::MAX.to_le_bytes());
        let answer = application.instance.send(message, lent, lent);
        assert_eq!(answer, expected, "{message}");
    }
    assert!(application.bench.reports().is_empty());
}

#[test]
fn a_buffer_that_is_not_there_is_refused_and_the_stream_goes_on() {
    let application = Application::new();
    let (stream, _) = application.stream::<u64>(&format(1, 1, 8000, 16), &format(1, 1, 8000, 8), 0);
    let header = AcmDrvStreamHeader::<u64> {
        size: AcmDrvStreamHeader::<u64>::SIZE as u32,
        source: 16,
        source_length: u32::MAX,
        destination: 32,
        destination_length: u32::MAX,
        ..AcmDrvStreamHeader::zeroed()
    };
    let header = application.lend(&header);
    let answer = application
        .instance
        .send(Message::ACMDM_STREAM_CONVERT, stream, header);
    assert_eq!(answer, MMSYSERR_INVALPARAM);
    assert_eq!(
        application.convert::<u64>(stream, &[0, 1], 10, 0),
        (2, vec![129])
    );
}

#[test]
fn it_says_what_it_is() {
    let application = Application::new();
    let asked = AcmDriverDetails::<u64> {
        size: AcmDriverDetails::<u64>::SIZE as u32,
        ..AcmDriverDetails::zeroed()
    };
    let (answer, details) = application.ask(Message::ACMDM_DRIVER_DETAILS, &asked, 0);
    assert_eq!(answer, MMSYSERR_NOERROR);
    assert_eq!(
        ({ details.kind }, { details.support }, {
            details.format_tags
        }),
        (FourCc::AUDC, 2, 3)
    );
    assert_eq!(
        { details.features }.to_string(),
        "Converts rate, channels and depth of PCM and floating-point samples"
    );
    let asked = AcmDriverDetails::<u32> {
        size: AcmDriverDetails::<u32>::SIZE as u32,
        ..AcmDriverDetails::zeroed()
    };
    let (_, narrow) = application.ask(Message::ACMDM_DRIVER_DETAILS, &asked, 0);
    assert_eq!(
        { narrow.features }.to_string(),
        { details.features }.to_string()
    );
    // Of an application with an older structure, no byte more is touched than it has.
    let short = offset_of!(AcmDriverDetails<u64>, format_tags);
    let asked = AcmDriverDetails::<u64> {
        size: short as u32,
        ..AcmDriverDetails::zeroed()
    };
    let (answer, details) = application.ask(Message::ACMDM_DRIVER_DETAILS, &asked, 0);
    assert_eq!(
        (answer, { details.support }, { details.format_tags }),
        (MMSYSERR_NOERROR, 2, 0)
    );
}

#[test]
fn every_listed_format_can_be_had_named_and_converted() {
    let application = Application::new();
    let mut names = Vec::new();
    for index in 0..3 {
        let asked = AcmFormatTagDetails {
            size: AcmFormatTagDetails::SIZE as u32,
            index,
            ..AcmFormatTagDetails::zeroed()
        };
        let (answer, tag) = application.ask(Message::ACMDM_FORMATTAG_DETAILS, &asked, 0);
        assert_eq!(answer, MMSYSERR_NOERROR);
        for index in 0..=tag.standard_formats {
            let place = application.bench.lend(&[0; 40]);
            let asked = AcmFormatDetails::<u64> {
                size: AcmFormatDetails::<u64>::SIZE as u32,
                index,
                tag: tag.tag,
                format: u64::from_param(place),
                format_size: tag.format_size,
                ..AcmFormatDetails::zeroed()
            };
            let (answer, details) = application.ask(Message::ACMDM_FORMAT_DETAILS, &asked, 0);
            if index == tag.standard_formats {
                assert_eq!(answer, ACMERR_NOTPOSSIBLE);
                continue;
            }
            assert_eq!(answer, MMSYSERR_NOERROR);
            let format = application.bench.lent(place);
            let (_, answer) = application.stream::<u64>(&format, &format, 1);
            assert_eq!(answer, MMSYSERR_NOERROR);
            let (answer, _) = application.ask(Message::ACMDM_FORMAT_DETAILS, &details, 1);
            assert_eq!(answer, MMSYSERR_NOERROR);
            names.push({ details.name }.to_string());
        }
    }
    assert_eq!(names[0], "8.000 kHz, 8 Bit, Mono");
    assert_eq!(
        names.last().unwrap(),
        "192.000 kHz, 32 Bit Float, 8 Channels"
    );
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 88 + 44 + 32);
}

#[test]
fn kinds_of_formats_are_found_by_tag_and_by_size() {
    let application = Application::new();
    let ask = |tag, flags| {
        let asked = AcmFormatTagDetails {
            size: AcmFormatTagDetails::SIZE as u32,
            tag,
            ..AcmFormatTagDetails::zeroed()
        };
        let (answer, details) = application.ask(Message::ACMDM_FORMATTAG_DETAILS, &asked, flags);
        (answer, details.tag, details.index, details.format_size)
    };
    assert_eq!(ask(3, 1), (MMSYSERR_NOERROR, 3, 1, 18));
    assert_eq!(ask(0, 2).3, 40);
    assert_eq!(ask(0xfffe, 1), (MMSYSERR_NOERROR, 0xfffe, 2, 40));
    assert_eq!(ask(1, 2), (MMSYSERR_NOERROR, 1, 0, 18));
    assert_eq!(ask(2, 1).0, ACMERR_NOTPOSSIBLE);
    assert_eq!(ask(1, 3).0, MMSYSERR_INVALFLAG);
}

#[test]
fn suggestions_keep_what_is_not_wished_for() {
    let application = Application::new();
    let suggest = |source: &[u8], wished: &[u8], flags, room| {
        let place = application.bench.lend(wished);
        let asked = AcmDrvFormatSuggest::<u64> {
            size: AcmDrvFormatSuggest::<u64>::SIZE as u32,
            flags,
            source: u64::from_param(application.bench.lend(source)),
            source_size: source.len() as u32,
            destination: u64::from_param(place),
            destination_size: room,
        };
        let (answer, _) = application.ask(Message::ACMDM_FORMAT_SUGGEST, &asked, 0);
        (answer, application.bench.lent(place))
    };
    let (float, nothing) = (format(3, 2, 48_000, 32), [0; 18]);
    let (answer, suggested) = suggest(&float, &nothing, 0, 18);
    assert_eq!(
        (answer, suggested),
        (MMSYSERR_NOERROR, format(1, 2, 48_000, 16))
    );
    let wished = format(1, 1, 8000, 8);
    let (_, suggested) = suggest(&float, &wished, 0xe_0000, 18);
    assert_eq!(suggested, wished);
    let (_, suggested) = suggest(&wished, &format(3, 1, 1, 1), 0x1_0000, 18);
    assert_eq!(suggested, format(3, 1, 8000, 32));
    // A PCMWAVEFORMAT lacks the last two bytes.
    let (_, suggested) = suggest(&wished, &[7; 18], 0, 16);
    assert_eq!(
        (&suggested[..16], &suggested[16..]),
        (&wished[..16], &[7, 7][..])
    );
    assert_eq!(suggest(&wished, &nothing, 0, 15).0, MMSYSERR_INVALPARAM);
    assert_eq!(
        suggest(&wished, &nothing, 0x10_0000, 18).0,
        MMSYSERR_INVALFLAG
    );
    assert_eq!(
        suggest(&wished, &format(1, 1, 8000, 12), 0x8_0000, 18).0,
        ACMERR_NOTPOSSIBLE
    );
    assert_eq!(
        suggest(&wished, &nothing, 0x4_0000, 18).0,
        ACMERR_NOTPOSSIBLE
    );
}

#[test]
fn it_opens_as_a_codec_of_sound_only() {
    let bench = Bench::new(opendriver_pcm::driver());
    for (kind, opens) in [(FourCc::AUDC, true), (FourCc::VIDC, false)] {
        let asked = AcmDrvOpenDesc::<u64> {
            size: AcmDrvOpenDesc::<u64>::SIZE as u32,
            kind,
            ..AcmDrvOpenDesc::zeroed()
        };
        let mut bytes = vec![0; AcmDrvOpenDesc::<u64>::SIZE];
        asked.write(&mut bytes).expect("there is room");
        assert_eq!(bench.open("", bench.lend(&bytes)).is_ok(), opens);
    }
}
