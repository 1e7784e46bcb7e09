//! File mappings: memory that a file, or nothing, stands behind.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::{Arc, Mutex, Weak};

use crate::cx::Cx;
use crate::disk;
use crate::dll::kernel32::files::OpenFile;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::memory::{self, GRANULE};
use crate::process::Width;
use crate::shim::{Addr, Handle, Size, shims};
use crate::trap::Trap;

const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_ACCESS_DENIED: u32 = 5;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_ALREADY_EXISTS: u32 = 183;
const ERROR_INVALID_ADDRESS: u32 = 487;
const ERROR_FILE_INVALID: u32 = 1006;
const ERROR_MAPPED_ALIGNMENT: u32 = 1132;
/// `FILE_MAP_COPY`, `FILE_MAP_WRITE`, `FILE_MAP_EXECUTE`.
const COPY: u32 = 1;
const WRITE: u32 = 2;
const EXECUTE: u32 = 0x20;

/// What can be looked at.
struct Section {
    file: File,
    size: u64,
    /// `PAGE_...`.
    protection: u32,
}

/// Views by address, and sections by name.
#[derive(Default)]
struct Views {
    mapped: Mutex<HashMap<u64, View>>,
    named: Mutex<HashMap<String, Weak<Section>>>,
}

/// Mapped memory; unmapped when it goes.
struct View {
    base: u64,
    size: u64,
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the pages were mapped for this view; a driver that goes on using them has unmapped them itself.
        unsafe { libc::munmap(self.base as *mut _, self.size as usize) };
    }
}

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Makes a mapping of a file, or of fresh memory.
    fn CreateFileMappingA(cx, file: Handle, security: Addr, protection: u32, high: u32, low: u32, name: Addr) -> Handle { create(cx, Ansi, file, protection, high, low, name) }

    /// Makes a mapping of a file, or of fresh memory.
    fn CreateFileMappingW(cx, file: Handle, security: Addr, protection: u32, high: u32, low: u32, name: Addr) -> Handle { create(cx, Wide, file, protection, high, low, name) }

    /// Opens a mapping that has a name.
    fn OpenFileMappingA(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, Ansi, name) }

    /// Opens a mapping that has a name.
    fn OpenFileMappingW(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, Wide, name) }

    /// Maps a part of a mapping into memory.
    fn MapViewOfFile(cx, section: Handle, access: u32, high: u32, low: u32, size: Size) -> Addr { map(cx, section, access, high, low, size, Addr::NULL) }

    /// Maps a part of a mapping into memory, at an address if that is free.
    fn MapViewOfFileEx(cx, section: Handle, access: u32, high: u32, low: u32, size: Size, at: Addr) -> Addr { map(cx, section, access, high, low, size, at) }

    /// Unmaps what was mapped.
    fn UnmapViewOfFile(cx, at: Addr) -> bool {
        let views = cx.state::<Views>();
        let removed = views.mapped.lock().expect("no holder panics").remove(&at.0);
        if removed.is_some() { Ok(true) } else { cx.fail(ERROR_INVALID_ADDRESS, false) }
    }

    /// Brings what was changed to the file.
    fn FlushViewOfFile(cx, at: Addr, size: Size) -> bool {
        let views = cx.state::<Views>();
        let mapped = views.mapped.lock().expect("no holder panics");
        let Some(view) = mapped.values().find(|view| (view.base..view.base + view.size).contains(&at.0)) else {
            return cx.fail(ERROR_INVALID_ADDRESS, false);
        };
        // SAFETY: the whole view is mapped as long as the lock is held.
        let flushed = unsafe { libc::msync(view.base as *mut _, view.size as usize, libc::MS_SYNC) };
        Ok(flushed == 0)
    }
}

