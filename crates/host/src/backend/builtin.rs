//! Drivers that are linked into the program, written with the SDK.

use std::sync::Arc;

use opendriver_abi::{Hdrvr, LParam, LResult, Message};
use opendriver_sdk::{BuiltIn, Guest, Host, Setting};

use super::{Backend, Call, Text, Width};
use crate::registry::Value;
use crate::{Fault, Heap, Memory, OpenOptions, Report, System};

/// A loaded driver of the SDK.
pub(crate) struct BuiltinBackend {
    guest: Guest,
}

impl BuiltinBackend {
    pub(crate) fn new(driver: &BuiltIn, system: &System) -> Self {
        let host = SystemHost {
            system: system.clone(),
            driver: driver.name().to_owned(),
        };
        Self {
            guest: driver.load(Arc::new(host)),
        }
    }
}

impl Backend for BuiltinBackend {
    #[inline]
    fn call(&self, call: &Call<'_>) -> Result<LResult, Fault> {
        let Call {
            id,
            handle,
            message,
            param1,
            param2,
            text,
        } = *call;
        Ok(self
            .guest
            .call(&opendriver_sdk::Call::new(id, handle, message, param1, param2).with_text(text)))
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
}

/// What the manager offers to one driver.
#[derive(Debug)]
pub(crate) struct SystemHost {
    pub(crate) system: System,
    pub(crate) driver: String,
}

impl SystemHost {
    /// The key of the driver's own settings.
    fn key(&self) -> String {
        format!(
            "HKCU\\Software\\opendriver\\{}",
            self.driver.replace('\\', "_")
        )
    }
}

impl Host for SystemHost {
    fn setting(&self, name: &str) -> Option<Setting> {
        let value = self
            .system
            .registry()
            .ok()?
            .value(&self.key(), name)
            .ok()??;
        Some(match value {
            Value::Text(text) | Value::Expand(text) => Setting::Text(text),
            Value::Integer(number) => Setting::Integer(number.into()),
            Value::Long(number) => Setting::Integer(number),
            Value::List(list) => Setting::Text(list.join("\n")),
            value => Setting::Binary(value.to_windows()),
        })
    }

    fn set_setting(&self, name: &str, value: &Setting) -> bool {
        let value = match value {
            Setting::Text(text) => Value::Text(text.clone()),
            Setting::Integer(number) => {
                u32::try_from(*number).map_or(Value::Long(*number), Value::Integer)
            }
            Setting::Binary(bytes) => Value::Binary(bytes.clone()),
            _ => return false,
        };
        self.system
            .registry()
            .is_ok_and(|registry| registry.set_value(&self.key(), name, value).is_ok())
    }

    fn open(&self, name: &str, section: Option<&str>, param2: LParam) -> Option<Hdrvr> {
        self.system
            .open(OpenOptions {
                name,
                section,
                param2,
            })
            .ok()
    }

    fn send(&self, handle: Hdrvr, message: Message, param1: LParam, param2: LParam) -> LResult {
        self.system
            .send(handle.raw(), message, param1, param2)
            .unwrap_or(0)
    }

    fn close(&self, handle: Hdrvr, param1: LParam, param2: LParam) -> LResult {
        self.system.close(handle.raw(), param1, param2).unwrap_or(0)
    }

    fn read(&self, address: usize, into: &mut [u8]) -> bool {
        reach::read(address, into)
    }

    fn write(&self, address: usize, from: &[u8]) -> bool {
        reach::write(address, from)
    }

    fn report(&self, text: &str) {
        self.system
            .report(&Report::new(&*self.driver, "driver", text));
    }
}

/// Memory that the application named, and that may not be there.
#[cfg(all(
    feature = "native",
    target_os = "linux",
    target_arch = "x86_64",
    not(miri)
))]
#[expect(
    unsafe_code,
    reason = "the addresses are claimed, and the accesses tolerate that nothing is there"
)]
mod reach {
    pub(super) fn read(address: usize, into: &mut [u8]) -> bool {
        opendriver_guard::install();
        // SAFETY: `into` is ours, and a fault on the other side comes back as an error.
        unsafe {
            opendriver_guard::copy(
                into.as_mut_ptr(),
                std::ptr::with_exposed_provenance(address),
                into.len(),
            )
        }
        .is_ok()
    }

    pub(super) fn write(address: usize, from: &[u8]) -> bool {
        opendriver_guard::install();
        // SAFETY: `from` is ours, and a fault on the other side comes back as an error. The application vouched that the driver may
        // write where it said.
        unsafe {
            opendriver_guard::copy(
                std::ptr::with_exposed_provenance_mut(address),
                from.as_ptr(),
                from.len(),
            )
        }
        .is_ok()
    }
}

/// Without a way to survive a bad address, no address is reached.
#[cfg(not(all(
    feature = "native",
    target_os = "linux",
    target_arch = "x86_64",
    not(miri)
)))]
mod reach {
    pub(super) fn read(_address: usize, _into: &mut [u8]) -> bool {
        false
    }

    pub(super) fn write(_address: usize, _from: &[u8]) -> bool {
        false
    }
}
