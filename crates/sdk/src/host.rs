//! What a driver may ask of the host that it runs in.

use opendriver_abi::{Hdrvr, LParam, LResult, Message};

/// What a driver may ask of its host, at any time from `DRV_LOAD` to the end of `DRV_FREE`.
///
/// Every function has an answer for a host that does not offer it. A host must not keep the driver
/// alive through this object, since the driver holds it.
pub trait Host: Send + Sync {
    /// One of the driver's own settings.
    fn setting(&self, name: &str) -> Option<Setting> {
        let _ = name;
        None
    }

    /// Writes one of the driver's own settings; `false` if that failed.
    fn set_setting(&self, name: &str, value: &Setting) -> bool {
        let _ = (name, value);
        false
    }

    /// Opens another driver: `lParam2` of its `DRV_OPEN` is `param2`.
    fn open(&self, name: &str, section: Option<&str>, param2: LParam) -> Option<Hdrvr> {
        let _ = (name, section, param2);
        None
    }

    /// Sends a message to an open instance; 0 if there is none.
    fn send(&self, handle: Hdrvr, message: Message, param1: LParam, param2: LParam) -> LResult {
        let _ = (handle, message, param1, param2);
        0
    }

    /// Closes an open instance; 0 if there is none or its driver refuses.
    fn close(&self, handle: Hdrvr, param1: LParam, param2: LParam) -> LResult {
        let _ = (handle, param1, param2);
        0
    }

    /// Copies from an address that the application named; `false` where it may not be read.
    fn read(&self, address: usize, into: &mut [u8]) -> bool {
        let _ = (address, into);
        false
    }

    /// Copies to an address that the application named; `false` where it may not be written.
    fn write(&self, address: usize, from: &[u8]) -> bool {
        let _ = (address, from);
        false
    }

    /// Tells a person something, for example that the driver broke.
    fn report(&self, text: &str) {
        let _ = text;
    }
}

/// A host that offers nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoHost;

impl Host for NoHost {}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// Text.
    Text(String),
    /// A number.
    Integer(u64),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Setting {
    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn integer(&self) -> Option<u64> {
        match *self {
            Self::Integer(number) => Some(number),
            _ => None,
        }
    }
}
