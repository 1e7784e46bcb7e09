//! A signal handed on to a handler on the stack that the signal interrupted, as the kernel would have called it.
//!
//! Our own handlers run on the alternate stack, because a driver's may be at its end. A program's handler that did not ask
//! for that stack may rely on where it runs: it unwinds through its frame, leaves it for good, or waits in it while a
//! garbage collector reads the thread's stack. So it gets a frame of its own there, the same that the kernel writes, and
//! ours is left behind before it begins.
#![expect(
    unsafe_code,
    reason = "writes a frame of the kernel's form and sends the thread there"
)]

use std::ffi::c_int;
use std::mem::offset_of;

use crate::memory;

/// What the kernel writes of a context: up to the mask of signals, which has 64 bits there.
const CONTEXT: usize = MASK + size_of::<u64>();
const MASK: usize = offset_of!(libc::ucontext_t, uc_mcontext) + 256;
const VECTORS: usize = offset_of!(libc::ucontext_t, uc_mcontext.fpregs);

const INFORMATION: usize = size_of::<libc::siginfo_t>();

/// A frame: where the handler returns to, the context, the information.
const FRAME: usize = size_of::<usize>() + CONTEXT + INFORMATION;

/// What functions may use below their stack pointer.
const RED_ZONE: usize = 128;

/// Of the vector registers, the part that every processor has; the kernel's words about the rest are inside of it.
const VECTORS_LEAST: usize = 512;
const VECTORS_MAGIC: usize = 464;
const VECTORS_SIZE: usize = 468;
/// What the kernel writes at `VECTORS_MAGIC` where there is a rest.
const MAGIC: u32 = 0x4650_5853;

/// Trap, direction, resume and alignment check.
const FLAGS: i64 = 1 << 8 | 1 << 10 | 1 << 16 | 1 << 18;

/// Whether the kernel changed stacks for the handler that this context was given to.
pub(crate) fn changed_stacks(context: &libc::ucontext_t) -> bool {
    let stack = &context.uc_stack;
    let interrupted = context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize;
    let start = stack.ss_sp as usize;
    stack.ss_flags & libc::SS_DISABLE == 0
        && stack.ss_size > 0
        && !(start..=start + stack.ss_size).contains(&interrupted)
}

/// Makes the interrupted thread go on in `handler`, on its own stack, with `mask` blocked on top of what is; from there it
/// returns to where it was. Nothing is changed where its stack has no room, and the answer is `false`.
///
/// # Safety
///
/// `info` and `context` must be the kernel's, for a handler that is running and that will return; the interrupted code must
/// be one of 64 bits, with a stack to which a handler may be added.
pub(crate) unsafe fn hand_on(
    handler: usize,
    mask: u64,
    signal: c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
) -> bool {
    // SAFETY: vouched by the caller.
    let registers = unsafe { (*context).uc_mcontext };
    let vectors = registers.fpregs.cast::<u8>();
    // SAFETY: the kernel wrote them.
    let len = unsafe { vectors_len(vectors) };
    // A stack pointer may be anything when its owner has lost it.
    let top = (registers.gregs[libc::REG_RSP as usize] as usize).wrapping_sub(RED_ZONE);
    let vectors_at = top.wrapping_sub(len) & !63;
    // As behind a call: the address to return to is what makes the stack odd.
    let frame = (vectors_at.wrapping_sub(FRAME) & !15).wrapping_sub(size_of::<usize>());
    let context_at = frame.wrapping_add(size_of::<usize>());
    let info_at = context_at.wrapping_add(CONTEXT);

    let from = context.cast::<u8>();
    // What the handler returns to lies in front of the context.
    let start = from.wrapping_sub(size_of::<usize>());
    let to = std::ptr::with_exposed_provenance_mut::<u8>;
    for (at, from, len) in [
        (frame, start.cast_const(), size_of::<usize>() + CONTEXT),
        (info_at, info.cast_const().cast(), INFORMATION),
        (vectors_at, vectors.cast_const(), len),
        (
            context_at.wrapping_add(VECTORS),
            (&raw const vectors_at).cast(),
            size_of::<usize>(),
        ),
    ] {
        // SAFETY: below its stack pointer and red zone, a thread's stack holds nothing.
        if unsafe { memory::copy(to(at), from, len) }.is_err() {
            return false;
        }
    }

    // SAFETY: vouched by the caller.
    let registers = unsafe { &mut (*context).uc_mcontext.gregs };
    for (register, value) in [
        (libc::REG_RDI, signal as usize),
        (libc::REG_RSI, info_at),
        (libc::REG_RDX, context_at),
        (libc::REG_RAX, 0),
        (libc::REG_RSP, frame),
        (libc::REG_RIP, handler),
    ] {
        registers[register as usize] = value as i64;
    }
    registers[libc::REG_EFL as usize] &= !FLAGS;
    let blocked = from.wrapping_add(MASK).cast::<u64>();
    // SAFETY: the mask of the kernel's context, which is read when our handler returns.
    unsafe { *blocked |= mask };
    true
}

/// How many bytes of vector registers the kernel wrote.
///
/// # Safety
///
/// They must be the kernel's.
unsafe fn vectors_len(vectors: *const u8) -> usize {
    if vectors.is_null() {
        return 0;
    }
    // SAFETY: vouched by the caller.
    let magic = unsafe { vectors.wrapping_add(VECTORS_MAGIC).cast::<u32>().read() };
    // SAFETY: vouched by the caller.
    let size = unsafe { vectors.wrapping_add(VECTORS_SIZE).cast::<u32>().read() };
    if magic == MAGIC {
        size as usize
    } else {
        VECTORS_LEAST
    }
}
