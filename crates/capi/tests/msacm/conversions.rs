//! What comes out of `acmStreamConvert` is what comes out of opendriver-codec, byte for byte.

use opendriver::Width;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Flags, Stream};
use opendriver_codec::file::Input;
use opendriver_codec::file::wav::Reader;
use opendriver_tests::media::{self, Sound, Tone};

use crate::house::*;

const START: u32 = 0x10;
const END: u32 = 0x20;
const BLOCK_ALIGN: u32 = 4;

/// Converts as programs do: one header for all, whole blocks but for the last piece, and what was not used again in front.
fn convert(has: usize, sound: &[u8], piece: usize) -> Vec<u8> {
    let mut size = 0_u32;
    let out = (&raw mut size).expose_provenance();
    assert_eq!(
        call!(acmStreamSize(has, piece as u32, out, 0)),
        OK,
        "{}",
        said()
    );
    let (mut source, mut destination) = (vec![0; piece], vec![0; size as usize]);
    let mut header = Header::new(&source, &mut destination);
    assert_eq!(
        call!(acmStreamPrepareHeader(has, header.address(), 0)),
        OK,
        "{}",
        said()
    );
    let (mut made, mut at, mut flags) = (Vec::new(), 0, START);
    loop {
        let len = piece.min(sound.len() - at);
        source[..len].copy_from_slice(&sound[at..at + len]);
        let last = at + len == sound.len();
        flags |= if last { END } else { BLOCK_ALIGN };
        header.set_source(source.as_ptr().expose_provenance(), len as u32);
        let answer = call!(acmStreamConvert(has, header.address(), flags));
        assert_eq!(answer, OK, "{}", said());
        assert_eq!(header.number(4), 0x3_0000);
        let (used, written) = (header.number(28) as usize, header.number(52) as usize);
        made.extend_from_slice(&destination[..written]);
        at += used;
        flags = 0;
        if last || (used, written) == (0, 0) {
            break;
        }
    }
    header.set_source(source.as_ptr().expose_provenance(), piece as u32);
    assert_eq!(
        call!(acmStreamUnprepareHeader(has, header.address(), 0)),
        OK,
        "{}",
        said()
    );
    assert_eq!(header.number(4) & 0x2_0000, 0);
    made
}

/// The same by opendriver-codec.
fn expected(file: &str, width: Width, from: &WaveFormat, to: &WaveFormat, sound: &[u8]) -> Vec<u8> {
    let list = listed();
    let driver = list.driver(&alias(file, width)).unwrap();
    let mut stream = Stream::open(driver, from, to, None).unwrap();
    let flags = Flags {
        start: true,
        end: true,
        ..Flags::default()
    };
    let mut made = Vec::new();
    stream.convert(sound, flags, &mut made).unwrap();
    made
}

#[test]
fn sound_is_encoded_and_decoded_as_by_the_codec_crate() {
    let (plain, sound) = (WaveFormat::pcm(1, 8000, 16), tone(40_000));
    for width in Width::ALL {
        for (file, tag) in [
            ("imaadp32.acm", 0x11),
            ("msg711.acm", 6),
            ("msg711.acm", 7),
            ("msgsm32.acm", 0x31),
        ] {
            let target = target(file, width, &plain, tag);
            let had = open(file, width);
            let there = stream(had, &plain, &target);
            let encoded = convert(there, &sound, 16_160);
            assert_eq!(
                encoded,
                expected(file, width, &plain, &target, &sound),
                "{file}"
            );
            assert!(!encoded.is_empty());
            let back = stream(had, &target, &plain);
            let decoded = convert(back, &encoded, usize::from(target.block_align()) * 16);
            assert_eq!(
                decoded,
                expected(file, width, &target, &plain, &encoded),
                "{file}"
            );
            assert!(decoded.len() + 8000 > sound.len());
            for has in [there, back] {
                assert_eq!(call!(acmStreamClose(has, 0)), OK);
            }
            assert_eq!(call!(acmDriverClose(had, 0)), OK);
        }
    }
}

#[test]
fn files_are_decoded_as_by_the_codec_crate() {
    let tone = Tone {
        channels: 2,
        rate: 44_100,
        samples: 30_000,
    };
    for (sound, file) in [
        (Sound::MsAdpcm, "msadp32.acm"),
        (Sound::Mp3, "l3codeca.acm"),
    ] {
        let path = media::sound(sound, tone);
        let mut reader =
            Reader::open(Input::file(std::fs::File::open(&path).unwrap()).unwrap()).unwrap();
        let from = reader.format().clone();
        let to = WaveFormat::pcm(2, 44_100, 16);
        let mut bytes = Vec::new();
        while reader.read_blocks(1 << 16, &mut bytes).unwrap() > 0 {}
        for width in Width::ALL {
            let had = open(file, width);
            let has = stream(had, &from, &to);
            let decoded = convert(has, &bytes, 1 << 16);
            assert_eq!(decoded, expected(file, width, &from, &to, &bytes), "{file}");
            assert!(decoded.len() > 20_000 * 4, "{file}: {}", decoded.len());
            assert_eq!(call!(acmStreamClose(has, 0)), OK);
            assert_eq!(call!(acmDriverClose(had, 0)), OK);
        }
    }
}

