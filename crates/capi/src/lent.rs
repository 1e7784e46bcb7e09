//! Memory that the library gives to the application, until that frees it.
#![expect(
    unsafe_code,
    reason = "asks for zeroed memory that there may be none of"
)]

use std::alloc::{Layout, alloc_zeroed};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Memory that was given to the application, by its address. No address is freed that was not given.
#[derive(Debug, Default)]
pub struct Lent {
    // Of numbers that wide, so that what begins there is aligned for any structure.
    blocks: Mutex<HashMap<usize, (Vec<u128>, usize)>>,
}

impl Lent {
    /// Gives `len` bytes, which are zero. None where there is no memory for them.
    pub fn allocate(&self, len: usize) -> Option<usize> {
        let mut block = zeroed(len.div_ceil(size_of::<u128>()).max(1))?;
        let address = block.as_mut_ptr().expose_provenance();
        self.lock().insert(address, (block, len));
        Some(address)
    }

    /// Says that fewer bytes are of use than were asked for.
    pub fn shorten(&self, address: usize, len: usize) {
        if let Some((_, kept)) = self.lock().get_mut(&address) {
            *kept = len.min(*kept);
        }
    }

    /// Takes memory back. Answers whether it was given.
    pub fn free(&self, address: usize) -> bool {
        self.lock().remove(&address).is_some()
    }

    /// How many bytes were asked for.
    pub fn len_of(&self, address: usize) -> Option<usize> {
        self.lock().get(&address).map(|&(_, len)| len)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, (Vec<u128>, usize)>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many numbers, at least one, which are zero. Their pages come from the system when they are used first, as those of `vec!` do; but what
/// `vec!` cannot have ends the program.
fn zeroed(count: usize) -> Option<Vec<u128>> {
    let layout = Layout::array::<u128>(count).ok()?;
    // SAFETY: the layout is of one number at least.
    let start = unsafe { alloc_zeroed(layout) }.cast::<u128>();
    if start.is_null() {
        return None;
    }
    // SAFETY: the allocator of all lists gave it for so many numbers, and they are zero.
    Some(unsafe { Vec::from_raw_parts(start, count, count) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_taken_back_and_once() {
        let lent = Lent::default();
        let address = lent.allocate(5).unwrap();
        assert_eq!((address % 16, lent.len_of(address)), (0, Some(5)));
        assert!(!lent.free(address + 1) && !lent.free(0));
        assert!(lent.free(address) && !lent.free(address));
        assert_ne!(lent.allocate(0).unwrap(), 0);
    }

    #[test]
    fn memory_that_there_is_none_of_is_not_given() {
        let lent = Lent::default();
        for len in [1 << 60, isize::MAX as usize, usize::MAX] {
            assert_eq!(lent.allocate(len), None, "{len:#x}");
        }
    }
}