fn create(
    cx: &Cx<'_>,
    letters: Letters,
    file: Handle,
    protection: u32,
    high: u32,
    low: u32,
    name: Addr,
) -> Result<Handle, Trap> {
    let name = letters.optional(cx, name)?.filter(|name| !name.is_empty());
    let views = cx.state::<Views>();
    let mut named = views.named.lock().expect("no holder panics");
    let known = name.as_ref().and_then(|name| named.get(name)?.upgrade());
    if let Some(section) = known {
        return cx.fail(ERROR_ALREADY_EXISTS, cx.process().handles().insert(section));
    }
    let size = u64::from(high) << 32 | u64::from(low);
    let protection = protection & 0xff;
    let backing = if file == Handle::INVALID {
        fresh(size)
    } else {
        of_file(cx, file, size, protection)
    };
    let section = match backing {
        Ok((file, size)) => Arc::new(Section {
            file,
            size,
            protection,
        }),
        Err(error) => return cx.fail(error, Handle::NULL),
    };
    if let Some(name) = name {
        named.retain(|_, section| section.strong_count() > 0);
        named.insert(name, Arc::downgrade(&section));
    }
    cx.fail(0, cx.process().handles().insert(section))
}

/// Memory that only its mappings show.
fn fresh(size: u64) -> Result<(File, u64), u32> {
    if size == 0 {
        return Err(ERROR_INVALID_PARAMETER);
    }
    // SAFETY: the name ends with a zero.
    let made = unsafe { libc::memfd_create(c"section".as_ptr(), libc::MFD_CLOEXEC) };
    if made < 0 {
        return Err(ERROR_NOT_ENOUGH_MEMORY);
    }
    // SAFETY: the descriptor was just made, and nobody else has it.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(made) });
    file.set_len(size).map_err(|_| ERROR_NOT_ENOUGH_MEMORY)?;
    Ok((file, size))
}

/// A file as it is, or grown to the size that is asked for where it may be written to.
fn of_file(cx: &Cx<'_>, file: Handle, size: u64, protection: u32) -> Result<(File, u64), u32> {
    let open = cx
        .process()
        .handles()
        .get::<OpenFile>(file)
        .ok_or(ERROR_INVALID_HANDLE)?;
    let host = open.host().ok_or(ERROR_INVALID_HANDLE)?;
    let file = host.try_clone().map_err(|error| disk::code(&error))?;
    let length = file.metadata().map_err(|error| disk::code(&error))?.len();
    if size == 0 && length == 0 {
        return Err(ERROR_FILE_INVALID);
    }
    if size > length {
        if !is_writable(protection) {
            return Err(ERROR_NOT_ENOUGH_MEMORY);
        }
        file.set_len(size).map_err(|error| disk::code(&error))?;
    }
    Ok((file, if size == 0 { length } else { size }))
}

/// `PAGE_READWRITE`, `PAGE_EXECUTE_READWRITE`.
fn is_writable(protection: u32) -> bool {
    matches!(protection, 0x04 | 0x40)
}

fn open(cx: &Cx<'_>, letters: Letters, name: Addr) -> Result<Handle, Trap> {
    let name = letters.read(cx, name)?;
    let views = cx.state::<Views>();
    let known = views
        .named
        .lock()
        .expect("no holder panics")
        .get(&name)
        .and_then(Weak::upgrade);
    match known {
        Some(section) => Ok(cx.process().handles().insert(section)),
        None => cx.fail(ERROR_FILE_NOT_FOUND, Handle::NULL),
    }
}

fn map(
    cx: &Cx<'_>,
    section: Handle,
    access: u32,
    high: u32,
    low: u32,
    size: Size,
    at: Addr,
) -> Result<Addr, Trap> {
    let Some(section) = cx.process().handles().get::<Section>(section) else {
        return cx.fail(ERROR_INVALID_HANDLE, Addr::NULL);
    };
    let offset = u64::from(high) << 32 | u64::from(low);
    if !offset.is_multiple_of(GRANULE) || !at.0.is_multiple_of(GRANULE) {
        return cx.fail(ERROR_MAPPED_ALIGNMENT, Addr::NULL);
    }
    let rest = section.size.saturating_sub(offset);
    let size = if size.0 == 0 { rest } else { size.0 };
    if size == 0 || size > rest.next_multiple_of(0x1000) {
        return cx.fail(ERROR_ACCESS_DENIED, Addr::NULL);
    }
    let copies = access & COPY != 0 && access & WRITE == 0;
    if access & WRITE != 0 && !is_writable(section.protection) {
        return cx.fail(ERROR_ACCESS_DENIED, Addr::NULL);
    }
    let mut native = libc::PROT_READ;
    if access & (WRITE | COPY) != 0 {
        native |= libc::PROT_WRITE;
    }
    if access & EXECUTE != 0 {
        native |= libc::PROT_EXEC;
    }
    let sharing = if copies {
        libc::MAP_PRIVATE
    } else {
        libc::MAP_SHARED
    };
    let width = cx.process().width();
    match map_native(&section, offset, size, native, sharing, at.0, width) {
        Some(view) => {
            let base = view.base;
            cx.state::<Views>()
                .mapped
                .lock()
                .expect("no holder panics")
                .insert(base, view);
            Ok(Addr(base))
        }
        None if at.is_null() => cx.fail(ERROR_NOT_ENOUGH_MEMORY, Addr::NULL),
        None => cx.fail(ERROR_INVALID_ADDRESS, Addr::NULL),
    }
}

