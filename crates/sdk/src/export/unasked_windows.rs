//! What a driver can do on Windows without asking a host: the system copies memory of its process, and says where there is none.

use std::borrow::Cow;
use std::ffi::c_void;
use std::ptr;

#[link(name = "kernel32")]
unsafe extern "system" {
    safe fn GetCurrentProcess() -> *mut c_void;
    fn ReadProcessMemory(
        process: *mut c_void,
        from: *const c_void,
        to: *mut c_void,
        length: usize,
        read: *mut usize,
    ) -> i32;
    fn WriteProcessMemory(
        process: *mut c_void,
        to: *mut c_void,
        from: *const c_void,
        length: usize,
        written: *mut usize,
    ) -> i32;
    fn OutputDebugStringW(text: *const u16);
}

/// The text of `DRV_OPEN`: UTF-16.
///
/// # Safety
/// At the address is text that ends with a zero of 16 bits, for as long as the result lives.
pub(super) unsafe fn text<'a>(address: usize) -> Cow<'a, str> {
    let start = ptr::with_exposed_provenance::<u16>(address);
    let mut length = 0;
    loop {
        let place = start.wrapping_add(length);
        // SAFETY: vouched by the caller: no zero came before this unit.
        if unsafe { place.read_unaligned() } == 0 {
            break;
        }
        length += 1;
    }
    let mut units = vec![0_u16; length];
    let to: *mut u8 = units.as_mut_ptr().cast();
    // SAFETY: the text was read as far as this just now, and the list has as many units.
    unsafe { to.copy_from_nonoverlapping(start.cast(), 2 * length) };
    String::from_utf16_lossy(&units).into()
}

pub(super) fn read(address: usize, into: &mut [u8]) -> bool {
    let (from, to) = (ptr::with_exposed_provenance(address), into.as_mut_ptr());
    let mut read = 0;
    // SAFETY: the list has the length, and the system answers for the address.
    let done = unsafe {
        ReadProcessMemory(
            GetCurrentProcess(),
            from,
            to.cast(),
            into.len(),
            &raw mut read,
        )
    };
    into.is_empty() || (done != 0 && read == into.len())
}

pub(super) fn write(address: usize, from: &[u8]) -> bool {
    let to = ptr::with_exposed_provenance_mut(address);
    let start = from.as_ptr().cast();
    let mut written = 0;
    // SAFETY: the list has the length, and the system answers for the address.
    let done =
        unsafe { WriteProcessMemory(GetCurrentProcess(), to, start, from.len(), &raw mut written) };
    from.is_empty() || (done != 0 && written == from.len())
}

pub(super) fn report(text: &str) {
    let text: Vec<u16> = text
        .encode_utf16()
        .filter(|&unit| unit != 0)
        .chain([0])
        .collect();
    // SAFETY: the text ends with a zero.
    unsafe { OutputDebugStringW(text.as_ptr()) }
}
