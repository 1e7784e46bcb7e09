//! Structured exception handling: who in the driver takes an exception.

use crate::enter;
use crate::gate::Caller;
use crate::thread::Thread;
use crate::trap::Trap;

/// Execution goes on in a frame of the driver further out.
#[derive(Debug)]
pub(crate) struct Unwind {}

/// Settles a trap at the gate that the driver came through.
pub(crate) fn settle(thread: &Thread, caller: &Caller, trap: Trap) -> u64 {
    leave_with(thread, caller, trap)
}

/// Ends the innermost call into the driver with a trap.
fn leave_with(thread: &Thread, caller: &Caller, trap: Trap) -> ! {
    let at = (caller.entry_stack as *const u64).cast_mut();
    // SAFETY: the gate was called, so its return address lies there.
    let from = unsafe { at.read() };
    thread.set_trap(trap.at(from));
    // SAFETY: this thread's innermost frame; nothing between here and it owns anything.
    unsafe { enter::leave(thread.frame()) }
}
