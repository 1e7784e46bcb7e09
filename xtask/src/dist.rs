//! Packages for those who install: a tarball, and a `.deb` for Debian.
//!
//! Both hold the same files, which [`stage`] lays out below one prefix.

mod archive;
mod bare;
mod notices;
mod page;
mod stage;
mod trial;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

pub(crate) use trial::{run as test, step};

/// How the programs in the packages are built.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Build {
    /// As others get them.
    Release,
    /// With the test command's own build, to try the packaging.
    Debug,
}

impl Build {
    /// What `cargo build` is to build.
    fn selection(self) -> &'static [&'static str] {
        match self {
            Self::Release => &[
                "--release",
                "--package=opendriver-cli",
                "--package=opendriver-documents",
            ],
            // Less would be built with fewer features, and so once more.
            Self::Debug => &["--workspace", "--all-targets"],
        }
    }

    /// Where `cargo build` leaves the programs, below `target`.
    fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
        }
    }
}

/// What to make, and where.
pub(crate) struct Options {
    build: Build,
    out: PathBuf,
}

impl Options {
    /// Reads `--debug` and `--out DIR`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            build: Build::Release,
            out: PathBuf::from("target/dist"),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--debug" => options.build = Build::Debug,
                "--out" => {
                    let folder = words.next().context("--out needs a folder")?;
                    // Where the person is, and not where the workspace is.
                    options.out = std::env::current_dir()?.join(folder);
                }
                other => bail!("unknown option {other:?}: expected --debug or --out DIR"),
            }
        }
        Ok(options)
    }
}

/// What was made.
pub(crate) struct Packages {
    tarball: PathBuf,
    deb: PathBuf,
}

/// Builds everything and packs it.
pub(crate) fn make(shell: &Shell, options: &Options) -> Result<Packages> {
    let version = version(shell)?;
    let _flags = match options.build {
        Build::Release => Some(shell.push_env("CARGO_ENCODED_RUSTFLAGS", nowhere(shell)?)),
        Build::Debug => None,
    };
    stage::fill(shell, options.build, &version)?;
    let packages = archive::pack(shell, options, &version)?;
    println!("{}", packages.tarball.display());
    println!("{}", packages.deb.display());
    Ok(packages)
}

/// Folders of this machine, of which the programs are not to tell.
fn folders(shell: &Shell) -> Result<[PathBuf; 2]> {
    let cargo = match (shell.var("CARGO_HOME"), shell.var("HOME")) {
        (Ok(folder), _) => PathBuf::from(folder),
        (_, home) => PathBuf::from(home?).join(".cargo"),
    };
    Ok([shell.current_dir(), cargo])
}

/// Flags that give those folders other names, in the form that takes spaces.
fn nowhere(shell: &Shell) -> Result<String> {
    let [sources, cargo] = folders(shell)?;
    Ok(format!(
        "--remap-path-prefix={}=opendriver\u{1f}--remap-path-prefix={}=cargo",
        sources.display(),
        cargo.display()
    ))
}

/// The version that all packages of the workspace share.
fn version(shell: &Shell) -> Result<String> {
    let metadata = cmd!(
        shell,
        "cargo metadata --no-deps --format-version 1 --locked"
    )
    .quiet()
    .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let package = metadata["packages"]
        .as_array()
        .and_then(|packages| packages.iter().find(|one| one["name"] == "opendriver-cli"));
    let version = package.and_then(|package| package["version"].as_str());
    Ok(version
        .context("cargo knows no package \"opendriver-cli\"")?
        .to_owned())
}

/// The time that all files of the packages bear, in seconds: that of the last commit, so that a package can be made again.
fn timestamp(shell: &Shell) -> Result<String> {
    if let Ok(given) = shell.var("SOURCE_DATE_EPOCH") {
        return Ok(given);
    }
    cmd!(shell, "git log -1 --format=%ct").quiet().read().context(
        "when these sources were made is not known: this is no git repository, and SOURCE_DATE_EPOCH is not set",
    )
}
