//! The thread environment block: what `gs:[...]` reads in 64-bit driver code, and `fs:[...]` in 32-bit code.
//!
//! Offsets as public debugger documentation and `winternl.h` give them. A driver may write here; what the crossing relies on
//! lies elsewhere ([`words`](crate::words)).

use opendriver_pe::Width;

/// Where a field lies in a structure of each width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) x64: usize,
    pub(crate) x86: usize,
}

impl Field {
    pub(crate) const fn new(x64: usize, x86: usize) -> Self {
        Self { x64, x86 }
    }

    /// Its offset in a structure of this width.
    pub(crate) const fn at(self, width: Width) -> usize {
        match width {
            Width::Bits32 => self.x86,
            Width::Bits64 => self.x64,
        }
    }

    /// The field so many words further on, in an array of words.
    pub(crate) const fn word(self, index: usize) -> Self {
        Self::new(self.x64 + 8 * index, self.x86 + 4 * index)
    }
}

/// Fields of a TEB.
pub(crate) mod offset {
    use super::Field;

    pub(crate) const EXCEPTION_LIST: Field = Field::new(0x00, 0x00);
    pub(crate) const STACK_BASE: Field = Field::new(0x08, 0x04);
    pub(crate) const STACK_LIMIT: Field = Field::new(0x10, 0x08);
    pub(crate) const SELF: Field = Field::new(0x30, 0x18);
    pub(crate) const PROCESS_ID: Field = Field::new(0x40, 0x20);
    pub(crate) const THREAD_ID: Field = Field::new(0x48, 0x24);
    pub(crate) const TLS_POINTER: Field = Field::new(0x58, 0x2c);
    pub(crate) const PEB: Field = Field::new(0x60, 0x30);
    pub(crate) const LAST_ERROR: Field = Field::new(0x68, 0x34);
    pub(crate) const LOCALE: Field = Field::new(0x108, 0xc4);
    pub(crate) const DEALLOCATION_STACK: Field = Field::new(0x1478, 0xe0c);
    pub(crate) const TLS_SLOTS: Field = Field::new(0x1480, 0xe10);
}

/// Bytes that a TEB takes.
pub(crate) const BYTES: usize = 0x2000;
/// Behind what Windows defines: what `eax` held at the last gate, where the number of the gate took its place.
pub(crate) const EAX: usize = 0x1F00;
/// Behind that: what the kernel is told of the segment that is the TEB, while it is told.
pub(crate) const DESCRIPTION: usize = 0x1F20;
