//! `libopendriver.so` with its headers, as a person installs it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder that holds `lib` and `include`, built once for all tests of a process, in the profile of the running test.
///
/// # Panics
/// When it does not build.
pub fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let test = env::current_exe().expect("a test is a file");
        let release = test
            .ancestors()
            .nth(2)
            .is_some_and(|it| it.ends_with("release"));
        let output = Command::new(env!("CARGO"))
            .current_dir(crate::root())
            .args(["xtask", "library"])
            .args(release.then_some("--release"))
            .output()
            .expect("cargo starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "the library does not build: {said}"
        );
        let profile = if release { "release" } else { "debug" };
        crate::target().join("library").join(profile)
    })
}

/// The folder of libraries, which a program is told by `LD_LIBRARY_PATH`.
///
/// # Panics
/// As [`prefix`] does.
pub fn lib() -> PathBuf {
    prefix().join("lib")
}
