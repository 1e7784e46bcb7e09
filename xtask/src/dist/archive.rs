//! The two packages, made so that the same files give the same bytes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use super::stage::STAGE;
use super::{Build, Options, Packages, timestamp};
use crate::cargo_tools;

/// The changes of the package itself, in Debian's format; the manifest of `opendriver-cli` names the file too.
const CHANGES: &str = "target/dist/changelog";

/// Whose the package is and what one may do with it, in Debian's format; likewise.
const COPYRIGHT: &str = "target/dist/copyright";

/// Who answers for the package, as in that manifest.
const MAINTAINER: &str = "the opendriver authors <opendriver@users.noreply.github.com>";

/// Packs what is staged.
pub(super) fn pack(shell: &Shell, options: &Options, version: &str) -> Result<Packages> {
    let time = timestamp(shell)?;
    shell.create_dir(&options.out)?;
    Ok(Packages {
        tarball: tarball(shell, &options.out, version, &time)?,
        deb: deb(shell, options, version, &time)?,
    })
}

/// A folder that bears the version and can be unpacked anywhere.
fn tarball(shell: &Shell, out: &Path, version: &str, time: &str) -> Result<PathBuf> {
    let name = format!("opendriver-{version}-x86_64-linux");
    let tar = out.join(format!("{name}.tar"));
    // `S`: what a link leads to keeps its name.
    let rename = format!("--transform=s,^[.],{name},S");
    cmd!(
        shell,
        "tar --create --file {tar} --format=gnu --sort=name --mtime=@{time} --owner=0 --group=0 --numeric-owner {rename} --directory {STAGE} ."
    )
    .quiet()
    .run()?;
    cmd!(shell, "gzip --best --no-name --force {tar}")
        .quiet()
        .run()?;
    Ok(out.join(format!("{name}.tar.gz")))
}

/// Debian's package; what is in it, and the rest that Debian wants to know, stands in the manifest of `opendriver-cli`.
fn deb(shell: &Shell, options: &Options, version: &str, time: &str) -> Result<PathBuf> {
    let file = options
        .out
        .join(format!("opendriver_{version}-1_amd64.deb"));
    let date = cmd!(shell, "date --utc --rfc-email --date=@{time}")
        .env("LC_ALL", "C")
        .quiet()
        .read()?;
    shell.write_file(
        CHANGES,
        format!(
            "opendriver ({version}-1) stable; urgency=medium\n\n  * Version {version}; what is new is in changelog.gz.\n\n -- {MAINTAINER}  {date}\n"
        ),
    )?;
    shell.write_file(COPYRIGHT, copyright(shell)?)?;
    let cargo_deb = cargo_tools::program(shell, "cargo-deb");
    let fast: &[&str] = match options.build {
        Build::Release => &[],
        Build::Debug => &["--fast"],
    };
    cmd!(
        shell,
        "{cargo_deb} deb --quiet --locked --no-build --no-strip {fast...} --manifest-path crates/cli/Cargo.toml --deb-version {version}-1 --output {file}"
    )
    .env("SOURCE_DATE_EPOCH", time)
    .run()
    .context("cargo-deb makes the package; `cargo xtask test` builds it when it is missing")?;
    Ok(file)
}

/// The text of [`COPYRIGHT`].
fn copyright(shell: &Shell) -> Result<String> {
    let licence = shell.read_file("LICENSE-MIT")?;
    let holder = licence
        .lines()
        .find_map(|line| line.strip_prefix("Copyright (c) "))
        .context("LICENSE-MIT does not say whose copyright it is")?;
    // A text within a field: indented, and a dot for an empty line.
    let text: String = licence
        .lines()
        .skip_while(|line| !line.starts_with("Permission"))
        .map(|line| match line {
            "" => " .\n".to_owned(),
            line => format!(" {line}\n"),
        })
        .collect();
    Ok(format!(
        "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: opendriver
Source: https://github.com/opendriver/opendriver
Comment: The licences of the libraries that are linked in are in THIRD-PARTY, beside this file.

Files: *
Copyright: {holder}
License: MIT or Apache-2.0

License: MIT
{text}
License: Apache-2.0
 The text is in /usr/share/common-licenses/Apache-2.0.
"
    ))
}
