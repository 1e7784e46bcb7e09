//! The C side of a driver that is a shared object of its own.
#![expect(
    unsafe_code,
    reason = "a host calls in through C, and its table of functions is C"
)]

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

pub use opendriver_abi::services::HostTable;
use opendriver_abi::services::{SETTING_BINARY, SETTING_INTEGER, SETTING_TEXT};
use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

use crate::{BuiltIn, Call, Guest, Host, Setting};

/// Makes a shared object of a driver: defines its `DriverProc`, and the `DriverHost` through which
/// a host hands its services down.
///
/// ```text
/// opendriver_sdk::export_driver!(my_driver::MyDriver);
/// ```
///
/// The line belongs into a target of its own, not into the library: a library with a `DriverProc`
/// could not be linked into a program beside another such library. `Cargo.toml` says
///
/// ```toml
/// [[example]]
/// name = "my_driver"
/// path = "src/export.rs"
/// crate-type = ["cdylib"]
/// ```
///
/// and `cargo build --release --example my_driver` makes `target/release/examples/libmy_driver.so`,
/// while the library itself stays a plain one for [`builtin`](crate::builtin). The driver needs no
/// unsafe code of its own: what the macro needs is inside this crate.
#[macro_export]
macro_rules! export_driver {
    ($driver:ty) => {
        static EXPORTED: $crate::export::Exported = $crate::export::Exported::new();

        /// The driver's entry point.
        ///
        /// # Safety
        /// With `DRV_OPEN`, the first parameter is null or the address of text that ends with a
        /// zero byte.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn DriverProc(
            id: usize,
            handle: usize,
            message: u32,
            param1: isize,
            param2: isize,
        ) -> isize {
            let make = || $crate::builtin::<$driver>(::core::env!("CARGO_PKG_NAME"));
            // SAFETY: the caller's promise is the same.
            unsafe { EXPORTED.driver_proc(make, [id, handle], message, [param1, param2]) }
        }

        /// Takes the host's services.
        ///
        /// # Safety
        /// The table is null, or good until this is called with null.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn DriverHost(host: *const $crate::export::HostTable) {
            // SAFETY: the caller's promise is the same.
            unsafe { EXPORTED.set_host(host) }
        }
    };
}

/// What the macro keeps: the driver, made when it is first called, and its host.
pub struct Exported {
    guest: OnceLock<Guest>,
    host: OnceLock<Arc<Offered>>,
}

impl Exported {
    /// Nothing yet.
    #[expect(clippy::new_without_default, reason = "only the macro makes one")]
    pub const fn new() -> Self {
        Self {
            guest: OnceLock::new(),
            host: OnceLock::new(),
        }
    }

    /// `DriverProc`.
    ///
    /// # Safety
    /// With `DRV_OPEN`, the first parameter is null or the address of text that ends with a zero
    /// byte and lives until this returns.
    pub unsafe fn driver_proc(
        &self,
        make: impl Fn() -> BuiltIn,
        [id, handle]: [usize; 2],
        message: u32,
        [param1, param2]: [LParam; 2],
    ) -> LResult {
        let Some(handle) = u32::try_from(handle).ok().and_then(Hdrvr::new) else {
            return 0;
        };
        let guest = self
            .guest
            .get_or_init(|| make().load(self.offered().clone()));
        let message = Message(message);
        let call = Call::new(DriverId(id), handle, message, param1, param2);
        if message != Message::DRV_OPEN || param1 == 0 {
            return guest.call(&call);
        }
        let text = ptr::with_exposed_provenance::<c_char>(param1.cast_unsigned());
        // SAFETY: vouched by the caller: it is not null, ends with a zero byte and lives long enough.
        let text = unsafe { CStr::from_ptr(text) };
        guest.call(&call.with_text(&text.to_string_lossy()))
    }

    /// `DriverHost`.
    ///
    /// # Safety
    /// The table is null, or it and what it names are good until this is called with null.
    pub unsafe fn set_host(&self, table: *const HostTable) {
        // SAFETY: vouched by the caller.
        let table = unsafe { table.as_ref() };
        // A shorter table is of a host older than this driver.
        let table = table
            .filter(|table| table.size >= size_of::<HostTable>())
            .copied();
        *self
            .offered()
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner) = table.map(Table);
    }

    fn offered(&self) -> &Arc<Offered> {
        self.host.get_or_init(Arc::default)
    }
}

/// The host's services, while it offers them.
#[derive(Default)]
struct Offered(RwLock<Option<Table>>);

/// A table that the host promised to keep.
#[derive(Clone, Copy)]
struct Table(HostTable);

// SAFETY: the contract of `DriverHost` lets any thread call the functions with the context.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Offered {
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
            return false;
        };
        let (start, length) = (into.as_mut_ptr(), into.len());
        // SAFETY: the table is good, and the buffer has the length.
        unsafe { (table.read_memory)(table.context, address, start, length) != 0 }
    }

    fn write(&self, address: usize, from: &[u8]) -> bool {
        let Some(table) = self.table() else {
            return false;
        };
        let (start, length) = (from.as_ptr(), from.len());
        // SAFETY: the table is good, and the buffer has the length.
        unsafe { (table.write_memory)(table.context, address, start, length) != 0 }
    }

    fn report(&self, text: &str) {
        let Some(table) = self.table() else { return };
        let Ok(text) = CString::new(text.replace('\0', "\u{fffd}")) else {
            return;
        };
        // SAFETY: the table is good, and the text ends with a zero byte.
        unsafe { (table.report)(table.context, text.as_ptr()) }
    }
}
