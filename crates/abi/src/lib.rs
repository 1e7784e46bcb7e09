//! The words that an installable driver and its host share.
//!
//! Numbers, names and layouts only: nothing here allocates, fails or calls.
#![no_std]

mod handle;
mod message;

pub use handle::{DriverId, Hdrvr};
pub use message::Message;

/// The type of `lParam1` and `lParam2`: a number or an address, the driver's class decides.
pub type LParam = isize;

/// What a driver answers to a message.
pub type LResult = isize;

/// The one entry point of a native driver: `DriverProc(id, hdrvr, message, lParam1, lParam2)`.
pub type DriverProc = unsafe extern "C" fn(usize, usize, u32, LParam, LParam) -> LResult;
