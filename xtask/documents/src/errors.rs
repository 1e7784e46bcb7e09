//! The table of errors: every one that a program or a person can meet, from the sources of the crates.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use proc_macro2::TokenTree;
use syn::{Attribute, Item, Visibility};

/// The crates whose errors are told, and what meets them.
const ROOMS: [(&str, &str); 8] = [
    (
        "crates/host",
        "opening, asking and closing drivers; the registry",
    ),
    ("crates/pe", "files that are to be Windows images"),
    (
        "crates/win32",
        "Windows images on their way into the process",
    ),
    ("crates/codec", "sound, pictures and files of them"),
    ("crates/sdk", "inside a driver"),
    (
        "crates/capi",
        "what `opendriver_last_error` tells beside these",
    ),
    ("crates/setup", "where drivers are looked for"),
    ("crates/cli", "`drv` itself"),
];

/// The whole document, of the sources below `root`.
pub(crate) fn table(root: &Path) -> Result<String> {
    let mut text = String::from(HEAD);
    for (room, what) in ROOMS {
        let mut errors = Vec::new();
        for file in sources(&root.join(room).join("src"))? {
            let code = std::fs::read_to_string(&file)
                .with_context(|| format!("reading {}", file.display()))?;
            let parsed =
                syn::parse_file(&code).with_context(|| format!("parsing {}", file.display()))?;
            let at = file.strip_prefix(root).unwrap_or(&file);
            found(&parsed.items, at, &mut errors);
        }
        if !errors.is_empty() {
            write(&mut text, room, what, &errors)?;
        }
    }
    Ok(text)
}

const HEAD: &str = "\
# Every error

Made by `cargo xtask tables` from the sources; a test fails when it is stale.
Words in ‹these› stand for what differs: names, numbers, what was found.
`drv` prints an error behind `error:`, and what caused it behind `caused by:`; from C it is one line of `opendriver_last_error`.
What to do about it, by what you see: [troubleshooting](troubleshooting.md).
";

/// An error type: its name, where it is declared, and its kinds.
struct Declared {
    name: String,
    file: PathBuf,
    kinds: Vec<Kind>,
}

/// One kind of error: what it says, and what that means.
struct Kind {
    name: String,
    message: String,
    meaning: String,
}

fn write(text: &mut String, room: &str, what: &str, errors: &[Declared]) -> fmt::Result {
    writeln!(text, "\n## {room}: {what}")?;
    for error in errors {
        let Declared { name, file, kinds } = error;
        writeln!(text, "\n### `{name}` in `{}`\n", file.display())?;
        writeln!(text, "| error | says | means |\n| --- | --- | --- |")?;
        for Kind {
            name,
            message,
            meaning,
        } in kinds
        {
            let cell = |text: &str| text.replace('|', "\\|");
            writeln!(text, "| `{name}` | {} | {} |", cell(message), cell(meaning))?;
        }
    }
    Ok(())
}

/// The Rust files below a folder, in order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut sources(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Collects the types that derive `thiserror::Error`; tests are nobody's concern.
fn found(items: &[Item], file: &Path, errors: &mut Vec<Declared>) {
    for item in items {
        let (name, kinds) = match item {
            Item::Enum(item) if is_error(&item.attrs) => {
                let kinds = item.variants.iter().map(|variant| Kind {
                    name: variant.ident.to_string(),
                    message: message(&variant.attrs),
                    meaning: meaning(&variant.attrs),
                });
                (&item.ident, kinds.collect())
            }
            Item::Struct(item) if is_error(&item.attrs) && item.vis != Visibility::Inherited => {
                let kind = Kind {
                    name: item.ident.to_string(),
                    message: message(&item.attrs),
                    meaning: meaning(&item.attrs),
                };
                (&item.ident, vec![kind])
            }
            _ => continue,
        };
        errors.push(Declared {
            name: name.to_string(),
            file: file.to_owned(),
            kinds,
        });
    }
}

fn is_error(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut found = false;
        if attribute.path().is_ident("derive") {
            // What cannot be read as paths derives nothing that is looked for.
            let _ = attribute.parse_nested_meta(|meta| {
                found |= meta
                    .path
                    .segments
                    .first()
                    .is_some_and(|it| it.ident == "thiserror");
                Ok(())
            });
        }
        found
    })
}

