//! Which files are in force: registries, and folders that drivers are looked for in.

use std::path::Path;

use opendriver::Registry;
use opendriver::registry::Layer;
use opendriver_setup::SECTIONS;

use super::Finding;
use crate::report::Failure;
use crate::session::Session;

pub(super) fn findings(session: &Session) -> Vec<Finding> {
    let registries = session
        .registries()
        .iter()
        .map(|(owner, file)| registry(owner.name(), file));
    let folders = session.folders().iter().map(|folder| {
        let found = folder.display().to_string();
        if folder.is_dir() {
            Finding::ok("folder of drivers", found)
        } else {
            Finding::note("folder of drivers", found + ": no such folder")
        }
    });
    registries.chain(folders).collect()
}

/// What a registry file says, by itself.
fn registry(name: &str, file: &Path) -> Finding {
    let check = format!("registry ({name})");
    let shown = file.display();
    if !file.exists() {
        return Finding::ok(check, format!("{shown}: none yet"));
    }
    match drivers(file) {
        Ok(1) => Finding::ok(check, format!("{shown}: 1 driver")),
        Ok(count) => Finding::ok(check, format!("{shown}: {count} drivers")),
        Err(error) => Finding::problem(check, error.causes().join(": ")),
    }
}

/// How many drivers a registry file names.
fn drivers(file: &Path) -> Result<usize, Failure> {
    let registry = Registry::open([Layer::file(file)]);
    let mut count = 0;
    for section in SECTIONS {
        count += registry.values(section)?.len();
    }
    Ok(count)
}
