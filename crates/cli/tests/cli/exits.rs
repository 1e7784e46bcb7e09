//! What the exit status says: 0 done, 1 the driver said no, 2 could not ask, 3 the driver broke.

use crate::station::{Ran, Station};
use opendriver_tests::fixtures::Target;

/// A driver that does what the numbers on the command line ask for.
const MOODY: &str = r#"
#include "opendriver-driver.h"

static LRESULT opened;

OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    switch (message) {
    case DRV_OPEN:
        /* --param2 N: the Nth open is refused. */
        return ++opened == lparam2 ? 0 : opened;
    case DRV_CLOSE:
        /* --close 9: refused. */
        return lparam1 != 9;
    case DRV_QUERYCONFIGURE:
        return 1;
    case DRV_CONFIGURE: {
        const DRVCONFIGINFO *info = (const DRVCONFIGINFO *)lparam2;
        return info && info->dwDCISize >= sizeof *info && info->lpszDCIAliasName ? CONFIGURED : DRVCNF_CANCEL;
    }
    case DRV_INSTALL:
        return INSTALLED;
    case DRV_REMOVE:
        return REMOVED;
    case DRV_USER:
        /* reads where nothing is */
        return *(volatile int *)lparam1;
    default:
        return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
    }
}
"#;

/// The moody driver with these answers to DRV_CONFIGURE, DRV_INSTALL and DRV_REMOVE.
fn moody(configured: u32, installed: u32, removed: u32) -> String {
    format!(
        "#define CONFIGURED {configured}\n#define INSTALLED {installed}\n#define REMOVED {removed}\n{MOODY}"
    )
}

fn station() -> Station {
    let station = Station::new();
    station.driver("moody.so", &moody(1, 1, 1), Target::Native);
    station
}

fn refused(ran: &Ran, status: i32, words: &[&str]) {
    assert_eq!(ran.status, Some(status), "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "no \"{word}\" in {ran:?}");
    }
}

#[test]
fn what_goes_well_is_0() {
    let ran = station().run(&["open", "moody.so", "--times", "2", "--format", "json"]);
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""));
    assert_eq!(
        ran.said(),
        [
            "DRV_LOAD=1",
            "DRV_ENABLE=1",
            "DRV_OPEN=1",
            "DRV_OPEN=2",
            "DRV_CLOSE=1",
            "DRV_CLOSE=1",
            "DRV_DISABLE=1",
            "DRV_FREE=1"
        ]
    );
}

#[test]
fn a_refused_open_is_1_and_what_is_open_is_closed_in_order() {
    let ran = station().run(&[
        "open",
        "moody.so",
        "--times",
        "5",
        "--param2",
        "3",
        "--send",
        "DRV_USER+1",
        "--format",
        "json",
    ]);
    refused(&ran, 1, &["error: the driver refused DRV_OPEN\n"]);
    assert_eq!(
        ran.said(),
        [
            "DRV_LOAD=1",
            "DRV_ENABLE=1",
            "DRV_OPEN=1",
            "DRV_OPEN=2",
            "DRV_OPEN=0",
            "DRV_CLOSE=1",
            "DRV_CLOSE=1",
            "DRV_DISABLE=1",
            "DRV_FREE=1"
        ]
    );
    let lines = ran.json();
    let handles: Vec<_> = lines.iter().map(|line| &line["handle"]).collect();
    assert_eq!(handles[5..7], [handles[2], handles[3]]);
}

#[test]
fn a_refused_close_is_1_and_then_goes_by_force() {
    let ran = station().run(&[
        "open", "moody.so", "--times", "2", "--close", "9,8", "--format", "json",
    ]);
    refused(&ran, 1, &["error: the driver refused DRV_CLOSE\n"]);
    let lines = ran.json();
    let closes: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == "DRV_CLOSE")
        .collect();
    assert_eq!(closes.len(), 4, "{ran:?}");
    assert_eq!(
        (&closes[0]["p1"], &closes[0]["p2"], &closes[0]["answer"]),
        (&9.into(), &8.into(), &0.into())
    );
    assert_eq!(
        (&closes[1]["p1"], &closes[1]["handle"]),
        (&0.into(), &closes[0]["handle"])
    );
    assert_eq!(ran.said().last().map(String::as_str), Some("DRV_FREE=1"));
}

