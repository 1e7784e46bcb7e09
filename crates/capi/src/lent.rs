//! Memory that the library gives to the application, until that frees it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Memory that was given to the application, by its address. No address is freed that was not given.
#[derive(Debug, Default)]
pub struct Lent {
    // Of numbers that wide, so that what begins there is aligned for any structure.
    blocks: Mutex<HashMap<usize, (Vec<u128>, usize)>>,
}

impl Lent {
    /// Gives `len` bytes, which are zero.
    pub fn allocate(&self, len: usize) -> usize {
        let mut block = vec![0_u128; len.div_ceil(size_of::<u128>()).max(1)];
        let address = block.as_mut_ptr().expose_provenance();
        self.lock().insert(address, (block, len));
        address
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_taken_back_and_once() {
        let lent = Lent::default();
        let address = lent.allocate(5);
        assert_eq!((address % 16, lent.len_of(address)), (0, Some(5)));
        assert!(!lent.free(address + 1) && !lent.free(0));
        assert!(lent.free(address) && !lent.free(address));
        assert_ne!(lent.allocate(0), 0);
    }
}
