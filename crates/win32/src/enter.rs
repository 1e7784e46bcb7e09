//! The way into driver code and out of it again.
//!
//! [`enter`] switches to the driver's stack, sets the floating-point state that a fresh Windows
//! process has, and calls. It comes back in one of two ways: the driver's function returned, or
//! [`leave`] was called, from a shim or after a fault, and everything that the driver had on its
//! stack is abandoned. Only frames of foreign code and of our own plain edge functions lie between,
//! so nothing of ours is skipped that would have needed its destructor.

use std::arch::global_asm;

use crate::{thread, words, x86};

/// One call into driver code, on the host's stack while it lasts.
///
/// The assembly below knows the first fields by offset.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Frame {
    /// Where the host's stack was.
    host_stack: u64,
    /// The host's MXCSR and x87 control word.
    mxcsr: u32,
    control: u32,
    /// 0 while it runs and when it returned, 1 when it was left.
    left: u64,
    /// The call further out on this thread.
    pub(crate) outer: *mut Frame,
    /// The driver's stack pointer at the call: frames of this call lie below. 0 before the call
    /// stands for the stack that the caller runs on.
    pub(crate) stack: u64,
    /// The [`Edge`](crate::seh::Edge) where driver code was left for the shim that makes this call; null in the outermost.
    pub(crate) edge: *const (),
    /// Where shims that 32-bit driver code calls run; 0 before the call stands for the stack that the caller runs on.
    pub(crate) shim_stack: u64,
    /// The 32-bit function.
    pub(crate) target: u32,
    /// How the 32-bit function came back.
    pub(crate) returned: x86::enter::Returned,
}

impl Frame {
    pub(crate) const fn new(outer: *mut Frame, stack: u64, edge: *const ()) -> Self {
        Self {
            host_stack: 0,
            mxcsr: 0,
            control: 0,
            left: 0,
            outer,
            stack,
            edge,
            shim_stack: 0,
            target: 0,
            returned: x86::enter::Returned::new(),
        }
    }

    /// A call of 32-bit code.
    pub(crate) const fn into_32_bit(mut self, target: u32, shim_stack: u64) -> Self {
        self.target = target;
        self.shim_stack = shim_stack;
        self
    }

    /// Tells whether the call ended by [`leave`] and not by returning.
    pub(crate) const fn was_left(&self) -> bool {
        self.left != 0
    }
}

/// Flags of the driver's that code of ours does not run with: single steps, direction, nested task, alignment check.
///
/// Almost never is one of them set, and to look costs less than to clear them.
pub(crate) const FOREIGN_FLAGS: i32 = 1 << 8 | 1 << 10 | 1 << 14 | 1 << 18;
/// The bits of MXCSR that mask exceptions. Code of ours runs with all of them, or its own arithmetic would fault.
pub(crate) const MASKED: u32 = 0x1F80;

const MXCSR: u32 = MASKED;
const CONTROL: u16 = 0x027F;
pub(crate) static FRESH_MXCSR: u32 = MXCSR;
pub(crate) static FRESH_CONTROL: u16 = CONTROL;

