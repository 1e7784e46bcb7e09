//! The programs that the test command needs, and crates.io has.
//!
//! They are built into `target/tools` in the debug profile, which is quicker than what they would save.

use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

/// A program, its version, and what of it is built.
struct CargoTool {
    program: &'static str,
    version: &'static str,
    flags: &'static [&'static str],
}

const TOOLS: &[CargoTool] = &[
    // Licences, sources and duplicates among the dependencies.
    CargoTool {
        program: "cargo-deny",
        version: "0.20.2",
        flags: &[],
    },
    // Debian's package; without its own copy of lzma it runs `xz`.
    CargoTool {
        program: "cargo-deb",
        version: "3.8.0",
        flags: &["--no-default-features"],
    },
    // The book; without what watches, serves and searches it.
    CargoTool {
        program: "mdbook",
        version: "0.5.4",
        flags: &["--no-default-features"],
    },
];

/// Builds what is missing or of another version.
pub(crate) fn install(shell: &Shell) -> Result<()> {
    let recorded = shell
        .read_file("target/tools/.crates.toml")
        .unwrap_or_default();
    // One folder, because the tools share dependencies.
    let build = shell.current_dir().join("target/tools/build");
    for &CargoTool {
        program,
        version,
        flags,
    } in TOOLS
    {
        if recorded.contains(&format!("\"{program} {version} ")) {
            continue;
        }
        println!("building {program} {version}");
        let _target = shell.push_env("CARGO_TARGET_DIR", &build);
        cmd!(
            shell,
            "cargo install --quiet --locked --debug --root target/tools {flags...} {program}@{version}"
        )
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0")
        .run()
        .with_context(|| {
            format!("{program} {version} is missing and could not be built; it comes from crates.io")
        })?;
    }
    Ok(shell.remove_path(&build)?)
}

/// Where the program of a tool is.
pub(crate) fn program(shell: &Shell, name: &str) -> PathBuf {
    shell.current_dir().join("target/tools/bin").join(name)
}
