//! What a driver in a shared object may ask of the manager, as the table of C functions that it is given.
#![expect(
    unsafe_code,
    reason = "takes pointers from a driver, all of them claimed"
)]

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use opendriver_abi::services::{HostTable, SETTING_BINARY, SETTING_INTEGER, SETTING_TEXT};
use opendriver_abi::{Hdrvr, LParam, LResult, Message};
use opendriver_sdk::{Host, Setting};

use crate::backend::builtin::SystemHost;

/// The longest text that a driver can hand up.
const LONGEST: usize = 1 << 20;

/// The table of one driver, with what it leads to.
pub(super) struct Services {
    table: Box<HostTable>,
    host: *mut SystemHost,
}

// SAFETY: what the pointers lead to may be used from every thread, and is dropped by the owner only.
unsafe impl Send for Services {}
// SAFETY: as above.
unsafe impl Sync for Services {}

impl Services {
    pub(super) fn new(host: SystemHost) -> Self {
        let host = Box::into_raw(Box::new(host));
        let table = HostTable {
            size: size_of::<HostTable>(),
            context: host.cast_const().cast(),
            open,
            send,
            close,
            read_setting,
            write_setting,
            read_memory,
            write_memory,
            report,
        };
        Self {
            table: Box::new(table),
            host,
        }
    }

    pub(super) fn table(&self) -> *const HostTable {
        &raw const *self.table
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box, and the driver has been told not to use it any more.
        drop(unsafe { Box::from_raw(self.host) });
    }
}

/// Answers with what the host says; 0 where it panics, which must not unwind into the driver's frames.
///
/// # Safety
/// `context` is the one of a table that is good.
unsafe fn ask<R: Default>(context: *const c_void, f: impl FnOnce(&SystemHost) -> R) -> R {
    // SAFETY: the caller vouches for the context.
    let host = unsafe { &*context.cast::<SystemHost>() };
    catch_unwind(AssertUnwindSafe(|| f(host))).unwrap_or_default()
}

/// Reads bytes that a driver claims are there.
fn bytes_at(address: *const u8, len: usize) -> Option<Vec<u8>> {
    if len > LONGEST {
        return None;
    }
    let mut bytes = vec![0; len];
    // SAFETY: the target is ours, and a fault at the source comes back as an error.
    unsafe { reach::copy(bytes.as_mut_ptr(), address, len) }.then_some(bytes)
}

/// Reads text that a driver claims is there; a piece at a time, since its end is not known.
fn text_at(address: *const c_char) -> Option<String> {
    if address.is_null() {
        return None;
    }
    let mut text = Vec::new();
    let mut at = address.cast::<u8>();
    while text.len() < LONGEST {
        // Up to the end of an aligned piece, so that no read goes beyond a page that ends the text.
        let piece = 64 - at.addr() % 64;
        let bytes = bytes_at(at, piece)?;
        if let Some(end) = bytes.iter().position(|&byte| byte == 0) {
            text.extend(&bytes[..end]);
            return Some(String::from_utf8_lossy(&text).into_owned());
        }
        text.extend(bytes);
        at = at.wrapping_add(piece);
    }
    None
}

unsafe extern "C" fn open(
    context: *const c_void,
    name: *const c_char,
    section: *const c_char,
    param2: LParam,
) -> usize {
    // SAFETY: the driver gives back the context that came with the table.
    unsafe {
        ask(context, |host| {
            let Some(name) = text_at(name) else { return 0 };
            host.open(&name, text_at(section).as_deref(), param2)
                .map_or(0, |handle| handle.raw() as usize)
        })
    }
}

unsafe extern "C" fn send(
    context: *const c_void,
    handle: usize,
    message: u32,
    param1: LParam,
    param2: LParam,
) -> LResult {
    let Some(handle) = handle_of(handle) else {
        return 0;
    };
    // SAFETY: the driver gives back the context that came with the table.
    unsafe {
        ask(context, |host| {
            host.send(handle, Message(message), param1, param2)
        })
    }
}

