//! Drivers that were built for Windows: PE images in a Windows process inside this one.

mod low;
mod station;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use opendriver_abi::LResult;
pub use opendriver_guard::adopt_handlers;
use opendriver_win32 as win32;
pub use opendriver_win32::segments::Mechanism;

use super::{Backend, Call, Candidate, Provider, Text, Width};
use crate::memory::Heap;
use crate::{Error, Fault, Memory, Registry, Report, System};
use low::LowMemory;
use station::Station;

/// The way in for Windows drivers (`.drv`, `.acm`, codec `.dll`).
///
/// All drivers of one manager and one width share one Windows process, as they would on Windows: its heap, its
/// modules, its handles. The process is made when the first driver of its width is opened.
pub struct Windows {
    config: win32::Config,
    registry: Registry,
    process_32: Mutex<Option<Arc<win32::Process>>>,
    process_64: Mutex<Option<Arc<win32::Process>>>,
    low: Arc<LowMemory>,
    loaded: Arc<Loaded>,
}

/// The drivers that are loaded, for those who learn that one of them broke on a thread of its own.
#[derive(Default)]
struct Loaded {
    drivers: Mutex<Vec<(PathBuf, Weak<OnceLock<Fault>>)>>,
}

impl Loaded {
    fn add(&self, path: &Path) -> Arc<OnceLock<Fault>> {
        let broke = Arc::new(OnceLock::new());
        let mut drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        drivers.retain(|(_, broke)| broke.strong_count() > 0);
        drivers.push((path.to_owned(), Arc::downgrade(&broke)));
        broke
    }

    /// Notes that the driver of this file broke.
    fn blame(&self, path: &Path, fault: &Fault) {
        let drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        let blamed = drivers.iter().filter(|(known, _)| known == path);
        for broke in blamed.filter_map(|(_, broke)| broke.upgrade()) {
            // The first fault is the one to tell of.
            let _ = broke.set(fault.clone());
        }
    }
}

impl Windows {
    /// Makes the way in; what drivers look up with `Reg*` is in `registry`.
    pub fn new(registry: Registry) -> Self {
        Self {
            config: win32::Config::default(),
            registry,
            process_32: Mutex::default(),
            process_64: Mutex::default(),
            low: Arc::default(),
            loaded: Arc::default(),
        }
    }

    /// Adds a folder in which the DLLs of drivers are looked for, after the driver's own.
    #[must_use]
    pub fn search_path(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.search.push(folder.into());
        self
    }

    /// Gives a drive letter a folder; `Z` is the root of the file system from the start.
    #[must_use]
    pub fn drive(mut self, letter: char, folder: impl Into<PathBuf>) -> Self {
        let letter = letter.to_ascii_uppercase();
        self.config.drives.retain(|(known, _)| *known != letter);
        self.config.drives.push((letter, folder.into()));
        self
    }

    /// Reports each call of a Windows function, as [`Report`]s of kind `call`.
    #[must_use]
    pub fn trace(mut self, on: bool) -> Self {
        self.config.trace = on;
        self
    }

    /// Makes 32-bit code get its FS in this way, and not in the best that works here: for tests, and to find out.
    #[must_use]
    pub fn segments(mut self, mechanism: Mechanism) -> Self {
        self.config.segments = Some(mechanism);
        self
    }

    /// The process of a width; none where there is no memory for it.
    fn process(&self, width: win32::Width, system: &System) -> Option<Arc<win32::Process>> {
        let process = match width {
            win32::Width::Bits32 => &self.process_32,
            win32::Width::Bits64 => &self.process_64,
        };
        let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
        if process.is_none() {
            let station = Station::new(self.registry.clone(), system.clone(), self.loaded.clone());
            let mut config = self.config.clone();
            config.width = width;
            *process = win32::Process::try_new(config, Arc::new(station));
        }
        process.clone()
    }
}

