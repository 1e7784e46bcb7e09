//! `ntdll.dll`: what C runtimes and careful drivers take from below `kernel32.dll`.

mod files;
mod names;
mod process;
pub(super) mod registers;
mod status;
mod strings;
mod system;

use crate::shim::Dll;

pub(super) static NTDLL: Dll = Dll {
    name: "ntdll.dll",
    tables: &[
        names::ALIASES,
        strings::SHIMS,
        status::SHIMS,
        system::SHIMS,
        process::SHIMS,
        files::SHIMS,
        super::kernel32::lists::SHIMS,
        super::kernel32::lists::ALIASES,
        crate::seh::NATIVE,
    ],
    only_64: &[
        crate::seh::NATIVE_64,
        crate::seh::C_FRAMES,
        crate::seh::C_RUNTIME,
    ],
    code: &[&registers::BLOCK, &super::kernel32::interlocked::BLOCK],
    // The C functions that the system's own parts use.
    also: &[&super::msvcrt::MSVCRT],
    ..Dll::EMPTY
};
