//! Address space that a driver reserves and commits (`VirtualAlloc` and its kin).
//!
//! Reserving maps pages that cannot be touched; committing makes them readable and writable. What was
//! reserved is remembered page by page, so that `VirtualQuery` tells the truth; for memory that is
//! not ours, images among it, the kernel's own list answers.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use opendriver_pe::Width;

use crate::heap;
use crate::load::Images;
use crate::x86::low;

pub(crate) const PAGE: u64 = 4096;
/// What reservations are aligned to.
pub(crate) const GRANULE: u64 = 0x1_0000;

/// `PAGE_*` protections.
pub(crate) mod protection {
    pub(crate) const NOACCESS: u32 = 0x01;
    pub(crate) const READONLY: u32 = 0x02;
    pub(crate) const READWRITE: u32 = 0x04;
    pub(crate) const WRITECOPY: u32 = 0x08;
    pub(crate) const EXECUTE: u32 = 0x10;
    pub(crate) const EXECUTE_READ: u32 = 0x20;
    pub(crate) const EXECUTE_READWRITE: u32 = 0x40;
    pub(crate) const EXECUTE_WRITECOPY: u32 = 0x80;
    pub(crate) const GUARD: u32 = 0x100;
}

/// Where the addresses end that a driver may have memory at.
pub(crate) const fn end_of(width: Width) -> u64 {
    match width {
        Width::Bits32 => 0xFFFF_0000,
        Width::Bits64 => 0x7FFF_FFFF_0000,
    }
}

/// What `VirtualQuery` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) base: u64,
    pub(crate) size: u64,
    pub(crate) allocation: u64,
    pub(crate) allocation_protection: u32,
    /// `MEM_COMMIT` 0x1000, `MEM_RESERVE` 0x2000, `MEM_FREE` 0x10000.
    pub(crate) state: u32,
    pub(crate) protection: u32,
    /// `MEM_PRIVATE` 0x20000, `MEM_MAPPED` 0x40000, `MEM_IMAGE` 0x1000000.
    pub(crate) kind: u32,
}

pub(crate) const COMMIT: u32 = 0x1000;
pub(crate) const RESERVE: u32 = 0x2000;
pub(crate) const FREE: u32 = 0x1_0000;
const PRIVATE: u32 = 0x2_0000;
const MAPPED: u32 = 0x4_0000;
const IMAGE: u32 = 0x100_0000;

/// The reservations of a process.
#[derive(Default)]
pub(crate) struct Reservations {
    by_base: Mutex<BTreeMap<u64, Reservation>>,
}

struct Reservation {
    protection: u32,
    /// The protection of each page, 0 where it is only reserved.
    pages: Vec<u32>,
}

impl Reservation {
    fn size(&self) -> u64 {
        self.pages.len() as u64 * PAGE
    }
}

impl Reservations {
    /// Reserves address space and commits it too if asked; none when there is no room.
    pub(crate) fn reserve(
        &self,
        width: Width,
        at: u64,
        size: u64,
        protection: u32,
        commit: bool,
    ) -> Option<u64> {
        let size = size
            .checked_next_multiple_of(PAGE)
            .filter(|size| *size != 0)?;
        let native = if commit {
            native(protection)?
        } else {
            libc::PROT_NONE
        };
        let whole = size.checked_add(at % GRANULE)?;
        let base = if at == 0 {
            map_aligned(size, native, width)?
        } else {
            map_at(at & !(GRANULE - 1), whole, native, width)?
        };
        let pages = whole.div_ceil(PAGE) as usize;
        let pages = vec![if commit { protection } else { 0 }; pages];
        let mut reservations = self.by_base.lock().expect("no holder panics");
        reservations.insert(base, Reservation { protection, pages });
        Some(base)
    }

    /// Commits pages of a reservation; none when the range is not inside one.
    pub(crate) fn commit(&self, at: u64, size: u64, protection: u32) -> Option<u64> {
        let native = native(protection)?;
        let start = at & !(PAGE - 1);
        self.change(at, size, |page| *page = protection)
            .filter(|_| {
                let bytes = at.wrapping_add(size).next_multiple_of(PAGE) - start;
                protect_native(start, bytes, native)
            })?;
        Some(start)
    }

