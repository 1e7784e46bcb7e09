//! Wine's codecs: `cargo xtask drivers` fetches them.

use opendriver::{Manager, Width};
use opendriver_abi::structures::{BitmapInfoHeader, FourCc};
use opendriver_codec::vfw::{
    Codec, Codecs, Error, FrameFlags, Mode, Rectangle, Rectangles, Settings,
};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::real;

/// A manager of each width, with Wine's codecs installed.
fn managers() -> [Manager; 2] {
    Width::ALL.map(manager)
}

/// A manager with Wine's codecs of this width installed.
fn manager(width: Width) -> Manager {
    let folder = real::folder(width);
    let manager = Manager::builder()
        .search_path(&folder)
        .trust_foreign_code()
        .guarded_blocks(true)
        .build();
    for (alias, file) in [
        ("vidc.cvid", "iccvid.dll"),
        ("vidc.mrle", "msrle32.dll"),
        ("vidc.msvc", "msvidc32.dll"),
    ] {
        let registry = manager.registry();
        registry.set_value("Drivers32", alias, file).unwrap();
    }
    manager
}

fn compressed(code: [u8; 4], bits: u16, width: i32, height: i32) -> BitmapFormat {
    let header = BitmapInfoHeader {
        width,
        height,
        bit_count: bits,
        compression: FourCc::new(code),
        image_size: 0,
        colours_used: if bits == 8 { 256 } else { 0 },
        ..BitmapFormat::uncompressed(Pixel::Rgb24, 0, 0).header()
    };
    let grey = BitmapFormat::uncompressed(Pixel::Rgb8, 0, 0);
    let palette = if bits == 8 {
        &grey.as_bytes()[40..]
    } else {
        &[]
    };
    BitmapFormat::new(header, palette)
}

#[test]
fn all_of_them_say_what_they_are_and_one_compresses() {
    for manager in managers() {
        let codecs = Codecs::installed(&manager).unwrap();
        let mut compress = Vec::new();
        for installed in codecs.iter() {
            let codec = Codec::open(&manager, &*installed.alias, FourCc(0), Mode::Query).unwrap();
            assert_eq!(codec.driver(), installed.file);
            assert!(!codec.info().name.is_empty() && !codec.info().description.is_empty());
            let takes = |pixel: &Pixel| {
                let format = BitmapFormat::uncompressed(*pixel, 64, 48);
                codec.compress_query(&format, None).is_ok()
            };
            if Pixel::ALL.iter().any(takes) {
                compress.push(installed.handler.to_string());
            }
        }
        assert_eq!(compress, ["mrle"]);
    }
}

/// A picture with a moving edge, and noise that does not move.
fn picture(format: &BitmapFormat, number: usize) -> Vec<u8> {
    let line = Pixel::Rgb8.stride(format.width());
    let pixel = |at: usize| match at % line {
        x if x >= format.width() as usize => 0,
        x if x < 2 * number => 200,
        x => ((at / line * 7) ^ (x * 13)) as u8,
    };
    (0..format.image_size()).map(pixel).collect()
}

#[test]
fn rle_comes_back_as_it_was() {
    for manager in managers() {
        // A line of 67 pixels is padded.
        let input = BitmapFormat::uncompressed(Pixel::Rgb8, 67, 35);
        let codecs = Codecs::installed(&manager).unwrap();
        let codec = codecs
            .for_compressing(FourCc::new(*b"MRLE"), &input)
            .unwrap();
        let output = codec.compress_format(&input).unwrap();
        let settings = Settings {
            quality: Some(10_000),
            key_every: Some(8),
            ..Settings::default()
        };
        let mut compressor = codec.into_compressor(&input, &output, settings).unwrap();

        let decoder = codecs.for_decompressing(&output, FourCc(0)).unwrap();
        assert_eq!(decoder.driver(), "msrle32.dll");
        let preferred = decoder.decompress_format(&output).unwrap();
        assert_eq!(preferred.pixel(), Some(Pixel::Rgb8));
        assert_eq!(preferred.palette(), input.palette());
        let mut decompressor = decoder.into_decompressor(&output, &preferred).unwrap();

        let mut keys = Vec::new();
        let mut bytes = [0; 2];
        for number in 0..20 {
            let pixels = picture(&input, number);
            let packet = compressor.frame(&pixels, false).unwrap();
            let flags = FrameFlags {
                key: Some(packet.key),
                ..FrameFlags::default()
            };
            bytes[usize::from(packet.key)] += packet.data.len();
            if packet.key {
                keys.push(number);
            }
            let decoded = decompressor.frame(packet.data, flags).unwrap();
            assert!(decoded.drawn);
            let lines = |pixels: &[u8]| -> Vec<u8> {
                let lines = pixels.chunks(68).flat_map(|line| &line[..67]);
                lines.copied().collect()
            };
            assert_eq!(lines(decoded.bytes), lines(&pixels), "picture {number}");
        }
        assert_eq!(keys, [0, 8, 16]);
        assert!(
            bytes[0] / 17 < bytes[1] / 3,
            "frames between key frames hold what changed only: {bytes:?}"
        );
        assert_eq!(compressor.take_overruns(), []);
        assert_eq!(decompressor.take_overruns(), []);
    }
}

