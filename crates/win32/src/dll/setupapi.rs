//! `setupapi.dll`: devices, of which there are none.

use std::sync::Arc;

use crate::cx::Cx;
use crate::shim::{Addr, Dll, Handle, shims};
use crate::trap::Trap;

pub(super) static SETUPAPI: Dll = Dll {
    name: "setupapi.dll",
    tables: &[SHIMS],
    ..Dll::EMPTY
};

/// What the handle of a list of devices stands for.
struct Devices;

const INVALID_HANDLE: u32 = 6;
const NO_MORE_ITEMS: u32 = 259;

shims! {
    static SHIMS = "setupapi.dll", stdcall;

    /// Lists the devices of a class; there are none.
    fn SetupDiGetClassDevsA(cx, class: Addr, enumerator: Addr, owner: Handle, flags: u32) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Devices)))
    }

    /// Lists the devices of a class; there are none.
    fn SetupDiGetClassDevsW(cx, class: Addr, enumerator: Addr, owner: Handle, flags: u32) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Devices)))
    }

    /// Answers a device of a list; there are none.
    fn SetupDiEnumDeviceInfo(cx, list: Handle, index: u32, device: Addr) -> bool {
        none(cx, list)
    }

    /// Answers what a device of a list can be opened by; there are none.
    fn SetupDiEnumDeviceInterfaces(cx, list: Handle, device: Addr, class: Addr, index: u32, interface: Addr) -> bool {
        none(cx, list)
    }

    /// Ends a list of devices.
    fn SetupDiDestroyDeviceInfoList(cx, list: Handle) -> bool {
        if cx.process().handles().get::<Devices>(list).is_none() {
            return cx.fail(INVALID_HANDLE, false);
        }
        Ok(cx.process().handles().close(list))
    }
}

fn none(cx: &Cx<'_>, list: Handle) -> Result<bool, Trap> {
    let is_list = cx.process().handles().get::<Devices>(list).is_some();
    cx.fail(
        if is_list {
            NO_MORE_ITEMS
        } else {
            INVALID_HANDLE
        },
        false,
    )
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn no_device_is_listed() {
        let bench = Bench::new();
        let list = bench.ask("setupapi.dll", "SetupDiGetClassDevsA", &[0; 4]);
        assert_eq!(
            bench.ask("setupapi.dll", "SetupDiEnumDeviceInfo", &[list, 0, 0]),
            0
        );
        assert_eq!(bench.ask("kernel32.dll", "GetLastError", &[]), 259);
        assert_eq!(
            bench.ask("setupapi.dll", "SetupDiDestroyDeviceInfoList", &[list]),
            1
        );
        assert_eq!(
            bench.ask("setupapi.dll", "SetupDiDestroyDeviceInfoList", &[list]),
            0
        );
    }
}
