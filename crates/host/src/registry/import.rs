//! What other systems know of drivers: `system.ini`, exports of `regedit`, Wine prefixes.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::path::{SECTIONS, fold};
use super::reg::{Dialect, Item};
use super::{Change, Error, KeyPath, Registry, Value, ini, reg, split_entry, text};

/// A larger file is no registry that anybody exported.
const LARGEST: u64 = 256 << 20;

/// How much of a source an import takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The driver sections, the keys that the multimedia system keeps, and the keys of vendors.
    #[default]
    Drivers,
    /// Everything.
    All,
}

/// What a source holds, read but not yet written to a registry.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("system.ini");
/// use opendriver::registry::{Import, Registry, Scope};
///
/// std::fs::write(&file, "[drivers]\r\nwave=mmsystem.dll\r\n[386Enh]\r\nwoafont=x.fon\r\n")?;
/// let import = Import::read(&file, Scope::Drivers)?;
/// assert_eq!(import.skipped[0].to_string(), "[386Enh]: no section of drivers");
///
/// let registry = Registry::in_memory();
/// registry.apply(&import.changes)?;
/// assert_eq!(registry.alias("drivers", "wave")?.expect("it was imported").file, "mmsystem.dll");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// The changes to make, in the order of the source.
    pub changes: Vec<Change>,
    /// What is not taken, and why.
    pub skipped: Vec<Skipped>,
}

/// Something in a source that an import does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The file that it is in.
    pub file: PathBuf,
    /// The line, counted from 1; the first one where there are several.
    pub line: usize,
    /// What it is.
    pub what: String,
    /// Why it is not taken.
    pub why: String,
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl Import {
    /// Reads a `system.ini`, a `.reg` file, a registry file of Wine or the folder of a Wine prefix.
    ///
    /// # Errors
    /// [`Error::Import`] when it cannot be read, [`Error::NoSource`] when it is none of these. A line that is not understood is
    /// no error but among [`Import::skipped`].
    pub fn read(source: &Path, scope: Scope) -> Result<Self, Error> {
        if source.is_dir() {
            return Self::read_prefix(source, scope);
        }
        let mut import = Self::default();
        import.file(source, scope)?;
        Ok(import)
    }

    fn read_prefix(folder: &Path, scope: Scope) -> Result<Self, Error> {
        // The later one wins where both have an entry, as Wine asks the registry first.
        let parts =
            ["drive_c/windows/system.ini", "system.reg", "user.reg"].map(|part| folder.join(part));
        if !parts[1..].iter().any(|part| part.is_file()) {
            return Err(Error::NoSource {
                file: folder.to_owned(),
                expected: "a Wine prefix with a system.reg",
            });
        }
        let mut import = Self::default();
        for part in parts.iter().filter(|part| part.is_file()) {
            import.file(part, scope)?;
        }
        Ok(import)
    }

    fn file(&mut self, file: &Path, scope: Scope) -> Result<(), Error> {
        let unreadable = |source| Error::Import {
            file: file.to_owned(),
            source,
        };
        let metadata = fs::metadata(file).map_err(unreadable)?;
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Err(Error::NoSource {
                file: file.to_owned(),
                expected: "a file of at most 256 MiB",
            });
        }
        let text = text::decode(&fs::read(file).map_err(unreadable)?);
        let mut reader = Reader {
            file,
            scope,
            import: self,
            outside: BTreeMap::new(),
        };
        match Dialect::of(&text) {
            Some(dialect) => reader.registry(&text, dialect),
            None if is_ini(&text) => reader.ini(&text),
            None => {
                let expected = "a system.ini, a .reg file or a registry of Wine";
                return Err(Error::NoSource {
                    file: file.to_owned(),
                    expected,
                });
            }
        }
        reader.finish();
        Ok(())
    }
}

impl Registry {
    /// Takes over what another system knows; the answer says what was taken and what was not.
    ///
    /// # Errors
    /// Those of [`Import::read`] and [`Registry::apply`]; the registry is as it was then.
    pub fn import(&self, source: &Path, scope: Scope) -> Result<Import, Error> {
        let import = Import::read(source, scope)?;
        self.apply(&import.changes)?;
        Ok(import)
    }

