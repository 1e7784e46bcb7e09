//! `drv new`: what it refuses, and that it then leaves nothing behind.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::station::{Ran, Station};

/// The names in a folder.
fn listing(station: &Station, folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(station.path(folder)).expect("the folder");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect()
}

/// A refusal with these words, which leaves the folder as empty as it was.
fn refused(station: &Station, line: &[&str], words: &[&str]) {
    let ran = station.run(&[&["new"], line].concat());
    assert_refused(&ran, words);
    assert!(listing(station, "").is_empty(), "{line:?}");
}

fn assert_refused(ran: &Ran, words: &[&str]) {
    assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.err.starts_with("error: "), "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "no `{word}` in {ran:?}");
    }
}

#[test]
fn names_that_no_driver_can_have_are_refused_with_one_that_it_could() {
    let station = Station::new();
    for (name, words) in [
        ("my codec", ["character 3 is ' '", "hint: ", "my-codec\n"]),
        ("MyCodec", ["character 1 is 'M'", "hint: ", "my-codec\n"]),
        ("drivers/näh", ["\"näh\"", "character 2 is 'ä'", "n-h\n"]),
        (
            "a\u{202e}b",
            ["\"a\\u{202e}b\"", "character 2 is '\\u{202e}'", "a-b\n"],
        ),
        ("7zip", ["begins with '7'", "hint: ", "driver-7zip\n"]),
        ("fn", ["\"fn\" is a word of Rust", "hint: ", "fn-driver\n"]),
        (
            "std",
            [
                "a crate that every Rust project has",
                "hint: ",
                "std-driver\n",
            ],
        ),
        (
            "opendriver-x",
            ["a crate of opendriver", "hint: ", "-driver\n"],
        ),
        (
            "echo",
            ["a driver that is built into drv", "hint: ", "echo-driver\n"],
        ),
        (
            "drivers/..",
            ["ends with no name", "hint: ", "drv new my-driver"],
        ),
        ("/", ["ends with no name", "hint: ", "drv new my-driver"]),
    ] {
        refused(&station, &[name], &words);
        if name != "fn" && name != "std" && name != "opendriver-x" {
            refused(&station, &[name, "--lang", "c"], &words);
        }
    }
    refused(
        &station,
        &["--", "-x"],
        &["begins with '-'", "after a letter: x\n"],
    );
}

#[test]
fn a_name_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;

    let station = Station::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let output = station
        .command(&["new"])
        .arg(name)
        .output()
        .expect("drv runs");
    assert_refused(&Ran::new(output), &["is not UTF-8"]);
    assert!(listing(&station, "").is_empty());
}

#[test]
fn an_sdk_that_is_none_is_refused() {
    let station = Station::new();
    let words = [
        "there is no opendriver-sdk in \"sdk\"",
        "caused by: ",
        "hint: --sdk takes",
    ];
    refused(&station, &["mine", "--sdk", "sdk"], &words);
    let words = ["--sdk is for projects in Rust"];
    refused(&station, &["mine", "--lang", "c", "--sdk", "sdk"], &words);
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let station = Station::new();
    fs::create_dir(station.path("mine")).expect("the folder is ours");
    station.file("mine/notes", "mine");
    station.file("file", "mine");
    for (name, words) in [
        (
            "mine",
            ["\"mine\" is there already, and not empty", "hint: "],
        ),
        ("./mine/", ["is there already, and not empty", "hint: "]),
        (
            "file",
            ["\"file\" is there already, and no folder", "hint: "],
        ),
        (
            "file/mine",
            [
                "\"file/mine\" cannot be written",
                "caused by: Not a directory",
            ],
        ),
        (
            "/proc/mine",
            [
                "\"/proc/mine\" cannot be written",
                "caused by: No such file",
            ],
        ),
        (
            "/proc/a/b/mine",
            ["\"/proc/a/b/mine\" cannot be written", "caused by: "],
        ),
    ] {
        assert_refused(&station.run(&["new", name]), &words);
    }
    assert_eq!(
        fs::read_to_string(station.path("mine/notes")).expect("mine"),
        "mine"
    );
    assert_eq!(listing(&station, "mine"), ["notes".to_owned()].into());
    assert_eq!(
        listing(&station, ""),
        ["file", "mine"].map(str::to_owned).into()
    );
}

