//! C compilers for fixtures.

use std::path::Path;
use std::process::Command;

pub use opendriver::Width;

/// Builds a DLL or a program for 64-bit Windows from C sources, named from the workspace's root.
///
/// # Panics
/// With the compiler's words when it refuses, or with what to install when there is none.
pub fn mingw(sources: &[&str], to: &Path, flags: &[&str]) {
    windows(Width::W64, sources, to, flags);
}

/// Builds a DLL or a program for Windows from C or, by their names, C++ sources.
///
/// Functions of 32-bit DLLs are exported by their plain names, as those of Windows are, not with the `@20` that tells how
/// many bytes of parameters a function takes.
///
/// # Panics
/// As [`mingw`] does.
pub fn windows(width: Width, sources: &[&str], to: &Path, flags: &[&str]) {
    let (compiler, package) = match sources.iter().any(|source| source.ends_with(".cpp")) {
        true => ("g++", "g++-mingw-w64"),
        false => ("gcc", "gcc-mingw-w64"),
    };
    let (machine, plain): (_, &[&str]) = match width {
        Width::W64 => ("x86_64", &[]),
        Width::W32 => ("i686", &["-Wl,--kill-at"]),
    };
    let compiler = format!("{machine}-w64-mingw32-{compiler}");
    let package = format!("{package}-{}-win32", machine.replace('_', "-"));
    compile(&compiler, &package, sources, to, &[plain, flags].concat());
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
