//! C++ exceptions and long jumps that stay inside a DLL: as g++ writes them, and as Visual C++'s runtime wants them.

#[path = "fixtures/build.rs"]
mod fixture;
#[path = "fixtures/microsoft.rs"]
mod microsoft;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use microsoft::{
    Table, call, check, compile, definitions, import, link, load, machine, names, once, package,
    run,
};
use opendriver_win32::{FaultKind, Width};

const WIDTHS: [Width; 2] = [Width::Bits64, Width::Bits32];

/// What each export of the DLL that g++ made answers under Wine 8: `exceptions-host.exe throwing.dll NAME...`.
const THROWING: Table = &[
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
const THROWING_64: Table = &[
    ("throws_through_a_callback", &[], 125),
    ("vectored_handlers_see_a_throw", &[], 14),
];
const THROWING_32: Table = &[("vectored_handlers_see_a_throw", &[], 4)];

/// The same of the DLL for Visual C++'s runtime.
const CATCHING: Table = &[
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
    ("through_the_system", &[], 12_466_487),
];

/// What only 32 bits have.
const CATCHING_32: Table = &[("jumps_over_objects", &[], 32_561)];

/// The DLL that g++ made.
fn throwing(width: Width) -> PathBuf {
    static MADE: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
    once(&MADE, width, || {
        let library = microsoft::folder("throwing", width).join("throwing.dll");
        run(
            Command::new(format!("{}-w64-mingw32-g++", machine(width)))
                .args(["-shared", "-O1", "-Wall", "-Werror", "-static"])
                .args(["-Wl,--kill-at", "-o"])
                .arg(&library)
                .arg(microsoft::fixture("throwing.cpp")),
            &format!("{}-win32", package("g++", width)),
        );
        library
    })
}

/// The DLL that clang made for Visual C++'s runtime.
fn catching(width: Width) -> PathBuf {
    static MADE: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
    once(&MADE, width, || {
        let folder = microsoft::folder("catching", width);
        let [object, runtime, library] =
            ["catching.obj", "libvcruntime140.a", "catching.dll"].map(|name| folder.join(name));
        let names_of = match width {
            Width::Bits32 => "vcruntime140-x86.def",
            Width::Bits64 => "vcruntime140.def",
        };
        definitions(names_of, &runtime, width);
        let source = microsoft::fixture("catching.cpp");
        let flags = ["-fexceptions", "-fcxx-exceptions", "-c"];
        compile("clang++", &source, &object, width, &flags);
        let mut parts = vec![object, runtime, import("kernel32", width)];
        if width == Width::Bits32 {
            let older = folder.join("libmsvcrt.a");
            definitions("msvcrt-x86.def", &older, width);
            parts.push(older);
        }
        let tables = names(CATCHING).chain(names(CATCHING_32));
        let others = ["throws_out", "throws_nothing_again"];
        link(&library, &parts, width, tables.chain(others));
        library
    })
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
            if width == Width::Bits32 {
                check(&module, CATCHING_32);
            }
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
