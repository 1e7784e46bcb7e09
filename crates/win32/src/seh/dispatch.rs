//! Asks the driver who takes an exception: vectored handlers first, then frame by frame.

use std::cell::UnsafeCell;

use super::context::{Context, Dispatcher, Pointers, Record, disposition, flag};
use super::unwind::EXCEPTION_HANDLER;
use super::vectored::{self, Filter};
use super::walk::{Edge, Purpose, Step, Walk};
use crate::process::Process;
use crate::thread::Thread;
use crate::trap::{Exception, Trap};

/// `STATUS_NONCONTINUABLE_EXCEPTION`, `STATUS_INVALID_DISPOSITION`.
pub(super) const NONCONTINUABLE: u32 = 0xC000_0025;
pub(super) const INVALID_DISPOSITION: u32 = 0xC000_0026;

/// `EXCEPTION_CONTINUE_EXECUTION`, as filters and vectored handlers answer it.
pub(super) const CONTINUE: u32 = u32::MAX;

/// What became of an exception.
pub(super) enum Answer {
    /// The driver goes on with the registers as the handlers left them.
    Continue,
    /// Nobody took it.
    Unhandled,
}

/// What handlers may change while they run: the record and the registers.
pub(super) struct Flight {
    record: UnsafeCell<Record>,
    context: UnsafeCell<Context>,
    pointers: UnsafeCell<Pointers>,
}

impl Flight {
    pub(super) fn new(record: Record, context: Context) -> Box<Self> {
        let flight = Box::new(Self {
            record: UnsafeCell::new(record),
            context: UnsafeCell::new(context),
            pointers: UnsafeCell::new(Pointers {
                record: 0,
                context: 0,
            }),
        });
        let pointers = Pointers {
            record: flight.record(),
            context: flight.context(),
        };
        // SAFETY: nobody else knows the flight yet.
        unsafe { flight.pointers.get().write(pointers) };
        flight
    }

    pub(super) fn record(&self) -> u64 {
        self.record.get() as u64
    }

    pub(super) fn context(&self) -> u64 {
        self.context.get() as u64
    }

    fn pointers(&self) -> u64 {
        self.pointers.get() as u64
    }

    /// The registers as the handlers left them.
    pub(super) fn read_context(&self) -> Context {
        // SAFETY: no handler runs now, and none keeps a Rust reference.
        unsafe { (*self.context.get()).clone() }
    }

    fn flags(&self) -> u32 {
        // SAFETY: as in `read_context`.
        unsafe { (*self.record.get()).flags }
    }

    fn set_flags(&self, flags: u32) {
        // SAFETY: as in `read_context`.
        unsafe { (*self.record.get()).flags = flags };
    }
}

/// Offers an exception to the driver.
pub(super) fn offer(
    process: &Process,
    thread: &Thread,
    edge: &Edge,
    flight: &Flight,
) -> Result<Answer, Trap> {
    edge.set_purpose(Purpose::Callback);
    for handler in vectored::handlers(process, vectored::List::Exception) {
        let answer = process.call_nested(thread, handler, &[flight.pointers()])?;
        if answer as u32 == CONTINUE {
            return carry_on(process, thread, flight);
        }
    }
    match search(process, thread, edge, flight)? {
        Answer::Continue => carry_on(process, thread, flight),
        Answer::Unhandled => {
            edge.set_purpose(Purpose::Callback);
            let filter = process.state::<Filter>().address();
            if filter != 0 {
                let answer = process.call_nested(thread, filter, &[flight.pointers()])?;
                if answer as u32 == CONTINUE {
                    return Ok(Answer::Continue);
                }
            }
            Ok(Answer::Unhandled)
        }
    }
}

/// Tells the vectored continue handlers, then goes on.
fn carry_on(process: &Process, thread: &Thread, flight: &Flight) -> Result<Answer, Trap> {
    for handler in vectored::handlers(process, vectored::List::Continue) {
        let answer = process.call_nested(thread, handler, &[flight.pointers()])?;
        if answer as u32 == CONTINUE {
            break;
        }
    }
    Ok(Answer::Continue)
}

