//! Drivers of ours as shared objects.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Builds a driver's shared object the way that its author does, where the running test was built.
///
/// # Panics
/// When it does not build.
pub fn shared_object(package: &str, example: &str) -> PathBuf {
    let test = env::current_exe().expect("a test is a file");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test stands in target/PROFILE/deps");
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "--package",
        package,
        "--example",
        example,
    ]);
    build
        .arg("--target-dir")
        .arg(profile.parent().expect("the target folder"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let status = build
        .current_dir(crate::root())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{package} does not build");
    profile.join(format!("examples/lib{example}.so"))
}