#[test]
fn a_driver_that_breaks_is_3_and_is_named_with_message_and_place() {
    let ran = station().run(&[
        "open",
        "moody.so",
        "--send",
        "DRV_USER,16",
        "--send",
        "DRV_USER+1",
    ]);
    refused(
        &ran,
        3,
        &[
            "error: the driver broke while handling DRV_USER: read of address 0x10",
            "moody.so+0x",
        ],
    );
    assert!(ran.out.contains("broke"), "{ran:?}");
    assert!(!ran.out.contains("DRV_USER+1"), "{ran:?}");
}

#[test]
fn a_lifecycle_message_by_hand_is_2() {
    for message in ["DRV_LOAD", "DRV_CLOSE", "DRV_EXITSESSION", "12"] {
        let ran = station().run(&["open", "moody.so", "--send", message, "--format", "json"]);
        refused(&ran, 2, &["is the system's to send", "hint: "]);
        assert_eq!(
            ran.said().last().map(String::as_str),
            Some("DRV_FREE=1"),
            "{ran:?}"
        );
    }
}

#[test]
fn what_cannot_be_asked_is_2() {
    let station = station();
    station.file("notes.txt", "to do: write a driver\n");
    station.file("empty.drv", "");
    station.file("broken.toml", "[Drivers32\n");
    for (line, words) in [
        (
            &["open", "nobody.drv"][..],
            &[
                "no driver named \"nobody.drv\" is installed",
                "hint: `drv list`",
            ][..],
        ),
        (&["open", "./nobody.drv"], &["nobody.drv"]),
        (
            &["info", "./nobody.drv"],
            &["cannot read \"./nobody.drv\"", "caused by: "],
        ),
        (&["info", "/"], &["cannot read \"/\"", "caused by: "]),
        (&["info", ""], &["a driver's name cannot be empty"]),
        (&["imports", "notes.txt"], &["notes.txt", "not a PE image"]),
        (&["imports", "echo"], &["\"echo\" is built in"]),
        (&["open", "notes.txt"], &["notes.txt", "is not a driver"]),
        (&["open", "empty.drv"], &["empty.drv", "is not a driver"]),
        (&["open", "echo", "--times", "0"], &["--times"]),
        (
            &["open", "echo", "--send", "DRV_USER,five"],
            &["\"five\" is not a number of 64 bits"],
        ),
        (
            &["open", "echo", "--registry", "broken.toml"],
            &["broken.toml:1:"],
        ),
        (
            &["remove", "nobody"],
            &["no driver named \"nobody\" is installed"],
        ),
        (&["frobnicate"], &["frobnicate"]),
    ] {
        refused(&station.run(line), 2, words);
    }
}

#[test]
fn a_driver_without_a_driver_proc_is_2_and_names_what_it_has_instead() {
    let station = Station::new();
    station.driver(
        "plain.so",
        "int unrelated(void) { return 0; }\n",
        Target::Native,
    );
    refused(
        &station.run(&["open", "plain.so"]),
        2,
        &["plain.so\" exports no DriverProc"],
    );
    let stdcall = "__attribute__((dllexport)) long long at20(void) __asm__(\"DriverProc@20\");\nlong long at20(void) { return 0; }\nint __stdcall DllMain(void *m, unsigned r, void *p) { (void)m, (void)r, (void)p; return 1; }\n";
    station.driver("stdcall.dll", stdcall, Target::Windows64);
    refused(
        &station.run(&["open", "stdcall.dll"]),
        2,
        &[
            "exports no DriverProc, but DriverProc@20",
            "hint: was it linked without a .def file?",
        ],
    );
}

