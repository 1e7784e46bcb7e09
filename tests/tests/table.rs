//! `behaviours.md` names tests that exist, and misses none.

use std::collections::BTreeSet;
use std::fs;

use opendriver_tests::{behaviours, faults, root};

macro_rules! names {
    (: $($topic:ident :: $name:ident)*) => {
        [$(concat!(stringify!($topic), "::", stringify!($name))),*]
    };
}

fn suite() -> BTreeSet<&'static str> {
    let behaviours: &[&str] = &behaviours!(names);
    let faults: &[&str] = &faults!(names);
    behaviours.iter().chain(faults).copied().collect()
}

fn table() -> String {
    fs::read_to_string(root().join("tests/behaviours.md")).expect("the table")
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_behaviour_has_a_row_that_names_a_test_or_says_why_not() {
    let table = table();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 75);
    let suite = suite();
    for (number, row) in (1..).zip(&rows) {
        let [written, _, held_by, ..] = row[..] else {
            panic!("{row:?}")
        };
        assert_eq!(written, number.to_string());
        let excused = held_by.starts_with("does not apply");
        let held = quoted(held_by).any(|test| suite.contains(test) || test.contains(": "));
        assert!(excused || held, "behaviour {number}: {held_by}");
    }
}

#[test]
fn every_test_that_the_table_names_exists() {
    let suite = suite();
    for name in quoted(&table()) {
        if let Some((file, test)) = name.split_once(": ") {
            let text = fs::read_to_string(root().join(file));
            let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(
                text.contains(&format!("#[test]\n{}fn {test}()", indent(&text, test))),
                "{name}"
            );
        } else if name
            .split_once("::")
            .is_some_and(|(topic, _)| topic.starts_with(char::is_lowercase))
        {
            assert!(suite.contains(name), "{name}");
        }
    }
}

/// The spaces that stand before a test in its file.
fn indent<'a>(text: &'a str, test: &str) -> &'a str {
    let line = text
        .lines()
        .find(|line| line.contains(&format!("fn {test}()")));
    line.map_or("", |line| &line[..line.len() - line.trim_start().len()])
}

#[test]
fn every_test_of_the_suite_is_in_the_table() {
    let table = table();
    let named: BTreeSet<&str> = quoted(&table).collect();
    let missing: Vec<_> = suite()
        .into_iter()
        .filter(|name| !named.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_function_of_the_suite_is_mounted() {
    let suite = suite();
    for entry in fs::read_dir(root().join("tests/src/suite")).expect("the suite") {
        let path = entry.expect("an entry").path();
        let topic = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a topic");
        let text = fs::read_to_string(&path).expect("a topic of the suite");
        for line in text.lines().filter_map(|line| line.strip_prefix("pub fn ")) {
            let name = line.split('(').next().unwrap_or(line);
            assert!(
                suite.contains(&*format!("{topic}::{name}")),
                "{topic}::{name}"
            );
        }
    }
}
