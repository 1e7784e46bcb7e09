//! `--report`: what became of what, by whom, with a hash of everything.

use std::fs;

use opendriver_tests::media::{self, Sound};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{TONE, both, chunks, convert, driver, text};
use crate::station::Station;

fn sha256(bytes: &[u8]) -> String {
    let digits = |byte: &u8| format!("{byte:02x}");
    Sha256::digest(bytes).iter().map(digits).collect()
}

fn report(station: &Station) -> Value {
    let bytes = fs::read(station.path("report.json")).expect("it was written");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn a_report_has_files_drivers_formats_and_frames() {
    let station = Station::new();
    let source = both();
    let (video, adpcm) = (driver("msvidc32.dll"), driver("msadp32.acm"));
    let words = [
        &text(&source),
        "out.avi",
        "--driver",
        &video,
        "--driver",
        &adpcm,
    ];
    convert(
        &station,
        &[&words[..], &["--report", "report.json"]].concat(),
    );
    let report = report(&station);
    let read = |path: &str| fs::read(path).expect("a file");
    let out = fs::read(station.path("out.avi")).expect("it was written");
    assert_eq!(report["complete"], true);
    assert_eq!(report["input"]["sha256"], sha256(&read(&text(&source))));
    assert_eq!(report["output"]["sha256"], sha256(&out));
    assert_eq!(report["output"]["size"], out.len());
    assert_eq!(report["drivers"][0]["module"], "msvidc32.dll");
    assert_eq!(report["drivers"][0]["sha256"], sha256(&read(&video)));
    assert_eq!(report["drivers"][1]["sha256"], sha256(&read(&adpcm)));
    let streams = &report["streams"];
    assert_eq!(streams[0]["from"]["text"], "MSVC, 64x48");
    assert_eq!(streams[0]["to"]["text"], "RGB555, 64x48");
    assert_eq!(
        streams[1]["to"]["hex"],
        "010002002256000088580100040010000000"
    );
    let written = chunks(&station.path("out.avi"));
    for (stream, chunks) in written.iter().enumerate() {
        let pieces = streams[stream]["converted"].as_array().expect("pieces");
        assert_eq!(pieces.len(), chunks.len());
        for (piece, chunk) in pieces.iter().zip(chunks) {
            assert_eq!(piece["sha256"], sha256(chunk));
            assert_eq!(piece["bytes"], chunk.len());
        }
        assert_eq!(streams[stream]["sha256"], sha256(&chunks.concat()));
    }
}

#[test]
fn a_report_of_a_failure_says_what_and_where() {
    let station = Station::new();
    let bytes = fs::read(media::sound(Sound::MsAdpcm, TONE)).expect("a file");
    station.file("cut.wav", &bytes[..bytes.len() - 300]);
    let words = [
        "convert",
        "cut.wav",
        "out.wav",
        "--driver",
        &driver("msadp32.acm"),
    ];
    let ran = station.run(&[&words[..], &["--strict", "--report", "report.json"]].concat());
    assert_eq!(ran.status, Some(2), "{ran:?}");
    let failed = report(&station);
    assert_eq!(failed["complete"], false);
    let fault = failed["faults"][0].as_str().expect("a fault");
    assert!(fault.starts_with("at offset "), "{fault}");
    assert_eq!(failed["input"]["size"], bytes.len() - 300);
    let ran = station.run(&[&words[..], &["--report", "report.json"]].concat());
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let warned = report(&station);
    assert_eq!(warned["complete"], true);
    let warnings = warned["warnings"].as_array().expect("warnings");
    assert!(!warnings.is_empty() && warned["warning_count"] == warnings.len());
}

#[test]
fn what_goes_through_pipes_is_hashed_on_its_way() {
    let station = Station::new();
    let source = text(&media::sound(Sound::MsAdpcm, TONE));
    let line = format!(
        "cat {source} | drv convert -q - - --to wav --driver {} --report report.json > out.wav",
        driver("msadp32.acm")
    );
    let output = station.shell(&line).output().expect("a shell");
    assert!(output.status.success(), "{output:?}");
    let report = report(&station);
    let read = |path: &std::path::Path| fs::read(path).expect("a file");
    assert_eq!(report["input"]["sha256"], sha256(&read(source.as_ref())));
    assert_eq!(
        report["output"]["sha256"],
        sha256(&read(&station.path("out.wav")))
    );
}
