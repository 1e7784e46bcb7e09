//! Frames become pictures.

use opendriver::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc};
use opendriver_codec::vfw::{Error, FrameFlags, Mode, PaletteChange, Rectangle, Rectangles};
use opendriver_codec::{BitmapFormat, Pixel};

use crate::player::{CODE, Part, codec, compressed, key, pictures, refused_with};

const NO_FLAGS: FrameFlags = FrameFlags {
    key: None,
    preroll: false,
    hurry_up: false,
};

#[test]
fn changes_are_written_into_the_one_picture() {
    let (codec, log) = codec(Part::default());
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    let first = decompressor.frame(&key(7), NO_FLAGS).unwrap();
    assert_eq!((first.bytes, first.drawn), (&[7; 24][..], true));
    let mut expected = [7; 24];
    expected[5] = 1;
    expected[23] = 2;
    let second = decompressor.frame(b"D\x05\x01\x17\x02", NO_FLAGS).unwrap();
    assert_eq!((second.bytes, second.drawn), (&expected[..], true));
    // An empty frame is not shown to the codec.
    let third = decompressor.frame(b"", NO_FLAGS).unwrap();
    assert_eq!((third.bytes, third.drawn), (&expected[..], false));
    assert_eq!(decompressor.frames(), 3);
    decompressor.finish().unwrap();

    let seen = log.lock().unwrap();
    assert_eq!(seen.sizes, [25, 5]);
    assert_eq!(seen.places[0], seen.places[1]);
    assert_eq!(
        seen.messages,
        [
            Message::ICM_DECOMPRESS_QUERY,
            Message::ICM_DECOMPRESS_BEGIN,
            Message::ICM_DECOMPRESS,
            Message::ICM_DECOMPRESS,
            Message::ICM_DECOMPRESS_END,
            Message::DRV_CLOSE,
            Message::DRV_DISABLE,
            Message::DRV_FREE,
        ]
    );
}

#[test]
fn what_is_known_of_a_frame_is_told() {
    let (codec, log) = codec(Part::default());
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    let flags = [
        NO_FLAGS,
        FrameFlags {
            key: Some(true),
            ..NO_FLAGS
        },
        FrameFlags {
            key: Some(false),
            preroll: true,
            ..NO_FLAGS
        },
        FrameFlags {
            hurry_up: true,
            ..NO_FLAGS
        },
    ];
    for flags in flags {
        decompressor.frame(&key(1), flags).unwrap();
    }
    let seen = log.lock().unwrap();
    assert_eq!(seen.flags, [0, 0, 0x2800_0000, 0x8000_0000]);
}

#[test]
fn a_frame_that_need_not_be_drawn_leaves_the_last_picture() {
    let (codec, _) = codec(Part::default());
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    decompressor.frame(&key(7), NO_FLAGS).unwrap();
    let picture = decompressor.frame(b"H", NO_FLAGS).unwrap();
    assert_eq!((picture.bytes, picture.drawn), (&[7; 24][..], false));
}

#[test]
fn a_refused_frame_is_named_and_the_next_one_is_decompressed() {
    let (codec, _) = codec(Part::default());
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    decompressor.frame(&key(7), NO_FLAGS).unwrap();
    let error = decompressor.frame(b"nonsense", NO_FLAGS).unwrap_err();
    refused_with(
        &error,
        "\"player\" refused ICM_DECOMPRESS at frame 1: ICERR_BADFORMAT",
    );
    assert!(matches!(error, Error::Refused { frame: Some(1), .. }));
    assert_eq!(
        decompressor.frame(&key(8), NO_FLAGS).unwrap().bytes,
        [8; 24]
    );
}

