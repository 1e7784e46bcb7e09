//! A codec of pictures: runs of equal pixels.

use std::fs;
use std::path::Path;

use opendriver::Width;
use opendriver_tests::compilers;
use opendriver_tests::media::{self, Film, Video};
use opendriver_tests::wine::{Wine, windows_path};

use crate::project::Project;
use crate::spied::assert_same_under_wine;

/// A line of 62 pixels has two bytes that belong to none.
const FILM: Film = Film {
    width: 62,
    height: 48,
    frames: 15,
};

/// Compresses and decompresses an AVI, and nothing is lost. Answers the bytes of both results.
fn there_and_back(project: &Project, driver: &Path) -> [Vec<u8>; 2] {
    let file = driver.to_str().expect("a path in UTF-8");
    let original = media::video(Video::Rgb24, FILM);
    fs::copy(&original, project.path("in.avi")).expect("the folder is ours");
    let said = project.answer(&[
        "convert",
        "in.avi",
        "small.avi",
        "--driver",
        file,
        "--video",
        "RUNS",
    ]);
    assert!(said.contains("15 frames of RUNS, 62x48"), "{said}");
    project.answer(&["convert", "small.avi", "out.avi", "--driver", file]);
    let pictures = |path: &Path| media::ffmpeg_pictures(path, "bgr24");
    assert!(
        pictures(&original) == pictures(&project.path("out.avi")),
        "a pixel changed"
    );
    let read = |name: &str| fs::read(project.path(name)).expect("drv wrote it");
    ["small.avi", "out.avi"].map(read)
}

#[test]
fn a_codec_in_rust_and_one_in_c_make_the_same_frames() {
    let projects = ["rust", "c"].map(|lang| Project::new(lang, "vfw"));
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
    assert_same_under_wine(c, &["0x5002", "0x501f", "8", "0x4000"]);
    for width in Width::ALL {
        assert_application_sees_the_same(c, width, &results[0]);
    }
}

/// Compresses and decompresses under Wine, as an application does.
fn assert_application_sees_the_same(project: &Project, width: Width, [small, out]: &[Vec<u8>; 2]) {
    let wine = Wine::prepared();
    let program = project.path(&format!("pictures-{}.exe", width.bits()));
    let libraries = ["-lwinmm", "-lmsvfw32", "-lavifil32"];
    compilers::windows(width, &["tests/oracle/pictures.c"], &program, &libraries);
    let driver = project.path(&format!("build/win{}/my-vfw-in-c.dll", width.bits()));
    let driver = windows_path(&driver);
    let run = |input: &str, after: &[&str]| {
        let files = [input, "wine.raw"].map(|name| windows_path(&project.path(name)));
        let words = [&[&driver, "RUNS", &files[0], &files[1]], after].concat();
        let (status, said) = wine.run(&project.path(""), &program, words);
        assert!(status.success(), "{input}: {status}: {said}");
        fs::read(project.path("wine.raw")).expect("the program wrote it")
    };

    let packets = run("in.avi", &["compress", "10000"]);
    let mut rest = &packets[..];
    let mut frames = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (frame, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        frames.push(frame);
        rest = behind;
    }
    assert_in_order(small, &frames);

    let pictures = run("small.avi", &[]);
    let line = (FILM.width as usize * 3).next_multiple_of(4);
    let frames: Vec<_> = pictures.chunks(line * FILM.height as usize).collect();
    assert_in_order(out, &frames);
}

/// Finds every frame in a file, one behind the other.
fn assert_in_order(file: &[u8], frames: &[&[u8]]) {
    assert_eq!(frames.len(), FILM.frames as usize);
    let mut rest = file;
    for frame in frames {
        let at = rest
            .windows(frame.len())
            .position(|window| window == *frame);
        let at = at.expect("each frame is in the file, behind the one before it");
        rest = &rest[at + frame.len()..];
    }
}
