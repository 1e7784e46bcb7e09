//! Runs foreign code so that a fault in it comes back as a value.
//!
//! A driver is code that nobody here wrote. When it reads through a bad pointer, divides by zero, runs out of stack or
//! aborts, the processor raises a signal on the thread that called it. This crate owns the process-wide signal handlers
//! that tell a driver's fault from everybody else's:
//!
//! - [`protect`] calls a C function and gives a fault in it back as [`Err`];
//! - a [`Scope`] asks to see the registers first, which is what structured exception handling needs;
//! - [`copy`], [`fill`] and the typed accesses touch memory that may not be there;
//! - a [`Visit`] lets a thread go into 32-bit code, where FS is not the host's, and still get its signals;
//! - [`place`] says to which file an address belongs.
//!
//! A fault outside all of these goes to whatever handler the program had before [`install`], with everything as it was.
//!
//! What this cannot do: undo what the driver did before it broke. Memory that it overwrote stays overwritten and locks
//! that it held stay held. It is a help, not a wall.

mod fault;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod adopt;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod chain;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod frame;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod front;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod machine;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod memory;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod onward;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod place;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod signal;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod stack;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod visit;

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod portable;

pub use fault::{Fault, Kind, Place};

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use {
    adopt::{adopt_handlers, adopt_handlers_now_and_then},
    chain::{Hook, Scope, Verdict},
    frame::protect,
    front::{has_fsgsbase, restore_by_selector},
    machine::{Machine, Register},
    memory::{
        compare_exchange_u32, compare_exchange_u64, copy, fill, read_u8, read_u16, read_u32,
        read_u64, scan_u8, scan_u16, write_u8, write_u16, write_u32, write_u64,
    },
    place::place,
    signal::install,
    stack::{prepare_thread, signal_stack},
    visit::{Visit, host_base},
};

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub use portable::{install, place, prepare_thread, protect};
