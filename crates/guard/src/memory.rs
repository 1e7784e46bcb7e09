//! Access to memory that may not be there: it never faults, it says where it would have.
//!
//! Small accesses are assembly within one range of code that the signal handler knows; a fault there goes on at the address
//! that the code keeps in one register. Large ones go through the C library with a frame to land in.
#![expect(unsafe_code, reason = "touches claimed memory, in assembly")]

use crate::frame;
use crate::machine::Register;

mod code;

/// From this length on, the C library's loops win over the frame that they need.
const LARGE: usize = 512;

/// The register in which tolerant code keeps where to go on after a fault.
pub(crate) const CONTINUATION: Register = Register::R11;

/// Whether `instruction` belongs to tolerant code.
pub(crate) fn is_tolerant(instruction: usize) -> bool {
    let start = &raw const code::opendriver_guard_start as usize;
    let end = &raw const code::opendriver_guard_end as usize;
    (start..end).contains(&instruction)
}

/// Copies `len` bytes; the two ranges may overlap.
///
/// # Errors
///
/// The address of the first byte that could not be read or written. What lies before it is copied, unless the ranges overlap.
///
/// # Safety
///
/// If memory is there at `dst`, it must be memory that may be overwritten. Nothing is asked of `src`. The crate's handlers
/// must be installed ([`install`](crate::install)).
#[inline]
pub unsafe fn copy(dst: *mut u8, src: *const u8, len: usize) -> Result<(), usize> {
    let overtakes = (dst as usize).wrapping_sub(src as usize) < len;
    if len >= LARGE || overtakes {
        let whole = frame::tolerate(|| {
            // SAFETY: bad memory lands in the frame; overwriting is vouched by the caller.
            unsafe { libc::memmove(dst.cast(), src.cast(), len) };
            0
        });
        if whole.is_ok() {
            return Ok(());
        }
    }
    // SAFETY: the code goes on by itself after a fault; overwriting is vouched by the caller.
    let done = unsafe { code::opendriver_guard_copy(dst, src, len) };
    if done == len {
        return Ok(());
    }
    let source = (src as usize).wrapping_add(done);
    // SAFETY: a tolerant access takes any address.
    let is_readable = unsafe { read_u8(source) }.is_some();
    Err(if is_readable {
        (dst as usize).wrapping_add(done)
    } else {
        source
    })
}

/// Sets `len` bytes to `byte`.
///
/// # Errors
///
/// The address of the first byte that could not be written. What lies before it is set.
///
/// # Safety
///
/// As for [`copy`].
#[inline]
pub unsafe fn fill(dst: *mut u8, byte: u8, len: usize) -> Result<(), usize> {
    if len >= LARGE {
        let whole = frame::tolerate(|| {
            // SAFETY: bad memory lands in the frame; overwriting is vouched by the caller.
            unsafe { libc::memset(dst.cast(), byte.into(), len) };
            0
        });
        if whole.is_ok() {
            return Ok(());
        }
    }
    // SAFETY: the code goes on by itself after a fault; overwriting is vouched by the caller.
    let done = unsafe { code::opendriver_guard_fill(dst, byte, len) };
    if done == len {
        Ok(())
    } else {
        Err((dst as usize).wrapping_add(done))
    }
}

macro_rules! reads {
    ($($name:ident $type:ty, $code:ident, $what:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, " in one access, at any alignment. [`None`] if it is not there.")]
        ///
        /// # Safety
        ///
        /// The crate's handlers must be installed. Nothing is asked of the address.
        #[inline]
        #[must_use]
        pub unsafe fn $name(address: usize) -> Option<$type> {
            // SAFETY: the code goes on by itself after a fault.
            let read = unsafe { code::$code(address) };
            (read.bad == 0).then_some(read.value as $type)
        }
    )*};
}

reads! {
    read_u8 u8, opendriver_guard_read_u8, "a byte";
    read_u16 u16, opendriver_guard_read_u16, "16 bits";
    read_u32 u32, opendriver_guard_read_u32, "32 bits";
    read_u64 u64, opendriver_guard_read_u64, "64 bits";
}

macro_rules! writes {
    ($($name:ident $type:ty, $code:ident, $what:literal;)*) => {$(
        #[doc = concat!("Writes ", $what, " in one access, at any alignment. [`None`] if the memory is not there.")]
        ///
        /// # Safety
        ///
        /// As for [`copy`].
        #[inline]
        #[must_use]
        pub unsafe fn $name(address: usize, value: $type) -> Option<()> {
            // SAFETY: the code goes on by itself after a fault; overwriting is vouched by the caller.
            (unsafe { code::$code(address, value.into()) } == 0).then_some(())
        }
    )*};
}

writes! {
    write_u8 u8, opendriver_guard_write_u8, "a byte";
    write_u16 u16, opendriver_guard_write_u16, "16 bits";
    write_u32 u32, opendriver_guard_write_u32, "32 bits";
    write_u64 u64, opendriver_guard_write_u64, "64 bits";
}

macro_rules! exchanges {
    ($($name:ident $type:ty, $code:ident;)*) => {$(
        /// Replaces `expected` by `new` in one step that other threads see whole, and returns what was there before:
        /// `expected` if it was replaced. [`None`] if the memory is not there.
        ///
        /// # Safety
        ///
        /// As for [`copy`].
        #[inline]
        #[must_use]
        pub unsafe fn $name(address: usize, expected: $type, new: $type) -> Option<$type> {
            // SAFETY: the code goes on by itself after a fault; overwriting is vouched by the caller.
            let read = unsafe { code::$code(address, expected.into(), new.into()) };
            (read.bad == 0).then_some(read.value as $type)
        }
    )*};
}

exchanges! {
    compare_exchange_u32 u32, opendriver_guard_exchange_u32;
    compare_exchange_u64 u64, opendriver_guard_exchange_u64;
}

macro_rules! scans {
    ($($name:ident, $code:ident, $what:literal;)*) => {$(
        #[doc = concat!("Finds the first ", $what, " that is zero: its index, or [`None`] if the first `limit` are not.")]
        ///
        /// # Errors
        ///
        /// The index of the first one that is not there.
        ///
        /// # Safety
        ///
        /// The crate's handlers must be installed. Nothing is asked of the address.
        #[inline]
        pub unsafe fn $name(address: usize, limit: usize) -> Result<Option<usize>, usize> {
            // SAFETY: the code goes on by itself after a fault.
            let scan = unsafe { code::$code(address, limit) };
            match (scan.bad != 0, scan.value as usize) {
                (true, index) => Err(index),
                (false, index) => Ok((index < limit).then_some(index)),
            }
        }
    )*};
}

scans! {
    scan_u8, opendriver_guard_scan_u8, "byte";
    scan_u16, opendriver_guard_scan_u16, "16-bit unit";
}

#[cfg(test)]
mod tests;
