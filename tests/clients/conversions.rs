//! Each program opens drivers of both widths and converts files with them, to the bytes that `drv convert` makes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use opendriver::Width;
use opendriver_tests::command::drv_command;
use opendriver_tests::media::{self, Film, Sound, Tone, Video};
use opendriver_tests::real;
use tempfile::TempDir;

use crate::stage::{Language, Verb, program, said};

#[test]
fn each_language_asks_a_driver_what_it_takes() {
    for width in Width::ALL {
        for (file, name) in [("imaadp32.acm", "IMA ADPCM"), ("msgsm32.acm", "GSM 6.10")] {
            for language in Language::ALL {
                let said = said(program(language, Verb::Ask, width).arg(file));
                match language {
                    // It knows only what is the same on Wine, where no memory can be made for a driver.
                    Language::C => {
                        assert!(
                            said.contains(&format!("{file}: two instances of one module: 1\n")),
                            "{said}"
                        );
                        assert!(said.contains(name), "{said}");
                        assert!(
                            said.ends_with("  closed again: 0\n  the other goes on: 1\n"),
                            "{said}"
                        );
                    }
                    _ => assert_eq!(said.trim_end(), name, "{language:?}, {width:?}"),
                }
            }
        }
    }
}

/// Sounds whose last block is whole: `drv` fills one up, or takes away what was filled up, and an application leaves that be.
const SOUNDS: [(Sound, &str, Tone, u16, &str); 8] = [
    (
        Sound::Pcm,
        "imaadp32.acm",
        tone(1, 22_050, 1017 * 20),
        17,
        "ima",
    ),
    (Sound::Pcm, "msg711.acm", tone(2, 11_025, 5001), 6, "alaw"),
    (Sound::Pcm, "msg711.acm", tone(1, 8000, 9999), 7, "mulaw"),
    (
        Sound::ImaAdpcm,
        "imaadp32.acm",
        tone(1, 22_050, 2041 * 12),
        1,
        "pcm",
    ),
    (
        Sound::MsAdpcm,
        "msadp32.acm",
        tone(2, 44_100, 1012 * 30),
        1,
        "pcm",
    ),
    (Sound::ALaw, "msg711.acm", tone(2, 22_050, 5001), 1, "pcm"),
    (Sound::MuLaw, "msg711.acm", tone(1, 8000, 30_001), 1, "pcm"),
    (Sound::Gsm, "msgsm32.acm", tone(1, 8000, 320 * 40), 1, "pcm"),
];

const fn tone(channels: u16, rate: u32, samples: u32) -> Tone {
    Tone {
        channels,
        rate,
        samples,
    }
}

#[test]
fn each_language_converts_sound_as_drv_does() {
    let folder = tempfile::tempdir().unwrap();
    for (sound, driver, tone, tag, to) in SOUNDS {
        let input = media::sound(sound, tone);
        for width in Width::ALL {
            let driver = real::folder(width).join(driver);
            let expected = by_drv(&folder, "drv.wav", &input, &["--audio", to], &driver);
            let expected = [b"fmt ", b"data"].map(|name| chunk(&expected, name));
            for language in Language::ALL {
                let what = format!("{sound:?} to {to} by {language:?}, {width:?}");
                let output = folder.path().join("client.wav");
                let mut command = program(language, Verb::Convert, width);
                said(command.arg(&input).arg(&output).arg(tag.to_string()));
                let made = fs::read(&output).unwrap();
                fs::remove_file(&output).unwrap();
                let made = [b"fmt ", b"data"].map(|name| chunk(&made, name));
                assert_eq!(made[0], expected[0], "{what}: the format");
                let (len, wanted) = (made[1].len(), expected[1].len());
                assert!(
                    made[1] == expected[1],
                    "{what}: {len} bytes, not the {wanted}"
                );
            }
        }
    }
}

#[test]
fn each_language_decodes_pictures_as_drv_does() {
    let folder = tempfile::tempdir().unwrap();
    let film = Film {
        width: 64,
        height: 48,
        frames: 30,
    };
    for (video, driver, bits, pixel) in [
        (Video::Cinepak, "iccvid.dll", Some("24"), Some("RGB24")),
        (Video::Cinepak, "iccvid.dll", Some("32"), Some("RGB32")),
        (Video::Video1, "msvidc32.dll", None, None),
    ] {
        let input = media::video(video, film);
        for width in Width::ALL {
            let driver = real::folder(width).join(driver);
            let wishes: Vec<&str> = pixel.iter().flat_map(|pixel| ["--pixel", *pixel]).collect();
            let expected = by_drv(&folder, "drv.raw", &input, &wishes, &driver);
            for language in Language::ALL {
                let output = folder.path().join("client.raw");
                let mut command = program(language, Verb::Frames, width);
                let said = said(command.arg(&input).arg(&output).args(bits));
                assert!(
                    said.contains("30 frames") || said.contains("frame 29"),
                    "{said}"
                );
                let made = fs::read(&output).unwrap();
                fs::remove_file(&output).unwrap();
                assert!(made == expected, "{video:?} by {language:?}, {width:?}");
            }
        }
    }
}

#[test]
fn what_fails_is_told_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let input = media::sound(Sound::Pcm, tone(1, 8000, 9999));
    for language in [Language::Cpp, Language::Python, Language::CSharp] {
        // Nobody makes tag 0x1234.
        let mut command: Command = program(language, Verb::Convert, Width::W64);
        let output = command
            .arg(&input)
            .arg(folder.path().join("none.wav"))
            .arg("4660")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{language:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("acmFormatSuggest answers 6: acmFormatSuggest: "),
            "{language:?}: {said}"
        );

        let mut command = program(language, Verb::Ask, Width::W64);
        let output = command.arg("nobody.acm").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{language:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("nobody.acm"), "{language:?}: {said}");
    }
}

/// What `drv convert` makes of a file.
fn by_drv(folder: &TempDir, name: &str, input: &Path, wishes: &[&str], driver: &Path) -> Vec<u8> {
    let output: PathBuf = folder.path().join(name);
    let mut command = drv_command(["convert", "--quiet"]);
    said(
        command
            .arg(input)
            .arg(&output)
            .args(wishes)
            .arg("--driver")
            .arg(driver),
    );
    let made = fs::read(&output).unwrap();
    fs::remove_file(output).unwrap();
    made
}

/// A chunk of a WAV.
fn chunk(file: &[u8], name: &[u8; 4]) -> Vec<u8> {
    let mut rest = &file[12..];
    while rest.len() >= 8 {
        let size = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize;
        if &rest[..4] == name {
            return rest[8..8 + size].to_vec();
        }
        rest = &rest[8 + size + (size & 1)..];
    }
    panic!("no chunk {name:?}");
}
