//! To which loaded object an address belongs.
#![expect(unsafe_code, reason = "asks the dynamic loader")]

use std::ffi::{CStr, OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::{env, slice};

use crate::Place;

/// Says which loaded object `address` lies in, and how far from its start. Not for use in a signal handler.
#[must_use]
pub fn place(address: usize) -> Option<Place> {
    let mut found = None;
    each_object(|object| {
        let hit = object.segments().any(|(_, range)| range.contains(&address));
        if hit {
            found = Some((object.name(), address - object.base()));
        }
        hit
    });
    let (name, offset) = found?;
    let object = match name {
        // The loader gives the program itself no name.
        name if name.as_os_str().is_empty() => env::current_exe().unwrap_or(name),
        name => name,
    };
    Some(Place { object, offset })
}

/// An object that the dynamic loader knows.
pub(crate) struct Object<'a>(&'a libc::dl_phdr_info);

impl Object<'_> {
    /// What was added to the addresses in the file.
    pub(crate) fn base(&self) -> usize {
        self.0.dlpi_addr as usize
    }

    /// The loaded segments: their flags and where they are.
    pub(crate) fn segments(&self) -> impl Iterator<Item = (u32, std::ops::Range<usize>)> {
        // SAFETY: the loader vouches for this many headers.
        let headers =
            unsafe { slice::from_raw_parts(self.0.dlpi_phdr, usize::from(self.0.dlpi_phnum)) };
        let base = self.base();
        headers
            .iter()
            .filter(|header| header.p_type == libc::PT_LOAD)
            .map(move |header| {
                let start = base.wrapping_add(header.p_vaddr as usize);
                (header.p_flags, start..start + header.p_memsz as usize)
            })
    }

    fn name(&self) -> PathBuf {
        // SAFETY: the loader gives a string that ends.
        let name = unsafe { CStr::from_ptr(self.0.dlpi_name) };
        PathBuf::from(OsStr::from_bytes(name.to_bytes()))
    }
}

/// Shows every loaded object to `visit` until it says true.
pub(crate) fn each_object<F: FnMut(Object<'_>) -> bool>(mut visit: F) {
    unsafe extern "C" fn step<F: FnMut(Object<'_>) -> bool>(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        data: *mut c_void,
    ) -> c_int {
        // SAFETY: `each_object` passes the address of its own closure and does not touch it meanwhile.
        let visit = unsafe { &mut *data.cast::<F>() };
        // SAFETY: the loader gives a description that is good for this call.
        let info = unsafe { &*info };
        c_int::from(visit(Object(info)))
    }
    // SAFETY: `step` gets the closure that it expects, and only during this call.
    unsafe { libc::dl_iterate_phdr(Some(step::<F>), (&raw mut visit).cast()) };
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn code_of_this_program_is_found_in_this_program() {
        let here = code_of_this_program_is_found_in_this_program as fn() as usize;
        let found = place(here).expect("the test is loaded");
        assert_eq!(found.object, std::env::current_exe().unwrap());
        assert!(found.offset > 0);
    }

    #[test]
    fn memory_of_no_object_has_no_place() {
        let heap = Box::new(5_u8);
        assert_eq!(place(&raw const *heap as usize), None);
        assert_eq!(place(0), None);
    }
}
