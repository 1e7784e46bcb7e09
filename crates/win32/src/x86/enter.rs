//! The way into 32-bit driver code and out of it again: what [`enter`](crate::enter) is for 64-bit code.

use std::arch::{asm, global_asm};

use super::{DATA, segment, stub};
use crate::enter::{FOREIGN_FLAGS, FRESH_CONTROL, FRESH_MXCSR, Frame};
use crate::{thread, words};

/// The most arguments that a call into driver code carries.
pub(crate) const ARGUMENTS: usize = 16;

/// The direction flag, as [`Returned::flags`] holds it.
const DIRECTION: u32 = 1 << 10;

/// How 32-bit code came back.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Returned {
    /// Bytes that the function removed from the stack beside its return address. Before the call: where that address was.
    removed: i32,
    /// Its flags.
    flags: u32,
    /// The x87 tag word; all ones when the register stack was empty.
    tags: u32,
}

impl Returned {
    pub(crate) const fn new() -> Self {
        Self {
            removed: 0,
            flags: 0,
            tags: 0,
        }
    }

    /// During the call: where the arguments lie.
    pub(crate) const fn arguments(self) -> u32 {
        self.removed as u32
    }

    /// Bytes of arguments that the function removed from the stack.
    pub(crate) const fn removed(self) -> i32 {
        self.removed
    }

    /// Whether string instructions were left running downwards.
    pub(crate) const fn is_downwards(self) -> bool {
        self.flags & DIRECTION != 0
    }

    /// What the function left in the x87 registers.
    pub(crate) const fn floating(self) -> Floating {
        if self.tags as u16 == 0xFFFF {
            return Floating::Empty;
        }
        let mut register = 0;
        while register < 8 {
            if self.tags >> (2 * register) & 3 == 3 {
                return Floating::Values;
            }
            register += 1;
        }
        Floating::Full
    }
}

/// What a function left in the x87 registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floating {
    /// Nothing, as it should.
    Empty,
    /// All eight are taken: MMX code that forgot `emms`.
    Full,
    /// Some are taken.
    Values,
}

global_asm!(
    ".p2align 4",
    ".globl opendriver_win32_enter_x86",
    ".hidden opendriver_win32_enter_x86",
    ".type opendriver_win32_enter_x86,@function",
    "opendriver_win32_enter_x86:",
    // rdi: frame, rsi: arguments, rdx: how many, rcx: the TEB; the frame's shim stack is 0 where it is this stack
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
    "mov rax, [rdi + {shim_stack}]",
    "test rax, rax",
    "cmovz rax, rsp",
    "and rax, -16",
    "mov [rdi + {shim_stack}], rax",
    "mov r8d, [rdi + {stack}]",
    "lea eax, [rdx * 4]",
    "sub r8d, eax",
    "and r8d, -16",
    "xor eax, eax",
    "2:",
    "cmp rax, rdx",
    "je 3f",
    "mov r9d, [rsi + rax * 4]",
    "mov [r8 + rax * 4], r9d",
    "inc rax",
    "jmp 2b",
    "3:",
    "mov [rdi + {state}], r8d",
    "mov r9d, {data}",
    "mov eax, ds",
    "cmp eax, r9d",
    "je 4f",
    "mov ds, r9d",
    "4:",
    "mov eax, es",
    "cmp eax, r9d",
    "je 5f",
    "mov es, r9d",
    "5:",
    "mov r10d, [rcx + {selector}]",
    "cmp r10d, r9d",
    "jne 8f",
    "mov eax, fs",
    "cmp eax, r9d",
    "je 6f",
    "mov fs, r9d",
    "6:",
    "wrfsbase rcx",
    "7:",
    "mov esp, r8d",
    "mov ecx, [rdi + {target}]",
    "xor eax, eax",
    "xor edx, edx",
    "xor ebx, ebx",
    "xor ebp, ebp",
    "xor esi, esi",
    "xor edi, edi",
    // jmp far [rip + call]
    ".byte 0xff, 0x2d",
    ".long {call} - . - 4",
    // The selector brings the base along.
    "8:",
    "mov fs, r10d",
    "jmp 7b",
    ".p2align 4",
    ".globl opendriver_win32_returned_x86",
    ".hidden opendriver_win32_returned_x86",
    "opendriver_win32_returned_x86:",
    "mov r8d, esp",
    "mov rdi, fs:[{thread}]",
    "mov r10, fs:[{host_base}]",
    "cmp dword ptr fs:[{selector}], {data}",
    "jne 7f",
    "wrfsbase r10",
    "6:",
    "mov rdi, [rdi + {frame}]",
    "mov rsp, [rdi]",
    "pushfq",
    "pop r9",
    "test r9d, {foreign_flags}",
    "jnz 4f",
    "5:",
    "sub r8d, [rdi + {state}]",
    "mov [rdi + {state}], r8d",
    "mov [rdi + {state} + 4], r9d",
    "mov r10d, eax",
    "mov r11d, 0xffff",
    "fxam",
    "fnstsw ax",
    // An exception that waits would come at the next x87 instruction that looks for one.
    "test al, al",
    "jns 3f",
    "fnclex",
    "3:",
    "and eax, 0x4500",
    "cmp eax, 0x4100",
    "je 2f",
    "sub rsp, 32",
    "fnstenv [rsp]",
    "movzx r11d, word ptr [rsp + 8]",
    "add rsp, 32",
    "fninit",
    "2:",
    "mov [rdi + {state} + 8], r11d",
    "shl rdx, 32",
    "mov eax, r10d",
    "or rax, rdx",
    "ldmxcsr [rdi + 8]",
    "fldcw [rdi + 12]",
    "add rsp, 8",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    "4:",
    "push r9",
    "and dword ptr [rsp], {own_flags}",
    "popfq",
    "jmp 5b",
    // Of the driver's registers only the answer still matters.
    "7:",
    "mov r12d, eax",
    "mov r13, rdi",
    "mov edi, {set_fs}",
    "mov rsi, r10",
    "mov eax, {arch_prctl}",
    "syscall",
    "mov eax, r12d",
    "mov rdi, r13",
    "jmp 6b",
    ".globl opendriver_win32_returned_x86_end",
    ".hidden opendriver_win32_returned_x86_end",
    "opendriver_win32_returned_x86_end:",
    mxcsr = sym FRESH_MXCSR,
    control = sym FRESH_CONTROL,
    call = sym stub::CALL,
    data = const DATA,
    stack = const std::mem::offset_of!(Frame, stack),
    shim_stack = const std::mem::offset_of!(Frame, shim_stack),
    target = const std::mem::offset_of!(Frame, target),
    state = const std::mem::offset_of!(Frame, returned),
    foreign_flags = const FOREIGN_FLAGS,
    own_flags = const !FOREIGN_FLAGS,
    thread = const words::THREAD_32,
    host_base = const words::HOST_BASE_32,
    selector = const words::SELECTOR_32,
    set_fs = const segment::ARCH_SET_FS,
    arch_prctl = const libc::SYS_arch_prctl,
    frame = const thread::FRAME,
);

