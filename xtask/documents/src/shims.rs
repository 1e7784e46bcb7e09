//! The table of shims: what of Windows a driver finds here.

use std::fmt::{self, Write};

use opendriver_win32::{Dll, Shim, Width, dlls};

/// The whole document.
pub(crate) fn table() -> String {
    let mut text = String::new();
    write(&mut text).expect("a string takes every write");
    text
}

fn write(text: &mut String) -> fmt::Result {
    let mut dlls: Vec<&Dll> = dlls().to_vec();
    dlls.sort_by_key(|dll| dll.name);
    let total: usize = dlls.iter().map(|dll| shims(dll).len()).sum();
    writeln!(text, "# What of Windows a driver finds here")?;
    writeln!(text)?;
    writeln!(
        text,
        "Made by `cargo xtask tables` from the declarations in `crates/win32/src/dll`; a test fails when it is stale."
    )?;
    writeln!(
        text,
        "A function that is not here does not stop a driver from loading: calling it is a fault that names it."
    )?;
    writeln!(
        text,
        "`drv imports FILE` compares one driver with this table."
    )?;
    writeln!(text)?;
    writeln!(text, "| DLL | functions |")?;
    writeln!(text, "| --- | ---: |")?;
    for dll in &dlls {
        writeln!(
            text,
            "| [{0}](#{1}) | {2} |",
            dll.name,
            anchor(dll.name),
            shims(dll).len()
        )?;
    }
    writeln!(text, "| all | {total} |")?;
    for dll in &dlls {
        writeln!(text, "\n## {}\n", dll.name)?;
        writeln!(text, "| function | what it does |")?;
        writeln!(text, "| --- | --- |")?;
        for (shim, found_by) in shims(dll) {
            let parameters: Vec<&str> = shim.params.iter().map(|(name, _)| *name).collect();
            let doc = shim.doc.trim().replace('|', "\\|");
            writeln!(
                text,
                "| `{}({})` | {doc}{found_by} |",
                shim.name,
                parameters.join(", ")
            )?;
        }
    }
    Ok(())
}

/// The functions of a DLL by name, and a word on those that drivers of one width do not find.
fn shims(dll: &Dll) -> Vec<(&'static Shim, &'static str)> {
    let has = |width, shim: &Shim| dll.shims(width).any(|other| other.name == shim.name);
    let in_64 = dll.shims(Width::Bits64).map(|shim| {
        let in_both = has(Width::Bits32, shim);
        (shim, if in_both { "" } else { " For 64-bit drivers." })
    });
    let only_in_32 = dll
        .shims(Width::Bits32)
        .filter(|shim| !has(Width::Bits64, shim))
        .map(|shim| (shim, " For 32-bit drivers."));
    let mut shims: Vec<_> = in_64.chain(only_in_32).collect();
    shims.sort_by_key(|(shim, _)| shim.name);
    shims
}

/// As GitHub makes them from headings.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_table_in_the_documents_is_fresh() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/win32.md");
        let committed = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            committed == super::table(),
            "docs/win32.md is stale: run `cargo xtask tables` and commit what it writes"
        );
    }

    #[test]
    fn every_shim_says_what_it_does() {
        let silent: Vec<&str> = opendriver_win32::dlls()
            .iter()
            .flat_map(|dll| super::shims(dll))
            .filter(|(shim, _)| shim.doc.trim().is_empty())
            .map(|(shim, _)| shim.name)
            .collect();
        assert!(
            silent.is_empty(),
            "these shims have no doc line: {silent:?}"
        );
    }
}
