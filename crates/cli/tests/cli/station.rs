//! A place of its own for each test of `drv`: an empty registry, an empty folder, drivers that misbehave on demand.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use opendriver::Width;
use opendriver_tests::fixtures::{Target, compiled_text};
use opendriver_tests::real;
use tempfile::TempDir;

const DRV: &str = env!("CARGO_BIN_EXE_drv");

/// A folder that is the current one, and that holds the registry of the user.
pub(crate) struct Station {
    folder: TempDir,
}

impl Station {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file into the folder.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("the folder is ours");
        path
    }

    /// Puts a driver into the folder under this name.
    pub(crate) fn driver(&self, name: &str, source: &str, target: Target) {
        let compiled = compiled_text("cli", source, target);
        std::fs::copy(compiled, self.path(name)).expect("the folder is ours");
    }

    /// Puts a Windows driver into the folder that was built for a processor of telephones. Answers where it is.
    pub(crate) fn driver_for_arm(&self, name: &str) -> String {
        /// `IMAGE_FILE_MACHINE_ARMNT`
        const ARM: [u8; 2] = 0x01c4_u16.to_le_bytes();
        let i386 = real::folder(Width::W32).join("msadp32.acm");
        let mut image = std::fs::read(i386).expect("the driver");
        let headers = u32::from_le_bytes(image[0x3c..0x40].try_into().expect("four bytes"));
        image[headers as usize + 4..][..2].copy_from_slice(&ARM);
        let path = self.file(name, image);
        path.into_os_string().into_string().expect("UTF-8")
    }

    /// `drv` in the folder, with this command line.
    pub(crate) fn command(&self, line: &[&str]) -> Command {
        let mut command = self.program(DRV);
        command.args(line);
        command
    }

    /// A line of shell in the folder, where `drv` is a command; both streams come as one.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let bin = Path::new(DRV).parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.program("sh");
        command
            .args(["-c", &format!("exec 2>&1; {line}")])
            .env("PATH", format!("{}:{path}", bin.display()));
        command
    }

    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env_remove("OPENDRIVER_PATH")
            .env_remove("NO_COLOR");
        command
    }

    /// Runs `drv` and waits for its end.
    pub(crate) fn run(&self, line: &[&str]) -> Ran {
        let output = self.command(line).output().expect("drv runs");
        Ran::new(output)
    }
}

/// What a run of `drv` left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The lines of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let parse =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.out.lines().map(parse).collect()
    }

    /// What was said to drivers, and what they answered: `DRV_OPEN=1`, or `DRV_USER!` where the driver broke.
    pub(crate) fn said(&self) -> Vec<String> {
        self.json()
            .iter()
            .map(|line| match line.get("answer") {
                Some(answer) => format!("{}={answer}", line["message"].as_str().expect("a name")),
                None => format!("{}!", line["message"].as_str().expect("a name")),
            })
            .collect()
    }
}
