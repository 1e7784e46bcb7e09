//! Video codecs: whole AVI files, driver by driver, depth by depth and size by size.

use std::fs::File;
use std::path::Path;

use opendriver::{Manager, Width};
use opendriver_abi::structures::FourCc;
use opendriver_codec::file::Input;
use opendriver_codec::file::avi::{ChunkKind, Reader, StreamKind};
use opendriver_codec::vfw::{Codec, Error, FrameFlags, Mode, Settings};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::media::{self, Film, Video};

use crate::sound::{assert_same, driver_path};
use crate::stage::Stage;

/// A codec, the driver that it is for, what the driver is opened by, the depths that it decodes to (none: the one that it prefers),
/// and the sizes of films that it takes.
pub(crate) struct Case {
    pub(crate) video: Video,
    pub(crate) driver: &'static str,
    pub(crate) handler: &'static str,
    pub(crate) depths: &'static [Option<Pixel>],
    sizes: &'static [(u32, u32)],
}

const DEPTHS: &[Option<Pixel>] = &[Some(Pixel::Rgb24), Some(Pixel::Rgb555), Some(Pixel::Rgb32)];
const ANY_SIZE: &[(u32, u32)] = &[(64, 48), (61, 45), (62, 46), (4, 4)];

pub(crate) const CASES: [Case; 6] = [
    Case {
        video: Video::Cinepak,
        driver: "iccvid.dll",
        handler: "cvid",
        depths: DEPTHS,
        sizes: ANY_SIZE,
    },
    Case {
        video: Video::GreyCinepak,
        driver: "iccvid.dll",
        handler: "cvid",
        depths: DEPTHS,
        sizes: ANY_SIZE,
    },
    // It expands 16 bits to 24 differently from run to run, and takes multiples of four only.
    Case {
        video: Video::Video1,
        driver: "msvidc32.dll",
        handler: "cram",
        depths: &[None, Some(Pixel::Rgb555)],
        sizes: &[(64, 48), (20, 12), (4, 4)],
    },
    Case {
        video: Video::PaletteVideo1,
        driver: "msvidc32.dll",
        handler: "msvc",
        depths: &[None],
        sizes: &[(64, 48), (20, 12), (4, 4)],
    },
    Case {
        video: Video::Rle8,
        driver: "msrle32.dll",
        handler: "mrle",
        depths: &[None, DEPTHS[0], DEPTHS[1], DEPTHS[2]],
        sizes: &[(64, 48), (61, 45), (62, 46), (1, 1)],
    },
    // It takes even widths only, and divides by zero where it decodes to the 4 bits that it prefers.
    Case {
        video: Video::Rle4,
        driver: "msrle32.dll",
        handler: "mrle",
        depths: DEPTHS,
        sizes: &[(64, 48), (62, 45), (2, 1)],
    },
];

#[test]
fn pictures_are_decoded_as_under_wine() {
    for case in CASES {
        for &(width, height) in case.sizes {
            let film = Film {
                width,
                height,
                frames: if width == 4 { 1 } else { 40 },
            };
            for &depth in case.depths {
                assert_decoded_as_under_wine(&case, film, depth);
            }
        }
    }
}

/// Thousands of pictures, each made of the one before.
#[test]
fn long_films_are_decoded_as_under_wine() {
    for case in CASES {
        let film = Film {
            width: 32,
            height: 24,
            frames: 3000,
        };
        assert_decoded_as_under_wine(&case, film, case.depths[0]);
    }
}

fn assert_decoded_as_under_wine(case: &Case, film: Film, depth: Option<Pixel>) {
    let file = media::video(case.video, film);
    let bits = depth.map(Pixel::bits);
    let what = format!("{:?} {film:?} to {depth:?}", case.video);
    let [wide, narrow] = Width::ALL.map(|width| {
        let theirs = Stage::shared().pictures(case.driver, width, case.handler, &file, bits);
        let (format, ours) = decode(case, width, &file, depth);
        let what = format!("{what} with {width:?}");
        let same = |bytes: &[u8]| [&bytes[4..20], &bytes[40..]].concat();
        assert_eq!(same(format.as_bytes()), same(&theirs.format), "{what}");
        assert_same(&ours, &theirs.bytes, &what);
        ours
    });
    assert_same(&narrow, &wide, &what);
}

