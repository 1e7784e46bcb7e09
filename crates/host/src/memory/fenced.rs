//! Memory with a page behind it that nobody may touch.
#![expect(unsafe_code, reason = "maps memory")]

use std::ptr::{self, NonNull};

/// How long a page is.
pub(crate) fn page() -> usize {
    // SAFETY: takes a number and cannot fail.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// How many bytes are mapped for `len`, without the page behind them.
fn mapped(len: usize) -> Option<usize> {
    len.checked_next_multiple_of(page())
        .filter(|&mapped| mapped <= isize::MAX as usize)
}

/// Takes `len` zeroed bytes that end where the untouchable page begins, out of fresh pages that `map` gives.
pub(crate) fn reserve(
    len: usize,
    map: impl FnOnce(usize) -> Option<NonNull<u8>>,
) -> Option<NonNull<u8>> {
    let mapped = mapped(len)?;
    let whole = mapped.checked_add(page())?;
    let start = map(whole)?;
    // SAFETY: the page behind the first `mapped` bytes was mapped with them.
    let behind = unsafe { start.add(mapped) };
    // SAFETY: the last page of what was just mapped.
    let closed = unsafe { libc::mprotect(behind.as_ptr().cast(), page(), libc::PROT_NONE) };
    if closed != 0 {
        // SAFETY: the mapping that was just made, which nobody knows of.
        unsafe { libc::munmap(start.as_ptr().cast(), whole) };
        return None;
    }
    // SAFETY: `len` is not more than `mapped`.
    Some(unsafe { start.add(mapped - len) })
}

/// Maps fresh pages where the system likes.
pub(crate) fn anywhere(whole: usize) -> Option<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, at an address that the system chooses.
    let start = unsafe { libc::mmap(ptr::null_mut(), whole, access, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return None;
    }
    NonNull::new(start.cast())
}

/// Takes the bytes back.
///
/// # Safety
/// `address` and `len` are what one call of [`reserve`] answered and was given, and are not used any more.
pub(crate) unsafe fn release(address: NonNull<u8>, len: usize) {
    let Some(mapped) = mapped(len) else { return };
    // SAFETY: the mapping begins so far before what `reserve` answered.
    let start = unsafe { address.sub(mapped - len) };
    // SAFETY: the mapping that `reserve` made, with the page behind it.
    unsafe { libc::munmap(start.as_ptr().cast(), mapped + page()) };
}
