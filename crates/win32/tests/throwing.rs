//! C++ exceptions and long jumps that stay inside a DLL: as g++ writes them, and as Visual C++'s runtime wants them.

#[path = "fixtures/build.rs"]
mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use fixture::Quiet;
use opendriver_win32::{Config, Fault, FaultKind, Module, Process};

/// What each export of the DLL that g++ made answers under Wine 8: `exceptions-host.exe throwing.dll NAME...`.
const THROWING: &[(&str, &[u64], u64)] = &[
    ("catches", &[0], 1324),
    ("catches", &[1], 1247),
    ("catches", &[2], 1245),
    ("catches", &[3], 1241),
    ("catches", &[4], 12469),
    ("rethrows", &[], 1257),
    ("throws_while_catching", &[], 1_212_789),
    ("throws_through_a_callback", &[], 125),
    ("many_throws", &[1000], 500_500),
    ("jumps", &[1], 4253),
    ("jumps", &[5], 4293),
    ("jumps", &[0], 4253),
    ("jumps_through_a_callback", &[], 16),
    ("vectored_handlers_see_a_throw", &[], 14),
    ("thrown_while_loading", &[], 42),
];

/// The same of the DLL for Visual C++'s runtime.
const CATCHING: &[(&str, &[u64], u64)] = &[
    ("by_value", &[0], 219_259),
    ("by_value", &[1], 12_579),
    ("by_value", &[2], 31_256_449),
    ("by_value", &[3], 31_255_449),
    ("by_value", &[4], 31_258_449),
    ("by_value", &[5], 12_519),
    ("by_value", &[6], 12_539),
    ("by_value", &[7], 12_569),
    ("by_reference", &[1], 127),
    ("by_reference", &[2], 1264),
    ("by_reference", &[3], 1254),
    ("by_reference", &[4], 1284),
    ("by_reference", &[5], 126),
    ("again", &[], 12_784),
    ("another_while_catching", &[], 12_127_864),
    ("inside_a_catch", &[], 1_212_345_126),
    ("in_a_loop", &[60], 10_040_020),
    ("returns_from_a_catch", &[], 123_112_341),
    ("not_caught_by_another_type", &[], 125),
    ("kept_values", &[], 6321),
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

/// The DLL that g++ made.
fn throwing() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library = folder("throwing").join("throwing.dll");
        run(
            Command::new("x86_64-w64-mingw32-g++")
                .args(["-shared", "-O1", "-Wall", "-Werror", "-static", "-o"])
                .arg(&library)
                .arg(fixture("throwing.cpp")),
            "g++-mingw-w64-x86-64-win32",
        );
        library
    })
}

/// The DLL that clang made for Visual C++'s runtime.
fn catching() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = folder("catching");
        let [object, runtime, library] =
            ["catching.obj", "libvcruntime140.a", "catching.dll"].map(|name| folder.join(name));
        run(
            Command::new("x86_64-w64-mingw32-dlltool")
                .arg("-d")
                .arg(fixture("vcruntime140.def"))
                .arg("-l")
                .arg(&runtime),
            "binutils-mingw-w64-x86-64",
        );
        run(
            Command::new("clang++")
                .args(["--target=x86_64-pc-windows-msvc", "-O1", "-fexceptions"])
                .args(["-fcxx-exceptions", "-w", "-c", "-o"])
                .arg(&object)
                .arg(fixture("catching.cpp")),
            "clang",
        );
        run(
            Command::new("lld-link")
                .args(["/dll", "/noentry", "/nodefaultlib"])
                .arg(format!("/out:{}", library.display()))
                .arg(&object)
                .arg(&runtime)
                .arg("/usr/x86_64-w64-mingw32/lib/libkernel32.a"),
            "lld",
        );
        library
    })
}

fn load(library: &Path) -> Module {
    let process = Process::new(Config::default(), Arc::new(Quiet));
    process.load(library).unwrap()
}

fn call(module: &Module, name: &str, arguments: &[u64]) -> Result<u64, Fault> {
    let address = module
        .export(name)
        .unwrap_or_else(|| panic!("no export {name}"));
    module.process().call(address, arguments)
}

fn check(module: &Module, expected: &[(&str, &[u64], u64)]) {
    for (name, arguments, expected) in expected {
        assert_eq!(
            call(module, name, arguments),
            Ok(*expected),
            "{name} {arguments:?}"
        );
    }
}

#[test]
fn what_is_thrown_is_caught_and_destructors_run_once() {
    check(&load(throwing()), THROWING);
}

#[test]
fn what_visual_cpp_throws_is_caught_and_destructors_run_once() {
    let module = load(catching());
    for _ in 0..3 {
        check(&module, CATCHING);
    }
}

#[test]
fn what_nobody_catches_ends_the_call_and_not_the_program() {
    let module = load(throwing());
    let fault = call(&module, "throws_out", &[]).unwrap_err();
    assert!(
        matches!(fault.kind, FaultKind::Exit { .. } | FaultKind::Exception(_)),
        "{fault:?}"
    );
    assert_eq!(call(&module, "rethrows", &[]), Ok(1257));
    let module = load(catching());
    let fault = call(&module, "throws_out", &[]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Exception(0xE06D_7363));
    let fault = call(&module, "throws_nothing_again", &[]).unwrap_err();
    assert_eq!(
        fault.kind,
        FaultKind::Exit {
            function: "terminate",
            code: 3
        }
    );
    assert_eq!(call(&module, "again", &[]), Ok(12_784));
}
