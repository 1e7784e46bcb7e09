//! Writing to files and consoles, as the standard library of Rust does.

use super::status::{INVALID_HANDLE, SUCCESS, UNSUCCESSFUL};
use crate::dll::kernel32::files::open_file;
use crate::shim::{Addr, Handle, shims};
use crate::structures::Overlapped;

shims! {
    pub(super) static SHIMS = "ntdll.dll", stdcall;

    /// Writes bytes, and is through when it returns.
    fn NtWriteFile(cx, file: Handle, event: Handle, routine: Addr, context: Addr, status: Addr, buffer: Addr, count: u32, position: Addr, key: Addr) -> u32 {
        let position = if position.is_null() { None } else { Some(cx.read::<u64>(position)?) };
        let Some(open) = open_file(cx, file) else { return Ok(INVALID_HANDLE) };
        let Ok(count) = open.write(cx, buffer, count, position)? else { return Ok(UNSUCCESSFUL) };
        cx.write_addr(Overlapped::status(cx, status), Addr(0))?;
        cx.write_addr(Overlapped::count(cx, status), Addr(count.into()))?;
        Ok(SUCCESS)
    }
}
