//! `winmm.dll`: the driver functions, timers, and the devices of a machine that has none.

mod devices;
mod drivers;
mod files;
mod mci;
mod time;

use crate::shim::Dll;

pub(super) static WINMM: Dll = Dll {
    name: "winmm.dll",
    tables: &[
        drivers::SHIMS,
        time::SHIMS,
        devices::SHIMS,
        mci::SHIMS,
        files::SHIMS,
    ],
    ..Dll::EMPTY
};
