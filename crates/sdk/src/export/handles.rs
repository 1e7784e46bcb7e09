//! The handles that a host gives, as the numbers of 32 bits that the rest of the SDK works with.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use opendriver_abi::Hdrvr;

/// Numbers for handles. On Windows a handle may be as wide as an address, and with the messages of the module itself it may be 0; elsewhere
/// it is a number of 32 bits already.
pub(super) struct Handles {
    wide: RwLock<Wide>,
}

/// The numbers that stand for handles, from 1 on, and those that were given back.
struct Wide {
    numbers: BTreeMap<usize, u32>,
    free: Vec<u32>,
}

impl Handles {
    pub(super) const fn new() -> Self {
        Self {
            wide: RwLock::new(Wide {
                numbers: BTreeMap::new(),
                free: Vec::new(),
            }),
        }
    }

    /// The number of a handle; none for one that can be none.
    pub(super) fn number(&self, handle: usize) -> Option<Hdrvr> {
        match cfg!(windows) {
            true => self.number_of_wide(handle),
            false => u32::try_from(handle).ok().and_then(Hdrvr::new),
        }
    }

    /// Gives the number of a handle back, which is closed.
    pub(super) fn forget(&self, handle: usize) {
        if !cfg!(windows) {
            return;
        }
        self.forget_wide(handle);
    }

    fn number_of_wide(&self, handle: usize) -> Option<Hdrvr> {
        let wide = self.wide.read().unwrap_or_else(PoisonError::into_inner);
        let known = wide.numbers.get(&handle).copied();
        drop(wide);
        if let Some(known) = known {
            return Hdrvr::new(known);
        }
        let mut wide = self.wide.write().unwrap_or_else(PoisonError::into_inner);
        let Wide { numbers, free } = &mut *wide;
        let next = u32::try_from(numbers.len() + free.len() + 1).ok()?;
        let number = numbers
            .entry(handle)
            .or_insert_with(|| free.pop().unwrap_or(next));
        Hdrvr::new(*number)
    }

    fn forget_wide(&self, handle: usize) {
        let mut wide = self.wide.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = wide.numbers.remove(&handle) {
            wide.free.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_handles_have_numbers_for_as_long_as_they_are_open() {
        let handles = Handles::new();
        let numbers =
            [0x7f00_1234_5678, 0, 0x1234_5678].map(|handle| handles.number_of_wide(handle));
        assert_eq!(numbers, [1, 2, 3].map(Hdrvr::new));
        assert_eq!(handles.number_of_wide(0x7f00_1234_5678), Hdrvr::new(1));
        handles.forget_wide(0x7f00_1234_5678);
        assert_eq!(handles.number_of_wide(5), Hdrvr::new(1));
        handles.forget_wide(77);
        assert_eq!(handles.number_of_wide(0x1234_5678), Hdrvr::new(3));
    }
}
