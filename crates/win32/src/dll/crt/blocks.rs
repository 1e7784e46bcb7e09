//! `<malloc.h>`: memory of the process heap.

use super::runtime::{Shared, errno, fail, invalid_parameter};
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// Two pointers in front of an aligned block: the block that was allocated, and the size asked for.
const ALIGNED_HEADER: u64 = 16;

/// Allocates; asks the new handler again and again where the mode or the caller says so.
pub(super) fn allocate(cx: &mut Cx<'_>, bytes: u64, zeroed: bool, ask: bool) -> Result<Addr, Trap> {
    loop {
        let block = if zeroed {
            cx.allocate_zeroed(Size(bytes))
        } else {
            cx.allocate(Size(bytes))
        };
        if !block.is_null() {
            return Ok(block);
        }
        let shared = cx.state::<Shared>();
        let ask = ask || *shared.new_mode.lock().expect("no holder panics") != 0;
        let handler = *shared.new_handler.lock().expect("no holder panics");
        if !ask || handler.is_null() || cx.call(handler, &[bytes])? as i32 == 0 {
            return fail(cx, errno::ENOMEM, Addr::NULL);
        }
    }
}

fn reallocate(cx: &mut Cx<'_>, block: Addr, bytes: u64, zeroed: bool) -> Result<Addr, Trap> {
    if block.is_null() {
        return allocate(cx, bytes, zeroed, false);
    }
    if bytes == 0 {
        cx.free(block);
        return Ok(Addr::NULL);
    }
    let moved = cx.heap().reallocate(block, bytes, zeroed);
    if moved.is_null() {
        fail(cx, errno::ENOMEM, moved)
    } else {
        Ok(moved)
    }
}

fn aligned(
    cx: &mut Cx<'_>,
    bytes: u64,
    align: u64,
    shift: u64,
    zeroed: bool,
) -> Result<Addr, Trap> {
    if !align.is_power_of_two() || (shift != 0 && shift >= bytes) {
        return invalid_parameter(cx, "_aligned_malloc", errno::EINVAL, Addr::NULL);
    }
    let align = align.max(cx.pointer_size());
    let Some(total) = bytes
        .checked_add(align)
        .and_then(|total| total.checked_add(ALIGNED_HEADER))
    else {
        return fail(cx, errno::ENOMEM, Addr::NULL);
    };
    let block = allocate(cx, total, zeroed, false)?;
    if block.is_null() {
        return Ok(block);
    }
    let place = (block.0 + ALIGNED_HEADER + shift).next_multiple_of(align) - shift;
    cx.write(Addr(place - 16), block.0)?;
    cx.write(Addr(place - 8), bytes)?;
    Ok(Addr(place))
}

