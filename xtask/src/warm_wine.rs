//! Wine with a server that stays, so that what is measured is warm.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Debian's loader. Its script `wine` wants a 32-bit loader for 32-bit programs; this one runs them itself.
const LOADER: &str = "/usr/lib/wine/wine64";

/// A Wine prefix with a server that stays; it ends when this is dropped.
pub(crate) struct WarmWine {
    prefix: PathBuf,
    /// The folder that holds Wine's DLLs of 32 bits, in one called `i386-windows`.
    dlls: PathBuf,
}

impl WarmWine {
    /// Makes the prefix unless it is there, and starts the server.
    pub(crate) fn start(folder: &Path, dlls: &Path) -> Result<Self> {
        let wine = Self {
            prefix: folder.join("both-widths"),
            dlls: dlls.to_owned(),
        };
        ensure!(
            dlls.join("i386-windows").is_dir(),
            "{} is missing; get it with: cargo xtask drivers",
            dlls.display()
        );
        let run = |words: &[&str]| {
            let status = wine
                .environment(&mut Command::new(words[0]))
                .args(&words[1..])
                .status();
            ensure!(
                status.with_context(|| words.join(" "))?.success(),
                "{} failed",
                words.join(" ")
            );
            Ok(())
        };
        if !wine.prefix.exists() {
            run(&[LOADER, "wineboot", "--init"])?;
        }
        // A server that is about to go would keep the one that is to stay from starting.
        run(&["wineserver", "--wait"])?;
        run(&["wineserver", "--persistent"])?;
        Ok(wine)
    }

    /// A program of Windows, of either width, to be run.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(LOADER);
        self.environment(&mut command).arg(program);
        command
    }

    fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDLLPATH", &self.dlls)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree=d;mshtml=d")
            .env_remove("DISPLAY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
    }
}

impl Drop for WarmWine {
    fn drop(&mut self) {
        // A server that is left costs nothing but its memory; there is nobody to tell.
        let _ = self
            .environment(Command::new("wineserver").arg("--kill"))
            .status();
    }
}

/// The name under which Wine sees a file of this system.
pub(crate) fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}
