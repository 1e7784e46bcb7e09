//! The C runtime as a DLL sees it that a real compiler linked against `msvcrt.dll`.

#[path = "fixtures/build.rs"]
mod fixture;

use std::sync::Arc;

use fixture::{Quiet, build};
use opendriver_win32::{Config, FaultKind, Process};

/// What the same calls answer under Wine; `fixtures/runtime.c` says how it is made.
const GOLDEN: &str = include_str!("fixtures/runtime.golden");

/// Answers that follow the documentation where Wine 8.0 answers otherwise.
const DOCUMENTED: [(&str, &str); 1] = [
    // `signal` sets `errno` to EINVAL for a signal that is none.
    ("signal none: 1 0", "signal none: 1 22"),
];

fn module() -> opendriver_win32::Module {
    let process = Process::new(Config::default(), Arc::new(Quiet));
    let path = build("runtime", &["-fno-builtin"]);
    process
        .load(&path)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_call_answers_as_under_wine_or_as_documented() {
    let module = module();
    let address = module.export("report").expect("it is exported");
    let mut buffer = vec![0_u8; 1 << 16];
    let arguments = [buffer.as_mut_ptr() as u64, buffer.len() as u64];
    let length = module
        .process()
        .call(address, &arguments)
        .unwrap_or_else(|fault| {
            let said = String::from_utf8_lossy(&buffer);
            panic!("{fault} after {}", said.trim_end_matches('\0'));
        });
    buffer.truncate(length as u32 as usize);
    let ours = String::from_utf8_lossy(&buffer).into_owned();
    let mut golden = GOLDEN.to_owned();
    for (wine, documented) in DOCUMENTED {
        assert!(golden.contains(wine), "no longer in the table: {wine}");
        golden = golden.replace(wine, documented);
    }
    let wrong: Vec<String> = golden
        .lines()
        .zip(ours.lines().chain(std::iter::repeat("(nothing)")))
        .filter(|(expected, found)| expected != found)
        .map(|(expected, found)| format!("{found}\n    not {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(golden.lines().count(), ours.lines().count());
}

#[test]
fn a_driver_that_ends_the_process_is_at_fault_by_the_name_of_its_call() {
    let module = module();
    for (name, function, code) in [("leave", "exit", 7), ("give_up", "abort", 3)] {
        let address = module.export(name).expect("it is exported");
        let fault = module
            .process()
            .call(address, &[])
            .expect_err("it ends the call");
        assert_eq!(fault.kind, FaultKind::Exit { function, code });
        assert!(
            fault
                .place
                .is_some_and(|place| place.starts_with("runtime.dll+0x")),
            "it says where"
        );
    }
}
