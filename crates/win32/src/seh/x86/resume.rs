//! Into and out of the exception handling of 32-bit code: from the instruction that faulted, and back to any of the driver's.
#![expect(unsafe_code, reason = "loads the registers of 32-bit code")]

use std::arch::{asm, global_asm};
use std::cell::UnsafeCell;
use std::mem::offset_of;

use opendriver_guard::{Machine, Register};

use super::context::{Context, EXTENDED, FLOATING_POINT, INTEGER};
use super::floating;
use crate::seh::resume::{FAULT_ROOM, LEGACY_PARTS, Wide, faulted_address};
use crate::thread::Thread;
use crate::{words, x86};

/// Driver stack that handling an exception needs below the frame that raised it.
const ROOM: u64 = 0x4000;
/// The same of the stack for shims.
const SHIM_ROOM: u64 = 0x1_8000;

/// Sends a thread that faulted in 32-bit driver code to [`settle_fault`](super::settle_fault), on its stack for shims.
///
/// False if there is no stack for that. Called in the signal handler.
pub(crate) fn divert(thread: &Thread, machine: &mut Machine<'_>) -> bool {
    let stack = machine.get(Register::Rsp);
    // SAFETY: the fault happened inside of the innermost call.
    let Some(frame) = (unsafe { thread.frame().as_ref() }) else {
        return false;
    };
    let has_room = thread.is_stack(stack)
        && stack >= thread.stack_limit() + ROOM
        && frame.shim_stack >= thread.shim_limit() + SHIM_ROOM + FAULT_ROOM;
    if !has_room {
        return false;
    }
    // SAFETY: the cell is read on this thread only, after it was sent there and before it faults again.
    let context = unsafe { &mut *thread.faulted_x86.get() };
    save(context, machine);
    let wide = Wide::below(frame.shim_stack);
    thread.wide.set(wide);
    machine.set_32_bit(false);
    machine.set(Register::Rdi, &raw const *thread as u64);
    machine.set(Register::Rsi, wide.parts().into());
    machine.set(Register::Rsp, wide.area());
    machine.set(Register::Rip, faulted_address());
    machine.set(Register::Flags, 0x202);
    true
}

fn save(context: &mut Context, machine: &Machine<'_>) {
    let register = |register| machine.get(register) as u32;
    *context = Context {
        eax: register(Register::Rax),
        ebx: register(Register::Rbx),
        ecx: register(Register::Rcx),
        edx: register(Register::Rdx),
        esi: register(Register::Rsi),
        edi: register(Register::Rdi),
        ebp: register(Register::Rbp),
        esp: register(Register::Rsp),
        eflags: register(Register::Flags),
        // A breakpoint is told at its own address, not behind it.
        eip: machine.instruction() as u32,
        ..Context::new()
    };
    if let Some(vectors) = machine.vectors() {
        context.set_floating(vectors);
    }
}

