//! The C runtime as a DLL sees it that a real compiler linked against `msvcrt.dll`, in both widths.
#![expect(unsafe_code, reason = "reads what a driver wrote")]

#[path = "fixtures/build.rs"]
mod fixture;

use std::sync::Arc;

use fixture::{Quiet, WIDTHS, build, config};
use opendriver_win32::{FaultKind, Process, Width, low};

/// What the same calls answer under Wine; `fixtures/runtime.c` says how it is made.
const GOLDEN: &str = include_str!("fixtures/runtime.golden");

/// Answers that follow the documentation where Wine 8.0 answers otherwise.
const DOCUMENTED: [(&str, &str); 1] = [
    // `signal` sets `errno` to EINVAL for a signal that is none.
    ("signal none: 1 0", "signal none: 1 22"),
];

fn module(width: Width) -> opendriver_win32::Module {
    let process = Process::new(config(width), Arc::new(Quiet));
    let path = build("runtime", width, &["-fno-builtin"]);
    process
        .load(&path)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What a DLL of this width writes to a buffer that it reaches.
fn report(width: Width) -> String {
    const ROOM: usize = 1 << 16;
    let module = module(width);
    let address = module.export("report").expect("it is exported");
    let buffer = low::map(ROOM).expect("there is room below 4 GiB");
    let arguments = [buffer.addr().get() as u64, ROOM as u64];
    let answer = module.process().call(address, &arguments);
    // SAFETY: the pages were mapped zeroed, the call that wrote them is over, and they stay mapped.
    let buffer = unsafe { std::slice::from_raw_parts(buffer.as_ptr(), ROOM) };
    let length = answer.unwrap_or_else(|fault| {
        let said = String::from_utf8_lossy(buffer);
        panic!("{fault} after {}", said.trim_end_matches('\0'));
    });
    String::from_utf8_lossy(&buffer[..length as u32 as usize]).into_owned()
}

#[test]
fn each_call_answers_as_under_wine_or_as_documented() {
    let mut golden = GOLDEN.to_owned();
    for (wine, documented) in DOCUMENTED {
        assert!(golden.contains(wine), "no longer in the table: {wine}");
        golden = golden.replace(wine, documented);
    }
    for width in WIDTHS {
        let ours = report(width);
        let wrong: Vec<String> = golden
            .lines()
            .zip(ours.lines().chain(std::iter::repeat("(nothing)")))
            .filter(|(expected, found)| expected != found)
            .map(|(expected, found)| format!("{found}\n    not {expected}"))
            .collect();
        assert!(wrong.is_empty(), "{width:?}: {}", wrong.join("\n"));
        assert_eq!(golden.lines().count(), ours.lines().count());
    }
}

#[test]
fn a_driver_that_ends_the_process_is_at_fault_by_the_name_of_its_call() {
    for module in WIDTHS.map(module) {
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
}
