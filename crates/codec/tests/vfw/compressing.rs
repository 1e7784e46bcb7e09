//! Pictures become frames.

use opendriver::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc};
use opendriver_codec::vfw::{Codec, Compressor, Error, FrameFlags, Mode, Settings};

use crate::player::{CODE, Log, Part, compressed, manager, pictures, refused_with};

/// `VIDCF_TEMPORAL`
const TEMPORAL: u32 = 0x4;
/// `VIDCF_FASTTEMPORALC`
const FAST: u32 = 0x20;
/// `VIDCF_CRUNCH`
const CRUNCH: u32 = 0x2;

fn compressor(part: Part, settings: Settings) -> (Compressor, Log) {
    let (manager, log) = manager(part);
    let codec = Codec::open(&manager, "player", CODE, Mode::Compress).unwrap();
    log.lock().unwrap().messages.clear();
    let compressor = codec
        .into_compressor(&pictures(), &compressed(), settings)
        .unwrap();
    (compressor, log)
}

fn with_flags(flags: u32) -> Part {
    Part {
        flags,
        ..Part::default()
    }
}

#[test]
fn a_codec_without_frames_between_makes_key_frames() {
    let (mut compressor, log) = compressor(with_flags(0), Settings::default());
    for value in 0..3 {
        let packet = compressor.frame(&[value; 24], false).unwrap();
        assert_eq!((packet.data.len(), packet.key), (25, true));
        assert_eq!(packet.chunk, Some(FourCc::new(*b"00dc")));
    }
    compressor.finish().unwrap();
    let seen = log.lock().unwrap();
    assert_eq!(seen.flags, [1, 1, 1]);
    assert_eq!(
        seen.messages[..],
        [
            Message::ICM_COMPRESS_QUERY,
            Message::ICM_COMPRESS_GET_SIZE,
            Message::ICM_GETDEFAULTQUALITY,
            Message::ICM_GETDEFAULTKEYFRAMERATE,
            Message::ICM_COMPRESS_FRAMES_INFO,
            Message::ICM_COMPRESS_BEGIN,
            Message::ICM_COMPRESS,
            Message::ICM_COMPRESS,
            Message::ICM_COMPRESS,
            Message::ICM_COMPRESS_END,
            Message::DRV_CLOSE,
            Message::DRV_DISABLE,
            Message::DRV_FREE,
        ]
    );
}

#[test]
fn a_codec_is_given_the_picture_before_as_a_decoder_sees_it() {
    let settings = Settings {
        key_every: Some(4),
        ..Settings::default()
    };
    let (mut compressor, log) = compressor(with_flags(TEMPORAL), settings);
    let mut keys = Vec::new();
    for value in 0..6 {
        let packet = compressor.frame(&[value * 10; 24], value == 5).unwrap();
        keys.push(packet.key);
    }
    assert_eq!(keys, [true, false, false, false, true, true]);
    let seen = log.lock().unwrap();
    assert_eq!(seen.flags.iter().filter(|&&flags| flags == 1).count(), 3);
    // Of 0, 10 and 20, what is left after compression.
    assert_eq!(seen.previous, [[0; 24], [0; 24], [16; 24]]);
}

#[test]
fn a_codec_that_keeps_the_picture_before_is_not_given_it() {
    let (mut compressor, log) = compressor(with_flags(TEMPORAL | FAST), Settings::default());
    compressor.frame(&[1; 24], false).unwrap();
    compressor.frame(&[1; 24], false).unwrap();
    let seen = log.lock().unwrap();
    assert_eq!(seen.flags, [1, 0]);
    assert!(seen.previous.is_empty());
}

#[test]
fn a_codec_that_wants_the_picture_before_and_cannot_decompress_makes_key_frames() {
    let part = Part {
        unknown: vec![
            Message::ICM_DECOMPRESS_QUERY,
            Message::ICM_DECOMPRESSEX_QUERY,
        ],
        ..with_flags(TEMPORAL)
    };
    let (mut compressor, log) = compressor(part, Settings::default());
    compressor.frame(&[1; 24], false).unwrap();
    compressor.frame(&[2; 24], false).unwrap();
    assert_eq!(log.lock().unwrap().flags, [1, 1]);
}

