//! `LocalAlloc`, `GlobalAlloc` and their kin: blocks of the process heap, or handles of such blocks.
//!
//! A movable block has a handle that is not its address. Ours never move: the handle is the address
//! of a word that holds the block's, and has its low bits set so that it is not taken for a block.

use crate::cx::Cx;
use crate::shim::{Addr, Handle, Size, shims};
use crate::trap::Trap;

/// `LMEM_MOVEABLE`, `GMEM_MOVEABLE`.
const MOVABLE: u32 = 0x02;
/// `LMEM_ZEROINIT`, `GMEM_ZEROINIT`.
const ZERO: u32 = 0x40;
/// `LMEM_MODIFY`, `GMEM_MODIFY`.
const MODIFY: u32 = 0x80;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
const ERROR_NOT_LOCKED: u32 = 158;
/// What tells the handle of a movable block from the address of a fixed one.
const MARK: u64 = 2;

macro_rules! family {
    ($($vis:vis static $table:ident: $alloc:ident, $realloc:ident, $free:ident, $lock:ident,
       $unlock:ident, $size:ident, $handle:ident, $flags:ident;)*) => {$(
        shims! {
            $vis static $table = "kernel32.dll", stdcall;

            /// Allocates a fixed block, or a movable one that has a handle.
            fn $alloc(cx, flags: u32, size: Size) -> Handle { allocate(cx, flags, size) }

            /// Changes the size of a block and keeps what fits.
            fn $realloc(cx, block: Handle, size: Size, flags: u32) -> Handle {
                reallocate(cx, block, size, flags)
            }

            /// Frees a block; answers null when that was done.
            fn $free(cx, block: Handle) -> Handle { free(cx, block) }

            /// Answers the address of a block.
            fn $lock(cx, block: Handle) -> Addr {
                match live(cx, block) {
                    Some(address) => {
                        count_lock(cx, block, 1)?;
                        Ok(address)
                    }
                    None => cx.fail(ERROR_INVALID_HANDLE, Addr::NULL),
                }
            }

            /// Gives up the address of a block; true while others still have it.
            fn $unlock(cx, block: Handle) -> bool {
                match count_lock(cx, block, -1)? {
                    Some(left) if left >= 0 => cx.fail(0, left > 0),
                    Some(_) => cx.fail(ERROR_NOT_LOCKED, false),
                    None => Ok(false),
                }
            }

            /// Answers the bytes of a block, 0 when there is no such block.
            fn $size(cx, block: Handle) -> Size {
                match live(cx, block).and_then(|address| cx.heap().size(address)) {
                    Some(size) => Ok(Size(size)),
                    None => cx.fail(ERROR_INVALID_HANDLE, Size(0)),
                }
            }

            /// Answers the handle of the block at an address.
            fn $handle(cx, address: Addr) -> Handle { handle_of(cx, address) }

            /// Answers how often a block is locked.
            fn $flags(cx, block: Handle) -> u32 {
                match live(cx, block) {
                    Some(_) => Ok(count_lock(cx, block, 0)?.unwrap_or(0).clamp(0, 255) as u32),
                    None => cx.fail(ERROR_INVALID_HANDLE, 0x8000),
                }
            }
        }
    )*};
}

family! {
    pub(super) static LOCAL: LocalAlloc, LocalReAlloc, LocalFree, LocalLock, LocalUnlock, LocalSize,
        LocalHandle, LocalFlags;
    pub(super) static GLOBAL: GlobalAlloc, GlobalReAlloc, GlobalFree, GlobalLock, GlobalUnlock,
        GlobalSize, GlobalHandle, GlobalFlags;
}

/// A movable block's record: the block, how often it is locked, and the record's own address.
const RECORD: u64 = 24;

fn record(cx: &Cx<'_>, block: Handle) -> Option<Addr> {
    let record = Addr(cx.address(block).0.checked_sub(MARK)?);
    let is_record = record.0.is_multiple_of(16)
        && cx.heap().size(record) == Some(RECORD)
        && cx.read::<u64>(record.offset(16)).ok() == Some(record.0);
    is_record.then_some(record)
}

/// The address of a block that a handle or an address stands for.
fn live(cx: &Cx<'_>, block: Handle) -> Option<Addr> {
    match record(cx, block) {
        Some(record) => cx.read(record).ok().map(Addr),
        None => Some(cx.address(block)).filter(|block| cx.heap().size(*block).is_some()),
    }
}

fn allocate(cx: &Cx<'_>, flags: u32, size: Size) -> Result<Handle, Trap> {
    let block = cx.heap().allocate(size.0, flags & ZERO != 0);
    if block.is_null() {
        return cx.fail(ERROR_NOT_ENOUGH_MEMORY, Handle::NULL);
    }
    if flags & MOVABLE == 0 {
        return Ok(Handle(block.0));
    }
    let record = cx.allocate_zeroed(Size(RECORD));
    if record.is_null() {
        cx.free(block);
        return cx.fail(ERROR_NOT_ENOUGH_MEMORY, Handle::NULL);
    }
    cx.write(record, block.0)?;
    cx.write(record.offset(16), record.0)?;
    Ok(Handle(record.0 + MARK))
}

fn reallocate(cx: &Cx<'_>, block: Handle, size: Size, flags: u32) -> Result<Handle, Trap> {
    let Some(address) = live(cx, block) else {
        return cx.fail(ERROR_INVALID_HANDLE, Handle::NULL);
    };
    if flags & MODIFY != 0 {
        return Ok(block);
    }
    let moved = cx.heap().reallocate(address, size.0, flags & ZERO != 0);
    if moved.is_null() {
        return cx.fail(ERROR_NOT_ENOUGH_MEMORY, Handle::NULL);
    }
    match record(cx, block) {
        Some(record) => {
            cx.write(record, moved.0)?;
            Ok(block)
        }
        None => Ok(Handle(moved.0)),
    }
}

fn free(cx: &Cx<'_>, block: Handle) -> Result<Handle, Trap> {
    if block == Handle::NULL {
        return Ok(Handle::NULL);
    }
    let record = record(cx, block);
    let freed = live(cx, block).is_some_and(|address| cx.free(address));
    if let Some(record) = record {
        cx.free(record);
    }
    if freed {
        Ok(Handle::NULL)
    } else {
        cx.fail(ERROR_INVALID_HANDLE, block)
    }
}

/// Changes how often a movable block is locked; none for a fixed one.
fn count_lock(cx: &Cx<'_>, block: Handle, change: i64) -> Result<Option<i64>, Trap> {
    let Some(record) = record(cx, block) else {
        return Ok(None);
    };
    let count = record.offset(8);
    let locks = cx.read::<i64>(count)? + change;
    cx.write(count, locks.max(0))?;
    Ok(Some(locks))
}

/// The handle of a block: itself, as no table of movable blocks is kept and blocks never move.
fn handle_of(cx: &Cx<'_>, address: Addr) -> Result<Handle, Trap> {
    match live(cx, Handle(address.0)) {
        Some(_) => Ok(Handle(address.0)),
        None => cx.fail(ERROR_INVALID_HANDLE, Handle::NULL),
    }
}
