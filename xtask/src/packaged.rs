//! Whether each crate can be published: it is packed, and builds from its package and those of its neighbours.
//!
//! `cargo package` would verify the same, but it keeps what it has built of a neighbour from run to run, and so finds errors that are
//! mended and misses new ones. Here the packages stand beside each other in a workspace of their own.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

/// Where the packages are unpacked.
const HOUSE: &str = "target/package/house";

/// A published crate.
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// Packs all published crates and builds them.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let crates = published(shell)?;
    pack(shell, &crates)?;
    for one in &crates {
        unpack(shell, one)?;
    }
    let members: String = crates
        .iter()
        .map(|one| format!("    \"{}\",\n", one.name))
        .collect();
    let patches: String = crates
        .iter()
        .map(|one| format!("{0} = {{ path = \"{0}\" }}\n", one.name))
        .collect();
    shell.write_file(
        format!("{HOUSE}/Cargo.toml"),
        format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n\n[patch.crates-io]\n{patches}"
        ),
    )?;
    shell.copy_file("Cargo.lock", HOUSE)?;
    let target = shell.current_dir().join("target");
    cmd!(
        shell,
        "cargo check --offline --workspace --manifest-path {HOUSE}/Cargo.toml --target-dir {target}"
    )
    .run()?;
    Ok(())
}

/// The crates that are for others, too.
pub(crate) fn published(shell: &Shell) -> Result<Vec<Crate>> {
    let metadata = cmd!(
        shell,
        "cargo metadata --no-deps --format-version 1 --locked"
    )
    .quiet()
    .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array();
    let packages = packages.context("a workspace has packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(packages
        .iter()
        .filter(|package| package["publish"].is_null())
        .map(|package| Crate {
            name: text(&package["name"]),
            version: text(&package["version"]),
        })
        .collect())
}

/// Packs the crates, and takes no warning but that some tests stay at home.
fn pack(shell: &Shell, crates: &[Crate]) -> Result<()> {
    let selected = crates.iter().map(|one| format!("--package={}", one.name));
    let selected: Vec<String> = selected.collect();
    let output = cmd!(
        shell,
        "cargo package --no-verify --allow-dirty --locked {selected...}"
    )
    .quiet()
    .ignore_status()
    .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let warnings: Vec<&str> = said
        .lines()
        .filter(|line| {
            line.starts_with("warning: ")
                && !line.contains(" is not included in the published package")
        })
        .collect();
    ensure!(warnings.is_empty(), "{}", warnings.join("\n"));
    println!("{} packages", crates.len());
    Ok(())
}

/// Unpacks one, unless it is the one that lies there.
fn unpack(shell: &Shell, Crate { name, version }: &Crate) -> Result<()> {
    let archive = shell
        .current_dir()
        .join(format!("target/package/{name}-{version}.crate"));
    let folder = shell.current_dir().join(HOUSE).join(name);
    let kept = shell
        .current_dir()
        .join(HOUSE)
        .join(format!("{name}.crate"));
    if folder.is_dir() && is_same(&archive, &kept) {
        return Ok(());
    }
    shell.remove_path(&kept)?;
    shell.remove_path(&folder)?;
    shell.create_dir(&folder)?;
    // Cargo builds what is newer than what it has built, and all files in a package are of 2006.
    cmd!(
        shell,
        "tar --extract --gzip --touch --strip-components=1 --file {archive} --directory {folder}"
    )
    .quiet()
    .run()?;
    Ok(shell.copy_file(archive, kept)?)
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}
