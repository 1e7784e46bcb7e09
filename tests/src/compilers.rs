//! C compilers for fixtures.

use std::path::Path;
use std::process::Command;

/// Builds a DLL or a program for 64-bit Windows from C sources, named from the workspace's root.
///
/// # Panics
/// With the compiler's words when it refuses, or with what to install when there is none.
pub fn mingw(sources: &[&str], to: &Path, flags: &[&str]) {
    compile(
        "x86_64-w64-mingw32-gcc",
        "gcc-mingw-w64-x86-64-win32",
        sources,
        to,
        flags,
    );
}

/// Builds a shared object of this system.
///
/// # Panics
/// As [`mingw`] does.
pub fn gcc(sources: &[&str], to: &Path, flags: &[&str]) {
    compile("gcc", "gcc", sources, to, flags);
}

/// Runs a compiler, which a package of this name has.
///
/// # Panics
/// As [`mingw`] does.
pub fn compile(compiler: &str, package: &str, sources: &[&str], to: &Path, flags: &[&str]) {
    let output = Command::new(compiler)
        .current_dir(crate::root())
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(to)
        .args(sources)
        .args(flags)
        .output()
        .unwrap_or_else(|error| {
            panic!("{compiler}: {error}; install it with: apt-get install {package}")
        });
    assert!(
        output.status.success(),
        "{compiler} {sources:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
