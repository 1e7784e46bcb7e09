//! The words that an installable driver and its host share.
//!
//! Numbers, names and layouts only: nothing here allocates or calls, and only the parsing of a
//! message name can fail. Read [`Message`] first, then what a driver answers ([`answer`]), then
//! the
//! structures that messages point at ([`structures`]) and what a host offers to a driver
//! ([`services`]).
#![no_std]

mod message;

mod class;

pub mod answer;

mod handle;

pub mod structures;

pub mod services;

pub use answer::def_driver_proc;
pub use class::Class;
pub use handle::{DriverId, Hdrvr};
pub use message::{Message, Named, UnknownMessage};

/// The type of `lParam1` and `lParam2`: a number or an address, the driver's class decides.
pub type LParam = isize;

/// What a driver answers to a message.
pub type LResult = isize;

/// The one entry point of a native driver: `DriverProc(id, hdrvr, message, lParam1, lParam2)`.
pub type DriverProc = unsafe extern "C" fn(usize, usize, u32, LParam, LParam) -> LResult;
