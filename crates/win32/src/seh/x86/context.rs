//! What Windows code of 32 bits and we say to each other about an exception: its record, the registers.
//!
//! Layouts as `winnt.h` gives them for x86.
#![expect(
    unsafe_code,
    reason = "structures of the driver's are read and written as bytes"
)]

use super::floating;
use crate::cx::Cx;
use crate::seh::context::PARAMETERS;
use crate::shim::Addr;
use crate::trap::{Exception, Trap};
use crate::x86;

/// `CONTEXT`: the registers of a thread.
#[repr(C)]
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) flags: u32,
    pub(crate) debug: [u32; 6],
    /// The x87 state as `fsave` writes it, and a spare word.
    pub(crate) floating: [u8; 112],
    pub(crate) gs: u32,
    pub(crate) fs: u32,
    pub(crate) es: u32,
    pub(crate) ds: u32,
    pub(crate) edi: u32,
    pub(crate) esi: u32,
    pub(crate) ebx: u32,
    pub(crate) edx: u32,
    pub(crate) ecx: u32,
    pub(crate) eax: u32,
    pub(crate) ebp: u32,
    pub(crate) eip: u32,
    pub(crate) cs: u32,
    pub(crate) eflags: u32,
    pub(crate) esp: u32,
    pub(crate) ss: u32,
    /// The x87 and SSE state as `fxsave` writes it.
    pub(crate) extended: [u8; 512],
}

/// Bytes of a `CONTEXT`.
pub(crate) const CONTEXT_BYTES: u32 = 0x2cc;

/// Parts of a `CONTEXT`, as its flags name them.
pub(crate) const INTEGER: u32 = 0x1_0002;
pub(crate) const FLOATING_POINT: u32 = 0x1_0008;
pub(crate) const EXTENDED: u32 = 0x1_0020;
/// Control, integer and segment registers.
pub(crate) const FULL: u32 = 0x1_0007;

impl Context {
    /// Registers that are all zero, with the segments and flags that a fresh Windows thread has.
    pub(crate) fn new() -> Self {
        let data = u32::from(x86::DATA);
        Self {
            flags: FULL,
            debug: [0; 6],
            floating: [0; 112],
            gs: data,
            fs: 0x53,
            es: data,
            ds: data,
            edi: 0,
            esi: 0,
            ebx: 0,
            edx: 0,
            ecx: 0,
            eax: 0,
            ebp: 0,
            eip: 0,
            cs: x86::CODE_32.into(),
            eflags: 0x202,
            esp: 0,
            ss: data,
            extended: [0; 512],
        }
    }

    /// The registers of a caller of a shim when that returns, having taken so many bytes of arguments.
    pub(crate) fn of_caller(cx: &Cx<'_>, caller: &x86::Caller, taken: u32) -> Result<Self, Trap> {
        Ok(Self {
            ebx: caller.ebx,
            esi: caller.esi,
            edi: caller.edi,
            ebp: caller.ebp,
            ecx: caller.ecx,
            edx: caller.edx,
            eip: cx.read(Addr(caller.entry_stack.into()))?,
            esp: caller.entry_stack.wrapping_add(4).wrapping_add(taken),
            ..Self::new()
        })
    }

    /// The registers of the caller of a shim, where it called.
    pub(crate) fn at_gate(caller: &x86::Caller) -> Self {
        Self {
            ebx: caller.ebx,
            esi: caller.esi,
            edi: caller.edi,
            ebp: caller.ebp,
            ecx: caller.ecx,
            edx: caller.edx,
            eax: caller.eax,
            esp: caller.entry_stack,
            ..Self::new()
        }
    }

    /// Takes the x87 and SSE state over.
    pub(crate) fn set_floating(&mut self, image: &[u8; 512]) {
        self.flags |= FLOATING_POINT | EXTENDED;
        self.extended = *image;
        self.floating = floating::to_fsave(image);
    }

    pub(crate) fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
        let mut context = Self::new();
        // SAFETY: a plain structure without padding, in which any bytes are a value.
        let bytes = unsafe {
            std::slice::from_raw_parts_mut(
                std::ptr::from_mut(&mut context).cast::<u8>(),
                size_of::<Self>(),
            )
        };
        cx.get(at, bytes)?;
        Ok(context)
    }

    pub(crate) fn write(&self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
        // SAFETY: a plain structure without padding; its bytes may be read.
        let bytes = unsafe {
            std::slice::from_raw_parts(std::ptr::from_ref(self).cast::<u8>(), size_of::<Self>())
        };
        cx.put(at, bytes)
    }
}

/// `EXCEPTION_RECORD`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) code: u32,
    pub(crate) flags: u32,
    /// The exception whose handling raised this one.
    pub(crate) record: u32,
    pub(crate) address: u32,
    pub(crate) count: u32,
    pub(crate) information: [u32; PARAMETERS],
}

/// Bytes of an `EXCEPTION_RECORD`.
pub(crate) const RECORD_BYTES: u32 = 0x50;
/// Where its flags lie.
pub(crate) const RECORD_FLAGS: u32 = 4;

impl Record {
    pub(crate) fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
        let mut words = [0_u32; RECORD_BYTES as usize / 4];
        for (index, word) in words.iter_mut().enumerate() {
            *word = cx.read(at.offset(4 * index as u64))?;
        }
        let [code, flags, record, address, count, information @ ..] = words;
        Ok(Self {
            code,
            flags,
            record,
            address,
            count,
            information,
        })
    }

    pub(crate) fn write(&self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
        let head = [self.code, self.flags, self.record, self.address, self.count];
        for (index, word) in head.into_iter().chain(self.information).enumerate() {
            cx.write(at.offset(4 * index as u64), word)?;
        }
        Ok(())
    }
}

impl From<&Exception> for Record {
    fn from(exception: &Exception) -> Self {
        let mut record = Self {
            code: exception.code,
            flags: exception.flags,
            address: exception.address as u32,
            count: exception.parameters.len().min(PARAMETERS) as u32,
            ..Self::default()
        };
        for (word, parameter) in record.information.iter_mut().zip(&exception.parameters) {
            *word = *parameter as u32;
        }
        record
    }
}

const _: () = {
    assert!(size_of::<Context>() == CONTEXT_BYTES as usize);
    assert!(std::mem::offset_of!(Context, floating) == 0x1c);
    assert!(std::mem::offset_of!(Context, gs) == 0x8c);
    assert!(std::mem::offset_of!(Context, eax) == 0xb0);
    assert!(std::mem::offset_of!(Context, eip) == 0xb8);
    assert!(std::mem::offset_of!(Context, esp) == 0xc4);
    assert!(std::mem::offset_of!(Context, extended) == 0xcc);
};
