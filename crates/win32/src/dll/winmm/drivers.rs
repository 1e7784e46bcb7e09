//! The driver functions: a driver may open, ask and close other drivers.

use crate::claim::Letters;
use crate::cx::Cx;
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::station::Report;
use crate::trap::Trap;

shims! {
    pub(super) static SHIMS = "winmm.dll", stdcall;

    /// Opens an instance of a driver; null when it refused or cannot be loaded.
    fn OpenDriver(cx, name: Addr, section: Addr, param2: Signed) -> Handle {
        open(cx, name, section, param2, Letters::W)
    }

    /// Opens an instance of a driver; null when it refused or cannot be loaded.
    fn OpenDriverA(cx, name: Addr, section: Addr, param2: Signed) -> Handle {
        open(cx, name, section, param2, Letters::A)
    }

    /// Closes an instance and answers what its driver said; 0 when it refused.
    fn CloseDriver(cx, driver: Handle, param1: Signed, param2: Signed) -> Signed {
        Ok(close(cx, driver, param1, param2))
    }

    /// Sends a message to an instance and answers what its driver said.
    fn SendDriverMessage(cx, driver: Handle, message: u32, param1: Signed, param2: Signed) -> Signed {
        Ok(send(cx, driver, message, param1, param2))
    }

    /// Answers the module of an instance.
    fn GetDriverModuleHandle(cx, driver: Handle) -> Handle { Ok(module(cx, driver)) }

    /// Answers what a driver answers to messages that it does not know.
    fn DefDriverProc(cx, id: Size, driver: Handle, message: u32, param1: Signed, param2: Signed) -> Signed {
        Ok(default(message))
    }

    /// Opens an instance of a driver; null when it refused or cannot be loaded.
    fn DrvOpen(cx, name: Addr, section: Addr, param2: Signed) -> Handle {
        open(cx, name, section, param2, Letters::W)
    }

    /// Opens an instance of a driver; null when it refused or cannot be loaded.
    fn DrvOpenA(cx, name: Addr, section: Addr, param2: Signed) -> Handle {
        open(cx, name, section, param2, Letters::A)
    }

    /// Closes an instance and answers what its driver said; 0 when it refused.
    fn DrvClose(cx, driver: Handle, param1: Signed, param2: Signed) -> Signed {
        Ok(close(cx, driver, param1, param2))
    }

    /// Sends a message to an instance and answers what its driver said.
    fn DrvSendMessage(cx, driver: Handle, message: u32, param1: Signed, param2: Signed) -> Signed {
        Ok(send(cx, driver, message, param1, param2))
    }

    /// Answers the module of an instance.
    fn DrvGetModuleHandle(cx, driver: Handle) -> Handle { Ok(module(cx, driver)) }

    /// Answers what a driver answers to messages that it does not know.
    fn DrvDefDriverProc(cx, id: Size, driver: Handle, message: u32, param1: Signed, param2: Signed) -> Signed {
        Ok(default(message))
    }

    /// Answers the flags of an instance: all that is known is whether it is open.
    fn GetDriverFlags(cx, driver: Handle) -> u32 {
        Ok(if module(cx, driver) == Handle::NULL { 0 } else { 0x8000_0000 })
    }

    /// Tells a client of a driver what happened, in the way that it asked for.
    fn DriverCallback(cx, callback: Addr, flags: u32, device: Handle, message: u32, user: Size, param1: Size, param2: Size) -> bool {
        call_back(cx, callback, flags, device, message, user, [param1, param2])
    }
}

fn open(
    cx: &Cx<'_>,
    name: Addr,
    section: Addr,
    param2: Signed,
    letters: Letters,
) -> Result<Handle, Trap> {
    if name.is_null() {
        return Ok(Handle::NULL);
    }
    let name = cx.text(name, letters)?;
    let section = if section.is_null() {
        None
    } else {
        Some(cx.text(section, letters)?)
    };
    Ok(Handle(cx.station().drivers().open(
        &name,
        section.as_deref(),
        param2.0,
    )))
}

fn close(cx: &Cx<'_>, driver: Handle, param1: Signed, param2: Signed) -> Signed {
    Signed(cx.station().drivers().close(driver.0, param1.0, param2.0))
}

