//! The registry, written by two programs at once, and where it cannot be read.

use std::fs;
use std::process::Stdio;

use opendriver::Registry;
use opendriver::registry::Layer;

use crate::{Program, good};

#[test]
fn two_programs_that_install_at_once_lose_nothing() {
    let program = Program::build("registry");
    let first = "# a person's own words\n[Drivers32]\n\"msacm.other\" = \"other.acm\" # theirs\n";
    fs::write(program.registry(), first).unwrap();
    let running = ["vidc", "msacm"].map(|name| {
        let mut command = program.command();
        command.args([name, "echo", "200"]);
        let pipes = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        pipes.spawn().unwrap()
    });
    // While they write, the file is whole whenever it is looked at.
    let registry = Registry::open([Layer::file(program.registry())]);
    let mut seen = 0;
    while registry.value("Drivers32", "vidc.200").unwrap().is_none() && seen < 1_000_000 {
        assert!(
            registry
                .value("Drivers32", "msacm.other")
                .unwrap()
                .is_some()
        );
        seen += 1;
    }
    for (child, last) in running.into_iter().zip(["vidc.200\n", "msacm.200\n"]) {
        assert_eq!(good(&child.wait_with_output().unwrap()), last);
    }
    let registry = Registry::open([Layer::file(program.registry())]);
    let values = registry.values("Drivers32").unwrap();
    let mut names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["msacm.200", "msacm.other", "vidc.200"]);
    let text = fs::read_to_string(program.registry()).unwrap();
    assert!(
        text.contains("# a person's own words") && text.contains("# theirs"),
        "{text}"
    );
}

/// A program that asks for names, with a registry that cannot be had.
fn refused(name: &str, file: &str, make: impl FnOnce(&std::path::Path)) -> String {
    let program = Program::build("registry");
    make(&program.registry());
    let output = program.command().args([name, file, "1"]).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_registry_that_cannot_be_read_is_named() {
    let broken = refused("vidc", "echo", |file| {
        fs::write(file, "[Drivers32\n\"x\" = ").unwrap();
    });
    assert!(broken.contains("registry.toml"), "{broken}");
    let folder = refused("vidc", "echo", |file| fs::create_dir(file).unwrap());
    assert!(folder.contains("registry.toml"), "{folder}");
}

#[test]
fn a_driver_that_is_none_leaves_no_entry() {
    let said = refused("vidc", "nowhere.dll", |_| {});
    assert!(said.contains("nowhere.dll"), "{said}");
    let program = Program::build("registry");
    program.run(&["vidc", "echo", "3"]);
    let registry = Registry::open([Layer::file(program.registry())]);
    let names: Vec<String> = registry
        .values("Drivers32")
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["vidc.3"]);
}