unsafe extern "C" fn close(
    context: *const c_void,
    handle: usize,
    param1: LParam,
    param2: LParam,
) -> LResult {
    let Some(handle) = handle_of(handle) else {
        return 0;
    };
    // SAFETY: the driver gives back the context that came with the table.
    unsafe { ask(context, |host| host.close(handle, param1, param2)) }
}

fn handle_of(raw: usize) -> Option<Hdrvr> {
    u32::try_from(raw).ok().and_then(Hdrvr::new)
}

unsafe extern "C" fn read_setting(
    context: *const c_void,
    name: *const c_char,
    kind: *mut u32,
    buffer: *mut u8,
    length: usize,
) -> isize {
    // SAFETY: the driver gives back the context that came with the table.
    let found = unsafe {
        ask(context, |host| {
            text_at(name).and_then(|name| host.setting(&name))
        })
    };
    let (number, bytes) = match found {
        Some(Setting::Text(text)) => (SETTING_TEXT, text.into_bytes()),
        Some(Setting::Integer(number)) => (SETTING_INTEGER, number.to_ne_bytes().to_vec()),
        Some(Setting::Binary(bytes)) => (SETTING_BINARY, bytes),
        _ => return -1,
    };
    let number = number.to_ne_bytes();
    // SAFETY: the driver vouches that a kind may be written where it says; a fault comes back as an error.
    let told = kind.is_null() || unsafe { reach::copy(kind.cast(), number.as_ptr(), number.len()) };
    // SAFETY: the driver vouches that this much may be written where it says; a fault comes back as an error.
    let filled =
        buffer.is_null() || unsafe { reach::copy(buffer, bytes.as_ptr(), bytes.len().min(length)) };
    if told && filled {
        bytes.len().cast_signed()
    } else {
        -1
    }
}

unsafe extern "C" fn write_setting(
    context: *const c_void,
    name: *const c_char,
    kind: u32,
    bytes: *const u8,
    length: usize,
) -> i32 {
    let set = |host: &SystemHost| {
        let (name, bytes) = (text_at(name)?, bytes_at(bytes, length)?);
        let value = match kind {
            SETTING_TEXT => Setting::Text(String::from_utf8(bytes).ok()?),
            SETTING_INTEGER => Setting::Integer(u64::from_ne_bytes(bytes.try_into().ok()?)),
            SETTING_BINARY => Setting::Binary(bytes),
            _ => return None,
        };
        host.set_setting(&name, &value).then_some(())
    };
    // SAFETY: the driver gives back the context that came with the table.
    i32::from(unsafe { ask(context, set) }.is_some())
}

unsafe extern "C" fn read_memory(
    _context: *const c_void,
    address: usize,
    into: *mut u8,
    length: usize,
) -> i32 {
    // SAFETY: the driver vouches that it may write where it says; a fault on either side comes back as an error.
    i32::from(unsafe { reach::copy(into, std::ptr::with_exposed_provenance(address), length) })
}

unsafe extern "C" fn write_memory(
    _context: *const c_void,
    address: usize,
    from: *const u8,
    length: usize,
) -> i32 {
    // SAFETY: the application vouched that it may be written where it said; a fault on either side comes back as an error.
    i32::from(unsafe { reach::copy(std::ptr::with_exposed_provenance_mut(address), from, length) })
}

unsafe extern "C" fn report(context: *const c_void, text: *const c_char) {
    // SAFETY: the driver gives back the context that came with the table.
    unsafe {
        ask(context, |host| {
            host.report(&text_at(text).unwrap_or_default())
        })
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod reach {
    /// Copies, and says whether all of it could be copied.
    ///
    /// # Safety
    /// If memory is there at `to`, it may be overwritten.
    pub(super) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) -> bool {
        // SAFETY: the handlers were installed before the driver was loaded; the rest is the caller's promise.
        unsafe { opendriver_guard::copy(to, from, len) }.is_ok()
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod reach {
    /// Copies. On this system a bad address ends the program.
    ///
    /// # Safety
    /// Both ranges are there, and the one at `to` may be overwritten.
    pub(super) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy(from, to, len) };
        true
    }
}
