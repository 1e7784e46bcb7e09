//! Which modules and instances there are, and how they are.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use opendriver_abi::{DriverId, Hdrvr};

use crate::backend::{Text, Width};
use crate::book::Line;
use crate::engine::Engine;
use crate::handles::State;
use crate::lifecycle::Stage;
use crate::module::{Module, Origin};
use crate::sync::lock;
use crate::{Error, Fault};

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

impl Engine {
    /// Tells which module the instance of a handle is of, also while that is on its way in or out.
    pub(crate) fn module_of(&self, raw: u32) -> Result<ModuleInfo, Error> {
        let found = self.handles.find(raw).ok().zip(Hdrvr::new(raw));
        let Some((_, handle)) = found.filter(|(found, _)| found.state() != State::Free) else {
            return Err(self.unknown(raw));
        };
        let module = lock(&self.book)
            .line(self.handles.index(handle))
            .map(|line| Arc::clone(&line.module));
        module
            .and_then(|module| describe(&module))
            .ok_or(Error::Opening { handle })
    }

    /// The modules that are in memory, in the order in which they were wanted.
    pub(crate) fn modules(&self) -> Vec<ModuleInfo> {
        let mut modules: Vec<Arc<Module>> =
            lock(&self.modules).known.values().map(Arc::clone).collect();
        modules.sort_by_key(|module| module.number);
        modules
            .iter()
            .filter_map(|module| describe(module))
            .collect()
    }

    /// The instances, in the order in which they were opened.
    pub(crate) fn instances(&self) -> Vec<InstanceInfo> {
        let mut seen = HashSet::new();
        let lines = lock(&self.book).in_order();
        let instance = |(index, Line { module, name, .. }): (usize, Line)| {
            let handle = self.handles.at(index)?;
            let found = self.handles.find(handle.raw()).ok()?;
            let state = match found.state() {
                State::Free => return None,
                State::Opening => InstanceState::Opening,
                State::Open => InstanceState::Open,
                State::Doomed | State::Closing | State::ClosingForced | State::Closed => {
                    InstanceState::Closing
                }
            };
            Some(InstanceInfo {
                handle,
                id: found.id(),
                name: name.to_string(),
                module: module.name.to_string(),
                state,
                first: seen.insert(module.number),
                hidden: lock(&module.standing).session == Some(handle),
            })
        };
        lines.into_iter().filter_map(instance).collect()
    }

    /// Whether the manager opened this instance for itself.
    pub(crate) fn is_hidden(&self, handle: Hdrvr) -> bool {
        let module = lock(&self.book)
            .line(self.handles.index(handle))
            .map(|line| Arc::clone(&line.module));
        module.is_some_and(|module| lock(&module.standing).session == Some(handle))
    }
}

/// Describes a module that is in memory.
pub(crate) fn describe(module: &Module) -> Option<ModuleInfo> {
    let standing = lock(&module.standing);
    let loaded = standing.loaded.as_ref()?;
    let backend = &loaded.backend;
    let address = match backend.address() {
        0 => module.number,
        address => address,
    };
    let state = match standing.life.stage() {
        Stage::Starting => ModuleState::Starting,
        Stage::Enabled => ModuleState::Enabled,
        Stage::Absent | Stage::Stopping => ModuleState::Stopping,
        Stage::Poisoned => ModuleState::Poisoned(standing.fault.clone()?),
    };
    Some(ModuleInfo {
        name: module.name.to_string(),
        path: match &module.origin {
            Origin::Linked(_) => None,
            Origin::File(path) => Some(path.clone()),
        },
        kind: loaded.kind,
        width: backend.width(),
        text: backend.text(),
        address,
        state,
        instances: standing.life.instances(),
    })
}
