//! Laying an image out in memory: copied, relocated, then sealed with the protections it asks for.
#![expect(unsafe_code, reason = "maps memory and writes an image to it")]

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rustix::mm::{self, MapFlags, MprotectFlags, ProtFlags};

use crate::layout::{PAGE, round_up};
use crate::{Access, Directory, Error, File, Image, Layout, Width, low, relocations};

/// Windows aligns images so, and programs use the low bits of a module handle as flags.
const GRANULARITY: usize = 0x1_0000;

/// The end of what a 32-bit address reaches.
const FOUR_GIB: u64 = 1 << 32;

/// Where an image may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// At its own address if that is free, else wherever there is room.
    Anywhere,
    /// Where a 32-bit address reaches; what an image of that width always gets.
    Below4G,
    /// Exactly here.
    At(u64),
}

/// An image in memory, unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    memory: Memory,
    layout: Arc<Layout>,
    sealed: bool,
}

/// Maps an image: headers and sections copied, addresses relocated, all of it still writable and nothing executable.
///
/// # Errors
///
/// When there is no room for it, or its relocations are broken.
pub fn map(file: &File<'_>, placement: Placement) -> Result<Mapping, Error> {
    let layout = Arc::clone(file.layout());
    let mut memory = place(&layout, placement)?;
    let base = memory.address() as u64;
    let bytes = memory.bytes_mut();
    copy(file, bytes);
    if base != layout.image_base() {
        relocations::apply(file, bytes, base.wrapping_sub(layout.image_base()))?;
    }
    // What is no sound load configuration sets no cookie; the image's own start-up code then does.
    let cookie = file.security_cookie().ok().flatten();
    if let Some(cookie) = cookie.filter(|cookie| cookie.is_unset) {
        // Windows leaves the upper quarter of the 64-bit value zero, so that an overrun text stops there.
        let value = RandomState::new().hash_one(base) >> 16 | 1;
        put(bytes, cookie.rva, layout.width(), value);
    }
    Ok(Mapping {
        memory,
        layout,
        sealed: false,
    })
}

impl Mapping {
    /// Writes an address of the image's width, say of an import.
    ///
    /// # Errors
    ///
    /// When it would not be inside the image, or the image is sealed.
    pub fn write_pointer(&mut self, rva: u32, value: u64) -> Result<(), Error> {
        if self.sealed {
            return Err(Error::Sealed);
        }
        let width = self.layout.width();
        put(self.memory.bytes_mut(), rva, width, value).ok_or(Error::Outside {
            what: "slot",
            address: rva.into(),
            size: width.bytes().into(),
        })
    }

    /// Gives each section the protection that it asks for. Nothing is written after that.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn protect(&mut self) -> Result<(), Error> {
        self.sealed = true;
        for region in self.layout.regions() {
            let flags = flags(region.access);
            if flags == MprotectFlags::READ | MprotectFlags::WRITE {
                continue;
            }
            let start = self.memory.start.as_ptr().wrapping_add(region.rva as usize);
            // SAFETY: the region is whole pages inside the mapping that we own, and no reference to it is alive.
            unsafe { mm::mprotect(start.cast(), region.size as usize, flags) }
                .map_err(|error| system("mprotect", error))?;
        }
        Ok(())
    }

    /// Where it stands.
    pub fn base(&self) -> usize {
        self.memory.address()
    }

    /// How much address space it takes, in whole pages.
    pub fn size(&self) -> usize {
        self.memory.size
    }

    /// What its headers say.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Copies bytes out of the image before it is sealed.
    pub fn slice(&self, rva: u32, length: usize) -> Option<&[u8]> {
        if self.sealed {
            return None;
        }
        self.memory.bytes().get(rva as usize..)?.get(..length)
    }

    /// The image as it stands in memory, for finding its exports and resources again.
    ///
    /// # Safety
    ///
    /// As for [`Image::in_memory`]: nobody writes to the tables that are read while what was borrowed from them is in use,
    /// and the image's code has not taken its sections' protections away.
    pub unsafe fn image(&self) -> Image<'_> {
        // SAFETY: the mapping lives as long as the borrow; the rest is the caller's to vouch for.
        unsafe { Image::in_memory(Arc::clone(&self.layout), self.base()) }
    }
}

