//! Which instance an identifier stands for, found without a lock that other instances share.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use opendriver_abi::{DriverId, Hdrvr};

/// Slots of the first segment; each further segment doubles the number of slots.
const FIRST: usize = 16;
const SEGMENTS: usize = 28;

/// The open instances. An identifier is the number of a slot plus one; slots never move, so two
/// threads that find two instances write to no common memory.
pub(crate) struct Instances<T> {
    segments: [OnceLock<Box<[Slot<T>]>>; SEGMENTS],
    free: Mutex<Free>,
}

/// One instance, on a cache line of its own.
#[repr(align(64))]
struct Slot<T>(RwLock<Option<(Hdrvr, Arc<T>)>>);

/// Numbers of slots to use next.
struct Free {
    given_back: Vec<usize>,
    never_used: usize,
}

impl<T> Instances<T> {
    pub(crate) fn new() -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
            free: Mutex::new(Free {
                given_back: Vec::new(),
                never_used: 0,
            }),
        }
    }

    /// Keeps an instance; no identifier is left only when there are more than four thousand
    /// million of them.
    pub(crate) fn insert(&self, handle: Hdrvr, value: T) -> Option<DriverId> {
        let number = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.given_back.pop().unwrap_or_else(|| {
                free.never_used += 1;
                free.never_used - 1
            })
        };
        let (segment, offset) = place(number);
        let slots = self.segments.get(segment)?.get_or_init(|| {
            (0..FIRST << segment)
                .map(|_| Slot(RwLock::new(None)))
                .collect()
        });
        let slot = slots.get(offset)?;
        *slot.0.write().unwrap_or_else(PoisonError::into_inner) = Some((handle, Arc::new(value)));
        Some(DriverId(number + 1))
    }

    /// Finds an instance by its identifier, if the handle is the one that it was opened with.
    pub(crate) fn find(&self, id: DriverId, handle: Hdrvr) -> Option<Arc<T>> {
        let slot = self
            .slot(id)?
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some((opened, value)) if *opened == handle => Some(Arc::clone(value)),
            _ => None,
        }
    }

    /// Forgets an instance. Its value goes with the last message that still uses it.
    pub(crate) fn remove(&self, id: DriverId, handle: Hdrvr) {
        let Some(slot) = self.slot(id) else { return };
        let removed = {
            let mut slot = slot.0.write().unwrap_or_else(PoisonError::into_inner);
            slot.take_if(|(opened, _)| *opened == handle)
        };
        if removed.is_some() {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.given_back.push(id.0 - 1);
        }
    }

    /// Forgets every instance.
    pub(crate) fn clear(&self) {
        for slots in self.segments.iter().filter_map(OnceLock::get) {
            for slot in slots {
                let taken = slot
                    .0
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                // The author's `Drop` runs here, with no lock held.
                drop(taken);
            }
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = Free {
            given_back: Vec::new(),
            never_used: 0,
        };
    }

    fn slot(&self, id: DriverId) -> Option<&Slot<T>> {
        let (segment, offset) = place(id.0.checked_sub(1)?);
        self.segments.get(segment)?.get()?.get(offset)
    }
}

/// The segment of a slot and its offset there: segment `n` begins at `FIRST * (2^n - 1)`.
fn place(number: usize) -> (usize, usize) {
    let segment = (number / FIRST).saturating_add(1).ilog2() as usize;
    (segment, number - FIRST * ((1 << segment) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_each_other_without_gaps() {
        let mut expected = (0, 0);
        for number in 0..10_000 {
            assert_eq!(place(number), expected);
            expected.1 += 1;
            if expected.1 == FIRST << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }

    #[test]
    fn an_identifier_finds_its_instance_only_with_its_own_handle() {
        let [first, second] = [1, 2].map(|raw| Hdrvr::new(raw).unwrap());
        let instances = Instances::new();
        let id = instances.insert(first, "a").unwrap();
        assert_eq!(instances.find(id, first).as_deref(), Some(&"a"));
        assert!(instances.find(id, second).is_none());
        assert!(instances.find(DriverId(0), first).is_none());
        assert!(instances.find(DriverId(usize::MAX), first).is_none());
        instances.remove(id, first);
        assert!(instances.find(id, first).is_none());
        assert_eq!(instances.insert(second, "b"), Some(id));
        assert!(instances.find(id, first).is_none());
    }

    #[test]
    fn many_instances_keep_their_values() {
        let instances = Instances::new();
        let handle = |n: u32| Hdrvr::new(n + 1).unwrap();
        let ids: Vec<_> = (0..1000)
            .map(|n| instances.insert(handle(n), n).unwrap())
            .collect();
        for (n, id) in (0..).zip(&ids) {
            assert_eq!(instances.find(*id, handle(n)).as_deref(), Some(&n));
        }
        instances.clear();
        assert!(
            ids.iter()
                .zip(0..)
                .all(|(id, n)| instances.find(*id, handle(n)).is_none())
        );
    }
}
