//! Documents that are made from the code: manual pages, the tables of shims and of errors.
//!
//! `cargo xtask` runs this; it is a package of its own because it stands on the whole house, and `xtask` on nothing.

#![forbid(unsafe_code)]

mod errors;
mod manual;
mod shims;

use std::path::Path;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["man", folder] => manual::write(Path::new(folder)),
        ["shims", file] => {
            std::fs::write(file, shims::table()).with_context(|| format!("writing {file}"))
        }
        ["errors", file] => std::fs::write(file, errors::table(Path::new("."))?)
            .with_context(|| format!("writing {file}")),
        _ => bail!(
            "expected `man FOLDER`, `shims FILE` or `errors FILE`; `cargo xtask man` and `cargo xtask tables` run this"
        ),
    }
}
