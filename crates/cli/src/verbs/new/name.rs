//! What a new driver is called: a name that Cargo, C compilers, file systems and Windows all take.

use std::fmt;
use std::path::Path;

use opendriver_setup::linked;

use super::error::Error;
use crate::args::Lang;

/// As many characters as a registry of crates takes.
const LONGEST: usize = 64;

/// Words of Rust, those included that it keeps for later.
const WORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union",
];

/// Crates that every Rust project has already.
const CRATES: [&str; 5] = ["alloc", "core", "proc_macro", "std", "test"];

/// Names that no file can have on Windows, whatever its ending.
const DEVICES: [&str; 22] = [
    "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "lpt1",
    "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
];

/// A good name for a driver: lower-case letters, digits, dashes and underscores, a letter first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// The name of the driver whose project goes into a folder.
    ///
    /// # Errors
    /// The folder has no name, or one that cannot be a driver's in this language.
    pub(super) fn of(folder: &Path, lang: Lang) -> Result<Self, Error> {
        let last = folder.file_name().ok_or_else(|| Error::NoName {
            path: folder.to_owned(),
        })?;
        let name = last.to_str().ok_or_else(|| Error::NotUtf8 {
            path: folder.to_owned(),
        })?;
        Self::parse(name, lang)
    }

    fn parse(name: &str, lang: Lang) -> Result<Self, Error> {
        let is_good = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        let bad = |(at, character): (usize, char)| Error::BadCharacter {
            name: name.to_owned(),
            character,
            position: at + 1,
            better: repaired(name),
        };
        let mut characters = name.chars().enumerate();
        if let Some(found) = characters.find(|&(_, c)| !is_good(c)) {
            return Err(bad(found));
        }
        if let Some(first) = name.chars().next().filter(|c| !c.is_ascii_lowercase()) {
            return Err(Error::BadStart {
                name: name.to_owned(),
                character: first,
                better: repaired(name),
            });
        }
        if name.len() > LONGEST {
            return Err(Error::TooLong {
                name: name.to_owned(),
                most: LONGEST,
            });
        }
        match taken(name, lang) {
            Some(by) => Err(Error::Taken {
                name: name.to_owned(),
                by,
                better: format!("{name}-driver"),
            }),
            None => Ok(Self(name.to_owned())),
        }
    }

    /// The name.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as Rust's code and files have it.
    pub(super) fn in_code(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who has a name already.
fn taken(name: &str, lang: Lang) -> Option<&'static str> {
    let in_code = name.replace('-', "_");
    let is_in = |list: &[&str]| list.contains(&in_code.as_str());
    if is_in(&DEVICES) {
        Some("a device of Windows")
    } else if linked().iter().any(|driver| driver.name() == name) {
        Some("a driver that is built into drv")
    } else if lang == Lang::C {
        None
    } else if is_in(&WORDS) {
        Some("a word of Rust")
    } else if is_in(&CRATES) {
        Some("a crate that every Rust project has")
    } else if in_code == "opendriver" || in_code.starts_with("opendriver_") {
        Some("a crate of opendriver")
    } else {
        None
    }
}

/// A name that is as near as can be to one that is not good.
fn repaired(name: &str) -> String {
    let mut better = String::new();
    let mut was_lower = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && was_lower {
            better.push('-');
        }
        was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        match character.to_ascii_lowercase() {
            good @ ('a'..='z' | '0'..='9' | '_') => better.push(good),
            _ if better.ends_with('-') => {}
            _ => better.push('-'),
        }
    }
    let better = better.trim_matches(['-', '_']);
    let start = if better.starts_with(|first: char| first.is_ascii_lowercase()) {
        ""
    } else {
        "driver-"
    };
    let mut better = format!("{start}{better}");
    better.truncate(LONGEST);
    better.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(name: &str, lang: Lang) -> String {
        Name::parse(name, lang).unwrap_err().to_string()
    }

    #[test]
    fn names_of_letters_digits_dashes_and_underscores_are_good() {
        for name in [
            "a",
            "my-codec",
            "x264_fast",
            "mp3",
            "a-",
            "fn-driver",
            &"a".repeat(64),
        ] {
            assert_eq!(Name::parse(name, Lang::Rust).unwrap().as_str(), name);
        }
        assert_eq!(
            Name::parse("my-codec", Lang::Rust).unwrap().in_code(),
            "my_codec"
        );
    }

    #[test]
    fn a_name_that_is_taken_says_by_whom() {
        for (name, by) in [
            ("fn", "a word of Rust"),
            ("try", "a word of Rust"),
            ("test", "a crate that every Rust project has"),
            ("proc-macro", "a crate that every Rust project has"),
            ("opendriver-sdk", "a crate of opendriver"),
            ("opendriver_x", "a crate of opendriver"),
            ("echo", "a driver that is built into drv"),
            ("nul", "a device of Windows"),
        ] {
            assert_eq!(said(name, Lang::Rust), format!("\"{name}\" is {by}"));
        }
        assert!(
            Name::parse("fn", Lang::C).is_ok(),
            "C has files of that name, no more"
        );
        assert_eq!(said("com1", Lang::C), "\"com1\" is a device of Windows");
    }

    #[test]
    fn a_character_that_no_name_has_is_named() {
        for (name, expected, better) in [
            (
                "my codec",
                "\"my codec\" cannot be a driver's name: character 3 is ' '",
                "my-codec",
            ),
            (
                "MyCodec",
                "\"MyCodec\" cannot be a driver's name: character 1 is 'M'",
                "my-codec",
            ),
            (
                "caf\u{e9}",
                "\"caf\u{e9}\" cannot be a driver's name: character 4 is '\u{e9}'",
                "caf",
            ),
            (
                "a\u{200b}b",
                "\"a\\u{200b}b\" cannot be a driver's name: character 2 is '\\u{200b}'",
                "a-b",
            ),
            (
                "a\nb",
                "\"a\\nb\" cannot be a driver's name: character 2 is '\\n'",
                "a-b",
            ),
            (
                "7zip",
                "\"7zip\" cannot be a driver's name: it begins with '7'",
                "driver-7zip",
            ),
            (
                "-x",
                "\"-x\" cannot be a driver's name: it begins with '-'",
                "x",
            ),
            (
                "\u{97f3}",
                "\"\u{97f3}\" cannot be a driver's name: character 1 is '\u{97f3}'",
                "driver",
            ),
        ] {
            assert_eq!(said(name, Lang::C), expected);
            assert_eq!(repaired(name), better);
        }
    }

    #[test]
    fn a_name_has_an_end() {
        assert!(said(&"a".repeat(65), Lang::Rust).ends_with("has 65 characters, 64 are allowed"));
    }

    proptest! {
        /// What is suggested is taken, but where the suggestion is a name that somebody has.
        #[test]
        fn a_suggestion_is_a_good_name(name in "\\PC{1,80}") {
            let better = repaired(&name);
            let taken = taken(&better, Lang::Rust).is_some();
            prop_assert!(taken || Name::parse(&better, Lang::Rust).is_ok(), "{better:?}");
        }
    }
}
