//! The binary `drv`, as a person runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// `drv` from the workspace's root, with a registry of its own, ready to run.
///
/// # Panics
/// When it cannot be built.
pub fn drv_command<'a>(words: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(crate::root()).args(words).args([
        "--registry".as_ref(),
        crate::target().join("tests.toml").as_os_str(),
    ]);
    command
}

/// Runs `drv` as [`drv_command`] gives it.
///
/// # Panics
/// When it cannot be built or started.
pub fn drv<'a>(words: impl IntoIterator<Item = &'a str>) -> Output {
    drv_command(words).output().expect("drv starts")
}

/// What `drv` answers with `--format json`, line by line.
///
/// # Panics
/// When it fails, with what it said.
pub fn drv_json<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    let output = drv(words.into_iter().chain(["--format", "json"]));
    assert!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("drv writes UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

/// The binary, built once: a test of this package alone would find an old one, or none.
///
/// # Panics
/// When it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .current_dir(crate::root())
            .args([
                "build",
                "--quiet",
                "--package",
                "opendriver-cli",
                "--bin",
                "drv",
            ])
            .status()
            .expect("cargo starts");
        assert!(status.success(), "drv does not build");
        crate::target().join("debug/drv")
    })
}
