//! Where 32-bit driver code crosses into a shim: what [`gate`](crate::gate) is for 64-bit code.
//!
//! The shim runs on the thread's stack for shims, so that the driver's needs room for its own frames only.

use std::arch::global_asm;
use std::cell::Cell;

use super::{DATA, segment, stub};
use crate::enter::{FOREIGN_FLAGS, Frame, MASKED};
use crate::gate::{Call, run};
use crate::seh;
use crate::teb;
use crate::thread::{self, Thread};
use crate::trap::{FaultKind, Trap};
use crate::words;

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
    /// Its floating-point modes; a shim may change them.
    pub(crate) mxcsr: Cell<u32>,
    /// The address of the return address on the driver's stack; the arguments follow it.
    pub(crate) entry_stack: u32,
    teb: u64,
    /// What some functions of compilers' runtimes take as an argument.
    pub(crate) eax: u32,
    spare: [u32; 3],
    flags: u64,
}

global_asm!(
    ".p2align 4",
    ".globl opendriver_win32_gate_x86",
    ".hidden opendriver_win32_gate_x86",
    "opendriver_win32_gate_x86:",
    "mov r8d, esp",
    "mov r9d, edi",
    "mov rdi, fs:[{thread}]",
    "mov r10, fs:[{host_base}]",
    "mov r12, fs:[{teb}]",
    "mov r13d, fs:[{eax}]",
    "mov r14d, fs:[{selector}]",
    "mov r11, [rdi + {frame}]",
    "mov rsp, [r11 + {shim_stack}]",
    "pushfq",
    "sub rsp, 72",
    "mov [rsp + 16], ebx",
    "mov [rsp + 20], esi",
    "mov [rsp + 24], r9d",
    "mov [rsp + 28], ebp",
    "mov [rsp + 32], ecx",
    "mov [rsp + 36], edx",
    "stmxcsr [rsp + 40]",
    "mov [rsp + 44], r8d",
    "mov [rsp + 48], r12",
    "mov [rsp + 56], r13d",
    "cmp r14d, {data}",
    "jne 9f",
    "wrfsbase r10",
    "12:",
    "mov esi, eax",
    "test dword ptr [rsp + 72], {foreign_flags}",
    "jnz 3f",
    "4:",
    "mov eax, [rsp + 40]",
    "not eax",
    "test eax, {masked}",
    "jnz 5f",
    "6:",
    "mov rdx, rsp",
    "xor ebp, ebp",
    "call {dispatch}",
    "mov eax, [rsp + 40]",
    "not eax",
    "test eax, {masked}",
    "jnz 7f",
    "8:",
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
    "cmp r14d, {data}",
    "jne 14f",
    "wrfsbase r10",
    "13:",
    // jmp far [rip + back]
    ".byte 0xff, 0x2d",
    ".long {back} - . - 4",
    // The host's base by a system call, which needs registers that still matter.
    "9:",
    "mov r13d, eax",
    "mov r15, rdi",
    "mov edi, {set_fs}",
    "mov rsi, r10",
    "mov eax, {arch_prctl}",
    "syscall",
    "mov eax, r13d",
    "mov rdi, r15",
    "jmp 12b",
    // The driver's by its selector.
    "14:",
    "mov fs, r14d",
    "jmp 13b",
    // Flags that code of ours does not run with.
    "3:",
    "and dword ptr [rsp + 72], {own_flags}",
    "push qword ptr [rsp + 72]",
    "popfq",
    "jmp 4b",
    // Exceptions of the driver's arithmetic, which ours is not to raise.
    "5:",
    "mov eax, [rsp + 40]",
    "or eax, {masked}",
    "mov [rsp], eax",
    "ldmxcsr [rsp]",
    "jmp 6b",
    // The driver's again, with what the shim's arithmetic has added.
    "7:",
    "stmxcsr [rsp + 32]",
    "and dword ptr [rsp + 32], 0x3f",
    "mov eax, [rsp + 40]",
    "or [rsp + 32], eax",
    "ldmxcsr [rsp + 32]",
    "jmp 8b",
    ".globl opendriver_win32_gate_x86_end",
    ".hidden opendriver_win32_gate_x86_end",
    "opendriver_win32_gate_x86_end:",
    thread = const words::THREAD_32,
    host_base = const words::HOST_BASE_32,
    selector = const words::SELECTOR_32,
    data = const DATA,
    set_fs = const segment::ARCH_SET_FS,
    arch_prctl = const libc::SYS_arch_prctl,
    teb = const words::TEB_32,
    frame = const thread::FRAME,
    foreign_flags = const FOREIGN_FLAGS,
    own_flags = const !FOREIGN_FLAGS,
    masked = const MASKED,
    eax = const teb::EAX,
    shim_stack = const std::mem::offset_of!(Frame, shim_stack),
    dispatch = sym dispatch,
    back = sym stub::RETURN,
);

unsafe extern "C" {
    static opendriver_win32_gate_x86: u8;
    static opendriver_win32_gate_x86_end: u8;
}

/// Where 32-bit gates lead.
pub(super) fn entry_address() -> u64 {
    &raw const opendriver_win32_gate_x86 as u64
}

/// Whether an instruction is one of those by which 32-bit code calls a shim, or comes back from it.
pub(crate) fn is_crossing(instruction: u64) -> bool {
    let end = &raw const opendriver_win32_gate_x86_end as u64;
    (entry_address()..end).contains(&instruction)
}

/// Runs the shim behind a gate; comes back with the answer in `caller`, or not at all.
extern "C" fn dispatch(thread: *const Thread, number: u32, caller: *mut Caller) {
    // SAFETY: gates are reached from driver code only, whose TEB names the thread.
    let thread = unsafe { &*thread };
    // SAFETY: the gate passes the registers that it has just stored on the stack below.
    let caller = unsafe { &mut *caller };
    if let Some(trap) = seh::x86::astray(thread, number, caller) {
        seh::x86::leave(thread, trap);
    }
    let answer = if has_arguments(thread, caller.entry_stack) {
        run(thread, number, Call::X86(caller))
    } else {
        Err(Trap::from(FaultKind::StackPointer(caller.entry_stack)))
    };
    let trap = match answer {
        Ok(answer) => {
            caller.result = answer.result;
            caller.removed = answer.removed;
            caller.is_float = u32::from(answer.is_float);
            return;
        }
        Err(trap) => trap,
    };
    // Nothing on this frame needs a destructor from here on: the trap has moved out.
    seh::x86::settle(thread, number, caller, trap)
}

/// Whether the arguments of a call can be read: a stack pointer is a claim.
fn has_arguments(thread: &Thread, stack: u32) -> bool {
    /// More than any function of ours takes, with the return address.
    const BYTES: usize = 80;
    let stack = stack as usize;
    thread.is_stack(stack as u64)
        || [stack, stack + BYTES].into_iter().all(|at| {
            // SAFETY: a tolerant read takes any address.
            let byte = unsafe { opendriver_guard::read_u8(at) };
            byte.is_some()
        })
}
