//! A place where a reader tries what a page shows: an empty home with the command `drv`, the library, and the drivers that the pages
//! speak of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use opendriver::Width;
use opendriver_tests::page::{Reader, said};
use opendriver_tests::{command, library, real};
use tempfile::TempDir;

/// A folder that is the current one and the home, with a registry of its own.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lays a real Windows driver there.
    pub(crate) fn driver(&self, name: &str, width: Width) {
        let from = real::folder(width).join(name);
        fs::copy(&from, self.path(name)).expect("the folder is ours");
    }

    /// Lays a file there.
    pub(crate) fn copy(&self, from: &Path, name: &str) {
        fs::copy(from, self.path(name)).expect("the folder is ours");
    }

    fn shell(&self, line: &str) -> Command {
        let bin = command::binary().parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let lib = library::lib();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("exec 2>&1; {line}")])
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("LD_LIBRARY_PATH", &lib)
            .env("PKG_CONFIG_PATH", lib.join("pkgconfig"))
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("OPENDRIVER_PATH")
            .env_remove("OPENDRIVER_REGISTRY")
            .env_remove("NO_COLOR");
        shell
    }
}

impl Reader for Place {
    fn run(&mut self, line: &str) -> String {
        said(
            self.shell(line).output().expect("a shell"),
            self.folder.path(),
        )
    }

    fn keep(&mut self, name: &str, contents: &str) {
        fs::write(self.path(name), contents).expect("the folder is ours");
    }
}