#[test]
fn the_first_driver_that_converts_is_found_and_told() {
    let (from, to) = (WaveFormat::pcm(1, 8000, 16), WaveFormat::pcm(2, 22_050, 16));
    let answer = call!(acmStreamOpen(0, 0, at(&from), at(&to), 0, 0, 0, 1));
    assert_eq!(answer, OK, "{}", said());
    let has = stream(0, &from, &to);
    let mut id = 0_usize;
    let out = (&raw mut id).expose_provenance();
    assert_eq!(call!(acmDriverID(has, out, 0)), OK);
    let place = listed().iter().position(|it| it.name() == "pcm").unwrap();
    assert_eq!(id, ids()[place], "the converter of plain samples is found");
    let made = convert(has, &tone(1600), 800);
    assert!((made.len() as i64 - 4410 * 4).abs() < 400, "{}", made.len());
    assert_eq!(call!(acmStreamReset(has, 0)), OK);
    assert_eq!(call!(acmStreamReset(has, 1)), INVALID_FLAG);
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
}

/// What a listener heard: the message, what it was opened with, and whether a header came with it.
static HEARD: std::sync::Mutex<Vec<(u32, usize, bool)>> = std::sync::Mutex::new(Vec::new());

extern "C" fn hear(_has: usize, message: u32, instance: usize, header: isize, _: isize) {
    HEARD.lock().unwrap().push((message, instance, header != 0));
}

#[test]
fn who_opens_asynchronously_is_called_back() {
    const FUNCTION: u32 = 0x3_0000;
    let (from, to) = (WaveFormat::pcm(1, 8000, 16), WaveFormat::pcm(2, 8000, 16));
    let back: extern "C" fn(usize, u32, usize, isize, isize) = hear;
    let open = |callback: usize, flags| {
        let mut has = 0_usize;
        let out = (&raw mut has).expose_provenance();
        let answer = call!(acmStreamOpen(
            out,
            0,
            at(&from),
            at(&to),
            0,
            callback,
            77,
            flags
        ));
        (answer, has)
    };
    // Without ACM_STREAMOPENF_ASYNC nobody is told, whatever is given.
    let (answer, has) = open(back as usize, FUNCTION);
    assert_eq!(answer, OK);
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    assert_eq!(*HEARD.lock().unwrap(), []);
    let (answer, has) = open(back as usize, FUNCTION | 2);
    assert_eq!(answer, OK, "{}", said());
    convert(has, &tone(100), 200);
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    let expected = [(0x3d4, 77, false), (0x3d6, 77, true), (0x3d5, 77, false)];
    assert_eq!(*HEARD.lock().unwrap(), expected);
    assert_eq!(open(0, FUNCTION | 2).0, INVALID_PARAMETER);
    assert_eq!(open(5, FUNCTION | 2).0, INVALID_PARAMETER);
    for (kind, answer) in [
        (0x1_0000, INVALID_PARAMETER),
        (0x2_0000, INVALID_PARAMETER),
        (0x4_0000, INVALID_FLAG),
        (0x5_0000, INVALID_PARAMETER),
    ] {
        assert_eq!(
            open(back as usize, kind | 2).0,
            answer,
            "{kind:#x}: {}",
            said()
        );
    }
}

#[test]
fn an_event_is_an_eventfd_that_counts() {
    // SAFETY: it makes a descriptor.
    let event = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) };
    assert!(event > 2);
    let (from, to) = (WaveFormat::pcm(1, 8000, 16), WaveFormat::pcm(2, 8000, 16));
    let mut has = 0_usize;
    let out = (&raw mut has).expose_provenance();
    let flags = 0x5_0000 | 2;
    let answer = call!(acmStreamOpen(
        out,
        0,
        at(&from),
        at(&to),
        0,
        event as usize,
        0,
        flags
    ));
    assert_eq!(answer, OK, "{}", said());
    convert(has, &tone(100), 200);
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    let mut count = 0_u64;
    // SAFETY: there is room for the eight bytes.
    let read = unsafe { libc::read(event, (&raw mut count).cast(), 8) };
    assert_eq!((read, count), (8, 3));
    // SAFETY: it is ours, and not used again.
    unsafe { libc::close(event) };
}
