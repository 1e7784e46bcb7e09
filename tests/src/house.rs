//! A manager with two logging drivers in it.

use std::sync::Arc;

use opendriver::registry::Value;
use opendriver::{Builder, Error, Instance, Manager, OpenOptions, Registry, Transcript, Width};
use tempfile::TempDir;

use crate::board::Board;
use crate::kind::Kind;

/// Where Windows, and so the registry, keeps the section `Drivers32`.
pub const DRIVERS32: &str = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\Drivers32";
/// Where it keeps the section `drivers`.
pub const DRIVERS: &str = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\drivers";

/// A manager, its registry, and two logging drivers under the aliases `d` and `e`.
pub struct House {
    /// The manager.
    pub manager: Manager,
    /// Its registry.
    pub registry: Registry,
    /// What the manager says that it sent.
    pub transcript: Arc<Transcript>,
    /// The driver that most tests open.
    pub d: Placed,
    /// Another driver, a module of its own.
    pub e: Placed,
    /// A folder for files.
    pub folder: TempDir,
    width: Width,
}

/// A logging driver that is ready to be opened.
pub struct Placed {
    /// What entries in the registry name it by.
    pub file: String,
    /// What it shares with the test.
    pub board: Arc<Board>,
}

impl House {
    /// A manager as it comes.
    pub fn new(kind: &dyn Kind) -> Self {
        Self::with(kind, |builder| builder)
    }

    /// A manager with settings of its own.
    pub fn with(kind: &dyn Kind, settings: impl FnOnce(Builder) -> Builder) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = Registry::in_memory();
        let transcript = Arc::new(Transcript::new());
        let builder = Manager::builder()
            .registry(registry.clone())
            .recorder(Arc::clone(&transcript) as _);
        let [d, e] = [(), ()].map(|()| Arc::new(Board::default()));
        let (builder, d_file) = kind.place(builder, folder.path(), "d", &d);
        let (builder, e_file) = kind.place(builder, folder.path(), "e", &e);
        let house = Self {
            manager: settings(builder).build(),
            registry,
            transcript,
            d: Placed {
                file: d_file,
                board: d,
            },
            e: Placed {
                file: e_file,
                board: e,
            },
            folder,
            width: kind.width(),
        };
        house.entry(DRIVERS32, "d", &house.d.file);
        house.entry(DRIVERS32, "e", &house.e.file);
        house
    }

    /// Writes an entry: an alias in a section.
    pub fn entry(&self, key: &str, alias: &str, line: &str) {
        let line = Value::Text(line.to_owned());
        self.registry
            .set_value(key, alias, line)
            .expect("a registry in memory");
    }

    /// The smallest and the largest number that a parameter of its drivers holds.
    pub fn extremes(&self) -> (isize, isize) {
        match self.width {
            Width::W32 => (i32::MIN as isize, i32::MAX as isize),
            Width::W64 => (i64::MIN as isize, i64::MAX as isize),
        }
    }

    /// A number as its drivers see it in an identifier, which has no sign.
    pub fn identifier(&self, number: isize) -> u64 {
        match self.width {
            Width::W32 => u64::from(number as u32),
            Width::W64 => number as u64,
        }
    }

    /// Opens a driver that must open.
    #[track_caller]
    pub fn open(&self, name: &str) -> Instance {
        self.manager.open(name).expect("the driver opens")
    }

    /// Opens a driver with a value of the application.
    pub fn open_param2(&self, name: &str, param2: isize) -> Result<Instance, Error> {
        self.manager
            .open_with(OpenOptions::new(name).param2(param2))
    }
}
