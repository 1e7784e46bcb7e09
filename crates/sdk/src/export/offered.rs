//! The services of a host that hands down a table of functions.

use std::ffi::CString;
use std::ptr;
use std::sync::{PoisonError, RwLock};

use opendriver_abi::services::{HostTable, SETTING_BINARY, SETTING_INTEGER, SETTING_TEXT};
use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use super::unasked;
use crate::{Host, Setting};

/// The host's services, while it offers them.
#[derive(Default)]
pub(super) struct Offered(RwLock<Option<Table>>);

/// A table that the host promised to keep.
#[derive(Clone, Copy)]
struct Table(HostTable);

// SAFETY: the contract of `DriverHost` lets any thread call the functions with the context.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Offered {
    /// Takes a table, or lets go of the last one.
    ///
    /// # Safety
    /// The table is null, or it and what it names are good until this is called with null.
    pub(super) unsafe fn set(&self, table: *const HostTable) {
        // SAFETY: vouched by the caller.
        let table = unsafe { table.as_ref() };
        // A shorter table is of a host older than this driver.
        let table = table
            .filter(|table| table.size >= size_of::<HostTable>())
            .copied();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = table.map(Table);
    }

    /// The table, copied out so that no lock is held while the host works.
    fn table(&self) -> Option<HostTable> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .map(|table| table.0)
    }
}

impl Host for Offered {
    fn setting(&self, name: &str) -> Option<Setting> {
        let table = self.table()?;
        let name = CString::new(name).ok()?;
        let mut bytes = vec![0; 256];
        loop {
            let mut kind = 0;
            let buffer: *mut u8 = bytes.as_mut_ptr();
            // SAFETY: the table is good, the name ends with a zero byte, and the buffer has the length.
            let length = unsafe {
                (table.read_setting)(table.context, name.as_ptr(), &mut kind, buffer, bytes.len())
            };
            let length = usize::try_from(length).ok()?;
            if length > bytes.len() {
                bytes.resize(length, 0);
                continue;
            }
            bytes.truncate(length);
            return match kind {
                SETTING_TEXT => String::from_utf8(bytes).ok().map(Setting::Text),
                SETTING_INTEGER => {
                    Some(Setting::Integer(u64::from_ne_bytes(bytes.try_into().ok()?)))
                }
                SETTING_BINARY => Some(Setting::Binary(bytes)),
                _ => None,
            };
        }
    }

    fn set_setting(&self, name: &str, value: &Setting) -> bool {
        let (Some(table), Ok(name)) = (self.table(), CString::new(name)) else {
            return false;
        };
        let number;
        let (kind, bytes) = match value {
            Setting::Text(text) => (SETTING_TEXT, text.as_bytes()),
            Setting::Integer(value) => {
                number = value.to_ne_bytes();
                (SETTING_INTEGER, &number[..])
            }
            Setting::Binary(bytes) => (SETTING_BINARY, &bytes[..]),
        };
        let (start, length) = (bytes.as_ptr(), bytes.len());
        // SAFETY: the table is good, the name ends with a zero byte, and the bytes have the length.
        unsafe { (table.write_setting)(table.context, name.as_ptr(), kind, start, length) != 0 }
    }

    fn open(&self, name: &str, section: Option<&str>, param2: LParam) -> Option<Hdrvr> {
        let table = self.table()?;
        let name = CString::new(name).ok()?;
        let section = section.map(CString::new).transpose().ok()?;
        let section = section
            .as_ref()
            .map_or(ptr::null(), |section| section.as_ptr());
        // SAFETY: the table is good, and both texts end with a zero byte.
        let handle = unsafe { (table.open)(table.context, name.as_ptr(), section, param2) };
        u32::try_from(handle).ok().and_then(Hdrvr::new)
    }

    fn send(&self, handle: Hdrvr, message: Message, param1: LParam, param2: LParam) -> LResult {
        let Some(table) = self.table() else { return 0 };
        let handle = handle.raw() as usize;
        // SAFETY: the table is good.
        unsafe { (table.send)(table.context, handle, message.0, param1, param2) }
    }

    fn close(&self, handle: Hdrvr, param1: LParam, param2: LParam) -> LResult {
        let Some(table) = self.table() else { return 0 };
        // SAFETY: the table is good.
        unsafe { (table.close)(table.context, handle.raw() as usize, param1, param2) }
    }

    fn read(&self, address: usize, into: &mut [u8]) -> bool {
        let Some(table) = self.table() else {
            return unasked::read(address, into);
        };
        let (start, length) = (into.as_mut_ptr(), into.len());
        // SAFETY: the table is good, and the buffer has the length.
        unsafe { (table.read_memory)(table.context, address, start, length) != 0 }
    }

    fn write(&self, address: usize, from: &[u8]) -> bool {
        let Some(table) = self.table() else {
            return unasked::write(address, from);
        };
        let (start, length) = (from.as_ptr(), from.len());
        // SAFETY: the table is good, and the buffer has the length.
        unsafe { (table.write_memory)(table.context, address, start, length) != 0 }
    }

    fn report(&self, text: &str) {
        let Some(table) = self.table() else {
            return unasked::report(text);
        };
        let Ok(text) = CString::new(text.replace('\0', "\u{fffd}")) else {
            return;
        };
        // SAFETY: the table is good, and the text ends with a zero byte.
        unsafe { (table.report)(table.context, text.as_ptr()) }
    }
}
