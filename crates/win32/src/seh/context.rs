//! What Windows code and we say to each other about an exception: its record, the registers, the dispatcher's state.
//!
//! Layouts as `winnt.h` gives them for x64.

/// `CONTEXT`: the registers of a thread.
#[repr(C, align(16))]
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) homes: [u64; 6],
    pub(crate) flags: u32,
    pub(crate) mxcsr: u32,
    pub(crate) segments: [u16; 6],
    pub(crate) eflags: u32,
    pub(crate) debug: [u64; 6],
    /// The general registers in the processor's numbering, which unwind codes share.
    pub(crate) registers: [u64; 16],
    pub(crate) rip: u64,
    /// The x87 and SSE state as `fxsave` writes it.
    pub(crate) floating: [u8; 512],
    pub(crate) vectors: [u128; 26],
    pub(crate) last: [u64; 6],
}

/// `CONTEXT_CONTROL`, `CONTEXT_INTEGER`, `CONTEXT_SEGMENTS`, `CONTEXT_FLOATING_POINT` for AMD64.
pub(crate) const CONTEXT_FULL: u32 = 0x10_000f;
/// The floating-point part of the flags.
pub(crate) const CONTEXT_FLOATING_POINT: u32 = 0x8;

pub(crate) const RAX: usize = 0;
pub(crate) const RCX: usize = 1;
pub(crate) const RDX: usize = 2;
pub(crate) const RBX: usize = 3;
pub(crate) const RSP: usize = 4;
pub(crate) const RBP: usize = 5;
pub(crate) const RSI: usize = 6;
pub(crate) const RDI: usize = 7;
pub(crate) const R8: usize = 8;
pub(crate) const R12: usize = 12;

/// Where the SSE registers begin in the `fxsave` image.
const XMM: usize = 160;
const MXCSR: usize = 24;

impl Context {
    /// Registers that are all zero, with the modes that a fresh Windows thread has.
    pub(crate) fn new() -> Self {
        let mut context = Self {
            homes: [0; 6],
            flags: CONTEXT_FULL,
            mxcsr: 0x1f80,
            segments: [0x33, 0x2b, 0x2b, 0x53, 0x2b, 0x2b],
            eflags: 0x202,
            debug: [0; 6],
            registers: [0; 16],
            rip: 0,
            floating: [0; 512],
            vectors: [0; 26],
            last: [0; 6],
        };
        context.floating[..2].copy_from_slice(&0x027f_u16.to_le_bytes());
        context.set_mxcsr(0x1f80);
        context
    }

    pub(crate) fn rsp(&self) -> u64 {
        self.registers[RSP]
    }

    pub(crate) fn set_mxcsr(&mut self, value: u32) {
        self.mxcsr = value;
        self.floating[MXCSR..MXCSR + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn set_xmm(&mut self, index: usize, value: u128) {
        self.floating[XMM + index * 16..][..16].copy_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn xmm(&self, index: usize) -> u128 {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.floating[XMM + index * 16..][..16]);
        u128::from_le_bytes(bytes)
    }
}

/// `EXCEPTION_RECORD`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    pub(crate) code: u32,
    pub(crate) flags: u32,
    pub(crate) record: u64,
    pub(crate) address: u64,
    pub(crate) count: u32,
    pub(crate) unused: u32,
    pub(crate) information: [u64; PARAMETERS],
}

/// `EXCEPTION_MAXIMUM_PARAMETERS`.
pub(crate) const PARAMETERS: usize = 15;

/// Flags of a record.
pub(crate) mod flag {
    pub(crate) const NONCONTINUABLE: u32 = 0x01;
    pub(crate) const UNWINDING: u32 = 0x02;
    pub(crate) const EXIT_UNWIND: u32 = 0x04;
    pub(crate) const NESTED_CALL: u32 = 0x10;
    pub(crate) const TARGET_UNWIND: u32 = 0x20;
    pub(crate) const COLLIDED_UNWIND: u32 = 0x40;
}

/// `EXCEPTION_DISPOSITION`: what a language handler answers.
pub(crate) mod disposition {
    pub(crate) const CONTINUE_EXECUTION: u32 = 0;
    pub(crate) const CONTINUE_SEARCH: u32 = 1;
    pub(crate) const NESTED_EXCEPTION: u32 = 2;
}

/// `EXCEPTION_POINTERS`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pointers {
    pub(crate) record: u64,
    pub(crate) context: u64,
}

/// `DISPATCHER_CONTEXT`: what a language handler is told of its frame.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatcher {
    pub(crate) control: u64,
    pub(crate) image: u64,
    pub(crate) function: u64,
    pub(crate) establisher: u64,
    pub(crate) target: u64,
    pub(crate) context: u64,
    pub(crate) handler: u64,
    pub(crate) data: u64,
    pub(crate) history: u64,
    pub(crate) scope: u32,
    pub(crate) unused: u32,
}

const _: () = {
    assert!(size_of::<Context>() == 0x4d0);
    assert!(std::mem::offset_of!(Context, flags) == 0x30);
    assert!(std::mem::offset_of!(Context, eflags) == 0x44);
    assert!(std::mem::offset_of!(Context, registers) == 0x78);
    assert!(std::mem::offset_of!(Context, rip) == 0xf8);
    assert!(std::mem::offset_of!(Context, floating) == 0x100);
    assert!(std::mem::offset_of!(Context, vectors) == 0x300);
    assert!(size_of::<Record>() == 0x98);
    assert!(std::mem::offset_of!(Record, information) == 0x20);
    assert!(size_of::<Dispatcher>() == 0x50);
};
