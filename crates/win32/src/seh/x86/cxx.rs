//! C++ exceptions of Microsoft's ABI in 32-bit code: `__CxxFrameHandler` and what it calls.
//!
//! A function has one entry in the list of handlers, with its state behind it; `catch` blocks and destructors are pieces of the
//! function itself, called with its `ebp`. What is thrown, and which clause takes it, is as in 64 bits.

use std::convert::Infallible;

use super::chain::{self, Below, Ours};
use super::context::{Context, Record};
use super::tables::{Function, TryBlock};
use super::unwind::{self, Target};
use super::{Landing, owner};
use crate::cx::Cx;
use crate::seh::context::{disposition, flag};
use crate::seh::cxx::types::{self, Thrown};
use crate::seh::cxx::{CODE, Caught, MAGIC};
use crate::shim::Addr;
use crate::trap::Trap;

/// Where the words lie, seen from the entry: where the stack of the function ends, the state, and what its `ebp` points at.
const STACK: u32 = 4u32.wrapping_neg();
const STATE: u32 = 8;
const FRAME: u32 = 12;

/// The state in which a function has nothing to destroy.
pub(super) const EMPTY: i32 = -1;

/// `STATUS_BREAKPOINT`, which nobody is to catch by accident.
const BREAKPOINT: u32 = 0x8000_0003;

/// A `catch` block that runs, which an exception comes out of.
pub(super) struct Within {
    /// Its entry in the list.
    pub(super) entry: u32,
    /// That of its function.
    pub(super) frame: u32,
    pub(super) tables: u32,
    /// The last states of its `try` block, and of the blocks that catch for that.
    pub(super) states: (u32, u32),
}

impl Within {
    /// Whether a `try` block stands in this one.
    fn has(&self, block: &TryBlock) -> bool {
        let (high, catch_high) = self.states;
        block.low > high as i32 && block.high <= catch_high as i32
    }
}

/// Looks for a `catch` block of a frame, or destroys the frame's objects.
pub(super) fn handle(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    tables: u32,
    record: u32,
    frame: u32,
) -> Result<u32, Trap> {
    let function = Function::read(cx, tables)?;
    let seen = Record::read(cx, Addr(record.into()))?;
    if seen.flags & (flag::UNWINDING | flag::EXIT_UNWIND) == 0 {
        search(cx, below, &function, record, &seen, frame, None)?;
    } else if function.states != 0 {
        leave(cx, &function, frame, EMPTY)?;
    }
    Ok(disposition::CONTINUE_SEARCH)
}

/// Looks for a `catch` block inside of one that runs.
pub(super) fn look_inside(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    block: &Within,
    record: u32,
) -> Result<(), Trap> {
    let function = Function::read(cx, block.tables)?;
    let seen = Record::read(cx, Addr(record.into()))?;
    search(
        cx,
        below,
        &function,
        record,
        &seen,
        block.frame,
        Some(block),
    )
}

/// Runs the `catch` block that takes the exception, if there is one; then it does not come back.
fn search(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    function: &Function,
    record: u32,
    seen: &Record,
    frame: u32,
    within: Option<&Within>,
) -> Result<(), Trap> {
    let state = cx.read::<i32>(at(frame, STATE))?;
    let is_ours =
        seen.code == CODE && seen.count >= 3 && u64::from(seen.information[0] & !3) == MAGIC;
    let thrown = is_ours.then(|| Thrown {
        object: seen.information[1].into(),
        info: seen.information[2].into(),
        image: 0,
    });
    let is_foreign = thrown.is_none() && seen.code != BREAKPOINT && function.takes_foreign;
    for index in 0..function.tries {
        let block = function.try_block(cx, index)?;
        let is_here = within.is_none_or(|within| within.has(&block));
        if !is_here || !(block.low..=block.high).contains(&state) {
            continue;
        }
        for index in 0..block.catches {
            let clause = block.clause(cx, index)?;
            let found = types::convert(cx, &clause, thrown.as_ref(), is_foreign)?;
            let Some(conversion) = found else {
                continue;
            };
            conversion.place(cx, &clause, frame.wrapping_add(FRAME).into())?;
            let catch = Catch {
                function: clause.handler as u32,
                frame,
                entry: within.map_or(frame, |within| within.entry),
                thrown,
                record,
            };
            match run(cx, below, function, &block, &catch)? {}
        }
    }
    Ok(())
}

/// A `catch` block to run.
struct Catch {
    function: u32,
    /// The entry of its function.
    frame: u32,
    /// The entry that was asked: that one, or that of a `catch` block in it.
    entry: u32,
    thrown: Option<Thrown>,
    record: u32,
}

/// Unwinds to the frame, runs the block, and goes on where it says.
fn run(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    function: &Function,
    block: &TryBlock,
    catch: &Catch,
) -> Result<Infallible, Trap> {
    let frame = catch.frame;
    let target = Target {
        entry: catch.entry,
        record: catch.record,
    };
    unwind::unwind(cx, below, &target, &Context::new())?;
    let caught = cx.thread().state::<Caught>();
    caught.abandon(cx, catch.entry.into(), catch.thrown)?;
    leave(cx, function, frame, block.low)?;
    cx.write(at(frame, STATE), block.high.wrapping_add(1))?;
    let depth = caught.begin(catch.thrown, catch.entry.into());
    let stack: u32 = cx.read(at(frame, STACK))?;
    let entry = Ours::Catching {
        frame,
        tables: function.tables,
        states: (block.high as u32, block.catch_high as u32),
        stack,
    };
    let went = below.call_with(cx, entry, catch.function, frame.wrapping_add(FRAME));
    caught.end(depth);
    let on = went? as u32;
    restore_stack(cx, frame, stack)?;
    if let Some(thrown) = catch.thrown {
        caught.destroy(cx, thrown, None)?;
    }
    let context = Context {
        eip: on,
        ebp: frame.wrapping_add(FRAME),
        esp: stack,
        ..Context::new()
    };
    Err(Landing::to(context, owner(cx.thread(), stack)))
}

/// Puts back where the stack of a function ends, when a `catch` block of it is over.
pub(super) fn restore_stack(cx: &Cx<'_>, frame: u32, stack: u32) -> Result<(), Trap> {
    cx.write(at(frame, STACK), stack)
}

/// Destroys the objects of a frame, from its state to the given one.
pub(super) fn leave(
    cx: &mut Cx<'_>,
    function: &Function,
    frame: u32,
    state: i32,
) -> Result<(), Trap> {
    let mut now = cx.read::<i32>(at(frame, STATE))?;
    while now != state && now > EMPTY {
        let step = function.unwind_step(cx, now)?;
        now = step.next;
        cx.write(at(frame, STATE), now)?;
        if step.action != 0 {
            chain::call_with(cx, step.action, 0, frame.wrapping_add(FRAME), &[])?;
        }
    }
    cx.write(at(frame, STATE), now)
}

fn at(entry: u32, offset: u32) -> Addr {
    Addr(entry.wrapping_add(offset).into())
}
