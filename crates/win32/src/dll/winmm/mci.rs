//! What an MCI driver asks of the system that opened it.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::shim::{Addr, Handle, Size, shims};

/// `MCIERR_UNSUPPORTED_FUNCTION`.
const UNSUPPORTED: u32 = 274;
/// `MCI_NO_COMMAND_TABLE`.
const NO_TABLE: u32 = 0xFFFF;

/// A word for each device that its driver keeps here.
#[derive(Default)]
struct Devices {
    data: Mutex<HashMap<u32, u64>>,
}

shims! {
    pub(super) static SHIMS = "winmm.dll", stdcall;

    /// Answers the word that a driver has set for a device.
    fn mciGetDriverData(cx, device: u32) -> Size {
        let devices = cx.state::<Devices>();
        let data = devices.data.lock().expect("no holder panics").get(&device).copied();
        Ok(Size(data.unwrap_or(0)))
    }

    /// Keeps a word for a device.
    fn mciSetDriverData(cx, device: u32, data: Size) -> bool {
        let devices = cx.state::<Devices>();
        devices.data.lock().expect("no holder panics").insert(device, data.0);
        Ok(true)
    }

    /// Tells a window how a command ended; there is none to tell.
    fn mciDriverNotify(cx, window: Handle, device: u32, status: u32) -> bool { Ok(false) }

    /// Lets the application work while the driver waits; never asks it to stop.
    fn mciDriverYield(cx, device: u32) -> u32 { Ok(0) }

    /// Loads a table of commands from a resource: strings are not parsed here, so there is none.
    fn mciLoadCommandResource(cx, module: Handle, name: Addr, kind: u32) -> u32 { Ok(NO_TABLE) }

    /// Frees a table of commands.
    fn mciFreeCommandResource(cx, table: u32) -> bool { Ok(true) }

    /// Sends a command to a device; none is open by way of commands.
    fn mciSendCommandA(cx, device: u32, message: u32, flags: Size, params: Size) -> u32 { Ok(UNSUPPORTED) }

    /// Sends a command to a device; none is open by way of commands.
    fn mciSendCommandW(cx, device: u32, message: u32, flags: Size, params: Size) -> u32 { Ok(UNSUPPORTED) }

    /// Sends a command as text; none is understood.
    fn mciSendStringA(cx, text: Addr, answer: Addr, size: u32, window: Handle) -> u32 { Ok(UNSUPPORTED) }

    /// Sends a command as text; none is understood.
    fn mciSendStringW(cx, text: Addr, answer: Addr, size: u32, window: Handle) -> u32 { Ok(UNSUPPORTED) }

    /// Has no text for an error.
    fn mciGetErrorStringA(cx, error: u32, text: Addr, size: u32) -> bool { Ok(false) }

    /// Has no text for an error.
    fn mciGetErrorStringW(cx, error: u32, text: Addr, size: u32) -> bool { Ok(false) }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn a_driver_keeps_a_word_for_each_device() {
        let bench = Bench::new();
        assert_eq!(bench.ask("winmm.dll", "mciGetDriverData", &[1]), 0);
        bench.ask("winmm.dll", "mciSetDriverData", &[1, 0x1234_5678_9ABC]);
        assert_eq!(
            bench.ask("winmm.dll", "mciGetDriverData", &[1]),
            0x1234_5678_9ABC
        );
        assert_eq!(bench.ask("winmm.dll", "mciGetDriverData", &[2]), 0);
    }
}
