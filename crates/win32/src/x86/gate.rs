//! Where 32-bit driver code crosses into a shim: what [`gate`](crate::gate) is for 64-bit code.
//!
//! The shim runs on the thread's stack for shims, so that the driver's needs room for its own frames only.

use std::arch::global_asm;

use super::stub;
use crate::enter::Frame;
use crate::gate::{Call, run};
use crate::seh;
use crate::teb;
use crate::thread::Thread;

/// The registers of the driver at the gate, and what it is to get back, as the assembly below lays them out.
#[repr(C, align(16))]
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The result register, or the bits of the floating-point result.
    result: u64,
    /// Bytes of arguments that go from the stack.
    removed: u32,
    /// Whether the result goes to the x87 stack.
    is_float: u32,
    pub(crate) ebx: u32,
    pub(crate) esi: u32,
    pub(crate) edi: u32,
    pub(crate) ebp: u32,
    pub(crate) ecx: u32,
    pub(crate) edx: u32,
    pub(crate) mxcsr: u32,
    /// The address of the return address on the driver's stack; the arguments follow it.
    pub(crate) entry_stack: u32,
    teb: u64,
    unused: u64,
}

global_asm!(
    ".p2align 4",
    ".globl opendriver_win32_gate_x86",
    ".hidden opendriver_win32_gate_x86",
    "opendriver_win32_gate_x86:",
    "mov r8d, esp",
    "mov r9, fs:[{frame}]",
    "mov r10, fs:[{host_base}]",
    "mov r11, fs:[{thread}]",
    "mov r12d, fs:[{itself}]",
    "wrfsbase r10",
    "mov rsp, [r9 + {shim_stack}]",
    "sub rsp, 64",
    "mov [rsp + 16], ebx",
    "mov [rsp + 20], esi",
    "mov [rsp + 24], edi",
    "mov [rsp + 28], ebp",
    "mov [rsp + 32], ecx",
    "mov [rsp + 36], edx",
    "stmxcsr [rsp + 40]",
    "mov [rsp + 44], r8d",
    "mov [rsp + 48], r12",
    "mov rdi, r11",
    "mov esi, eax",
    "mov rdx, rsp",
    "xor ebp, ebp",
    "cld",
    "call {dispatch}",
    "mov r8d, [rsp + 44]",
    "mov r9d, [r8]",
    "mov eax, [rsp + 8]",
    "add r8d, eax",
    "mov [r8], r9d",
    "mov eax, [rsp + 12]",
    "test eax, eax",
    "jz 2f",
    "fld qword ptr [rsp]",
    "2:",
    "mov eax, [rsp]",
    "mov edx, [rsp + 4]",
    "mov ebx, [rsp + 16]",
    "mov esi, [rsp + 20]",
    "mov edi, [rsp + 24]",
    "mov ebp, [rsp + 28]",
    "mov r10, [rsp + 48]",
    "mov esp, r8d",
    "wrfsbase r10",
    // jmp far [rip + back]
    ".byte 0xff, 0x2d",
    ".long {back} - . - 4",
    frame = const teb::FRAME,
    host_base = const teb::HOST_BASE,
    thread = const teb::THREAD,
    itself = const teb::offset::SELF.x86,
    shim_stack = const std::mem::offset_of!(Frame, shim_stack),
    dispatch = sym dispatch,
    back = sym stub::RETURN,
);

unsafe extern "C" {
    static opendriver_win32_gate_x86: u8;
}

/// Where 32-bit gates lead.
pub(super) fn entry_address() -> u64 {
    &raw const opendriver_win32_gate_x86 as u64
}

/// Runs the shim behind a gate; comes back with the answer in `caller`, or not at all.
extern "C" fn dispatch(thread: *const Thread, number: u32, caller: *mut Caller) {
    // SAFETY: gates are reached from driver code only, whose TEB names the thread.
    let thread = unsafe { &*thread };
    // SAFETY: the gate passes the registers that it has just stored on the stack below.
    let caller = unsafe { &mut *caller };
    let trap = match run(thread, number, Call::X86(caller)) {
        Ok(answer) => {
            caller.result = answer.result;
            caller.removed = answer.removed;
            caller.is_float = u32::from(answer.is_float);
            return;
        }
        Err(trap) => trap,
    };
    // Nothing on this frame needs a destructor from here on: the trap has moved out.
    seh::settle_x86(thread, caller, trap)
}
