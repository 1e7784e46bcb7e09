//! Drivers in shared objects of this system, with an exported C `DriverProc`.
#![expect(unsafe_code, reason = "loads and calls a shared object")]

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod elf;

mod services;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use libloading::Library;
use opendriver_abi::services::DriverHost;
use opendriver_abi::{DriverProc, LResult};

use super::builtin::SystemHost;
use super::procedure::Procedure;
use super::{Backend, Call, Candidate, Provider, Text, Width};
use crate::{Error, Fault, Memory, System};
use services::Services;

/// The way in for shared objects.
///
/// The code runs with all rights of this process. What its constructors do while it is loaded is not watched; a fault in
/// `DriverProc` comes back as a [`Fault`]. A driver that does not return keeps its thread for ever: nothing in the process can stop it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Native {
    /// Makes the way in.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// Names that were meant to be `DriverProc`: decorated ones, and those that a C++ compiler makes without `extern "C"`.
const ALIKE: &[&str] = &[
    "DriverProc@20",
    "_DriverProc@20",
    "_DriverProc",
    "DRIVERPROC",
    "driverproc",
    "driver_proc",
    "_Z10DriverProcmmjll",
    "_Z10DriverProcmPvjll",
    "_Z10DriverProcmPvmll",
];

impl Provider for Native {
    fn kind(&self) -> &'static str {
        "native"
    }

    fn claims(&self, candidate: &Candidate) -> bool {
        let starts: &[&[u8]] = if cfg!(windows) {
            &[b"MZ"]
        } else if cfg!(target_vendor = "apple") {
            &[&[0xCF, 0xFA, 0xED, 0xFE], &[0xCA, 0xFE, 0xBA, 0xBE]]
        } else {
            &[b"\x7fELF"]
        };
        starts.iter().any(|start| candidate.head.starts_with(start))
    }

    fn load(&self, candidate: &Candidate, system: &System) -> Result<Box<dyn Backend>, Error> {
        let file = || candidate.path.clone();
        #[cfg(all(
            target_os = "linux",
            any(target_arch = "x86_64", target_arch = "aarch64")
        ))]
        match elf::check(&candidate.path).map_err(|source| Error::Unreadable {
            file: file(),
            source,
        })? {
            Ok(()) => {}
            Err(elf::Wrong::Machine(machine)) => {
                return Err(Error::WrongMachine {
                    file: file(),
                    machine,
                });
            }
            Err(elf::Wrong::Form(reason)) => {
                return Err(Error::NotADriver {
                    file: file(),
                    reason,
                });
            }
        }
        opendriver_guard::install();
        let library = open(candidate.path.as_os_str())
            .map_err(|error| cannot_load(&candidate.path, error))?;
        // SAFETY: whoever trusts this file vouches that its `DriverProc` is of this type.
        let proc = unsafe { library.get::<DriverProc>(b"DriverProc\0") }.map(|proc| *proc);
        let Ok(proc) = proc else {
            // SAFETY: only whether the name is there is asked.
            let is_there =
                |name: &&&str| unsafe { library.get::<*const ()>(name.as_bytes()) }.is_ok();
            let found = ALIKE.iter().find(is_there).map(|&name| name.to_owned());
            return Err(Error::NoDriverProc {
                file: file(),
                found,
            });
        };
        // SAFETY: whoever trusts this file vouches that its `DriverHost` is of this type.
        let host = unsafe { library.get::<DriverHost>(b"DriverHost\0") }
            .ok()
            .map(|host| *host);
        let services = Services::new(SystemHost {
            system: system.clone(),
            driver: candidate.name(),
        });
        if let Some(host) = host {
            // SAFETY: the table is good until the driver is told otherwise, before it is dropped.
            unsafe { host(services.table()) };
        }
        // SAFETY: whoever trusts the file vouches for its entry point, and the library stays loaded behind it.
        let procedure = unsafe { Procedure::new(proc) };
        Ok(Box::new(Driver {
            procedure,
            host,
            _services: services,
            _library: library,
        }))
    }
}

/// Opens a shared object with all that it needs, so that a missing import is an error now and not a fault later.
fn open(path: &OsStr) -> Result<Library, libloading::Error> {
    #[cfg(unix)]
    {
        use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
        // SAFETY: whoever trusts this file vouches for its constructors.
        unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
    }
    #[cfg(not(unix))]
    {
        // SAFETY: whoever trusts this file vouches for its constructors.
        unsafe { Library::new(path) }
    }
}

/// What the dynamic loader says, without the path of the file that the error names anyway.
fn cannot_load(path: &Path, error: libloading::Error) -> Error {
    let said =
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    let own = format!("{}: ", path.display());
    let source = said.strip_prefix(&own).unwrap_or(&said).to_owned().into();
    Error::Load {
        file: path.to_owned(),
        source,
    }
}

/// A loaded shared object. Its fields are dropped in this order.
struct Driver {
    procedure: Procedure,
    host: Option<DriverHost>,
    _services: Services,
    _library: Library,
}

impl Backend for Driver {
    #[inline]
    fn call(&self, call: &Call<'_>) -> Result<LResult, Fault> {
        self.procedure.call(call)
    }

    fn contains_panics(&self) -> bool {
        self.procedure.contains_panics()
    }

    fn memory(&self) -> Arc<dyn Memory> {
        self.procedure.memory()
    }

    fn text(&self) -> Text {
        self.procedure.text()
    }

    fn width(&self) -> Width {
        self.procedure.width()
    }

    fn address(&self) -> usize {
        self.procedure.address()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(host) = self.host {
            // SAFETY: null takes the table back.
            unsafe { host(std::ptr::null()) };
        }
    }
}

#[cold]
pub(super) fn describe(fault: &opendriver_guard::Fault) -> Fault {
    let place = match opendriver_guard::place(fault.instruction) {
        Some(place) => place.to_string(),
        None => format!("{:#x}", fault.instruction),
    };
    let described = Fault::new(fault.to_string(), place).instruction(fault.instruction as u64);
    match fault.address {
        Some(address) => described.address(address as u64),
        None => described,
    }
}
