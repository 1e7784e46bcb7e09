//! `drv probe`: files that are sound, broken, cut, or something else.

use std::io::Write as _;
use std::process::Stdio;

use opendriver::Width;
use opendriver_tests::media::{self, Film, Sound, Tone, Video};
use opendriver_tests::real;

use crate::station::Station;

fn installed(station: &Station, files: &[(&str, &str)]) {
    for (alias, file) in files {
        let file = real::folder(Width::W64).join(file);
        let file = file.to_str().expect("UTF-8");
        let ran = station.run(&["registry", "set", "Drivers32", alias, file]);
        assert_eq!(ran.status, Some(0), "{ran:?}");
    }
}

fn tone(codec: Sound) -> std::path::PathBuf {
    let (channels, rate, samples) = (1, 8000, 8000);
    media::sound(
        codec,
        Tone {
            channels,
            rate,
            samples,
        },
    )
}

#[test]
fn each_stream_names_the_drivers_that_open_it_and_why_others_refuse() {
    let station = Station::new();
    installed(
        &station,
        &[
            ("msacm.ms", "msadp32.acm"),
            ("msacm.gsm", "msgsm32.acm"),
            ("msacm.film", "msrle32.dll"),
            ("vidc.mrle", "msrle32.dll"),
            ("vidc.else", "iccvid.dll"),
        ],
    );
    let (width, height, frames) = (32, 24, 12);
    let film = Film {
        width,
        height,
        frames,
    };
    let clip = media::together(&media::video(Video::Cinepak, film), &tone(Sound::Gsm));
    let clip = clip.to_str().expect("UTF-8");
    let ran = station.run(&["probe", clip, "--format", "json"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let file = &ran.json()[0];
    let [pictures, sound] = [0, 1].map(|stream| &file["streams"][stream]);
    let drivers = |stream: &serde_json::Value, which: &str| -> Vec<String> {
        let list = stream[which].as_array().expect("a list");
        let name = |entry: &serde_json::Value| entry["driver"].as_str().map(str::to_owned);
        list.iter().filter_map(name).collect()
    };
    assert_eq!(pictures["code"], "cvid");
    assert_eq!(pictures["frames"], 12);
    assert_eq!(drivers(pictures, "opened_by"), ["vidc.else"]);
    assert_eq!(pictures["opened_by"][0]["to"], "RGB24, 32x24");
    assert_eq!(drivers(pictures, "refused_by"), ["vidc.mrle"]);
    assert_eq!(sound["code"], "0x0031");
    assert_eq!(drivers(sound, "opened_by"), ["msacm.gsm"]);
    let refused = drivers(sound, "refused_by");
    assert_eq!(refused, ["msacm.ms", "msacm.film", "flac", "pcm"]);
    for refusal in sound["refused_by"].as_array().expect("a list") {
        assert!(!refusal["why"].as_str().expect("a reason").is_empty());
    }
}

#[test]
fn a_stream_that_nobody_opens_is_a_refusal_with_reasons() {
    let station = Station::new();
    installed(&station, &[("msacm.ms", "msadp32.acm")]);
    let call = tone(Sound::Gsm);
    let ran = station.run(&["probe", call.to_str().expect("UTF-8")]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(
        ran.out.contains("opened by   no installed driver"),
        "{ran:?}"
    );
    assert!(ran.out.contains("refused by  msacm.ms: "), "{ran:?}");
}

#[test]
fn plain_samples_are_opened_by_the_built_in_converter() {
    let station = Station::new();
    let plain = tone(Sound::Pcm);
    let ran = station.run(&["probe", plain.to_str().expect("UTF-8")]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("opened by   pcm, to PCM, 8000 Hz, mono"),
        "{ran:?}"
    );
}

#[test]
fn other_files_are_said_to_be_what_they_are() {
    let station = Station::new();
    for (bytes, what) in [
        (&b"\x1a\x45\xdf\xa3...."[..], "but Matroska or WebM"),
        (b"OggS\0\x02", "but Ogg"),
        (b"\0\0\0\x18ftypqt  ", "but MP4 or QuickTime"),
        (b"fLaC\0\0\0\x22", "but FLAC"),
        (b"\xff\xfb\x90\x64", "but MP3"),
        (b"RIFF\x04\0\0\0sfbk", "but SoundFont"),
        (b"RIFF\x04\0\0\0ABCD", "but RIFF of the form \"ABCD\""),
        (b"hello", "and not known otherwise"),
        (b"", "\"file\" is empty"),
    ] {
        station.file("file", bytes);
        let ran = station.run(&["probe", "file"]);
        assert_eq!((ran.status, &*ran.out), (Some(2), ""), "{ran:?}");
        assert!(ran.err.contains(what), "{ran:?}");
    }
}

#[test]
fn what_is_wrong_is_a_warning_and_what_cannot_be_read_an_error() {
    let station = Station::new();
    let whole = std::fs::read(tone(Sound::Pcm)).expect("it was made");
    station.file("cut.wav", &whole[..whole.len() - 100]);
    let ran = station.run(&["probe", "cut.wav"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.err.starts_with("warning: at offset "), "{ran:?}");
    assert!(ran.err.contains("bytes, and 15900 are there"), "{ran:?}");
    let rows = station.run(&["probe", "cut.wav", "--format", "json"]);
    assert_eq!(rows.json()[0]["warning_count"], 1);
    assert_eq!(rows.err, "");

    for (line, error) in [
        (&["probe", "none.avi"][..], "cannot read \"none.avi\""),
        (&["probe", "."], "cannot read \".\""),
    ] {
        let ran = station.run(line);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.err.contains(error), "{ran:?}");
    }
    station.file("torn.avi", b"RIFF\x04\0\0\0AVI ");
    let ran = station.run(&["probe", "torn.avi"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.err.contains("at offset 12"), "{ran:?}");
}

#[test]
fn a_pipe_is_probed_as_a_file_is() {
    let station = Station::new();
    let plain = tone(Sound::Pcm);
    let file = station.run(&["probe", plain.to_str().expect("UTF-8"), "--format", "json"]);
    let mut child = station
        .command(&["probe", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("drv runs");
    let bytes = std::fs::read(&plain).expect("it was made");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&bytes).expect("drv reads to the end");
    drop(stdin);
    let output = child.wait_with_output().expect("drv ends");
    let piped: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(piped["streams"], file.json()[0]["streams"]);
    assert_eq!(piped["file"], "-");
}

#[test]
fn y4m_is_a_file_with_a_stream_too() {
    let station = Station::new();
    station.file("a.y4m", b"YUV4MPEG2 W6 H4 F30000:1001 C422\nFRAME\n");
    let ran = station.run(&["probe", "a.y4m"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.contains("planes 4:2:2, 6x4"), "{ran:?}");
    assert!(ran.out.contains("30000/1001 frames a second"), "{ran:?}");
}