    /// Writes a key and all below it as `regedit` does, for [`Import::read`] and for Windows.
    ///
    /// Windows wants the text as UTF-16 with a mark; see [`utf16_file`].
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read, or a value in it that is not understood.
    pub fn export(&self, key: &str) -> Result<String, Error> {
        let mut out = reg::HEADER.to_owned();
        let mut waiting: Vec<KeyPath> = vec![key.parse()?];
        while let Some(key) = waiting.pop() {
            let (path, long) = (key.to_string(), key.long());
            reg::write_key(&mut out, &long, &self.values(&path)?);
            let below = self.subkeys(&path)?;
            let below = below.iter().rev().map(|name| key.join(name));
            waiting.extend(below.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(out)
    }
}

/// The bytes of a text file in UTF-16 with a mark, as `regedit` writes and reads them.
#[must_use]
pub fn utf16_file(text: &str) -> Vec<u8> {
    let units = [0xfeff].into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn is_ini(text: &str) -> bool {
    ini::lines(text)
        .next()
        .is_none_or(|(_, first)| matches!(first, ini::Line::Section(_)))
        && !text.contains('\0')
}

struct Reader<'a> {
    file: &'a Path,
    scope: Scope,
    import: &'a mut Import,
    /// Keys that are out of scope: where the first one is and how many there are, by the top of their path.
    outside: BTreeMap<String, (usize, usize)>,
}

impl Reader<'_> {
    fn skip(&mut self, line: usize, what: impl Into<String>, why: impl Into<String>) {
        let (file, what, why) = (self.file.to_owned(), what.into(), why.into());
        self.import.skipped.push(Skipped {
            file,
            line,
            what,
            why,
        });
    }

    fn ini(&mut self, text: &str) {
        let mut section: Option<KeyPath> = None;
        let mut seen = HashSet::new();
        for (line, said) in ini::lines(text) {
            match said {
                ini::Line::Section(name) => match name.parse() {
                    Ok(path) if self.scope == Scope::All || is_driver_section(name) => {
                        section = Some(path)
                    }
                    Ok(_) => {
                        section = None;
                        self.skip(line, format!("[{name}]"), "no section of drivers");
                    }
                    Err(error) => {
                        section = None;
                        self.skip(line, format!("[{name}]"), error.to_string());
                    }
                },
                ini::Line::Entry(name, value) => {
                    let Some(section) = &section else { continue };
                    if split_entry(value).0.is_empty() {
                        self.skip(line, name, "it names no file");
                    } else if !seen.insert((section.folded().to_vec(), fold(name))) {
                        self.skip(line, name, "the section has it already");
                    } else {
                        let value = Value::from(value);
                        self.import.changes.push(Change::SetValue(
                            section.clone(),
                            name.to_owned(),
                            value,
                        ));
                    }
                }
                ini::Line::Odd(text) if section.is_some() => {
                    self.skip(line, text, "expected a name, \"=\" and a file")
                }
                ini::Line::Odd(_) => {}
            }
        }
    }

    fn registry(&mut self, text: &str, dialect: Dialect) {
        let mut root = String::new();
        let mut key: Option<KeyPath> = None;
        for (line, item) in reg::items(text, dialect) {
            match item {
                Item::Root(place) if dialect == Dialect::Wine => root = wine_root(&place),
                Item::Root(_) => {}
                Item::Key(name) => {
                    key = self.key(line, &root, &name, dialect);
                    // Wine keeps many keys that hold nothing; only who takes everything wants them.
                    if let (Some(key), true) =
                        (&key, dialect != Dialect::Wine || self.scope == Scope::All)
                    {
                        self.import.changes.push(Change::CreateKey(key.clone()));
                    }
                }
                Item::DeletedKey(name) => {
                    key = None;
                    if let Some(key) = self.key(line, &root, &name, dialect) {
                        if key.is_root() {
                            self.skip(line, format!("[-{name}]"), "a root cannot be deleted");
                        } else {
                            self.import.changes.push(Change::DeleteKey(key));
                        }
                    }
                }
                Item::Value(name, value) => self.value(line, key.as_ref(), name, Some(value)),
                Item::DeletedValue(name) => self.value(line, key.as_ref(), name, None),
                Item::Link => {
                    if let Some(link) = key.take() {
                        let made = Change::CreateKey(link.clone());
                        self.import.changes.pop_if(|last| *last == made);
                        self.skip(line, link.to_string(), "a link to another key");
                    }
                }
                Item::Odd(text, why) => self.skip(line, text, why),
            }
        }
    }

    fn key(&mut self, line: usize, root: &str, name: &str, dialect: Dialect) -> Option<KeyPath> {
        let place = if dialect == Dialect::Wine {
            format!("{root}\\{name}")
        } else {
            name.to_owned()
        };
        let rooted = place
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("HK"));
        let path: KeyPath = match place.parse() {
            Ok(path) if rooted => path,
            Ok(_) => {
                self.skip(line, format!("[{name}]"), "it starts at no known root");
                return None;
            }
            Err(error) => {
                self.skip(line, format!("[{name}]"), error.to_string());
                return None;
            }
        };
        let path = current_control_set(path);
        if self.scope == Scope::Drivers && !is_driver_key(&path) {
            let top: Vec<&str> = path.names().take(3).collect();
            self.outside.entry(top.join("\\")).or_insert((line, 0)).1 += 1;
            return None;
        }
        Some(path)
    }

