//! Which modules and instances there are, and how they are.

use std::path::PathBuf;
use std::sync::Arc;

use opendriver_abi::{DriverId, Hdrvr};

use crate::Fault;
use crate::backend::{Text, Width};

/// A driver that the manager has in memory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModuleInfo {
    /// Its file's name, or its built-in name.
    pub name: String,
    /// Its file, where it has one.
    pub path: Option<PathBuf>,
    /// The way it came in (`builtin`, `native`, `windows`).
    pub kind: &'static str,
    /// How wide its addresses are.
    pub width: Width,
    /// How it reads text.
    pub text: Text,
    /// What `GetDriverModuleHandle` answers: nonzero, the same for all instances of the module.
    pub address: usize,
    /// Where it stands between `DRV_LOAD` and `DRV_FREE`.
    pub state: ModuleState,
    /// How many instances of it are open, hidden ones included.
    pub instances: usize,
}

/// Where a module stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ModuleState {
    /// On its way in: `DRV_LOAD` and `DRV_ENABLE`.
    Starting,
    /// Enabled.
    Enabled,
    /// On its way out: `DRV_DISABLE` and `DRV_FREE`.
    Stopping,
    /// It broke, and is not called any more.
    Poisoned(Arc<Fault>),
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceInfo {
    /// The system's handle.
    pub handle: Hdrvr,
    /// The driver's identifier; 0 before `DRV_OPEN` was answered.
    pub id: DriverId,
    /// The name that it was opened by.
    pub name: String,
    /// Its module.
    pub module: String,
    /// Where it stands between `DRV_OPEN` and `DRV_CLOSE`.
    pub state: InstanceState,
    /// Whether it is the oldest instance of its module (`GND_FIRSTINSTANCEONLY`).
    pub first: bool,
    /// Whether the manager opened it for itself, as `session_instance` asks.
    pub hidden: bool,
}

/// Where an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstanceState {
    /// The driver has not answered `DRV_OPEN` yet.
    Opening,
    /// Open.
    Open,
    /// On its way out.
    Closing,
}
