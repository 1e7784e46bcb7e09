//! `libopendriver.so`, and all that a program needs to be built with it and to find it.
//!
//! rustc gives the exports of a shared library one version or none, so it makes a static one and the link is ours.

mod layout;
mod link;

use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::{Shell, cmd};

/// The real file. Its second name is what programs are linked to.
pub(crate) const FILE: &str = concat!("libopendriver.so.", env!("CARGO_PKG_VERSION"));

/// What programs that were linked to the library look for. The number changes when they would break, whatever the version is.
pub(crate) const SONAME: &str = "libopendriver.so.0";

/// The libraries of Windows that it stands for, and what `pkg-config` says of each.
pub(crate) const LIBRARIES: [(&str, &str); 3] = [
    ("winmm", "Windows' driver functions, by opendriver"),
    ("msacm32", "Windows' audio codecs, by opendriver"),
    ("msvfw32", "Windows' video codecs, by opendriver"),
];

/// Builds the library and lays out `target/library/{debug,release}`, which can be copied anywhere.
pub(crate) fn build(shell: &Shell, profile: &str) -> Result<()> {
    let prefix = PathBuf::from("target/library").join(profile);
    let library = link::link(shell, profile, &prefix.join("lib"))?;
    layout::lay_out(shell, &library, &prefix, Path::new("lib"))?;
    println!("{}", prefix.display());
    Ok(())
}

/// The folder that holds what cargo makes.
fn target(shell: &Shell) -> Result<PathBuf> {
    let metadata = cmd!(
        shell,
        "cargo metadata --format-version 1 --no-deps --locked --offline"
    );
    let metadata: serde_json::Value = serde_json::from_str(&metadata.quiet().read()?)?;
    Ok(PathBuf::from(
        metadata["target_directory"].as_str().unwrap_or("target"),
    ))
}
