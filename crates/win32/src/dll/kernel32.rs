//! `kernel32.dll`, and what `kernelbase.dll` passes on.

mod handles;
mod heaps;
mod local;
mod locks;
mod modules;
mod pages;
mod process;
mod storage;
mod sync;
mod threads;

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
        handles::SHIMS,
        locks::SHIMS,
        sync::SHIMS,
        threads::SHIMS,
    ],
    data: &[],
    also: &[],
    names: &["kernelbase.dll"],
    ordinals: &[],
};