impl Provider for Windows {
    fn kind(&self) -> &'static str {
        "windows"
    }

    fn claims(&self, candidate: &Candidate) -> bool {
        candidate.head.starts_with(b"MZ")
    }

    fn load(&self, candidate: &Candidate, system: &System) -> Result<Box<dyn Backend>, Error> {
        // What is no image of either width fails to load with the reason.
        let width = win32::width_of(&candidate.head)
            .or_else(|| win32::width_of_file(&candidate.path))
            .unwrap_or(win32::Width::Bits64);
        let process = self.process(width, system).ok_or_else(|| {
            into_error(win32::LoadError::LowMemory {
                path: candidate.path.clone(),
            })
        })?;
        let names = match width {
            win32::Width::Bits32 => &ENTRY[..],
            win32::Width::Bits64 => &ENTRY[..1],
        };
        let module = process
            .load_for(&candidate.path, names)
            .map_err(into_error)?;
        let found = names
            .iter()
            .find_map(|name| Some((*name, module.export(name)?)));
        let Some((name, entry)) = found else {
            // The name is there, but it forwards to nowhere.
            return Err(Error::NoDriverProc {
                file: candidate.path.clone(),
                found: None,
            });
        };
        if name != ENTRY[0] {
            let file = module.path().display();
            let text = format!(
                "\"{file}\" exports {name}, not {}; other systems may not open it (MinGW's linker has --kill-at for that)",
                ENTRY[0]
            );
            system.report(&Report::new("windows", "warning", text));
        }
        let broke = self.loaded.add(module.path());
        let memory: Arc<dyn Memory> = match width {
            win32::Width::Bits32 => self.low.clone(),
            win32::Width::Bits64 => Arc::new(Heap),
        };
        Ok(Box::new(Driver {
            module: Some(module),
            entry,
            memory,
            broke,
        }))
    }
}

/// What a driver exports. 32-bit linkers that were not told otherwise add how many bytes of parameters it removes from the
/// stack, and loaders find it all the same.
const ENTRY: [&str; 3] = ["DriverProc", "DriverProc@20", "_DriverProc@20"];

/// One loaded Windows driver.
struct Driver {
    module: Option<win32::Module>,
    entry: u64,
    memory: Arc<dyn Memory>,
    /// How it broke, on whichever thread.
    broke: Arc<OnceLock<Fault>>,
}

impl Driver {
    fn module(&self) -> &win32::Module {
        self.module.as_ref().expect("held until it is dropped")
    }
}

impl Backend for Driver {
    fn call(&self, call: &Call) -> Result<LResult, Fault> {
        let arguments = [
            call.id.0 as u64,
            u64::from(call.handle.raw()),
            u64::from(call.message.0),
            call.param1 as u64,
            call.param2 as u64,
        ];
        if let Some(fault) = self.broke.get() {
            return Err(fault.clone());
        }
        match self.module().process().call(self.entry, &arguments) {
            Ok(answer) => Ok(match self.width() {
                Width::W32 => answer as i32 as LResult,
                Width::W64 => answer as LResult,
            }),
            Err(fault) => {
                let fault = into_fault(&fault);
                let _ = self.broke.set(fault.clone());
                Err(fault)
            }
        }
    }

    fn contains_panics(&self) -> bool {
        true
    }

    fn memory(&self) -> Arc<dyn Memory> {
        self.memory.clone()
    }

    fn text(&self) -> Text {
        Text::Utf16
    }

    fn width(&self) -> Width {
        match self.module().process().width() {
            win32::Width::Bits32 => Width::W32,
            win32::Width::Bits64 => Width::W64,
        }
    }

    fn address(&self) -> usize {
        self.module().base() as usize
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let Some(module) = self.module.take() else {
            return;
        };
        if self.broke.get().is_some() {
            module.abandon();
        }
    }
}

fn into_fault(fault: &win32::Fault) -> Fault {
    let place = fault.place.clone().unwrap_or_default();
    let mut made = Fault::new(fault.kind.to_string(), place).instruction(fault.instruction);
    if let win32::FaultKind::Machine(_, Some(address)) = fault.kind {
        made = made.address(address);
    }
    made
}

fn into_error(error: win32::LoadError) -> Error {
    match error {
        refused if refused.is_refusal_of_system() => Error::CannotRun {
            file: refused.path().to_owned(),
            source: Box::new(refused),
        },
        win32::LoadError::Read { path, source } => Error::Unreadable { file: path, source },
        win32::LoadError::Machine { path, found, .. } => Error::WrongMachine {
            file: path,
            machine: found,
        },
        win32::LoadError::Export { path, similar, .. } => Error::NoDriverProc {
            file: path,
            found: similar,
        },
        win32::LoadError::Program { path } => Error::NotADriver {
            file: path,
            reason: "a Windows program, not a DLL".to_owned(),
        },
        win32::LoadError::Managed { path } => Error::NotADriver {
            file: path,
            reason: "a .NET assembly without machine code".to_owned(),
        },
        win32::LoadError::Image { path, source } => Error::NotADriver {
            file: path,
            reason: source.to_string(),
        },
        none @ (win32::LoadError::LowMemory { .. } | win32::LoadError::Thread { .. }) => {
            Error::NoRoom {
                file: none.path().to_owned(),
                source: Box::new(none),
            }
        }
        other => Error::Load {
            file: other.path().to_owned(),
            source: Box::new(other),
        },
    }
}