#[test]
fn a_project_is_made_where_the_path_says() {
    let station = Station::new();
    fs::create_dir(station.path("empty")).expect("the folder is ours");
    for folder in ["here", "empty", "a/b/there", "./a/../sibling"] {
        let ran = station.run(&["new", folder, "--lang", "c", "--format", "json"]);
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{ran:?}");
        let told = &ran.json()[0];
        assert_eq!(
            (&told["folder"], &told["lang"], &told["class"]),
            (&folder.into(), &"c".into(), &"plain".into())
        );
        let name = folder.rsplit('/').next().expect("a last part");
        assert_eq!(told["name"], name);
        let files = told["files"].as_array().expect("a list");
        assert!(files.len() > 5, "{told}");
        for file in files {
            let path = format!("{folder}/{}", file.as_str().expect("a path"));
            assert!(station.path(&path).is_file(), "{path}");
        }
        let makefile = fs::read_to_string(station.path(&format!("{folder}/Makefile")));
        assert!(
            makefile
                .expect("a Makefile")
                .contains(&format!("NAME := {name}\n"))
        );
    }
    let left = ["a", "empty", "here", "sibling"].map(str::to_owned);
    assert_eq!(listing(&station, ""), left.into());
    let ran = station.run(&["new", "silent", "-q"]);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (Some(0), "", "")
    );
}

#[test]
fn of_two_that_make_the_same_project_one_wins() {
    let station = Station::new();
    let children: Vec<_> = ["rust", "c", "rust", "c"]
        .map(|lang| {
            let mut command = station.command(&["new", "both", "--lang", lang]);
            command.stdout(std::process::Stdio::piped());
            command.stderr(std::process::Stdio::piped());
            command.spawn().expect("drv runs")
        })
        .into_iter()
        .map(|child| Ran::new(child.wait_with_output().expect("drv ends")))
        .collect();
    let (won, lost): (Vec<_>, Vec<_>) = children.iter().partition(|ran| ran.status == Some(0));
    assert_eq!(won.len(), 1, "{children:?}");
    for ran in lost {
        assert_refused(ran, &["\"both\" is there already, and not empty"]);
    }
    assert_eq!(listing(&station, ""), ["both".to_owned()].into());
    let is_rust = station.path("both/Cargo.toml").exists();
    assert_ne!(
        is_rust,
        station.path("both/Makefile").exists(),
        "a project of both"
    );
}

/// A file system of 16 KiB of its own, which is gone with the process that mounted it.
#[test]
fn a_full_disk_keeps_no_half_project() {
    let station = Station::new();
    let script = r#"
        mount -t tmpfs -o size=16k tmpfs "$1" || exit 77
        cd "$1" && "$2" new a/mine --lang c --class acm
        echo "status $?"
        ls -A
    "#;
    let root = Command::new("id")
        .arg("-u")
        .output()
        .expect("id runs")
        .stdout
        == b"0\n";
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !root {
        command.arg("--map-root-user");
    }
    let output = command
        .args(["sh", "-c", script, "sh"])
        .arg(station.path(""))
        .arg(env!("CARGO_BIN_EXE_drv"))
        .output()
        .expect("unshare runs (package util-linux)");
    let ran = Ran::new(output);
    assert_eq!(ran.out, "status 2\n", "{ran:?}");
    assert!(
        ran.err
            .contains("error: \"a/mine\" cannot be written\ncaused by: No space left on device"),
        "{ran:?}"
    );
    assert!(
        ran.err.ends_with("hint: nothing was left behind\n"),
        "{ran:?}"
    );
}

/// The same for a limit on the size of files, which needs no rights.
#[test]
fn a_write_that_is_cut_short_keeps_no_half_project() {
    let station = Station::new();
    let ran = station
        .shell("trap '' XFSZ; ulimit -f 2; drv new mine --lang c; echo status $?")
        .output()
        .map(Ran::new)
        .expect("a shell");
    assert!(
        ran.out
            .contains("\"mine\" cannot be written\ncaused by: File too large"),
        "{ran:?}"
    );
    assert!(ran.out.ends_with("status 2\n"), "{ran:?}");
    assert!(listing(&station, "").is_empty());
}
