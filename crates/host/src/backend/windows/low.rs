//! Memory that 32-bit drivers reach.
#![expect(unsafe_code, reason = "maps memory that a driver reads and writes")]

use std::ptr::NonNull;

use opendriver_win32 as win32;

use crate::Memory;

/// Pages below 4 GiB.
#[derive(Debug)]
pub(super) struct LowMemory;

// SAFETY: fresh pages are valid, zeroed, aligned and nobody else's until they are unmapped.
unsafe impl Memory for LowMemory {
    fn reserve(&self, len: usize) -> Option<NonNull<u8>> {
        win32::low::map(len)
    }

    unsafe fn release(&self, address: NonNull<u8>, len: usize) {
        // SAFETY: the caller vouches that the pages came from `reserve` with this length.
        unsafe { win32::low::unmap(address, len) };
    }
}
