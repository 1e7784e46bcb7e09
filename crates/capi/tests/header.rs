//! `opendriver.h` says what the library does: its functions, its codes.

use std::collections::BTreeSet;

use opendriver_capi::verdict::Code;

const HEADER: &str = include_str!("../../../include/opendriver.h");

const SOURCES: [&str; 6] = [
    include_str!("../src/own/errors.rs"),
    include_str!("../src/own/setup.rs"),
    include_str!("../src/own/drivers.rs"),
    include_str!("../src/own/memory.rs"),
    include_str!("../src/own/installing.rs"),
    include_str!("../src/own/listing.rs"),
];

/// What stands between two words.
fn between<'a>(text: &'a str, before: &str, behind: &str) -> Vec<&'a str> {
    let rests = text.split(before).skip(1);
    rests
        .filter_map(|rest| Some(rest.split_once(behind)?.0))
        .collect()
}

#[test]
fn each_code_has_its_name_and_number_in_the_header() {
    let mut names = BTreeSet::new();
    for (name, code) in Code::ALL {
        let define = format!("#define {name} {}", *code as i32);
        let is_there = HEADER.lines().any(|line| {
            let behind = line.strip_prefix(&define);
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
        });
        assert!(is_there, "{define}");
        names.insert(*name);
    }
    let numbers = HEADER
        .split("/* opendriver_last_blame */")
        .next()
        .unwrap_or_default();
    for line in between(numbers, "#define ", "\n") {
        let mut words = line.split(' ');
        if let (Some(name), Some(_number)) = (words.next(), words.next()) {
            assert!(names.contains(name), "no code is called {name}");
        }
    }
}

#[test]
fn each_function_is_declared_and_nothing_else() {
    let declared: BTreeSet<&str> = between(HEADER, "opendriver_", "(")
        .into_iter()
        .filter(|name| name.chars().all(|it| it.is_ascii_lowercase() || it == '_'))
        .collect();
    let exported = SOURCES
        .iter()
        .flat_map(|it| between(it, "    fn opendriver_", "("));
    assert_eq!(declared, exported.collect());
}
