//! The application's memory: what it points at may not be there, and that is an answer, not a crash.
#![expect(unsafe_code, reason = "reads and writes where the application says")]

use std::sync::Once;

use opendriver_abi::structures::Structure;
use opendriver_guard as guard;

/// An address where there is nothing, or nothing that may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such memory at {address:#x}")]
pub struct BadPointer {
    /// The address.
    pub address: usize,
}

/// Has the handlers ready that tell a bad address from a good one.
fn ready() {
    static ONCE: Once = Once::new();
    ONCE.call_once(guard::install);
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
        let text = "text of the program, which cannot be written";
        assert!(bytes(text.as_ptr().addr(), 4).is_ok());
        assert!(write(number as *const () as usize, b"no").is_err());
    }
}
