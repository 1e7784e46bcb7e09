//! The first instructions of every signal handler: they give a thread its host's FS base before any other code runs.
#![expect(
    unsafe_code,
    reason = "runs before anything behind FS can be relied on"
)]

use std::arch::{global_asm, naked_asm};
use std::mem::offset_of;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::signal::on_signal;
use crate::visit::{ENTRIES, Entry, REACH, TABLE, VISITS};

/// How many different handlers of the program can be adopted.
pub(crate) const ADOPTED: usize = 256;

/// How far the trampolines of two handlers lie apart.
const TRAMPOLINE: usize = 16;

/// The program's handlers, one for each trampoline. What is written once stays.
pub(crate) static HANDLERS: [AtomicUsize; ADOPTED] = [const { AtomicUsize::new(0) }; ADOPTED];

/// How the FS base is read and written: by system calls, by instructions, or as [`choose`] finds.
static ACCESS: AtomicU8 = AtomicU8::new(UNKNOWN);

const UNKNOWN: u8 = 0;
const SYSTEM_CALLS: u8 = 1;
const INSTRUCTIONS: u8 = 2;

/// The bit of `AT_HWCAP2` by which the kernel allows them.
const HWCAP2_FSGSBASE: libc::c_ulong = 1 << 1;

const ARCH_SET_FS: i32 = 0x1002;
const ARCH_GET_FS: i32 = 0x1003;

/// The flag that makes misaligned accesses fault.
const ALIGNMENT_CHECK: i32 = 1 << 18;

/// Where the kernel's context holds the registers that matter here.
const CONTEXT_RIP: usize =
    offset_of!(libc::ucontext_t, uc_mcontext.gregs) + 8 * libc::REG_RIP as usize;
const CONTEXT_CS: usize =
    offset_of!(libc::ucontext_t, uc_mcontext.gregs) + 8 * libc::REG_CSGSFS as usize;

const _: () = assert!(size_of::<Entry>() == 16);

/// Whether processor and kernel have the instructions that read and write the FS and GS bases.
#[must_use]
pub fn has_fsgsbase() -> bool {
    // SAFETY: reads a number that the kernel gave to the process.
    let capabilities = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    capabilities & HWCAP2_FSGSBASE != 0
}

/// Settles how the FS base is read and written, unless that is settled.
pub(crate) fn choose() {
    let found = if has_fsgsbase() {
        INSTRUCTIONS
    } else {
        SYSTEM_CALLS
    };
    // One who was quicker has found the same or wants something else.
    let _ = ACCESS.compare_exchange(UNKNOWN, found, Ordering::Relaxed, Ordering::Relaxed);
}

/// Makes signal handlers set the FS base by system calls and selectors, as on systems without the instructions for it.
///
/// For a program whose 32-bit code gets its FS from a descriptor, and not from `wrfsbase`, although that is there. To be
/// called before the first [`Visit`](crate::Visit) of the process begins.
pub fn restore_by_selector() {
    ACCESS.store(SYSTEM_CALLS, Ordering::Relaxed);
}

/// The trampoline that calls handler `index`.
pub(crate) fn trampoline(index: usize) -> usize {
    &raw const opendriver_guard_trampolines as usize + index * TRAMPOLINE
}

/// Whether a signal handler is one of this crate's.
pub(crate) fn is_ours(handler: usize) -> bool {
    handler == arrive as *const () as usize
        || (trampoline(0)..trampoline(ADOPTED)).contains(&handler)
}

/// The handler of the signals that tell of faults.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn arrive() {
    naked_asm!(
        "lea r11, [rip + {on_signal}]",
        "jmp {front}",
        on_signal = sym on_signal,
        front = sym front,
    )
}

unsafe extern "C" {
    static opendriver_guard_trampolines: u8;
}

global_asm!(
    ".text",
    ".globl opendriver_guard_trampolines",
    ".hidden opendriver_guard_trampolines",
    ".p2align 4",
    "opendriver_guard_trampolines:",
    ".set index, 0",
    ".rept {adopted}",
    "mov eax, index",
    "jmp {adopted_front}",
    ".p2align 4",
    ".set index, index + 1",
    ".endr",
    adopted = const ADOPTED,
    adopted_front = sym adopted_front,
);

/// Goes to the handler of the program whose index is in `eax`.
#[unsafe(naked)]
unsafe extern "C" fn adopted_front() {
    naked_asm!(
        "lea r11, [rip + {handlers}]",
        "mov r11, [r11 + rax * 8]",
        "jmp {front}",
        handlers = sym HANDLERS,
        front = sym front,
    )
}

