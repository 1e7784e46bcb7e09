//! What `drv doctor` finds: this machine, and a place that is not as it should be.

use serde_json::Value;

use opendriver::Width;
use opendriver_tests::fixtures::Target;
use opendriver_tests::real;

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

/// A library that forbids the program something before it begins.
fn forbidding(station: &Station, body: &str) -> String {
    let source = format!(
        r#"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

__attribute__((constructor)) static void forbid(void)
{{
    {body}
}}
"#
    );
    station.driver("forbid.so", &source, Target::Native);
    let path = station.path("forbid.so");
    path.into_os_string().into_string().expect("UTF-8")
}

#[test]
fn a_sandbox_that_kills_for_a_system_call_is_survived_and_told() {
    let station = Station::new();
    let library = forbidding(
        &station,
        r"
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_modify_ldt, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof steps / sizeof *steps, steps };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
        ",
    );
    let mut command = station.command(&["doctor", "--format", "json"]);
    let ran = Ran::new(
        command
            .env("LD_PRELOAD", &library)
            .output()
            .expect("drv runs"),
    );
    for (check, words) in [
        ("modify_ldt", "modify_ldt was killed by SIGSYS"),
        (
            "set_thread_area",
            "set_thread_area was refused: Operation not permitted",
        ),
        ("system call filter", "in force"),
    ] {
        let finding = finding(&ran, check);
        assert_eq!(finding["state"], "note", "{ran:?}");
        assert!(finding["found"].to_string().contains(words), "{ran:?}");
    }
}

#[test]
fn a_system_that_lets_no_foreign_code_run_says_why() {
    let station = Station::new();
    let library = forbidding(&station, "prctl(65 /* PR_SET_MDWE */, 1, 0, 0, 0);");
    let mut command = station.command(&["doctor"]);
    let ran = Ran::new(
        command
            .env("LD_PRELOAD", &library)
            .output()
            .expect("drv runs"),
    );
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let problems: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("problem"))
        .collect();
    assert!(problems[0].contains("64-bit drivers"), "{ran:?}");
    assert!(problems[1].contains("32-bit drivers"), "{ran:?}");
    assert!(
        problems[1].contains("FSGSBASE: could not be tried"),
        "{ran:?}"
    );

    let refusals = [
        (Width::W32, "32-bit code cannot run here"),
        (Width::W64, "cannot be loaded"),
    ];
    for (width, refusal) in refusals {
        let driver = real::folder(width).join("msadp32.acm");
        let mut command = station.command(&["open", driver.to_str().expect("UTF-8")]);
        let ran = Ran::new(
            command
                .env("LD_PRELOAD", &library)
                .output()
                .expect("drv runs"),
        );
        assert_eq!(ran.status, Some(2), "{ran:?}");
        for words in ["cannot run on this system", refusal, "hint: `drv doctor`"] {
            assert!(ran.err.contains(words), "no \"{words}\" in {ran:?}");
        }
    }
}
