//! The open streams of one instance, by the value that each has in its structure.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use super::Refusal;

/// The open streams. A value is never used again before all others were, so that a stream that is closed stays closed.
pub(super) struct Streams<S> {
    open: RwLock<Open<S>>,
}

struct Open<S> {
    streams: BTreeMap<u32, Arc<Mutex<Opened<S>>>>,
    last: u32,
}

/// A stream, and what a piece of its source and destination is copied into.
pub(super) struct Opened<S> {
    pub(super) stream: S,
    pub(super) source: Vec<u8>,
    pub(super) destination: Vec<u8>,
}

impl<S> Streams<S> {
    pub(super) fn new() -> Self {
        let open = Open {
            streams: BTreeMap::new(),
            last: 0,
        };
        Self { open: open.into() }
    }

    /// Keeps a stream; the value is for `ACMDRVSTREAMINSTANCE.dwDriver`.
    pub(super) fn insert(&self, stream: S) -> u32 {
        let opened = Opened {
            stream,
            source: Vec::new(),
            destination: Vec::new(),
        };
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        loop {
            open.last = open.last.wrapping_add(1);
            let value = open.last;
            if value != 0 && !open.streams.contains_key(&value) {
                open.streams.insert(value, Arc::new(opened.into()));
                return value;
            }
        }
    }

    /// Forgets a stream.
    ///
    /// # Errors
    /// There is none with this value.
    pub(super) fn remove(&self, value: u32) -> Result<(), Refusal> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let removed = open.streams.remove(&value);
        drop(open);
        removed.map(drop).ok_or(Refusal::BadHandle)
    }

    /// Does something with a stream.
    ///
    /// # Errors
    /// There is none with this value, or another thread uses it.
    pub(super) fn with<T>(
        &self,
        value: u32,
        act: impl FnOnce(&mut Opened<S>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let stream = open.streams.get(&value).map(Arc::clone);
        drop(open);
        let stream = stream.ok_or(Refusal::BadHandle)?;
        match stream.try_lock() {
            Ok(mut opened) => act(&mut opened),
            Err(TryLockError::Poisoned(poisoned)) => act(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(Refusal::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_stream_stays_closed() {
        let streams = Streams::new();
        let first = streams.insert("a");
        let second = streams.insert("b");
        assert_eq!(streams.remove(first), Ok(()));
        assert_eq!(streams.remove(first), Err(Refusal::BadHandle));
        let third = streams.insert("c");
        assert!(third != first && third != second);
        assert_eq!(streams.with(second, |opened| Ok(opened.stream)), Ok("b"));
        let inside = streams.with(second, |_| streams.with(second, |_| Ok(())));
        assert_eq!(inside, Err(Refusal::Busy));
    }
}
