//! The application's memory: what it points at may not be there, and that is an answer, not a crash.
#![expect(unsafe_code, reason = "reads and writes where the application says")]

use std::sync::atomic::{AtomicBool, Ordering};

use opendriver_abi::structures::Structure;
use opendriver_guard as guard;

use crate::process::undivided;

/// An address where there is nothing, or nothing that may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such memory at {address:#x}")]
pub struct BadPointer {
    /// The address.
    pub address: usize,
}

/// Has the handlers ready that tell a bad address from a good one.
fn ready() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.load(Ordering::Acquire) {
        undivided(guard::install);
        DONE.store(true, Ordering::Release);
    }
}

/// Reads bytes into a buffer.
///
/// # Errors
/// Not all of them are there.
pub fn read(address: usize, into: &mut [u8]) -> Result<(), BadPointer> {
    ready();
    let from = std::ptr::with_exposed_provenance(address);
    // SAFETY: the destination is ours, and the handlers are installed.
    let copied = unsafe { guard::copy(into.as_mut_ptr(), from, into.len()) };
    copied.map_err(|address| BadPointer { address })
}

/// Reads as many bytes as are there, from the first on, and answers how many.
pub fn read_some(address: usize, into: &mut [u8]) -> usize {
    let Err(BadPointer { address: end }) = read(address, into) else {
        return into.len();
    };
    let there = end.saturating_sub(address).min(into.len());
    match read(address, &mut into[..there]) {
        Ok(()) => there,
        Err(_) => 0,
    }
}

/// How far apart the bytes may be of which one has to be tried: no page is smaller.
const PAGE: usize = 4096;

/// Makes sure that bytes can be read, a byte of each page.
///
/// # Errors
/// Not all of them are there.
pub fn readable(address: usize, len: usize) -> Result<(), BadPointer> {
    ready();
    each_page(address, len, |address| {
        // SAFETY: the handlers are installed.
        unsafe { guard::read_u8(address) }.map(drop)
    })
}

/// Makes sure that bytes can be written, a number in each page, which stays as it is also where another thread writes it just then.
///
/// # Errors
/// Not all of them can.
pub fn writable(address: usize, len: usize) -> Result<(), BadPointer> {
    ready();
    each_page(address, len, |address| {
        let aligned = address & !3;
        // SAFETY: the handlers are installed.
        let there = unsafe { guard::read_u32(aligned) }?;
        // SAFETY: the number there is replaced by itself, or not at all.
        unsafe { guard::compare_exchange_u32(aligned, there, there) }.map(drop)
    })
}

fn each_page(
    address: usize,
    len: usize,
    can: impl Fn(usize) -> Option<()>,
) -> Result<(), BadPointer> {
    let Some(last) = len.checked_sub(1) else {
        return Ok(());
    };
    let last = address.checked_add(last).ok_or(BadPointer { address })?;
    let pages = (address & !(PAGE - 1)..=last).step_by(PAGE);
    for page in pages {
        let address = page.max(address);
        can(address).ok_or(BadPointer { address })?;
    }
    Ok(())
}

/// Reads bytes.
///
/// # Errors
/// Not all of them are there.
pub fn bytes(address: usize, len: usize) -> Result<Vec<u8>, BadPointer> {
    let mut bytes = vec![0; len];
    read(address, &mut bytes)?;
    Ok(bytes)
}

/// Writes bytes.
///
/// # Errors
/// Not all of them can be written.
pub fn write(address: usize, bytes: &[u8]) -> Result<(), BadPointer> {
    ready();
    let to = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: vouched by who called the exported function: it named this memory to be written.
    let copied = unsafe { guard::copy(to, bytes.as_ptr(), bytes.len()) };
    copied.map_err(|address| BadPointer { address })
}

/// Reads a structure.
///
/// # Errors
/// It is not there.
pub fn structure<S: Structure>(address: usize) -> Result<S, BadPointer> {
    let bytes = bytes(address, S::SIZE)?;
    S::read(&bytes).ok_or(BadPointer { address })
}

/// Writes a structure, all of it.
///
/// # Errors
/// It cannot be written.
pub fn set_structure<S: Structure>(address: usize, structure: &S) -> Result<(), BadPointer> {
    let mut bytes = bytes(address, S::SIZE)?;
    structure.write(&mut bytes);
    write(address, &bytes)
}

/// Reads the number of 32 bits with which most structures begin: their size.
///
/// # Errors
/// It is not there.
pub fn number(address: usize) -> Result<u32, BadPointer> {
    let mut bytes = [0; 4];
    read(address, &mut bytes)?;
    Ok(u32::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_not_there_is_told() {
        for address in [0, 1, 0xdead_0000, usize::MAX - 3, usize::MAX] {
            assert!(number(address).is_err(), "{address:#x}");
            assert!(write(address, &[1, 2, 3, 4]).is_err(), "{address:#x}");
        }
        for address in [0, 0xdead_0000, usize::MAX - 3] {
            assert!(readable(address, 8).is_err(), "{address:#x}");
            assert!(writable(address, 8).is_err(), "{address:#x}");
            assert_eq!(read_some(address, &mut [0; 8]), 0);
        }
        let own = vec![7_u8; 3 * PAGE];
        assert!(readable(own.as_ptr().addr(), own.len()).is_ok());
        assert!(writable(own.as_ptr().addr(), own.len()).is_ok());
        assert!(writable(readable as *const () as usize, 1).is_err());
        assert!(readable(own.as_ptr().addr(), usize::MAX).is_err());
        let text = "text of the program, which cannot be written";
        assert!(bytes(text.as_ptr().addr(), 4).is_ok());
        assert!(write(number as *const () as usize, b"no").is_err());
    }
}
