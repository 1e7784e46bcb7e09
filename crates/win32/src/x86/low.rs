//! Address space that 32-bit code reaches.

use std::io;

use opendriver_pe::low;

/// Maps fresh pages below 4 GiB, below 2 GiB where there is room. None where there is no room.
pub(crate) fn map(bytes: usize, protection: i32) -> Option<*mut u8> {
    map_aligned(bytes, 1, protection)
}

/// As [`map`], at a multiple of a power of two.
pub(crate) fn map_aligned(bytes: usize, alignment: usize, protection: i32) -> Option<*mut u8> {
    low::map(bytes, alignment, protection).map(|at| at.as_ptr())
}

/// Finds out whether memory that was written may be executed, and still be written where that is wanted.
///
/// # Errors
/// What the kernel says: some systems forbid it.
pub fn try_execution(writable: bool) -> io::Result<()> {
    const BYTES: usize = 4096;
    let written = libc::PROT_READ | libc::PROT_WRITE;
    let page = map(BYTES, written).ok_or(io::ErrorKind::OutOfMemory)?;
    // SAFETY: the page was just mapped writable. A page that nobody has written to is not refused everywhere.
    unsafe { page.write(0xC3) };
    let wanted = if writable { written } else { libc::PROT_READ };
    // SAFETY: as above.
    let answer = unsafe { libc::mprotect(page.cast(), BYTES, wanted | libc::PROT_EXEC) };
    let error = io::Error::last_os_error();
    // SAFETY: nobody knows the page.
    unsafe { libc::munmap(page.cast(), BYTES) };
    if answer == 0 { Ok(()) } else { Err(error) }
}
