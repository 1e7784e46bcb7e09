//! Many files: what is bad stops nothing, what is done is not done again, what would collide does not begin.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::media::{self, Film, Video};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::station::Station;

/// Tags of the formats of `moody-codec.c`.
const OBEYS: u16 = 0x8001;
const REFUSES: u16 = 0x8002;
const BREAKS: u16 = 0x8003;
const HANGS: u16 = 0x8004;

/// A WAV of 16-bit samples, 8000 a second, one channel, under this format tag.
pub(crate) fn tone(tag: u16, samples: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..samples)
        .flat_map(|at| ((at * 321) as i16).to_le_bytes())
        .collect();
    let mut format = Vec::new();
    format.extend(tag.to_le_bytes());
    format.extend(1_u16.to_le_bytes());
    format.extend(8000_u32.to_le_bytes());
    format.extend(16000_u32.to_le_bytes());
    format.extend(2_u16.to_le_bytes());
    format.extend(16_u16.to_le_bytes());
    format.extend(0_u16.to_le_bytes());
    let mut wave = b"WAVE".to_vec();
    for (id, bytes) in [(b"fmt ", &format), (b"data", &data)] {
        wave.extend(id);
        wave.extend((bytes.len() as u32).to_le_bytes());
        wave.extend(bytes);
    }
    let mut file = b"RIFF".to_vec();
    file.extend((wave.len() as u32).to_le_bytes());
    file.extend(wave);
    file
}

