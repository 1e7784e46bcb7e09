//! Structured exceptions of 32-bit drivers end where they do on Windows.

#[path = "fixtures/build.rs"]
mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use fixture::Quiet;
use opendriver_guard::Kind;
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

/// The same of what only 32 bits have.
const BY_LIST: &[(&str, &[u64], u64)] = &[
    ("entries_by_hand", &[], 1253),
    ("unwinds_and_returns", &[], 774_575),
    ("unwinds_to_nowhere", &[], 173),
    ("continues_at_a_context", &[], 81),
    ("raises_a_record", &[], 7235),
    ("cannot_be_continued", &[], 1135),
    ("odd_disposition", &[], 3),
    ("filter_for_all", &[], 114),
    // Wine says 761515: a termination handler that it runs believes that its block came to its end.
    ("terminates_level_by_level", &[], 761_415),
    ("caught_outside_of_a_callback", &[], 132_413_243),
    ("caught_outside_of_two_callbacks", &[], 132_543),
    ("mended_from_outside_of_a_callback", &[], 165),
    ("leaves_callbacks_by_itself", &[], 1_223_512_235),
    ("jumps_through_try", &[4], 12_356),
    ("jumps_through_try", &[0], 12_326),
    ("jumps_as_long_ago", &[], 12_356),
    ("jumps_out_of_a_callback", &[], 123_123_123),
    ("leaps_out_of_a_callback", &[], 1_231_234),
    ("leaps_and_returns", &[], 123),
    ("keeps_the_x87_stack", &[], 1232),
    // Wine says 1500895: of the two copies of the x87 state it takes the one that programs of 32 bits do not know.
    ("changes_the_control_word", &[], 1_503_967),
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
                .arg(fixture("exceptions-x86.c")),
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
        let others = [
            "unhandled_raise",
            "continue_with_wide_registers",
            "broken_list",
            "circular_list",
            "handler_on_the_stack",
            "wild_handler",
            "forgotten_entry",
            "list_is_empty",
            "runs_out_of_stack",
            "imported",
        ];
        let tables = EXPECTED.iter().chain(BY_LIST).map(|entry| entry.0);
        for name in tables.chain(others) {
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
    for (name, arguments, expected) in EXPECTED.iter().chain(BY_LIST) {
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
        assert_eq!(call(&module, "leaps_and_returns", &[]), Ok(123));
        assert_eq!(
            call(&module, "leaves_callbacks_by_itself", &[]),
            Ok(1_223_512_235)
        );
    }
}

#[test]
fn a_list_that_leads_nowhere_is_a_fault() {
    let module = load(library());
    for (name, code) in [
        ("broken_list", 0xE000_0010),
        ("circular_list", 0xE000_0011),
        ("handler_on_the_stack", 0xE000_0012),
    ] {
        let fault = call(&module, name, &[]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Exception(code), "{name}");
        assert_eq!(
            call(&module, "kept_registers", &[]),
            Ok(5_019_321),
            "{name}"
        );
    }
    let fault = call(&module, "wild_handler", &[]).unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Machine(..)), "{fault:?}");
    let fault = call(&module, "runs_out_of_stack", &[]).unwrap_err();
    assert!(
        matches!(fault.kind, FaultKind::Machine(Kind::StackOverflow, _)),
        "{fault:?}"
    );
    assert_eq!(call(&module, "kept_registers", &[]), Ok(5_019_321));
}

#[test]
fn an_entry_of_a_function_that_is_gone_is_gone_too() {
    let module = load(library());
    assert_eq!(call(&module, "list_is_empty", &[]), Ok(1));
    assert_eq!(call(&module, "forgotten_entry", &[]), Ok(3));
    assert_eq!(call(&module, "list_is_empty", &[]), Ok(1));
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