    fn value(&mut self, line: usize, key: Option<&KeyPath>, name: String, value: Option<Value>) {
        // The values of a key that is not taken are skipped with it.
        let Some(key) = key else { return };
        let change = match value {
            Some(value) => Change::SetValue(key.clone(), name.clone(), value),
            None => Change::DeleteValue(key.clone(), name.clone()),
        };
        match super::check(&change) {
            Ok(()) => self.import.changes.push(change),
            Err(error) => self.skip(line, name, error.to_string()),
        }
    }

    fn finish(mut self) {
        for (top, (line, count)) in std::mem::take(&mut self.outside) {
            let what = if count == 1 {
                top
            } else {
                format!("{top} ({count} keys)")
            };
            self.skip(line, what, "nothing of drivers");
        }
    }
}

/// Where the keys of a file of Wine are: it says so at its beginning.
fn wine_root(place: &str) -> String {
    let names: Vec<&str> = place
        .split('\\')
        .filter(|name| !name.is_empty() && *name != "REGISTRY")
        .collect();
    match names[..] {
        ["Machine", ..] => "HKLM".to_owned(),
        ["User", user, ..] if user.eq_ignore_ascii_case(".Default") => r"HKU\.DEFAULT".to_owned(),
        ["User", ..] => "HKCU".to_owned(),
        _ => place.to_owned(),
    }
}

/// `System\ControlSet001` is what a link named `CurrentControlSet` leads to.
fn current_control_set(path: KeyPath) -> KeyPath {
    let [root, system, set, ..] = path.folded() else {
        return path;
    };
    if (root.as_str(), system.as_str(), set.as_str()) != ("HKLM", "SYSTEM", "CONTROLSET001") {
        return path;
    }
    let rest: Vec<&str> = path.names().skip(3).collect();
    let current = format!(r"HKLM\System\CurrentControlSet\{}", rest.join("\\"));
    current.parse().unwrap_or(path)
}

fn is_driver_section(name: &str) -> bool {
    SECTIONS.iter().any(|section| fold(section) == fold(name))
}

/// Keys that the multimedia system and its drivers keep, without the system's many others.
fn is_driver_key(path: &KeyPath) -> bool {
    /// Below `Software`: what is no vendor's.
    const SYSTEM: [&str; 9] = [
        "CLASSES",
        "CLIENTS",
        "MICROSOFT",
        "ODBC",
        "POLICIES",
        "REGISTERED APPLICATIONS",
        "REGISTEREDAPPLICATIONS",
        "WINE",
        "WOW6432NODE",
    ];
    let shown = path.to_string();
    if is_driver_section(&shown) {
        return true;
    }
    let names: Vec<&str> = path.folded().iter().map(String::as_str).collect();
    let names = match &names[..] {
        [root, "SOFTWARE", "WOW6432NODE", rest @ ..] => [&[*root, "SOFTWARE"], rest].concat(),
        _ => names,
    };
    match &names[..] {
        [
            "HKLM",
            "SOFTWARE",
            "MICROSOFT",
            "WINDOWS NT",
            "CURRENTVERSION",
            section,
            ..,
        ] => is_driver_section(section),
        [
            "HKLM",
            "SYSTEM",
            "CURRENTCONTROLSET",
            "CONTROL",
            "MEDIARESOURCES" | "MEDIAPROPERTIES" | "MEDIACATEGORIES",
            ..,
        ] => true,
        [
            "HKLM" | "HKCU",
            "SOFTWARE",
            "MICROSOFT",
            "MULTIMEDIA" | "AUDIOCOMPRESSIONMANAGER" | "SCRUNCH",
            ..,
        ] => true,
        ["HKLM" | "HKCU", "SOFTWARE", vendor, ..] => !SYSTEM.contains(vendor),
        _ => false,
    }
}
