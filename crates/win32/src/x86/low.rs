//! Address space that 32-bit code reaches.

use std::ptr;

/// Maps fresh pages below 4 GiB, below 2 GiB where there is room: many old programs take an address for a signed number.
/// None where there is no room.
pub(crate) fn map(bytes: usize, protection: i32) -> Option<*mut u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: an anonymous mapping at a place that the kernel chooses disturbs nothing.
    let at = unsafe {
        libc::mmap(
            ptr::null_mut(),
            bytes,
            protection,
            flags | libc::MAP_32BIT,
            -1,
            0,
        )
    };
    if at != libc::MAP_FAILED {
        return Some(at.cast());
    }
    // The kernel looks only between 1 and 2 GiB for that flag.
    const STEP: u64 = 1 << 20;
    const FIRST: u64 = 16 << 20;
    let wanted = bytes as u64;
    let lower = (FIRST..1 << 30).step_by(STEP as usize);
    let upper = (1 << 31..1 << 32).step_by(STEP as usize);
    for address in lower.chain(upper) {
        if address + wanted > 1 << 32 {
            break;
        }
        let flags = flags | libc::MAP_FIXED_NOREPLACE;
        // SAFETY: the kernel refuses to map over anything.
        let at = unsafe { libc::mmap(address as *mut _, bytes, protection, flags, -1, 0) };
        if at as u64 == address {
            return Some(at.cast());
        }
        if at != libc::MAP_FAILED {
            // SAFETY: a kernel that does not know the flag has mapped it elsewhere.
            unsafe { libc::munmap(at, bytes) };
        }
    }
    None
}
