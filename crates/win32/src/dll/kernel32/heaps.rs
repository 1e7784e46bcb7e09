//! Heaps: `HeapAlloc` and its kin.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use crate::cx::Cx;
use crate::heap::Heap;
use crate::shim::{Addr, Handle, Size, shims};
use crate::trap::Trap;

/// `HEAP_GENERATE_EXCEPTIONS`.
const EXCEPTIONS: u32 = 4;
/// `HEAP_ZERO_MEMORY`.
const ZERO: u32 = 8;
/// `HEAP_REALLOC_IN_PLACE_ONLY`.
const IN_PLACE: u32 = 0x10;
const STATUS_NO_MEMORY: u32 = 0xC000_0017;
const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_INVALID_PARAMETER: u32 = 87;

/// The heaps that drivers have made; their handles are addresses that can be read.
#[derive(Default)]
pub(crate) struct Heaps {
    by_handle: RwLock<HashMap<u64, Arc<Heap>>>,
    made: AtomicU64,
}

shims! {
    pub(in crate::dll) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the heap that the process starts with.
    fn GetProcessHeap(cx) -> Handle { Ok(Handle(cx.process().peb().default_heap())) }

    /// Answers the heaps of the process: how many there are, and as many handles as fit.
    fn GetProcessHeaps(cx, count: u32, handles: Addr) -> u32 {
        let heaps = cx.state::<Heaps>();
        let mut all = vec![cx.process().peb().default_heap()];
        all.extend(heaps.by_handle.read().expect("no holder panics").keys());
        for (index, heap) in all.iter().take(count as usize).enumerate() {
            cx.write_addr(handles.offset(index as u64 * cx.pointer_size()), Addr(*heap))?;
        }
        Ok(all.len() as u32)
    }

    /// Makes a heap; it grows as it must, whatever size is named.
    fn HeapCreate(cx, options: u32, initial: Size, maximum: Size) -> Handle {
        let heaps = cx.state::<Heaps>();
        let mark = cx.allocate_zeroed(Size(16));
        if mark.is_null() {
            return cx.fail(ERROR_NOT_ENOUGH_MEMORY, Handle::NULL);
        }
        let heap = Heap::new(heaps.made.fetch_add(1, Ordering::Relaxed) + 2, cx.process().width());
        heaps.by_handle.write().expect("no holder panics").insert(mark.0, Arc::new(heap));
        Ok(Handle(mark.0))
    }

    /// Frees a heap and all its blocks.
    fn HeapDestroy(cx, heap: Handle) -> bool {
        let heaps = cx.state::<Heaps>();
        let removed = heaps.by_handle.write().expect("no holder panics").remove(&cx.address(heap).0);
        match removed {
            Some(_) => Ok(cx.free(cx.address(heap))),
            None => cx.fail(ERROR_INVALID_HANDLE, false),
        }
    }

    /// Allocates a block.
    fn HeapAlloc(cx, heap: Handle, flags: u32, size: Size) -> Addr {
        let block = with_heap(cx, heap, |heap| heap.allocate(size.0, flags & ZERO != 0));
        allocated(cx, flags, block.unwrap_or(Addr::NULL))
    }

    /// Changes the size of a block and keeps what fits.
    fn HeapReAlloc(cx, heap: Handle, flags: u32, block: Addr, size: Size) -> Addr {
        let moved = with_heap(cx, heap, |heap| {
            if flags & IN_PLACE != 0 {
                // Only a block that does not grow stays for certain where it is.
                let fits = heap.size(block).is_some_and(|before| size.0 <= before);
                return if fits { block } else { Addr::NULL };
            }
            heap.reallocate(block, size.0, flags & ZERO != 0)
        });
        allocated(cx, flags, moved.unwrap_or(Addr::NULL))
    }

    /// Frees a block; false when it is none of this heap.
    fn HeapFree(cx, heap: Handle, flags: u32, block: Addr) -> bool {
        if block.is_null() {
            return Ok(true);
        }
        match with_heap(cx, heap, |heap| heap.free(block)) {
            Some(true) => Ok(true),
            _ => cx.fail(ERROR_INVALID_PARAMETER, false),
        }
    }

    /// Answers the bytes of a block, all ones when it is none of this heap.
    fn HeapSize(cx, heap: Handle, flags: u32, block: Addr) -> Size {
        let size = with_heap(cx, heap, |heap| heap.size(block)).flatten();
        Ok(size.map_or(Size(u64::MAX), Size))
    }

    /// Tells whether a block, or a heap, is sound.
    fn HeapValidate(cx, heap: Handle, flags: u32, block: Addr) -> bool {
        Ok(with_heap(cx, heap, |heap| block.is_null() || heap.size(block).is_some()) == Some(true))
    }

    /// Answers the largest free block: as much as a heap may grow by.
    fn HeapCompact(cx, heap: Handle, flags: u32) -> Size { Ok(Size(0x100_0000)) }

    /// Locks a heap; ours lock themselves.
    fn HeapLock(cx, heap: Handle) -> bool { Ok(true) }

    /// Unlocks a heap; ours lock themselves.
    fn HeapUnlock(cx, heap: Handle) -> bool { Ok(true) }

    /// Takes advice about a heap.
    fn HeapSetInformation(cx, heap: Handle, class: u32, info: Addr, size: Size) -> bool { Ok(true) }
}

fn with_heap<T>(cx: &Cx<'_>, handle: Handle, use_it: impl FnOnce(&Heap) -> T) -> Option<T> {
    let handle = cx.address(handle);
    if handle.0 == cx.process().peb().default_heap() {
        return Some(use_it(cx.heap()));
    }
    let heaps = cx.state::<Heaps>();
    let heap = heaps
        .by_handle
        .read()
        .expect("no holder panics")
        .get(&handle.0)
        .cloned();
    if heap.is_none() {
        cx.set_last_error(ERROR_INVALID_HANDLE);
    }
    heap.map(|heap| use_it(&heap))
}

fn allocated(cx: &Cx<'_>, flags: u32, block: Addr) -> Result<Addr, Trap> {
    match (block.is_null(), flags & EXCEPTIONS) {
        (false, _) => Ok(block),
        (true, 0) => cx.fail(ERROR_NOT_ENOUGH_MEMORY, block),
        (true, _) => Err(Trap::exception(STATUS_NO_MEMORY)),
    }
}
