//! What stands for the handles of Windows in a driver.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use opendriver_abi::Hdrvr;

/// Numbers in the place of handles. Those of Windows may be as wide as an address, and some of its managers send an instance's messages
/// with another one than it was opened with; its identifier is always the same. Elsewhere a handle is a number of 32 bits, and kept.
pub(super) struct Handles {
    open: RwLock<Open>,
}

/// The number of each open instance, by its identifier, and how many were given.
struct Open {
    numbers: BTreeMap<usize, Hdrvr>,
    given: u32,
}

/// What messages have that go to the whole driver, or to no instance.
const MODULE: Option<Hdrvr> = Hdrvr::new(1);

impl Handles {
    pub(super) const fn new() -> Self {
        Self {
            open: RwLock::new(Open {
                numbers: BTreeMap::new(),
                given: 1,
            }),
        }
    }

    /// The number for an instance that is about to be opened, if there are any left of four thousand million.
    pub(super) fn before_open(&self) -> Option<Hdrvr> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.given = open.given.checked_add(1)?;
        Hdrvr::new(open.given)
    }

    /// Keeps the number of an instance, now that it has an identifier.
    pub(super) fn opened(&self, id: usize, number: Hdrvr) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.numbers.insert(id, number);
    }

    /// The number of an instance.
    pub(super) fn of(&self, id: usize) -> Option<Hdrvr> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.numbers.get(&id).copied().or(MODULE)
    }

    /// Forgets an instance.
    pub(super) fn closed(&self, id: usize) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.numbers.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_a_number_of_its_own_until_it_is_closed() {
        let handles = Handles::new();
        let numbers = [(); 2].map(|()| handles.before_open().unwrap());
        assert_ne!(numbers[0], numbers[1]);
        handles.opened(10, numbers[0]);
        handles.opened(11, numbers[1]);
        assert_eq!(handles.of(10), Some(numbers[0]));
        handles.closed(10);
        assert_eq!(handles.of(10), MODULE);
        assert_eq!(handles.of(11), Some(numbers[1]));
        assert!(!numbers.map(Some).contains(&MODULE));
    }
}
