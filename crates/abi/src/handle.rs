//! The system's handle of an instance and the driver's own identifier of it.

use core::fmt;
use core::num::NonZeroU32;

/// The system's handle of an instance (`HDRVR`): nonzero, 32 bits, dead for good once closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hdrvr(NonZeroU32);

impl Hdrvr {
    /// Takes a raw handle value; 0 is no handle.
    pub const fn new(raw: u32) -> Option<Self> {
        match NonZeroU32::new(raw) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The value that a driver sees.
    pub const fn raw(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Hdrvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// The driver's identifier of an instance: what it answered to `DRV_OPEN`, 0 before that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DriverId(pub usize);
