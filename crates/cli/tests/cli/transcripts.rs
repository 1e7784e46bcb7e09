//! How a transcript reads: nested calls, drivers that never answer, names of a class.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use opendriver::Width;
use opendriver_tests::fixtures::Target;
use opendriver_tests::real;

use crate::station::Station;

/// A Windows driver that opens the echo driver, asks it, and closes it again, all inside one message.
const ASKS_ECHO: &str = r#"
    #include "opendriver-driver.h"
    __declspec(dllimport) HDRVR __stdcall OpenDriver(const wchar_t *, const wchar_t *, LPARAM);
    __declspec(dllimport) LRESULT __stdcall SendDriverMessage(HDRVR, UINT, LPARAM, LPARAM);
    __declspec(dllimport) LRESULT __stdcall CloseDriver(HDRVR, LPARAM, LPARAM);
    int __stdcall DllMain(void *m, unsigned r, void *p) { (void)m, (void)r, (void)p; return 1; }
    OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
    DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
    {
        HDRVR echo;
        LRESULT sum;
        switch (message) {
        case DRV_OPEN: case DRV_CLOSE: return 1;
        case DRV_USER:
            echo = OpenDriver(L"echo", 0, 0);
            sum = SendDriverMessage(echo, DRV_USER, lparam1, lparam2);
            CloseDriver(echo, 0, 0);
            return sum;
        default: return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
        }
    }
"#;

#[test]
fn what_happens_inside_a_message_is_indented_below_it() {
    let station = Station::new();
    station.driver("asks.dll", ASKS_ECHO, Target::Windows64);
    let line = ["open", "asks.dll", "--send", "DRV_USER,30,4"];
    let text = station.run(&line);
    assert_eq!(text.status, Some(0), "{text:?}");
    let mut lines = text
        .out
        .lines()
        .skip_while(|line| !line.contains("DRV_USER"));
    let column = |line: Option<&str>, message: &str| {
        line.and_then(|line| line.find(message))
            .expect("the message")
    };
    let outer = column(lines.next(), "DRV_USER");
    assert_eq!(column(lines.next(), "DRV_LOAD"), outer + 2, "{text:?}");
    let ran = station.run(&[&line[..], &["--format", "json"]].concat());
    let nested: Vec<(u64, String)> = ran
        .json()
        .iter()
        .map(|line| {
            (
                line["depth"].as_u64().expect("a depth"),
                format!(
                    "{} {}",
                    line["module"].as_str().expect("a name"),
                    line["message"].as_str().expect("a name")
                ),
            )
        })
        .collect();
    let inside: Vec<&str> = nested
        .iter()
        .filter(|(depth, _)| *depth == 1)
        .map(|(_, what)| what.as_str())
        .collect();
    assert_eq!(
        inside,
        [
            "echo DRV_LOAD",
            "echo DRV_ENABLE",
            "echo DRV_OPEN",
            "echo DRV_USER",
            "echo DRV_CLOSE",
            "echo DRV_DISABLE",
            "echo DRV_FREE"
        ]
    );
    let seqs: Vec<u64> = ran
        .json()
        .iter()
        .map(|line| line["seq"].as_u64().expect("a number"))
        .collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    let outer = ran
        .json()
        .into_iter()
        .find(|line| line["module"] == "asks.dll" && line["message"] == "DRV_USER")
        .expect("the message");
    assert_eq!(outer["answer"], 34);
}

#[test]
fn a_driver_that_never_answers_was_told_of_by_trace() {
    let station = Station::new();
    let source = r#"
        #include <unistd.h>
        #include "opendriver-driver.h"
        OPENDRIVER_EXPORT LRESULT DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
        {
            if (message == DRV_USER) for (;;) pause();
            if (message == DRV_OPEN || message == DRV_CLOSE) return 1;
            return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
        }
    "#;
    station.driver("sleeps.so", source, Target::Native);
    let mut child = station
        .command(&["open", "sleeps.so", "--send", "DRV_USER", "--trace"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drv runs");
    let trace = BufReader::new(child.stderr.take().expect("a pipe"));
    let last = trace
        .lines()
        .map_while(Result::ok)
        .find(|line| line.contains("DRV_USER(0, 0)"));
    child.kill().expect("it is ours");
    let output = child.wait_with_output().expect("it ended");
    assert!(last.is_some());
    // What was answered before is printed, though the process was killed.
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        printed.contains("DRV_OPEN") && !printed.contains("DRV_USER"),
        "{printed}"
    );
}

#[test]
fn messages_have_the_names_of_the_class_that_was_asked_for() {
    let station = Station::new();
    let folder = real::folder(Width::W64);
    let path = [
        "--path",
        folder.to_str().expect("UTF-8"),
        "--format",
        "json",
    ];
    let names = |line: &[&str]| -> Vec<String> {
        let ran = station.run(&[line, &path].concat());
        ran.json()
            .iter()
            .map(|line| line["message"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert!(
        names(&["open", "msadp32.acm", "--send", "0x600a"])
            .contains(&"ACMDM_DRIVER_DETAILS".to_owned())
    );
    assert!(
        names(&["open", "msrle32.dll", "--send", "ICM_GETINFO"])
            .contains(&"ICM_GETINFO".to_owned())
    );
    assert!(
        names(&["open", "msrle32.dll", "--send", "0x5002"]).contains(&"DRV_USER+4098".to_owned())
    );
}
