//! Drivers of ours as shared objects, and as DLLs of 64-bit Windows.

use std::env;
use std::path::{Path, PathBuf};
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

/// Builds drivers' DLLs for 64-bit Windows, each by its package and the name of the example.
///
/// The toolchain of this repository has no standard library for Windows. Debian has the sources of one and the compiler that belongs to
/// them, which makes it beside the driver.
///
/// # Panics
/// When they do not build, or with what to install when there is no such compiler.
pub fn windows_dlls<const N: usize>(examples: [(&str, &str); N]) -> [PathBuf; N] {
    const COMPILER: &str = "/usr/bin/rustc";
    const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
    for needed in [COMPILER, SOURCES] {
        assert!(
            Path::new(needed).exists(),
            "{needed} is missing; install it with: apt-get install rustc-web rust-web-src"
        );
    }
    let target = crate::target().join("rust-for-windows");
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        // Optimized as a whole, so that what is not used is left out: the random numbers of hash maps need a DLL that Wine 8 does
        // not have.
        "--release",
        "-Zbuild-std=std,panic_unwind",
        "--target",
        "x86_64-pc-windows-gnu",
    ]);
    for (package, example) in examples {
        build.args(["--package", package, "--example", example]);
    }
    let status = build
        .arg("--target-dir")
        .arg(&target)
        .current_dir(crate::root())
        .env("RUSTC", COMPILER)
        // Building the standard library is not a stable thing to ask for.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{examples:?} do not build for Windows");
    let folder = target.join("x86_64-pc-windows-gnu/release/examples");
    examples.map(|(_, example)| folder.join(format!("{example}.dll")))
}