/// A frame of Microsoft Video 1 in 8 bits: each block of 4 by 4 pixels, the lowest line first, has one colour or stays as it was.
fn video_1(blocks: &[Option<u8>]) -> Vec<u8> {
    blocks
        .iter()
        .flat_map(|block| match block {
            Some(colour) => [*colour, 0x80],
            None => [1, 0x84],
        })
        .collect()
}

#[test]
fn video_1_is_decoded_onto_the_last_picture() {
    for manager in managers() {
        let input = compressed(*b"CRAM", 8, 8, 8);
        let codecs = Codecs::installed(&manager).unwrap();
        // No alias has this code: the codec is found by asking.
        let codec = codecs.for_decompressing(&input, FourCc(0)).unwrap();
        assert_eq!(codec.driver(), "msvidc32.dll");
        let output = codec.decompress_format(&input).unwrap();
        assert_eq!(output.pixel(), Some(Pixel::Rgb8));
        let mut decompressor = codec.into_decompressor(&input, &output).unwrap();
        let mut corners = |blocks: &[Option<u8>]| {
            let frame = video_1(blocks);
            let picture = decompressor.frame(&frame, FrameFlags::default()).unwrap();
            [0, 7, 56, 63].map(|at| picture.bytes[at])
        };
        assert_eq!(corners(&[Some(1), Some(2), Some(3), Some(4)]), [1, 2, 3, 4]);
        assert_eq!(corners(&[None, Some(9), None, Some(8)]), [1, 9, 3, 8]);
        assert_eq!(decompressor.take_overruns(), []);
    }
}

/// A key frame of Cinepak, 8 by 8 pixels: one strip whose four blocks are grey.
fn cinepak(greys: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![0, 0, 0, 0, 0, 8, 0, 8, 0, 1];
    frame.extend([0x10, 0, 0, 48, 0, 0, 0, 0, 0, 8, 0, 8]);
    frame.extend([0x22, 0, 0, 28]);
    for grey in greys {
        frame.extend([grey, grey, grey, grey, 0, 0]);
    }
    frame.extend([0x32, 0, 0, 8, 0, 1, 2, 3]);
    frame[3] = frame.len() as u8;
    frame
}

#[test]
fn cinepak_is_decoded() {
    for manager in managers() {
        let input = compressed(*b"cvid", 24, 8, 8);
        for within in [false, true] {
            let codec = Codec::open(
                &manager,
                "vidc.cvid",
                FourCc::new(*b"CVID"),
                Mode::Decompress,
            )
            .unwrap();
            let output = codec.decompress_format(&input).unwrap();
            assert_eq!(output.pixel(), Some(Pixel::Rgb24));
            let decompressor = if within {
                let places = Rectangles {
                    source: Rectangle::whole(&input),
                    destination: Rectangle::whole(&output),
                };
                codec.into_decompressor_within(&input, &output, places)
            } else {
                codec.into_decompressor(&input, &output)
            };
            let mut decompressor = decompressor.unwrap();
            let picture = decompressor
                .frame(&cinepak([10, 60, 120, 240]), FrameFlags::default())
                .unwrap();
            // The lowest line comes first.
            let corners = [56 * 3, 63 * 3, 0, 7 * 3].map(|at| picture.bytes[at]);
            assert_eq!(corners, [10, 60, 120, 240]);
            assert_eq!(decompressor.take_overruns(), []);
        }
    }
}

#[test]
fn what_none_of_them_takes_is_refused_by_all() {
    for manager in managers() {
        let input = compressed(*b"IV50", 24, 320, 240);
        let codecs = Codecs::installed(&manager).unwrap();
        let error = codecs
            .for_decompressing(&input, FourCc::new(*b"iv50"))
            .unwrap_err();
        let Error::NoCodec { refusals, .. } = error else {
            panic!("{error:?}")
        };
        let names: Vec<&str> = refusals
            .iter()
            .map(|refusal| refusal.name.as_str())
            .collect();
        assert_eq!(names, ["vidc.cvid", "vidc.mrle", "vidc.msvc"]);
    }
}
