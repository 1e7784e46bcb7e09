//! Where a project in Rust finds the SDK, as its Cargo.toml says it.

use std::fs;
use std::path::Path;

use super::error::Error;

/// The SDK that is published with this program.
pub(super) fn published() -> String {
    concat!(
        "\"",
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR"),
        "\""
    )
    .to_owned()
}

/// The SDK in a folder, or in a checkout of opendriver.
///
/// # Errors
/// It is in neither.
pub(super) fn below(folder: &Path) -> Result<String, Error> {
    let mut source = None;
    for place in [folder.to_owned(), folder.join("crates/sdk")] {
        match fs::read_to_string(place.join("Cargo.toml")) {
            Ok(manifest) if is_sdk(&manifest) => return dependency(&place),
            Ok(_) => {}
            // Of two places that are not there, the one that was named tells more.
            Err(error) => source = source.or(Some(error)),
        }
    }
    Err(Error::NoSdk {
        path: folder.to_owned(),
        source,
    })
}

fn is_sdk(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim);
    lines.any(|line| line == "name = \"opendriver-sdk\"")
}

/// A path as a dependency has it: good from wherever the project is moved to.
fn dependency(place: &Path) -> Result<String, Error> {
    let path = fs::canonicalize(place).map_err(|source| Error::NoSdk {
        path: place.to_owned(),
        source: Some(source),
    })?;
    let text = path
        .to_str()
        .ok_or_else(|| Error::NotUtf8 { path: path.clone() })?;
    Ok(format!("{{ path = \"{}\" }}", escaped(text)))
}

/// Text between the quotes of TOML.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            control if control.is_control() => {
                escaped += &format!("\\u{:04x}", u32::from(control));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_toml() {
        assert_eq!(
            escaped("/a b/\"c\"\\d\n\u{e9}"),
            "/a b/\\\"c\\\"\\\\d\\u000a\u{e9}"
        );
    }

    #[test]
    fn the_sdk_is_found_in_its_folder_and_in_the_checkout() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = below(&root).unwrap();
        assert_eq!(found, below(&root.join("crates/sdk")).unwrap());
        assert!(
            found.starts_with("{ path = \"/") && found.ends_with("/crates/sdk\" }"),
            "{found}"
        );
        let error = below(&root.join("crates")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("there is no opendriver-sdk in"),
            "{error}"
        );
    }
}
