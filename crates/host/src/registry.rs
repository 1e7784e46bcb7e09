//! One tree of keys and values, kept in TOML files: installed drivers, and what drivers remember.
//!
//! Names ignore the case of letters and keep the one that they were first written with. A key is a path of names between
//! backslashes that starts at a root (`HKLM\Software\Vendor`), or the short name of a driver section (`Drivers32`), which means
//! the place where Windows keeps it: a Windows driver that looks there with `Reg*` sees the same entries.
//!
//! # The form of a registry file
//!
//! ```toml
//! # One table a key; a driver section by its short name.
//! [Drivers32]
//! "msacm.msadpcm" = "msadp32.acm"
//! modem = "modem.drv com1 fast"                    # a file, and after the first space the text for DRV_OPEN
//! modem2 = { file = 'C:\My Drivers\modem.drv', params = "com2" }
//!
//! ['HKCU\Software\Vendor\Codec']
//! "" = "the default value of the key"
//! Quality = 7                                      # REG_DWORD; true is 1
//! Title = "text"                                   # REG_SZ
//! Folder = { expand = '%TEMP%\codec' }             # REG_EXPAND_SZ
//! Modes = ["fast", "small"]                        # REG_MULTI_SZ
//! Total = { qword = 7 }                            # REG_QWORD; a number too large for a REG_DWORD needs no { qword }
//! Key = { binary = "01 02 ff" }                    # REG_BINARY
//! Odd = { type = 8, binary = "00" }                # any other type, by its number
//! Old = { deleted = true }                         # hides the value of a farther layer
//! ```
//!
//! `deleted = ['HKCU\Software\Vendor\Old']` above the first key hides a key of farther layers with all below it. A key can be
//! written in several tables, a value only once. What a program changes leaves comments, order and all else as they were.
//!
//! # Layers
//!
//! The nearest layer that has a value decides it; listings merge all layers. A change goes to the nearest layer that is not
//! read-only and whose file the system lets us write. Deleting what a farther layer has leaves a `{ deleted = true }` in the one that is
//! written. A change that a nearer read-only layer would hide is an [`Error::Shadowed`], because nobody would see it.
//!
//! # Several processes
//!
//! A registry sees what other processes write. Changes take a lock, read the file again, and replace it in one step: none is
//! lost, and a full disk or a killed process leaves the old file.

mod document;
mod entry;
mod error;
mod form;
mod import;
mod ini;
mod layer;
mod path;
mod reg;
mod store;
mod text;
mod value;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use document::{Edit, Node};
use form::Content;
use store::Store;

pub use entry::{Entry, join_entry, split_entry};
pub use error::Error;
pub use import::{Import, Scope, Skipped, utf16_file};
pub use layer::{Layer, LayerName};
pub use path::{KeyPath, SECTIONS};
pub use value::Value;

/// Longest name of a value, in UTF-16 units, as on Windows.
const LONGEST_NAME: usize = 16_383;

/// The registry: keys and values from all layers. Clones are the same registry.
///
/// ```
/// use opendriver::registry::{Registry, Value};
///
/// let registry = Registry::in_memory();
/// registry.set_value("Drivers32", "msacm.msadpcm", "msadp32.acm")?;
///
/// let entry = registry.alias("drivers32", "MSACM.MSADPCM")?.expect("it was just written");
/// assert_eq!(entry.file, "msadp32.acm");
///
/// let place = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Drivers32";
/// assert_eq!(registry.value(place, "msacm.msadpcm")?, Some(Value::from("msadp32.acm")));
/// # Ok::<(), opendriver::registry::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The nearest first; the last is what every Windows has.
    layers: Vec<Store>,
    changes: AtomicU64,
}

/// One change of a registry, for [`Registry::apply`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Makes a key.
    CreateKey(KeyPath),
    /// Deletes a key and all below it.
    DeleteKey(KeyPath),
    /// Sets a value; its key is made where there was none.
    SetValue(KeyPath, String, Value),
    /// Deletes a value.
    DeleteValue(KeyPath, String),
}

