//! `drv convert` of broken files and with broken drivers: always an end, a word, and nothing half under the target's name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use opendriver::Width;
use opendriver_tests::command::drv;
use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::media::{self, Film, Sound, Tone, Video, avi};

use crate::sound::driver_path;

/// What is under the target's name before.
const PRECIOUS: &[u8] = b"precious";

#[test]
fn every_byte_of_a_wav_may_be_flipped_or_be_the_last() {
    let tone = Tone {
        channels: 1,
        rate: 8000,
        samples: 1,
    };
    let bytes = fs::read(media::sound(Sound::MsAdpcm, tone)).unwrap();
    let data = position(&bytes, b"data") + 8;
    survive(&bytes, data, "wav", "pcm", "msadp32.acm");
}

#[test]
fn every_byte_of_an_avi_may_be_flipped_or_be_the_last() {
    let film = Film {
        width: 2,
        height: 1,
        frames: 1,
    };
    let bytes = fs::read(media::video(Video::Rle4, film)).unwrap();
    survive(&bytes, bytes.len(), "avi", "raw", "msrle32.dll");
}

/// Flips each byte of the first `head` ones, and cuts the file before each of them.
fn survive(bytes: &[u8], head: usize, kind: &str, to: &str, driver: &str) {
    let place = Place::new();
    // What a driver makes of a broken file may depend on its width.
    let drivers = Width::ALL.map(|width| driver_path(driver, width));
    let flipped = (0..head).map(|at| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 0xff;
        (format!("byte {at} flipped"), bytes)
    });
    let cut = (0..head).map(|at| (format!("cut at {at}"), bytes[..at].to_vec()));
    let broken = flipped.chain(cut);
    for ((what, bytes), driver) in
        broken.flat_map(|broken| drivers.iter().map(move |driver| (broken.clone(), driver)))
    {
        let file = place.file(&format!("in.{kind}"), &bytes);
        let target = place.file("out.bin", PRECIOUS);
        let output = convert(&file, &target, driver, &["--to", to]);
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => assert_ne!(fs::read(&target).unwrap(), PRECIOUS, "{what}: {said}"),
            Some(1..=3) => {
                assert_eq!(fs::read(&target).unwrap(), PRECIOUS, "{what}: {said}");
                assert!(said.contains("error: "), "{what}: {said}");
            }
            code => panic!("{what}: {code:?}: {said}"),
        }
        assert!(!said.contains("panicked"), "{what}: {said}");
        assert_eq!(place.unfinished(), [""; 0], "{what}");
    }
}

#[test]
fn a_driver_that_breaks_is_named_with_the_frame_and_what_was_decoded_is_kept() {
    for target in FICKLE {
        let place = Place::new();
        let output = place.convert_fickle(target, &[0, 0, 0, 1, 0], &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("frame 3") && said.contains("0x10"), "{said}");
        place.assert_kept(3);
    }
}

#[test]
fn a_driver_that_refuses_is_named_with_the_frame_and_what_was_decoded_is_kept() {
    for target in FICKLE {
        let place = Place::new();
        let output = place.convert_fickle(target, &[0, 0, 2, 0], &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("frame 2"), "{said}");
        place.assert_kept(2);
    }
}

#[test]
fn a_driver_that_writes_behind_the_picture_is_named_and_may_go_on() {
    for target in FICKLE {
        let place = Place::new();
        let output = place.convert_fickle(target, &[0, 3, 0], &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.starts_with("warning: "), "{said}");
        assert!(said.contains("frame 1"), "{said}");
        assert_eq!(fs::read(place.path("out.raw")).unwrap().len(), 3 * PICTURE);

        let output = place.convert_fickle(target, &[0, 3, 0], &["--strict"]);
        assert!(!output.status.success());
        assert_eq!(fs::read(place.path("out.raw")).unwrap(), PRECIOUS);
    }
}

