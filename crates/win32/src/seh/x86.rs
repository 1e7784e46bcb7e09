//! Structured exception handling of 32-bit drivers: a list of handlers that begins at `fs:[0]` instead of tables.
//!
//! Whoever takes an exception goes on in its own frame by loading `esp` and `ebp` itself, after an unwind that only takes entries
//! from the list. Frames of ours that lie between then and now are left as in 64 bits: what is to go on is a [`Landing`], which
//! travels up our own frames as an error until it reaches the call into the driver to which it belongs. The driver's stack is
//! another one than ours, so nothing on it is disturbed by that.

mod chain;
mod context;
mod cxx;
mod dispatch;
mod floating;
mod jump;
mod resume;
mod scopes;
pub(super) mod shims;
mod tables;
mod unwind;

use crate::cx::Cx;
use crate::enter::Frame;
use crate::gate::Target;
use crate::shim::Convention;
use crate::thread::Thread;
use crate::trap::Trap;
use crate::x86::{self, Caller, stub};

use super::context::Record as WideRecord;
use super::walk::Edge;
use super::{EXCEPTION_LIMIT, leave_with, status};
use context::Record;

pub(crate) use context::Context;
pub(crate) use resume::{Resumed, divert};
pub(crate) use shims::C_RUNTIME;

/// 32-bit execution goes on with these registers.
#[derive(Debug)]
pub(crate) struct Landing {
    context: Context,
    /// The call into the driver that it belongs to.
    frame: *const Frame,
}

impl Landing {
    /// The trap that goes on there.
    fn to(context: Context, frame: *const Frame) -> Trap {
        Trap::Land(Box::new(Self { context, frame }))
    }
}

/// Settles a trap at the gate that 32-bit code came through.
pub(crate) fn settle(thread: &Thread, number: u32, caller: &Caller, trap: Trap) -> ! {
    let edge = Edge::gate_x86(caller);
    let resolved = {
        let _inside = thread.enter_shim(&raw const edge);
        let mut cx = Cx::new(thread.process(), thread);
        let taken = match thread.process().gates().target(number as usize) {
            Some(Target::Shim(shim)) if shim.convention != Convention::cdecl => shim.stack_bytes(),
            _ => 0,
        };
        match Context::of_caller(&cx, caller, taken) {
            Ok(context) => resolve(&mut cx, &edge, &context, trap.at(context.eip.into())),
            Err(_) => Err(trap),
        }
    };
    resume::load_mxcsr(caller.mxcsr.get());
    finish(thread, resolved)
}

/// Settles the fault whose registers [`divert`] has kept.
pub(super) fn settle_fault(thread: &Thread) -> ! {
    let wide = thread.wide.get();
    let resolved = {
        // SAFETY: written by the fault handler before it sent the thread here; faults from here on are not diverted.
        let context = Box::new(unsafe { (*thread.faulted_x86.get()).clone() });
        let edge = Edge::fault_x86(&raw const *context);
        let _inside = thread.enter_shim(&raw const edge);
        let mut cx = Cx::new(thread.process(), thread);
        let resolved = match thread.pending.take() {
            Some(fault) => resolve_fault(&mut cx, &edge, &context, &fault),
            None => Err(Trap::exception(0)),
        };
        resume::load_modes(&context);
        resolved
    };
    match resolved {
        Ok(Whither::There) => resume::resume_whole(thread, wide),
        Ok(Whither::Elsewhere) => resume::resume(thread),
        Err(trap) => finish(thread, Err(trap)),
    }
}

/// Where a driver that faulted goes on.
enum Whither {
    /// At the fault, which a handler has mended.
    There,
    /// In a frame that took the exception.
    Elsewhere,
}

fn resolve_fault(
    cx: &mut Cx<'_>,
    edge: &Edge,
    context: &Context,
    fault: &opendriver_guard::Fault,
) -> Result<Whither, Trap> {
    let code = status::floating_code_x86(&context.extended);
    let Some(wide) = status::record(fault, code) else {
        return Err(Trap::machine(fault));
    };
    match dispatch::offer(cx, edge, &narrow(&wide), context) {
        Ok(Some(context)) => {
            resume::keep(cx.thread(), &context);
            Ok(Whither::There)
        }
        Ok(None) => Err(Trap::machine(fault)),
        Err(trap) => resolve(cx, edge, context, trap).map(|()| Whither::Elsewhere),
    }
}

/// A record as 32-bit code has it.
fn narrow(wide: &WideRecord) -> Record {
    Record {
        code: wide.code,
        flags: wide.flags,
        record: wide.record as u32,
        address: wide.address as u32,
        count: wide.count,
        information: wide.information.map(|word| word as u32),
    }
}