impl Registry {
    /// Opens a registry of several layers, the farthest first. Nothing is read before something is asked.
    #[must_use]
    pub fn open(layers: impl IntoIterator<Item = Layer>) -> Self {
        let base = Layer::memory(include_str!("registry/base.toml"))
            .named("built-in")
            .read_only();
        let mut layers: Vec<Store> = [base].into_iter().chain(layers).map(Store::new).collect();
        layers.reverse();
        Self {
            inner: Arc::new(Inner {
                layers,
                changes: AtomicU64::new(0),
            }),
        }
    }

    /// A registry that no file keeps.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::open([Layer::memory("")])
    }

    /// Sets a value; its key is made where there was none. The name of a key's default value is empty.
    ///
    /// # Errors
    /// An [`Error`] that says why the value could not be written; nothing has changed then.
    pub fn set_value(&self, key: &str, name: &str, value: impl Into<Value>) -> Result<(), Error> {
        self.apply(&[Change::SetValue(
            key.parse()?,
            name.to_owned(),
            value.into(),
        )])
    }

    /// Deletes a value and says whether there was one.
    ///
    /// # Errors
    /// An [`Error`] that says why it could not be deleted.
    pub fn delete_value(&self, key: &str, name: &str) -> Result<bool, Error> {
        let key: KeyPath = key.parse()?;
        let content = deciding(&self.inner.layers, &key, name)?.map(|(_, content)| content);
        let there = content.is_some_and(|content| content != Content::Deleted);
        if there {
            self.apply(&[Change::DeleteValue(key, name.to_owned())])?;
        }
        Ok(there)
    }

    /// Makes a key and says whether it is new.
    ///
    /// # Errors
    /// An [`Error`] that says why it could not be made.
    pub fn create_key(&self, key: &str) -> Result<bool, Error> {
        let path: KeyPath = key.parse()?;
        let fresh = !self.has_key(key)?;
        if fresh {
            self.apply(&[Change::CreateKey(path)])?;
        }
        Ok(fresh)
    }

    /// Deletes a key with all below it and says whether there was one.
    ///
    /// # Errors
    /// [`Error::Root`] for a root; any other [`Error`] that says why it could not be deleted.
    pub fn delete_key(&self, key: &str) -> Result<bool, Error> {
        let path: KeyPath = key.parse()?;
        let there = self.has_key(key)?;
        if there {
            self.apply(&[Change::DeleteKey(path)])?;
        }
        Ok(there)
    }

    /// Makes several changes at once, all or none.
    ///
    /// # Errors
    /// An [`Error`] that says why they could not be made.
    pub fn apply(&self, changes: &[Change]) -> Result<(), Error> {
        changes.iter().try_for_each(check)?;
        let mut reason = None;
        for (at, layer) in self
            .inner
            .layers
            .iter()
            .enumerate()
            .filter(|(_, layer)| !layer.read_only)
        {
            let edits = changes
                .iter()
                .map(|change| self.edit(change, at))
                .collect::<Result<Vec<_>, _>>()?;
            match layer.commit(&edits) {
                Err(error) if is_refusal(&error) => reason = reason.or(Some(Box::new(error))),
                done => {
                    self.inner.changes.fetch_add(1, Ordering::Release);
                    return done;
                }
            }
        }
        Err(Error::ReadOnly { source: reason })
    }

    /// The value that has `name` in a key, if there is one.
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read, or a value in it that is not understood.
    pub fn value(&self, key: &str, name: &str) -> Result<Option<Value>, Error> {
        Ok(self.find(&key.parse()?, name)?.map(|found| found.value))
    }

    /// The values of a key with their names.
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read, or a value in it that is not understood.
    pub fn values(&self, key: &str) -> Result<Vec<(String, Value)>, Error> {
        let found = self.found(&key.parse()?)?;
        Ok(found
            .into_iter()
            .map(|found| (found.name, found.value))
            .collect())
    }

    /// The names of the keys below a key.
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read.
    pub fn subkeys(&self, key: &str) -> Result<Vec<String>, Error> {
        self.below(key.parse::<KeyPath>()?.folded())
    }

    /// The names of the roots that hold anything.
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read.
    pub fn roots(&self) -> Result<Vec<String>, Error> {
        self.below(&[])
    }

    /// Says whether a key is there.
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read.
    pub fn has_key(&self, key: &str) -> Result<bool, Error> {
        let key: KeyPath = key.parse()?;
        for layer in &self.inner.layers {
            let tree = layer.tree()?;
            if tree.at(key.folded()).is_some_and(|node| node.present) {
                return Ok(true);
            }
            if hides(&tree, key.folded()) {
                return Ok(false);
            }
        }
        Ok(key.is_root())
    }

    /// The driver that is installed under an alias of a section.
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read, or an entry that names no file.
    pub fn alias(&self, section: &str, name: &str) -> Result<Option<Entry>, Error> {
        self.alias_at(&section.parse()?, name)
    }

    /// The driver that is installed under an alias of the section at this path.
    ///
    /// # Errors
    /// As [`alias`](Self::alias).
    pub fn alias_at(&self, section: &KeyPath, name: &str) -> Result<Option<Entry>, Error> {
        self.find(section, name)?
            .map(|found| found.into_entry(section))
            .transpose()
    }

    /// All drivers that are installed in a section.
    ///
    /// # Errors
    /// An [`Error`] for a registry that cannot be read, or an entry that names no file.
    pub fn aliases(&self, section: &str) -> Result<Vec<Entry>, Error> {
        let key: KeyPath = section.parse()?;
        self.found(&key)?
            .into_iter()
            .map(|found| found.into_entry(&key))
            .collect()
    }

    /// Counts the changes that were made through this registry, so that a waiter can tell that there was one.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.inner.changes.load(Ordering::Acquire)
    }

    /// What a change means for the layer at `at`.
    fn edit(&self, change: &Change, at: usize) -> Result<Edit, Error> {
        let (nearer, farther) = (&self.inner.layers[..at], &self.inner.layers[at + 1..]);
        Ok(match change {
            Change::CreateKey(key) => Edit::Create(key.clone()),
            Change::SetValue(key, name, value) => {
                not_decided_by(nearer, key, name)?;
                Edit::Set(key.clone(), name.clone(), value.clone())
            }
            Change::DeleteValue(key, name) => {
                not_decided_by(nearer, key, name)?;
                let hide = deciding(farther, key, name)?
                    .is_some_and(|(_, content)| content != Content::Deleted);
                Edit::Remove(key.clone(), name.clone(), hide)
            }
            Change::DeleteKey(key) => {
                for layer in nearer {
                    if layer
                        .tree()?
                        .at(key.folded())
                        .is_some_and(|node| node.present)
                    {
                        return Err(shadowed(layer, key, ""));
                    }
                }
                let mut hide = false;
                for layer in farther {
                    hide |= layer
                        .tree()?
                        .at(key.folded())
                        .is_some_and(|node| node.present);
                }
                Edit::RemoveKey(key.clone(), hide)
            }
        })
    }

    fn find(&self, key: &KeyPath, name: &str) -> Result<Option<Found>, Error> {
        let folded = path::fold(name);
        for layer in &self.inner.layers {
            let tree = layer.tree()?;
            if let Some(slot) = tree.at(key.folded()).and_then(|node| node.slot(&folded)) {
                return Found::new(layer, key, slot);
            }
            if hides(&tree, key.folded()) {
                break;
            }
        }
        Ok(None)
    }

    fn found(&self, key: &KeyPath) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        for layer in &self.inner.layers {
            let tree = layer.tree()?;
            for slot in tree
                .at(key.folded())
                .into_iter()
                .flat_map(|node| &node.values)
            {
                if seen.insert(path::fold(&slot.name)) {
                    all.extend(Found::new(layer, key, slot)?);
                }
            }
            if hides(&tree, key.folded()) {
                break;
            }
        }
        Ok(all)
    }

    fn below(&self, key: &[String]) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        let mut decided = HashSet::new();
        for layer in &self.inner.layers {
            let tree = layer.tree()?;
            let Some(node) = tree.at(key) else {
                if hides(&tree, key) {
                    break;
                }
                continue;
            };
            for (folded, node) in &node.keys {
                if node.present && decided.insert(folded.clone()) {
                    names.push(node.name.clone());
                }
            }
            decided.extend(
                node.keys
                    .iter()
                    .filter(|(_, node)| node.deleted)
                    .map(|(folded, _)| folded.clone()),
            );
            if hides(&tree, key) {
                break;
            }
        }
        Ok(names)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::in_memory()
    }
}

