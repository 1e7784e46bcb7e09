//! Finding a function among a thousand by its name, fast, from the first import on.
//!
//! A table of hashes is made for a DLL when its first function is asked for; the hashes themselves
//! were made at compile time.

use std::collections::HashMap;
use std::sync::{LazyLock, RwLock};

use super::{Dll, Shim, name_hash};

/// Where each function of a DLL is.
pub(super) struct Index {
    /// Hash and function, at the hash's place or the next free one; the length is a power of two.
    slots: Box<[(u32, Option<&'static Shim>)]>,
}

/// The index of a DLL, made on first use. It is the program's, as the shims themselves are.
pub(super) fn of(dll: &'static Dll) -> &'static Index {
    static INDEXES: LazyLock<RwLock<HashMap<usize, &'static Index>>> =
        LazyLock::new(RwLock::default);
    let key = (&raw const *dll).addr();
    if let Some(index) = INDEXES.read().expect("no holder panics").get(&key) {
        return index;
    }
    let mut indexes = INDEXES.write().expect("no holder panics");
    indexes
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(Index::new(dll))))
}

impl Index {
    fn new(dll: &Dll) -> Self {
        let size = (dll.shims().count() * 2 + 1).next_power_of_two();
        let mut slots = vec![(0, None); size].into_boxed_slice();
        for shim in dll.shims() {
            let mut at = shim.hash as usize & (size - 1);
            while slots[at].1.is_some() {
                at = (at + 1) & (size - 1);
            }
            slots[at] = (shim.hash, Some(shim));
        }
        Self { slots }
    }

    pub(super) fn find(&self, name: &str) -> Option<&'static Shim> {
        let hash = name_hash(name);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let (known, Some(shim)) = self.slots[at] {
            if known == hash && shim.name == name {
                return Some(shim);
            }
            at = (at + 1) & mask;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::dll;

    #[test]
    fn every_shim_is_found_under_its_own_name() {
        for dll in dll::ALL {
            for shim in dll.shims() {
                let found = dll
                    .find(shim.name)
                    .unwrap_or_else(|| panic!("{}!{}", dll.name, shim.name));
                assert_eq!(found.name, shim.name);
            }
            assert!(dll.find("NobodyHasThis").is_none());
        }
    }
}
