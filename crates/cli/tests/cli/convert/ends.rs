//! Ends before the end: Ctrl-C, readers that go away, full disks, warnings taken for errors.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};

use opendriver_tests::fixtures::Target;
use opendriver_tests::media::{self, Sound, Tone, Video};
use rustix::process::{Pid, Signal, kill_process};

use super::{FILM, driver, names, text};
use crate::station::Station;

/// More than a pipe and a buffer hold.
const LONG: Tone = Tone {
    channels: 2,
    rate: 22_050,
    samples: 22_050 * 60,
};

/// A codec that never answers DRV_OPEN.
const STUCK: &str = r#"
#include "opendriver-driver.h"
#include <unistd.h>

OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    if (message == DRV_OPEN)
        for (;;)
            pause();
    return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
}
"#;

fn interrupt(child: &Child) {
    let id = Pid::from_child(child);
    kill_process(id, Signal::INT).expect("the child is there");
}

/// `drv convert` of a pipe into out.wav, with so much of a file in the pipe that some of it was converted.
fn fed(station: &Station, source: &Path) -> Child {
    let mut child = station
        .command(&[
            "convert",
            "-",
            "out.wav",
            "--driver",
            &driver("msadp32.acm"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drv runs");
    let bytes = fs::read(source).expect("a file");
    let pipe = child.stdin.as_mut().expect("a pipe");
    pipe.write_all(&bytes[..bytes.len() / 2])
        .expect("drv reads");
    child
}

#[test]
fn ctrl_c_leaves_a_finished_file_of_what_was_converted() {
    let station = Station::new();
    let source = media::sound(Sound::MsAdpcm, LONG);
    let mut child = fed(&station, &source);
    interrupt(&child);
    let pipe = child.stdin.take();
    let output = child.wait_with_output().expect("drv ends");
    drop(pipe);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(names(&station), ["out.wav"]);
    let (whole, part) = (
        media::ffmpeg_samples(&source),
        media::ffmpeg_samples(&station.path("out.wav")),
    );
    assert!(!part.is_empty() && part.len() < whole.len());
    assert!(whole.starts_with(&part));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.starts_with("out.wav: stopped; PCM"), "{said}");
}

#[test]
fn ctrl_c_leaves_what_was_there_before() {
    let station = Station::new();
    station.file("out.wav", "precious");
    let mut child = fed(&station, &media::sound(Sound::MsAdpcm, LONG));
    interrupt(&child);
    let pipe = child.stdin.take();
    let output = child.wait_with_output().expect("drv ends");
    drop(pipe);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(names(&station), ["out.partial.wav", "out.wav"]);
    let kept = fs::read_to_string(station.path("out.wav")).expect("it is there");
    assert_eq!(kept, "precious");
    assert!(!media::ffmpeg_samples(&station.path("out.partial.wav")).is_empty());
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let station = Station::new();
    station.driver("stuck.so", STUCK, Target::Native);
    let source = text(&media::sound(Sound::MsAdpcm, LONG));
    let mut child = station
        .command(&[
            "convert", &source, "out.wav", "--driver", "stuck.so", "--trace",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .expect("drv runs");
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let opens = stderr
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("DRV_OPEN"));
    assert!(opens);
    interrupt(&child);
    interrupt(&child);
    // Two that come at once may be one.
    let status = loop {
        match child.try_wait().expect("drv is ours") {
            Some(status) => break status,
            None => interrupt(&child),
        }
    };
    assert_eq!(status.code(), Some(130));
    assert_eq!(names(&station), ["stuck.so"]);
}

#[test]
fn a_reader_that_goes_away_is_success() {
    let station = Station::new();
    let source = text(&media::sound(Sound::MsAdpcm, LONG));
    let mut child = station
        .command(&[
            "convert",
            &source,
            "-",
            "--to",
            "wav",
            "--driver",
            &driver("msadp32.acm"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drv runs");
    let mut reader = child.stdout.take().expect("a pipe");
    reader.read_exact(&mut [0; 100]).expect("a hundred bytes");
    drop(reader);
    let output = child.wait_with_output().expect("drv ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_disk_that_is_full_keeps_what_was_there_before() {
    let station = Station::new();
    let source = text(&media::sound(Sound::MsAdpcm, LONG));
    let adpcm = driver("msadp32.acm");
    station.file("out.wav", "precious");
    // Files of more than 100 blocks of 512 bytes are refused.
    let line =
        format!("trap '' XFSZ; ulimit -f 100; exec drv convert {source} out.wav --driver {adpcm}");
    let output = station.shell(&line).output().expect("a shell");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("error: cannot write the target"), "{said}");
    assert!(said.contains("File too large"), "{said}");
    let kept = fs::read_to_string(station.path("out.wav")).expect("it is there");
    assert_eq!(kept, "precious");
    let ran = station.run(&[
        "convert",
        &source,
        "/dev/full",
        "--to",
        "wav",
        "--driver",
        &adpcm,
    ]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.err.contains("No space left on device"), "{ran:?}");
}

#[test]
fn a_driver_that_breaks_is_3_and_other_pixels_are_a_way_out() {
    let station = Station::new();
    let source = text(&media::video(Video::Rle4, FILM));
    let rle = driver("msrle32.dll");
    // Wine's driver divides by zero where it decodes to the depth that it prefers.
    let words = ["convert", &source, "out.avi", "--driver", &rle];
    let ran = station.run(&words);
    assert_eq!(ran.status, Some(3), "{ran:?}");
    for said in [
        "error: cannot convert stream 0 at frame 0 (offset ",
        "caused by: the driver broke while handling ICM_DECOMPRESS: division",
        "hint: `--pixel RGB24` asks",
    ] {
        assert!(ran.err.contains(said), "{ran:?}");
    }
    assert_eq!(names(&station), [""; 0], "a file of nothing is no part");
    let ran = station.run(&[&words[..], &["--pixel", "RGB24"]].concat());
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

#[test]
fn a_cut_file_is_a_warning_and_under_strict_an_error() {
    let station = Station::new();
    let source = media::sound(Sound::MsAdpcm, LONG);
    let bytes = fs::read(source).expect("a file");
    station.file("cut.wav", &bytes[..bytes.len() / 2]);
    station.file("strict.wav", "precious");
    let adpcm = driver("msadp32.acm");
    let ran = station.run(&["convert", "cut.wav", "out.wav", "--driver", &adpcm]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.err.starts_with("warning: at offset "), "{ran:?}");
    let words = [
        "convert",
        "cut.wav",
        "strict.wav",
        "--driver",
        &adpcm,
        "--strict",
    ];
    let ran = station.run(&words);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.err.starts_with("error: at offset "), "{ran:?}");
    let kept = fs::read_to_string(station.path("strict.wav")).expect("it is there");
    assert_eq!(kept, "precious");
}
