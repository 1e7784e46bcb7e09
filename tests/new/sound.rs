//! A codec of sound: one byte for each sample of two.

use std::fs;
use std::path::Path;

use opendriver::Width;
use opendriver_tests::compilers;
use opendriver_tests::media::{self, Sound, Tone};
use opendriver_tests::wine::{Wine, windows_path};

use crate::project::Project;
use crate::spied::assert_same_under_wine;

/// A `WAVEFORMATEX` of the codec: 22,050 Hz, stereo.
const FORMAT: &str = "ffff02002256000044ac0000020008000000";

/// Encodes and decodes a WAV. Answers the bytes of both results.
fn there_and_back(project: &Project, driver: &Path) -> [Vec<u8>; 2] {
    let file = driver.to_str().expect("a path in UTF-8");
    let samples = 30_001;
    let tone = Tone {
        channels: 2,
        rate: 22_050,
        samples,
    };
    fs::copy(media::sound(Sound::Pcm, tone), project.path("in.wav")).expect("the folder is ours");
    let formats = project.answer(&["formats", file]);
    assert_eq!(formats.matches("yes      yes").count(), 8, "{formats}");
    let encode = [
        "convert",
        "in.wav",
        "small.wav",
        "--driver",
        file,
        "--audio",
        "0xffff",
    ];
    let said = project.answer(&encode);
    assert!(
        said.contains("format 0xffff, 22050 Hz, stereo, 8 bits"),
        "{said}"
    );
    project.answer(&["convert", "small.wav", "out.pcm", "--driver", file]);
    let read = |name: &str| fs::read(project.path(name)).expect("drv wrote it");
    let [original, small, out] = ["in.wav", "small.wav", "out.pcm"].map(read);
    assert_eq!(out.len(), samples as usize * 4);
    assert_near(&original[original.len() - out.len()..], &out);
    [small, out]
}

/// The root of a sample says it up to one part in a hundred of the loudest.
fn assert_near(original: &[u8], decoded: &[u8]) {
    let sample = |bytes: &[u8; 2]| i32::from(i16::from_le_bytes(*bytes));
    for (one, other) in original.as_chunks().0.iter().zip(decoded.as_chunks().0) {
        let (one, other) = (sample(one), sample(other));
        assert!(one.abs_diff(other) <= 520, "{one} became {other}");
        assert!(
            one.abs_diff(other) <= one.unsigned_abs(),
            "{one} became {other}"
        );
    }
}

#[test]
fn a_codec_in_rust_and_one_in_c_make_the_same_bytes() {
    let projects = ["rust", "c"].map(|lang| Project::new(lang, "acm"));
    projects[0].assert_tidy();
    let results: Vec<_> = projects
        .iter()
        .flat_map(|project| {
            let drivers = project.drivers();
            drivers
                .into_iter()
                .map(|driver| there_and_back(project, &driver))
        })
        .collect();
    assert_eq!(results.len(), 4);
    assert!(results.iter().all(|result| *result == results[0]));

    let c = &projects[1];
    assert_same_under_wine(c, &["0x6001", "0x6053", "8", "0x4000"]);
    assert_application_hears_the_same(c, &results[0]);
}

/// Converts under Wine, as an application does.
fn assert_application_hears_the_same(project: &Project, [small, out]: &[Vec<u8>; 2]) {
    for (input, format, expected) in [("in.wav", Some(FORMAT), small), ("small.wav", None, out)] {
        let (status, said) = under_wine(project, Width::W32, input, format);
        assert_eq!(status, Some(0), "{input}: {said}");
        let wine = fs::read(project.path("wine.raw")).expect("the program wrote it");
        // Of a WAV, the sound comes last.
        let is_same = wine.len() > 50_000 && expected.ends_with(&wine);
        assert!(is_same, "{input}: {} bytes", wine.len());
    }
    // The 64-bit half of Wine does not pack the structures of streams, as every other system does.
    let (status, said) = under_wine(project, Width::W64, "in.wav", Some(FORMAT));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("acmStreamOpen failed: 11"), "{said}");
}

/// Runs the application on Wine with the project's DLL of a width. Answers how it ended, and what it said.
fn under_wine(
    project: &Project,
    width: Width,
    input: &str,
    format: Option<&str>,
) -> (Option<i32>, String) {
    let program = project.path(&format!("sound-{}.exe", width.bits()));
    let libraries = ["-lwinmm", "-lmsacm32"];
    compilers::windows(width, &["tests/oracle/sound.c"], &program, &libraries);
    let driver = project.path(&format!("build/win{}/my-acm-in-c.dll", width.bits()));
    let driver = windows_path(&driver);
    let files = [input, "wine.raw"].map(|name| windows_path(&project.path(name)));
    let words = [&driver, &files[0], &files[1]].map(String::as_str);
    let words = words.into_iter().chain(format);
    let (status, said) = Wine::prepared().run(&project.path(""), &program, words);
    (status.code(), said)
}