/// Goes to the handler in `r11` with the arguments of a signal handler, with the host's FS base.
///
/// Where FS is the host's already, or the thread makes no visit, it is as if the handler had been called directly.
/// Elsewhere the handler is called from here, and then FS becomes again what it was, unless the handler sent the thread to
/// other 64-bit code, which is the host's. The context is looked at only then: a program may chain to its previous handler
/// with a single argument.
#[unsafe(naked)]
unsafe extern "C" fn front() {
    naked_asm!(
        // The kernel clears the other flags that foreign code may have left.
        "pushfq",
        "and dword ptr [rsp], {keep}",
        "popfq",
        "cmp dword ptr [rip + {visits}], 0",
        "jne 2f",
        "jmp r11",
        // rbp - 8: signal, 16: information, 24: context, 32: handler, 40: FS base and 48: FS selector on arrival,
        // 56: instruction pointer and 64: code selector on arrival
        "2:",
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, 64",
        "mov [rbp - 8], rdi",
        "mov [rbp - 16], rsi",
        "mov [rbp - 24], rdx",
        "mov [rbp - 32], r11",
        // The host's base, into r8.
        "mov eax, {gettid}",
        "syscall",
        "mov ecx, eax",
        "and ecx, {mask}",
        "lea r9, [rip + {reach}]",
        "movzx r10d, word ptr [r9 + rcx * 2]",
        "lea r9, [rip + {table}]",
        "3:",
        "mov edx, ecx",
        "shl edx, 4",
        "cmp [r9 + rdx + {thread}], eax",
        "je 4f",
        "inc ecx",
        "and ecx, {mask}",
        "dec r10d",
        "jns 3b",
        "jmp 6f",
        "4:",
        "mov r8, [r9 + rdx + {base}]",
        // The base that is there.
        "cmp byte ptr [rip + {access}], {instructions}",
        "jne 5f",
        "rdfsbase rax",
        "mov [rbp - 40], rax",
        "cmp rax, r8",
        "je 6f",
        "wrfsbase r8",
        "jmp 7f",
        "5:",
        "mov word ptr [rbp - 48], fs",
        "mov edi, {get_fs}",
        "lea rsi, [rbp - 40]",
        "mov eax, {arch_prctl}",
        "syscall",
        "cmp [rbp - 40], r8",
        "je 6f",
        "mov edi, {set_fs}",
        "mov rsi, r8",
        "mov eax, {arch_prctl}",
        "syscall",
        "jmp 7f",
        // Nothing to change.
        "6:",
        "mov rdi, [rbp - 8]",
        "mov rsi, [rbp - 16]",
        "mov rdx, [rbp - 24]",
        "mov r11, [rbp - 32]",
        "leave",
        "jmp r11",
        // The handler, with the host's base.
        "7:",
        "mov rdi, [rbp - 8]",
        "mov rsi, [rbp - 16]",
        "mov rdx, [rbp - 24]",
        "mov rax, [rdx + {rip_at}]",
        "mov [rbp - 56], rax",
        "movzx eax, word ptr [rdx + {cs_at}]",
        "mov [rbp - 64], eax",
        "xor eax, eax",
        "call [rbp - 32]",
        "mov rdx, [rbp - 24]",
        "movzx eax, word ptr [rdx + {cs_at}]",
        "cmp eax, {code_64}",
        "jne 8f",
        "cmp eax, [rbp - 64]",
        "jne 10f",
        "mov rax, [rdx + {rip_at}]",
        "cmp rax, [rbp - 56]",
        "jne 10f",
        // What was there on arrival.
        "8:",
        "cmp byte ptr [rip + {access}], {instructions}",
        "jne 9f",
        "mov rax, [rbp - 40]",
        "wrfsbase rax",
        "jmp 10f",
        "9:",
        // A selector brings its base along from its descriptor.
        "movzx eax, word ptr [rbp - 48]",
        "cmp eax, 3",
        "jbe 11f",
        "mov fs, eax",
        "jmp 10f",
        "11:",
        "mov edi, {set_fs}",
        "mov rsi, [rbp - 40]",
        "mov eax, {arch_prctl}",
        "syscall",
        "10:",
        "leave",
        "ret",
        keep = const !ALIGNMENT_CHECK,
        visits = sym VISITS,
        gettid = const libc::SYS_gettid,
        mask = const ENTRIES - 1,
        reach = sym REACH,
        table = sym TABLE,
        thread = const offset_of!(Entry, thread),
        base = const offset_of!(Entry, base),
        access = sym ACCESS,
        instructions = const INSTRUCTIONS,
        get_fs = const ARCH_GET_FS,
        set_fs = const ARCH_SET_FS,
        arch_prctl = const libc::SYS_arch_prctl,
        rip_at = const CONTEXT_RIP,
        cs_at = const CONTEXT_CS,
        code_64 = const crate::machine::CODE_64,
    )
}
