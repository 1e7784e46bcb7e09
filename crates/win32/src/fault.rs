//! What the processor or the kernel says about driver code that is running.

use opendriver_guard::{Machine, Register, Scope, Verdict};

use crate::enter;
use crate::seh;
use crate::thread::Thread;
use crate::trap::{Fault, FaultKind, Trap};

/// The watch over one call into the driver; it must be pushed before the call.
pub(crate) fn watch(thread: &Thread) -> Scope {
    Scope::new(on_fault, (&raw const *thread).cast_mut().cast())
}

/// The fault handler's question: is this the driver's, and where does it go on?
///
/// # Safety
/// Called by the guard on the thread that faulted, with the data of [`watch`].
unsafe fn on_fault(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
    // SAFETY: the data is the thread that `watch` was given.
    let thread = unsafe { &*data.cast::<Thread>() };
    let frame = thread.frame();
    if frame.is_null() {
        return Verdict::Pass;
    }
    let mut fault = machine.fault();
    let beyond = fault
        .address
        .is_some_and(|address| thread.is_guard(address as u64));
    if beyond {
        fault.kind = opendriver_guard::Kind::StackOverflow;
    }
    thread.pending.set(Some(fault));
    let is_driver = !thread.is_in_shim() && !machine.is_own_code();
    if is_driver && !beyond && !machine.is_32_bit() && seh::divert(thread, machine) {
        return Verdict::Resume;
    }
    // Neither single steps nor alignment checks are to follow us out.
    machine.set(Register::Flags, 0x202);
    machine.set_32_bit(false);
    machine.set(Register::Rdi, frame as u64);
    machine.set(Register::Rip, enter::leave_address());
    Verdict::Resume
}

/// Why the call that has just been left did not return.
pub(crate) fn left(thread: &Thread) -> Trap {
    if let Some(trap) = thread.take_trap() {
        return trap;
    }
    let kind = match thread.pending.take() {
        Some(fault) => return Trap::machine(&fault),
        None => FaultKind::Shim {
            function: "enter".to_owned(),
            what: "left without a reason".to_owned(),
        },
    };
    Trap::Fault(Box::new(Fault {
        kind,
        instruction: 0,
        place: None,
    }))
}
