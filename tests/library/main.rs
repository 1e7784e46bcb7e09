//! `libopendriver.so` under programs in C that do what programs should not, and end as they like.

mod misuse;

mod ends;

mod transcript;

mod registry;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

use opendriver_tests::fixtures::{self, Target};
use opendriver_tests::{compilers, library, root};
use tempfile::TempDir;

/// A program in C, built against the library as a person would.
struct Program {
    file: PathBuf,
    folder: TempDir,
}

impl Program {
    /// Builds `tests/library/NAME.c`.
    fn build(name: &str) -> Self {
        // One library for all: cargo would wait for itself otherwise, and say so.
        static BUILDING: Mutex<()> = Mutex::new(());
        let prefix = {
            let _one = BUILDING.lock().unwrap_or_else(|it| it.into_inner());
            library::prefix()
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        let source = format!("tests/library/{name}.c");
        let include = prefix.join("include");
        let flags = [
            "-std=gnu99".to_owned(),
            format!("-I{}", include.display()),
            format!("-I{}", include.join("opendriver").display()),
            format!("-L{}", prefix.join("lib").display()),
            // One of them loads the library later.
            "-Wl,--as-needed".to_owned(),
            "-lopendriver".to_owned(),
            "-lpthread".to_owned(),
            "-ldl".to_owned(),
        ];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        compilers::gcc(&[&source], &file, &flags);
        Self { file, folder }
    }

    /// A command that runs it, with a registry that nobody else has.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.file);
        command
            .current_dir(self.folder.path())
            .env("LD_LIBRARY_PATH", library::lib())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("OPENDRIVER_REGISTRY", self.registry())
            .env_remove("OPENDRIVER_PATH");
        command
    }

    /// The file of the registry.
    fn registry(&self) -> PathBuf {
        self.folder.path().join("registry.toml")
    }

    /// Runs it; it ends well and says what it said.
    fn run(&self, arguments: &[&str]) -> String {
        good(&self.command().args(arguments).output().unwrap())
    }
}

/// What a program that ended well has written.
fn good(output: &Output) -> String {
    let [said, errors] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert!(
        output.status.success(),
        "{}: {said}\n{errors}",
        output.status
    );
    said.into_owned()
}

/// The driver `obliging.c`, as a shared object and as a Windows DLL of both widths.
fn obliging() -> [String; 3] {
    let targets = [Target::Native, Target::Windows64Crt, Target::Windows32Crt];
    targets.map(|target| text(&fixtures::compiled("obliging", target)))
}

fn text(path: &Path) -> String {
    assert!(path.starts_with(root()));
    path.to_str().unwrap().to_owned()
}
