//! 32-bit code in this 64-bit process: how it is entered, how it calls ours, how it comes back.
//!
//! Every x86-64 Linux process has a code selector for 32-bit code and a flat data selector (`0x23` and `0x2b`); a far jump
//! changes between the widths, no system call is needed. What 32-bit code touches must lie below 4 GiB: its image, stack,
//! heap, TEB, and the [`stub`]s through which it comes back. Its FS base is the TEB, while ours is the thread's own storage:
//! it is set on the way in and the host's is back before any code of ours runs.

pub(crate) mod code;
pub(crate) mod data;
pub(crate) mod enter;
pub(crate) mod gate;
pub(crate) mod low;
pub(crate) mod pool;
pub(crate) mod segment;
pub(crate) mod stub;
pub(crate) mod trial;

pub(crate) use gate::Caller;

/// Selector of 32-bit code, the same in every x86-64 Linux process.
pub(crate) const CODE_32: u16 = 0x23;
/// Selector of 64-bit code.
pub(crate) const CODE_64: u16 = 0x33;
/// Selector of data and stack.
pub(crate) const DATA: u16 = 0x2b;
