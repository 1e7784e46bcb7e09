//! The table of shims: what of Windows a driver finds here.

use std::collections::HashSet;
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
    let total: usize = dlls.iter().map(|dll| functions(dll).len()).sum();
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
            functions(dll).len()
        )?;
    }
    writeln!(text, "| all | {total} |")?;
    for dll in &dlls {
        writeln!(text, "\n## {}\n", dll.name)?;
        writeln!(text, "| function | what it does |")?;
        writeln!(text, "| --- | --- |")?;
        for (signature, doc) in functions(dll) {
            writeln!(text, "| `{signature}` | {} |", doc.replace('|', "\\|"))?;
        }
    }
    Ok(())
}

/// The functions of a DLL by name: how each is called and what it does, and whether drivers of one width only find it.
fn functions(dll: &Dll) -> Vec<(String, String)> {
    let names = |width| -> HashSet<&str> { dll.shims(width).map(|shim| shim.name).collect() };
    let (in_32, in_64) = (names(Width::Bits32), names(Width::Bits64));
    let of_shim = |shim: &Shim, found_by: &str| {
        let parameters: Vec<&str> = shim.params.iter().map(|(name, _)| *name).collect();
        let signature = format!("{}({})", shim.name, parameters.join(", "));
        (shim.name, signature, shim.doc.trim().to_owned() + found_by)
    };
    let for_64 = dll.shims(Width::Bits64).map(|shim| {
        let in_both = in_32.contains(shim.name);
        of_shim(shim, if in_both { "" } else { " For 64-bit drivers." })
    });
    let for_32 = dll
        .shims(Width::Bits32)
        .filter(|shim| !in_64.contains(shim.name))
        .map(|shim| of_shim(shim, " For 32-bit drivers."));
    let code = dll.code().map(|code| {
        let doc = code.doc.trim().to_owned() + " For 32-bit drivers.";
        (code.name, code.name.to_owned(), doc)
    });
    let mut rows: Vec<_> = for_64.chain(for_32).chain(code).collect();
    rows.sort_by_key(|(name, ..)| *name);
    rows.into_iter()
        .map(|(_, signature, doc)| (signature, doc))
        .collect()
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
        let silent: Vec<String> = opendriver_win32::dlls()
            .iter()
            .flat_map(|dll| super::functions(dll))
            .filter(|(_, doc)| doc.trim().is_empty())
            .map(|(signature, _)| signature)
            .collect();
        assert!(
            silent.is_empty(),
            "these shims have no doc line: {silent:?}"
        );
    }
}
