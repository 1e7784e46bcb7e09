//! Finding a function among a thousand by its name, fast, from the first import on.
//!
//! A table of hashes is made for a DLL when its first function is asked for; the hashes themselves
//! were made at compile time.

use std::collections::HashMap;
use std::sync::{LazyLock, RwLock};

use opendriver_pe::Width;

use super::{Dll, Shim, name_hash};

/// Where each function of a DLL is.
pub(super) struct Index {
    /// Hash and function, at the hash's place or the next free one; the length is a power of two.
    slots: Box<[(u32, Option<&'static Shim>)]>,
}

/// The index of a DLL in one width, made on first use. It is the program's, as the shims themselves are.
pub(super) fn of(dll: &'static Dll, width: Width) -> &'static Index {
    static INDEXES: LazyLock<RwLock<HashMap<(usize, bool), &'static Index>>> =
        LazyLock::new(RwLock::default);
    let key = ((&raw const *dll).addr(), width == Width::Bits64);
    if let Some(index) = INDEXES.read().expect("no holder panics").get(&key) {
        return index;
    }
    let mut indexes = INDEXES.write().expect("no holder panics");
    indexes
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(Index::new(dll, width))))
}

impl Index {
    fn new(dll: &Dll, width: Width) -> Self {
        let size = (dll.shims(width).count() * 2 + 1).next_power_of_two();
        let mut slots = vec![(0, None); size].into_boxed_slice();
        for shim in dll.shims(width) {
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
    use opendriver_pe::Width;

    use crate::dll;

    #[test]
    fn every_shim_is_found_under_its_own_name() {
        for width in [Width::Bits32, Width::Bits64] {
            for dll in dll::ALL {
                for shim in dll.shims(width) {
                    let found = dll
                        .find(width, shim.name)
                        .unwrap_or_else(|| panic!("{}!{}", dll.name, shim.name));
                    assert_eq!(found.name, shim.name);
                }
                assert!(dll.find(width, "NobodyHasThis").is_none());
            }
        }
    }
}
