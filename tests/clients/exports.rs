//! What the library shows to the programs that load it: Windows' functions, and nothing of its insides.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use opendriver_tests::library;

fn readelf(flags: &[&str]) -> String {
    let output = Command::new("readelf")
        .args(flags)
        .arg("--wide")
        .arg(library::lib().join("libopendriver.so"))
        .output()
        .expect("readelf is missing; install it with: apt-get install binutils");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The names of all that it defines for others, with versions.
fn exports() -> BTreeSet<String> {
    let table = readelf(&["--dyn-syms"]);
    let rows = table.lines().map(|row| row.split_whitespace().collect());
    let defined =
        rows.filter(|row: &Vec<&str>| row.len() >= 8 && !["UND", "ABS", "Ndx"].contains(&row[6]));
    defined.map(|row| row[7].to_owned()).collect()
}

#[test]
fn each_function_has_the_version_of_its_windows_library() {
    let exports = exports();
    for name in [
        "OpenDriver@@WINMM_1.0",
        "OpenDriverA@@WINMM_1.0",
        "SendDriverMessage@@WINMM_1.0",
        "CloseDriver@@WINMM_1.0",
        "acmStreamConvert@@MSACM32_1.0",
        "ICDecompress@@MSVFW32_1.0",
        "opendriver_last_error@@OPENDRIVER_0.1",
    ] {
        assert!(exports.contains(name), "{name} is missing: {exports:?}");
    }
}

#[test]
fn nothing_is_exported_that_is_no_function_of_the_interface() {
    for name in exports() {
        let (plain, version) = name.split_once("@@").unwrap_or((&name, ""));
        let versions = ["WINMM_1.0", "MSACM32_1.0", "MSVFW32_1.0", "OPENDRIVER_0.1"];
        assert!(versions.contains(&version), "{name} has another version");
        let inner = ["_", "opendriver_guard", "opendriver_win32", "rust"];
        assert!(!inner.iter().any(|it| plain.starts_with(it)), "{name}");
        assert!(
            plain
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'_'),
            "{name}"
        );
    }
}

#[test]
fn its_code_is_shared_and_its_tables_are_read_only() {
    let dynamic = readelf(&["--dynamic"]);
    assert!(!dynamic.contains("TEXTREL"), "{dynamic}");
    for flag in ["libopendriver.so.0]", "BIND_NOW", "NODELETE"] {
        assert!(dynamic.contains(flag), "{flag}: {dynamic}");
    }
    let segments = readelf(&["--segments"]);
    assert!(segments.contains("GNU_RELRO"), "{segments}");
    let stack = segments
        .lines()
        .find(|it| it.contains("GNU_STACK"))
        .unwrap();
    assert!(!stack.contains("RWE"), "{stack}");
}

#[test]
fn it_needs_what_every_system_has() {
    let dynamic = readelf(&["--dynamic"]);
    let needed = dynamic.lines().filter(|row| row.contains("(NEEDED)"));
    let needed = needed.filter_map(|row| row.split_once('[')?.1.split_once(".so"));
    for (name, _) in needed {
        let known = ["libc", "libm", "libgcc_s", "ld-linux-x86-64"];
        assert!(known.contains(&name), "it needs {name}");
    }
}

#[test]
fn each_function_is_declared_in_a_header() {
    let include = library::prefix().join("include");
    let headers = [
        "opendriver.h",
        "opendriver/mmsystem.h",
        "opendriver/msacm.h",
        "opendriver/vfw.h",
    ];
    let text = headers.map(|header| fs::read_to_string(include.join(header)).unwrap());
    let text = text.concat();
    let words: BTreeSet<&str> = text
        .split(|it: char| !it.is_ascii_alphanumeric() && it != '_')
        .collect();
    for name in exports() {
        let (plain, _) = name.split_once("@@").unwrap();
        // Both forms of a function come from one declaration where only their text differs.
        let stem = plain.strip_suffix(['A', 'W']).unwrap_or(plain);
        let is_declared = words.contains(plain) || words.contains(stem);
        assert!(is_declared, "{plain} is in no header");
    }
}
