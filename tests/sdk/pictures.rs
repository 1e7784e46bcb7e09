//! A codec of pictures as a shared object and as a DLL: what `opendriver-codec` and an application on Wine make of it.

use std::fs;
use std::path::Path;

use opendriver_abi::structures::FourCc;
use opendriver_codec::vfw::{Codec, Error, FrameFlags, Mode, Settings};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::compilers;
use opendriver_tests::media::{self, Film, Video};
use opendriver_tests::wine::{Wine, windows_path};
use tempfile::TempDir;

use crate::{both_forms, manager, windows_dlls};

const CODE: FourCc = FourCc::new(*b"RUNS");

/// A line of 31 pixels has three bytes that belong to none.
const SIZE: (u32, u32) = (31, 20);

fn open(file: &Path, mode: Mode) -> Codec {
    let file = file.to_str().expect("a path in UTF-8");
    Codec::open(&manager(), file, CODE, mode).unwrap()
}

/// Stripes that move; the bytes behind each line are zero.
fn picture(number: u32) -> Vec<u8> {
    let (width, height) = SIZE;
    let line = (width as usize * 3).next_multiple_of(4);
    let mut bytes = vec![0; line * height as usize];
    for (y, line) in bytes.chunks_mut(line).enumerate() {
        for (x, pixel) in line[..width as usize * 3].chunks_mut(3).enumerate() {
            pixel.fill(((x as u32 + number) / 4 * 40 + y as u32 / 8) as u8);
        }
    }
    bytes
}

/// Compresses and decompresses some pictures, and nothing is lost. Answers the frames.
fn there_and_back(file: &Path) -> Vec<(Vec<u8>, bool)> {
    let codec = open(file, Mode::Compress);
    assert_eq!((&*codec.info().name, codec.info().handler), ("Runs", CODE));
    assert_eq!(codec.key_frame_rate().unwrap(), 25);
    assert!(codec.quality().is_err());
    let plain = BitmapFormat::uncompressed(Pixel::Rgb24, SIZE.0, SIZE.1);
    let coded = codec.compress_format(&plain).unwrap();
    assert_eq!(
        (coded.compression(), coded.width(), coded.height()),
        (CODE, 31, 20)
    );
    assert!(codec.compresses(&plain).unwrap());
    let settings = Settings {
        key_every: Some(4),
        ..Settings::default()
    };
    let mut compressor = codec.into_compressor(&plain, &coded, settings).unwrap();
    let mut frames = Vec::new();
    for number in 0..10 {
        let packet = compressor.frame(&picture(number), false).unwrap();
        frames.push((packet.data.to_vec(), packet.key));
    }
    assert_eq!(compressor.take_overruns(), []);
    compressor.finish().unwrap();

    let codec = open(file, Mode::Decompress);
    assert_eq!(
        codec.decompress_format(&coded).unwrap().as_bytes(),
        plain.as_bytes()
    );
    assert!(codec.decompresses_to(&coded, &plain).unwrap());
    let mut decompressor = codec.into_decompressor(&coded, &plain).unwrap();
    for (number, (frame, key)) in frames.iter().enumerate() {
        let flags = FrameFlags {
            key: Some(*key),
            ..FrameFlags::default()
        };
        let shown = decompressor.frame(frame, flags).unwrap();
        assert!(shown.drawn);
        assert!(shown.bytes == picture(number as u32), "picture {number}");
    }
    let broken = decompressor.frame(&[1, 2, 3], FrameFlags::default());
    assert!(matches!(
        broken,
        Err(Error::Refused {
            frame: Some(10),
            ..
        })
    ));
    assert!(!decompressor.flush().unwrap().drawn);
    assert_eq!(decompressor.take_overruns(), []);
    frames
}

#[test]
fn a_codec_of_pictures_in_rust_compresses_and_decompresses_in_either_form() {
    let [_, _, dll] = windows_dlls();
    let frames = both_forms("runs", dll).map(|file| there_and_back(&file));
    assert!(frames[0] == frames[1]);
    let keys: Vec<bool> = frames[0].iter().map(|(_, key)| *key).collect();
    let every_fourth: Vec<bool> = (0..10).map(|number| number % 4 == 0).collect();
    assert_eq!(keys, every_fourth);
}

#[test]
fn an_application_on_wine_gets_from_a_dll_in_rust_the_frames_that_one_gets_here() {
    const FILM: Film = Film {
        width: 62,
        height: 48,
        frames: 5,
    };
    let [_, _, dll] = windows_dlls();
    let wine = Wine::prepared();
    let folder = TempDir::new().expect("there is room for a folder");
    let path = |name: &str| folder.path().join(name);
    let input = media::video(Video::Rgb24, FILM);
    let program = path("pictures.exe");
    let libraries = ["-lwinmm", "-lmsvfw32", "-lavifil32"];
    compilers::mingw(&["tests/oracle/pictures.c"], &program, &libraries);
    let [driver, from, to] = [&dll, &input, &path("out.raw")].map(|path| windows_path(path));
    let words = [&driver, "RUNS", &from, &to, "compress", "10000"];
    let (status, said) = wine.run(folder.path(), &program, words);
    assert!(status.success(), "{status}: {said}");
    let there = fs::read(path("out.raw")).expect("the program wrote it");

    let pictures = media::ffmpeg_pictures(&input, "bgr24");
    let plain = BitmapFormat::uncompressed(Pixel::Rgb24, FILM.width, FILM.height);
    let codec = open(&dll, Mode::Compress);
    let coded = codec.compress_format(&plain).unwrap();
    let mut compressor = codec
        .into_compressor(&plain, &coded, Settings::default())
        .unwrap();
    let mut here = Vec::new();
    let line = FILM.width as usize * 3;
    for top_down in pictures.chunks(line * FILM.height as usize) {
        let lines = top_down.chunks(line).rev();
        let padded = lines.flat_map(|line| [line, &[0; 2]].concat());
        let packet = compressor
            .frame(&padded.collect::<Vec<u8>>(), true)
            .unwrap();
        here.extend((packet.data.len() as u32).to_le_bytes());
        here.extend(packet.data);
    }
    assert!(there == here, "{} and {} bytes", there.len(), here.len());
}