#[test]
fn pictures_are_encoded_as_under_wine() {
    for (width, height) in [(64, 48), (62, 45)] {
        let film = Film {
            width,
            height,
            frames: 40,
        };
        let file = media::video(Video::Rgb8, film);
        for quality in [10_000, 2500] {
            let what = format!("{film:?}, quality {quality}");
            let [wide, narrow] = Width::ALL.map(|width| {
                let what = format!("{what}, with {width:?}");
                let (driver, handler) = ("msrle32.dll", "mrle");
                let theirs = Stage::shared().frames(driver, width, handler, &file, quality);
                let (format, ours) = encode(driver, width, handler, &file, quality, 1).unwrap();
                assert_eq!(format.as_bytes()[4..20], theirs.format[4..20], "{what}");
                assert_same(&ours, &theirs.bytes, &what);
                ours
            });
            assert_same(&narrow, &wide, &what);
        }
    }
}

/// Wine's msrle32 writes beyond the picture when it decodes a frame of its own that skips many lines at once.
#[test]
fn a_codec_that_writes_behind_the_picture_is_caught_at_the_frame() {
    let film = Film {
        width: 64,
        height: 48,
        frames: 40,
    };
    let file = media::video(Video::Rgb8, film);
    for width in Width::ALL {
        match encode("msrle32.dll", width, "mrle", &file, 10_000, 10) {
            Err(Error::Failed { driver, frame, .. }) => {
                assert_eq!((driver.as_str(), frame), ("msrle32.dll", Some(2)));
            }
            other => panic!("expected a fault, got {:?}", other.map(drop)),
        }
    }
}

/// Decodes a whole AVI with a driver of ours, to a depth or to what the driver prefers.
pub(crate) fn decode(
    case: &Case,
    width: Width,
    file: &Path,
    depth: Option<Pixel>,
) -> (BitmapFormat, Vec<u8>) {
    let (_manager, codec) = open(case.driver, width, case.handler, Mode::Decompress);
    let (mut reader, input) = open_film(file);
    let output = match depth {
        None => codec.decompress_format(&input).unwrap(),
        Some(pixel) => BitmapFormat::uncompressed(pixel, input.width(), input.height()),
    };
    let mut decompressor = codec.into_decompressor(&input, &output).unwrap();
    let (mut data, mut pictures) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.next(&mut data).unwrap() {
        assert_eq!(chunk.kind, ChunkKind::Frame);
        let flags = FrameFlags {
            key: chunk.key,
            ..FrameFlags::default()
        };
        pictures.extend_from_slice(decompressor.frame(&data, flags).unwrap().bytes);
    }
    assert_eq!(reader.warnings().count(), 0, "{}", file.display());
    (decompressor.output().clone(), pictures)
}

/// Encodes a whole uncompressed AVI with a driver of ours, and writes frames as the program under Wine does.
fn encode(
    driver: &str,
    width: Width,
    handler: &str,
    file: &Path,
    quality: u32,
    every: u32,
) -> Result<(BitmapFormat, Vec<u8>), Error> {
    let (_manager, codec) = open(driver, width, handler, Mode::Compress);
    let (mut reader, input) = open_film(file);
    let output = codec.compress_format(&input).unwrap();
    let settings = Settings {
        quality: Some(quality),
        key_every: Some(every),
        ..Settings::default()
    };
    let mut compressor = codec.into_compressor(&input, &output, settings).unwrap();
    let (mut data, mut frames) = (Vec::new(), Vec::new());
    while reader.next(&mut data).unwrap().is_some() {
        let packet = compressor.frame(&data, false)?;
        let length = u32::try_from(packet.data.len()).unwrap();
        frames.extend(length.to_le_bytes());
        frames.extend_from_slice(packet.data);
    }
    Ok((output, frames))
}

/// A codec, open as long as its manager is there.
fn open(driver: &str, width: Width, handler: &str, mode: Mode) -> (Manager, Codec) {
    let manager = Manager::builder()
        .trust_foreign_code()
        .guarded_blocks(true)
        .build();
    let path = driver_path(driver, width);
    let name = path.to_str().expect("target/ is UTF-8");
    let handler = FourCc::new(handler.as_bytes().try_into().expect("four letters"));
    let codec = Codec::open(&manager, name, handler, mode).unwrap();
    (manager, codec)
}

/// A film whose first stream is pictures.
fn open_film(file: &Path) -> (Reader, BitmapFormat) {
    let file = File::open(file).unwrap();
    let reader = Reader::open(Input::file(file).unwrap()).unwrap();
    let StreamKind::Video(format) = &reader.streams()[0].kind else {
        panic!("the first stream is no pictures");
    };
    let format = format.clone();
    (reader, format)
}
