//! The Windows process that a driver believes it lives in.
//!
//! A [`Process`] maps images, binds their imports to *shims* (functions of ours that stand for
//! Windows ones) and calls into them. It knows nothing of drivers: what a Windows driver may ask of
//! the driver system, of the registry or of the person at the screen goes up through the
//! [`Station`] that was handed down.
#![expect(unsafe_code, reason = "runs foreign machine code in this process")]

mod imports;
mod load;
mod module;
mod process;
mod station;

mod claim;
mod cx;
mod enter;
mod fault;
mod fields;
mod gate;
mod letters;
mod seh;
mod shim;
mod structures;
mod trace;
mod trap;
mod x86;

mod calendar;
mod codepage;
mod disk;
mod futex;
mod handle;
mod heap;
mod memory;
mod peb;
mod state;
mod teb;
mod thread;
mod waits;
mod words;

mod crt;
mod dll;

#[cfg(test)]
mod bench;

pub use imports::{Import, Imports, Source, imports};
pub use load::LoadError;
pub use module::Module;
pub use opendriver_guard::signal_stack;
pub use process::{Config, Process, Width};
pub use shim::{Convention, Dll, Kind, Shim};
pub use station::{Drivers, Registry, RegistryError, RegistryValue, Report, Station, TracedCall};
pub use structures::{FieldLayout, Layout};
pub use trap::{Fault, FaultKind};
pub use x86::code::Code;

/// The structures that drivers and shims share.
pub fn layouts() -> &'static [Layout] {
    structures::LAYOUTS
}

/// Every shim DLL, in alphabetical order of no importance: the source of the coverage table.
pub fn dlls() -> &'static [&'static Dll] {
    dll::ALL
}

/// The width of the process that an image belongs in, by its first bytes; none when they are no image's that runs here.
pub fn width_of(head: &[u8]) -> Option<Width> {
    match opendriver_pe::Machine::of_head(head)? {
        opendriver_pe::Machine::X86 => Some(Width::Bits32),
        opendriver_pe::Machine::X86_64 => Some(Width::Bits64),
        _ => None,
    }
}

/// The same for a whole file, whose headers may lie far behind its beginning.
pub fn width_of_file(path: &std::path::Path) -> Option<Width> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = std::fs::File::open(path).ok()?;
    let mut dos = [0; 0x40];
    file.read_exact(&mut dos).ok()?;
    let [.., a, b, c, d] = dos;
    file.seek(SeekFrom::Start(u32::from_le_bytes([a, b, c, d]).into()))
        .ok()?;
    let mut headers = [0; 6];
    file.read_exact(&mut headers).ok()?;
    // As if the headers followed at once.
    dos[0x3c..].copy_from_slice(&0x40_u32.to_le_bytes());
    width_of(&[&dos[..], &headers].concat())
}

/// Memory that 32-bit drivers reach.
pub mod low {
    use std::ptr::NonNull;

    pub use crate::x86::pool::Pool;

    pub use crate::x86::low::try_execution;
    pub use opendriver_pe::low::gaps;

    /// Maps fresh zeroed pages below 4 GiB; none where there is no room.
    pub fn map(bytes: usize) -> Option<NonNull<u8>> {
        opendriver_pe::low::map(bytes, 1, libc::PROT_READ | libc::PROT_WRITE)
    }
}

/// How 32-bit code gets its FS on this machine.
pub mod segments {
    pub use crate::x86::segment::Mechanism;
    pub use crate::x86::trial::{Outcome, Tried, choose, outcome};
}
