//! Blocks for 32-bit drivers that the host gives out: many small ones in a few mappings.
//!
//! What it knows of its blocks lies outside of them, so that a driver which writes behind one ruins its neighbour and
//! nothing of ours.

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use super::low;

/// What every block is aligned to.
const ALIGNMENT: usize = 64;
/// Where small blocks are cut from.
const SLAB: usize = 1 << 20;
/// The longest block that is cut from a slab.
const SMALL: usize = 64 << 10;
/// How many bytes of long blocks wait to be used again: a few pictures of any size that old codecs know.
const KEPT: usize = 128 << 20;

/// Gives out blocks below 4 GiB and takes them back.
#[derive(Debug, Default)]
pub struct Pool {
    shelves: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    /// Blocks that were given back, by their length as it is rounded.
    free: HashMap<usize, Vec<usize>>,
    /// Bytes of those that are longer than [`SMALL`].
    kept: usize,
    slabs: Vec<usize>,
    /// What is left of the last slab.
    next: usize,
    left: usize,
}

impl Pool {
    /// Takes `len` zeroed bytes, aligned to 64. None where there is no room.
    pub fn reserve(&self, len: usize) -> Option<NonNull<u8>> {
        let rounded = rounded(len)?;
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let used = shelves.free.get_mut(&rounded).and_then(Vec::pop);
        let Some(at) = used else {
            return NonNull::new(shelves.fresh(rounded)? as *mut u8);
        };
        if rounded > SMALL {
            shelves.kept -= rounded;
        }
        drop(shelves);
        let at = NonNull::new(at as *mut u8)?;
        // SAFETY: the block has `rounded` bytes, at least `len`, and is nobody's until it is answered.
        unsafe { at.write_bytes(0, len) };
        Some(at)
    }

    /// Takes the bytes back.
    ///
    /// # Safety
    /// `address` and `len` are what one call of [`reserve`](Self::reserve) answered and was given, and nobody uses the bytes any more.
    pub unsafe fn release(&self, address: NonNull<u8>, len: usize) {
        let Some(rounded) = rounded(len) else { return };
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if rounded > SMALL {
            if shelves.kept + rounded > KEPT {
                drop(shelves);
                // SAFETY: `fresh` mapped a block of this length for itself, and the caller gives it up.
                unsafe { libc::munmap(address.as_ptr().cast(), rounded) };
                return;
            }
            shelves.kept += rounded;
        }
        let at = address.as_ptr() as usize;
        shelves.free.entry(rounded).or_default().push(at);
    }
}

impl Shelves {
    /// Cuts a block from a slab, or maps a long one.
    fn fresh(&mut self, rounded: usize) -> Option<usize> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        if rounded > SMALL {
            return match low::map(rounded, protection) {
                Some(at) => Some(at as usize),
                None => {
                    self.give_up_kept();
                    low::map(rounded, protection).map(|at| at as usize)
                }
            };
        }
        if self.left < rounded {
            self.next = low::map(SLAB, protection)? as usize;
            self.left = SLAB;
            self.slabs.push(self.next);
        }
        let at = self.next;
        self.next += rounded;
        self.left -= rounded;
        Some(at)
    }

    /// Unmaps the long blocks that wait.
    fn give_up_kept(&mut self) {
        self.kept = 0;
        for (length, blocks) in self.free.iter_mut().filter(|(length, _)| **length > SMALL) {
            for block in blocks.drain(..) {
                // SAFETY: `fresh` mapped a block of this length for itself, and it was given back.
                unsafe { libc::munmap(block as *mut _, *length) };
            }
        }
    }
}

impl Drop for Shelves {
    fn drop(&mut self) {
        self.give_up_kept();
        for slab in &self.slabs {
            // SAFETY: `fresh` mapped the slab with this size; whoever holds a block of it holds the pool.
            unsafe { libc::munmap(*slab as *mut _, SLAB) };
        }
    }
}

/// A length as blocks are made: one of four steps between two powers of two, so that a block serves many lengths.
fn rounded(len: usize) -> Option<usize> {
    let len = len.max(1).checked_next_multiple_of(ALIGNMENT)?;
    let step = (len.checked_next_power_of_two()? / 8).max(ALIGNMENT);
    let step = if len > SMALL { step.max(4096) } else { step };
    len.checked_next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_by_a_quarter_at_most() {
        for len in [0, 1, 64, 65, 1000, 4097, 65_536, 65_537, 5_000_000] {
            let rounded = rounded(len).unwrap();
            assert!(rounded >= len.max(1) && rounded.is_multiple_of(64));
            assert!(rounded <= (len + len / 4).max(len + 4096), "{len}");
        }
        assert_eq!(rounded(usize::MAX), None);
    }

    #[test]
    fn blocks_are_low_aligned_zeroed_and_apart() {
        let pool = Pool::default();
        let lengths = [1_usize, 63, 64, 65, 4096, 65_536, 65_537, 1_000_000];
        let blocks = lengths.map(|len| (pool.reserve(len).unwrap(), len));
        let mut ranges: Vec<_> = blocks
            .iter()
            .map(|(at, len)| (at.as_ptr() as usize, *len))
            .collect();
        ranges.sort_unstable();
        for pair in ranges.windows(2) {
            assert!(pair[0].0 + pair[0].1 <= pair[1].0);
        }
        for (at, len) in blocks {
            assert!(
                at.as_ptr() as usize + len <= 1 << 32 && (at.as_ptr() as usize).is_multiple_of(64)
            );
            // SAFETY: the block has so many bytes.
            let bytes = unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), len) };
            assert!(bytes.iter().all(|byte| *byte == 0));
            bytes.fill(0xA5);
            // SAFETY: the block was reserved with this length, and is not used any more.
            unsafe { pool.release(at, len) };
            let again = pool.reserve(len).unwrap();
            assert_eq!(again, at);
            // SAFETY: as above.
            let bytes = unsafe { std::slice::from_raw_parts(again.as_ptr(), len) };
            assert!(bytes.iter().all(|byte| *byte == 0), "{len}");
        }
    }

    #[test]
    fn what_is_given_back_is_used_again_and_not_hoarded() {
        let pool = Pool::default();
        let len = 60 << 20;
        let blocks = [(); 3].map(|()| pool.reserve(len).unwrap());
        for block in blocks {
            // SAFETY: reserved with this length, and not used any more.
            unsafe { pool.release(block, len) };
        }
        let shelves = pool.shelves.lock().unwrap();
        assert!(shelves.kept <= KEPT && shelves.kept >= 2 * len);
    }
}
