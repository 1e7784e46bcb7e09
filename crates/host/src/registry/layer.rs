//! One layer of the registry: a name, and where its text is kept.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a layer is called in listings and errors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LayerName(pub(super) std::sync::Arc<str>);

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long a writer waits for a process that keeps the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// One layer of a [`Registry`](super::Registry), before it is opened.
///
/// Nothing is read or made until the registry is asked: a file that does not exist is an empty layer.
#[derive(Clone, Debug)]
pub struct Layer {
    pub(super) name: LayerName,
    pub(super) place: Place,
    pub(super) read_only: bool,
    pub(super) patience: Duration,
}

#[derive(Clone, Debug)]
pub(super) enum Place {
    File(PathBuf),
    Memory(String),
}

impl Layer {
    fn new(name: &str, place: Place) -> Self {
        Self {
            name: LayerName(name.into()),
            place,
            read_only: false,
            patience: PATIENCE,
        }
    }

    /// What every user of the machine sees.
    pub fn system(file: impl Into<PathBuf>) -> Self {
        Self::new("system", Place::File(file.into()))
    }

    /// What one user sees.
    pub fn user(file: impl Into<PathBuf>) -> Self {
        Self::new("user", Place::File(file.into()))
    }

    /// A file that someone named.
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self::new("file", Place::File(file.into()))
    }

    /// A layer that no file keeps, starting from a text in the form of a registry file.
    pub fn memory(text: impl Into<String>) -> Self {
        Self::new("memory", Place::Memory(text.into()))
    }

    /// Gives the layer another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = LayerName(name.into());
        self
    }

    /// Keeps changes out of the layer.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// How long a change waits for one process that keeps the lock of the file, before it is an error; 10 seconds unless told.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}
