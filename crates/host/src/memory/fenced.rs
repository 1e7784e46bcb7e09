//! Memory with a page behind it that nobody may touch.
#![expect(unsafe_code, reason = "maps memory")]

use std::ptr::{self, NonNull};

/// How long a page is.
pub(super) fn page() -> usize {
    // SAFETY: takes a number and cannot fail.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// How many bytes are mapped for `len`, without the page behind them.
fn mapped(len: usize) -> Option<usize> {
    len.checked_next_multiple_of(page())
        .filter(|&mapped| mapped <= isize::MAX as usize)
}

/// Maps `len` zeroed bytes that end where the untouchable page begins.
pub(super) fn reserve(len: usize) -> Option<NonNull<u8>> {
    let mapped = mapped(len)?;
    let whole = mapped.checked_add(page())?;
    // SAFETY: a new mapping, at an address that the system chooses.
    let start = unsafe {
        libc::mmap(
            ptr::null_mut(),
            whole,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the first `mapped` bytes of the mapping that was just made.
    let opened = unsafe { libc::mprotect(start, mapped, libc::PROT_READ | libc::PROT_WRITE) };
    if opened != 0 {
        // SAFETY: the mapping that was just made, which nobody knows of.
        unsafe { libc::munmap(start, whole) };
        return None;
    }
    // SAFETY: `len` is not more than `mapped`.
    NonNull::new(unsafe { start.cast::<u8>().add(mapped - len) })
}

/// Takes the bytes back.
///
/// # Safety
/// `address` and `len` are what one call of [`reserve`] answered and was given, and are not used any more.
pub(super) unsafe fn release(address: NonNull<u8>, len: usize) {
    let Some(mapped) = mapped(len) else { return };
    // SAFETY: the mapping begins so far before what `reserve` answered.
    let start = unsafe { address.sub(mapped - len) };
    // SAFETY: the mapping that `reserve` made, with the page behind it.
    unsafe { libc::munmap(start.as_ptr().cast(), mapped + page()) };
}
