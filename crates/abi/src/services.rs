//! What a host offers to the drivers in it, as a table of C functions.
//!
//! A driver that wants the table exports `void DriverHost(const OpendriverHost *host)`. The host
//! calls it once before `DRV_LOAD`, and once with a null pointer after `DRV_FREE`; the table is
//! good in between. A driver without that export works all the same.

use core::ffi::{c_char, c_void};

use crate::{LParam, LResult};

/// The type of the optional export `DriverHost`.
pub type DriverHost = unsafe extern "C" fn(host: *const HostTable);

/// The table: each function takes [`context`](Self::context) first. Text is UTF-8 and ends with a
/// zero byte. Mirrored by `OpendriverHost` in `include/opendriver-driver.h`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct HostTable {
    /// Size of this table in bytes; a newer host offers a longer one.
    pub size: usize,
    /// The host's own value, given back to it with every call.
    pub context: *const c_void,
    /// Opens another driver; the section may be null. Answers its handle, or 0.
    pub open: unsafe extern "C" fn(
        context: *const c_void,
        name: *const c_char,
        section: *const c_char,
        param2: LParam,
    ) -> usize,
    /// Sends a message to an open instance. Answers what the driver answers, or 0.
    pub send: unsafe extern "C" fn(
        context: *const c_void,
        handle: usize,
        message: u32,
        param1: LParam,
        param2: LParam,
    ) -> LResult,
    /// Closes an open instance. Answers what the driver answers, or 0.
    pub close: unsafe extern "C" fn(
        context: *const c_void,
        handle: usize,
        param1: LParam,
        param2: LParam,
    ) -> LResult,
    /// Reads one of the driver's settings. Fills at most `length` bytes of `buffer` and sets `kind`
    /// to one of the `SETTING_*` numbers; answers the whole length, or -1 if there is none.
    pub read_setting: unsafe extern "C" fn(
        context: *const c_void,
        name: *const c_char,
        kind: *mut u32,
        buffer: *mut u8,
        length: usize,
    ) -> isize,
    /// Writes one of the driver's settings. Answers 1, or 0 if that failed.
    pub write_setting: unsafe extern "C" fn(
        context: *const c_void,
        name: *const c_char,
        kind: u32,
        bytes: *const u8,
        length: usize,
    ) -> i32,
    /// Copies from an address that the application named. Answers 0 where it cannot be read.
    pub read_memory: unsafe extern "C" fn(
        context: *const c_void,
        address: usize,
        into: *mut u8,
        length: usize,
    ) -> i32,
    /// Copies to an address that the application named. Answers 0 where it cannot be written.
    pub write_memory: unsafe extern "C" fn(
        context: *const c_void,
        address: usize,
        from: *const u8,
        length: usize,
    ) -> i32,
    /// Tells a person something, for example that the driver broke.
    pub report: unsafe extern "C" fn(context: *const c_void, text: *const c_char),
}

/// The setting is text: UTF-8 without a zero byte at its end.
pub const SETTING_TEXT: u32 = 1;
/// The setting is a number: 8 bytes in the machine's order.
pub const SETTING_INTEGER: u32 = 2;
/// The setting is bytes.
pub const SETTING_BINARY: u32 = 3;
