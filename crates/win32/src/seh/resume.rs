//! Into and out of exception handling: from the instruction that faulted, and back to any instruction of the driver.
//!
//! The registers that a `CONTEXT` has no room for, the upper parts of the vectors, wait on the stack while a fault is handled,
//! and come back if the driver goes on where it faulted.

use std::arch::global_asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::mem::offset_of;
use std::sync::atomic::{AtomicU32, Ordering};

use opendriver_guard::{Machine, Register};
use opendriver_pe::Width;

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
    if !thread.is_stack(stack) || stack < thread.stack_limit() + ROOM + WIDE_BYTES {
        return false;
    }
    // SAFETY: the cell is read on this thread only, after it was sent there and before it faults again.
    let context = unsafe { &mut *thread.faulted.get() };
    save(context, machine);
    let wide = Wide::below(stack);
    thread.wide.set(wide);
    machine.set(Register::Rdi, &raw const *thread as u64);
    machine.set(Register::Rsi, wide.parts.into());
    machine.set(Register::Rsp, wide.area);
    machine.set(Register::Rip, faulted_address());
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

/// Where the wide registers of a thread that faulted wait, and which parts of them there are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wide {
    area: u64,
    parts: u32,
}

impl Wide {
    /// For a thread whose stack ends there.
    pub(super) fn below(stack: u64) -> Self {
        Self {
            area: (stack - 64 - WIDE_BYTES) & !63,
            parts: wide_parts(),
        }
    }

    pub(super) fn area(self) -> u64 {
        self.area
    }

    pub(super) fn parts(self) -> u32 {
        self.parts
    }
}

/// Where a thread is sent that faulted: `rdi` is the thread, `rsi` the parts to save at `rsp`.
pub(super) fn faulted_address() -> u64 {
    opendriver_win32_faulted as *const () as u64
}

/// Stack that those registers take.
pub(super) const FAULT_ROOM: u64 = WIDE_BYTES + 128;

/// Bytes that wide registers may take.
const WIDE_BYTES: u64 = 4096;
/// The parts of the processor's extended state that programs compute with: x87, SSE, AVX, AVX-512.
const PARTS: u32 = 0xe7;
/// Those of them that a `CONTEXT` holds.
pub(super) const LEGACY_PARTS: u32 = 3;

/// The parts that this processor has, asked once: under a hypervisor the question is slow.
fn wide_parts() -> u32 {
    const KNOWN: u32 = 1 << 31;
    static PARTS: AtomicU32 = AtomicU32::new(0);
    let known = PARTS.load(Ordering::Relaxed);
    if known != 0 {
        return known & !KNOWN;
    }
    let parts = find_wide_parts();
    PARTS.store(parts | KNOWN, Ordering::Relaxed);
    parts
}

/// The parts that this processor has; none if they cannot be saved as a whole.
fn find_wide_parts() -> u32 {
    const OSXSAVE: u32 = 1 << 27;
    if __cpuid(1).ecx & OSXSAVE == 0 {
        return 0;
    }
    // SAFETY: the instruction is there, or the system would not have said that it uses it.
    let enabled = unsafe { read_enabled() } & PARTS;
    let fits = (2..8).filter(|part| enabled >> part & 1 != 0).all(|part| {
        let leaf = __cpuid_count(0xd, part);
        u64::from(leaf.ebx) + u64::from(leaf.eax) <= WIDE_BYTES
    });
    if fits { enabled } else { 0 }
}

#[target_feature(enable = "xsave")]
fn read_enabled() -> u32 {
    // SAFETY: register 0 exists wherever the instruction does.
    unsafe { _xgetbv(0) as u32 }
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

/// Loads the registers that were kept, and those that waited since the fault that is over.
pub(super) fn resume_whole(thread: &Thread, wide: Wide) -> ! {
    if wide.parts == 0 {
        resume(thread);
    }
    // SAFETY: as in `resume`; the area lies above this frame, where the code that called us has saved these very parts.
    unsafe {
        opendriver_win32_resume_whole(thread.resumed.get(), wide.area, wide.parts & !LEGACY_PARTS)
    }
}

extern "C" fn faulted(thread: *const Thread) -> ! {
    // SAFETY: `divert` passes the thread that faulted.
    let thread = unsafe { &*thread };
    match thread.width() {
        Width::Bits32 => super::x86::settle_fault(thread),
        Width::Bits64 => super::settle_fault(thread),
    }
}

unsafe extern "C" {
    fn opendriver_win32_faulted();
    fn opendriver_win32_resume(context: *const Context) -> !;
    fn opendriver_win32_resume_whole(context: *const Context, area: u64, parts: u32) -> !;
}

global_asm!(
    ".p2align 4",
    ".globl opendriver_win32_faulted",
    ".hidden opendriver_win32_faulted",
    "opendriver_win32_faulted:",
    // rdi: thread, rsi: the parts to save at rsp, whose header must be zero before.
    "test esi, esi",
    "jz 2f",
    "xor eax, eax",
    "mov ecx, 64",
    "3:",
    "mov [rsp + rcx + 504], rax",
    "sub ecx, 8",
    "jnz 3b",
    "mov eax, esi",
    "xor edx, edx",
    "xsave64 [rsp]",
    "2:",
    // Everything is saved; ours expects the modes of a fresh thread.
    "fninit",
    "fldcw [rip + {control}]",
    "ldmxcsr [rip + {mxcsr}]",
    "xor ebp, ebp",
    "call {faulted}",
    "ud2",
    ".p2align 4",
    ".globl opendriver_win32_resume_whole",
    ".hidden opendriver_win32_resume_whole",
    "opendriver_win32_resume_whole:",
    "mov eax, edx",
    "xor edx, edx",
    "xrstor64 [rsi]",
    "jmp opendriver_win32_resume",
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
