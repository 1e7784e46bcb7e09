//! One C source, built for Linux and for Windows: both say the same of the same drivers, and make the same of the same files.

use std::fs;
use std::path::Path;

use opendriver::Width;
use opendriver_tests::compilers;
use opendriver_tests::media::{self, Film, Sound, Tone, Video};
use opendriver_tests::wine::{Wine, windows_path};
use tempfile::TempDir;

use crate::stage::{Language, Verb, program, said};

/// Where the two differ, by a driver's short name or the beginning of a line, and why.
///
/// `docs/hosting-c.md` tells it to authors.
const DIFFERENCES: [(&str, &str); 4] = [
    (
        "MS-PCM",
        "each system brings its own converter of plain samples",
    ),
    ("opendriver PCM", "the same, here"),
    (
        "opendriver FLAC",
        "it is linked into the library, and Wine has none",
    ),
    ("drivers:", "so their number differs"),
];

/// What the programs say: a paragraph for each driver, and one for each file that was asked.
fn paragraphs(said: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    for line in said.replace('\r', "").lines() {
        match paragraphs.last_mut() {
            Some(paragraph) if line.starts_with(' ') => *paragraph += &format!("{line}\n"),
            _ => paragraphs.push(format!("{line}\n")),
        }
    }
    let differs = |it: &String| DIFFERENCES.iter().any(|(begins, _)| it.starts_with(begins));
    paragraphs.retain(|paragraph| !differs(paragraph));
    paragraphs
}

/// A program on Wine, of one width.
struct OnWine {
    wine: Wine,
    folder: TempDir,
    width: Width,
}

impl OnWine {
    fn new(width: Width) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, libraries) in [
            ("drivers", ["-std=c99", "-lwinmm", "-lmsacm32"]),
            ("convert", ["-std=c99", "-lwinmm", "-lmsacm32"]),
            ("frames", ["-std=c99", "-lwinmm", "-lmsvfw32"]),
        ] {
            let source = format!("tests/clients/c/{name}.c");
            let to = folder.path().join(format!("{name}.exe"));
            compilers::windows(width, &[&source], &to, &libraries);
        }
        Self {
            wine: Wine::prepared(),
            folder,
            width,
        }
    }

    fn said(&self, name: &str, words: &[String]) -> String {
        let program = self.folder.path().join(format!("{name}.exe"));
        let (status, said) = self.wine.run(self.folder.path(), program, words);
        assert!(status.success(), "{name} {words:?}: {status}: {said}");
        said.replace('\r', "")
    }

    /// What a program says and makes of a file here and there.
    #[track_caller]
    fn assert_same(&self, verb: Verb, input: &Path, word: &str) {
        let name = if verb == Verb::Convert {
            "convert"
        } else {
            "frames"
        };
        let output = self.folder.path().join("there");
        let words = [windows_path(input), windows_path(&output), word.to_owned()];
        let there = self.said(name, &words);
        let here = self.folder.path().join("here");
        let mut command = program(Language::C, verb, self.width);
        let said = said(command.arg(input).arg(&here).arg(word));
        assert_eq!(said, there, "{} {word}", input.display());
        let [here, there] = [here, output].map(|file| fs::read(file).unwrap());
        assert!(
            here == there,
            "{} {word}: not the same bytes",
            input.display()
        );
    }
}

#[test]
fn the_same_program_is_told_the_same_of_all_drivers() {
    for width in Width::ALL {
        let files = [
            "imaadp32.acm",
            "msadp32.acm",
            "msg711.acm",
            "msgsm32.acm",
            "msvidc32.dll",
        ];
        let there = OnWine::new(width).said("drivers", &files.map(str::to_owned));
        let here = said(program(Language::C, Verb::Ask, width).args(files));
        let [here, there] = [here, there].map(|said| paragraphs(&said));
        assert_eq!(there.len(), 5 + files.len(), "{there:#?}");
        for (here, there) in here.iter().zip(&there) {
            assert_eq!(here, there, "{width:?}");
        }
        assert_eq!(here.len(), there.len(), "{here:#?}");
    }
}

#[test]
fn the_same_program_makes_the_same_of_sound() {
    let tone = |channels, rate, samples| Tone {
        channels,
        rate,
        samples,
    };
    for width in Width::ALL {
        let stage = OnWine::new(width);
        for (sound, tone, tag) in [
            (Sound::Pcm, tone(1, 22_050, 50_001), "17"),
            (Sound::Pcm, tone(2, 44_100, 50_001), "17"),
            (Sound::Pcm, tone(2, 11_025, 5001), "6"),
            (Sound::Pcm, tone(1, 8000, 9999), "7"),
            (Sound::ImaAdpcm, tone(2, 22_050, 50_001), "1"),
            (Sound::MsAdpcm, tone(1, 11_025, 30_001), "1"),
            (Sound::ALaw, tone(2, 22_050, 5001), "1"),
            (Sound::Gsm, tone(1, 8000, 33_333), "1"),
            (Sound::Mp3, tone(2, 44_100, 50_001), "1"),
        ] {
            stage.assert_same(Verb::Convert, &media::sound(sound, tone), tag);
        }
    }
}

#[test]
fn the_same_program_makes_the_same_of_pictures() {
    let film = Film {
        width: 64,
        height: 48,
        frames: 30,
    };
    for width in Width::ALL {
        let stage = OnWine::new(width);
        for (video, bits) in [
            (Video::Cinepak, "24"),
            (Video::Cinepak, "0"),
            (Video::Video1, "0"),
            (Video::PaletteVideo1, "0"),
            (Video::Rle8, "0"),
        ] {
            stage.assert_same(Verb::Frames, &media::video(video, film), bits);
        }
    }
}