/// All files below a folder, seen from it.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).expect("below").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// A station where the moody codec is installed.
fn station() -> Station {
    let station = Station::new();
    fs::create_dir(station.path("old")).expect("ours");
    let codec = compiled("moody-codec", Target::Windows64);
    fs::copy(codec, station.path("moody.acm")).expect("ours");
    let ran = station.run(&["install", "moody.acm", "--alias", "msacm.moody"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    station
}

/// What became of each file, as the lines of JSON say, and the last of them.
#[track_caller]
fn outcomes(output: &Output) -> (BTreeMap<String, Value>, Value) {
    let mut lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let counts = lines.pop().unwrap_or_else(|| panic!("{output:?}"));
    let files = lines.into_iter().map(|line| {
        let input = line["input"].as_str().expect("a path").to_owned();
        (input, line)
    });
    (files.collect(), counts)
}

#[track_caller]
fn convert(station: &Station, words: &[&str]) -> (Option<i32>, BTreeMap<String, Value>, Value) {
    let line = [
        &["convert", "--format", "json", "--out", "new", "--batch"],
        words,
    ]
    .concat();
    let output = station.command(&line).output().expect("drv runs");
    let (files, counts) = outcomes(&output);
    (output.status.code(), files, counts)
}

/// Those with this outcome.
fn those(files: &BTreeMap<String, Value>, outcome: &str) -> Vec<String> {
    let with = files.iter().filter(|(_, file)| file["outcome"] == outcome);
    with.map(|(name, _)| name.clone()).collect()
}

#[test]
fn bad_files_are_named_and_stop_none_of_the_rest() {
    let station = station();
    fs::create_dir(station.path("old/deep")).expect("ours");
    station.file("old/plain.wav", tone(1, 100));
    station.file("old/deep/obeys.wav", tone(OBEYS, 100));
    station.file("old/refuses.wav", tone(REFUSES, 100));
    station.file("old/breaks.wav", tone(BREAKS, 100));
    station.file("old/torn.wav", b"RIFF\x10\0\0\0WAVEfmt ");
    station.file("old/notes.txt", "no sound");
    let (status, files, counts) = convert(&station, &["old", "--summary", "new/summary.json"]);
    assert_eq!(status, Some(3), "{files:#?}");
    assert_eq!(
        those(&files, "converted"),
        ["old/deep/obeys.wav", "old/plain.wav"]
    );
    assert_eq!(
        those(&files, "failed"),
        ["old/breaks.wav", "old/refuses.wav", "old/torn.wav"]
    );
    let failed = |name: &str| {
        let file = &files[name];
        (
            file["status"].as_i64(),
            file["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let (status, error) = failed("old/breaks.wav");
    assert!(
        status == Some(3) && error.contains("ACMDM_STREAM_CONVERT"),
        "{status:?} {error}"
    );
    let (status, error) = failed("old/refuses.wav");
    assert!(
        status == Some(1) && error.contains("ACMDM_STREAM_CONVERT"),
        "{status:?} {error}"
    );
    assert_eq!(failed("old/torn.wav").0, Some(2));
    assert_eq!(
        counts,
        serde_json::json!({"converted": 2, "skipped": 0, "failed": 3, "left": 0})
    );
    for name in ["plain.wav", "deep/obeys.wav"] {
        assert!(station.path("new").join(name).is_file(), "{name}");
        assert!(
            station
                .path("new")
                .join(format!("{name}.report.json"))
                .is_file(),
            "{name}"
        );
    }
    for name in ["breaks.wav", "refuses.wav", "torn.wav", "notes.txt"] {
        assert!(!station.path("new").join(name).exists(), "{name}");
    }
    let summary = fs::read(station.path("new/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_slice(&summary).expect("JSON");
    assert_eq!(
        (&summary["failed"], &summary["converted"]),
        (&3.into(), &2.into())
    );
    assert_eq!(summary["files"].as_array().map(Vec::len), Some(5));
}

#[test]
fn people_read_what_failed_and_why() {
    let station = Station::new();
    fs::create_dir(station.path("old")).expect("ours");
    station.file("old/a.wav", tone(1, 10));
    station.file("old/b.wav", "nothing");
    let ran = station.run(&["convert", "--batch", "old", "--out", "new"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.out
            .starts_with("1 converted, 0 skipped, 1 failed\nfailed "),
        "{ran:?}"
    );
    assert!(ran.out.contains("old/b.wav"), "{ran:?}");
    assert!(ran.err.starts_with("error: old/b.wav: "), "{ran:?}");
    let quiet = station.run(&["convert", "--batch", "old", "--out", "new", "-q"]);
    assert_eq!((quiet.status, quiet.out.as_str()), (Some(2), ""));
    assert_eq!(quiet.err, ran.err);
}

#[test]
fn a_missing_file_of_a_list_is_one_that_failed() {
    let station = station();
    station.file("old/a.wav", tone(1, 10));
    station.file("list", "old/a.wav\nold/gone.wav\n");
    let (status, files, _) = convert(&station, &["list"]);
    assert_eq!(status, Some(2));
    assert_eq!(those(&files, "converted"), ["old/a.wav"]);
    let error = files["old/gone.wav"]["error"].as_str().expect("an error");
    assert!(
        error.contains("old/gone.wav") && error.contains("No such file"),
        "{error}"
    );
    assert!(station.path("new/old/a.wav").is_file());
}

#[test]
fn what_is_done_is_skipped_and_what_changed_is_done_anew() {
    let station = station();
    for name in ["a", "b", "c", "d"] {
        station.file(&format!("old/{name}.wav"), tone(OBEYS, 50));
    }
    let done = |words: &[&str]| {
        let (status, files, _) = convert(&station, &[&["old"], words].concat());
        assert_eq!(status, Some(0), "{files:?}");
        those(&files, "converted")
    };
    let all = ["old/a.wav", "old/b.wav", "old/c.wav", "old/d.wav"];
    assert_eq!(done(&[]), all);
    assert_eq!(done(&[]), [""; 0]);
    assert_eq!(
        done(&["--jobs", "1", "--timeout", "3600"]),
        [""; 0],
        "these change nothing"
    );

    station.file("old/a.wav", tone(OBEYS, 51));
    station.file("new/b.wav", "overwritten");
    fs::remove_file(station.path("new/c.wav")).expect("a target");
    fs::remove_file(station.path("new/d.wav.report.json")).expect("a report");
    assert_eq!(done(&[]), all, "file, target, target, report");
    assert_eq!(done(&[]), [""; 0]);

    let other = ["--format", "8000Hz,mono,8bit"];
    assert_eq!(done(&other), all, "other options");
    assert_eq!(done(&other), [""; 0]);

    // Bytes behind the image change nothing but the hash.
    let mut codec = fs::read(station.path("moody.acm")).expect("the codec");
    codec.push(0);
    station.file("moody.acm", codec);
    assert_eq!(done(&other), all, "another driver");
    assert_eq!(done(&other), [""; 0]);
}

#[test]
fn pictures_are_done_when_all_of_them_are_there() {
    let station = Station::new();
    let film = media::video(
        Video::Rgb24,
        Film {
            width: 16,
            height: 8,
            frames: 3,
        },
    );
    fs::create_dir(station.path("old")).expect("ours");
    fs::copy(film, station.path("old/a.avi")).expect("ours");
    let done = || {
        let (status, files, _) = convert(&station, &["old", "--to", "png"]);
        assert_eq!(status, Some(0), "{files:?}");
        those(&files, "converted").len()
    };
    assert_eq!((done(), done()), (1, 0));
    fs::remove_file(station.path("new/a-000002.png")).expect("the last picture");
    assert_eq!((done(), done()), (1, 0));
}

#[test]
fn a_driver_that_never_answers_is_given_up() {
    let station = station();
    station.file("old/hangs.wav", tone(HANGS, 50));
    station.file("old/plain.wav", tone(1, 50));
    let (status, files, _) = convert(&station, &["old", "--timeout", "1"]);
    assert_eq!(status, Some(3));
    assert_eq!(those(&files, "converted"), ["old/plain.wav"]);
    assert_eq!(files["old/hangs.wav"]["error"], "not done after 1 seconds");
    let mut left = files_below(&station.path("new"));
    left.retain(|file| {
        file.to_string_lossy().contains("hangs.wav.") || file.ends_with("hangs.wav")
    });
    left.retain(|file| !file.to_string_lossy().ends_with(".report.json"));
    assert_eq!(left, [""; 0].map(PathBuf::from), "nothing half done");
}

#[test]
fn what_would_collide_does_not_begin() {
    let station = station();
    station.file("old/a.wav", tone(1, 10));
    station.file("old/a.avi", tone(1, 10));
    let ran = station.run(&["convert", "--batch", "old", "--out", "new", "--to", "pcm"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert_eq!(
        ran.err.lines().next(),
        Some("error: \"a.avi\" and \"a.wav\" would both become \"new/a.pcm\"")
    );
    let ran = station.run(&["convert", "--batch", "old", "--out", "old"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    station.file("list", "../a.wav\n");
    let ran = station.run(&["convert", "--batch", "list", "--out", "new"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(!station.path("new").exists());
    assert_eq!(
        fs::read(station.path("old/a.wav")).expect("whole"),
        tone(1, 10)
    );
}

#[test]
fn a_list_names_targets_and_comes_from_a_pipe() {
    let station = station();
    station.file("old/a.wav", tone(1, 10));
    station.file("old/-b c.wav", tone(1, 10));
    station.file("-", "not this");
    let mut line = station.shell(
        "printf '%s\\t%s\\n' old/a.wav named/first.pcm 'old/-b c.wav' -second.wav | drv convert --batch - --out new",
    );
    let output = line.output().expect("a shell");
    assert!(output.status.success(), "{output:?}");
    let mut files = files_below(&station.path("new"));
    files.retain(|file| !file.to_string_lossy().ends_with(".json"));
    assert_eq!(files, ["-second.wav", "named/first.pcm"].map(PathBuf::from));
}

#[test]
fn names_may_be_anything_that_files_are_called() {
    let station = station();
    let names = [
        &b"two\nlines\t.wav"[..],
        b"\xff\xfe.wav",
        b"--out=x.wav",
        b" .wav",
    ];
    for name in names {
        let path = station.path("old").join(OsStr::from_bytes(name));
        fs::write(path, tone(1, 10)).expect("ours");
    }
    let (status, files, counts) = convert(&station, &["old"]);
    assert_eq!(
        (status, &counts["converted"]),
        (Some(0), &4.into()),
        "{files:?}"
    );
    for name in names {
        assert!(
            station.path("new").join(OsStr::from_bytes(name)).is_file(),
            "{name:?}"
        );
    }
    // The same from a list, whose names end with NUL; all are done already.
    let mut find = station
        .shell("cd old && find . -name '*.wav' -print0 | drv convert --batch - --out ../new");
    let output = find.output().expect("a shell");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "0 converted, 4 skipped, 0 failed\n"
    );
}

#[test]
fn parts_together_are_the_whole_and_each_file_is_in_one() {
    let station = station();
    for n in 0..12 {
        station.file(&format!("old/{n}.wav"), tone(1, 10));
    }
    let mut seen = Vec::new();
    for part in ["0/3", "1/3", "2/3"] {
        let (status, files, counts) = convert(&station, &["old", "--shard", part]);
        assert_eq!((status, &counts["skipped"]), (Some(0), &0.into()));
        seen.extend(files.into_keys());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12);
    let (_, _, counts) = convert(&station, &["old"]);
    assert_eq!(counts["skipped"], 12);
}

#[test]
fn after_a_stop_the_running_file_is_finished_and_no_other_begins() {
    let station = station();
    // A pipe with a name: whoever opens it waits for the other side, so that the signal comes when the file is being read.
    let pipe = station.path("old/first.wav");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).expect("a pipe");
    station.file("old/second.wav", tone(1, 10));
    station.file("list", "old/first.wav\nold/second.wav\n");
    for signal in [Signal::INT, Signal::TERM] {
        let mut command =
            station.command(&["convert", "--batch", "list", "--out", "new", "--jobs", "1"]);
        let batch = command.stdout(Stdio::piped()).spawn().expect("drv runs");
        let mut writer = OpenOptions::new()
            .write(true)
            .open(&pipe)
            .expect("a reader");
        let sound = tone(1, 1000);
        writer.write_all(&sound[..1000]).expect("a reader");
        kill_process(Pid::from_child(&batch), signal).expect("drv runs");
        let output = batch.wait_with_output().expect("drv ends");
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "0 converted, 0 skipped, 0 failed, 2 left\n"
        );
        assert!(!station.path("new/old/second.wav").exists());
        let hidden = files_below(&station.path("new"))
            .into_iter()
            .find(|file| file.to_string_lossy().contains(".drv-"));
        assert_eq!(hidden, None);
    }
    fs::remove_file(&pipe).expect("a pipe");
    station.file("old/first.wav", tone(1, 1000));
    let (status, files, _) = convert(&station, &["list"]);
    assert_eq!(
        (status, those(&files, "converted").len()),
        (Some(0), 2),
        "what was left is done"
    );
}

#[test]
fn a_second_stop_drops_what_does_not_end() {
    let station = station();
    let pipe = station.path("old/first.wav");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).expect("a pipe");
    station.file("list", "old/first.wav\nold/second.wav\n");
    let mut command =
        station.command(&["convert", "--batch", "list", "--out", "new", "--jobs", "1"]);
    let mut batch = command.stdout(Stdio::piped()).spawn().expect("drv runs");
    // The codec never comes back from what it gets here, so the first stop alone would not end the file.
    fs::write(&pipe, tone(HANGS, 20_000)).expect("a reader");
    // Two signals at once may be one to the system, so it is told until it ends.
    while batch.try_wait().expect("drv runs").is_none() {
        kill_process(Pid::from_child(&batch), Signal::INT).expect("it is not waited for yet");
        std::thread::yield_now();
    }
    let output = batch.wait_with_output().expect("drv ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "0 converted, 0 skipped, 0 failed, 2 left\n"
    );
    let mut unfinished = files_below(&station.path("new"));
    unfinished.retain(|file| file.to_string_lossy().contains(".drv-"));
    assert_eq!(unfinished, [""; 0].map(PathBuf::from));
}

#[test]
fn what_cannot_be_asked_of_a_batch_is_a_usage_error() {
    let station = station();
    for line in [
        &["--batch", "old"][..],
        &["--out", "new"],
        &["--batch", "old", "--out", "new", "in.wav"],
        &["--batch", "old", "--out", "new", "--report", "x"],
        &["--batch", "old", "--out", "new", "--save-state", "x"],
        &["--batch", "old", "--out", "new", "--jobs", "0"],
        &["--batch", "old", "--out", "new", "--shard", "3/3"],
        &["--batch", "old", "--out", "new", "--timeout", "0"],
        &["--batch", "nowhere", "--out", "new"],
        &["--jobs", "2", "a.wav", "b.wav"],
        &["a.wav"],
        &[],
    ] {
        let ran = station.run(&[&["convert"], line].concat());
        assert_eq!(
            (ran.status, ran.out.as_str()),
            (Some(2), ""),
            "{line:?}: {ran:?}"
        );
    }
    assert!(!station.path("new").exists());
}

#[test]
fn nothing_to_convert_is_no_error() {
    let station = station();
    let ran = station.run(&["convert", "--batch", "old", "--out", "new"]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (Some(0), "0 converted, 0 skipped, 0 failed\n")
    );
}

#[test]
fn a_link_that_leads_nowhere_is_one_that_failed() {
    let station = station();
    std::os::unix::fs::symlink("nothing", station.path("old/lost.wav")).expect("ours");
    station.file("old/a.wav", tone(1, 10));
    let (status, files, _) = convert(&station, &["old"]);
    assert_eq!(status, Some(2));
    assert_eq!(those(&files, "converted"), ["old/a.wav"]);
    assert_eq!(those(&files, "failed"), ["old/lost.wav"]);
}