/// A value, and where it was found.
struct Found {
    name: String,
    value: Value,
    layer: LayerName,
}

impl Found {
    fn new(layer: &Store, key: &KeyPath, slot: &document::Slot) -> Result<Option<Self>, Error> {
        match &slot.content {
            Content::Value(value) => Ok(Some(Self {
                name: slot.name.clone(),
                value: value.clone(),
                layer: layer.name.clone(),
            })),
            Content::Deleted => Ok(None),
            Content::Unknown(found) => Err(Error::NotUnderstood {
                file: layer.called(),
                line: slot.line,
                column: slot.column,
                key: key.to_string(),
                name: slot.name.clone(),
                found: found.clone(),
            }),
        }
    }

    fn into_entry(self, key: &KeyPath) -> Result<Entry, Error> {
        let (file, params) = self.value.as_text().map(split_entry).unwrap_or_default();
        let section = key.to_string();
        if file.is_empty() {
            return Err(Error::NoFile {
                section,
                name: self.name,
            });
        }
        Ok(Entry {
            file,
            params: params.to_owned(),
            name: self.name,
            section,
            layer: self.layer,
        })
    }
}

/// True when the layer hides farther ones at this key.
fn hides(tree: &Node, key: &[String]) -> bool {
    let mut node = Some(tree);
    for name in key {
        node = node.and_then(|node| node.keys.get(name));
        match node {
            Some(node) if node.deleted => return true,
            Some(_) => {}
            None => return false,
        }
    }
    false
}