/// Finds out where the driver goes on; an error if not in its innermost call.
fn resolve(cx: &mut Cx<'_>, edge: &Edge, context: &Context, mut trap: Trap) -> Result<(), Trap> {
    let thread = cx.thread();
    for _ in 0..EXCEPTION_LIMIT {
        let exception = match trap {
            Trap::Land(landing) if landing.frame == thread.frame().cast_const() => {
                resume::keep(thread, &landing.context);
                return Ok(());
            }
            Trap::Exception(exception) => exception,
            other => return Err(other),
        };
        let record = Record::from(&exception);
        match dispatch::offer(cx, edge, &record, context) {
            Ok(Some(context)) => {
                resume::keep(thread, &context);
                return Ok(());
            }
            Ok(None) => {
                let fault = Trap::Exception(exception).into_fault();
                return Err(Trap::Fault(Box::new(fault)));
            }
            Err(next) => trap = next.at(context.eip.into()),
        }
    }
    Err(trap)
}

/// Ends the innermost call into the driver.
pub(crate) fn leave(thread: &Thread, trap: Trap) -> ! {
    leave_with(thread, trap)
}

fn finish(thread: &Thread, resolved: Result<(), Trap>) -> ! {
    match resolved {
        Ok(()) => resume::resume(thread),
        Err(trap) => leave_with(thread, trap),
    }
}

/// The call into the driver whose frames a stack address lies in.
fn owner(thread: &Thread, stack: u32) -> *const Frame {
    let mut frame = thread.frame().cast_const();
    if !thread.is_stack(stack.into()) {
        // A stack that the driver has made itself says nothing of calls; nobody has left one.
        return frame;
    }
    // SAFETY: the thread's frames are calls that are going on.
    while let Some(inner) = unsafe { frame.as_ref() } {
        // A call begins right below what its caller has on the stack.
        if u64::from(stack) < inner.stack || inner.outer.is_null() {
            break;
        }
        frame = inner.outer;
    }
    frame
}

/// Where driver code was left for the shim that is running, and its registers there.
fn caller<'a>(cx: &Cx<'a>) -> Result<(&'a Edge, &'a Caller), Trap> {
    // SAFETY: the thread's edge is that of the shim call that is going on, which outlives what the shim does.
    let edge = unsafe { cx.thread().edge().as_ref() };
    edge.and_then(|edge| Some((edge, edge.caller_x86()?)))
        .ok_or_else(|| Trap::exception(super::leaving::INVALID_TARGET))
}

/// Calls a member function of an object.
pub(super) fn call_member(
    cx: &mut Cx<'_>,
    function: u32,
    object: u32,
    arguments: &[u64],
) -> Result<(), Trap> {
    chain::call_with(cx, function, object, 0, arguments).map(drop)
}

/// Tells whether driver code calls a shim from a frame that lies outside of the innermost call into the driver: it has left that
/// call by loading its stack pointer, and never said so. The trap goes on at the same gate when ours has left it, too.
pub(crate) fn astray(thread: &Thread, number: u32, caller: &Caller) -> Option<Trap> {
    let stack = u64::from(caller.entry_stack);
    // SAFETY: the innermost call into the driver is going on.
    let inner = unsafe { thread.frame().as_ref() }?;
    if stack < inner.stack || inner.outer.is_null() || !thread.is_stack(stack) {
        return None;
    }
    let context = Context {
        eip: stub::gate_address(number as usize)? as u32,
        ..Context::at_gate(caller)
    };
    Some(Landing::to(context, owner(thread, caller.entry_stack)))
}

/// Tells whether a function returned that a call further out had called: the trap lets that one return.
pub(crate) fn returned_for(inner: &Frame, arguments: usize, answer: u64) -> Option<Trap> {
    let began = x86::enter::arguments_at(inner.stack, arguments);
    let stack = began.wrapping_add_signed(inner.returned.removed().into());
    let mut found = std::ptr::null();
    let mut next = inner.outer.cast_const();
    // SAFETY: calls further out are going on as long as those inside of them.
    while let Some(frame) = unsafe { next.as_ref() } {
        if stack >= u64::from(frame.returned.arguments()) {
            found = next;
        }
        next = frame.outer;
    }
    if found.is_null() {
        return None;
    }
    let context = Context {
        eip: stub::return_address(),
        esp: stack as u32,
        eax: answer as u32,
        edx: (answer >> 32) as u32,
        ..Context::new()
    };
    Some(Landing::to(context, found))
}