    /// Gives pages back to their reservation; size 0 means all of it.
    pub(crate) fn decommit(&self, at: u64, size: u64) -> bool {
        let size = match size {
            0 => match self.by_base.lock().expect("no holder panics").get(&at) {
                Some(reservation) => reservation.size(),
                None => return false,
            },
            size => size,
        };
        let start = at & !(PAGE - 1);
        let bytes = at.wrapping_add(size).next_multiple_of(PAGE) - start;
        self.change(at, size, |page| *page = 0).is_some_and(|()| {
            let flags =
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
            // SAFETY: the range lies in a reservation of the driver, which gives its bytes up.
            let at = unsafe {
                libc::mmap(
                    start as *mut _,
                    bytes as usize,
                    libc::PROT_NONE,
                    flags,
                    -1,
                    0,
                )
            };
            at != libc::MAP_FAILED
        })
    }

    /// Releases a whole reservation.
    pub(crate) fn release(&self, base: u64) -> bool {
        let removed = self.by_base.lock().expect("no holder panics").remove(&base);
        removed.is_some_and(|reservation| {
            // SAFETY: the reservation was mapped by `reserve` with this size.
            unsafe { libc::munmap(base as *mut _, reservation.size() as usize) == 0 }
        })
    }

    /// Changes the protection of committed pages; answers that of the first one before.
    pub(crate) fn protect(
        &self,
        images: &Images,
        at: u64,
        size: u64,
        protection: u32,
    ) -> Option<u32> {
        let native = native(protection)?;
        let before = self.query(images, at, Width::Bits64);
        if before.state != COMMIT {
            return None;
        }
        let start = at & !(PAGE - 1);
        let bytes = at.checked_add(size.max(1))?.next_multiple_of(PAGE) - start;
        if !protect_native(start, bytes, native) {
            return None;
        }
        // Memory that was not reserved here needs no note: the kernel's list has it.
        let _ = self.change(at, size, |page| *page = protection);
        Some(before.protection)
    }

    fn change(&self, at: u64, size: u64, mut change: impl FnMut(&mut u32)) -> Option<()> {
        let mut reservations = self.by_base.lock().expect("no holder panics");
        let (base, reservation) = reservations.range_mut(..=at).next_back()?;
        let first = (at - base) / PAGE;
        let last = (at - base).checked_add(size.max(1))?.div_ceil(PAGE);
        let pages = reservation.pages.get_mut(first as usize..last as usize)?;
        pages.iter_mut().for_each(&mut change);
        Some(())
    }

    /// Says what lies at an address.
    pub(crate) fn query(&self, images: &Images, at: u64, width: Width) -> Region {
        let at = at & !(PAGE - 1);
        let reservations = self.by_base.lock().expect("no holder panics");
        let inside = reservations
            .range(..=at)
            .next_back()
            .filter(|(base, reservation)| at - **base < reservation.size());
        match inside {
            Some((base, reservation)) => reservation.query(*base, at),
            None => query_kernel(images, at, width),
        }
    }
}

impl Reservation {
    fn query(&self, base: u64, at: u64) -> Region {
        let first = ((at - base) / PAGE) as usize;
        let protection = self.pages[first];
        let same = self.pages[first..]
            .iter()
            .take_while(|page| **page == protection)
            .count();
        Region {
            base: at,
            size: same as u64 * PAGE,
            allocation: base,
            allocation_protection: self.protection,
            state: if protection == 0 { RESERVE } else { COMMIT },
            protection,
            kind: PRIVATE,
        }
    }
}

impl Drop for Reservations {
    fn drop(&mut self) {
        for (base, reservation) in self.by_base.get_mut().expect("no holder panics") {
            // SAFETY: mapped by `reserve` with this size; the process that used it is gone.
            unsafe { libc::munmap(*base as *mut _, reservation.size() as usize) };
        }
    }
}

