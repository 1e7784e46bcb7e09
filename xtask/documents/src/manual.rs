//! Manual pages of `drv` and its verbs, from what `--help` says.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes `drv.1`, `drv-open.1` ... into a folder.
pub(crate) fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let command = opendriver_cli::command();
    clap_mangen::generate_to(command, folder)
        .with_context(|| format!("writing to {}", folder.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_verb_has_its_text() {
        let command = opendriver_cli::command();
        let silent: Vec<&str> = command
            .get_subcommands()
            .filter(|verb| verb.get_about().is_none())
            .map(clap::Command::get_name)
            .collect();
        assert_eq!(silent, [""; 0], "these verbs do not say what they do");
    }
}
