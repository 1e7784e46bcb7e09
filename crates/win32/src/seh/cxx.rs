//! C++ exceptions of Microsoft's ABI: `_CxxThrowException` and the frame handler that the compiler names in its tables.
//!
//! The format is the one that compilers other than Microsoft's write too (LLVM's `WinException.cpp` is the public
//! description). A `catch` block is a function of its own that runs while the frames below it are still there, for the
//! exception object lives in one of them; the unwind is therefore of the consolidating kind.

mod tables;
pub(super) mod types;

use std::cell::RefCell;
use std::convert::Infallible;

use super::context::{Dispatcher, Record, disposition, flag};
use super::leaving::{self, CONSOLIDATE, LONG_JUMP, Target};
use super::walk::Purpose;
use crate::cx::Cx;
use crate::shim::Addr;
use crate::trap::{Exception, Trap};

use tables::{Frame, Function, Help};
use types::Thrown;

/// The exception code of a C++ exception: `msc` and a flag.
pub(super) const CODE: u32 = 0xE06D_7363;
/// The first parameter of such an exception.
pub(super) const MAGIC: u64 = 0x1993_0520;

/// The exceptions that `catch` blocks of a thread are handling, innermost last.
#[derive(Default)]
pub(super) struct Caught {
    blocks: RefCell<Vec<Handling>>,
}

/// An exception in the hands of a `catch` block.
#[derive(Clone, Copy)]
struct Handling {
    thrown: Thrown,
    /// The frame that the block was reached in; the block is over when that frame, or one further out, goes on.
    frame: u64,
}

impl Caught {
    fn innermost(&self) -> Option<Thrown> {
        self.blocks.borrow().last().map(|handling| handling.thrown)
    }

    /// Begins a block, and answers what [`end`](Self::end) wants to know.
    pub(super) fn begin(&self, thrown: Option<Thrown>, frame: u64) -> usize {
        let mut blocks = self.blocks.borrow_mut();
        let depth = blocks.len();
        blocks.extend(thrown.map(|thrown| Handling { thrown, frame }));
        depth
    }

    /// Ends a block and those inside of it.
    pub(super) fn end(&self, depth: usize) {
        self.blocks.borrow_mut().truncate(depth);
    }

    /// Ends the blocks that an unwind to this frame has left; their objects go, but for the one that is on its way.
    pub(super) fn abandon(
        &self,
        cx: &mut Cx<'_>,
        frame: u64,
        thrown: Option<Thrown>,
    ) -> Result<(), Trap> {
        loop {
            // A destructor may throw and catch in its turn, so nothing stays borrowed here.
            let last = self.blocks.borrow_mut().pop_if(|last| frame >= last.frame);
            match last {
                Some(last) => self.destroy(cx, last.thrown, thrown)?,
                None => return Ok(()),
            }
        }
    }

    /// Destroys an object that nobody handles any more.
    pub(super) fn destroy(
        &self,
        cx: &mut Cx<'_>,
        old: Thrown,
        kept: Option<Thrown>,
    ) -> Result<(), Trap> {
        let blocks = self.blocks.borrow();
        let mut others = blocks.iter().map(|handling| handling.thrown).chain(kept);
        let is_in_use = others.any(|other| other.object == old.object);
        drop(blocks);
        if is_in_use { Ok(()) } else { old.destroy(cx) }
    }
}

/// Throws an object; without one, throws again what is being handled.
pub(super) fn throw(cx: &Cx<'_>, object: u64, info: u64) -> Result<Infallible, Trap> {
    // The tables of 32 bits hold addresses, those of 64 bits offsets in an image.
    let is_wide = cx.pointer_size() == 8;
    let thrown = if info == 0 {
        let caught = cx.thread().state::<Caught>();
        caught
            .innermost()
            .ok_or_else(|| Trap::exit("terminate", 3))?
    } else {
        let image = cx.process().images().by_address(info);
        Thrown {
            object,
            info,
            image: image.filter(|_| is_wide).map_or(0, |image| image.base()),
        }
    };
    let mut parameters = vec![MAGIC, thrown.object, thrown.info];
    parameters.extend(is_wide.then_some(thrown.image));
    Err(Trap::Exception(Exception {
        code: CODE,
        flags: flag::NONCONTINUABLE,
        address: 0,
        parameters,
    }))
}

/// Looks for a `catch` block of a frame, or destroys the frame's objects.
pub(super) fn handle(
    cx: &mut Cx<'_>,
    record: Addr,
    frame: u64,
    dispatcher: &Dispatcher,
) -> Result<u32, Trap> {
    let function = Function::read(cx, dispatcher)?;
    let frame = Frame::new(cx, &function, frame, dispatcher)?;
    let record = read_record(cx, record)?;
    if record.flags & (flag::UNWINDING | flag::EXIT_UNWIND) == 0 {
        search(cx, &function, &frame, &record)?;
    } else if function.states != 0 {
        let is_target = record.flags & flag::TARGET_UNWIND != 0;
        let (state, base) = if is_target && record.code == CONSOLIDATE {
            (record.information[3] as i32, record.information[1])
        } else if is_target && record.code == LONG_JUMP {
            (function.state_at(cx, dispatcher.target)?, frame.parent)
        } else {
            (frame.state_around(), frame.parent)
        };
        leave(cx, &function, base, frame.control, state)?;
    }
    Ok(disposition::CONTINUE_SEARCH)
}

