//! Services: there are none, and drivers that look for one hear so.

use std::sync::Arc;

use crate::shim::{Addr, Handle, shims};

/// What the handle of the service manager stands for.
struct Services;

const INVALID_HANDLE: u32 = 6;
/// `ERROR_SERVICE_DOES_NOT_EXIST`
const NO_SUCH_SERVICE: u32 = 1060;

shims! {
    pub(super) static SHIMS = "advapi32.dll", stdcall;

    /// Opens the list of services, which is empty.
    fn OpenSCManagerA(cx, machine: Addr, database: Addr, access: u32) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Services)))
    }

    /// Opens the list of services, which is empty.
    fn OpenSCManagerW(cx, machine: Addr, database: Addr, access: u32) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Services)))
    }

    /// Looks for a service; none is there.
    fn OpenServiceA(cx, manager: Handle, name: Addr, access: u32) -> Handle {
        cx.fail(NO_SUCH_SERVICE, Handle::NULL)
    }

    /// Looks for a service; none is there.
    fn OpenServiceW(cx, manager: Handle, name: Addr, access: u32) -> Handle {
        cx.fail(NO_SUCH_SERVICE, Handle::NULL)
    }

    /// Closes the list of services.
    fn CloseServiceHandle(cx, handle: Handle) -> bool {
        if cx.process().handles().get::<Services>(handle).is_none() {
            return cx.fail(INVALID_HANDLE, false);
        }
        Ok(cx.process().handles().close(handle))
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn no_service_is_there() {
        let bench = Bench::new();
        let manager = bench.ask("advapi32.dll", "OpenSCManagerW", &[0, 0, 1]);
        assert_eq!(
            bench.ask(
                "advapi32.dll",
                "OpenServiceW",
                &[manager, bench.wide("x"), 1]
            ),
            0
        );
        assert_eq!(bench.ask("kernel32.dll", "GetLastError", &[]), 1060);
        assert_eq!(
            bench.ask("advapi32.dll", "CloseServiceHandle", &[manager]),
            1
        );
        assert_eq!(
            bench.ask("advapi32.dll", "CloseServiceHandle", &[manager]),
            0
        );
    }
}