#[test]
fn pictures_that_come_late_come_at_last() {
    let part = Part {
        late: true,
        ..Part::default()
    };
    let (codec, log) = codec(part);
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    assert!(!decompressor.frame(&key(1), NO_FLAGS).unwrap().drawn);
    for value in 2..5 {
        let picture = decompressor.frame(&key(value), NO_FLAGS).unwrap();
        assert_eq!((picture.bytes[0], picture.drawn), (value - 1, true));
    }
    let last = decompressor.flush().unwrap();
    assert_eq!((last.bytes[0], last.drawn), (4, true));
    assert!(!decompressor.flush().unwrap().drawn);
    let seen = log.lock().unwrap();
    assert_eq!(seen.flags, [0, 0, 0, 0, 0x1000_0000, 0x1000_0000]);
}

#[test]
fn a_byte_written_behind_the_picture_is_contained_and_told_once() {
    let part = Part {
        overrun: Some((2, 1)),
        ..Part::default()
    };
    let (codec, _) = codec(part);
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    for value in 0..5 {
        let picture = decompressor.frame(&key(value), NO_FLAGS).unwrap();
        assert_eq!(picture.bytes, [value; 24]);
    }
    let overruns = decompressor.take_overruns();
    assert_eq!(overruns.len(), 1);
    assert_eq!(
        overruns[0].to_string(),
        "\"player\" wrote behind the picture, 24 bytes, at offset 24 in ICM_DECOMPRESS of frame 2"
    );
    assert!(decompressor.take_overruns().is_empty());
}

#[test]
fn what_is_written_a_page_behind_the_picture_goes_nowhere() {
    let part = Part {
        overrun: Some((1, 4096)),
        ..Part::default()
    };
    let (codec, _) = codec(part);
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    decompressor.frame(&key(1), NO_FLAGS).unwrap();
    // The house asks before it lets a linked-in driver write, and this one answers what it then hears.
    let error = decompressor.frame(&key(2), NO_FLAGS).unwrap_err();
    refused_with(
        &error,
        "\"player\" refused ICM_DECOMPRESS at frame 1: ICERR_BADPARAM",
    );
    assert!(decompressor.take_overruns().is_empty());
}

#[test]
fn a_codec_that_knows_only_one_family_of_messages_is_asked_by_that_one() {
    let plain = [
        Message::ICM_DECOMPRESS_QUERY,
        Message::ICM_DECOMPRESS_BEGIN,
        Message::ICM_DECOMPRESS,
    ];
    let with_rectangles = [
        Message::ICM_DECOMPRESSEX_QUERY,
        Message::ICM_DECOMPRESSEX_BEGIN,
        Message::ICM_DECOMPRESSEX,
    ];
    let whole = Rectangles {
        source: Rectangle::whole(&compressed()),
        destination: Rectangle::whole(&pictures()),
    };
    // What is not known may show at once, or only with the first frame.
    for from in 0..3 {
        let knows = |unknown: &[Message]| Part {
            unknown: unknown.to_vec(),
            ..Part::default()
        };
        let (only_ex, log) = codec(knows(&plain[from..]));
        let mut decompressor = only_ex
            .into_decompressor(&compressed(), &pictures())
            .unwrap();
        assert_eq!(
            decompressor.frame(&key(7), NO_FLAGS).unwrap().bytes,
            [7; 24]
        );
        drop(decompressor);
        let messages = log.lock().unwrap().messages.clone();
        assert!(messages.contains(&Message::ICM_DECOMPRESSEX_END));

        let (only_plain, log) = codec(knows(&with_rectangles[from..]));
        let mut decompressor = only_plain
            .into_decompressor_within(&compressed(), &pictures(), whole)
            .unwrap();
        assert_eq!(
            decompressor.frame(&key(7), NO_FLAGS).unwrap().bytes,
            [7; 24]
        );
        drop(decompressor);
        let messages = log.lock().unwrap().messages.clone();
        assert!(messages.contains(&Message::ICM_DECOMPRESS_END));
    }
}

