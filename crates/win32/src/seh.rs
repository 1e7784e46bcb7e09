//! Structured exception handling: who in the driver takes an exception, and where it goes on.
//!
//! An exception comes from the processor ([`divert`]) or from a shim that answered with a [`Trap`] ([`settle`]). It is
//! offered to the driver as Windows would: vectored handlers, then the language handler of each frame outwards. A handler
//! that takes it calls `RtlUnwindEx`, which tells the frames on the way and comes back to us as [`Trap::Unwind`]; that travels
//! up our own frames as an error, so that nothing of ours is skipped, until it reaches the call into the driver to which the
//! target frame belongs, and there the driver goes on. What nobody takes ends the call with a fault.

mod c_handler;
mod context;
mod cxx;
mod dispatch;
mod jump;
mod leaving;
mod resume;
mod shims;
mod status;
mod table;
mod unwind;
mod vectored;
mod walk;
pub(crate) mod x86;

use crate::enter;
use crate::gate::Caller;
use crate::process::Process;
use crate::thread::Thread;
use crate::trap::{Exception, Trap};

use context::{PARAMETERS, Record};
use dispatch::{Answer, Flight};

pub(crate) use context::Context;
pub(crate) use leaving::Unwind;
pub(crate) use resume::{Wide, divert};
pub(crate) use shims::{C_FRAMES, C_RUNTIME, CXX_RUNTIME, KERNEL, NATIVE, NATIVE_64, ask_filter};
pub(crate) use walk::Edge;

/// How many exceptions may be raised by the handling of another before the call is given up.
const EXCEPTION_LIMIT: usize = 16;

/// Settles a trap at the gate that the driver came through.
pub(crate) fn settle(thread: &Thread, caller: &Caller, trap: Trap) -> ! {
    let edge = Edge::gate(caller);
    let resolved = {
        let from = edge.context().map_or(0, |context| context.rip);
        let _inside = thread.enter_shim(&raw const edge);
        resolve(thread, &edge, trap.at(from))
    };
    go_on(thread, resolved)
}

/// Settles the fault whose registers [`divert`] has kept.
fn settle_fault(thread: &Thread) -> ! {
    let wide = thread.wide.get();
    let resolved = {
        // SAFETY: written by the fault handler before it sent the thread here; faults from here on are not diverted.
        let context = Box::new(unsafe { (*thread.faulted.get()).clone() });
        let edge = Edge::fault(&raw const *context);
        let _inside = thread.enter_shim(&raw const edge);
        match thread.pending.take() {
            Some(fault) => resolve_fault(thread, &edge, &context, &fault),
            None => Err(Trap::exception(0)),
        }
    };
    match resolved {
        Ok(Resumed::There) => resume::resume_whole(thread, wide),
        Ok(Resumed::Elsewhere) => go_on(thread, Ok(())),
        Err(trap) => go_on(thread, Err(trap)),
    }
}

/// Where a driver that faulted goes on.
enum Resumed {
    /// At the fault, which a handler has mended.
    There,
    /// In a frame that took the exception.
    Elsewhere,
}

fn resolve_fault(
    thread: &Thread,
    edge: &Edge,
    context: &Context,
    fault: &opendriver_guard::Fault,
) -> Result<Resumed, Trap> {
    let code = status::floating_code(&context.floating);
    let Some(record) = status::record(fault, code) else {
        return Err(Trap::machine(fault));
    };
    match offer(thread.process(), thread, edge, record, context.clone()) {
        Ok(true) => Ok(Resumed::There),
        Ok(false) => Err(Trap::machine(fault)),
        Err(trap) => resolve(thread, edge, trap).map(|()| Resumed::Elsewhere),
    }
}

/// Finds out where the driver goes on; an error if not in its innermost call.
fn resolve(thread: &Thread, edge: &Edge, mut trap: Trap) -> Result<(), Trap> {
    for _ in 0..EXCEPTION_LIMIT {
        let exception = match trap {
            Trap::Unwind(unwind) if unwind.walk.frame == thread.frame().cast_const() => {
                resume::keep(thread, &unwind.walk.context);
                return Ok(());
            }
            Trap::Exception(exception) => exception,
            other => return Err(other),
        };
        let Ok(context) = edge.context() else {
            return Err(Trap::Exception(exception));
        };
        match offer(
            thread.process(),
            thread,
            edge,
            Record::from(&exception),
            context,
        ) {
            Ok(true) => return Ok(()),
            Ok(false) => {
                let fault = Trap::Exception(exception).into_fault();
                return Err(Trap::Fault(Box::new(fault)));
            }
            Err(next) => trap = next,
        }
    }
    Err(trap)
}

/// Offers an exception to the driver; true if it goes on with the registers that were kept.
fn offer(
    process: &Process,
    thread: &Thread,
    edge: &Edge,
    record: Record,
    context: Context,
) -> Result<bool, Trap> {
    let flight = Flight::new(record, context);
    match dispatch::offer(process, thread, edge, &flight)? {
        Answer::Continue => {
            resume::keep(thread, &flight.read_context());
            Ok(true)
        }
        Answer::Unhandled => Ok(false),
    }
}

/// Goes on in the driver, or ends its innermost call.
fn go_on(thread: &Thread, resolved: Result<(), Trap>) -> ! {
    match resolved {
        Ok(()) => resume::resume(thread),
        Err(trap) => leave_with(thread, trap),
    }
}

/// Ends the driver's innermost call.
fn leave_with(thread: &Thread, trap: Trap) -> ! {
    thread.set_trap(trap);
    // SAFETY: this thread's innermost frame; nothing between here and it owns anything.
    unsafe { enter::leave(thread.frame()) }
}

impl From<&Exception> for Record {
    fn from(exception: &Exception) -> Self {
        let count = exception.parameters.len().min(PARAMETERS);
        let mut record = Self {
            code: exception.code,
            flags: exception.flags,
            address: exception.address,
            count: count as u32,
            ..Self::default()
        };
        record.information[..count].copy_from_slice(&exception.parameters[..count]);
        record
    }
}
