//! `docs/hosting-*.md`: what they tell a reader to do is done, line by line.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use opendriver::Width;
use opendriver_tests::media::{self, Film, Sound, Tone, Video};
use opendriver_tests::{library, root};
use tempfile::TempDir;

use crate::stage::{at_home, said};

/// The blocks of a page that are written in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let opening = format!("```{language}\n");
    let blocks = text.split(&opening).skip(1);
    let blocks: Vec<String> = blocks
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect();
    assert!(!blocks.is_empty(), "{page} has no block of {language}");
    blocks
}

/// A folder as the reader has it: the repository's sources, the library, a file of sound and one of pictures.
fn readers_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    symlink(root().join("tests"), folder.path().join("tests")).unwrap();
    fs::create_dir_all(folder.path().join("target/library")).unwrap();
    let release = folder.path().join("target/library/release");
    symlink(library::prefix(), release).unwrap();
    let tone = Tone {
        channels: 1,
        rate: 22_050,
        samples: 50_001,
    };
    let film = Film {
        width: 64,
        height: 48,
        frames: 30,
    };
    fs::copy(
        media::sound(Sound::Pcm, tone),
        folder.path().join("speech.wav"),
    )
    .unwrap();
    fs::copy(
        media::video(Video::Cinepak, film),
        folder.path().join("film.avi"),
    )
    .unwrap();
    folder
}

#[test]
fn the_commands_of_the_pages_run() {
    for (page, makes) in [
        ("hosting-c.md", &["small.wav"] as &[_]),
        ("hosting-python.md", &["small.wav", "film.raw"]),
        ("hosting-csharp.md", &["small.wav", "film.raw"]),
    ] {
        let folder = readers_folder();
        for block in blocks(page, "sh") {
            // This is how the library of these tests was built, but for the profile.
            if block != "cargo xtask library --release\n" {
                said(
                    at_home("sh", Width::W32)
                        .args(["-e", "-c", &block])
                        .current_dir(&folder),
                );
            }
        }
        for file in makes {
            let len = fs::metadata(folder.path().join(file)).unwrap().len();
            assert!(len > 1000, "{page}: {file} has {len} bytes");
        }
    }
}

#[test]
fn the_python_of_the_page_runs() {
    for block in blocks("hosting-python.md", "python") {
        let mut python = at_home("/usr/bin/python3", Width::W64);
        assert_eq!(said(python.args(["-c", &block])), "12\n");
    }
}

#[test]
fn the_cmake_of_the_page_is_that_of_the_project() {
    let project = fs::read_to_string(root().join("tests/clients/cpp/CMakeLists.txt")).unwrap();
    for line in blocks("hosting-c.md", "cmake").concat().lines() {
        assert!(
            project.contains(&line.replace("(yours ", "(codecs ")),
            "{line}"
        );
    }
}

/// A spelling that has no link, and the file that `docs/hosting-csharp.md` shows for it.
#[test]
fn mono_finds_any_spelling_by_a_dllmap() {
    let page = fs::read_to_string(root().join("docs/hosting-csharp.md")).unwrap();
    let start = page.find("<configuration>").unwrap();
    let end = page.find("</configuration>").unwrap() + "</configuration>".len();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("Odd.exe");
    let source = r#"
        using System;
        using System.Runtime.InteropServices;
        static class Odd {
            [DllImport("WinMM.dll")] static extern uint GetDriverFlags(IntPtr driver);
            static void Main() { Console.WriteLine(GetDriverFlags((IntPtr)1)); }
        }"#;
    let text = folder.path().join("Odd.cs");
    fs::write(&text, source).unwrap();
    said(
        Command::new("mcs")
            .arg(format!("-out:{}", program.display()))
            .arg(text),
    );
    let without = at_home("mono", Width::W64).arg(&program).output().unwrap();
    assert!(
        !without.status.success(),
        "the spelling is to be one without a link"
    );
    fs::write(program.with_extension("exe.config"), &page[start..end]).unwrap();
    assert_eq!(said(at_home("mono", Width::W64).arg(&program)), "0\n");
}
