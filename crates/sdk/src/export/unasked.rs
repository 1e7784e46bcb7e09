//! What a driver can do without asking a host, where only a host can vouch for addresses: nothing.

use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::ptr;

/// The text of `DRV_OPEN`: UTF-8.
///
/// # Safety
/// At the address is text that ends with a zero byte, for as long as the result lives.
pub(super) unsafe fn text<'a>(address: usize) -> Cow<'a, str> {
    let text = ptr::with_exposed_provenance::<c_char>(address);
    // SAFETY: vouched by the caller.
    unsafe { CStr::from_ptr(text) }.to_string_lossy()
}

pub(super) fn read(_address: usize, _into: &mut [u8]) -> bool {
    false
}

pub(super) fn write(_address: usize, _from: &[u8]) -> bool {
    false
}

pub(super) fn report(_text: &str) {}
