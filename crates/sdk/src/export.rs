//! The C side of a driver that is a shared object or a Windows DLL of its own.
#![expect(
    unsafe_code,
    reason = "a host calls in through C, and its table of functions is C"
)]

mod offered;

#[cfg_attr(windows, path = "export/unasked_windows.rs")]
mod unasked;

mod handles;

use std::sync::{Arc, OnceLock};

pub use opendriver_abi::services::HostTable;
use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

use crate::{BuiltIn, Call, Guest};
use handles::Handles;
use offered::Offered;

/// Makes a shared object of a driver, or a Windows DLL: defines its `DriverProc`, and the `DriverHost` through which
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
///
/// # As a Windows DLL
///
/// For a target of Windows the same line makes a DLL with a `DriverProc` as Windows has it: `DRV_OPEN` brings text in UTF-16, and a handle
/// may be as wide as an address, so [`Call::handle`](crate::Call::handle) is a number of the driver's own that stands for the instance.
/// No host of Windows knows of `DriverHost`. Without it, of [`Host`](crate::Host) there is:
///
/// | | |
/// | --- | --- |
/// | claims, `read`, `write` | memory of the process, copied so that a wrong address is an answer, not a fault |
/// | `report` | goes to a debugger (`OutputDebugString`) |
/// | `setting`, `set_setting` | none: not here |
/// | `open`, `send`, `close` | none: not here |
#[macro_export]
macro_rules! export_driver {
    ($driver:ty) => {
        static EXPORTED: $crate::export::Exported = $crate::export::Exported::new();

        /// The driver's entry point.
        ///
        /// # Safety
        /// With `DRV_OPEN`, the first parameter is null or the address of text that ends with a
        /// zero: of bytes in UTF-8, on Windows of 16 bits each in UTF-16.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn DriverProc(
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

/// What the macro keeps: the driver, made when it is first called, its host, and the handles of its instances.
pub struct Exported {
    guest: OnceLock<Guest>,
    host: OnceLock<Arc<Offered>>,
    handles: Handles,
}

impl Exported {
    /// Nothing yet.
    #[expect(clippy::new_without_default, reason = "only the macro makes one")]
    pub const fn new() -> Self {
        Self {
            guest: OnceLock::new(),
            host: OnceLock::new(),
            handles: Handles::new(),
        }
    }

    /// `DriverProc`.
    ///
    /// # Safety
    /// With `DRV_OPEN`, the first parameter is null or the address of text that ends with a zero
    /// and lives until this returns: of bytes, on Windows of 16 bits each.
    pub unsafe fn driver_proc(
        &self,
        make: impl Fn() -> BuiltIn,
        [id, handle]: [usize; 2],
        message: u32,
        [param1, param2]: [LParam; 2],
    ) -> LResult {
        let message = Message(message);
        let number = match message {
            _ if !cfg!(windows) => u32::try_from(handle).ok().and_then(Hdrvr::new),
            Message::DRV_OPEN => self.handles.before_open(),
            _ => self.handles.of(id),
        };
        let Some(number) = number else { return 0 };
        let guest = self
            .guest
            .get_or_init(|| make().load(self.offered().clone()));
        let call = Call::new(DriverId(id), number, message, param1, param2);
        let answer = if message == Message::DRV_OPEN && param1 != 0 {
            // SAFETY: vouched by the caller: it is not null, ends with a zero and lives long enough.
            let text = unsafe { unasked::text(param1.cast_unsigned()) };
            guest.call(&call.with_text(&text))
        } else {
            guest.call(&call)
        };
        match message {
            Message::DRV_OPEN if cfg!(windows) && answer != 0 => {
                self.handles.opened(answer.cast_unsigned(), number);
            }
            Message::DRV_CLOSE if cfg!(windows) && answer != 0 => self.handles.closed(id),
            _ => {}
        }
        answer
    }

    /// `DriverHost`.
    ///
    /// # Safety
    /// The table is null, or it and what it names are good until this is called with null.
    pub unsafe fn set_host(&self, table: *const HostTable) {
        // SAFETY: vouched by the caller.
        unsafe { self.offered().set(table) }
    }

    fn offered(&self) -> &Arc<Offered> {
        self.host.get_or_init(Arc::default)
    }
}
