//! `drv formats` of what is installed.

use opendriver::Width;
use opendriver_tests::real;

use crate::station::Station;

fn install(station: &Station, alias: &str, file: &str) {
    let ran = station.run(&["registry", "set", "Drivers32", alias, file]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

#[test]
fn all_installed_codecs_are_listed_and_a_broken_one_stops_none() {
    let station = Station::new();
    let folder = real::folder(Width::W64);
    let driver = |name: &str| folder.join(name).display().to_string();
    install(&station, "msacm.call", &driver("msg711.acm"));
    install(&station, "msacm.gone", "/nowhere/gone.acm");
    install(&station, "msacm.picture", &driver("msvidc32.dll"));
    install(&station, "vidc.mrle", &driver("msrle32.dll"));
    install(&station, "midi", &driver("msg711.acm"));

    let rows = station.run(&["formats", "--format", "json"]).json();
    let found: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| {
            (
                row["driver"].as_str().unwrap(),
                row["class"].as_str().unwrap_or("none"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("msacm.call", "acm"),
            ("msacm.gone", "none"),
            ("msacm.picture", "vfw"),
            ("flac", "acm"),
            ("pcm", "acm"),
            ("vidc.mrle", "vfw")
        ]
    );
    let tags: Vec<(u64, usize)> = rows[0]["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| {
            (
                tag["tag"].as_u64().unwrap(),
                tag["formats"].as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(tags, [(1, 8), (6, 8), (7, 8)]);
    let a_law = &rows[0]["tags"][1]["formats"][0];
    assert_eq!(a_law["format"], "06000100401f0000401f0000010008000000");
    assert_eq!(
        (&a_law["decodes"], &a_law["encodes"]),
        (&true.into(), &true.into())
    );
    let why_not = rows[1]["why_not"].as_str().unwrap();
    assert!(
        why_not.starts_with("cannot read \"/nowhere/gone.acm\""),
        "{why_not}"
    );

    let ran = station.run(&["formats"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("msacm.gone\n  no: cannot read"),
        "{}",
        ran.out
    );
}

#[test]
fn a_driver_that_is_not_there_cannot_be_asked() {
    let ran = Station::new().run(&["formats", "nosuch.acm"]);
    assert_eq!(ran.status, Some(2));
    assert!(
        ran.err
            .starts_with("error: no driver named \"nosuch.acm\" is installed\n"),
        "{}",
        ran.err
    );
}
