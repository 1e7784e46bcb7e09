//! What a package needs before it can be published.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::dependencies::metadata;
use crate::sources::{assert_none, below, root};

/// The packages that are for this repository alone. All others are published.
const AT_HOME: [&str; 3] = ["opendriver-documents", "opendriver-tests", "xtask"];

/// The published packages: name, folder from the root, what Cargo says of it.
fn published() -> Vec<(String, String, Value)> {
    let metadata = metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("a workspace has packages");
    packages
        .iter()
        .filter(|package| package["publish"].is_null())
        .map(|package| {
            let manifest = package["manifest_path"].as_str().expect("a path is text");
            let folder = Path::new(manifest)
                .parent()
                .and_then(|folder| folder.strip_prefix(root()).ok())
                .and_then(Path::to_str)
                .expect("a package lies in the workspace");
            let name = package["name"].as_str().expect("a name is text");
            (name.to_owned(), folder.to_owned(), package.clone())
        })
        .collect()
}

#[test]
fn only_what_is_for_this_repository_stays_at_home() {
    let published = published();
    let metadata = metadata();
    let mut at_home: Vec<&str> = metadata["packages"]
        .as_array()
        .expect("a workspace has packages")
        .iter()
        .filter_map(|package| package["name"].as_str())
        .filter(|name| published.iter().all(|(published, ..)| published != name))
        .collect();
    at_home.sort_unstable();
    assert_eq!(at_home, AT_HOME);
}

#[test]
fn a_published_package_says_what_a_registry_shows() {
    let mut found = Vec::new();
    for (name, folder, package) in published() {
        let mut lacks = |what: &str| found.push(format!("{name} has no {what}"));
        for field in ["description", "license", "repository", "rust_version"] {
            if package[field].is_null() {
                lacks(field);
            }
        }
        if package["documentation"] != format!("https://docs.rs/{name}") {
            lacks("documentation, which is its page on docs.rs");
        }
        for (field, most) in [("keywords", 5), ("categories", 5)] {
            let words = package[field].as_array().map_or(0, Vec::len);
            if words == 0 || words > most {
                lacks(&format!("{field}, or more than {most}"));
            }
        }
        if package["metadata"]["docs"]["rs"]["targets"][0] != "x86_64-unknown-linux-gnu" {
            lacks("target for docs.rs, where the Linux backends are documented");
        }
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
            if !root().join(&folder).join(file).is_file() {
                lacks(file);
            }
        }
    }
    assert_none(found, "a package that is published is complete:");
}

#[test]
fn a_published_package_includes_nothing_from_outside() {
    let mut found = Vec::new();
    for (_, folder, _) in published() {
        for source in below(&format!("{folder}/src"), ".rs") {
            let here = Path::new(&source.path)
                .parent()
                .expect("a file has a folder");
            for (_, rest) in ["include_str!(\"", "include_bytes!(\"", "include!(\""]
                .iter()
                .flat_map(|opening| source.text.match_indices(opening))
                .map(|(at, opening)| source.text.split_at(at + opening.len()))
            {
                let file = rest.split('"').next().unwrap_or_default();
                if !resolved(&here.join(file)).starts_with(&folder) {
                    found.push(format!("{}: {file}", source.path));
                }
            }
        }
    }
    assert_none(found, "what lies outside is not in the package:");
}

/// A path without its steps back.
fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            resolved.pop();
        } else {
            resolved.push(part);
        }
    }
    resolved
}
