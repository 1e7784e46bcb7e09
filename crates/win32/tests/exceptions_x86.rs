//! Structured exceptions of 32-bit drivers end where they do on Windows.

#[path = "fixtures/build.rs"]
mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use fixture::Quiet;
use opendriver_win32::{Config, Fault, FaultKind, Module, Process, Width};

/// What each export answers under Wine 8: `exceptions-host.exe exceptions.dll NAME...`.
const EXPECTED: &[(&str, &[u64], u64)] = &[
    ("bad_read", &[], 134),
    ("records", &[], 123_507_123_507),
    ("codes", &[0], 0xC000_001D),
    ("codes", &[1], 0xC000_0096),
    // Wine ends the program here, without a word.
    ("codes", &[2], 0x8000_0003),
    ("codes", &[3], 0xC000_0005),
    ("codes", &[4], 0xC000_0005),
    ("codes", &[5], 0xC000_0094),
    ("jumped_parameters", &[], 8048),
    ("continue_after_mending_registers", &[], 17),
    ("continue_after_mending_memory", &[], 26),
    ("finally_runs_either_way", &[], 13647),
    ("nested", &[], 32_453_627),
    ("filters_pass_on", &[], 134),
    ("fault_inside_a_filter", &[], 1234),
    ("fault_in_a_filter_goes_out", &[], 1234),
    // Wine says 471456: it forgets the termination handlers around the one that was left.
    ("collided_unwind", &[], 4_714_356),
    ("jumps_out_of_try", &[], 147_378),
    ("exception_in_except", &[], 12),
    ("kept_registers", &[], 5_019_321),
    ("vectored_handlers", &[], 12_513_104),
    ("arguments_of_raise", &[], 51),
    ("raise_goes_on", &[], 12),
    ("many_frames", &[], 1234),
    ("unhandled_filter", &[], 14),
    ("bad_pointer_for_the_system", &[], 13),
    ("through_a_function_of_the_system", &[], 1325),
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn folder(name: &str) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a tool of a package, which must succeed.
fn run(command: &mut Command, package: &str) {
    let status = command
        .status()
        .unwrap_or_else(|_| panic!("{command:?} is missing: apt-get install {package}"));
    assert!(status.success(), "{command:?} failed");
}

/// Builds the fixture as Microsoft's compiler would, with clang and its linker.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = folder("exceptions-x86");
        let (object, library) = (folder.join("exceptions.obj"), folder.join("exceptions.dll"));
        run(
            Command::new("clang")
                .args(["--target=i686-pc-windows-msvc", "-mrtd", "-O1"])
                .args(["-fms-extensions", "-w", "-c", "-o"])
                .arg(&object)
                .arg(fixture("exceptions.c")),
            "clang",
        );
        let mut linker = Command::new("lld-link");
        linker
            .args(["/dll", "/noentry", "/nodefaultlib", "/safeseh:no"])
            .arg(format!("/out:{}", library.display()))
            .arg(&object);
        for name in ["kernel32", "ntdll", "msvcrt"] {
            linker.arg(format!("/usr/i686-w64-mingw32/lib/lib{name}.a"));
        }
        let others = ["unhandled_raise", "continue_with_wide_registers"];
        for name in EXPECTED.iter().map(|entry| entry.0).chain(others) {
            linker.arg(format!("/export:{name}"));
        }
        run(&mut linker, "lld");
        library
    })
}

fn load(library: &Path) -> Module {
    let mut config = Config::default();
    config.width = Width::Bits32;
    let process = Process::new(config, Arc::new(Quiet));
    process.load(library).unwrap()
}

fn call(module: &Module, name: &str, arguments: &[u64]) -> Result<u64, Fault> {
    let address = module
        .export(name)
        .unwrap_or_else(|| panic!("no export {name}"));
    module.process().call(address, arguments)
}

#[test]
fn exceptions_take_the_way_that_they_take_on_windows() {
    let module = load(library());
    for (name, arguments, expected) in EXPECTED {
        assert_eq!(
            call(&module, name, arguments),
            Ok(*expected),
            "{name} {arguments:?}"
        );
    }
}

#[test]
fn wide_registers_survive_a_fault_that_is_mended() {
    if std::arch::is_x86_feature_detected!("avx") {
        let module = load(library());
        for _ in 0..100 {
            assert_eq!(
                call(&module, "continue_with_wide_registers", &[]),
                Ok(11_234)
            );
        }
    }
}

#[test]
fn handling_exceptions_again_and_again_costs_no_stack() {
    let module = load(library());
    for _ in 0..2000 {
        assert_eq!(call(&module, "nested", &[]), Ok(32_453_627));
        assert_eq!(call(&module, "collided_unwind", &[]), Ok(4_714_356));
    }
}

#[test]
fn what_nobody_takes_is_a_fault_with_its_code() {
    let module = load(library());
    let fault = call(&module, "unhandled_raise", &[0xE123_4567]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Exception(0xE123_4567));
    let place = fault.place.expect("in the module");
    assert!(place.starts_with("exceptions.dll+0x"), "{place}");
    // The next call finds everything in order.
    assert_eq!(call(&module, "bad_read", &[]), Ok(134));
}
