//! Structured exceptions end where they do on Windows.
#![expect(unsafe_code, reason = "reads as the driver's flags would forbid")]

#[path = "fixtures/build.rs"]
mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use fixture::Quiet;
use opendriver_win32::{Config, Fault, FaultKind, Module, Process};

/// What each export answers under Wine 8: `exceptions-host.exe exceptions.dll NAME...`.
const EXPECTED: &[(&str, &[u64], u64)] = &[
    ("bad_read", &[], 134),
    ("records", &[], 123_507_123_507),
    ("codes", &[0], 0xC000_001D),
    ("codes", &[1], 0xC000_0096),
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
    ("collided_unwind", &[], 47_143_356),
    ("jumps_out_of_try", &[], 147_378),
    // Wine says 13: it forgets the code that a compiler expects in the result register of the block.
    ("exception_in_except", &[], 12),
    ("kept_registers", &[], 5_019_321),
    ("vectored_handlers", &[], 12_513_104),
    ("capture_and_restore", &[], 1111),
    ("arguments_of_raise", &[], 51),
    ("raise_goes_on", &[], 12),
    ("many_frames", &[], 1234),
    ("unhandled_filter", &[], 14),
    ("bad_pointer_for_the_system", &[], 13),
    ("through_a_function_of_the_system", &[], 1325),
    ("long_jump_of_a_linked_runtime", &[], 12_378),
    ("consolidating_unwind", &[], 1_234_578),
    ("back_trace_grows", &[], 7),
];

/// Builds the fixture as Microsoft's compiler would, with clang and its linker.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/exceptions-x64.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("exceptions-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (object, library) = (folder.join("exceptions.obj"), folder.join("exceptions.dll"));
        let mut compiler = Command::new("clang");
        compiler
            .args([
                "--target=x86_64-pc-windows-msvc",
                "-O1",
                "-fms-extensions",
                "-w",
                "-c",
            ])
            .arg(source)
            .arg("-o")
            .arg(&object);
        let status = compiler
            .status()
            .expect("clang is missing: apt-get install clang lld");
        assert!(status.success(), "{compiler:?} failed");
        let mut linker = Command::new("lld-link");
        linker
            .args(["/dll", "/noentry", "/nodefaultlib"])
            .arg(format!("/out:{}", library.display()))
            .arg(&object)
            .arg("/usr/x86_64-w64-mingw32/lib/libkernel32.a")
            .arg("/usr/x86_64-w64-mingw32/lib/libntdll.a")
            .arg("/usr/x86_64-w64-mingw32/lib/libmsvcrt.a");
        let status = linker
            .status()
            .expect("lld-link is missing: apt-get install clang lld");
        assert!(status.success(), "{linker:?} failed");
        library
    })
}

fn load() -> Module {
    let process = Process::new(Config::default(), Arc::new(Quiet));
    process.load(library()).unwrap()
}

fn call(module: &Module, name: &str, arguments: &[u64]) -> Result<u64, Fault> {
    let address = module
        .export(name)
        .unwrap_or_else(|| panic!("no export {name}"));
    module.process().call(address, arguments)
}

#[test]
fn exceptions_take_the_way_that_they_take_on_windows() {
    let module = load();
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
        let module = load();
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
    let module = load();
    for _ in 0..2000 {
        assert_eq!(call(&module, "nested", &[]), Ok(32_453_627));
        assert_eq!(call(&module, "collided_unwind", &[]), Ok(47_143_356));
    }
}

#[test]
fn what_nobody_takes_is_a_fault_with_its_code() {
    let module = load();
    let fault = call(&module, "unhandled_raise", &[0xE123_4567]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Exception(0xE123_4567));
    let place = fault.place.expect("in the module");
    assert!(place.starts_with("exceptions.dll+0x"), "{place}");
    // The next call finds everything in order.
    assert_eq!(call(&module, "bad_read", &[]), Ok(134));
}

#[test]
fn a_driver_that_has_lost_its_stack_takes_nothing_with_it() {
    let module = load();
    let fault = call(&module, "leave_with_odd_modes", &[]).unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Machine(..)), "{fault:?}");
    // An unaligned read, which would trap now if the driver's flags had stayed.
    let bytes = [1_u8, 2, 3, 4, 5, 6, 7, 8, 9];
    // SAFETY: the array has nine bytes.
    let word = unsafe {
        bytes
            .as_ptr()
            .wrapping_add(1)
            .cast::<u64>()
            .read_unaligned()
    };
    assert_eq!(std::hint::black_box(word), 0x0908_0706_0504_0302);
    assert_eq!(call(&module, "bad_read", &[]), Ok(134));
}

#[test]
fn a_fault_on_another_thread_is_settled_there() {
    let module = load();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert_eq!(call(&module, "kept_registers", &[]), Ok(5_019_321));
                    let fault = call(&module, "unhandled_raise", &[5]).unwrap_err();
                    assert_eq!(fault.kind, FaultKind::Exception(5));
                }
            });
        }
    });
}
