//! Wine, as the other system to compare with: one prefix for all tests, made once, for programs of either width.
//!
//! ```no_run
//! # use std::path::Path;
//! # use opendriver_tests::{compilers::{self, Width}, wine::Wine};
//! # fn run(folder: &Path) {
//! let program = folder.join("host.exe");
//! compilers::windows(Width::W32, &["tests/oracle/host.c"], &program, &["-lwinmm"]);
//! let (status, said) = Wine::prepared().run(folder, &program, ["an argument"]);
//! # }
//! ```

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use rustix::fs::{FlockOperation, flock};

/// Debian's loader. Its script `wine` wants a 32-bit loader for 32-bit programs; this one runs them itself when it finds
/// DLLs for them.
const LOADER: &str = "/usr/lib/wine/wine64";

/// A Wine prefix of our own below `target/`; the user's is not touched.
pub struct Wine {
    prefix: PathBuf,
    /// The folder that holds Wine's DLLs of 32 bits, in one called `i386-windows`.
    dlls: PathBuf,
}

impl Wine {
    /// Makes the prefix (some ten seconds) unless an earlier test did.
    ///
    /// # Panics
    /// Says what to install when there is no Wine, or only half of it: a test that is skipped proves nothing.
    pub fn prepared() -> Self {
        let folder = crate::target().join("oracle");
        fs::create_dir_all(&folder).expect("target/ is writable");
        let wine = Self {
            prefix: folder.join("both-widths"),
            dlls: crate::target().join("drivers/wine"),
        };
        assert!(
            wine.dlls.join("i386-windows/zlib1.dll").is_file(),
            "Wine's 32-bit half is missing; get it with: cargo xtask drivers"
        );
        let lock = File::create(folder.join("lock")).expect("target/oracle is writable");
        flock(&lock, FlockOperation::LockExclusive).expect("target/oracle can be locked");
        let made = wine.prefix.join("made");
        if !made.exists() {
            // With the DLLs of both widths in sight, this fills system32 and syswow64 alike.
            let (status, said) = wine.run(&folder, "wineboot", ["--init"]);
            assert!(status.success(), "wineboot failed: {status}: {said}");
            File::create(made).expect("the prefix is writable");
        }
        wine
    }

    /// Runs a program of Windows, of either width, or of Wine in a folder and returns how it ended and what it wrote to standard output.
    ///
    /// The output goes through a file: Wine's server and services outlive the program and would hold a pipe open.
    pub fn run<I: IntoIterator<Item: AsRef<OsStr>>>(
        &self,
        folder: &Path,
        program: impl AsRef<OsStr>,
        arguments: I,
    ) -> (ExitStatus, String) {
        let mut written = tempfile::tempfile().expect("there is room for a temporary file");
        let output = written.try_clone().expect("a file can have two names");
        let status = Command::new(LOADER)
            .current_dir(folder)
            .arg(program)
            .args(arguments)
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDLLPATH", &self.dlls)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree=d;mshtml=d")
            .env_remove("DISPLAY")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .status()
            .expect("Wine is missing; install it with: apt-get install wine wine64");
        let mut text = String::new();
        written
            .seek(SeekFrom::Start(0))
            .expect("a file can be read from its start");
        written
            .read_to_string(&mut text)
            .expect("programs write UTF-8");
        (status, text)
    }

    /// Merges registry entries, given as the text of a `.reg` file.
    ///
    /// # Panics
    /// When Wine does not take them.
    pub fn merge(&self, file: &Path) {
        let (status, said) = self.run(&self.prefix, "regedit", ["/S".as_ref(), file.as_os_str()]);
        assert!(status.success(), "regedit failed: {status}: {said}");
    }
}

/// The name under which Wine sees a file of this system.
pub fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}
