//! Calls a C function with a place to land beside it.
#![expect(
    unsafe_code,
    reason = "leaves foreign frames without their cooperation"
)]

use std::arch::naked_asm;
use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;

use crate::Fault;
use crate::chain::{self, Link, Role};

/// A call in progress and where to land when it faults. The signal handler writes to it.
pub(crate) struct Frame {
    /// The stack pointer at which [`land`] finds the caller's registers. Written by [`enter`].
    pub(crate) stack: usize,
    /// What went wrong, once the handler has sent the thread here.
    pub(crate) fault: Option<Fault>,
}

/// Calls `f` so that a fault in foreign code that it calls, on this thread, comes back as [`Err`].
///
/// [`install`](crate::install) must have been called once in the process, and [`prepare_thread`](crate::prepare_thread) once
/// on this thread, or else the fault ends the program as it would have without this call.
///
/// # Errors
///
/// The fault. What the foreign code did before it is not undone.
///
/// # Safety
///
/// The frames between this call and the one that may fault are jumped over: they must hold nothing that needs dropping,
/// no lock and no borrow that somebody relies on. `f` itself should do nothing but call the foreign function.
#[inline]
pub unsafe fn protect<F: FnOnce() -> isize>(f: F) -> Result<isize, Fault> {
    run(f, Role::Foreign)
}

/// Calls `f` so that any fault in it comes back, also one in our own code. For code of ours that holds nothing.
#[inline]
pub(crate) fn tolerate<F: FnOnce() -> isize>(f: F) -> Result<isize, Fault> {
    run(f, Role::Tolerant)
}

#[inline]
fn run<F: FnOnce() -> isize>(f: F, role: fn(*mut Frame) -> Role) -> Result<isize, Fault> {
    let frame = UnsafeCell::new(Frame {
        stack: 0,
        fault: None,
    });
    let link = Link {
        previous: chain::innermost(),
        role: role(frame.get()),
    };
    let mut f = ManuallyDrop::new(f);
    chain::replace(&raw const link);
    // SAFETY: `call::<F>` takes `f` out exactly once, and `frame` outlives the call.
    let answer = unsafe { enter(call::<F>, (&raw mut f).cast(), frame.get()) };
    chain::replace(link.previous);
    match frame.into_inner().fault {
        None => Ok(answer),
        Some(fault) => Err(fault),
    }
}

/// Takes the closure out of `data` and calls it. A panic in it ends the program, for foreign frames may lie between.
extern "C" fn call<F: FnOnce() -> isize>(data: *mut ()) -> isize {
    // SAFETY: `run` passes the address of its own `ManuallyDrop<F>`.
    let slot = unsafe { &mut *data.cast::<ManuallyDrop<F>>() };
    // SAFETY: `run` calls this function once and never looks at the closure again.
    let f = unsafe { ManuallyDrop::take(slot) };
    f()
}

/// Saves what the caller expects to find again, notes in `frame` where, and calls `call(data)`.
#[unsafe(naked)]
unsafe extern "C" fn enter(
    call: extern "C" fn(*mut ()) -> isize,
    data: *mut (),
    frame: *mut Frame,
) -> isize {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        "mov [rdx + {stack}], rsp",
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        stack = const std::mem::offset_of!(Frame, stack),
    )
}

/// Where the handler sends the thread, with the stack pointer that [`enter`] noted: gives the caller its registers back.
///
/// The x87 unit is brought to its initial state, for the foreign code may have left values on its stack.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn land() {
    naked_asm!(
        "cld",
        "fninit",
        "fldcw [rsp + 4]",
        "ldmxcsr [rsp]",
        "xor eax, eax",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}
