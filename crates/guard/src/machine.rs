//! The registers of a thread that faulted.
#![expect(
    unsafe_code,
    reason = "reads and writes the context that the kernel hands over"
)]

use std::ffi::c_int;
use std::marker::PhantomData;

use crate::memory;
use crate::{Fault, Kind, signal};

/// How far below the stack pointer an access still counts as one to the stack: what a frame may need at once.
const STACK_REACH: usize = 64 << 10;

/// How far above the stack pointer a frame may reach that was entered without touching its pages in order.
const FRAME_REACH: usize = 1 << 20;

/// Bits of the error code that the processor gives with a page fault (Intel SDM volume 3, 4.7).
const PAGE_FAULT_WRITE: u64 = 1 << 1;
const PAGE_FAULT_FETCH: u64 = 1 << 4;

/// The bit of a protection fault's error code that says that the rest names an interrupt (Intel SDM volume 3, 6.13).
const ERROR_INTERRUPT: u64 = 1 << 1;

/// The selector of 64-bit code in every Linux process.
pub(crate) const CODE_64: u16 = 0x33;
/// The selector of 32-bit code in every Linux process.
const CODE_32: u16 = 0x23;
/// The selector of data and stacks in every Linux process.
const DATA: u16 = 0x2b;

/// A general register, the instruction pointer or the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "they are named as the processor's manual names them"
)]
pub enum Register {
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    Rip,
    Flags,
}

impl Register {
    /// The sixteen general registers in the processor's own numbering.
    pub const GENERAL: [Self; 16] = [
        Self::Rax,
        Self::Rcx,
        Self::Rdx,
        Self::Rbx,
        Self::Rsp,
        Self::Rbp,
        Self::Rsi,
        Self::Rdi,
        Self::R8,
        Self::R9,
        Self::R10,
        Self::R11,
        Self::R12,
        Self::R13,
        Self::R14,
        Self::R15,
    ];

    const fn index(self) -> usize {
        (match self {
            Self::Rax => libc::REG_RAX,
            Self::Rcx => libc::REG_RCX,
            Self::Rdx => libc::REG_RDX,
            Self::Rbx => libc::REG_RBX,
            Self::Rsp => libc::REG_RSP,
            Self::Rbp => libc::REG_RBP,
            Self::Rsi => libc::REG_RSI,
            Self::Rdi => libc::REG_RDI,
            Self::R8 => libc::REG_R8,
            Self::R9 => libc::REG_R9,
            Self::R10 => libc::REG_R10,
            Self::R11 => libc::REG_R11,
            Self::R12 => libc::REG_R12,
            Self::R13 => libc::REG_R13,
            Self::R14 => libc::REG_R14,
            Self::R15 => libc::REG_R15,
            Self::Rip => libc::REG_RIP,
            Self::Flags => libc::REG_EFL,
        }) as usize
    }
}

/// The state of a thread that faulted. Changes take effect when the thread goes on.
pub struct Machine<'a> {
    signal: c_int,
    code: c_int,
    data_address: usize,
    context: *mut libc::ucontext_t,
    lifetime: PhantomData<&'a mut libc::ucontext_t>,
}

