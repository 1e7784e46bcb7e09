//! `kernel32.dll`, and what `kernelbase.dll` passes on.

mod heaps;
mod local;
mod modules;
mod pages;
mod process;
mod storage;

use crate::shim::Dll;

pub(super) static KERNEL32: Dll = Dll {
    name: "kernel32.dll",
    tables: &[
        modules::SHIMS,
        process::SHIMS,
        heaps::SHIMS,
        local::LOCAL,
        local::GLOBAL,
        pages::SHIMS,
        storage::SHIMS,
        crate::seh::KERNEL,
        crate::seh::NATIVE,
        crate::seh::C_FRAMES,
    ],
    data: &[],
    also: &[],
    names: &["kernelbase.dll"],
    ordinals: &[],
};
