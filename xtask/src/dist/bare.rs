//! A Debian 12 that has nothing but its essential packages, to install something in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::tools::{Privilege, privilege};

const SUITE: &str = "bookworm";

/// A system in a folder, which goes away with this.
pub(super) struct Bare<'a> {
    shell: &'a Shell,
    root: PathBuf,
    /// What commands that change the system begin with.
    as_root: Privilege,
}

impl<'a> Bare<'a> {
    /// Unpacks a fresh one; what it is made of is fetched once and kept.
    pub(super) fn new(shell: &'a Shell, name: &str) -> Result<Self> {
        let as_root = privilege(shell)?;
        let base = fetch(shell, as_root)?;
        let root = shell.current_dir().join("target/bare").join(name);
        let bare = Self {
            shell,
            root,
            as_root,
        };
        // A run that was stopped may have left one.
        bare.remove()?;
        let ((as_root, flags), root) = (bare.as_root, &bare.root);
        cmd!(shell, "{as_root} {flags...} mkdir {root}")
            .quiet()
            .run()?;
        cmd!(
            shell,
            "{as_root} {flags...} tar --extract --numeric-owner --file {base} --directory {root}"
        )
        .quiet()
        .run()?;
        Ok(bare)
    }

    /// Copies files, or folders with all that is in them, into a folder of the system.
    pub(super) fn bring(&self, files: &[&Path], folder: &str) -> Result<()> {
        let (shell, (as_root, flags)) = (self.shell, self.as_root);
        let folder = self.root.join(folder);
        cmd!(shell, "{as_root} {flags...} mkdir --parents {folder}")
            .quiet()
            .run()?;
        cmd!(
            shell,
            "{as_root} {flags...} cp --recursive {files...} {folder}"
        )
        .quiet()
        .run()?;
        Ok(())
    }

    /// Runs commands in a folder of the system, stopping at the first that fails.
    ///
    /// No network is there. What is mounted ends with the process, whatever becomes of it, because its mounts are its own.
    pub(super) fn run(&self, folder: &str, commands: &str) -> Result<String> {
        let (shell, (as_root, flags), root) = (self.shell, self.as_root, &self.root);
        let folder = format!("/{folder}");
        cmd!(
            shell,
            "{as_root} {flags...} unshare --mount --pid --net --fork --kill-child --root={root} --wd={folder} --mount-proc
             env --ignore-environment HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
             PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
             sh -euc {commands}"
        )
        .quiet()
        .read()
        .with_context(|| format!("on a bare Debian ({}):\n{commands}", root.display()))
    }

    /// Every file, link and folder, with what a link leads to, but for what the package manager keeps for itself.
    pub(super) fn files(&self) -> Result<Vec<String>> {
        let (shell, (as_root, flags), root) = (self.shell, self.as_root, &self.root);
        let listed = cmd!(
            shell,
            "{as_root} {flags...} find {root} -xdev ( -path {root}/proc -o -path {root}/var/lib/dpkg -o -path {root}/var/lib/apt -o -path {root}/var/log -o -path {root}/var/cache ) -prune -o -printf '%y %P %l\n'"
        )
        .quiet()
        .read()?;
        let mut files: Vec<String> = listed.lines().map(str::to_owned).collect();
        files.sort();
        Ok(files)
    }

    fn remove(&self) -> Result<()> {
        let (shell, (as_root, flags), root) = (self.shell, self.as_root, &self.root);
        cmd!(
            shell,
            "{as_root} {flags...} rm --recursive --force --one-file-system {root}"
        )
        .quiet()
        .run()?;
        Ok(())
    }
}

impl Drop for Bare<'_> {
    fn drop(&mut self) {
        // What could not be removed now is removed before the next run.
        let _ = self.remove();
    }
}

/// Makes the archive that every system comes from, where there is none.
fn fetch(shell: &Shell, (as_root, flags): Privilege) -> Result<PathBuf> {
    let folder = shell.current_dir().join("target/bare");
    let base = folder.join(format!("{SUITE}.tar"));
    if base.is_file() {
        return Ok(base);
    }
    println!("fetching the essential packages of Debian's {SUITE} with mmdebstrap");
    shell.create_dir(&folder)?;
    let unfinished = folder.join("unfinished.tar");
    // There is no /dev/pts on it.
    let plain = "--aptopt=Dpkg::Use-Pty \"false\"";
    cmd!(
        shell,
        "{as_root} {flags...} mmdebstrap --quiet --variant=minbase {plain} {SUITE} {unfinished}"
    )
    .run()
    .context("a bare Debian could not be fetched; this needs the network, and root or sudo")?;
    // In one step, so that an archive that is there is whole.
    std::fs::rename(&unfinished, &base).with_context(|| format!("keeping {}", base.display()))?;
    Ok(base)
}