/// Wine's msrle32 prefers to decode 4 bits to 4 bits, and divides by zero when it does.
#[test]
fn a_real_driver_that_dies_of_a_valid_request_is_an_error() {
    let film = Film {
        width: 16,
        height: 8,
        frames: 3,
    };
    let file = media::video(Video::Rle4, film);
    for width in Width::ALL {
        let place = Place::new();
        let target = place.file("out.raw", PRECIOUS);
        let output = convert(&file, &target, &driver_path("msrle32.dll", width), &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("msrle32.dll"), "{said}");
        assert_eq!(fs::read(&target).unwrap(), PRECIOUS);
    }
}

#[test]
fn of_a_format_that_no_driver_takes_each_driver_says_why() {
    let film = Film {
        width: 16,
        height: 8,
        frames: 3,
    };
    let place = Place::new();
    let mut bytes = fs::read(media::video(Video::Video1, film)).unwrap();
    let format = position(&bytes, b"strf");
    bytes[format + 24..format + 28].copy_from_slice(b"NONE");
    let file = place.file("in.avi", &bytes);
    let target = place.file("out.raw", PRECIOUS);
    // Of different widths, which a search does not mind.
    let second = driver_path("iccvid.dll", Width::W32);
    let words = ["--driver", second.to_str().unwrap()];
    let first = driver_path("msvidc32.dll", Width::W64);
    let output = convert(&file, &target, &first, &words);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{said}");
    for word in ["NONE", "msvidc32.dll", "iccvid.dll"] {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(fs::read(&target).unwrap(), PRECIOUS);
}

/// What the fickle codec is built for.
const FICKLE: [Target; 2] = [Target::Windows64, Target::Windows32];

/// Bytes of one picture of the fickle codec's films: 8 by 6 pixels of 24 bits.
const PICTURE: usize = 8 * 6 * 3;

/// A folder of a test's own.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the folder is ours");
        path
    }

    /// Converts a film whose frames tell the fickle codec what to do, each in another colour, to `out.raw`.
    fn convert_fickle(&self, made_for: Target, frames: &[u8], words: &[&str]) -> Output {
        let mut format = Vec::new();
        for number in [40_u32, 8, 6, 1 | 24 << 16] {
            format.extend(number.to_le_bytes());
        }
        format.extend(b"fckl");
        format.extend([0; 20]);
        let file = self.path("in.avi");
        let mut writer = avi::Writer::new(&file, *b"fckl", &format).expect("the folder is ours");
        for (colour, what) in frames.iter().enumerate() {
            let frame = [*what, colour as u8];
            writer.frame(&frame, true).expect("the folder is ours");
        }
        writer.finish().expect("the folder is ours");
        let target = self.file("out.raw", PRECIOUS);
        let codec = compiled("fickle-codec", made_for);
        convert(&file, &target, &codec, words)
    }

    /// The target is as it was, and beside it are the first `frames` pictures, whole.
    fn assert_kept(&self, frames: usize) {
        assert_eq!(fs::read(self.path("out.raw")).unwrap(), PRECIOUS);
        let part = fs::read(self.path("out.partial.raw")).unwrap();
        let expected: Vec<u8> = (0..frames)
            .flat_map(|colour| [colour as u8; PICTURE])
            .collect();
        assert!(
            part == expected,
            "{} bytes, not {}",
            part.len(),
            expected.len()
        );
        assert_eq!(self.unfinished(), [""; 0]);
    }

    /// What is neither the input, the target nor a finished part.
    fn unfinished(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).expect("the folder is ours");
        let names = files.map(|file| file.expect("a file").file_name().into_string().unwrap());
        names
            .filter(|name| !name.starts_with("in.") && !name.starts_with("out."))
            .collect()
    }
}

fn convert(file: &Path, target: &Path, driver: &Path, words: &[&str]) -> Output {
    let [file, target, driver] = [file, target, driver].map(|path| path.to_str().expect("UTF-8"));
    drv([&["convert", file, target, "--driver", driver], words].concat())
}

fn position(bytes: &[u8], name: &[u8]) -> usize {
    let found = bytes.windows(4).position(|window| window == name);
    found.expect("the file has this chunk")
}
