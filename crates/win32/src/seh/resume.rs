//! Into and out of exception handling: from the instruction that faulted, and back to any instruction of the driver.

use std::arch::global_asm;
use std::mem::offset_of;

use opendriver_guard::{Machine, Register};

use super::context::{CONTEXT_FLOATING_POINT, Context};
use crate::enter;
use crate::thread::Thread;

/// Stack that handling an exception needs below the frame that raised it.
const ROOM: u64 = 0x1_8000;

/// Sends a thread that faulted in driver code to [`settle_fault`](super::settle_fault), on the same stack.
///
/// False if there is no stack for that. Called in the signal handler.
pub(crate) fn divert(thread: &Thread, machine: &mut Machine<'_>) -> bool {
    let stack = machine.get(Register::Rsp);
    if !thread.is_stack(stack) || stack < thread.stack_limit() + ROOM {
        return false;
    }
    // SAFETY: the cell is read on this thread only, after it was sent there and before it faults again.
    let context = unsafe { &mut *thread.faulted.get() };
    save(context, machine);
    machine.set(Register::Rdi, &raw const *thread as u64);
    machine.set(Register::Rsp, (stack - 64) & !15);
    machine.set(Register::Rip, opendriver_win32_faulted as *const () as u64);
    machine.set(Register::Flags, 0x202);
    true
}

fn save(context: &mut Context, machine: &Machine<'_>) {
    for (slot, register) in context.registers.iter_mut().zip(Register::GENERAL) {
        *slot = machine.get(register);
    }
    // A breakpoint is told at its own address, not behind it.
    context.rip = machine.instruction() as u64;
    context.eflags = machine.get(Register::Flags) as u32;
    if let Some(vectors) = machine.vectors() {
        context.floating = *vectors;
    }
    context.mxcsr = machine.mxcsr();
}

/// Keeps the registers that [`resume`] will load.
pub(super) fn keep(thread: &Thread, context: &Context) {
    // SAFETY: the cell is read on this thread only, by `resume`.
    let kept = unsafe { &mut *thread.resumed.get() };
    kept.clone_from(context);
    // The processor refuses reserved bits, and what the driver wrote is a claim.
    kept.set_mxcsr(context.mxcsr & 0xffff);
    // Arithmetic flags, direction and the interrupt flag that is always set.
    kept.eflags = context.eflags & 0x0ed5 | 0x202;
}

/// Loads the registers that were kept; the driver goes on.
pub(super) fn resume(thread: &Thread) -> ! {
    // SAFETY: `keep` has written registers of the driver's own; everything between here and there is abandoned, and nothing of
    // ours on this stack owns anything.
    unsafe { opendriver_win32_resume(thread.resumed.get()) }
}

extern "C" fn faulted(thread: *const Thread) -> ! {
    // SAFETY: `divert` passes the thread that faulted.
    super::settle_fault(unsafe { &*thread })
}

unsafe extern "C" {
    fn opendriver_win32_faulted();
    fn opendriver_win32_resume(context: *const Context) -> !;
}

global_asm!(
    ".p2align 4",
    ".globl opendriver_win32_faulted",
    ".hidden opendriver_win32_faulted",
    "opendriver_win32_faulted:",
    // The registers are saved; ours expects the modes of a fresh thread.
    "fninit",
    "fldcw [rip + {control}]",
    "ldmxcsr [rip + {mxcsr}]",
    "xor ebp, ebp",
    "call {faulted}",
    "ud2",
    ".p2align 4",
    ".globl opendriver_win32_resume",
    ".hidden opendriver_win32_resume",
    "opendriver_win32_resume:",
    "test dword ptr [rdi + {flags}], {has_floating}",
    "jz 2f",
    "fxrstor [rdi + {floating}]",
    "2:",
    "mov rcx, rdi",
    "mov rsp, [rcx + {registers} + 32]",
    "push qword ptr [rcx + {rip}]",
    "mov eax, [rcx + {eflags}]",
    "push rax",
    "mov rax, [rcx + {registers}]",
    "mov rdx, [rcx + {registers} + 16]",
    "mov rbx, [rcx + {registers} + 24]",
    "mov rbp, [rcx + {registers} + 40]",
    "mov rsi, [rcx + {registers} + 48]",
    "mov rdi, [rcx + {registers} + 56]",
    "mov r8, [rcx + {registers} + 64]",
    "mov r9, [rcx + {registers} + 72]",
    "mov r10, [rcx + {registers} + 80]",
    "mov r11, [rcx + {registers} + 88]",
    "mov r12, [rcx + {registers} + 96]",
    "mov r13, [rcx + {registers} + 104]",
    "mov r14, [rcx + {registers} + 112]",
    "mov r15, [rcx + {registers} + 120]",
    "mov rcx, [rcx + {registers} + 8]",
    "popfq",
    "ret",
    control = sym enter::FRESH_CONTROL,
    mxcsr = sym enter::FRESH_MXCSR,
    faulted = sym faulted,
    flags = const offset_of!(Context, flags),
    has_floating = const CONTEXT_FLOATING_POINT,
    floating = const offset_of!(Context, floating),
    registers = const offset_of!(Context, registers),
    rip = const offset_of!(Context, rip),
    eflags = const offset_of!(Context, eflags),
);