fn send(cx: &Cx<'_>, driver: Handle, message: u32, param1: Signed, param2: Signed) -> Signed {
    Signed(
        cx.station()
            .drivers()
            .send(driver.0, message, param1.0, param2.0),
    )
}

fn module(cx: &Cx<'_>, driver: Handle) -> Handle {
    let module = cx.station().drivers().module(driver.0);
    if cx.pointer_size() == 4 && module > u64::from(u32::MAX) {
        cx.report(Report::Warning(format!(
            "a 32-bit driver asked for the module of driver {:#x}, whose address {module:#x} it cannot hold: it got 0",
            driver.0
        )));
        return Handle::NULL;
    }
    Handle(module)
}

/// `DRV_LOAD`, `DRV_ENABLE`, `DRV_DISABLE`, `DRV_FREE`, `DRV_INSTALL` and `DRV_REMOVE` succeed.
fn default(message: u32) -> Signed {
    Signed(i64::from(matches!(message, 1 | 2 | 5 | 6 | 9 | 10)))
}

/// `DCB_TYPEMASK`.
const TYPE: u32 = 7;
/// `DCB_FUNCTION`.
const FUNCTION: u32 = 3;
/// `DCB_EVENT`.
const EVENT: u32 = 5;

fn call_back(
    cx: &mut Cx<'_>,
    callback: Addr,
    flags: u32,
    device: Handle,
    message: u32,
    user: Size,
    params: [Size; 2],
) -> Result<bool, Trap> {
    if callback.is_null() {
        return Ok(false);
    }
    match flags & TYPE {
        FUNCTION => {
            let arguments = [
                device.0,
                u64::from(message),
                user.0,
                params[0].0,
                params[1].0,
            ];
            cx.call(callback, &arguments)?;
            Ok(true)
        }
        EVENT => {
            let set = cx.process().symbol_of("kernel32.dll", "SetEvent");
            match set {
                Some(set) => cx
                    .call(Addr(set), &[callback.0])
                    .map(|done| done as u32 != 0),
                None => Ok(false),
            }
        }
        // Nobody here has a window or a message queue that could be told.
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "winmm.dll";

    #[test]
    fn a_driver_opens_asks_and_closes_another() {
        let bench = Bench::new();
        let name = bench.wide("friend");
        let driver = bench.ask(DLL, "OpenDriver", &[name, 0, 0]);
        assert_eq!(driver, 0x51);
        assert_eq!(
            bench.ask(DLL, "SendDriverMessage", &[driver, 0x4000, 5, 7]),
            0x400C
        );
        assert_ne!(bench.ask(DLL, "GetDriverModuleHandle", &[driver]), 0);
        assert_eq!(bench.ask(DLL, "CloseDriver", &[driver, 0, 0]), 1);
        let stranger = bench.text("stranger");
        assert_eq!(bench.ask(DLL, "OpenDriverA", &[stranger, 0, 0]), 0);
        assert_eq!(bench.ask(DLL, "SendDriverMessage", &[9, 0x4000, 5, 7]), 0);
    }

    #[test]
    fn the_default_answers_are_those_of_the_rules() {
        let bench = Bench::new();
        let answers: Vec<u64> = (0..16)
            .map(|message| bench.ask(DLL, "DefDriverProc", &[0, 1, message, 0, 0]))
            .collect();
        assert_eq!(answers, [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
        assert_eq!(bench.ask(DLL, "DefDriverProc", &[0, 1, 0x4000, 0, 0]), 0);
    }

    #[test]
    fn a_callback_is_delivered_to_functions_and_to_nobody_else() {
        let bench = Bench::new();
        let arguments = |callback: u64, flags: u64| [callback, flags, 1, 2, 3, 4, 5];
        let function = bench.gate("kernel32.dll", "MulDiv");
        assert_eq!(bench.ask(DLL, "DriverCallback", &arguments(function, 3)), 1);
        assert_eq!(bench.ask(DLL, "DriverCallback", &arguments(0, 3)), 0);
        assert_eq!(bench.ask(DLL, "DriverCallback", &arguments(function, 0)), 0);
        assert_eq!(bench.ask(DLL, "DriverCallback", &arguments(function, 7)), 0);
    }
}
