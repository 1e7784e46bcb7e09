//! The conformance suite and the tests that need several crates.

pub mod fixtures;

pub mod compilers;
pub mod wine;

use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// The folder for what is built, downloaded and written by tests.
pub fn target() -> PathBuf {
    root().join("target")
}
