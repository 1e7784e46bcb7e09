//! Where a key is: roots, short names of driver sections, names that ignore case.

use std::fmt;

use super::Error;

/// Where Windows keeps the driver sections, below `HKLM`.
const CURRENT_VERSION: [&str; 4] = ["Software", "Microsoft", "Windows NT", "CurrentVersion"];

/// Sections that a registry file writes by their short name.
pub const SECTIONS: [&str; 8] = [
    "Drivers32",
    "drivers",
    "drivers.desc",
    "MCI",
    "MCI32",
    "MCI Extensions",
    "Terminal Server",
    "Userinstallable.drivers",
];

/// The roots of the tree: short name, long name, and where a root that is a view of another one leads.
const ROOTS: [(&str, &str, &[&str]); 6] = [
    ("HKLM", "HKEY_LOCAL_MACHINE", &["HKLM"]),
    ("HKCU", "HKEY_CURRENT_USER", &["HKCU"]),
    (
        "HKCR",
        "HKEY_CLASSES_ROOT",
        &["HKLM", "Software", "Classes"],
    ),
    ("HKU", "HKEY_USERS", &["HKU"]),
    ("HKCC", "HKEY_CURRENT_CONFIG", &["HKCC"]),
    ("HKDD", "HKEY_DYN_DATA", &["HKDD"]),
];

/// The place of a key, from its root down; equal to another that differs only in the case of letters.
///
/// A path starts with a root (`HKLM`, `HKEY_CURRENT_USER` ...). One that does not is a driver section: `Drivers32` is
/// `HKLM\Software\Microsoft\Windows NT\CurrentVersion\Drivers32`, the place where Windows drivers look for it.
///
/// ```
/// use opendriver::registry::KeyPath;
///
/// let short: KeyPath = "drivers32".parse()?;
/// let long: KeyPath = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Drivers32".parse()?;
/// assert_eq!(short, long);
/// assert_eq!(long.to_string(), "Drivers32");
/// # Ok::<(), opendriver::registry::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyPath {
    names: Vec<String>,
    folded: Vec<String>,
}

impl KeyPath {
    fn from_names(names: Vec<String>) -> Self {
        let folded = names.iter().map(|name| fold(name)).collect();
        Self { names, folded }
    }

    /// The key below this one that has `name`, which may be a path itself.
    ///
    /// # Errors
    /// [`Error::BadKey`] when `name` cannot name a key.
    pub fn join(&self, name: &str) -> Result<Self, Error> {
        let mut names = self.names.clone();
        names.extend(components(name)?);
        Ok(Self::from_names(names))
    }

    /// The names from the root down, as they were written.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The last name of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The path with the long name of its root, as `.reg` files write it.
    #[must_use]
    pub fn long(&self) -> String {
        let root = ROOTS.iter().find(|(short, ..)| self.names[0] == *short);
        let mut text = root
            .map_or(self.names[0].as_str(), |(_, long, _)| long)
            .to_owned();
        for name in &self.names[1..] {
            text.push('\\');
            text.push_str(name);
        }
        text
    }

    /// True for a key that nothing is above.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.names.len() == 1
    }

    /// The names from the root down, in the form that compares.
    pub(super) fn folded(&self) -> &[String] {
        &self.folded
    }

    /// The names below the place of the driver sections, when the path leads there.
    fn below_current_version(&self) -> Option<&[String]> {
        let (root, rest) = self.folded.split_first()?;
        let above = rest.get(..CURRENT_VERSION.len())?;
        let leads_there = root == "HKLM"
            && above
                .iter()
                .zip(CURRENT_VERSION)
                .all(|(a, b)| *a == fold(b));
        leads_there.then(|| &self.names[1 + CURRENT_VERSION.len()..])
    }
}

impl std::str::FromStr for KeyPath {
    type Err = Error;