/// The layer of `layers`, the nearest first, that decides a value.
fn deciding<'a>(
    layers: &'a [Store],
    key: &KeyPath,
    name: &str,
) -> Result<Option<(&'a Store, Content)>, Error> {
    let folded = path::fold(name);
    for layer in layers {
        let tree = layer.tree()?;
        if let Some(slot) = tree.at(key.folded()).and_then(|node| node.slot(&folded)) {
            return Ok(Some((layer, slot.content.clone())));
        }
        if hides(&tree, key.folded()) {
            return Ok(Some((layer, Content::Deleted)));
        }
    }
    Ok(None)
}

fn not_decided_by(nearer: &[Store], key: &KeyPath, name: &str) -> Result<(), Error> {
    match deciding(nearer, key, name)? {
        Some((layer, _)) => Err(shadowed(layer, key, name)),
        None => Ok(()),
    }
}

fn shadowed(layer: &Store, key: &KeyPath, name: &str) -> Error {
    Error::Shadowed {
        key: key.to_string(),
        name: name.to_owned(),
        layer: layer.name.clone(),
    }
}

fn check(change: &Change) -> Result<(), Error> {
    let (Change::SetValue(_, name, _) | Change::DeleteValue(_, name)) = change else {
        return match change {
            Change::DeleteKey(key) if key.is_root() => Err(Error::Root {
                key: key.to_string(),
            }),
            _ => Ok(()),
        };
    };
    let bad = |reason| {
        Err(Error::BadName {
            name: name.clone(),
            reason,
        })
    };
    if name.contains('\0') {
        return bad("it holds a zero character");
    }
    if name.encode_utf16().count() > LONGEST_NAME {
        return bad("it is longer than 16383 characters");
    }
    Ok(())
}

/// True when the system does not let us write a layer, so that the next one is to be tried.
fn is_refusal(error: &Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    let Error::Unwritable {
        source,
        step: "write" | "lock" | "make the folder of",
        ..
    } = error
    else {
        return false;
    };
    matches!(
        source.kind(),
        PermissionDenied | ReadOnlyFilesystem | NotADirectory
    )
}
