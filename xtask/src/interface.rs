//! What each published library promises, as a list, and whether it is kept.
//!
//! The lists were made at the last release. What they name may not go or change before a version that says so; what is new is
//! free until it is released.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::packaged::{Crate, published};

/// Where the lists are.
const LISTS: &str = "xtask/interface";

/// What promises nothing in Rust: `drv` to people, `libopendriver` to C.
const OTHERS: [&str; 2] = ["opendriver-cli", "opendriver-capi"];

/// One library's interface at one version.
struct Interface {
    version: String,
    items: BTreeSet<String>,
}

/// Fails where something is gone and the version does not say so.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let mut found = Vec::new();
    for (one, now) in interfaces(shell)? {
        let file = list(&one.name);
        let text = shell.read_file(&file).with_context(|| {
            format!(
                "{} has no list of its interface yet: `cargo xtask interface` makes it",
                one.name
            )
        })?;
        let promised = Interface::parse(&text)
            .with_context(|| format!("{} does not begin with a version", file.display()))?;
        let gone = gone(&promised, &now);
        println!(
            "{:20} {:5} items, {} promised by {}, {} of them gone",
            one.name,
            now.items.len(),
            promised.items.len(),
            promised.version,
            gone.len()
        );
        if !may_break(&promised.version, &now.version) {
            found.extend(gone.iter().map(|item| format!("{}: {item}", one.name)));
        }
    }
    ensure!(
        found.is_empty(),
        "these are promised, and gone or changed; keep them, or raise the version so that it says so:\n  {}",
        found.join("\n  ")
    );
    Ok(())
}

/// Writes the lists anew, which belongs to a release.
pub(crate) fn record(shell: &Shell) -> Result<()> {
    shell.remove_path(LISTS)?;
    for (one, now) in interfaces(shell)? {
        shell.write_file(list(&one.name), now.to_string())?;
    }
    Ok(())
}

fn list(name: &str) -> PathBuf {
    Path::new(LISTS).join(format!("{name}.txt"))
}

/// The interfaces of all published libraries, from what rustdoc writes for programs.
fn interfaces(shell: &Shell) -> Result<Vec<(Crate, Interface)>> {
    let libraries: Vec<Crate> = published(shell)?
        .into_iter()
        .filter(|one| !OTHERS.contains(&one.name.as_str()))
        .collect();
    let selected = libraries
        .iter()
        .map(|one| format!("--package={}", one.name));
    let selected: Vec<String> = selected.collect();
    // The format is not stable, but it is that of the compiler in rust-toolchain.toml. Build scripts look whether the compiler
    // takes such flags, so that all would be built again in the folder of the others.
    let target = shell.current_dir().join("target/interface");
    cmd!(
        shell,
        "cargo doc --quiet --no-deps --lib --locked {selected...}"
    )
    .env("RUSTC_BOOTSTRAP", "1")
    .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
    .env("CARGO_TARGET_DIR", &target)
    .run()?;
    libraries
        .into_iter()
        .map(|one| {
            let file = format!("doc/{}.json", one.name.replace('-', "_"));
            let items = public_api::Builder::from_rustdoc_json(target.join(file))
                .omit_blanket_impls(true)
                .omit_auto_trait_impls(true)
                .build()
                .with_context(|| format!("the interface of {} cannot be read", one.name))?;
            let items = items.items().map(ToString::to_string).collect();
            let version = one.version.clone();
            Ok((one, Interface { version, items }))
        })
        .collect()
}

impl Interface {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let version = lines.next()?.strip_prefix("version ")?.to_owned();
        let items = lines.map(str::to_owned).collect();
        Some(Self { version, items })
    }
}

impl std::fmt::Display for Interface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "version {}", self.version)?;
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))
    }
}

/// What was promised and is not there as it was.
fn gone<'a>(promised: &'a Interface, now: &'a Interface) -> Vec<&'a String> {
    promised.items.difference(&now.items).collect()
}

/// Whether a later version may break what an earlier one promised: its first number that is not 0 is another.
fn may_break(before: &str, now: &str) -> bool {
    fn promise(version: &str) -> Option<(usize, &str)> {
        let mut numbers = version.split(['.', '-', '+']).take(3).enumerate();
        numbers.find(|(_, number)| *number != "0")
    }
    promise(before) != promise(now)
}

#[cfg(test)]
mod tests {
    use super::{Interface, gone, may_break};

    #[test]
    fn a_version_breaks_with_its_first_number_that_is_not_0() {
        assert!(!may_break("0.1.0", "0.1.0"));
        assert!(!may_break("0.1.0", "0.1.7"));
        assert!(may_break("0.1.0", "0.2.0"));
        assert!(may_break("0.9.3", "1.0.0"));
        assert!(!may_break("1.2.3", "1.3.0"));
        assert!(may_break("1.2.3", "2.0.0"));
        assert!(may_break("0.0.1", "0.0.2"));
    }

    #[test]
    fn what_is_changed_is_gone_and_what_is_new_is_not() {
        let promised = Interface::parse("version 0.1.0\npub fn a()\npub fn b()\n").unwrap();
        let now = Interface::parse("version 0.1.0\npub fn a(u32)\npub fn b()\npub fn c()\n");
        assert_eq!(gone(&promised, &now.unwrap()), ["pub fn a()"]);
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let text = "version 0.1.0\npub fn a()\npub fn b()\n";
        assert_eq!(Interface::parse(text).unwrap().to_string(), text);
        assert!(Interface::parse("pub fn a()\n").is_none());
    }
}