/// The registers with which 32-bit code is about to go on, as the assembly below loads them.
#[repr(C, align(16))]
pub(crate) struct Resumed {
    floating: UnsafeCell<[u8; 512]>,
    registers: UnsafeCell<Registers>,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Registers {
    edi: u32,
    esi: u32,
    ebx: u32,
    edx: u32,
    ecx: u32,
    eax: u32,
    ebp: u32,
    has_floating: u32,
    teb: u64,
    // As `iretq` takes them.
    eip: u64,
    cs: u64,
    eflags: u64,
    esp: u64,
    ss: u64,
}

impl Resumed {
    pub(crate) fn new() -> Self {
        Self {
            floating: UnsafeCell::new([0; 512]),
            registers: UnsafeCell::default(),
        }
    }
}

/// Keeps the registers that [`resume`] will load.
pub(super) fn keep(thread: &Thread, context: &Context) {
    let has_old = context.flags & FLOATING_POINT == FLOATING_POINT;
    let has_new = context.flags & EXTENDED == EXTENDED;
    if has_old || has_new {
        // SAFETY: the cell is read on this thread only, by `resume`.
        let image = unsafe { &mut *thread.resumed_x86.floating.get() };
        if has_new {
            *image = context.extended;
        } else {
            // SAFETY: the image has the alignment that the instruction wants.
            unsafe { std::arch::x86_64::_fxsave64(image.as_mut_ptr()) };
        }
        if has_old {
            floating::into_fxsave(&context.floating, image);
        }
        // The processor refuses reserved bits, and what the driver wrote is a claim.
        image[26..28].fill(0);
    }
    let mut registers = Registers {
        has_floating: u32::from(has_old || has_new),
        teb: thread.teb(),
        eip: context.eip.into(),
        cs: x86::CODE_32.into(),
        // Arithmetic flags, direction and the interrupt flag that is always set.
        eflags: u64::from(context.eflags & 0x0ed5 | 0x202),
        esp: context.esp.into(),
        ss: x86::DATA.into(),
        ebp: context.ebp,
        ..Registers::default()
    };
    if context.flags & INTEGER == INTEGER {
        registers.edi = context.edi;
        registers.esi = context.esi;
        registers.ebx = context.ebx;
        registers.edx = context.edx;
        registers.ecx = context.ecx;
        registers.eax = context.eax;
    }
    // SAFETY: as above.
    unsafe { thread.resumed_x86.registers.get().write(registers) };
}

/// Loads the control words of the driver that faulted; the x87 registers stay empty.
pub(super) fn load_modes(context: &Context) {
    let control = u16::from_le_bytes([context.extended[0], context.extended[1]]);
    // SAFETY: the word is one that the processor has saved.
    unsafe { asm!("fldcw [{}]", in(reg) &raw const control, options(nostack, readonly)) };
    load_mxcsr(u32::from_le_bytes([
        context.extended[24],
        context.extended[25],
        0,
        0,
    ]));
}

/// Loads the SSE control and status word of the driver.
pub(super) fn load_mxcsr(value: u32) {
    // SAFETY: the word is one that the processor has saved, or one without reserved bits.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, readonly)) };
}

/// Loads the registers that were kept; the driver goes on.
pub(super) fn resume(thread: &Thread) -> ! {
    // SAFETY: `keep` has written registers of the driver's own; everything between here and there is abandoned, and nothing of
    // ours on this stack owns anything.
    unsafe { opendriver_win32_resume_x86(thread.resumed_x86.registers.get(), 0, 0) }
}

/// Loads the registers that were kept, and those that waited since the fault that is over.
pub(super) fn resume_whole(thread: &Thread, wide: Wide) -> ! {
    let registers = thread.resumed_x86.registers.get();
    let parts = wide.parts() & !LEGACY_PARTS;
    // SAFETY: as in `resume`; the area lies above this frame, where the code that called us has saved these very parts.
    unsafe { opendriver_win32_resume_x86(registers, wide.area(), parts) }
}

unsafe extern "C" {
    fn opendriver_win32_resume_x86(registers: *const Registers, area: u64, parts: u32) -> !;
}

global_asm!(
    ".p2align 4",
    ".globl opendriver_win32_resume_x86",
    ".hidden opendriver_win32_resume_x86",
    "opendriver_win32_resume_x86:",
    "mov eax, edx",
    "test eax, eax",
    "jz 2f",
    "xor edx, edx",
    "xrstor64 [rsi]",
    "2:",
    "cmp dword ptr [rdi + {has_floating}], 0",
    "je 3f",
    "fxrstor [rdi - {floating}]",
    "3:",
    "push qword ptr [rdi + {ss}]",
    "push qword ptr [rdi + {esp}]",
    "push qword ptr [rdi + {eflags}]",
    "push qword ptr [rdi + {cs}]",
    "push qword ptr [rdi + {eip}]",
    "mov r8, [rdi + {teb}]",
    "mov esi, [rdi + {esi}]",
    "mov ebx, [rdi + {ebx}]",
    "mov edx, [rdi + {edx}]",
    "mov ecx, [rdi + {ecx}]",
    "mov ebp, [rdi + {ebp}]",
    "mov eax, {data}",
    "mov ds, eax",
    "mov es, eax",
    "mov r9d, [r8 + {selector}]",
    "mov fs, r9d",
    "cmp r9d, eax",
    "jne 4f",
    "wrfsbase r8",
    "4:",
    "mov eax, [rdi + {eax}]",
    "mov edi, [rdi + {edi}]",
    "iretq",
    data = const x86::DATA,
    selector = const words::SELECTOR_32,
    floating = const offset_of!(Resumed, registers),
    has_floating = const offset_of!(Registers, has_floating),
    teb = const offset_of!(Registers, teb),
    eip = const offset_of!(Registers, eip),
    cs = const offset_of!(Registers, cs),
    eflags = const offset_of!(Registers, eflags),
    esp = const offset_of!(Registers, esp),
    ss = const offset_of!(Registers, ss),
    edi = const offset_of!(Registers, edi),
    esi = const offset_of!(Registers, esi),
    ebx = const offset_of!(Registers, ebx),
    edx = const offset_of!(Registers, edx),
    ecx = const offset_of!(Registers, ecx),
    eax = const offset_of!(Registers, eax),
    ebp = const offset_of!(Registers, ebp),
);

const _: () = {
    assert!(offset_of!(Resumed, floating) == 0);
    assert!(offset_of!(Resumed, registers) == 512);
};