/// What an error says, with the names of fields where they stand.
fn message(attributes: &[Attribute]) -> String {
    let Some(error) = attributes.iter().find(|it| it.path().is_ident("error")) else {
        return String::new();
    };
    let Ok(list) = error.meta.require_list() else {
        return String::new();
    };
    let mut tokens = list.tokens.clone().into_iter();
    let format = tokens.next().map(|token| token.to_string());
    let format = format.and_then(|token| syn::parse_str::<syn::LitStr>(&token).ok());
    let rest: Vec<TokenTree> = tokens.collect();
    let arguments = rest.split(|token| is_punct(token, ',')).skip(1);
    let arguments: Vec<String> = arguments.map(field).collect();
    match format {
        Some(format) => named(&format.value(), &arguments),
        None => CARRIED.to_owned(),
    }
}

/// What stands where a field has no name.
const CARRIED: &str = "what it carries says";

/// The field that an argument of a format names: `.file.display()` and `shown(file)` name `file`.
fn field(argument: &[TokenTree]) -> String {
    match argument {
        [TokenTree::Punct(dot), TokenTree::Ident(name), ..] if dot.as_char() == '.' => {
            name.to_string()
        }
        [.., TokenTree::Ident(_), TokenTree::Group(inside)]
            if !argument.iter().any(|token| is_punct(token, '.')) =>
        {
            field(&inside.stream().into_iter().collect::<Vec<_>>())
        }
        [TokenTree::Ident(name), ..] => name.to_string(),
        _ => "value".to_owned(),
    }
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// Puts the names of fields in the place of what a format prints.
fn named(format: &str, arguments: &[String]) -> String {
    let mut text = String::new();
    let mut arguments = arguments.iter();
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        text += &rest[..open].replace("}}", "}");
        rest = &rest[open + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            text.push('{');
            rest = after;
            continue;
        }
        let close = rest.find('}').unwrap_or(rest.len());
        let name = rest[..close].split(':').next().unwrap_or_default();
        let name = match name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            true => name,
            false => arguments.next().map_or("value", String::as_str),
        };
        text += &format!("‹{name}›");
        rest = rest.get(close + 1..).unwrap_or_default();
    }
    text + &rest.replace("}}", "}")
}

/// The first paragraph of the documentation, as one line.
fn meaning(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let value = &attribute.meta.require_name_value().ok()?.value;
        let syn::Expr::Lit(literal) = value else {
            return None;
        };
        match &literal.lit {
            syn::Lit::Str(text) if attribute.path().is_ident("doc") => Some(text.value()),
            _ => None,
        }
    });
    let lines: Vec<String> = lines
        .map(|line| line.trim().to_owned())
        .take_while(|line| !line.is_empty())
        .collect();
    // A link of rustdoc leads nowhere here.
    lines.join(" ").replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_the_names_of_its_fields() {
        let code = r#"
            /// Why not.
            #[derive(Debug, thiserror::Error)]
            pub enum Error {
                /// The file is of another kind,
                /// as [`Kind`] says.
                ///
                /// More.
                #[error("expected {expected:?} at {{{offset:#x}}}, found {}", name(.kind))]
                Other { expected: u8, offset: u8, kind: u8 },
                #[error(transparent)]
                Inner(#[from] Inner),
            }
            /// Not an error.
            #[derive(Debug)]
            pub struct Plain;
        "#;
        let mut errors = Vec::new();
        found(
            &syn::parse_file(code).unwrap().items,
            Path::new("a.rs"),
            &mut errors,
        );
        assert_eq!(errors.len(), 1);
        let [other, inner] = &errors[0].kinds[..] else {
            panic!("two kinds");
        };
        assert_eq!(
            other.message,
            "expected ‹expected› at {‹offset›}, found ‹kind›"
        );
        assert_eq!(
            other.meaning,
            "The file is of another kind, as `Kind` says."
        );
        assert_eq!(inner.message, "what it carries says");
    }

    #[test]
    fn the_table_in_the_book_is_of_these_sources() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .unwrap();
        let committed = std::fs::read_to_string(root.join("docs/errors.md")).unwrap_or_default();
        assert!(
            table(root).unwrap() == committed,
            "docs/errors.md is stale: run `cargo xtask tables` and commit what it writes"
        );
    }
}
