//! Address space: `VirtualAlloc` and its kin, and asking whether memory can be touched.

use crate::cx::Cx;
use crate::memory::{self, COMMIT, FREE, PAGE, RESERVE, Region, Reservations, protection};
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::MemoryBasicInformation;
use crate::trap::Trap;
use crate::x86::stub;

const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
const ERROR_INVALID_ADDRESS: u32 = 487;
const MEM_DECOMMIT: u32 = 0x4000;
const MEM_RELEASE: u32 = 0x8000;
const MEM_RESET: u32 = 0x8_0000;

shims! {
    pub(in crate::dll) static SHIMS = "kernel32.dll", stdcall;

    /// Reserves or commits address space.
    fn VirtualAlloc(cx, at: Addr, size: Size, kind: u32, protect: u32) -> Addr {
        allocate(cx, at, size, kind, protect)
    }

    /// Reserves or commits address space of this process.
    fn VirtualAllocEx(cx, process: Handle, at: Addr, size: Size, kind: u32, protect: u32) -> Addr {
        allocate(cx, at, size, kind, protect)
    }

    /// Decommits or releases address space.
    fn VirtualFree(cx, at: Addr, size: Size, kind: u32) -> bool { free(cx, at, size, kind) }

    /// Decommits or releases address space of this process.
    fn VirtualFreeEx(cx, process: Handle, at: Addr, size: Size, kind: u32) -> bool {
        free(cx, at, size, kind)
    }

    /// Changes what may be done with committed pages.
    fn VirtualProtect(cx, at: Addr, size: Size, protect: u32, before: Addr) -> bool {
        change(cx, at, size, protect, before)
    }

    /// Changes what may be done with committed pages of this process.
    fn VirtualProtectEx(cx, process: Handle, at: Addr, size: Size, protect: u32, before: Addr) -> bool {
        change(cx, at, size, protect, before)
    }

    /// Says what lies at an address.
    fn VirtualQuery(cx, at: Addr, info: Addr, length: Size) -> Size { query(cx, at, info, length) }

    /// Says what lies at an address of this process.
    fn VirtualQueryEx(cx, process: Handle, at: Addr, info: Addr, length: Size) -> Size {
        query(cx, at, info, length)
    }

    /// Keeps pages in memory, which is the host's matter.
    fn VirtualLock(cx, at: Addr, size: Size) -> bool { Ok(true) }

    /// Lets pages go to disk, which is the host's matter.
    fn VirtualUnlock(cx, at: Addr, size: Size) -> bool { Ok(true) }

    /// Tells whether memory cannot be read.
    fn IsBadReadPtr(cx, at: Addr, size: Size) -> bool {
        Ok(size.0 != 0 && !all_pages(at, size, |page| cx.read::<u8>(page).is_ok()))
    }

    /// Tells whether memory cannot be written.
    fn IsBadWritePtr(cx, at: Addr, size: Size) -> bool {
        Ok(size.0 != 0 && !all_pages(at, size, |page| is_writable(cx, page)))
    }

    /// Tells whether code cannot be read.
    fn IsBadCodePtr(cx, at: Addr) -> bool { Ok(cx.read::<u8>(at).is_err()) }

    /// Tells whether text up to its end, or so many bytes of it, cannot be read.
    fn IsBadStringPtrA(cx, at: Addr, most: Size) -> bool {
        for index in 0..most.0 {
            match cx.read::<u8>(at.offset(index)) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Tells whether text up to its end, or so many units of it, cannot be read.
    fn IsBadStringPtrW(cx, at: Addr, most: Size) -> bool {
        for index in 0..most.0 {
            match cx.read::<u16>(at.offset(2 * index)) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Copies bytes; the ranges may overlap.
    fn RtlMoveMemory(cx, to: Addr, from: Addr, size: Size) { cx.copy(to, from, size.0) }

    /// Sets bytes.
    fn RtlFillMemory(cx, at: Addr, size: Size, byte: u8) { cx.fill(at, byte, size.0) }

    /// Sets bytes to zero.
    fn RtlZeroMemory(cx, at: Addr, size: Size) { cx.fill(at, 0, size.0) }
}

pub(in crate::dll) fn allocate(
    cx: &Cx<'_>,
    at: Addr,
    size: Size,
    kind: u32,
    protect: u32,
) -> Result<Addr, Trap> {
    let reservations = cx.state::<Reservations>();
    if kind & MEM_RESET != 0 {
        return Ok(at);
    }
    let commit = kind & COMMIT != 0;
    // As on Windows: committing without an address reserves too.
    let reserve = kind & RESERVE != 0 || (commit && at.is_null());
    let made = if reserve {
        reservations.reserve(cx.process().width(), at.0, size.0, protect, commit)
    } else if commit {
        reservations.commit(at.0, size.0, protect)
    } else {
        return cx.fail(ERROR_INVALID_PARAMETER, Addr::NULL);
    };
    match made {
        Some(base) => Ok(Addr(base)),
        None if size.0 == 0 => cx.fail(ERROR_INVALID_PARAMETER, Addr::NULL),
        None if at.is_null() => cx.fail(ERROR_NOT_ENOUGH_MEMORY, Addr::NULL),
        None => cx.fail(ERROR_INVALID_ADDRESS, Addr::NULL),
    }
}

pub(in crate::dll) fn free(cx: &Cx<'_>, at: Addr, size: Size, kind: u32) -> Result<bool, Trap> {
    let reservations = cx.state::<Reservations>();
    let done = match kind {
        MEM_RELEASE if size.0 == 0 => reservations.release(at.0),
        MEM_DECOMMIT => reservations.decommit(at.0, size.0),
        _ => return cx.fail(ERROR_INVALID_PARAMETER, false),
    };
    if done {
        Ok(true)
    } else {
        cx.fail(ERROR_INVALID_ADDRESS, false)
    }
}

pub(in crate::dll) fn change(
    cx: &Cx<'_>,
    at: Addr,
    size: Size,
    protect: u32,
    before: Addr,
) -> Result<bool, Trap> {
    if is_withheld(cx, at.0, size.0, protect) {
        return cx.fail(ERROR_INVALID_ADDRESS, false);
    }
    let images = cx.process().images();
    match cx
        .state::<Reservations>()
        .protect(images, at.0, size.0, protect)
    {
        Some(previous) => {
            cx.write(before, previous)?;
            Ok(true)
        }
        None => cx.fail(ERROR_INVALID_ADDRESS, false),
    }
}

/// Whether pages are none of a driver's to protect: what all drivers come and go through, and what the host is made of.
///
/// Stacks may become executable, as old thunks want it, but must stay what they are.
fn is_withheld(cx: &Cx<'_>, at: u64, size: u64, protect: u32) -> bool {
    let end = at.saturating_add(size.max(1));
    let range = at & !(PAGE - 1)..end;
    if stub::overlaps(&range) || opendriver_guard::place(at as usize).is_some() {
        return true;
    }
    let stays = matches!(
        protect,
        protection::READWRITE | protection::EXECUTE_READWRITE
    );
    let mut is_withheld = false;
    cx.process().for_each_thread(|thread| {
        is_withheld |= if stays {
            thread.has_beside_stack(&range)
        } else {
            thread.has(&range)
        };
    });
    is_withheld
}

pub(in crate::dll) fn query(cx: &Cx<'_>, at: Addr, info: Addr, length: Size) -> Result<Size, Trap> {
    let bytes = MemoryBasicInformation::size(cx);
    if length.0 < bytes {
        return cx.fail(24, Size(0));
    }
    let width = cx.process().width();
    if at.0 >= memory::end_of(width) {
        return cx.fail(ERROR_INVALID_PARAMETER, Size(0));
    }
    let images = cx.process().images();
    let region = cx.state::<Reservations>().query(images, at.0, width);
    let Region {
        base,
        size,
        allocation,
        allocation_protection,
        state,
        protection,
        kind,
    } = region;
    let described = MemoryBasicInformation {
        base: Addr(base),
        allocation: Addr(allocation),
        allocation_protection,
        region: Size(size),
        state,
        protection: if state == FREE {
            protection::NOACCESS
        } else {
            protection
        },
        kind,
    };
    described.write(cx, info)?;
    Ok(Size(bytes))
}

/// Asks for each page of a range.
fn all_pages(at: Addr, size: Size, good: impl Fn(Addr) -> bool) -> bool {
    let Some(last) = at.0.checked_add(size.0 - 1) else {
        return false;
    };
    let pages = (at.0 / PAGE..=last / PAGE).map(|page| Addr((page * PAGE).max(at.0)));
    // A range that long is bad whatever its pages say.
    last - at.0 < 1 << 40 && { pages }.all(good)
}

fn is_writable(cx: &Cx<'_>, at: Addr) -> bool {
    // Writing back what is there changes nothing and shows whether it can be done.
    cx.read::<u8>(at)
        .and_then(|byte| cx.write(at, byte))
        .is_ok()
}
