//! What each room may not do.

use crate::sources::{assert_none, below, root};

/// `static`s that `host` may hold, by file and name; all are thread-local.
///
/// Which messages are active on a thread belongs to the thread, not to a manager, and so does the short cut to what was
/// sent through last. Each says whose it is, so that two managers do not meet in it.
const HOST_STATICS: [(&str, &str); 2] = [
    ("crates/host/src/calls.rs", "LATEST"),
    ("crates/host/src/calls.rs", "RECORDS"),
];

#[test]
fn the_host_holds_no_static() {
    let mut found = Vec::new();
    for source in below("crates/host/src", ".rs") {
        for (at, line) in source.code() {
            let words = line.trim_start();
            let words = words
                .strip_prefix("pub(crate) ")
                .or(words.strip_prefix("pub "))
                .unwrap_or(words);
            let Some(name) = words.strip_prefix("static ") else {
                continue;
            };
            let excepted = HOST_STATICS
                .iter()
                .any(|(file, known)| source.path == *file && name.starts_with(known));
            if !excepted {
                found.push(format!("{}:{at}: {}", source.path, line.trim()));
            }
        }
    }
    assert_none(
        found,
        "two managers in one process do not meet, so `host` holds no static:",
    );
}

#[test]
fn the_host_prints_nothing() {
    let words = [
        "println!",
        "eprintln!",
        "print!(",
        "eprint!(",
        "stdout()",
        "stderr()",
    ];
    let found = below("crates/host/src", ".rs")
        .iter()
        .flat_map(|source| source.lines_with(&words))
        .collect();
    assert_none(found, "`host` is a library and prints nothing:");
}

#[test]
fn the_host_reads_no_environment() {
    let words = ["env::var", "env::vars", "std::env", "getenv"];
    let found = below("crates/host/src", ".rs")
        .iter()
        .flat_map(|source| source.lines_with(&words))
        .collect();
    assert_none(
        found,
        "`host` is told what it needs and reads no environment:",
    );
}

#[test]
fn guests_and_doors_are_safe_code() {
    let mut found = Vec::new();
    for (folder, roots) in [
        ("drivers", ["src/lib.rs"].as_slice()),
        ("crates/cli", &["src/main.rs", "src/lib.rs"]),
        ("crates/setup", &["src/lib.rs"]),
    ] {
        for source in below(folder, ".rs") {
            let is_root = roots.iter().any(|name| source.path.ends_with(name));
            if is_root && !source.text.contains("#![forbid(unsafe_code)]") {
                found.push(source.path);
            }
        }
    }
    assert_none(
        found,
        "drivers and the CLI open with #![forbid(unsafe_code)]:",
    );
}

#[test]
fn the_pe_room_executes_nothing() {
    let words = [
        "transmute",
        "asm!(",
        "extern \"C\"",
        "extern \"win64\"",
        "extern \"system\"",
    ];
    let found = below("crates/pe/src", ".rs")
        .iter()
        .flat_map(|source| source.lines_with(&words))
        .collect();
    assert_none(found, "`pe` maps images and never calls into one:");
}

#[test]
fn the_pe_room_knows_no_dll() {
    let words = ["kernel32", "ntdll", "ucrtbase", "msvcrt", "user32", "winmm"];
    let found = below("crates/pe/src", ".rs")
        .iter()
        .flat_map(|source| source.lines_with(&words))
        .collect();
    assert_none(found, "`pe` knows no DLL by name:");
}

#[test]
fn the_win32_room_parses_no_image() {
    let mut found: Vec<String> = below("crates/win32/src", ".rs")
        .iter()
        .flat_map(|source| source.lines_with(&["object::", "IMAGE_DOS"]))
        .collect();
    let manifest = std::fs::read_to_string(root().join("crates/win32/Cargo.toml"))
        .expect("win32 has a manifest");
    if manifest.lines().any(|line| line.starts_with("object")) {
        found.push("crates/win32/Cargo.toml: object".to_owned());
    }
    assert_none(found, "images are parsed in `pe` only:");
}
