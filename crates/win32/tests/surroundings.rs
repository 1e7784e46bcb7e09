//! What lies around a driver, asked for by a DLL that a real compiler made: each answer is what Wine 8 gives.

#[path = "fixtures/build.rs"]
mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use fixture::{Quiet, WIDTHS, config, machine};
use opendriver_win32::{Process, Width};

/// What each export answers under Wine 8.
const EXPECTED: &[(&str, u32)] = &[
    ("found", 5104),
    ("missing", 18_141_813),
    // German; and where French is wanted or nothing is, English.
    ("languages", 0x64_65_65),
    ("names", 40_709),
    ("spoken_languages", 0x409 + 0x407),
    ("formatted", 13_051),
    ("file", 5510),
    ("itself", 0x5a4d),
];

/// In 32 bits binutils makes delayed imports that find nothing, under Wine as well.
const LATE: (&str, u32) = ("late", 1);

/// Builds the fixture with its resources and a table of delayed imports.
fn library(width: Width) -> PathBuf {
    let machine = machine(width);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("surroundings-{machine}"));
    std::fs::create_dir_all(&folder).unwrap();
    let (resources, delayed) = (folder.join("resources.o"), folder.join("libdelayed.a"));
    let mut compiler = Command::new(format!("{machine}-w64-mingw32-windres"));
    run(compiler
        .arg(fixtures.join("surroundings.rc"))
        .arg(&resources));
    let mut arguments = vec![resources.to_str().unwrap()];
    if width == Width::Bits64 {
        let mut librarian = Command::new(format!("{machine}-w64-mingw32-dlltool"));
        librarian.arg("-d").arg(fixtures.join("surroundings.def"));
        run(librarian.arg("--output-delaylib").arg(&delayed));
        arguments.push(delayed.to_str().unwrap());
    }
    fixture::build("surroundings", width, &arguments)
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| {
        panic!("{command:?}: {error}: apt-get install gcc-mingw-w64-x86-64-win32")
    });
    assert!(status.success(), "{command:?} failed");
}

#[test]
fn what_lies_around_a_driver_is_as_on_windows() {
    for width in WIDTHS {
        let process = Process::new(config(width), Arc::new(Quiet));
        let module = process.load(&library(width)).unwrap();
        let delayed = match width {
            Width::Bits64 => Some(&LATE),
            Width::Bits32 => None,
        };
        for (name, expected) in EXPECTED.iter().chain(delayed) {
            let address = module.export(name).unwrap();
            let answer = process
                .call(address, &[])
                .unwrap_or_else(|fault| panic!("{name} in {width:?}: {fault}"));
            assert_eq!(answer as u32, *expected, "{name} in {width:?}");
        }
    }
}