impl Machine<'_> {
    /// Wraps what the kernel gave to the signal handler.
    ///
    /// # Safety
    ///
    /// Both pointers must come from the kernel, for a handler that is still running.
    pub(crate) unsafe fn new(
        signal: c_int,
        info: *mut libc::siginfo_t,
        context: *mut libc::ucontext_t,
    ) -> Self {
        // SAFETY: vouched by the caller.
        let info = unsafe { &*info };
        // SAFETY: every signal information of the kernel is wide enough for the address; it means one only where `address` looks.
        let data_address = unsafe { info.si_addr() } as usize;
        Self {
            signal,
            code: info.si_code,
            data_address,
            context,
            lifetime: PhantomData,
        }
    }

    /// Sets a register.
    pub fn set(&mut self, register: Register, value: u64) {
        self.context_mut().uc_mcontext.gregs[register.index()] = value as i64;
    }

    /// Makes the thread go on in 32-bit or in 64-bit code.
    ///
    /// Where 32-bit code faulted, FS follows: it stays the 32-bit code's own if that goes on, and is the host's in 64-bit
    /// code. A thread that was in 64-bit code of the host gets no other FS, so whoever sends it to 32-bit code goes
    /// through code that sets it.
    pub fn set_32_bit(&mut self, is_32_bit: bool) {
        let code = if is_32_bit { CODE_32 } else { CODE_64 };
        let selectors = &mut self.context_mut().uc_mcontext.gregs[libc::REG_CSGSFS as usize];
        // From the lowest: CS, GS, FS, SS; the kernel takes the outer two from here.
        let kept = selectors.cast_unsigned() & 0x0000_ffff_ffff_0000;
        *selectors = (kept | u64::from(DATA) << 48 | u64::from(code)).cast_signed();
    }

    /// The x87, MMX and SSE state in the layout of the `fxsave` instruction, to change.
    pub fn vectors_mut(&mut self) -> Option<&mut [u8; 512]> {
        let area = self.context().uc_mcontext.fpregs.cast::<[u8; 512]>();
        // SAFETY: the kernel points at a saved area of at least these 512 bytes, or nowhere; it is ours while the handler runs.
        unsafe { area.as_mut() }
    }

    /// Sets the SSE control and status register. Bits that the processor reserves are left out.
    pub fn set_mxcsr(&mut self, value: u32) {
        if let Some(area) = self.vectors_mut() {
            area[24..28].copy_from_slice(&(value & 0xffff).to_le_bytes());
        }
    }

    /// Sets one of the sixteen SSE registers.
    ///
    /// # Panics
    ///
    /// If there is no such register.
    pub fn set_xmm(&mut self, index: usize, value: u128) {
        assert!(index < 16, "there are sixteen SSE registers");
        if let Some(area) = self.vectors_mut() {
            area[160 + index * 16..][..16].copy_from_slice(&value.to_le_bytes());
        }
    }

    /// A register. In 32-bit code the upper half is zero, whatever the processor left there.
    #[must_use]
    pub fn get(&self, register: Register) -> u64 {
        let value = self.raw(register.index());
        if self.is_32_bit() {
            value & u64::from(u32::MAX)
        } else {
            value
        }
    }

    /// Whether the thread is in 32-bit code.
    #[must_use]
    pub fn is_32_bit(&self) -> bool {
        self.raw(libc::REG_CSGSFS as usize) as u16 != CODE_64
    }

    /// The x87, MMX and SSE state in the layout of the `fxsave` instruction.
    #[must_use]
    pub fn vectors(&self) -> Option<&[u8; 512]> {
        let area = self.context().uc_mcontext.fpregs.cast::<[u8; 512]>();
        // SAFETY: the kernel points at a saved area of at least these 512 bytes, or nowhere.
        unsafe { area.as_ref() }
    }

    /// The SSE control and status register.
    #[must_use]
    pub fn mxcsr(&self) -> u32 {
        self.vectors().map_or(0x1f80, |area| {
            u32::from_le_bytes([area[24], area[25], area[26], area[27]])
        })
    }

    /// One of the sixteen SSE registers.
    ///
    /// # Panics
    ///
    /// If there is no such register.
    #[must_use]
    pub fn xmm(&self, index: usize) -> u128 {
        assert!(index < 16, "there are sixteen SSE registers");
        let mut bytes = [0; 16];
        if let Some(area) = self.vectors() {
            bytes.copy_from_slice(&area[160 + index * 16..][..16]);
        }
        u128::from_le_bytes(bytes)
    }

    /// The fault as a value.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault {
            kind: self.kind(),
            instruction: self.instruction(),
            address: self.address(),
        }
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.signal {
            libc::SIGABRT => Kind::Abort,
            libc::SIGILL => Kind::IllegalInstruction,
            libc::SIGFPE if self.trap() == 0 => Kind::Division,
            libc::SIGSEGV if matches!(self.trap(), 4 | 5) => Kind::Overflow,
            libc::SIGFPE => Kind::FloatingPoint,
            libc::SIGTRAP if self.trap() == 3 => Kind::Breakpoint,
            libc::SIGTRAP => Kind::Trap,
            libc::SIGBUS if self.trap() == 17 => Kind::Alignment,
            _ => self.access(),
        }
    }

    /// The data address that could not be accessed, where the processor tells.
    #[must_use]
    pub fn address(&self) -> Option<usize> {
        (self.trap() == 14 && matches!(self.signal, libc::SIGSEGV | libc::SIGBUS))
            .then_some(self.data_address)
    }

    /// The address of the instruction that faulted. After a breakpoint or an overflow trap the instruction pointer has moved
    /// on; this has not.
    #[must_use]
    pub fn instruction(&self) -> usize {
        let next = self.get(Register::Rip) as usize;
        if self.signal == libc::SIGSEGV && self.trap() == 4 {
            // `into` is one byte, `int 4` two.
            // SAFETY: a tolerant access takes any address.
            let two = unsafe { memory::read_u16(next.wrapping_sub(2)) } == Some(0x04cd);
            return next.wrapping_sub(if two { 2 } else { 1 });
        }
        if self.signal == libc::SIGTRAP && self.trap() == 3 {
            // `int3` is one byte, `int 3` two.
            // SAFETY: a tolerant access takes any address.
            let two = unsafe { memory::read_u16(next.wrapping_sub(2)) } == Some(0x03cd);
            return next.wrapping_sub(if two { 2 } else { 1 });
        }
        next
    }

    /// The number of the processor exception (Intel SDM volume 3, 6.3.1).
    #[must_use]
    pub fn trap(&self) -> u64 {
        self.raw(libc::REG_TRAPNO as usize)
    }

    /// The error code that the processor gave with the exception.
    #[must_use]
    pub fn error_code(&self) -> u64 {
        self.raw(libc::REG_ERR as usize)
    }

    /// The signal by which the kernel told.
    #[must_use]
    pub fn signal(&self) -> i32 {
        self.signal
    }

    /// The `si_code` of the signal, which tells the floating-point exceptions apart.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.code
    }

    /// Whether the faulting instruction lies in the object that this crate is linked into. 32-bit code never does.
    #[must_use]
    pub fn is_own_code(&self) -> bool {
        !self.is_32_bit() && signal::is_own_code(self.get(Register::Rip) as usize)
    }

    fn access(&self) -> Kind {
        if self.trap() != 14 {
            return self.refusal();
        }
        if self.is_beyond_stack() {
            return Kind::StackOverflow;
        }
        let error = self.error_code();
        if error & PAGE_FAULT_FETCH != 0 {
            Kind::Execute
        } else if error & PAGE_FAULT_WRITE != 0 {
            Kind::Write
        } else {
            Kind::Read
        }
    }

    /// A fault of the general kind: a software interrupt, an instruction for the kernel, or a pointer that cannot be.
    fn refusal(&self) -> Kind {
        let error = self.error_code();
        if error & ERROR_INTERRUPT != 0 {
            return Kind::Interrupt((error >> 3) as u8);
        }
        if is_privileged(self.get(Register::Rip) as usize, self.is_32_bit()) {
            return Kind::Privileged;
        }
        Kind::Protection
    }

    /// Whether the address that could not be accessed is one that a stack would have grown into.
    ///
    /// It needs no knowledge of where stacks are: an access just below the stack pointer that fails is one to the guard page,
    /// and so is one just above it when the stack pointer itself stands on memory that is not there.
    fn is_beyond_stack(&self) -> bool {
        let stack = self.get(Register::Rsp) as usize;
        let address = self.data_address;
        if self.error_code() & PAGE_FAULT_FETCH != 0 {
            return false;
        }
        if address < stack {
            return stack - address <= STACK_REACH;
        }
        // SAFETY: a tolerant access takes any address.
        address - stack < FRAME_REACH && unsafe { memory::read_u8(stack) }.is_none()
    }

    fn raw(&self, index: usize) -> u64 {
        self.context().uc_mcontext.gregs[index] as u64
    }

    fn context(&self) -> &libc::ucontext_t {
        // SAFETY: vouched by the caller of `new`; the borrow of `self` keeps others from changing it.
        unsafe { &*self.context }
    }

    fn context_mut(&mut self) -> &mut libc::ucontext_t {
        // SAFETY: vouched by the caller of `new`; `self` is borrowed for as long.
        unsafe { &mut *self.context }
    }
}

