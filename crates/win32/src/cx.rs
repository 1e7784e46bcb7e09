//! What a shim sees of the process, the thread and the driver's memory while it runs.

use std::sync::Arc;

use crate::heap::Heap;
use crate::process::{Process, Width};
use crate::shim::{Addr, Handle, Size};
use crate::station::{Report, Station};
use crate::thread::Thread;
use crate::trap::Trap;

/// The surroundings of one shim call.
pub(crate) struct Cx<'a> {
    process: &'a Process,
    thread: &'a Thread,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(process: &'a Process, thread: &'a Thread) -> Self {
        Self { process, thread }
    }

    /// The process.
    pub(crate) fn process(&self) -> &'a Process {
        self.process
    }

    /// The calling thread.
    pub(crate) fn thread(&self) -> &'a Thread {
        self.thread
    }

    /// Whoever made the process.
    pub(crate) fn station(&self) -> &'a dyn Station {
        self.process.station()
    }

    /// Takes note of something that a person would have seen.
    pub(crate) fn report(&self, report: Report) {
        self.station().report(report);
    }

    /// What a room keeps for the process.
    pub(crate) fn state<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.process.state()
    }

    /// Bytes of a pointer in the calling driver: 4 or 8.
    pub(crate) fn pointer_size(&self) -> u64 {
        self.process.width().bytes().into()
    }

    /// The address that a handle of a block or a module is: one above 2 GiB in a 32-bit driver came with its sign.
    pub(crate) fn address(&self, handle: Handle) -> Addr {
        match self.process.width() {
            Width::Bits32 => Addr(handle.0 & u64::from(u32::MAX)),
            Width::Bits64 => Addr(handle.0),
        }
    }

    /// `SetLastError`.
    pub(crate) fn set_last_error(&self, error: u32) {
        self.thread.set_last_error(error);
    }

    /// Sets the last error and answers `result`: how most functions fail.
    pub(crate) fn fail<T>(&self, error: u32, result: T) -> Result<T, Trap> {
        self.thread.set_last_error(error);
        Ok(result)
    }

    /// Calls driver code: a callback, a dialog procedure, `DllMain`.
    pub(crate) fn call(&mut self, address: Addr, arguments: &[u64]) -> Result<u64, Trap> {
        self.process.call_nested(self.thread, address.0, arguments)
    }

    /// The heap that `GetProcessHeap` answers.
    pub(crate) fn heap(&self) -> &'a Heap {
        self.process.heap()
    }

    /// Allocates from the process heap; null when there is no memory.
    pub(crate) fn allocate(&self, bytes: Size) -> Addr {
        self.heap().allocate(bytes.0, false)
    }

    /// Allocates zeroed memory from the process heap; null when there is no memory.
    pub(crate) fn allocate_zeroed(&self, bytes: Size) -> Addr {
        self.heap().allocate(bytes.0, true)
    }

    /// Frees a block of the process heap; false when it is none.
    pub(crate) fn free(&self, block: Addr) -> bool {
        self.heap().free(block)
    }
}