#[test]
fn a_part_of_a_picture_is_not_taken_for_the_whole() {
    let part = Part {
        unknown: vec![Message::ICM_DECOMPRESSEX_QUERY],
        ..Part::default()
    };
    let (codec, _) = codec(part);
    let mut places = Rectangles {
        source: Rectangle::whole(&compressed()),
        destination: Rectangle::whole(&pictures()),
    };
    places.destination.width = 2;
    let error = codec
        .into_decompressor_within(&compressed(), &pictures(), places)
        .unwrap_err();
    refused_with(
        &error,
        "\"player\" refused ICM_DECOMPRESSEX_QUERY: ICERR_UNSUPPORTED",
    );
}

#[test]
fn a_codec_never_sees_a_height_with_a_sign_on_what_is_compressed() {
    let part = Part {
        bottom_up: true,
        ..Part::default()
    };
    let (codec, log) = codec(part);
    let upside_down = compressed().with_header(BitmapInfoHeader {
        height: -2,
        ..compressed().header()
    });
    codec.into_decompressor(&upside_down, &pictures()).unwrap();
    assert_eq!(log.lock().unwrap().heights, [2]);
}

#[test]
fn a_picture_has_room_for_its_pixels_whatever_its_header_says() {
    let (codec, _) = codec(Part::default());
    let mean = |compression| {
        pictures().with_header(BitmapInfoHeader {
            image_size: 1,
            compression,
            ..pictures().header()
        })
    };
    let other = codec.again(Mode::Decompress).unwrap();
    // Also of pixels that nobody here knows.
    for (codec, compression) in [(codec, FourCc(0)), (other, FourCc::new(*b"odd "))] {
        let mut decompressor = codec
            .into_decompressor(&compressed(), &mean(compression))
            .unwrap();
        assert_eq!({ decompressor.output().header().image_size }, 24);
        let picture = decompressor.frame(&key(7), NO_FLAGS).unwrap();
        assert_eq!(picture.bytes, [7; 24]);
    }
}

#[test]
fn an_absurd_picture_is_refused_before_it_takes_memory() {
    let (codec, _) = codec(Part::default());
    let absurd = BitmapFormat::uncompressed(Pixel::Rgb24, i32::MAX as u32, i32::MAX as u32);
    let error = codec.into_decompressor(&compressed(), &absurd).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn a_change_of_palette_reaches_the_codec_and_the_output() {
    let (codec, log) = codec(Part::default());
    let input = BitmapFormat::new(
        BitmapInfoHeader {
            compression: CODE,
            ..BitmapFormat::uncompressed(Pixel::Rgb8, 4, 2).header()
        },
        &[5; 1024],
    );
    let output = BitmapFormat::uncompressed(Pixel::Rgb8, 4, 2);
    let mut decompressor = codec.into_decompressor(&input, &output).unwrap();
    let change = PaletteChange::parse(&[254, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0]).unwrap();
    assert_eq!(change.colours.len(), 2);
    decompressor.change_palette(&change).unwrap();
    for format in [decompressor.input(), decompressor.output()] {
        assert_eq!(format.palette()[254..], [[3, 2, 1, 0], [6, 5, 4, 0]]);
    }
    assert_eq!(decompressor.input().palette()[253], [5; 4]);
    let seen = log.lock().unwrap();
    let begun = Message::ICM_DECOMPRESS_BEGIN;
    assert_eq!(
        seen.messages
            .iter()
            .filter(|&&message| message == begun)
            .count(),
        2
    );
}

#[test]
fn frames_of_any_length_find_room() {
    let (codec, log) = codec(Part::default());
    let mut decompressor = codec.into_decompressor(&compressed(), &pictures()).unwrap();
    for len in [1, 4031, 4032, 4033, 100_000, 64] {
        let mut frame = vec![0; len];
        frame[0] = b'H';
        assert!(!decompressor.frame(&frame, NO_FLAGS).unwrap().drawn);
    }
    assert_eq!(
        log.lock().unwrap().sizes,
        [1, 4031, 4032, 4033, 100_000, 64]
    );
    assert!(decompressor.take_overruns().is_empty());
}