unsafe extern "C" {
    fn opendriver_win32_enter_x86(
        frame: *mut Frame,
        arguments: *const u32,
        count: u64,
        teb: u64,
    ) -> u64;
    static opendriver_win32_returned_x86: u8;
    static opendriver_win32_returned_x86_end: u8;
}

/// Calls 32-bit driver code on the stack that `frame` names and answers `edx:eax`.
///
/// # Safety
/// `frame` is the innermost frame of this thread's TEB, which is at `teb` and knows the host's FS base, `frame.stack` is driver
/// stack with room, `frame.target` leads to 32-bit code, and the stubs are made.
pub(crate) unsafe fn enter(frame: *mut Frame, teb: u64, arguments: &[u64]) -> u64 {
    let mut words = [0_u32; ARGUMENTS];
    for (word, argument) in words.iter_mut().zip(arguments) {
        *word = *argument as u32;
    }
    // SAFETY: the caller vouches for the frame and the TEB; `words` holds the arguments.
    unsafe { opendriver_win32_enter_x86(frame, words.as_ptr(), arguments.len() as u64, teb) }
}

/// Gives 32-bit code the segments that it expects, where other 32-bit code has run in between.
///
/// A gate gives back none but the one that leads FS to the TEB by itself, for code of ours changes none. `by_base` says that
/// FS has the selector of data, and its base is set.
pub(crate) fn restore_segments(by_base: bool) {
    // SAFETY: 64-bit code uses neither of these segments, and the selector is good in every process.
    unsafe {
        asm!("mov ds, {0:e}", "mov es, {0:e}", in(reg) u32::from(DATA), options(nostack, preserves_flags));
    }
    let selector: u32;
    // SAFETY: reads a register.
    unsafe { asm!("mov {0:e}, fs", out(reg) selector, options(nostack, preserves_flags)) };
    if by_base && selector != u32::from(DATA) {
        // SAFETY: the selector brings a base along, and the host's takes its place before anything looks there.
        unsafe {
            asm!("rdfsbase {base}", "mov fs, {0:e}", "wrfsbase {base}", in(reg) u32::from(DATA), base = out(reg) _,
                 options(nostack, preserves_flags));
        }
    }
}

/// Where so many arguments lie of a call that has this stack.
pub(crate) const fn arguments_at(stack: u64, count: usize) -> u64 {
    (stack - 4 * count as u64) & !15
}

/// Where 64-bit code goes on when a 32-bit function has returned.
pub(super) fn returned_address() -> u64 {
    &raw const opendriver_win32_returned_x86 as u64
}

/// Whether an instruction is one of those by which 32-bit code comes back.
pub(crate) fn is_returning(instruction: u64) -> bool {
    let end = &raw const opendriver_win32_returned_x86_end as u64;
    (returned_address()..end).contains(&instruction)
}
