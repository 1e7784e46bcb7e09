//! The thread environment block: what `gs:[...]` reads in 64-bit driver code.
//!
//! Offsets as public debugger documentation and `winternl.h` give them. A word of ours lies behind
//! the part that Windows defines.

/// Offsets in a 64-bit TEB.
pub(crate) mod offset {
    pub(crate) const STACK_BASE: usize = 0x08;
    pub(crate) const STACK_LIMIT: usize = 0x10;
    pub(crate) const SELF: usize = 0x30;
    pub(crate) const PROCESS_ID: usize = 0x40;
    pub(crate) const THREAD_ID: usize = 0x48;
    pub(crate) const TLS_POINTER: usize = 0x58;
    pub(crate) const PEB: usize = 0x60;
    pub(crate) const LAST_ERROR: usize = 0x68;
    pub(crate) const LOCALE: usize = 0x108;
    pub(crate) const DEALLOCATION_STACK: usize = 0x1478;
    pub(crate) const TLS_SLOTS: usize = 0x1480;
}

/// Bytes that a TEB takes, with our words.
pub(crate) const BYTES: usize = 0x2000;
/// Our word: the innermost [`Frame`](crate::enter::Frame) of the thread.
pub(crate) const FRAME: usize = 0x1F00;
/// Our word: the [`Thread`](crate::thread::Thread).
pub(crate) const THREAD: usize = 0x1F08;
