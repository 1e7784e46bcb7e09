//! The licences of the libraries that are linked in, which want to be handed on with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// The packages that are built for others.
const BUILT: [&str; 2] = ["opendriver-capi", "opendriver-cli"];

/// A list of the libraries, and behind it each text once with the names of those that bring it.
pub(super) fn text(shell: &Shell, version: &str) -> Result<String> {
    let metadata = cmd!(
        shell,
        "cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu"
    )
    .quiet()
    .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let linked = linked(&metadata);
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let packages = array(&metadata["packages"]);
    for package in packages
        .iter()
        .filter(|package| linked.contains(text_of(&package["id"])) && !package["source"].is_null())
    {
        let name = format!(
            "{} {}",
            text_of(&package["name"]),
            text_of(&package["version"])
        );
        let licence = package["license"].as_str().unwrap_or("see below");
        list.push_str(&format!("{name}: {licence}\n"));
        for text in licences(text_of(&package["manifest_path"]))? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let mut whole = format!(
        "opendriver {version} contains these libraries, under these licences. Their sources are at https://crates.io.\n\n{list}"
    );
    // In the order of the list, by the first library that has the text.
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort_by(|one, other| one.1.cmp(&other.1));
    for (text, names) in texts {
        whole.push_str(&format!(
            "\n{}\n{}\n\n{}\n",
            "=".repeat(72),
            names.join(", "),
            text.trim_end()
        ));
    }
    Ok(whole)
}

/// The identifiers of all packages that what we build stands on, tests and build scripts left out.
fn linked(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<&str, &Value> = array(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text_of(&node["id"]), node))
        .collect();
    let mut open: Vec<&str> = array(&metadata["packages"])
        .iter()
        .filter(|package| BUILT.contains(&text_of(&package["name"])))
        .map(|package| text_of(&package["id"]))
        .collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(node) = nodes.get(id).filter(|_| found.insert(id)) else {
            continue;
        };
        let normal = array(&node["deps"]).iter().filter(|dependency| {
            array(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null())
        });
        open.extend(normal.map(|dependency| text_of(&dependency["pkg"])));
    }
    found
}

/// The texts in the folder of a package that are named as licences are.
fn licences(manifest: &str) -> Result<Vec<String>> {
    let folder = Path::new(manifest)
        .parent()
        .context("a manifest lies in a folder")?;
    let mut files: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = name.to_uppercase();
            let named = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];
            path.is_file() && named.iter().any(|word| name.starts_with(word))
        })
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| fs::read_to_string(file).with_context(|| format!("reading {}", file.display())))
        .collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
