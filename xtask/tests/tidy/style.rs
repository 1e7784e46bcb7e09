//! How sources look.

use crate::sources::{Source, assert_none, below};

/// Files above 800 lines, with the reason. Tables may be long.
const LONG: [(&str, &str); 1] = [(
    "crates/win32/src/dll/crt/streams.rs",
    "a table of shims: the stream functions of both C runtimes",
)];

fn sources() -> Vec<Source> {
    below("", ".rs")
}

#[test]
fn every_file_opens_with_its_caption() {
    let found = sources()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert_none(
        found,
        "the first line of a file says what it gives, after `//! `:",
    );
}

#[test]
fn files_are_named_for_what_they_give() {
    let vague = [
        "mod", "util", "utils", "common", "helper", "helpers", "misc",
    ];
    let found = sources()
        .into_iter()
        .filter(|source| {
            source
                .path
                .split(['/', '.'])
                .any(|part| vague.contains(&part))
        })
        .map(|source| source.path)
        .collect();
    assert_none(found, "these names say nothing:");
}

#[test]
fn long_files_are_tables() {
    let long = |source: &Source| source.text.lines().count() > 800;
    let known = |source: &Source| LONG.iter().any(|(path, _)| source.path == *path);
    let sources = sources();
    let found = sources
        .iter()
        .filter(|source| long(source) != known(source))
        .map(|source| source.path.clone())
        .collect();
    assert_none(
        found,
        "a file above 800 lines needs a reason in LONG, and a reason needs such a file:",
    );
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
        concat!("#[ig", "nore"),
    ];
    let mut found = Vec::new();
    for source in sources() {
        for (at, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    assert_none(found, "what is there works, and tests run:");
}

#[test]
fn tests_do_not_sleep() {
    let word = concat!("thread::", "sleep");
    let mut found = Vec::new();
    for source in sources() {
        let is_test = source.path.starts_with("tests/") || source.path.contains("/tests/");
        let code = if is_test { 0 } else { source.code_ends() };
        for (at, line) in source.text.lines().enumerate().skip(code) {
            if line.contains(word) {
                found.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    assert_none(
        found,
        "a test waits for what it waits for, not for some time:",
    );
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut found = Vec::new();
    for source in [".rs", ".md", ".toml", ".c", ".h", ".txt", ".snap"]
        .into_iter()
        .flat_map(|ending| below("", ending))
    {
        for (at, line) in source.text.lines().enumerate() {
            if folders.iter().any(|folder| line.contains(folder)) {
                found.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    assert_none(found, "paths of one machine mean nothing on another:");
}