/// Says what the kernel knows of an address that was not reserved by the driver.
fn query_kernel(images: &Images, at: u64, width: Width) -> Region {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let image = images
        .by_address(at)
        .map(|image| (image.base(), image.base() + image.size()));
    let mut free = Region {
        base: at,
        size: end_of(width).saturating_sub(at),
        allocation: 0,
        allocation_protection: 0,
        state: FREE,
        protection: protection::NOACCESS,
        kind: 0,
    };
    for line in maps.lines() {
        let Some((start, end, protection)) = parse_map(line) else {
            continue;
        };
        if end <= at {
            continue;
        }
        if start > at {
            free.size = start.min(end_of(width)) - at;
            return free;
        }
        let end = image.map_or(end, |(_, image_end)| end.min(image_end));
        return Region {
            base: at,
            size: end - at,
            allocation: image.map_or(start, |(base, _)| base),
            allocation_protection: if image.is_some() {
                protection::EXECUTE_WRITECOPY
            } else {
                protection
            },
            state: COMMIT,
            protection,
            kind: if image.is_some() { IMAGE } else { MAPPED },
        };
    }
    free
}

/// Start, end and `PAGE_*` protection of a line of `/proc/self/maps`.
fn parse_map(line: &str) -> Option<(u64, u64, u32)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let protection = match rest.get(..3)? {
        "r--" => protection::READONLY,
        "rw-" | "-w-" => protection::READWRITE,
        "r-x" => protection::EXECUTE_READ,
        "--x" => protection::EXECUTE,
        "rwx" | "-wx" => protection::EXECUTE_READWRITE,
        _ => protection::NOACCESS,
    };
    Some((
        u64::from_str_radix(start, 16).ok()?,
        u64::from_str_radix(end, 16).ok()?,
        protection,
    ))
}

/// The kernel's word for a `PAGE_*` protection; none when there is no such.
fn native(protection: u32) -> Option<i32> {
    use protection::*;
    Some(match protection & 0xFF {
        _ if protection & GUARD != 0 => libc::PROT_NONE,
        NOACCESS => libc::PROT_NONE,
        READONLY => libc::PROT_READ,
        READWRITE | WRITECOPY => libc::PROT_READ | libc::PROT_WRITE,
        EXECUTE | EXECUTE_READ => libc::PROT_READ | libc::PROT_EXEC,
        EXECUTE_READWRITE | EXECUTE_WRITECOPY => {
            libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC
        }
        _ => return None,
    })
}

fn protect_native(at: u64, size: u64, native: i32) -> bool {
    // SAFETY: the range is the driver's own; the kernel refuses what is not mapped.
    unsafe { libc::mprotect(at as *mut _, size as usize, native) == 0 }
}

/// Maps pages at a multiple of the granule.
pub(crate) fn map_aligned(size: u64, native: i32, width: Width) -> Option<u64> {
    if width == Width::Bits32 {
        let at = low::map_aligned(usize::try_from(size).ok()?, GRANULE as usize, native)?;
        return Some(at as u64);
    }
    let wide = size.checked_add(GRANULE)?;
    let at = heap::map_low(usize::try_from(wide).ok()?, native, width) as u64;
    if at == 0 {
        return None;
    }
    let base = at.next_multiple_of(GRANULE);
    for (start, end) in [(at, base), (base + size, at + wide)] {
        if end > start {
            // SAFETY: the ends of the mapping that was just made.
            unsafe { libc::munmap(start as *mut _, (end - start) as usize) };
        }
    }
    Some(base)
}

/// Maps pages at an address that nobody uses.
pub(crate) fn map_at(at: u64, size: u64, native: i32, width: Width) -> Option<u64> {
    // As on Windows, nothing stands in the lowest 64 KiB.
    if at < GRANULE || at.checked_add(size)? > end_of(width) {
        return None;
    }
    let flags =
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
    let size = usize::try_from(size).ok()?;
    // SAFETY: the kernel refuses to map over anything.
    let mapped = unsafe { libc::mmap(at as *mut _, size, native, flags, -1, 0) };
    (mapped != libc::MAP_FAILED).then_some(at)
}
