//! An open conversion, and the buffers that the program has prepared for it.

use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use opendriver_codec::acm::{Buffer, Feed};
use slotmap::{DefaultKey, SlotMap};

use super::error::Error;
use super::notice::{Listener, Notice};
use super::uses::Use;
use crate::handles::BadHandle;

/// What an `HACMSTREAM` stands for.
#[derive(Debug)]
pub(super) struct OpenStream {
    /// The identifier of its driver.
    pub(super) id: usize,
    pub(super) listener: Listener,
    pub(super) instance: usize,
    work: Mutex<Option<Work>>,
    /// Which thread is at work, so that it does not wait for itself.
    worker: AtomicUsize,
}

/// What one thread at a time works with.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) buffers: SlotMap<DefaultKey, Prepared>,
    // The stream goes before what says that its driver is in use.
    pub(super) feed: Feed,
    _uses: [Option<Use>; 2],
}

/// Buffers of the driver's for those of a header, and where the program has these.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) buffer: Buffer,
    pub(super) source: (usize, u32),
    pub(super) destination: (usize, u32),
}

/// The work of a stream, while one thread is at it.
pub(super) struct AtWork<'a> {
    stream: &'a OpenStream,
    work: MutexGuard<'a, Option<Work>>,
}

impl OpenStream {
    pub(super) fn new(
        feed: Feed,
        id: usize,
        uses: [Option<Use>; 2],
        listener: Listener,
        instance: usize,
    ) -> Self {
        let work = Work {
            buffers: SlotMap::new(),
            feed,
            _uses: uses,
        };
        Self {
            id,
            listener,
            instance,
            work: Mutex::new(Some(work)),
            worker: AtomicUsize::new(0),
        }
    }

    /// Waits until no other thread is at work. A thread that is at work itself, from inside the driver, would wait for ever.
    pub(super) fn begin(&self) -> Result<AtWork<'_>, Error> {
        if self.worker.load(Ordering::Relaxed) == this_thread() {
            let what = "the stream";
            return Err(Error::Busy { what });
        }
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        self.worker.store(this_thread(), Ordering::Relaxed);
        Ok(AtWork { stream: self, work })
    }

    /// Tells the program of something, when nobody is at work.
    pub(super) fn tell(&self, has: usize, notice: Notice, header: usize) {
        self.listener.tell(has, notice, self.instance, header);
    }
}

impl AtWork<'_> {
    /// The work; none where the stream was closed meanwhile.
    pub(super) fn work(&mut self, has: usize) -> Result<&mut Work, Error> {
        let closed = BadHandle::Unknown { handle: has };
        Ok(self.work.as_mut().ok_or(closed)?)
    }

    /// Takes the work away, to close it.
    pub(super) fn end(mut self, has: usize) -> Result<Work, Error> {
        let closed = BadHandle::Unknown { handle: has };
        Ok(self.work.take().ok_or(closed)?)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.stream.worker.store(0, Ordering::Relaxed);
    }
}

/// A number that this thread has, and no other that lives.
fn this_thread() -> usize {
    thread_local! {
        static OWN: u8 = const { 0 };
    }
    OWN.with(|own| ptr::from_ref(own).addr())
}