#[test]
fn key_frames_are_as_far_apart_as_the_codec_likes_where_nobody_says() {
    let (mut compressor, _) = compressor(with_flags(TEMPORAL), Settings::default());
    let keys: Vec<bool> = (0..7)
        .map(|value| compressor.frame(&[value; 24], false).unwrap().key)
        .collect();
    assert_eq!(keys, [true, false, false, true, false, false, true]);
}

#[test]
fn a_data_rate_becomes_the_size_of_a_frame_where_the_codec_keeps_to_one() {
    let settings = Settings {
        data_rate: Some(100_000),
        frames_per_second: (1001, 30_000),
        ..Settings::default()
    };
    for (flags, expected) in [(CRUNCH, 3336), (0, 0)] {
        let (mut compressor, log) = compressor(with_flags(flags), settings);
        compressor.frame(&[1; 24], false).unwrap();
        assert_eq!(log.lock().unwrap().frame_sizes, [expected]);
    }
    let none = Settings {
        data_rate: Some(u32::MAX),
        frames_per_second: (u32::MAX, 0),
        ..Settings::default()
    };
    let (mut compressor, log) = compressor(with_flags(CRUNCH), none);
    compressor.frame(&[1; 24], false).unwrap();
    assert_eq!(log.lock().unwrap().frame_sizes, [0]);
}

#[test]
fn lines_are_turned_for_a_codec_that_wants_the_lowest_first() {
    let part = Part {
        bottom_up: true,
        ..with_flags(0)
    };
    let (manager, _) = manager(part);
    let codec = Codec::open(&manager, "player", CODE, Mode::Compress).unwrap();
    let top_down = pictures().with_header(BitmapInfoHeader {
        height: -2,
        ..pictures().header()
    });
    let mut compressor = codec
        .into_compressor(&top_down, &compressed(), Settings::default())
        .unwrap();
    assert_eq!(compressor.input(), &top_down);
    let mut pixels = [0x10; 24];
    pixels[12..].fill(0x20);
    let packet = compressor.frame(&pixels, false).unwrap();
    assert_eq!(packet.data[1..13], [0x20; 12]);
    assert_eq!(packet.data[13..], [0x10; 12]);
}

#[test]
fn a_picture_of_another_length_is_not_shown_to_the_codec() {
    let (mut compressor, log) = compressor(with_flags(0), Settings::default());
    let error = compressor.frame(&[0; 23], false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a picture of 24 bytes was expected, found 23"
    );
    assert!(
        !log.lock()
            .unwrap()
            .messages
            .contains(&Message::ICM_COMPRESS)
    );
}

#[test]
fn an_input_that_the_codec_does_not_take_is_refused() {
    let (manager, _) = manager(with_flags(0));
    let codec = Codec::open(&manager, "player", CODE, Mode::Compress).unwrap();
    let error = codec
        .into_compressor(&compressed(), &compressed(), Settings::default())
        .unwrap_err();
    refused_with(
        &error,
        "\"player\" refused ICM_COMPRESS_QUERY: ICERR_BADFORMAT",
    );
}

#[test]
fn a_frame_longer_than_its_block_is_not_believed() {
    let part = Part {
        boast: Some(50),
        ..with_flags(0)
    };
    let (mut compressor, _) = compressor(part, Settings::default());
    let error = compressor.frame(&[0; 24], false).unwrap_err();
    assert!(matches!(error, Error::Answer { .. }));
    assert_eq!(
        error.to_string(),
        "\"player\" answered ICM_COMPRESS at frame 0 with 50 bytes, where 49 is the most"
    );
}

#[test]
fn what_is_compressed_is_decompressed_again() {
    let (manager, _) = manager(with_flags(TEMPORAL));
    let open = |mode| Codec::open(&manager, "player", CODE, mode).unwrap();
    let mut compressor = open(Mode::Compress)
        .into_compressor(&pictures(), &compressed(), Settings::default())
        .unwrap();
    let mut decompressor = open(Mode::Decompress)
        .into_decompressor(&compressed(), &pictures())
        .unwrap();
    for number in 0..20_u8 {
        let mut pixels = [number & 0x30; 24];
        pixels[usize::from(number)] = 0xf0;
        let packet = compressor.frame(&pixels, false).unwrap();
        let flags = FrameFlags {
            key: Some(packet.key),
            ..FrameFlags::default()
        };
        let picture = decompressor.frame(packet.data, flags).unwrap();
        assert_eq!(picture.bytes, pixels);
    }
}
