//! Pages that nobody may touch, and the blocks that they stand behind.

use std::collections::BTreeMap;

use crate::fault::Behind;
use crate::sync::{Mutex, lock};

/// The guard pages of one manager, so that a fault in one can be told by the block that was overrun.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    /// The block of each page, by the page's address.
    pages: Mutex<BTreeMap<usize, Guarded>>,
}

/// A block with a guard page.
#[derive(Clone, Copy, Debug)]
struct Guarded {
    start: usize,
    len: usize,
    /// How long the page is.
    page: usize,
}

impl Guards {
    pub(super) fn add(&self, start: usize, len: usize, at: usize, page: usize) {
        lock(&self.pages).insert(at, Guarded { start, len, page });
    }

    pub(super) fn remove(&self, at: usize) {
        lock(&self.pages).remove(&at);
    }

    /// The block whose guard page holds an address, and how far behind it that is.
    pub(crate) fn find(&self, address: u64) -> Option<Behind> {
        let address = usize::try_from(address).ok()?;
        let pages = lock(&self.pages);
        let (&at, guarded) = pages.range(..=address).next_back()?;
        (address - at < guarded.page).then(|| Behind {
            len: guarded.len,
            offset: address - guarded.start,
        })
    }
}
