//! What `drv` writes where: JSON that parses, colour only for people, nothing for those who went away.

use std::io::Read as _;
use std::process::Stdio;

use crate::batch::tone;
use crate::station::Station;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

#[test]
fn a_transcript_in_json_has_the_documented_fields() {
    let ran = Station::new().run(&[
        "open",
        "echo",
        "--send",
        "DRV_USER,5,-7",
        "--format",
        "json",
    ]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let lines = ran.json();
    assert_eq!(
        ran.said(),
        [
            "DRV_LOAD=1",
            "DRV_ENABLE=1",
            "DRV_OPEN=1",
            "DRV_USER=-2",
            "DRV_CLOSE=1",
            "DRV_DISABLE=1",
            "DRV_FREE=1"
        ]
    );
    for (index, line) in lines.iter().enumerate() {
        let mut fields: Vec<&str> = line
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        fields.retain(|field| *field != "text");
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "answer", "code", "depth", "handle", "id", "message", "module", "ns", "p1", "p2",
                "seq"
            ]
        );
        assert_eq!(line["seq"], index + 1);
        assert_eq!(line["module"], "echo");
    }
    let user = &lines[3];
    assert_eq!(
        (&user["code"], &user["p1"], &user["p2"]),
        (&0x4000.into(), &5.into(), &(-7).into())
    );
    assert_ne!(user["handle"], 0);
    assert_eq!(user["id"], lines[2]["answer"]);
    assert_eq!(lines[2]["text"], "");
}

#[test]
fn every_verb_speaks_json_when_asked() {
    let station = Station::new();
    for line in [
        &["info", "echo"][..],
        &["install", "echo", "--params", "a b"],
        &["list"],
        &["registry", "set", "Drivers32", "other", "x.drv"],
        &["registry", "get", "Drivers32", "other"],
        &["registry", "list"],
        &["registry", "list", "HKLM", "--recursive"],
        &["open", "echo"],
        &["remove", "echo"],
    ] {
        let ran = station.run(&[line, &["--format", "json"]].concat());
        assert_eq!(ran.status, Some(0), "{line:?}: {ran:?}");
        assert!(
            ran.json().iter().all(serde_json::Value::is_object),
            "{line:?}: {ran:?}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_success() {
    let station = Station::new();
    let mut child = station
        .command(&["open", "echo", "--times", "5000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drv runs");
    let mut reader = child.stdout.take().expect("a pipe");
    let mut first = [0; 1];
    reader.read_exact(&mut first).expect("a first byte");
    drop(reader);
    let output = child.wait_with_output().expect("drv ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_reader_that_goes_away_does_not_hide_a_refusal() {
    let station = Station::new();
    let mut child = station
        .command(&["registry", "get", "Drivers32", "nothing"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("drv runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("drv ends").code(), Some(2));
}

#[test]
fn an_output_that_is_full_is_an_error() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a full device")
    };
    for line in [&["open", "echo", "--times", "3"][..], &["list"]] {
        let output = Station::new()
            .command(line)
            .stdout(full())
            .output()
            .expect("drv runs");
        assert_eq!(output.status.code(), Some(2), "{line:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            said.matches("error: standard output cannot be written")
                .count(),
            1,
            "{said}"
        );
    }
}

#[test]
fn quiet_prints_errors_only() {
    let station = Station::new();
    let ran = station.run(&["-q", "open", "echo", "--times", "3"]);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (Some(0), "", "")
    );
    let ran = station.run(&["-q", "open", "nobody.drv"]);
    assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.starts_with("error: "), "{ran:?}");
}

#[test]
fn colour_is_for_terminals_without_an_objection() {
    let line = ["open", "echo"];
    let piped = Station::new().run(&line);
    assert!(!piped.out.contains('\x1b'), "{piped:?}");
    assert!(on_a_terminal(&line, None).contains('\x1b'));
    assert!(on_a_terminal(&line, Some("")).contains('\x1b'));
    assert!(!on_a_terminal(&line, Some("1")).contains('\x1b'));
    let json = ["open", "echo", "--format", "json"];
    assert!(!on_a_terminal(&json, None).contains('\x1b'));
}

#[test]
fn errors_have_colour_on_a_terminal_only() {
    let line = ["open", "nobody.drv"];
    assert!(on_a_terminal(&line, None).contains("\x1b["));
    let plain = on_a_terminal(&line, Some("1"));
    assert!(
        plain.contains("error: ") && !plain.contains('\x1b'),
        "{plain:?}"
    );
}

#[test]
fn a_batch_shows_how_far_it_is_on_a_terminal_only() {
    let station = Station::new();
    std::fs::create_dir(station.path("old")).expect("the folder is ours");
    for name in ["a", "b", "c"] {
        station.file(&format!("old/{name}.wav"), tone(1, 10));
    }
    let line = ["convert", "--batch", "old", "--out", "new"];
    let shown = printed_on_a_terminal(&station, &line, None);
    assert!(shown.contains("0/3 files"), "{shown:?}");
    let clear = "\x1b[2K";
    assert!(
        shown.rfind(clear) > shown.rfind("files, "),
        "the bar goes: {shown:?}"
    );
    assert!(
        shown.ends_with("3 converted, 0 skipped, 0 failed\r\n"),
        "{shown:?}"
    );
    let quiet = printed_on_a_terminal(&station, &[&line[..], &["-q"]].concat(), None);
    assert_eq!(quiet, "");
    assert_eq!(station.run(&line).err, "");
}

/// What `drv` prints on a terminal, with this value of `NO_COLOR`.
fn on_a_terminal(line: &[&str], no_color: Option<&str>) -> String {
    printed_on_a_terminal(&Station::new(), line, no_color)
}

fn printed_on_a_terminal(station: &Station, line: &[&str], no_color: Option<&str>) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("a terminal of ours");
    unlockpt(&master).expect("a terminal to open");
    let name = ptsname(&master, Vec::new())
        .expect("a name")
        .into_string()
        .expect("UTF-8");
    let open = || {
        std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&name)
            .expect("the terminal")
    };
    let mut command = station.command(line);
    command
        .stdin(Stdio::null())
        .stdout(open())
        .stderr(open())
        .env("TERM", "xterm-256color");
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    let mut child = command.spawn().expect("drv runs");
    // Our copies of the other side must go, or reading would never end.
    drop(command);
    let mut printed = Vec::new();
    // Reading ends with an error when the last writer is gone.
    let _ = std::fs::File::from(master).read_to_end(&mut printed);
    child.wait().expect("drv ends");
    String::from_utf8(printed).expect("UTF-8")
}
