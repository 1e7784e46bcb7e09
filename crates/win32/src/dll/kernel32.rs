//! `kernel32.dll`, and what `kernelbase.dll` passes on.

mod atoms;
mod collation;
mod console;
mod contexts;
mod conversion;
mod delay;
mod directories;
pub(super) mod environment;
pub(super) mod files;
mod finding;
mod handles;
pub(super) mod heaps;
pub(super) mod interlocked;
mod links;
pub(super) mod lists;
mod local;
mod locale;
pub(super) mod locks;
mod messages;
pub(super) mod modules;
pub(super) mod pages;
mod pool;
pub(super) mod process;
mod profiles;
pub(super) mod resources;
mod storage;
mod strings;
mod sync;
mod system;
pub(super) mod threads;
pub(super) mod time;
mod views;

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
        environment::SHIMS,
        files::SHIMS,
        finding::SHIMS,
        directories::SHIMS,
        console::SHIMS,
        views::SHIMS,
        profiles::SHIMS,
        contexts::SHIMS,
        links::SHIMS,
        links::ALIASES,
        atoms::OWN,
        atoms::GLOBAL,
        super::psapi::K32,
        delay::SHIMS,
        locale::SHIMS,
        messages::SHIMS,
        resources::SHIMS,
        conversion::SHIMS,
        strings::SHIMS,
        collation::SHIMS,
        time::SHIMS,
        system::SHIMS,
        lists::SHIMS,
        pool::SHIMS,
        crate::seh::KERNEL,
        crate::seh::NATIVE,
        handles::SHIMS,
        locks::SHIMS,
        sync::SHIMS,
        threads::SHIMS,
    ],
    only_64: &[crate::seh::NATIVE_64, crate::seh::C_FRAMES],
    code: &[&interlocked::BLOCK],
    // As kernelbase does.
    also: &[&super::shlwapi::SHLWAPI],
    names: &["kernelbase.dll"],
    ..Dll::EMPTY
};
