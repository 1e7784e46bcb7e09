//! Address space that 32-bit code reaches.

use opendriver_pe::low;

/// Maps fresh pages below 4 GiB, below 2 GiB where there is room. None where there is no room.
pub(crate) fn map(bytes: usize, protection: i32) -> Option<*mut u8> {
    map_aligned(bytes, 1, protection)
}

/// As [`map`], at a multiple of a power of two.
pub(crate) fn map_aligned(bytes: usize, alignment: usize, protection: i32) -> Option<*mut u8> {
    low::map(bytes, alignment, protection).map(|at| at.as_ptr())
}
