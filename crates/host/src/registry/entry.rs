//! The entry of a driver section: a file and the text that its `DRV_OPEN` gets.

use super::LayerName;

/// A driver that is installed under an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The alias, as it is written.
    pub name: String,
    /// The file of the driver, as it is written: a path, or a name for the search path.
    pub file: String,
    /// The parameter text; empty where the entry has none.
    pub params: String,
    /// The section that holds the entry, by its short name.
    pub section: String,
    /// The layer that the entry comes from.
    pub layer: LayerName,
}

/// Splits the one-line form of an entry into the file and its parameter text.
///
/// The text starts after the first space. Quotes protect spaces in the path and are dropped from it; the text keeps every
/// character, further spaces too.
///
/// ```
/// use opendriver::registry::split_entry;
///
/// assert_eq!(split_entry("modem.drv com1  fast"), ("modem.drv".to_owned(), "com1  fast"));
/// assert_eq!(split_entry(r#""C:\My Drivers\modem.drv" com1"#), (r"C:\My Drivers\modem.drv".to_owned(), "com1"));
/// ```
#[must_use]
pub fn split_entry(line: &str) -> (String, &str) {
    let line = line.trim_start_matches(' ');
    let mut file = String::new();
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => return (file, &line[at + 1..]),
            _ => file.push(c),
        }
    }
    (file, "")
}

/// Writes an entry in its one-line form, from which [`split_entry`] makes the same file and text.
#[must_use]
pub fn join_entry(file: &str, params: &str) -> String {
    let mut line = if file.contains(' ') {
        format!("\"{file}\"")
    } else {
        file.to_owned()
    };
    if !params.is_empty() {
        line.push(' ');
        line.push_str(params);
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_starts_after_the_first_space_and_keeps_its_own() {
        assert_eq!(split_entry("a.drv"), ("a.drv".to_owned(), ""));
        assert_eq!(split_entry("a.drv  x  y "), ("a.drv".to_owned(), " x  y "));
        assert_eq!(split_entry("  a.drv x"), ("a.drv".to_owned(), "x"));
        assert_eq!(
            split_entry("a.drv say \"no\""),
            ("a.drv".to_owned(), "say \"no\"")
        );
    }

    #[test]
    fn quotes_protect_spaces_in_the_path_only() {
        assert_eq!(
            split_entry(r#""C:\a b\c.drv" x y"#),
            (r"C:\a b\c.drv".to_owned(), "x y")
        );
        assert_eq!(
            split_entry(r#"C:\"a b"\c.drv x"#),
            (r"C:\a b\c.drv".to_owned(), "x")
        );
        assert_eq!(
            split_entry(r#""C:\a b.drv"#),
            (r"C:\a b.drv".to_owned(), "")
        );
    }

    proptest! {
        #[test]
        fn an_entry_survives_its_one_line_form(file in "[^\" ][^\"]*", params in ".*") {
            let line = join_entry(&file, &params);
            prop_assert_eq!(split_entry(&line), (file, params.as_str()));
        }
    }
}