fn aligned_again(
    cx: &mut Cx<'_>,
    block: Addr,
    bytes: u64,
    align: u64,
    shift: u64,
    zeroed: bool,
) -> Result<Addr, Trap> {
    if block.is_null() {
        return aligned(cx, bytes, align, shift, zeroed);
    }
    let owner: u64 = cx.read(Addr(block.0 - 16))?;
    if bytes == 0 {
        cx.free(Addr(owner));
        return Ok(Addr::NULL);
    }
    let before: u64 = cx.read(Addr(block.0 - 8))?;
    let moved = aligned(cx, bytes, align, shift, zeroed)?;
    if !moved.is_null() {
        cx.copy(moved, block, before.min(bytes))?;
        cx.free(Addr(owner));
    }
    Ok(moved)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Allocates memory.
    fn malloc(cx, bytes: Size) -> Addr {
        allocate(cx, bytes.0, false, false)
    }

    /// Allocates zeroed memory for an array.
    fn calloc(cx, count: Size, bytes: Size) -> Addr {
        match count.0.checked_mul(bytes.0) {
            Some(bytes) => allocate(cx, bytes, true, false),
            None => fail(cx, errno::ENOMEM, Addr::NULL),
        }
    }

    /// Changes the size of a block, which may move.
    fn realloc(cx, block: Addr, bytes: Size) -> Addr {
        reallocate(cx, block, bytes.0, false)
    }

    /// Changes the size of an array and zeroes what is new.
    fn _recalloc(cx, block: Addr, count: Size, bytes: Size) -> Addr {
        match count.0.checked_mul(bytes.0) {
            Some(bytes) => reallocate(cx, block, bytes, true),
            None => fail(cx, errno::ENOMEM, Addr::NULL),
        }
    }

    /// Frees a block.
    fn free(cx, block: Addr) {
        if !block.is_null() {
            cx.free(block);
        }
        Ok(())
    }

    /// Answers the size of a block.
    fn _msize(cx, block: Addr) -> Size {
        match cx.heap().size(block) {
            Some(bytes) => Ok(Size(bytes)),
            None => invalid_parameter(cx, "_msize", errno::EINVAL, Size(u64::MAX)),
        }
    }

    /// Changes the size of a block where it is; only making it smaller is possible.
    fn _expand(cx, block: Addr, bytes: Size) -> Addr {
        let fits = cx.heap().size(block).is_some_and(|size| bytes.0 <= size);
        if fits { Ok(block) } else { fail(cx, errno::ENOMEM, Addr::NULL) }
    }

    /// Allocates memory at a multiple of `align`.
    fn _aligned_malloc(cx, bytes: Size, align: Size) -> Addr {
        aligned(cx, bytes.0, align.0, 0, false)
    }

    /// Allocates memory of which the place `shift` is a multiple of `align`.
    fn _aligned_offset_malloc(cx, bytes: Size, align: Size, shift: Size) -> Addr {
        aligned(cx, bytes.0, align.0, shift.0, false)
    }

    /// Changes the size of an aligned block.
    fn _aligned_realloc(cx, block: Addr, bytes: Size, align: Size) -> Addr {
        aligned_again(cx, block, bytes.0, align.0, 0, false)
    }

    /// Changes the size of an aligned array and zeroes what is new.
    fn _aligned_recalloc(cx, block: Addr, count: Size, bytes: Size, align: Size) -> Addr {
        match count.0.checked_mul(bytes.0) {
            Some(bytes) => aligned_again(cx, block, bytes, align.0, 0, true),
            None => fail(cx, errno::ENOMEM, Addr::NULL),
        }
    }

    /// Changes the size of a block that is aligned at the place `shift`.
    fn _aligned_offset_realloc(cx, block: Addr, bytes: Size, align: Size, shift: Size) -> Addr {
        aligned_again(cx, block, bytes.0, align.0, shift.0, false)
    }

    /// Changes the size of an array that is aligned at the place `shift` and zeroes what is new.
    fn _aligned_offset_recalloc(cx, block: Addr, count: Size, bytes: Size, align: Size, shift: Size) -> Addr {
        match count.0.checked_mul(bytes.0) {
            Some(bytes) => aligned_again(cx, block, bytes, align.0, shift.0, true),
            None => fail(cx, errno::ENOMEM, Addr::NULL),
        }
    }

    /// Answers the size of an aligned block.
    fn _aligned_msize(cx, block: Addr, align: Size, shift: Size) -> Size {
        Ok(Size(cx.read(Addr(block.0.wrapping_sub(8)))?))
    }

    /// Frees an aligned block.
    fn _aligned_free(cx, block: Addr) {
        if !block.is_null() {
            let owner: u64 = cx.read(Addr(block.0.wrapping_sub(16)))?;
            cx.free(Addr(owner));
        }
        Ok(())
    }

    /// Checks the heap; ours is sound or the process is gone (`_HEAPOK`).
    fn _heapchk(cx) -> i32 {
        Ok(-2)
    }

    /// Gives unused memory back to the system.
    fn _heapmin(cx) -> i32 {
        Ok(0)
    }

    /// Answers the handle of the heap that `malloc` takes from.
    fn _get_heap_handle(cx) -> Addr {
        Ok(Addr(cx.process().peb().default_heap()))
    }

    /// Calls the new handler; false when there is none or when it gives up.
    fn _callnewh(cx, bytes: Size) -> i32 {
        let handler = *cx.state::<Shared>().new_handler.lock().expect("no holder panics");
        if handler.is_null() {
            return Ok(0);
        }
        cx.call(handler, &[bytes.0]).map(|answer| i32::from(answer as i32 != 0))
    }

    /// Sets the new handler and answers the one before.
    fn _set_new_handler(cx, handler: Addr) -> Addr {
        Ok(std::mem::replace(&mut cx.state::<Shared>().new_handler.lock().expect("no holder panics"), handler))
    }

    /// Answers the new handler.
    fn _query_new_handler(cx) -> Addr {
        Ok(*cx.state::<Shared>().new_handler.lock().expect("no holder panics"))
    }

    /// Says whether `malloc` calls the new handler, and answers what was said before.
    fn _set_new_mode(cx, mode: i32) -> i32 {
        if mode != 0 && mode != 1 {
            return invalid_parameter(cx, "_set_new_mode", errno::EINVAL, -1);
        }
        Ok(std::mem::replace(&mut cx.state::<Shared>().new_mode.lock().expect("no holder panics"), mode))
    }

    /// Tells whether `malloc` calls the new handler.
    fn _query_new_mode(cx) -> i32 {
        Ok(*cx.state::<Shared>().new_mode.lock().expect("no holder panics"))
    }
}

super::aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "malloc" as "_malloc_base",
        "calloc" as "_calloc_base",
        "realloc" as "_realloc_base",
        "free" as "_free_base",
        "malloc" as "_malloc_crt",
        "calloc" as "_calloc_crt",
        "realloc" as "_realloc_crt",
        "_recalloc" as "_recalloc_crt",
        "_msize" as "_msize_base",
        "_heapmin" as "_heapadd",
        "_heapmin" as "_heapset";
}
