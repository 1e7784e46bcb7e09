//! Static thread-local storage: each thread's copy of each image's template.

use opendriver_pe as pe;

use super::LoadError;
use super::images::{Image, Images};
use crate::heap::Heap;
use crate::process::Process;
use crate::shim::Addr;
use crate::thread::Thread;

/// Images with thread-local storage that a process has room for.
const SLOTS: usize = 256;

/// What the loader keeps of an image's TLS directory.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    index: usize,
    template: Vec<u8>,
    pub(super) callbacks: Vec<u64>,
}

impl Process {
    /// Gives an image an index and every thread its copy.
    pub(super) fn give_blocks(&self, image: &Image, file: &pe::File<'_>) -> Result<(), LoadError> {
        let directory = file.tls().map_err(|source| LoadError::Image {
            path: image.path().to_owned(),
            source,
        })?;
        let Some(directory) = directory else {
            return Ok(());
        };
        let index = {
            let mut used = self.images().tls.lock().expect("no holder panics");
            let free = used.iter().position(|used| !used).unwrap_or(used.len());
            if free == SLOTS {
                return Err(LoadError::Room {
                    path: image.path().to_owned(),
                });
            }
            if free == used.len() {
                used.push(false);
            }
            used[free] = true;
            free
        };
        let length = directory.data.len();
        let mut template = image
            .with_mapping_mut(|mapping| {
                mapping
                    .slice(directory.data.start, length)
                    .map(<[u8]>::to_vec)
            })
            .unwrap_or_default();
        template.resize(template.len() + directory.zero_fill as usize, 0);
        let callbacks = directory
            .callbacks
            .iter()
            .map(|rva| image.base() + u64::from(*rva));
        let tls = Tls {
            index,
            template,
            callbacks: callbacks.collect(),
        };
        if let Some(rva) = directory.index_rva {
            let slot = image.base() + u64::from(rva);
            // SAFETY: the slot lies in the image, which is still writable.
            let _ = unsafe { opendriver_guard::write_u32(slot as usize, index as u32) };
        }
        self.for_each_thread(|thread| give(self.heap(), thread, &tls));
        let _ = image.tls.set(tls);
        Ok(())
    }

    /// Frees every thread's copy and the index.
    pub(super) fn take_blocks(&self, image: &Image) {
        let Some(tls) = image.tls.get() else { return };
        self.for_each_thread(|thread| {
            if let Some(slot) = slot(thread, tls.index) {
                let block = take(slot);
                self.heap().free(Addr(block));
                put(slot, 0);
            }
        });
        self.images().tls.lock().expect("no holder panics")[tls.index] = false;
    }
}

impl Images {
    /// Gives a thread that was seen for the first time its copies.
    pub(crate) fn give_thread_its_blocks(&self, process: &Process, thread: &Thread) {
        let table = process
            .heap()
            .allocate(SLOTS as u64 * u64::from(process.width().bytes()), true);
        thread.set_tls(table.0);
        for image in self.all() {
            if let Some(tls) = image.tls.get() {
                give(process.heap(), thread, tls);
            }
        }
    }

    /// Frees the copies of a thread that ends.
    pub(crate) fn take_thread_its_blocks(&self, process: &Process, thread: &Thread) {
        for index in 0..SLOTS {
            if let Some(slot) = slot(thread, index) {
                process.heap().free(Addr(take(slot)));
            }
        }
        process.heap().free(Addr(thread.tls()));
        thread.set_tls(0);
    }
}

fn give(heap: &Heap, thread: &Thread, tls: &Tls) {
    let Some(slot) = slot(thread, tls.index) else {
        return;
    };
    let block = heap.allocate(tls.template.len().max(8) as u64, true);
    if !block.is_null() {
        // SAFETY: the block was just made for the template.
        let _ = unsafe {
            opendriver_guard::copy(
                block.0 as *mut u8,
                tls.template.as_ptr(),
                tls.template.len(),
            )
        };
    }
    put(slot, block.0);
}

/// Where a thread has the address of its copy for an index.
#[derive(Clone, Copy)]
struct Slot {
    at: usize,
    width: pe::Width,
}

fn slot(thread: &Thread, index: usize) -> Option<Slot> {
    let table = thread.tls() as usize;
    let width = thread.width();
    let at = table + width.bytes() as usize * index;
    (table != 0).then_some(Slot { at, width })
}

fn take(slot: Slot) -> u64 {
    match slot.width {
        // SAFETY: a slot of a table that `give_thread_its_blocks` made; the tolerant read answers in any case.
        pe::Width::Bits64 => unsafe { opendriver_guard::read_u64(slot.at) },
        // SAFETY: as above.
        pe::Width::Bits32 => unsafe { opendriver_guard::read_u32(slot.at) }.map(u64::from),
    }
    .unwrap_or(0)
}

fn put(slot: Slot, value: u64) {
    let _ = match slot.width {
        // SAFETY: as in `take`.
        pe::Width::Bits64 => unsafe { opendriver_guard::write_u64(slot.at, value) },
        // SAFETY: as in `take`.
        pe::Width::Bits32 => unsafe { opendriver_guard::write_u32(slot.at, value as u32) },
    };
}