global_asm!(
    ".p2align 4",
    ".globl opendriver_win32_enter",
    ".hidden opendriver_win32_enter",
    ".type opendriver_win32_enter,@function",
    "opendriver_win32_enter:",
    // rdi: frame, rsi: target, rdx: arguments, rcx: how many (even, at least 4); the frame's stack
    // is 0 where this stack is the driver's already
    "push rbp",
    "push rbx",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "sub rsp, 8",
    "mov [rdi], rsp",
    "stmxcsr [rdi + 8]",
    "fnstcw [rdi + 12]",
    "ldmxcsr [rip + {mxcsr}]",
    "fldcw [rip + {control}]",
    "mov r8, [rdi + 32]",
    "test r8, r8",
    "cmovz r8, rsp",
    "and r8, -16",
    "mov [rdi + 32], r8",
    "mov rax, rsi",
    "lea r10, [rcx * 8]",
    "sub r8, r10",
    "mov rsi, rdx",
    "mov rdi, r8",
    "rep movsq",
    "mov rsp, r8",
    "xor ebp, ebp",
    "mov rcx, [rsp]",
    "mov rdx, [rsp + 8]",
    "mov r8, [rsp + 16]",
    "mov r9, [rsp + 24]",
    "movq xmm0, rcx",
    "movq xmm1, rdx",
    "movq xmm2, r8",
    "movq xmm3, r9",
    "call rax",
    ".globl opendriver_win32_returned",
    ".hidden opendriver_win32_returned",
    "opendriver_win32_returned:",
    "mov rdi, gs:[{thread}]",
    "mov rdi, [rdi + {frame}]",
    "opendriver_win32_back:",
    "mov rsp, [rdi]",
    "pushfq",
    "test dword ptr [rsp], {foreign_flags}",
    "jz 2f",
    "and dword ptr [rsp], {own_flags}",
    "popfq",
    "push rax",
    "2:",
    "ldmxcsr [rdi + 8]",
    // An exception that waits would come at the next x87 instruction that looks for one. Asking costs less than clearing.
    "mov r10, rax",
    "fnstsw ax",
    "test al, al",
    "mov rax, r10",
    "jns 2f",
    "fnclex",
    "2:",
    "fldcw [rdi + 12]",
    "add rsp, 16",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    // rdi: frame
    ".p2align 4",
    ".globl opendriver_win32_leave",
    ".hidden opendriver_win32_leave",
    "opendriver_win32_leave:",
    "mov qword ptr [rdi + 16], 1",
    // What the driver left on the x87 stack is abandoned, too.
    "fninit",
    "jmp opendriver_win32_back",
    mxcsr = sym FRESH_MXCSR,
    control = sym FRESH_CONTROL,
    thread = const words::THREAD_64,
    frame = const thread::FRAME,
    foreign_flags = const FOREIGN_FLAGS,
    own_flags = const !FOREIGN_FLAGS,
);

unsafe extern "C" {
    fn opendriver_win32_enter(
        frame: *mut Frame,
        target: u64,
        arguments: *const u64,
        count: u64,
    ) -> u64;
    fn opendriver_win32_leave(frame: *mut Frame) -> !;
    static opendriver_win32_returned: u8;
}

/// The most arguments that a call into driver code carries.
pub(crate) const ARGUMENTS: usize = 16;

/// Calls driver code on the stack that `frame` names and answers its result register.
///
/// # Safety
/// `frame` is the innermost frame of this thread's TEB, GS is that TEB, `frame.stack` is driver
/// stack with room or 0 on such a stack, and `target` is code of the Windows x64 convention.
pub(crate) unsafe fn enter(frame: *mut Frame, target: u64, arguments: &[u64]) -> u64 {
    let mut padded = [0; ARGUMENTS];
    let count = arguments.len().max(4).next_multiple_of(2);
    padded[..arguments.len()].copy_from_slice(arguments);
    // SAFETY: the caller vouches for frame and target; `padded` holds `count` words.
    unsafe { opendriver_win32_enter(frame, target, padded.as_ptr(), count as u64) }
}

/// Abandons driver code and comes back from the [`enter`] that made `frame`.
///
/// # Safety
/// `frame` is the innermost frame of this thread, and no Rust frame that needs its destructor lies
/// between here and its `enter`.
pub(crate) unsafe fn leave(frame: *mut Frame) -> ! {
    // SAFETY: the caller vouches for the frame.
    unsafe { opendriver_win32_leave(frame) }
}

/// The return address of every call into driver code: where a walk over the driver's frames comes to their beginning.
pub(crate) fn return_address() -> u64 {
    &raw const opendriver_win32_returned as u64
}

/// The address that a fault handler resumes at to do what [`leave`] does, with the frame in `rdi`.
pub(crate) fn leave_address() -> u64 {
    opendriver_win32_leave as *const () as u64
}