/// Runs the `catch` block that takes the exception, if the frame has one; then it does not come back.
fn search(
    cx: &mut Cx<'_>,
    function: &Function,
    frame: &Frame,
    record: &Record,
) -> Result<(), Trap> {
    if function.tries == 0 {
        return Ok(());
    }
    let before = function.help(cx, frame.parent)?;
    // What is looked at in a catch block counts for the function around it too, whose instruction is still that in its try block.
    let mut state = function.state_at(cx, frame.control)?;
    if state > before.around {
        let help = Help {
            state,
            around: state,
        };
        function.set_help(cx, frame.parent, help)?;
    } else {
        state = before.around;
    }
    let is_ours = record.code == CODE && record.count >= 4 && record.information[0] & !3 == MAGIC;
    let thrown = is_ours.then(|| Thrown::of(record));
    for index in 0..function.tries {
        let block = function.try_block(cx, index)?;
        if !frame.has(&block) || !(block.low..=block.high).contains(&state) {
            continue;
        }
        for index in 0..block.catches {
            let clause = block.clause(cx, function, index)?.clause;
            let Some(conversion) = types::convert(cx, &clause, thrown.as_ref(), false)? else {
                continue;
            };
            conversion.place(cx, &clause, frame.parent)?;
            let target = Catch {
                function: function.image.wrapping_add(clause.handler),
                frame: frame.parent,
                own: frame.own,
                state: block.low,
                thrown,
                after: if frame.is_catch_block() {
                    before
                } else {
                    Help::NOTHING
                },
            };
            match catch(cx, function, &target)? {}
        }
    }
    Ok(())
}

/// A `catch` block to run.
struct Catch {
    function: u64,
    /// The frame of the function that the block belongs to.
    frame: u64,
    /// The frame whose handler was asked: that one, or that of a `catch` block in it.
    own: u64,
    /// The state in which the block begins.
    state: i32,
    thrown: Option<Thrown>,
    /// What the frame shall keep when the block is over.
    after: Help,
}

/// Unwinds to the frame, runs the block, and goes on where it says.
fn catch(cx: &mut Cx<'_>, function: &Function, block: &Catch) -> Result<Infallible, Trap> {
    let mut record = Record {
        code: CONSOLIDATE,
        flags: flag::NONCONTINUABLE,
        count: 4,
        ..Record::default()
    };
    record.information[1] = block.frame;
    record.information[2] = block.function;
    record.information[3] = block.state as u32 as u64;
    let record = Box::new(record);
    let target = Target {
        frame: block.own,
        address: 0,
        value: 0,
        record: &raw const *record as u64,
    };
    let reached = leaving::reach(cx, &target)?;
    let mut walk = reached.walk;
    let caught = cx.thread().state::<Caught>();
    caught.abandon(cx, block.own, block.thrown)?;
    let depth = caught.begin(block.thrown, block.own);
    reached
        .edge
        .set_purpose(Purpose::Consolidate(&raw const walk));
    let went = cx
        .process()
        .call_nested(cx.thread(), block.function, &[0, block.frame]);
    reached.edge.set_purpose(Purpose::Callback);
    caught.end(depth);
    let on = went?;
    if let Some(thrown) = block.thrown {
        caught.destroy(cx, thrown, None)?;
    }
    function.set_help(cx, block.frame, block.after)?;
    walk.context.rip = on;
    Err(leaving::Unwind::to(walk))
}

/// Destroys the objects of a frame, from its state to the given one.
fn leave(
    cx: &mut Cx<'_>,
    function: &Function,
    frame: u64,
    control: u64,
    state: i32,
) -> Result<(), Trap> {
    let help = function.help(cx, frame)?;
    let mut now = if help.state == tables::UNSET {
        function.state_at(cx, control)?
    } else {
        help.state
    };
    while now != state && now > tables::EMPTY {
        let step = function.unwind_step(cx, now)?;
        now = step.next;
        function.set_state(cx, frame, now)?;
        if step.action != 0 {
            cx.call(Addr(function.image.wrapping_add(step.action)), &[0, frame])?;
        }
    }
    function.set_state(cx, frame, now)
}

fn read_record(cx: &Cx<'_>, at: Addr) -> Result<Record, Trap> {
    let mut words = [0_u64; size_of::<Record>() / 8];
    for (index, word) in words.iter_mut().enumerate() {
        *word = cx.read(at.offset(8 * index as u64))?;
    }
    let [first, record, address, count, information @ ..] = words;
    Ok(Record {
        code: first as u32,
        flags: (first >> 32) as u32,
        record,
        address,
        count: count as u32,
        unused: 0,
        information,
    })
}
