//! Where `drv` looks: layers of the registry, folders of drivers, letter case.

use std::fs;

use opendriver::Width;
use opendriver_tests::real;

use crate::station::Station;

#[test]
fn a_named_registry_lies_above_that_of_the_user_and_takes_the_changes() {
    let station = Station::new();
    let set = |line: &[&str]| assert_eq!(station.run(line).status, Some(0), "{line:?}");
    set(&["registry", "set", "HKCU/Software/Ours", "Depth", "user"]);
    set(&[
        "registry",
        "set",
        "HKCU/Software/Ours",
        "Depth",
        "named",
        "--registry",
        "mine.toml",
    ]);
    let get = |line: &[&str]| {
        station
            .run(&[&["registry", "get", "HKCU/Software/Ours", "Depth"], line].concat())
            .out
    };
    assert_eq!(get(&[]), "user\n");
    assert_eq!(get(&["--registry", "mine.toml"]), "named\n");
    let mine = fs::read_to_string(station.path("mine.toml")).expect("it was written");
    assert!(mine.contains("named") && !mine.contains("user"), "{mine}");
    assert!(station.path("opendriver/registry.toml").is_file());
}

#[test]
fn an_entry_carries_its_text_and_its_section() {
    let station = Station::new();
    station.file(
        "mine.toml",
        "[drivers]\nspeaker = \"echo four words of text\"\n[MCI]\nspeaker = \"echo two words\"\n",
    );
    let lengths = |section: &[&str]| {
        let line = [
            "open",
            "SPEAKER",
            "--send",
            "DRV_USER+1",
            "--registry",
            "mine.toml",
            "--format",
            "json",
        ];
        let ran = station.run(&[&line[..], section].concat());
        let lines = ran.json();
        let open = lines
            .iter()
            .find(|line| line["message"] == "DRV_OPEN")
            .expect("an open");
        (open["text"].clone(), lines[3]["answer"].clone())
    };
    assert_eq!(lengths(&[]), ("four words of text".into(), 18.into()));
    assert_eq!(
        lengths(&["--section", "mci"]),
        ("two words".into(), 9.into())
    );
}

#[test]
fn a_bare_name_is_looked_for_here_then_in_path_then_in_the_variable() {
    let station = Station::new();
    for folder in ["one", "two", "three"] {
        fs::create_dir(station.path(folder)).expect("the folder is ours");
        fs::write(station.path(folder).join("Which.Drv"), folder).expect("the folder is ours");
    }
    let found = |line: &[&str], variable: &str| {
        let line = [
            &["info", "--no-open", "which.drv", "--format", "json"],
            line,
        ]
        .concat();
        let output = station
            .command(&line)
            .env("OPENDRIVER_PATH", variable)
            .output()
            .expect("drv runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let Ok(info) = serde_json::from_str::<serde_json::Value>(&text) else {
            return String::new();
        };
        let file = info["file"].as_str().expect("a file").to_owned();
        fs::read_to_string(station.path("").join(file)).expect("what was found")
    };
    assert_eq!(found(&[], ""), "");
    assert_eq!(found(&[], "three:two"), "three");
    assert_eq!(
        found(&["--path", "nowhere", "--path", "two"], "three"),
        "two"
    );
    fs::write(station.path("WHICH.DRV"), "here").expect("the folder is ours");
    assert_eq!(found(&["--path", "two"], "three"), "here");
}

#[test]
fn a_windows_driver_is_found_and_opened_from_a_folder_of_drivers() {
    let folder = real::folder(Width::W64);
    let folder = folder.to_str().expect("UTF-8");
    let ran = Station::new().run(&[
        "open",
        "MSADP32.ACM",
        "--times",
        "3",
        "--path",
        folder,
        "--format",
        "json",
    ]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let messages: Vec<String> = ran
        .said()
        .iter()
        .map(|said| said.split('=').next().unwrap_or_default().to_owned())
        .collect();
    let once = |message: &str| messages.iter().filter(|said| *said == message).count();
    assert_eq!(
        (
            once("DRV_LOAD"),
            once("DRV_OPEN"),
            once("DRV_CLOSE"),
            once("DRV_FREE")
        ),
        (1, 3, 3, 1)
    );
}

#[test]
fn the_list_says_of_each_entry_whether_it_loads() {
    let station = Station::new();
    station.file("notes.txt", "no driver\n");
    let text = station.path("notes.txt");
    let text = text.to_str().expect("UTF-8");
    station.file(
        "mine.toml",
        format!("[Drivers32]\n\"vidc.good\" = \"echo\"\n\"msacm.gone\" = \"/nowhere/gone.acm\"\nwave1 = '{text}'\nodd = 5\n[MCI]\nshy = \"echo refuse\"\n"),
    );
    let ran = station.run(&["list", "--registry", "mine.toml", "--format", "json"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let rows = ran.json();
    let row = |alias: &str| {
        rows.iter()
            .find(|row| row["alias"] == alias)
            .unwrap_or_else(|| panic!("no {alias}: {ran:?}"))
    };
    let why = |alias: &str| {
        row(alias)["why_not"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        (&row("vidc.good")["loads"], &row("vidc.good")["class"]),
        (&true.into(), &"VfW".into())
    );
    assert_eq!(row("vidc.good")["bits"], 64);
    assert!(
        why("msacm.gone").contains("cannot read \"/nowhere/gone.acm\": No such file"),
        "{ran:?}"
    );
    assert!(why("wave1").contains("is not a driver"), "{ran:?}");
    assert!(why("shy").contains("refused DRV_OPEN"), "{ran:?}");
    assert!(why("odd").contains("names no file"), "{ran:?}");
    assert_eq!(
        (&row("shy")["section"], &row("shy")["params"]),
        (&"MCI".into(), &"refuse".into())
    );

    let ran = station.run(&["remove", "odd", "--registry", "mine.toml"]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (
            Some(0),
            "removed odd from Drivers32; it named no file, so no driver was told\n"
        )
    );
    let ran = station.run(&["list", "--registry", "mine.toml", "--format", "json"]);
    assert!(
        ran.json().iter().all(|row| row["alias"] != "odd"),
        "{ran:?}"
    );
}
