//! A codec in C that tells what it was told, for both widths: each field arrives where the compiler's own headers have it.

use opendriver::Manager;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc};
use opendriver_codec::vfw::{
    Code, Codec, Error, FrameFlags, Mode, Rectangle, Rectangles, Settings,
};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::fixtures::{Target, compiled};

const TARGETS: [Target; 2] = [Target::Windows64Crt, Target::Windows32Crt];

fn codec(target: Target, mode: Mode) -> Codec {
    let file = compiled("telling-codec", target);
    let manager = Manager::builder()
        .trust_foreign_code()
        .guarded_blocks(true)
        .build();
    let name = file.to_str().expect("target/ is UTF-8");
    Codec::open(&manager, name, FourCc::new(*b"tell"), mode).unwrap()
}

fn pictures() -> BitmapFormat {
    BitmapFormat::uncompressed(Pixel::Rgb24, 8, 6)
}

fn frames() -> BitmapFormat {
    let header = BitmapInfoHeader {
        compression: FourCc::new(*b"tell"),
        ..pictures().header()
    };
    BitmapFormat::new(header, &[])
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let (numbers, _) = bytes.as_chunks();
    numbers
        .iter()
        .map(|&number| u32::from_le_bytes(number))
        .collect()
}

#[test]
fn a_frame_to_decompress_arrives_whole() {
    for target in TARGETS {
        let codec = codec(target, Mode::Decompress);
        let palette = BitmapFormat::uncompressed(Pixel::Rgb8, 8, 6);
        codec.set_decompress_palette(Some(&palette)).unwrap();
        let first = numbers(&palette.as_bytes()[40..])[0];
        let mut decompressor = codec.into_decompressor(&frames(), &pictures()).unwrap();
        let flags = FrameFlags {
            key: Some(false),
            ..FrameFlags::default()
        };
        let picture = decompressor.frame(b"some frame", flags).unwrap();
        let start = u32::from_le_bytes(*b"some");
        let expected = [1, 1, 0x0800_0000, 10, start, 24, 0, first];
        assert_eq!(numbers(picture.bytes)[..8], expected, "{target:?}");
        assert_eq!(decompressor.take_overruns(), []);
    }
}

#[test]
fn rectangles_arrive_in_their_order() {
    for target in TARGETS {
        let rectangle = |at| Rectangle {
            x: at,
            y: at + 1,
            width: at + 2,
            height: at + 3,
        };
        let places = Rectangles {
            source: rectangle(1),
            destination: rectangle(2),
        };
        let codec = codec(target, Mode::Decompress);
        let decompressor = codec.into_decompressor_within(&frames(), &pictures(), places);
        let mut decompressor = decompressor.unwrap();
        let picture = decompressor.frame(b"part", FrameFlags::default()).unwrap();
        let start = u32::from_le_bytes(*b"part");
        let expected = [2, 1, 0, start, 4, 24, 2, 3, 4, 5, 1, 2, 3, 4];
        assert_eq!(numbers(picture.bytes)[..14], expected, "{target:?}");
        assert_eq!(decompressor.take_overruns(), []);
    }
}

#[test]
fn a_picture_to_compress_arrives_with_the_one_before_and_what_is_said_of_all() {
    for target in TARGETS {
        let codec = codec(target, Mode::Compress);
        let settings = Settings {
            quality: Some(7000),
            key_every: Some(2),
            data_rate: Some(9999),
            frames_per_second: (2, 25),
        };
        let output = codec.compress_format(&pictures()).unwrap();
        let compressor = codec.into_compressor(&pictures(), &output, settings);
        let mut compressor = compressor.unwrap();
        let mut told = Vec::new();
        for number in 0..3_u8 {
            let packet = compressor.frame(&[number; 8 * 6 * 3], false).unwrap();
            assert_eq!(packet.chunk, Some(FourCc::new(*b"00dc")));
            assert_eq!(packet.key, number != 1, "{target:?}: {number}");
            told.push(numbers(packet.data));
        }
        // What comes before it is a picture that the same codec decompressed, which begins with a 1.
        let all = [7000, 9999, 2, 25, 2];
        for (number, key, previous) in [(0, 1, [0, 0]), (1, 0, [24, 1]), (2, 1, [0, 0])] {
            let told = &told[number as usize];
            let pixels = u32::from_le_bytes([number as u8; 4]);
            assert_eq!(told[..4], [3, 1, key, number], "{target:?}");
            assert_eq!(told[5..8], [7000, pixels, 24], "{target:?}");
            assert_eq!(told[8..10], previous, "{target:?}");
            assert_eq!(told[10..], all, "{target:?}");
        }
        assert_eq!(compressor.take_overruns(), []);
    }
}

#[test]
fn state_and_palette_go_both_ways_and_an_error_keeps_its_sign() {
    for target in TARGETS {
        let codec = codec(target, Mode::Decompress);
        codec.set_state(b"settings").unwrap();
        assert_eq!(codec.state().unwrap(), b"settings", "{target:?}");
        let output = BitmapFormat::uncompressed(Pixel::Rgb8, 8, 6);
        let palette = codec.decompress_palette(&frames(), &output).unwrap();
        assert_eq!(
            palette,
            Some(vec![[1, 2, 3, 0], [4, 5, 6, 0]]),
            "{target:?}"
        );
        let error = codec.quality().unwrap_err();
        let Error::Refused { code, .. } = error else {
            panic!("{target:?}: {error:?}");
        };
        assert_eq!(code, Code::UNSUPPORTED, "{target:?}");
        let wide = BitmapFormat::uncompressed(Pixel::Rgb24, 1000, 6);
        let error = codec.decompress_query(&wide, None).unwrap_err();
        assert!(error.to_string().contains("ICERR_BADFORMAT"), "{error}");
    }
}