/// Asks the language handlers of the driver's frames, innermost first.
fn search(
    process: &Process,
    thread: &Thread,
    edge: &Edge,
    flight: &Flight,
) -> Result<Answer, Trap> {
    let dispatcher = Box::new(UnsafeCell::new(Dispatcher::default()));
    let caller_context = Box::new(UnsafeCell::new(Context::new()));
    let mut walk = Walk {
        context: flight.read_context(),
        frame: thread.frame(),
    };
    // Up to this frame the exception was raised while another one was being looked at.
    let mut nested = 0_u64;
    loop {
        // A broken stack is one on which nobody takes the exception.
        let Ok(step) = walk.step(process, EXCEPTION_HANDLER) else {
            return Ok(Answer::Unhandled);
        };
        let (mut state, next) = match step {
            Step::End => return Ok(Answer::Unhandled),
            Step::Leaf(caller) => {
                if !thread.is_stack(caller.context.rsp()) {
                    return Ok(Answer::Unhandled);
                }
                walk = caller;
                continue;
            }
            Step::Edge(_, Purpose::Unwind(leaving)) => {
                // SAFETY: the unwind keeps it while its handler runs, which is what the walk came out of.
                let leaving = unsafe { &*leaving };
                let Ok(Step::Function { caller, .. }) = leaving.walk.step(process, 0) else {
                    return Ok(Answer::Unhandled);
                };
                (leaving.dispatcher, caller)
            }
            Step::Edge(outer, purpose) => {
                if let Purpose::Search(establisher) = purpose {
                    flight.set_flags(flight.flags() | flag::NESTED_CALL);
                    nested = nested.max(establisher);
                }
                walk = outer;
                continue;
            }
            Step::Function {
                image,
                function,
                unwound,
                caller,
            } => {
                if !thread.is_stack(unwound.establisher) {
                    return Ok(Answer::Unhandled);
                }
                let Some((handler, data)) = unwound.handler else {
                    walk = caller;
                    continue;
                };
                let state = Dispatcher {
                    control: walk.context.rip,
                    image,
                    function,
                    establisher: unwound.establisher,
                    handler,
                    data,
                    ..Dispatcher::default()
                };
                (state, caller)
            }
        };
        state.context = caller_context.get() as u64;
        // SAFETY: no handler runs now, so nobody else looks at either.
        unsafe { caller_context.get().write(next.context.clone()) };
        // SAFETY: as above.
        unsafe { dispatcher.get().write(state) };
        edge.set_purpose(Purpose::Search(state.establisher));
        let arguments = [
            flight.record(),
            state.establisher,
            flight.context(),
            dispatcher.get() as u64,
        ];
        let answer = process.call_nested(thread, state.handler, &arguments)?;
        if nested == state.establisher {
            flight.set_flags(flight.flags() & !flag::NESTED_CALL);
            nested = 0;
        }
        match answer as u32 {
            disposition::CONTINUE_EXECUTION if flight.flags() & flag::NONCONTINUABLE != 0 => {
                return Err(Trap::Exception(Exception {
                    code: NONCONTINUABLE,
                    flags: flag::NONCONTINUABLE,
                    ..Exception::default()
                }));
            }
            disposition::CONTINUE_EXECUTION => return Ok(Answer::Continue),
            disposition::CONTINUE_SEARCH => {}
            disposition::NESTED_EXCEPTION => {
                flight.set_flags(flight.flags() | flag::NESTED_CALL);
                // SAFETY: the handler has returned.
                nested = nested.max(unsafe { (*dispatcher.get()).establisher });
            }
            _ => {
                return Err(Trap::Exception(Exception {
                    code: INVALID_DISPOSITION,
                    flags: flag::NONCONTINUABLE,
                    ..Exception::default()
                }));
            }
        }
        walk = next;
    }
}
