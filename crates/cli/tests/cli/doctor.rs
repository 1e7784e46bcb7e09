//! What `drv doctor` finds: this machine, and a place that is not as it should be.

use serde_json::Value;

use crate::station::{Ran, Station};

/// The finding of a check.
fn finding(ran: &Ran, check: &str) -> Value {
    let found = ran.json().into_iter().find(|row| row["check"] == check);
    found.unwrap_or_else(|| panic!("nothing about \"{check}\" in {ran:?}"))
}

#[test]
fn a_machine_that_runs_drivers_of_both_widths_is_well() {
    let station = Station::new();
    let ran = station.run(&["doctor", "--format", "json"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for check in ["64-bit drivers", "32-bit drivers", "executable memory"] {
        assert_eq!(finding(&ran, check)["state"], "ok", "{ran:?}");
    }
    let uses = |row: &Value| row["found"].to_string().contains("is used");
    let mechanisms = ["FSGSBASE", "set_thread_area", "modify_ldt"];
    let used: Vec<_> = mechanisms
        .into_iter()
        .filter(|check| uses(&finding(&ran, check)))
        .collect();
    assert_eq!(used.len(), 1, "{ran:?}");
    let verdict = finding(&ran, "32-bit drivers")["found"].to_string();
    assert!(verdict.contains(used[0]), "{ran:?}");
}

#[test]
fn files_in_force_are_named_and_what_is_wrong_with_them_is_a_problem() {
    let station = Station::new();
    let good = station.file("good.toml", "[Drivers32]\n\"vidc.one\" = \"one.dll\"\n");
    let named = good.to_str().expect("UTF-8");
    let ran = station.run(&[
        "doctor",
        "--registry",
        named,
        "--path",
        "nowhere",
        "--format",
        "json",
    ]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let found = finding(&ran, "registry (file)")["found"].to_string();
    assert!(found.contains("good.toml: 1 driver"), "{ran:?}");
    let folder = finding(&ran, "folder of drivers");
    assert_eq!(folder["state"], "note", "{ran:?}");
    assert!(folder["found"].to_string().contains("nowhere"), "{ran:?}");

    station.file("bad.toml", "[Drivers32\n");
    let ran = station.run(&["doctor", "--registry", "bad.toml"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let line = ran.out.lines().find(|line| line.starts_with("problem"));
    assert!(
        line.is_some_and(|line| line.contains("bad.toml")),
        "{ran:?}"
    );
}

#[test]
fn a_limit_of_address_space_is_noted_with_what_sets_it() {
    let station = Station::new();
    let output = station
        .shell("ulimit -v 4000000; drv doctor")
        .output()
        .expect("a shell");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    let mut lines = out
        .lines()
        .skip_while(|line| !line.contains("limit of address space"));
    let limit = lines.next().expect("a line about it");
    assert!(
        limit.starts_with("note") && limit.contains("4096000000 bytes"),
        "{out}"
    );
    let advice = lines.next().expect("a line behind it");
    assert!(
        advice.trim().starts_with("hint: ") && advice.contains("ulimit"),
        "{out}"
    );
}
