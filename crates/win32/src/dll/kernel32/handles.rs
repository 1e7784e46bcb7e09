//! Handles as such.

use crate::cx::Cx;
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;
use crate::waits::THIS_THREAD;

const ERROR_INVALID_HANDLE: u32 = 6;
/// `DUPLICATE_CLOSE_SOURCE`.
const CLOSE_SOURCE: u32 = 1;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Closes a handle.
    fn CloseHandle(cx, handle: Handle) -> bool {
        if is_pseudo(handle) || cx.process().handles().close(handle) {
            Ok(true)
        } else {
            cx.fail(ERROR_INVALID_HANDLE, false)
        }
    }

    /// Opens another handle to the object of a handle.
    fn DuplicateHandle(cx, from: Handle, handle: Handle, to: Handle, copy: Addr, access: u32, inherit: bool, options: u32) -> bool {
        duplicate(cx, handle, copy, options)
    }

    /// Tells that a handle is neither inherited nor protected.
    fn GetHandleInformation(cx, handle: Handle, flags: Addr) -> bool {
        if cx.process().handles().object(handle).is_none() {
            return cx.fail(ERROR_INVALID_HANDLE, false);
        }
        cx.write(flags, 0_u32)?;
        Ok(true)
    }

    /// Takes note that nothing here is inherited.
    fn SetHandleInformation(cx, handle: Handle, mask: u32, flags: u32) -> bool {
        if cx.process().handles().object(handle).is_some() {
            Ok(true)
        } else {
            cx.fail(ERROR_INVALID_HANDLE, false)
        }
    }
}

/// Pseudo handles stand for the process (-1) and the calling thread (-2).
fn is_pseudo(handle: Handle) -> bool {
    handle == Handle::INVALID || handle == THIS_THREAD
}

fn duplicate(cx: &Cx<'_>, handle: Handle, copy: Addr, options: u32) -> Result<bool, Trap> {
    let handles = cx.process().handles();
    let object = match handle {
        THIS_THREAD => super::threads::current(cx),
        Handle::INVALID => {
            cx.write_addr(copy, Addr(handle.0))?;
            return Ok(true);
        }
        handle => match handles.object(handle) {
            Some(object) => object,
            None => return cx.fail(ERROR_INVALID_HANDLE, false),
        },
    };
    if !copy.is_null() {
        cx.write_addr(copy, Addr(handles.insert(object).0))?;
    }
    if options & CLOSE_SOURCE != 0 {
        handles.close(handle);
    }
    Ok(true)
}
