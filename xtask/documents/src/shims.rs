//! The table of shims: what of Windows a driver finds here.

use std::fmt::{self, Write};

use opendriver_win32::{Dll, Shim, dlls};

/// The whole document.
pub(crate) fn table() -> String {
    let mut text = String::new();
    write(&mut text).expect("a string takes every write");
    text
}

fn write(text: &mut String) -> fmt::Result {
    let mut dlls: Vec<&Dll> = dlls().to_vec();
    dlls.sort_by_key(|dll| dll.name);
    let total: usize = dlls.iter().map(|dll| dll.shims().count()).sum();
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
            dll.shims().count()
        )?;
    }
    writeln!(text, "| all | {total} |")?;
    for dll in &dlls {
        writeln!(text, "\n## {}\n", dll.name)?;
        writeln!(text, "| function | what it does |")?;
        writeln!(text, "| --- | --- |")?;
        let mut shims: Vec<&Shim> = dll.shims().collect();
        shims.sort_by_key(|shim| shim.name);
        for shim in shims {
            let parameters: Vec<&str> = shim.params.iter().map(|(name, _)| *name).collect();
            let doc = shim.doc.trim().replace('|', "\\|");
            writeln!(
                text,
                "| `{}({})` | {doc} |",
                shim.name,
                parameters.join(", ")
            )?;
        }
    }
    Ok(())
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
            .flat_map(|dll| dll.shims())
            .filter(|shim| shim.doc.trim().is_empty())
            .map(|shim| shim.name)
            .collect();
        assert!(
            silent.is_empty(),
            "these shims have no doc line: {silent:?}"
        );
    }
}
