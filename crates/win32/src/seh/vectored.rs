//! Handlers that are asked before any frame, and the filter that is asked after all of them.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::process::Process;

/// Which handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// `AddVectoredExceptionHandler`.
    Exception,
    /// `AddVectoredContinueHandler`.
    Continue,
}

#[derive(Default)]
struct Vectored {
    entries: RwLock<Vec<Entry>>,
    next: AtomicU64,
}

struct Entry {
    list: List,
    handle: u64,
    handler: u64,
}

/// Adds a handler and answers the handle by which it is removed.
pub(super) fn add(process: &Process, list: List, first: bool, handler: u64) -> u64 {
    let vectored = process.state::<Vectored>();
    let handle = (vectored.next.fetch_add(1, Ordering::Relaxed) + 1) * 16;
    let mut entries = vectored.entries.write().expect("no holder panics");
    let at = if first { 0 } else { entries.len() };
    entries.insert(
        at,
        Entry {
            list,
            handle,
            handler,
        },
    );
    handle
}

/// Removes a handler; false if there is none of this handle.
pub(super) fn remove(process: &Process, list: List, handle: u64) -> bool {
    let vectored = process.state::<Vectored>();
    let mut entries = vectored.entries.write().expect("no holder panics");
    let before = entries.len();
    entries.retain(|entry| entry.list != list || entry.handle != handle);
    entries.len() != before
}

/// The handlers in the order in which they are asked.
pub(super) fn handlers(process: &Process, list: List) -> Vec<u64> {
    let vectored = process.state::<Vectored>();
    let entries = vectored.entries.read().expect("no holder panics");
    entries
        .iter()
        .filter(|entry| entry.list == list)
        .map(|entry| entry.handler)
        .collect()
}

/// The filter of `SetUnhandledExceptionFilter`.
#[derive(Default)]
pub(super) struct Filter(AtomicU64);

impl Filter {
    pub(super) fn address(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Sets the filter and answers the one before.
    pub(super) fn replace(&self, filter: u64) -> u64 {
        self.0.swap(filter, Ordering::AcqRel)
    }
}
