//! Which package may stand on which.

use std::process::Command;

use serde_json::Value;

use crate::sources::{assert_none, root};

/// Each package of the house and what it may depend on. Dependencies point down only.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("opendriver-abi", &[]),
    ("opendriver-guard", &[]),
    ("opendriver-pe", &[]),
    ("opendriver-sdk", &["opendriver-abi"]),
    (
        "opendriver-win32",
        &["opendriver-abi", "opendriver-guard", "opendriver-pe"],
    ),
    (
        "opendriver",
        &[
            "opendriver-abi",
            "opendriver-guard",
            "opendriver-sdk",
            "opendriver-win32",
        ],
    ),
    ("opendriver-codec", &["opendriver", "opendriver-abi"]),
    ("opendriver-echo", &["opendriver-abi", "opendriver-sdk"]),
    ("opendriver-flac", &["opendriver-sdk"]),
    ("opendriver-pcm", &["opendriver-abi", "opendriver-sdk"]),
    ("opendriver-serial", &["opendriver-sdk"]),
    ("opendriver-tone", &["opendriver-sdk"]),
    (
        "opendriver-setup",
        &[
            "opendriver",
            "opendriver-echo",
            "opendriver-flac",
            "opendriver-pcm",
            "opendriver-sdk",
            "opendriver-serial",
            "opendriver-tone",
        ],
    ),
    (
        "opendriver-capi",
        &[
            "opendriver",
            "opendriver-abi",
            "opendriver-codec",
            "opendriver-guard",
            "opendriver-setup",
        ],
    ),
    (
        "opendriver-cli",
        &[
            "opendriver",
            "opendriver-abi",
            "opendriver-codec",
            "opendriver-echo",
            "opendriver-pcm",
            "opendriver-pe",
            "opendriver-setup",
            "opendriver-win32",
        ],
    ),
    ("xtask", &[]),
    (
        "opendriver-documents",
        &["opendriver-cli", "opendriver-win32"],
    ),
];

pub(crate) fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

#[test]
fn dependencies_point_down() {
    let metadata = metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("a workspace has packages");
    let ours: Vec<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let mut found = Vec::new();
    for (name, allowed) in ALLOWED {
        let package = packages.iter().find(|package| package["name"] == name);
        let package = package.unwrap_or_else(|| panic!("there is no package {name} any more"));
        for dependency in package["dependencies"]
            .as_array()
            .expect("a package lists its dependencies")
        {
            let to = dependency["name"]
                .as_str()
                .expect("a dependency has a name");
            // Tests may stand on anything.
            if dependency["kind"] != "dev" && ours.contains(&to) && !allowed.contains(&to) {
                found.push(format!("{name} -> {to}"));
            }
        }
    }
    assert_none(found, "nothing below names what is above:");
}

#[test]
fn every_package_obeys_the_lints_of_the_workspace() {
    let metadata = metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("a workspace has packages");
    let found = packages
        .iter()
        .filter_map(|package| package["manifest_path"].as_str())
        .filter(|path| {
            let manifest = std::fs::read_to_string(path).expect("a manifest can be read");
            !manifest.contains("[lints]\nworkspace = true")
        })
        .map(str::to_owned)
        .collect();
    assert_none(found, "each Cargo.toml says `[lints] workspace = true`:");
}
