//! Drivers of 32 and of 64 bits, installed side by side: every verb takes both, and says which is which.

use std::fs;
use std::path::Path;

use opendriver::Width;
use opendriver_tests::media::{self, Sound, Tone};
use opendriver_tests::real;
use serde_json::Value;

use crate::station::Station;

const CALL: Tone = Tone {
    channels: 1,
    rate: 8000,
    samples: 8000,
};

fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// Installs a driver of a width by the name that it gives itself.
fn install(station: &Station, width: Width, file: &str) {
    let driver = real::folder(width).join(file);
    let ran = station.run(&["install", &text(&driver)]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

/// Converts a call in GSM to IMA ADPCM of another rate, and answers the target's bytes and the drivers of its report.
fn converted(station: &Station) -> (Vec<u8>, Vec<(String, u64)>) {
    let call = text(&media::sound(Sound::Gsm, CALL));
    let words = ["convert", &call, "out.wav", "--report", "report.json"];
    let wishes = ["--audio", "ima", "--format", "22050Hz,mono"];
    let ran = station.run(&[&words[..], &wishes].concat());
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let report = fs::read(station.path("report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let drivers = report["drivers"].as_array().expect("drivers");
    let drivers = drivers.iter().map(|driver| {
        let module = driver["module"].as_str().expect("a name").to_owned();
        (module, driver["bits"].as_u64().expect("a number"))
    });
    let drivers = drivers.collect();
    (
        fs::read(station.path("out.wav")).expect("a target"),
        drivers,
    )
}

#[test]
fn a_conversion_goes_over_installed_drivers_of_both_widths() {
    let mut targets = Vec::new();
    for [gsm, ima] in [
        [Width::W64, Width::W64],
        [Width::W32, Width::W64],
        [Width::W64, Width::W32],
        [Width::W32, Width::W32],
    ] {
        let station = Station::new();
        install(&station, gsm, "msgsm32.acm");
        install(&station, ima, "imaadp32.acm");
        let (target, drivers) = converted(&station);
        let expected = [
            ("msgsm32.acm", gsm),
            ("pcm", Width::HOST),
            ("imaadp32.acm", ima),
        ];
        let expected = expected.map(|(name, width)| (name.to_owned(), u64::from(width.bits())));
        assert_eq!(drivers, expected);
        targets.push(target);
    }
    assert!(targets.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn an_alias_names_a_driver_of_either_width_and_the_list_says_which() {
    let station = Station::new();
    install(&station, Width::W32, "msrle32.dll");
    install(&station, Width::W64, "msvidc32.dll");
    let twin = real::folder(Width::W32).join("msvidc32.dll");
    let taken = station.run(&["install", &text(&twin)]);
    assert_eq!(taken.status, Some(2), "{taken:?}");
    let ran = station.run(&["install", &text(&twin), "--alias", "vidc.twin"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let rows = station.run(&["list", "--format", "json"]).json();
    let rows: Vec<(&str, u64)> = rows
        .iter()
        .map(|row| {
            let alias = row["alias"].as_str().expect("a name");
            (alias, row["bits"].as_u64().expect("a number"))
        })
        .collect();
    let expected = [("vidc.mrle", 32), ("vidc.cram", 64), ("vidc.twin", 32)];
    assert_eq!(rows, expected);
    let opened = station.run(&["open", "vidc.twin", "--send", "DRV_QUERYCONFIGURE"]);
    assert_eq!(opened.status, Some(0), "{opened:?}");
}

#[test]
fn both_widths_of_a_driver_say_the_same_of_themselves() {
    let station = Station::new();
    for driver in real::DRIVERS {
        let [wide, narrow] = Width::ALL.map(|width| {
            let file = text(&driver.path(width));
            let ask = |verb: &str| {
                let ran = station.run(&[verb, &file, "--format", "json"]);
                assert_eq!(ran.status, Some(0), "{verb} {file}: {ran:?}");
                ran.json()
            };
            let mut said = [ask("info").remove(0), ask("formats").remove(0)];
            assert_eq!(said[0]["bits"], width.bits(), "{file}");
            for name in ["driver", "file", "size", "machine", "bits"] {
                said.iter_mut().for_each(|said| said[name] = Value::Null);
            }
            // Nothing that it imports is missing, or this would be a refusal.
            assert!(ask("imports").len() > 5, "{file}");
            said
        });
        assert_eq!(wide, narrow, "{}", driver.file);
    }
}

#[test]
fn a_batch_converts_with_installed_drivers_of_both_widths() {
    let station = Station::new();
    install(&station, Width::W32, "msgsm32.acm");
    install(&station, Width::W64, "msadp32.acm");
    fs::create_dir(station.path("calls")).expect("the folder is ours");
    for sound in [Sound::Gsm, Sound::MsAdpcm] {
        let to = station.path("calls").join(format!("{sound:?}.wav"));
        fs::copy(media::sound(sound, CALL), to).expect("the folder is ours");
    }
    let ran = station.run(&["convert", "--batch", "calls", "--out", "new"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for (name, bits) in [("Gsm", 32), ("MsAdpcm", 64)] {
        let report = station.path("new").join(format!("{name}.wav.report.json"));
        let report = fs::read(&report).unwrap_or_else(|error| panic!("{report:?}: {error}"));
        let report: Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["drivers"][0]["bits"], bits, "{name}");
    }
}
