//! Heaps of the Windows process, below 2 GiB where there is room.
//!
//! Careless 64-bit ports keep pointers in 32 bits; low addresses forgive them. Each block carries
//! its size and its heap in front, so that `HeapSize` is exact and a wrong pointer is noticed.

use std::ptr;
use std::sync::Mutex;

use dlmalloc::{Allocator, Dlmalloc};
use opendriver_pe::Width;

use crate::shim::Addr;
use crate::x86::low;

/// A heap.
pub(crate) struct Heap {
    blocks: Mutex<Dlmalloc<LowMemory>>,
    /// Tells blocks of this heap from those of others.
    tag: u64,
}

#[repr(C)]
struct Header {
    size: u64,
    tag: u64,
}

const HEADER: usize = size_of::<Header>();
const ALIGN: usize = 16;

impl Heap {
    pub(crate) fn new(tag: u64, width: Width) -> Self {
        Self {
            blocks: Mutex::new(Dlmalloc::new_with_allocator(LowMemory { width })),
            tag: tag ^ 0x6865_6170,
        }
    }

    /// Allocates; null when there is no memory.
    pub(crate) fn allocate(&self, bytes: u64, zeroed: bool) -> Addr {
        let Some(total) = usize::try_from(bytes)
            .ok()
            .and_then(|bytes| bytes.checked_add(HEADER))
        else {
            return Addr::NULL;
        };
        let mut blocks = self.blocks.lock().expect("no holder panics");
        let block = if zeroed {
            // SAFETY: the allocator takes any size with an alignment that is a power of two.
            unsafe { blocks.calloc(total, ALIGN) }
        } else {
            // SAFETY: as above.
            unsafe { blocks.malloc(total, ALIGN) }
        };
        drop(blocks);
        self.finish(block, bytes)
    }

    fn finish(&self, block: *mut u8, bytes: u64) -> Addr {
        if block.is_null() {
            return Addr::NULL;
        }
        let header = Header {
            size: bytes,
            tag: self.tag,
        };
        // SAFETY: the block starts with room for a header, aligned to 16.
        unsafe { block.cast::<Header>().write(header) };
        Addr(block as u64 + HEADER as u64)
    }

    /// The header of a live block of this heap.
    fn header(&self, block: Addr) -> Option<*mut Header> {
        let at = block
            .0
            .checked_sub(HEADER as u64)
            .filter(|at| at.is_multiple_of(ALIGN as u64))?;
        // SAFETY: the tolerant read answers nothing for an address that is not mapped.
        let tag = unsafe { opendriver_guard::read_u64((at + 8) as usize) }?;
        (tag == self.tag).then_some(at as *mut Header)
    }

    /// The bytes that were asked for, if this is a live block of this heap.
    pub(crate) fn size(&self, block: Addr) -> Option<u64> {
        let header = self.header(block)?;
        // SAFETY: the header was found to be one of this heap.
        Some(unsafe { (*header).size })
    }

    /// Frees a block; false when it is none of this heap.
    pub(crate) fn free(&self, block: Addr) -> bool {
        let Some(header) = self.header(block) else {
            return false;
        };
        // SAFETY: the header was found to be one of this heap.
        let size = unsafe { (*header).size } as usize;
        // SAFETY: as above; the tag goes so that a second free is noticed.
        unsafe { (*header).tag = 0 };
        let mut blocks = self.blocks.lock().expect("no holder panics");
        // SAFETY: the block came from this allocator with this size and alignment.
        unsafe { blocks.free(header.cast(), size + HEADER, ALIGN) };
        true
    }

    /// Changes a block's size and keeps what fits; null when there is no memory or no such block.
    pub(crate) fn reallocate(&self, block: Addr, bytes: u64, zeroed: bool) -> Addr {
        let Some(header) = self.header(block) else {
            return Addr::NULL;
        };
        let Some(total) = usize::try_from(bytes)
            .ok()
            .and_then(|bytes| bytes.checked_add(HEADER))
        else {
            return Addr::NULL;
        };
        // SAFETY: the header was found to be one of this heap.
        let before = unsafe { (*header).size };
        let mut blocks = self.blocks.lock().expect("no holder panics");
        // SAFETY: the block came from this allocator with this size and alignment.
        let moved =
            unsafe { blocks.realloc(header.cast(), before as usize + HEADER, ALIGN, total) };
        drop(blocks);
        let moved = self.finish(moved, bytes);
        if zeroed && !moved.is_null() && bytes > before {
            let fresh = moved.offset(before).0 as *mut u8;
            // SAFETY: the block has `bytes` bytes, of which those from `before` on are new.
            unsafe { ptr::write_bytes(fresh, 0, (bytes - before) as usize) };
        }
        moved
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // Blocks go with the mappings that the allocator holds.
        let blocks = std::mem::replace(
            self.blocks.get_mut().expect("no holder panics"),
            Dlmalloc::new_with_allocator(LowMemory {
                width: Width::Bits64,
            }),
        );
        // SAFETY: nobody holds a block of a heap that is gone.
        unsafe { blocks.destroy() };
    }
}

/// Pages for the allocator, below 2 GiB where there is room.
pub(crate) struct LowMemory {
    width: Width,
}

/// Maps pages that drivers of this width reach, below 2 GiB where there is room; null when there is no memory.
pub(crate) fn map_low(bytes: usize, protection: i32, width: Width) -> *mut u8 {
    if width == Width::Bits32 {
        return low::map(bytes, protection).unwrap_or(ptr::null_mut());
    }
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    for low in [libc::MAP_32BIT, 0] {
        // SAFETY: an anonymous mapping at a place that the kernel chooses disturbs nothing.
        let at = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags | low, -1, 0) };
        if at != libc::MAP_FAILED {
            return at.cast();
        }
    }
    ptr::null_mut()
}

// SAFETY: answers whole fresh mappings and frees exactly what it is given.
unsafe impl Allocator for LowMemory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let at = map_low(size, libc::PROT_READ | libc::PROT_WRITE, self.width);
        if at.is_null() {
            (at, 0, 0)
        } else {
            (at, size, 0)
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, at: *mut u8, before: usize, after: usize) -> bool {
        // SAFETY: the allocator gives back the tail of a mapping of its own.
        unsafe { libc::munmap(at.wrapping_add(after).cast(), before - after) == 0 }
    }

    fn free(&self, at: *mut u8, size: usize) -> bool {
        // SAFETY: the allocator gives back a mapping of its own.
        unsafe { libc::munmap(at.cast(), size) == 0 }
    }

    fn can_release_part(&self, _: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        4096
    }
}