/// Maps pages at a multiple of the granule: room is reserved first, and the file put over it.
fn map_native(
    section: &Section,
    offset: u64,
    size: u64,
    native: i32,
    sharing: i32,
    at: u64,
    width: Width,
) -> Option<View> {
    let size = size.checked_next_multiple_of(0x1000)?;
    let base = match at {
        0 => memory::map_aligned(size, libc::PROT_NONE, width)?,
        at => memory::map_at(at, size, libc::PROT_NONE, width)?,
    };
    let view = View { base, size };
    let (descriptor, sharing) = (section.file.as_raw_fd(), sharing | libc::MAP_FIXED);
    // SAFETY: replaces the room that was just reserved.
    let mapped = unsafe {
        libc::mmap(
            base as *mut _,
            size as usize,
            native,
            sharing,
            descriptor,
            offset as i64,
        )
    };
    (mapped != libc::MAP_FAILED).then_some(view)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";
    const FRESH: u64 = u64::MAX;

    #[test]
    fn two_views_of_one_mapping_show_the_same() {
        let bench = Bench::new();
        let name = bench.text("Shared");
        let section = bench.ask(DLL, "CreateFileMappingA", &[FRESH, 0, 4, 0, 0x2_0000, name]);
        let again = bench.ask(DLL, "OpenFileMappingA", &[0, 0, name]);
        assert_ne!((section, again), (0, 0));
        let one = bench.ask(DLL, "MapViewOfFile", &[section, 2, 0, 0, 0]);
        let other = bench.ask(DLL, "MapViewOfFile", &[again, 4, 0, 0x1_0000, 0x1000]);
        assert_eq!((one % 0x1_0000, other % 0x1_0000), (0, 0));
        bench.with_cx(|cx| cx.put(crate::shim::Addr(one + 0x1_0000), b"seen").unwrap());
        assert_eq!(bench.read(other, 4), b"seen");
        assert_eq!(bench.ask(DLL, "UnmapViewOfFile", &[one]), 1);
        assert_eq!(bench.ask(DLL, "UnmapViewOfFile", &[one]), 0);
        assert_eq!(
            bench.ask(DLL, "CreateFileMappingA", &[FRESH, 0, 4, 0, 0x1000, name]) % 4,
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 183);
    }

    #[test]
    fn a_file_shows_through_and_a_copy_does_not_reach_it() {
        let bench = Bench::new();
        let path = std::env::temp_dir().join(format!("opendriver-view-{}", std::process::id()));
        fs::write(&path, b"0123").unwrap();
        let name = bench.text(&format!("Z:{}", path.to_str().unwrap().replace('/', "\\")));
        let file = bench.ask(DLL, "CreateFileA", &[name, 0xC000_0000, 0, 0, 3, 0, 0]);
        let section = bench.ask(DLL, "CreateFileMappingW", &[file, 0, 4, 0, 0, 0]);
        let (shared, copy) = (
            bench.ask(DLL, "MapViewOfFile", &[section, 2, 0, 0, 0]),
            bench.ask(DLL, "MapViewOfFile", &[section, 1, 0, 0, 0]),
        );
        bench.with_cx(|cx| {
            cx.put(crate::shim::Addr(shared), b"S").unwrap();
            cx.put(crate::shim::Addr(copy + 1), b"C").unwrap();
        });
        assert_eq!(bench.ask(DLL, "FlushViewOfFile", &[shared, 0]), 1);
        assert_eq!(fs::read(&path).unwrap(), b"S123");
        assert_eq!(
            bench.ask(DLL, "MapViewOfFile", &[section, 4, 0, 0x1000, 0]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 1132);
        fs::remove_file(path).unwrap();
    }
}
