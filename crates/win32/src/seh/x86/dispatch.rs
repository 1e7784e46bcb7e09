//! Asks the driver who takes an exception: vectored handlers first, then the list of handlers, then the filter for the rest.

use std::cell::Cell;

use super::chain::{self, Below, Entry, Ours};
use super::context::{CONTEXT_BYTES, Context, RECORD_BYTES, RECORD_FLAGS, Record};
use super::cxx;
use crate::cx::Cx;
use crate::seh::context::{disposition, flag};
use crate::seh::dispatch::{Answer, CONTINUE, INVALID_DISPOSITION, NONCONTINUABLE};
use crate::seh::vectored::{self, Filter, List};
use crate::seh::walk::Edge;
use crate::shim::Addr;
use crate::trap::{Exception, Trap};

/// An exception on its way, where handlers see and may change it: on the driver's stack.
#[derive(Clone, Copy)]
struct Flight {
    record: u32,
    context: u32,
    pointers: u32,
    /// A word that handlers write to.
    dispatcher: u32,
}

/// Bytes of all of that.
const FLIGHT_BYTES: u32 = CONTEXT_BYTES + RECORD_BYTES + 12;

/// How many exceptions may be on their way while others are looked at before the innermost one counts as nobody's.
const DEEPEST: u32 = 64;

/// How many exceptions are on their way on a thread.
#[derive(Default)]
struct Depth(Cell<u32>);

/// Offers an exception to the driver; the registers that come back are those with which it goes on.
pub(super) fn offer(
    cx: &mut Cx<'_>,
    edge: &Edge,
    record: &Record,
    context: &Context,
) -> Result<Option<Context>, Trap> {
    let depth = cx.thread().state::<Depth>();
    let before = depth.0.get();
    // On a stack of the driver's own making there are no handlers, as on Windows.
    let is_ours = cx.thread().is_stack(Below::new(edge).stack().into());
    if before == DEEPEST || !is_ours {
        return Ok(None);
    }
    depth.0.set(before + 1);
    let answer = show(cx, edge, record, context);
    depth.0.set(before);
    answer
}

/// Puts an exception where handlers see it, and asks them.
fn show(
    cx: &mut Cx<'_>,
    edge: &Edge,
    record: &Record,
    context: &Context,
) -> Result<Option<Context>, Trap> {
    let below = Below::new(edge);
    below.with(cx, FLIGHT_BYTES, |cx, at| {
        let flight = Flight {
            context: at,
            record: at + CONTEXT_BYTES,
            pointers: at + CONTEXT_BYTES + RECORD_BYTES,
            dispatcher: at + CONTEXT_BYTES + RECORD_BYTES + 8,
        };
        context.write(cx, Addr(flight.context.into()))?;
        record.write(cx, Addr(flight.record.into()))?;
        cx.write(Addr(flight.pointers.into()), flight.record)?;
        cx.write(Addr(u64::from(flight.pointers) + 4), flight.context)?;
        match ask(cx, below, flight)? {
            Answer::Continue => Context::read(cx, Addr(flight.context.into())).map(Some),
            Answer::Unhandled => Ok(None),
        }
    })
}

fn ask(cx: &mut Cx<'_>, below: Below<'_>, flight: Flight) -> Result<Answer, Trap> {
    for handler in vectored::handlers(cx.process(), List::Exception) {
        if is_continue(cx, handler, flight)? {
            return carry_on(cx, flight);
        }
    }
    match search(cx, below, flight)? {
        Found::Continue => carry_on(cx, flight),
        Found::Broken => Ok(Answer::Unhandled),
        Found::Nobody => {
            let filter = cx.process().state::<Filter>().address();
            if filter != 0 && is_continue(cx, filter, flight)? {
                return Ok(Answer::Continue);
            }
            Ok(Answer::Unhandled)
        }
    }
}

/// Calls a handler that is given pointers to both, and tells whether execution is to go on.
fn is_continue(cx: &mut Cx<'_>, handler: u64, flight: Flight) -> Result<bool, Trap> {
    let answer = cx.call(Addr(handler), &[flight.pointers.into()])?;
    Ok(answer as u32 == CONTINUE)
}

/// Tells the vectored continue handlers, then goes on.
fn carry_on(cx: &mut Cx<'_>, flight: Flight) -> Result<Answer, Trap> {
    for handler in vectored::handlers(cx.process(), List::Continue) {
        if is_continue(cx, handler, flight)? {
            break;
        }
    }
    Ok(Answer::Continue)
}

/// What came of asking the list.
enum Found {
    /// Somebody has mended it.
    Continue,
    /// Nobody takes it.
    Nobody,
    /// The list leads nowhere.
    Broken,
}

/// Asks the handlers of the list, innermost first.
fn search(cx: &mut Cx<'_>, below: Below<'_>, flight: Flight) -> Result<Found, Trap> {
    let floor = below.stack();
    let mut at = chain::head(cx.thread());
    // Up to this entry the exception was raised while another one was being looked at.
    let mut nested = 0_u32;
    let mut count = 0;
    while at != chain::END {
        count += 1;
        let Some(entry) = Entry::read(cx, at, floor).filter(|_| count < chain::LONGEST) else {
            return Ok(Found::Broken);
        };
        let answer = match entry.ours(cx) {
            Some(Ours::Asking(asked)) => {
                cx.write(Addr(flight.dispatcher.into()), asked)?;
                disposition::NESTED_EXCEPTION
            }
            Some(Ours::Telling(_) | Ours::Terminating { .. }) => disposition::CONTINUE_SEARCH,
            Some(Ours::Catching {
                frame,
                tables,
                states,
                ..
            }) => {
                let block = cxx::Within {
                    entry: at,
                    frame,
                    tables,
                    states,
                };
                cxx::look_inside(cx, below, &block, flight.record)?;
                disposition::CONTINUE_SEARCH
            }
            None => {
                let arguments = [flight.record, at, flight.context, flight.dispatcher];
                let arguments = arguments.map(u64::from);
                below.call(cx, Ours::Asking(at), entry.handler, &arguments)? as u32
            }
        };
        let flags_at = Addr((flight.record + RECORD_FLAGS).into());
        let mut flags = cx.read::<u32>(flags_at)?;
        if nested == at {
            flags &= !flag::NESTED_CALL;
            nested = 0;
        }
        match answer {
            disposition::CONTINUE_EXECUTION if flags & flag::NONCONTINUABLE != 0 => {
                return Err(follow(NONCONTINUABLE));
            }
            disposition::CONTINUE_EXECUTION => return Ok(Found::Continue),
            disposition::CONTINUE_SEARCH => {}
            disposition::NESTED_EXCEPTION => {
                flags |= flag::NESTED_CALL;
                nested = nested.max(cx.read(Addr(flight.dispatcher.into()))?);
            }
            _ => return Err(follow(INVALID_DISPOSITION)),
        }
        cx.write(flags_at, flags)?;
        at = entry.next;
    }
    Ok(Found::Nobody)
}

/// The exception that follows when the handling of another one goes wrong.
pub(super) fn follow(code: u32) -> Trap {
    Trap::Exception(Exception {
        code,
        flags: flag::NONCONTINUABLE,
        ..Exception::default()
    })
}
