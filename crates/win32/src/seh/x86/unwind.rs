//! Takes entries from the list of handlers, up to one that stays, and tells each that its frame goes (`RtlUnwind`).

use super::chain::{self, Below, Entry, Ours};
use super::context::{CONTEXT_BYTES, Context, RECORD_BYTES, RECORD_FLAGS, Record};
use super::cxx;
use super::dispatch::follow;
use super::scopes;
use crate::cx::Cx;
use crate::seh::context::{disposition, flag};
use crate::seh::dispatch::INVALID_DISPOSITION;
use crate::seh::leaving::{INVALID_TARGET, UNWIND};
use crate::shim::Addr;
use crate::trap::Trap;

/// `STATUS_BAD_STACK`.
const BAD_STACK: u32 = 0xC000_0028;
/// `ExceptionCollidedUnwind`: the handler was left by another unwind.
const COLLIDED: u32 = 3;

/// What to unwind.
pub(super) struct Target {
    /// The entry that stays; 0 for none, the end of the list for all.
    pub(super) entry: u32,
    /// The exception record to show to the handlers, 0 for one of ours.
    pub(super) record: u32,
}

/// Unwinds; the handlers see these registers.
pub(super) fn unwind(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    target: &Target,
    context: &Context,
) -> Result<(), Trap> {
    below.with(cx, CONTEXT_BYTES + RECORD_BYTES + 4, |cx, at| {
        context.write(cx, Addr(at.into()))?;
        let record = if target.record == 0 {
            let record = at + CONTEXT_BYTES;
            let own = Record {
                code: UNWIND,
                address: context.eip,
                ..Record::default()
            };
            own.write(cx, Addr(record.into()))?;
            record
        } else {
            target.record
        };
        let flags_at = Addr(record.wrapping_add(RECORD_FLAGS).into());
        let exit = if target.entry == 0 {
            flag::EXIT_UNWIND
        } else {
            0
        };
        let flags = cx.read::<u32>(flags_at)? | flag::UNWINDING | exit;
        cx.write(flags_at, flags)?;
        let seen = Seen {
            record,
            context: at,
            dispatcher: at + CONTEXT_BYTES + RECORD_BYTES,
        };
        tell_all(cx, below, target.entry, seen)?;
        if exit != 0 {
            return Err(Trap::ExitThread(0));
        }
        Ok(())
    })
}

/// What the handlers see.
#[derive(Clone, Copy)]
struct Seen {
    record: u32,
    context: u32,
    /// A word that they write to.
    dispatcher: u32,
}

fn tell_all(cx: &mut Cx<'_>, below: Below<'_>, target: u32, seen: Seen) -> Result<(), Trap> {
    let mut at = chain::head(cx.thread());
    let mut count = 0;
    while at != chain::END && at != target {
        count += 1;
        if target != 0 && target < at || count == chain::LONGEST {
            return Err(follow(INVALID_TARGET));
        }
        let mut entry = Entry::read(cx, at, 0).ok_or_else(|| follow(BAD_STACK))?;
        match tell(cx, below, &entry, seen)? {
            Told::Gone => {}
            // Another unwind was about to leave that frame and those inside of it.
            Told::Collided(other) => {
                entry = Entry::read(cx, other, at).ok_or_else(|| follow(BAD_STACK))?;
            }
        }
        at = entry.next;
        chain::set_head(cx.thread(), at);
    }
    if at != target && target != 0 {
        return Err(follow(INVALID_TARGET));
    }
    Ok(())
}

/// What came of telling an entry.
enum Told {
    Gone,
    /// This entry, further out, was being told by an unwind that is over now.
    Collided(u32),
}

fn tell(cx: &mut Cx<'_>, below: Below<'_>, entry: &Entry, seen: Seen) -> Result<Told, Trap> {
    match entry.ours(cx) {
        Some(Ours::Asking(_)) => Ok(Told::Gone),
        Some(Ours::Catching { frame, stack, .. }) => {
            cxx::restore_stack(cx, frame, stack)?;
            Ok(Told::Gone)
        }
        Some(Ours::Telling(frame)) => Ok(Told::Collided(frame)),
        Some(Ours::Terminating {
            frame,
            stop,
            cookie,
        }) => {
            // One of the termination handlers was left; the others still have their turn.
            scopes::terminate(cx, below, frame, stop, scopes::Form::of_cookie(cookie))?;
            Ok(Told::Gone)
        }
        None => {
            let arguments = [seen.record, entry.at, seen.context, seen.dispatcher];
            let arguments = arguments.map(u64::from);
            let answer = below.call(cx, Ours::Telling(entry.at), entry.handler, &arguments)?;
            match answer as u32 {
                disposition::CONTINUE_SEARCH => Ok(Told::Gone),
                COLLIDED => Ok(Told::Collided(cx.read(Addr(seen.dispatcher.into()))?)),
                _ => Err(follow(INVALID_DISPOSITION)),
            }
        }
    }
}