/// Whether the instruction at `address` is one that only the kernel may execute (Intel SDM volume 3, 6.9).
fn is_privileged(address: usize, is_32_bit: bool) -> bool {
    let mut bytes = [0; 15];
    for (offset, byte) in bytes.iter_mut().enumerate() {
        // SAFETY: a tolerant access takes any address.
        *byte = unsafe { memory::read_u8(address.wrapping_add(offset)) }.unwrap_or(0);
    }
    let opcode = bytes
        .iter()
        .position(|byte| match byte {
            0x26 | 0x2e | 0x36 | 0x3e | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3 => false,
            // In 32-bit code these are instructions of their own.
            0x40..=0x4f => is_32_bit,
            _ => true,
        })
        .unwrap_or(0);
    match bytes[opcode..] {
        // in, out, ins, outs, hlt, cli, sti
        [
            0x6c..=0x6f | 0xe4..=0xe7 | 0xec..=0xef | 0xf4 | 0xfa | 0xfb,
            ..,
        ] => true,
        // clts, invd, wbinvd, moves of control and debug registers, wrmsr, rdmsr, sysexit, sysret
        [
            0x0f,
            0x06 | 0x07 | 0x08 | 0x09 | 0x20..=0x23 | 0x30 | 0x32 | 0x35,
            ..,
        ] => true,
        // lldt, ltr; lgdt, lidt, lmsw, invlpg, swapgs
        [0x0f, 0x00, form, ..] => matches!(form >> 3 & 7, 2 | 3),
        [0x0f, 0x01, form, ..] => match form >> 3 & 7 {
            2 | 3 => form < 0xc0,
            6 => true,
            7 => form < 0xc0 || form == 0xf8,
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_privileged;

    #[test]
    fn instructions_of_the_kernel_are_told_from_others() {
        for (code, in_64, in_32) in [
            (&[0xf4_u8][..], true, true),        // hlt
            (&[0x66, 0xef], true, true),         // out dx, ax
            (&[0x0f, 0x20, 0xc0], true, true),   // mov rax, cr0
            (&[0x0f, 0x01, 0x18], true, true),   // lidt [rax]
            (&[0x0f, 0x28, 0x00], false, false), // movaps xmm0, [rax]
            (&[0x48, 0x8b, 0x00], false, false), // mov rax, [rax]; dec eax and another
            (&[0x0f, 0x01, 0xd0], false, false), // xgetbv
            (&[0x48, 0x0f, 0x35], true, false),  // sysexit; dec eax and another
        ] {
            let mut padded = [0x90; 16];
            padded[..code.len()].copy_from_slice(code);
            let address = padded.as_ptr() as usize;
            assert_eq!(is_privileged(address, false), in_64, "{code:x?}");
            assert_eq!(is_privileged(address, true), in_32, "{code:x?}");
        }
    }
}