    fn from_str(path: &str) -> Result<Self, Error> {
        let rest: Vec<String> = components(path)?.collect();
        let Some(first) = rest.first() else {
            return Err(Error::BadKey {
                key: path.to_owned(),
                reason: "it names nothing",
            });
        };
        let folded = fold(first);
        let root = ROOTS
            .iter()
            .find(|(short, long, _)| folded == *short || folded == *long);
        let names = match root {
            Some((.., place)) => place
                .iter()
                .map(|&name| name.to_owned())
                .chain(rest.into_iter().skip(1))
                .collect(),
            None => ["HKLM"]
                .into_iter()
                .chain(CURRENT_VERSION)
                .map(str::to_owned)
                .chain(rest)
                .collect(),
        };
        Ok(Self::from_names(names))
    }
}

/// The way that a person writes it: a driver section by its short name, all else from a short root.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let section = match self.below_current_version() {
            Some([section]) => SECTIONS.iter().find(|known| fold(known) == fold(section)),
            _ => None,
        };
        match section {
            Some(known) => f.write_str(known),
            None => f.write_str(&self.names.join("\\")),
        }
    }
}

impl PartialEq for KeyPath {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for KeyPath {}

/// The form of a name that compares: Windows' upper case, one character for one.
pub(super) fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_uppercase();
    }
    name.chars().map(upper).collect()
}

/// Windows' table maps one character to one, and none from outside ASCII into it: `ß` and `ı` stay themselves.
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) if c.is_ascii() || !one.is_ascii() => one,
        _ => c,
    }
}

/// Longest name of a key, in UTF-16 units, as on Windows.
const LONGEST_NAME: usize = 255;
/// Deepest key, as on Windows.
const DEEPEST: usize = 512;

/// The names in `path`. Backslashes at the ends and doubled ones mean nothing, as on Windows.
fn components(path: &str) -> Result<impl Iterator<Item = String>, Error> {
    let bad = |reason| Error::BadKey {
        key: path.to_owned(),
        reason,
    };
    if path.contains('\0') {
        return Err(bad("a name holds a zero character"));
    }
    let names = path.split('\\').filter(|name| !name.is_empty());
    if names.clone().count() > DEEPEST {
        return Err(bad("it is more than 512 keys deep"));
    }
    if names
        .clone()
        .any(|name| name.encode_utf16().count() > LONGEST_NAME)
    {
        return Err(bad("a name is longer than 255 characters"));
    }
    Ok(names.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> KeyPath {
        text.parse().expect("a good path")
    }

    #[test]
    fn a_short_name_and_the_place_that_windows_drivers_ask_for_are_one_key() {
        let place = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\";
        for section in [
            "Drivers32",
            "drivers",
            "drivers32",
            "mci",
            "mci32",
            "mci extensions",
        ] {
            assert_eq!(
                path(section),
                path(&format!("{place}{section}")),
                "{section}"
            );
        }
        assert_ne!(path("drivers"), path("drivers32"));
    }

    #[test]
    fn roots_go_by_both_names_and_classes_are_a_view_of_the_machine() {
        assert_eq!(path(r"hkey_current_user\a"), path(r"HKCU\A"));
        assert_eq!(path(r"HKCR\.avi"), path(r"HKLM\software\classes\.AVI"));
        assert_eq!(path(r"HKCU\a").long(), r"HKEY_CURRENT_USER\a");
    }

    #[test]
    fn a_path_reads_back_as_it_is_shown() {
        for text in [
            "Drivers32",
            r"HKCU\Software\Vendor\Codec",
            r"HKLM\Software",
            "HKU",
            "MCI Extensions",
        ] {
            assert_eq!(path(text).to_string(), text);
        }
    }

    #[test]
    fn letters_fold_as_on_windows() {
        assert_eq!(
            fold("Stra\u{df}e \u{e9}\u{131}"),
            "STRA\u{df}E \u{c9}\u{131}"
        );
        assert_eq!(fold("\u{fb01}"), "\u{fb01}");
    }

    #[test]
    fn paths_that_name_nothing_are_refused() {
        for text in ["", r"\\", "a\0b", &"x".repeat(256), &r"a\".repeat(513)] {
            assert!(
                matches!(text.parse::<KeyPath>(), Err(Error::BadKey { .. })),
                "{text:?}"
            );
        }
        assert_eq!(path(r"\HKCU\\a\"), path(r"HKCU\a"));
    }
}
