//! The documents: short enough to be read, and leading nowhere that is not there.

use std::path::Path;

use crate::sources::{assert_none, below, root};

#[test]
fn the_first_documents_are_short() {
    for (name, most) in [("README.md", 120), ("ARCHITECTURE.md", 250)] {
        let text = std::fs::read_to_string(root().join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let lines = text.lines().count();
        assert!(
            lines <= most,
            "{name} has {lines} lines, {most} are allowed"
        );
    }
}

#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    for source in below("", ".md") {
        let folder = Path::new(&source.path).parent().unwrap_or(Path::new(""));
        for (at, line) in source.text.lines().enumerate() {
            for link in line
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
            {
                let file = link.split('#').next().unwrap_or_default();
                let elsewhere =
                    file.is_empty() || file.contains("://") || file.starts_with("mailto:");
                if !elsewhere && !root().join(folder).join(file).exists() {
                    found.push(format!("{}:{}: {link}", source.path, at + 1));
                }
            }
        }
    }
    assert_none(found, "these links lead nowhere:");
}

#[test]
fn both_licences_are_there() {
    for (name, opening) in [
        ("LICENSE-MIT", "MIT License"),
        ("LICENSE-APACHE", "Apache License"),
    ] {
        let text = std::fs::read_to_string(root().join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(opening), "{name} does not say \"{opening}\"");
    }
}
