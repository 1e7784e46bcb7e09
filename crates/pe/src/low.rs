//! Room in the lowest 4 GiB, which is all that a 32-bit address reaches.
//!
//! Below 2 GiB first: many old programs take an address for a signed number. As on Windows, the lowest and the highest
//! 64 KiB stay empty, so that a null pointer faults with any small offset and no block ends where addresses begin again.
#![expect(unsafe_code, reason = "maps memory")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::ptr::{self, NonNull};

use rustix::io::Errno;
use rustix::mm::{self, MapFlags, ProtFlags};

use crate::layout::PAGE;

/// Where the room begins.
const START: u64 = 0x1_0000;
/// Where the room ends whose addresses are positive as signed numbers: 64 KiB before they turn.
pub(crate) const SIGNED_END: u64 = 0x7FFF_0000;
/// Where the room ends.
const END: u64 = 0xFFFF_0000;

/// Maps fresh zeroed pages below 4 GiB, below 2 GiB where there is room, with the protection that `mmap` would be given.
/// None where there is no room. `alignment` is a power of two.
pub fn map(size: usize, alignment: usize, protection: i32) -> Option<NonNull<u8>> {
    let page = PAGE as usize;
    let size = size.max(1).checked_next_multiple_of(page)?;
    let alignment = alignment.max(page);
    let access = ProtFlags::from_bits_retain(protection.cast_unsigned());
    let fits = (size as u64) < END - START && (alignment as u64) < END;
    if !fits {
        return None;
    }
    by_kernel(size, alignment, access).or_else(|| in_gaps(size, alignment, access))
}

/// Lets the kernel find room, which it does quickly; it looks between 1 and 2 GiB only.
fn by_kernel(size: usize, alignment: usize, access: ProtFlags) -> Option<NonNull<u8>> {
    /// `MAP_32BIT`.
    const LOW: MapFlags = MapFlags::from_bits_retain(0x40);
    let whole = size + alignment - PAGE as usize;
    let start = anonymous(0, whole, access, LOW).ok()?;
    let kept = start.next_multiple_of(alignment);
    unmap(start..kept);
    unmap(kept + size..start + whole);
    NonNull::new(ptr::with_exposed_provenance_mut(kept))
}

/// Looks where nothing is mapped: from 2 GiB downwards, then upwards.
fn in_gaps(size: usize, alignment: usize, access: ProtFlags) -> Option<NonNull<u8>> {
    let gaps = gaps();
    let (size_64, alignment) = (size as u64, alignment as u64);
    let within = |bounds: Range<u64>| {
        gaps.iter().filter_map(move |gap| {
            let start = gap
                .start
                .max(bounds.start)
                .checked_next_multiple_of(alignment)?;
            let last = gap.end.min(bounds.end).checked_sub(size_64)? / alignment * alignment;
            (start <= last).then_some((start, last))
        })
    };
    // Only another thread that maps at the same time, or a list that could not be read, makes the first place of a gap fail.
    let step = alignment.max(1 << 20);
    let lower = within(START..SIGNED_END)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .flat_map(|(start, last)| {
            (0..=(last - start) / step).map(move |index| last - index * step)
        });
    let upper =
        within(1 << 31..END).flat_map(|(start, last)| (start..=last).step_by(step as usize));
    for place in lower.chain(upper) {
        match anonymous(place as usize, size, access, MapFlags::FIXED_NOREPLACE) {
            Ok(at) if at == place as usize => {
                return NonNull::new(ptr::with_exposed_provenance_mut(at));
            }
            // A kernel that does not know the flag takes the address as a wish.
            Ok(elsewhere) => unmap(elsewhere..elsewhere + size),
            // Somebody has it by now, or it is lower than the system lets anybody map.
            Err(Errno::EXIST | Errno::PERM | Errno::INVAL) => {}
            Err(_) => return None,
        }
    }
    None
}

/// What is not mapped in the lowest 4 GiB, in order; all of it where the kernel does not tell.
#[must_use]
pub fn gaps() -> Vec<Range<u64>> {
    let mut gaps = Vec::new();
    let mut free_from = START;
    if let Ok(maps) = File::open("/proc/self/maps") {
        for line in BufReader::new(maps).split(b'\n').map_while(Result::ok) {
            let Some(taken) = taken(&line).filter(|taken| taken.start < END) else {
                break;
            };
            if taken.start > free_from {
                gaps.push(free_from..taken.start);
            }
            free_from = free_from.max(taken.end);
        }
    }
    if free_from < END {
        gaps.push(free_from..END);
    }
    gaps
}

/// The range that a line of the list names.
fn taken(line: &[u8]) -> Option<Range<u64>> {
    let range = line.split(|byte| *byte == b' ').next()?;
    let (start, end) = str::from_utf8(range).ok()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(number(start)?..number(end)?)
}

fn anonymous(at: usize, size: usize, access: ProtFlags, flags: MapFlags) -> Result<usize, Errno> {
    let flags = flags | MapFlags::PRIVATE | MapFlags::NORESERVE;
    let wish = ptr::without_provenance_mut(at);
    // SAFETY: without MAP_FIXED, new pages replace nothing.
    let start = unsafe { mm::mmap_anonymous(wish, size, access, flags) }?;
    Ok(start.expose_provenance())
}

fn unmap(pages: Range<usize>) {
    if !pages.is_empty() {
        let start = ptr::with_exposed_provenance_mut(pages.start);
        // SAFETY: callers pass pages that they have just mapped and told nobody of.
        let _ = unsafe { mm::munmap(start, pages.len()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_found_below_2_gib_and_aligned() {
        for alignment in [0x1000, 0x1_0000, 0x10_0000] {
            let at = map(5000, alignment, 3).unwrap().addr().get();
            assert!(
                at.is_multiple_of(alignment) && at + 8192 <= 1 << 31,
                "{at:#x}"
            );
            unmap(at..at + 8192);
        }
    }

    #[test]
    fn gaps_are_found_without_the_kernel_s_choice() {
        let at = in_gaps(0x2000, 0x1_0000, ProtFlags::READ).unwrap();
        let at = at.addr().get();
        assert!(at.is_multiple_of(0x1_0000) && at + 0x2000 <= SIGNED_END as usize);
        assert!(!gaps().iter().any(|gap| gap.contains(&(at as u64))));
        unmap(at..at + 0x2000);
    }

    #[test]
    fn what_cannot_fit_is_refused() {
        assert!(map(1 << 32, 1, 3).is_none());
        assert!(map(usize::MAX, 1, 3).is_none());
        assert!(map(1, 1 << 40, 3).is_none());
    }

    #[test]
    fn lines_of_the_list_are_read() {
        assert_eq!(
            taken(b"00400000-00452000 r-xp 00000000 08:02 17 /usr/bin/x"),
            Some(0x40_0000..0x45_2000)
        );
        assert_eq!(taken(b"nonsense"), None);
    }
}
