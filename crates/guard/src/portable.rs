//! Calls foreign code as it is, where this crate knows no way to catch its faults.

use crate::{Fault, Place};

/// Calls `f`; on this system a fault in it ends the program.
///
/// # Errors
///
/// None on this system.
///
/// # Safety
///
/// As for a plain call of what `f` calls.
pub unsafe fn protect<F: FnOnce() -> isize>(f: F) -> Result<isize, Fault> {
    Ok(f())
}

/// Does nothing on this system.
pub fn install() {}

/// Does nothing on this system.
pub fn prepare_thread() {}

/// Knows no object on this system.
#[must_use]
pub fn place(_address: usize) -> Option<Place> {
    None
}
