//! Pictures in other files than AVI: Y4M, bare frames, PNG; and other pixels than the driver prefers.

use std::fs;
use std::path::Path;

use opendriver_tests::media::{self, Video};

use super::{FILM, convert, driver, names, stream, text};
use crate::station::Station;

#[test]
fn bare_frames_are_what_ffmpeg_decodes() {
    let station = Station::new();
    let source = media::video(Video::Video1, FILM);
    let words = [
        &text(&source),
        "out.raw",
        "--driver",
        &driver("msvidc32.dll"),
    ];
    convert(&station, &words);
    let frames = fs::read(station.path("out.raw")).expect("it was written");
    assert!(frames == media::ffmpeg_pictures(&source, "rgb555le"));
}

#[test]
fn a_palette_goes_into_the_pictures() {
    let station = Station::new();
    let source = media::video(Video::Rle8, FILM);
    let rle = driver("msrle32.dll");
    let expected = media::ffmpeg_pictures(&source, "bgr24");
    let to = |name: &str| {
        convert(
            &station,
            &[&text(&source), name, "--driver", &rle, "--pixel", "rgb8"],
        );
        media::ffmpeg_pictures(&station.path(name), "bgr24")
    };
    assert!(to("out.avi") == expected);
    // From red, green and blue to brightness and colour and back is not exact.
    let near = |found: Vec<u8>| {
        found.len() == expected.len()
            && found
                .iter()
                .zip(&expected)
                .all(|(one, other)| one.abs_diff(*other) < 6)
    };
    assert!(near(to("out.y4m")));
    convert(&station, &[&text(&source), "out.png", "--driver", &rle]);
    assert!(media::ffmpeg_pictures(&station.path("out-%06d.png"), "bgr24") == expected);
    assert_eq!(names(&station).len(), 30 + 2, "a file each");
}

#[test]
fn pixels_that_the_driver_does_not_know_are_made_of_those_that_it_does() {
    let station = Station::new();
    let source = media::video(Video::Video1, FILM);
    let video = driver("msvidc32.dll");
    let run = |name: &str, pixel: &str| {
        convert(
            &station,
            &[&text(&source), name, "--driver", &video, "--pixel", pixel],
        )
    };
    let ran = run("out.avi", "i420");
    assert!(
        ran.out.contains("30 frames of I420, 64x48, from MSVC"),
        "{ran:?}"
    );
    run("out.yuv", "I420");
    let bare = fs::read(station.path("out.yuv")).expect("it was written");
    assert!(stream(&station.path("out.avi"), 0) == bare);
    let words = [
        "convert",
        &text(&source),
        "no.avi",
        "--driver",
        &video,
        "--pixel",
        "rgb8",
    ];
    let ran = station.run(&words);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("RGB555, 64x48 cannot become RGB8"),
        "{ran:?}"
    );
}

#[test]
fn y4m_comes_from_other_programs_and_goes_to_them() {
    let station = Station::new();
    let source = text(&media::video(Video::Video1, FILM));
    let line = format!(
        "ffmpeg -v error -i {source} -pix_fmt yuv420p -f yuv4mpegpipe - | \
         drv convert -q - - --to y4m | ffmpeg -v error -i - -pix_fmt yuv420p -f rawvideo out.raw"
    );
    let output = station.shell(&line).output().expect("a shell");
    assert!(output.status.success(), "{output:?}");
    let frames = fs::read(station.path("out.raw")).expect("it was written");
    assert!(frames == media::ffmpeg_pictures(Path::new(&source), "yuv420p"));
}