#[test]
fn a_driver_for_another_machine_is_2_and_says_which() {
    let station = Station::new();
    let driver = station.driver_for_arm("pocket.acm");
    refused(&station.run(&["open", &driver]), 2, &["pocket.acm", "ARM"]);
    let ran = station.run(&["info", "--no-open", &driver]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.contains("ARM, 32 bits"), "{ran:?}");
}

#[test]
fn a_missing_import_is_1_for_who_asks_for_imports() {
    let station = Station::new();
    let source = r#"
        __attribute__((dllimport)) int GetTickCount(void);
        int __stdcall DllMain(void *m, unsigned r, void *p) { (void)m, (void)r, (void)p; return GetTickCount() != 1; }
    "#;
    station.driver("wants.dll", source, Target::Windows64);
    let ran = station.run(&["imports", "wants.dll"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.to_lowercase().contains("kernel32.dll"), "{ran:?}");
    assert!(ran.out.contains("implemented  GetTickCount"), "{ran:?}");
    // The same file, wanting a function that nobody has.
    let bytes = std::fs::read(station.path("wants.dll")).expect("it was just written");
    let at = bytes
        .windows(13)
        .position(|window| window == b"GetTickCount\0")
        .expect("the name");
    let mut bytes = bytes;
    bytes[at..at + 12].copy_from_slice(b"GetTuckCount");
    station.file("misses.dll", bytes);
    let ran = station.run(&["imports", "misses.dll", "--format", "json"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let missing: Vec<_> = ran
        .json()
        .into_iter()
        .filter(|import| import["state"] == "missing")
        .collect();
    assert_eq!(missing.len(), 1, "{ran:?}");
    assert_eq!(missing[0]["symbol"], "GetTuckCount");
}

#[test]
fn a_veto_of_drv_install_leaves_nothing_in_the_registry() {
    let station = Station::new();
    station.driver("veto.so", &moody(1, 0, 1), Target::Native);
    refused(
        &station.run(&["install", "veto.so", "--alias", "veto"]),
        1,
        &["the driver vetoed DRV_INSTALL"],
    );
    refused(
        &station.run(&["registry", "get", "Drivers32", "veto"]),
        2,
        &["there is no value \"veto\""],
    );
}

#[test]
fn a_veto_of_drv_remove_keeps_the_entry() {
    let station = Station::new();
    station.driver("stays.so", &moody(1, 1, 0), Target::Native);
    assert_eq!(station.run(&["install", "stays.so"]).status, Some(0));
    refused(
        &station.run(&["remove", "stays"]),
        1,
        &["the driver vetoed DRV_REMOVE"],
    );
    assert_eq!(
        station
            .run(&["registry", "get", "Drivers32", "stays"])
            .status,
        Some(0)
    );
}

#[test]
fn only_the_last_entry_of_a_driver_sends_drv_remove() {
    let station = Station::new();
    station.driver("stays.so", &moody(1, 1, 0), Target::Native);
    for alias in ["one", "two"] {
        assert_eq!(
            station
                .run(&["install", "stays.so", "--alias", alias])
                .status,
            Some(0)
        );
    }
    // The driver would veto, but with another entry left it is not asked.
    let ran = station.run(&["remove", "one"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    refused(&station.run(&["remove", "two"]), 1, &["vetoed"]);
}

#[test]
fn a_restart_that_the_driver_wants_is_said() {
    let station = Station::new();
    station.driver("again.so", &moody(2, 2, 2), Target::Native);
    for line in [
        &["install", "again.so"][..],
        &["configure", "again"],
        &["remove", "again"],
    ] {
        let ran = station.run(line);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert!(ran.out.contains("the driver asks for a restart"), "{ran:?}");
    }
}

#[test]
fn a_taken_alias_is_replaced_only_by_force() {
    let station = station();
    assert_eq!(
        station.run(&["install", "echo", "--alias", "mine"]).status,
        Some(0)
    );
    refused(
        &station.run(&["install", "moody.so", "--alias", "mine"]),
        2,
        &["\"mine\" is taken", "`--force`"],
    );
    assert_eq!(
        station
            .run(&["install", "moody.so", "--alias", "mine", "--force"])
            .status,
        Some(0)
    );
}

#[test]
fn a_cancelled_or_absent_dialog_is_1() {
    let station = Station::new();
    station.driver("cancel.so", &moody(0, 1, 1), Target::Native);
    refused(&station.run(&["configure", "cancel.so"]), 1, &["cancelled"]);
    refused(
        &station.run(&["configure", "echo"]),
        1,
        &["\"echo\" has no configuration dialog"],
    );
}

/// A Windows driver that does this when it is attached, and this with DRV_USER.
fn windows(attach: &str, user: &str) -> String {
    format!(
        r#"
        #include "opendriver-driver.h"
        __declspec(dllimport) unsigned __stdcall GetTickCount(void);
        int __stdcall DllMain(void *module, unsigned reason, void *reserved)
        {{
            (void)module, (void)reserved;
            if (reason == 1) {{ {attach} }}
            return 1;
        }}
        OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
        DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
        {{
            switch (message) {{
            case DRV_OPEN: case DRV_CLOSE: return 1;
            case DRV_USER: {user}
            default: return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
            }}
        }}
        "#
    )
}

#[test]
fn a_dll_main_that_refuses_is_1_and_one_that_breaks_is_3() {
    let station = Station::new();
    let tick = "return GetTickCount() != 0;";
    station.driver("shy.dll", &windows("return 0;", tick), Target::Windows64);
    refused(
        &station.run(&["open", "shy.dll"]),
        1,
        &["shy.dll", "refused to start"],
    );
    let crash = "return *(volatile int *)0x10;";
    station.driver("ill.dll", &windows(crash, tick), Target::Windows64);
    refused(
        &station.run(&["open", "ill.dll"]),
        3,
        &["ill.dll", "read of address 0x10"],
    );
}

#[test]
fn trace_prints_messages_and_windows_functions_beside_the_transcript() {
    let station = Station::new();
    station.driver(
        "ticks.dll",
        &windows("", "return GetTickCount() != 0;"),
        Target::Windows64,
    );
    let line = ["open", "ticks.dll", "--send", "DRV_USER"];
    let quiet = station.run(&line);
    let traced = station.run(&[&line[..], &["--trace"]].concat());
    assert_eq!(
        (traced.status, &traced.out),
        (Some(0), &quiet.out),
        "{traced:?}"
    );
    assert_eq!(quiet.err, "");
    let calls: Vec<&str> = traced.err.lines().collect();
    let at = |what: &str| {
        calls
            .iter()
            .position(|line| line.contains(what))
            .unwrap_or_else(|| panic!("no {what}: {calls:#?}"))
    };
    assert!(at("ticks.dll 0x400001 DRV_USER(0, 0)") < at("kernel32.dll!GetTickCount()"));
    assert!(at("kernel32.dll!GetTickCount()") < at("DRV_CLOSE"));
}

#[test]
fn a_number_that_a_32_bit_driver_cannot_hold_is_not_sent() {
    let station = Station::new();
    let source = windows("", "return lparam1 != 0;");
    station.driver("small.dll", &source, Target::Windows32);
    let ran = station.run(&["open", "small.dll", "--send", "DRV_USER,0x123456789"]);
    refused(
        &ran,
        2,
        &[
            "\"small.dll\" is a 32-bit driver: expected lParam1 of DRV_USER in 32 bits, found 0x123456789",
            "hint: a 32-bit driver takes numbers from -0x80000000 to 0xffffffff",
        ],
    );
    let ran = station.run(&["open", "small.dll", "--param2", "0x100000000"]);
    refused(&ran, 2, &["expected lParam2 of DRV_OPEN in 32 bits"]);
    let ran = station.run(&["open", "small.dll", "--send", "DRV_USER,0xffffffff"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
}
