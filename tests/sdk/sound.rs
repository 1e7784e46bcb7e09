//! A codec of sound as a shared object and as a DLL: what `opendriver-codec` and Wine's manager make of it.

use std::fs;
use std::path::Path;

use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Error, Flags, Stream, Wish};
use opendriver_tests::compilers;
use opendriver_tests::media::{self, Sound, Tone};
use opendriver_tests::wine::{Wine, windows_path};
use tempfile::TempDir;

use crate::{both_forms, manager, windows_dlls};

/// `WAVE_FORMAT_MULAW`
const MULAW: u16 = 7;

const TONE: Tone = Tone {
    channels: 2,
    rate: 22_050,
    samples: 50_001,
};

/// The samples of a WAV, which come last in it.
fn samples(file: &Path, bytes_each: usize) -> Vec<u8> {
    let bytes = fs::read(file).expect("the file is there");
    let length = TONE.samples as usize * usize::from(TONE.channels) * bytes_each;
    bytes[bytes.len() - length..].to_vec()
}

/// A byte of mu-law says a sample up to a part of sixteen.
fn assert_near(original: &[u8], decoded: &[u8]) {
    assert_eq!(original.len(), decoded.len());
    let sample = |bytes: &[u8; 2]| i32::from(i16::from_le_bytes(*bytes));
    for (one, other) in original.as_chunks().0.iter().zip(decoded.as_chunks().0) {
        let (one, other) = (sample(one), sample(other));
        let most = 8 + one.unsigned_abs() / 16;
        assert!(one.abs_diff(other) <= most, "{one} became {other}");
    }
}

fn converted(driver: &Path, from: &WaveFormat, to: &WaveFormat, sound: &[u8]) -> Vec<u8> {
    let manager = manager();
    let driver = Driver::open(&manager, driver.to_str().expect("a path in UTF-8")).unwrap();
    let mut stream = Stream::open(&driver, from, to, None).unwrap();
    let flags = Flags {
        start: true,
        end: true,
        ..Flags::default()
    };
    let mut out = Vec::new();
    assert_eq!(stream.convert(sound, flags, &mut out).unwrap(), sound.len());
    assert_eq!(stream.take_overruns(), []);
    stream.close().unwrap();
    out
}

#[test]
fn a_codec_of_sound_in_rust_is_asked_and_converts_in_either_form() {
    let [_, dll, _] = windows_dlls();
    let sound = samples(&media::sound(Sound::Pcm, TONE), 2);
    let plain = WaveFormat::pcm(TONE.channels, TONE.rate, 16);
    let made = both_forms("mulaw", dll).map(|file| {
        let manager = manager();
        let driver = Driver::open(&manager, file.to_str().expect("a path in UTF-8")).unwrap();
        assert_eq!(driver.details().short_name, "mu-law example");
        let tags = driver.format_tags().unwrap();
        assert_eq!(
            tags.iter().map(|tag| tag.tag).collect::<Vec<_>>(),
            [MULAW, 1]
        );
        for tag in [MULAW, 1] {
            let formats = driver.formats(tag, None).unwrap();
            assert_eq!(formats.len(), 8);
            for listed in formats {
                let other = driver.suggest(&listed.format, &Wish::default()).unwrap();
                Stream::query(&driver, &listed.format, &other, None).unwrap();
                let same = Stream::query(&driver, &listed.format, &listed.format, None);
                assert!(matches!(same, Err(Error::Refused { .. })), "{same:?}");
            }
        }
        let small = driver.suggest(&plain, &Wish::tag(MULAW)).unwrap();
        let encoded = converted(&file, &plain, &small, &sound);
        assert_eq!(encoded.len() * 2, sound.len());
        assert_near(&sound, &converted(&file, &small, &plain, &encoded));
        // What somebody else compressed.
        let theirs = samples(&media::sound(Sound::MuLaw, TONE), 1);
        assert_near(&sound, &converted(&file, &small, &plain, &theirs));
        encoded
    });
    assert!(made[0] == made[1]);
}

#[test]
fn an_application_on_wine_hears_from_a_dll_in_rust_what_one_hears_here() {
    let [_, dll, _] = windows_dlls();
    let wine = Wine::prepared();
    let folder = TempDir::new().expect("there is room for a folder");
    let path = |name: &str| folder.path().join(name);
    let input = media::sound(Sound::Pcm, TONE);
    let plain = WaveFormat::pcm(TONE.channels, TONE.rate, 16);
    let manager = manager();
    let driver = Driver::open(&manager, dll.to_str().expect("a path in UTF-8")).unwrap();
    let small = driver.suggest(&plain, &Wish::tag(MULAW)).unwrap();
    let format: String = (small.as_bytes().iter().map(|byte| format!("{byte:02x}"))).collect();

    let program = path("sound.exe");
    let libraries = ["-lwinmm", "-lmsacm32"];
    compilers::mingw(&["tests/oracle/sound.c"], &program, &libraries);
    let [driver, from, to] = [&dll, &input, &path("out.raw")].map(|path| windows_path(path));
    let words = [&driver, &from, &to, &format];
    let (status, said) = wine.run(folder.path(), &program, words);
    assert!(status.success(), "{status}: {said}");
    let there = fs::read(path("out.raw")).expect("the program wrote it");
    let here = converted(&dll, &plain, &small, &samples(&input, 2));
    assert_eq!(there.len(), here.len());
    assert!(there == here);
}
