//! What a Windows process asks of the driver system: registry, drivers, a person at the screen.

use std::path::Path;
use std::sync::Arc;

use opendriver_abi::{LResult, Message};
use opendriver_win32 as win32;

use super::{Loaded, into_fault};
use crate::registry::{self, Value};
use crate::{Error, OpenOptions, Registry, Report, System};

/// The station of one manager's Windows process.
pub(super) struct Station {
    registry: Registry,
    system: System,
    loaded: Arc<Loaded>,
}

impl Station {
    pub(super) fn new(registry: Registry, system: System, loaded: Arc<Loaded>) -> Self {
        Self {
            registry,
            system,
            loaded,
        }
    }

    /// What a driver hears that asked another one: 0 where nobody answered. That a 64-bit driver gave a 32-bit one
    /// what it cannot hold does not show in a 0, so a person hears of it.
    fn answer(&self, function: &str, answer: Option<Result<LResult, Error>>) -> i64 {
        match answer {
            Some(Ok(answer)) => answer as i64,
            Some(Err(error @ Error::TooWide { .. })) => {
                self.tell("warning", format!("{function}: {error}"));
                0
            }
            Some(Err(_)) | None => 0,
        }
    }

    fn tell(&self, kind: &'static str, text: String) {
        self.system.report(&Report::new("windows", kind, text));
    }
}

impl win32::Station for Station {
    fn registry(&self) -> &dyn win32::Registry {
        self
    }

    fn drivers(&self) -> &dyn win32::Drivers {
        self
    }

    fn report(&self, report: win32::Report) {
        let kind = match &report {
            win32::Report::MessageBox { .. } => "message box",
            win32::Report::Dialog { .. } => "dialog",
            win32::Report::Debug(_) => "debug",
            win32::Report::Output(_) => "output",
            _ => "warning",
        };
        self.tell(kind, report.to_string());
    }

    fn thread_broke(&self, image: Option<&Path>, fault: &win32::Fault) {
        self.tell("fault", format!("a thread of the driver broke: {fault}"));
        if let Some(path) = image {
            self.loaded.blame(path, &into_fault(fault));
        }
    }

    fn trace(&self, call: win32::TracedCall) {
        let (dll, name) = call.function;
        let result = match call.result {
            Ok(value) => format!("{value:#x}"),
            Err(trap) => trap,
        };
        self.tell(
            "call",
            format!("{dll}!{name}({}) = {result}", call.arguments),
        );
    }
}

impl win32::Drivers for Station {
    fn open(&self, name: &str, section: Option<&str>, param2: i64) -> u64 {
        let mut options = OpenOptions::new(name).param2(param2 as isize);
        if let Some(section) = section {
            options = options.section(section);
        }
        match self.system.open(options) {
            Ok(handle) => u64::from(handle.raw()),
            Err(error) => {
                self.tell("warning", format!("OpenDriver(\"{name}\"): {error}"));
                0
            }
        }
    }

    fn close(&self, handle: u64, param1: i64, param2: i64) -> i64 {
        let closed =
            narrow(handle).map(|raw| self.system.close(raw, param1 as isize, param2 as isize));
        self.answer("CloseDriver", closed)
    }

    fn send(&self, handle: u64, message: u32, param1: i64, param2: i64) -> i64 {
        let answer = narrow(handle).map(|raw| {
            let (param1, param2) = (param1 as isize, param2 as isize);
            self.system.send(raw, Message(message), param1, param2)
        });
        self.answer("SendDriverMessage", answer)
    }

    fn module(&self, handle: u64) -> u64 {
        let module = narrow(handle).and_then(|raw| self.system.module_of(raw).ok());
        module.map_or(0, |module| module.address as u64)
    }
}

/// A handle as the driver system counts them; those of others have more bits. One that comes out of 32 bits has been
/// widened with its sign.
fn narrow(handle: u64) -> Option<u32> {
    let signed = || i32::try_from(handle as i64).map(|handle| handle as u32);
    u32::try_from(handle).or_else(|_| signed()).ok()
}

const FILE_NOT_FOUND: win32::RegistryError = win32::RegistryError(2);
const ACCESS_DENIED: win32::RegistryError = win32::RegistryError(5);

impl win32::Registry for Station {
    fn exists(&self, key: &str) -> bool {
        self.registry.has_key(key).unwrap_or(false)
    }

    fn create(&self, key: &str) -> Result<bool, win32::RegistryError> {
        self.written(self.registry.create_key(key))
    }

    fn delete(&self, key: &str) -> Result<(), win32::RegistryError> {
        self.removed(self.registry.delete_key(key))
    }

    fn subkeys(&self, key: &str) -> Vec<String> {
        self.registry.subkeys(key).unwrap_or_default()
    }

    fn values(&self, key: &str) -> Vec<(String, win32::RegistryValue)> {
        let values = self.registry.values(key).unwrap_or_default();
        values
            .into_iter()
            .map(|(name, value)| (name, to_windows(&value)))
            .collect()
    }

    fn value(&self, key: &str, name: &str) -> Option<win32::RegistryValue> {
        self.registry
            .value(key, name)
            .ok()
            .flatten()
            .map(|value| to_windows(&value))
    }

    fn set_value(
        &self,
        key: &str,
        name: &str,
        value: &win32::RegistryValue,
    ) -> Result<(), win32::RegistryError> {
        self.written(self.registry.set_value(
            key,
            name,
            Value::from_windows(value.kind, &value.data),
        ))
    }

    fn delete_value(&self, key: &str, name: &str) -> Result<(), win32::RegistryError> {
        self.removed(self.registry.delete_value(key, name))
    }
}

impl Station {
    fn written<T>(&self, done: Result<T, registry::Error>) -> Result<T, win32::RegistryError> {
        done.map_err(|error| {
            self.tell(
                "warning",
                format!("a driver could not write the registry: {error}"),
            );
            ACCESS_DENIED
        })
    }

    fn removed(&self, done: Result<bool, registry::Error>) -> Result<(), win32::RegistryError> {
        if self.written(done)? {
            Ok(())
        } else {
            Err(FILE_NOT_FOUND)
        }
    }
}

fn to_windows(value: &Value) -> win32::RegistryValue {
    win32::RegistryValue {
        kind: value.kind(),
        data: value.to_windows(),
    }
}
