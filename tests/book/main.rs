//! The book: every page is in it, every block of every page is run, and what is shown is what happens.
//!
//! `SNAPSHOTS=overwrite cargo test -p opendriver-tests --test book` writes today's output into the pages.

mod pages;
mod place;

use std::collections::BTreeSet;

use opendriver_tests::page::replay;
use opendriver_tests::root;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use pages::{PAGES, Run};
use place::Place;

fn text(page: &str) -> String {
    let path = root().join("docs").join(page);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The languages of a page's blocks.
fn languages(text: &str) -> BTreeSet<&str> {
    let fences = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("```"));
    // Every other fence closes a block.
    fences.step_by(2).collect()
}

#[test]
fn every_page_is_in_the_book_and_someone_runs_it() {
    let summary = text("SUMMARY.md");
    let listed: BTreeSet<&str> = summary
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    let known: BTreeSet<&str> = PAGES.iter().map(|(page, _)| *page).collect();
    let entries = std::fs::read_dir(root().join("docs")).expect("the pages");
    let names = entries.map(|entry| entry.expect("a page").file_name());
    let names: Vec<String> = names
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    let there: BTreeSet<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| name.ends_with(".md") && *name != "SUMMARY.md")
        .collect();
    assert_eq!(
        there, listed,
        "what is in docs/, and what docs/SUMMARY.md lists"
    );
    assert_eq!(
        there, known,
        "what is in docs/, and what tests/book/pages.rs knows"
    );
}

#[test]
fn every_block_has_a_language_and_a_test() {
    for (page, run) in PAGES {
        let text = text(page);
        let languages = languages(&text);
        assert!(!languages.contains(""), "{page}: a block has no language");
        match run {
            Run::Here(_) => {}
            Run::In(files) => {
                for file in *files {
                    let test = std::fs::read_to_string(root().join(file))
                        .unwrap_or_else(|error| panic!("{page}: {file}: {error}"));
                    assert!(test.contains(page), "{file} does not speak of {page}");
                }
            }
            Run::Measured => measurements(&text),
            Run::Prose => {
                let run: Vec<_> = languages.iter().filter(|it| **it != "text").collect();
                assert!(run.is_empty(), "{page}: nobody runs its blocks of {run:?}");
            }
        }
        if languages.iter().any(|it| it.starts_with("rust")) {
            let doctests = [
                "tests/src/lib.rs",
                "crates/sdk/src/lib.rs",
                "crates/host/src/registry.rs",
            ];
            let tested = doctests.iter().any(|file| {
                let code = std::fs::read_to_string(root().join(file)).expect("sources");
                code.contains(&format!("docs/{page}"))
            });
            let by_a_test = matches!(run, Run::In(files) if !files.is_empty());
            assert!(tested || by_a_test, "{page}: its Rust is not compiled");
        }
    }
}

/// Each command that measures has something to run.
fn measurements(text: &str) {
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or_default());
    let tasks = std::fs::read_to_string(root().join("xtask/src/main.rs")).expect("the tasks");
    for command in blocks.flat_map(str::lines) {
        let words: Vec<&str> = command.split(' ').collect();
        let is_there = match words[..] {
            ["cargo", "bench", "-p", package, ..] => {
                let folder = package.trim_start_matches("opendriver-");
                let folder = if folder == "opendriver" {
                    "host"
                } else {
                    folder
                };
                root().join("crates").join(folder).join("benches").is_dir()
            }
            ["cargo", "xtask", task] => tasks.contains(&format!("[\"{task}\"]")),
            ["cargo", "run", .., manifest] => root().join(manifest).is_file(),
            _ => false,
        };
        assert!(is_there, "{command}: there is no such measurement");
    }
}

#[test]
fn what_the_pages_show_is_what_happens() {
    for (page, run) in PAGES {
        let Run::Here(prepare) = run else { continue };
        let mut place = Place::new();
        prepare(&place);
        let path = root().join("docs").join(page);
        Assert::new()
            .normalize_paths(false)
            .action_env("SNAPSHOTS")
            .eq(
                replay(&text(page), &mut place),
                Data::read_from(&path, Some(DataFormat::Text)),
            );
    }
}
