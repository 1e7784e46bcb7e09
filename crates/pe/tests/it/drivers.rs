//! Wine's drivers, against what binutils reads from the same files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use opendriver_pe::{File, Machine, Placement, map};

use crate::pe_file::exercise;

/// Every file below `target/drivers` for a machine.
fn drivers(machine: &str) -> Vec<PathBuf> {
    let drivers = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/drivers")
        .join(machine);
    let entries = fs::read_dir(&drivers).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: run `cargo xtask drivers` first",
            drivers.display()
        )
    });
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && fs::read(path).unwrap().starts_with(b"MZ"))
        .collect();
    files.sort();
    assert!(
        files.len() > 5,
        "only {} drivers: run `cargo xtask drivers`",
        files.len()
    );
    files
}

/// What `objdump -p` prints, which reads both widths.
fn objdump(path: &Path) -> String {
    let output = Command::new("x86_64-w64-mingw32-objdump")
        .arg("-p")
        .arg(path)
        .output()
        .unwrap_or_else(|error| panic!("objdump: {error} (install mingw-w64)"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The lines between one that starts with `from` and an empty one after it.
fn paragraph<'text>(text: &'text str, from: &str) -> impl Iterator<Item = &'text str> {
    let lines = text
        .lines()
        .skip_while(move |line| !line.starts_with(from))
        .skip(1);
    lines.take_while(|line| !line.trim().is_empty())
}

fn compare(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let file = File::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = objdump(path);

    let dlls: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("DLL Name: "))
        .collect();
    let imports = file.imports().unwrap();
    let plain = imports
        .iter()
        .filter(|dll| !matches!(dll.kind, opendriver_pe::ImportKind::Delay { .. }));
    let found: Vec<&str> = plain.clone().map(|dll| dll.name).collect();
    assert_eq!(found, dlls, "{}", path.display());
    for dll in plain {
        let heading = format!("\tDLL Name: {}", dll.name);
        let listed = paragraph(&text, &heading).skip(1).count();
        assert_eq!(
            dll.entries.len(),
            listed,
            "{} of {}",
            dll.name,
            path.display()
        );
    }

    let names: BTreeSet<&str> = paragraph(&text, "[Ordinal/Name Pointer] Table")
        .filter(|line| line.trim_start().starts_with('['))
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    let exports = file.exports().unwrap();
    let found: BTreeSet<&str> = exports.iter().filter_map(|export| export.name).collect();
    assert_eq!(found, names, "{}", path.display());
    for name in names {
        let ordinal = exports.by_name(name).expect("the table is sorted").ordinal;
        assert_eq!(
            exports.by_ordinal(ordinal).unwrap().target,
            exports.by_name(name).unwrap().target
        );
    }
}

#[test]
fn drivers_of_64_bits_read_as_binutils_reads_them() {
    for path in drivers("x86_64") {
        compare(&path);
    }
}

#[test]
fn drivers_of_32_bits_read_as_binutils_reads_them() {
    for path in drivers("i386") {
        let bytes = fs::read(&path).unwrap();
        assert_eq!(File::parse(&bytes).unwrap().machine(), Machine::X86);
        compare(&path);
    }
}

#[test]
fn drivers_answer_every_question_and_map_anywhere() {
    let mut versions = 0;
    for path in drivers("x86_64").into_iter().chain(drivers("i386")) {
        let bytes = fs::read(&path).unwrap();
        exercise(&bytes);
        let file = File::parse(&bytes).unwrap();
        let resources = file.resources().unwrap();
        let has_version = resources
            .all()
            .unwrap()
            .iter()
            .any(|resource| resource.kind == 16.into());
        let version = resources.version().unwrap();
        assert_eq!(version.is_some(), has_version, "{}", path.display());
        if let Some(version) = version {
            assert!(
                version.string("FileVersion").is_some(),
                "{}",
                path.display()
            );
            versions += 1;
        }
        map(&file, Placement::Anywhere).unwrap().protect().unwrap();
        map(&file, Placement::Below4G).unwrap().protect().unwrap();
    }
    assert!(versions > 0, "no driver has version information");
}