/// Pages that are unmapped when dropped.
#[derive(Debug)]
struct Memory {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: it owns its pages as a box would; every access goes through a borrow of it.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    fn address(&self) -> usize {
        self.start.as_ptr() as usize
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the pages are ours, readable until sealed, and zero from the start.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.size) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the pages are ours alone, and readable and writable until sealed.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.size) }
    }

    /// Maps fresh pages at an address, if it is free.
    fn at(address: usize, size: usize) -> Option<Self> {
        let memory = anonymous(address as *mut u8, size, MapFlags::FIXED_NOREPLACE).ok()?;
        // A kernel that does not know the flag takes the address as a wish.
        (memory.address() == address).then_some(memory)
    }

    /// Maps fresh pages where 32-bit addresses reach, aligned as Windows aligns.
    fn low(size: usize) -> Result<Self, Error> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let start = low::map(size, GRANULARITY, access.bits().cast_signed());
        let start = start.ok_or(Error::NoRoom {
            size: size as u64,
            place: "below 4 GiB",
        })?;
        Ok(Self { start, size })
    }

    /// Maps fresh pages where the system likes, aligned as Windows aligns.
    fn anywhere(size: usize) -> Result<Self, Error> {
        let wide = anonymous(ptr::null_mut(), size + GRANULARITY, MapFlags::empty())
            .map_err(|error| system("mmap", error))?;
        let skip = wide.address().next_multiple_of(GRANULARITY) - wide.address();
        let head = Self {
            start: wide.start,
            size: skip,
        };
        let kept = Self {
            start: wide.start.map_addr(|at| at.saturating_add(skip)),
            size,
        };
        let tail_at = kept.start.map_addr(|at| at.saturating_add(size));
        let tail = Self {
            start: tail_at,
            size: wide.size - skip - size,
        };
        std::mem::forget(wide);
        drop((head, tail));
        Ok(kept)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.size > 0 {
            // SAFETY: the pages are ours and nobody can reach them any more.
            let _ = unsafe { mm::munmap(self.start.as_ptr().cast(), self.size) };
        }
    }
}

fn anonymous(address: *mut u8, size: usize, flags: MapFlags) -> rustix::io::Result<Memory> {
    let flags = flags | MapFlags::PRIVATE | MapFlags::NORESERVE;
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: without MAP_FIXED, new pages replace nothing.
    let start = unsafe { mm::mmap_anonymous(address.cast(), size, access, flags) }?;
    let start = NonNull::new(start.cast()).ok_or(rustix::io::Errno::NOMEM)?;
    Ok(Memory { start, size })
}

/// Finds room for an image.
fn place(layout: &Layout, placement: Placement) -> Result<Memory, Error> {
    let size = round_up(layout.image_size(), PAGE) as usize;
    let own = layout.image_base();
    let fits = |base: u64, end: u64| {
        base >= GRANULARITY as u64
            && base.is_multiple_of(u64::from(PAGE))
            && base
                .checked_add(size as u64)
                .is_some_and(|stop| stop <= end)
    };
    let low = placement == Placement::Below4G || layout.width() == Width::Bits32;
    let wish = match placement {
        Placement::At(address) => address,
        Placement::Anywhere | Placement::Below4G => own,
    };
    let movable = layout.directory(Directory::BaseRelocation).is_some();
    if wish != own && !movable && layout.is_stripped_of_relocations() {
        return Err(Error::NotRelocatable { base: own });
    }
    let end = match (placement, low) {
        (_, false) => 1 << 47,
        // What can be moved goes below 2 GiB, where no address is a negative number.
        (Placement::Anywhere | Placement::Below4G, true) if movable => low::SIGNED_END,
        (_, true) => FOUR_GIB,
    };
    if fits(wish, end)
        && let Some(memory) = Memory::at(wish as usize, size)
    {
        return Ok(memory);
    }
    if matches!(placement, Placement::At(_)) {
        return Err(Error::NoRoom {
            size: size as u64,
            place: "at the address that was asked for",
        });
    }
    if !movable && layout.is_stripped_of_relocations() {
        return Err(Error::NotRelocatable { base: own });
    }
    if low {
        Memory::low(size)
    } else {
        Memory::anywhere(size)
    }
}

/// Copies what the file has; the rest of the pages is zero already and stays untouched. What only debuggers read stays
/// away too.
fn copy(file: &File<'_>, memory: &mut [u8]) {
    let data = file.data();
    let headers = file.headers_size() as usize;
    if let (Some(to), Some(from)) = (memory.get_mut(..headers), data.get(..headers)) {
        to.copy_from_slice(from);
    }
    for section in file
        .sections()
        .filter(|section| !file.is_for_debuggers(section))
    {
        let from = data.get(section.file_offset as usize..).unwrap_or_default();
        let to = memory.get_mut(section.rva as usize..).unwrap_or_default();
        let length = (section.file_size as usize).min(from.len()).min(to.len());
        to[..length].copy_from_slice(&from[..length]);
    }
}

fn put(memory: &mut [u8], rva: u32, width: Width, value: u64) -> Option<()> {
    let place = memory
        .get_mut(rva as usize..)?
        .get_mut(..width.bytes() as usize)?;
    place.copy_from_slice(&value.to_le_bytes()[..width.bytes() as usize]);
    Some(())
}

fn flags(access: Access) -> MprotectFlags {
    let mut flags = MprotectFlags::empty();
    // On x86 what may be written or executed may be read.
    if access.read || access.write || access.execute {
        flags |= MprotectFlags::READ;
    }
    flags.set(MprotectFlags::WRITE, access.write);
    flags.set(MprotectFlags::EXEC, access.execute);
    flags
}

fn system(call: &'static str, error: rustix::io::Errno) -> Error {
    Error::System {
        call,
        source: io::Error::from(error),
    }
}
