//! C++ exceptions and long jumps that stay inside a DLL: as g++ writes them, and as Visual C++'s runtime wants them.

#[path = "fixtures/build.rs"]
mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use fixture::Quiet;
use opendriver_win32::{Config, Fault, FaultKind, Module, Process, Width};

const WIDTHS: [Width; 2] = [Width::Bits64, Width::Bits32];

/// What each export of the DLL that g++ made answers under Wine 8: `exceptions-host.exe throwing.dll NAME...`.
const THROWING: &[(&str, &[u64], u64)] = &[
    ("catches", &[0], 1324),
    ("catches", &[1], 1247),
    ("catches", &[2], 1245),
    ("catches", &[3], 1241),
    ("catches", &[4], 12469),
    ("rethrows", &[], 1257),
    ("throws_while_catching", &[], 1_212_789),
    ("many_throws", &[1000], 500_500),
    ("jumps", &[1], 4253),
    ("jumps", &[5], 4293),
    ("jumps", &[0], 4253),
    ("jumps_through_a_callback", &[], 16),
    ("thrown_while_loading", &[], 42),
];

/// In 64 bits g++ throws by way of Windows, in 32 bits past it: frames that are not its own it cannot pass.
const THROWING_64: &[(&str, &[u64], u64)] = &[
    ("throws_through_a_callback", &[], 125),
    ("vectored_handlers_see_a_throw", &[], 14),
];
const THROWING_32: &[(&str, &[u64], u64)] = &[("vectored_handlers_see_a_throw", &[], 4)];

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

/// How tools name a width.
fn machine(width: Width) -> &'static str {
    match width {
        Width::Bits32 => "i686",
        Width::Bits64 => "x86_64",
    }
}

fn folder(name: &str, width: Width) -> PathBuf {
    let (machine, process) = (machine(width), std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{machine}-{process}"));
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

/// Builds something once for each width.
fn once(
    made: &'static [OnceLock<PathBuf>; 2],
    width: Width,
    make: fn(Width) -> PathBuf,
) -> PathBuf {
    made[usize::from(width == Width::Bits64)]
        .get_or_init(|| make(width))
        .clone()
}

/// The DLL that g++ made.
fn throwing(width: Width) -> PathBuf {
    static MADE: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
    once(&MADE, width, |width| {
        let library = folder("throwing", width).join("throwing.dll");
        let machine = machine(width);
        run(
            Command::new(format!("{machine}-w64-mingw32-g++"))
                .args(["-shared", "-O1", "-Wall", "-Werror", "-static"])
                .args(["-Wl,--kill-at", "-o"])
                .arg(&library)
                .arg(fixture("throwing.cpp")),
            &format!("g++-mingw-w64-{}-win32", machine.replace('_', "-")),
        );
        library
    })
}

/// The DLL that clang made for Visual C++'s runtime.
fn catching(width: Width) -> PathBuf {
    static MADE: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
    once(&MADE, width, |width| {
        let folder = folder("catching", width);
        let [object, runtime, library] =
            ["catching.obj", "libvcruntime140.a", "catching.dll"].map(|name| folder.join(name));
        let machine = machine(width);
        let (definitions, kill, exports): (_, &[&str], _) = match width {
            Width::Bits32 => ("vcruntime140-x86.def", &["-k"], CATCHING),
            Width::Bits64 => ("vcruntime140.def", &[], &[][..]),
        };
        run(
            Command::new(format!("{machine}-w64-mingw32-dlltool"))
                .args(kill)
                .arg("-d")
                .arg(fixture(definitions))
                .arg("-l")
                .arg(&runtime),
            &format!("binutils-mingw-w64-{}", machine.replace('_', "-")),
        );
        run(
            Command::new("clang++")
                .arg(format!("--target={machine}-pc-windows-msvc"))
                .args(["-O1", "-fexceptions", "-fcxx-exceptions", "-w", "-c", "-o"])
                .arg(&object)
                .arg(fixture("catching.cpp")),
            "clang",
        );
        let mut linker = Command::new("lld-link");
        linker
            .args(["/dll", "/noentry", "/nodefaultlib", "/safeseh:no"])
            .arg(format!("/out:{}", library.display()))
            .arg(&object)
            .arg(&runtime)
            .arg(format!("/usr/{machine}-w64-mingw32/lib/libkernel32.a"));
        // The linker finds the decorated function, and exports it under its plain name.
        let others = ["throws_out", "throws_nothing_again"];
        if !exports.is_empty() {
            for name in exports.iter().map(|entry| entry.0).chain(others) {
                linker.arg(format!("/export:{name}"));
            }
        }
        run(&mut linker, "lld");
        library
    })
}

fn load(library: &Path, width: Width) -> Module {
    let mut config = Config::default();
    config.width = width;
    let process = Process::new(config, Arc::new(Quiet));
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
    for width in WIDTHS {
        let module = load(&throwing(width), width);
        check(&module, THROWING);
        match width {
            Width::Bits32 => check(&module, THROWING_32),
            Width::Bits64 => check(&module, THROWING_64),
        }
    }
}

#[test]
fn what_visual_cpp_throws_is_caught_and_destructors_run_once() {
    for width in WIDTHS {
        let module = load(&catching(width), width);
        for _ in 0..3 {
            check(&module, CATCHING);
        }
    }
}

#[test]
fn what_nobody_catches_ends_the_call_and_not_the_program() {
    for width in WIDTHS {
        let module = load(&throwing(width), width);
        let fault = call(&module, "throws_out", &[]).unwrap_err();
        assert!(
            matches!(fault.kind, FaultKind::Exit { .. } | FaultKind::Exception(_)),
            "{fault:?}"
        );
        assert_eq!(call(&module, "rethrows", &[]), Ok(1257));
        let module = load(&catching(width), width);
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
}
