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
use super::{Backend, Call, Candidate, Provider, Text, Width};
use crate::{Error, Fault, Heap, Memory, System};
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
        Ok(Box::new(Driver {
            proc,
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
    proc: DriverProc,
    host: Option<DriverHost>,
    _services: Services,
    _library: Library,
}

impl Backend for Driver {
    #[inline]
    fn call(&self, call: &Call<'_>) -> Result<LResult, Fault> {
        let Call {
            id,
            handle,
            message,
            param1,
            param2,
            ..
        } = *call;
        let proc = self.proc;
        opendriver_guard::prepare_thread();
        let call = || {
            // SAFETY: whoever trusts the file vouches that its entry point is of this type and keeps to its own memory.
            unsafe { proc(id.0, handle.raw() as usize, message.0, param1, param2) }
        };
        // SAFETY: between this frame and the driver's there is nothing to drop.
        let answer = unsafe { opendriver_guard::protect(call) };
        answer.map_err(|fault| describe(&fault))
    }

    fn contains_panics(&self) -> bool {
        true
    }

    fn memory(&self) -> Arc<dyn Memory> {
        Arc::new(Heap)
    }

    fn text(&self) -> Text {
        Text::Utf8
    }

    fn width(&self) -> Width {
        Width::HOST
    }

    fn address(&self) -> usize {
        let entry = self.proc as usize;
        opendriver_guard::place(entry).map_or(entry, |place| entry - place.offset)
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
fn describe(fault: &opendriver_guard::Fault) -> Fault {
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
