//! Unwinds the driver's stack to a frame: tells each frame on the way that it goes (`RtlUnwindEx`).

use std::cell::UnsafeCell;
use std::convert::Infallible;
use std::mem::offset_of;

use super::context::{Context, Dispatcher, RAX, Record, flag};
use super::jump;
use super::unwind::{Broken, UNWIND_HANDLER, Unwound};
use super::walk::{Edge, Leaving, Purpose, Step, Walk};
use crate::cx::Cx;
use crate::process::Process;
use crate::shim::Addr;
use crate::thread::Thread;
use crate::trap::{Exception, Trap};

/// `STATUS_UNWIND`, `STATUS_INVALID_UNWIND_TARGET`, `STATUS_UNWIND_CONSOLIDATE`.
pub(super) const UNWIND: u32 = 0xC000_0027;
pub(super) const INVALID_TARGET: u32 = 0xC000_0029;
pub(super) const CONSOLIDATE: u32 = 0x8000_0029;
/// `STATUS_LONGJUMP`.
pub(super) const LONG_JUMP: u32 = 0x8000_0026;

/// Where to unwind to.
pub(super) struct Target {
    /// The frame that stays, 0 for none.
    pub(super) frame: u64,
    /// Where execution goes on in it.
    pub(super) address: u64,
    /// What the result register holds there.
    pub(super) value: u64,
    /// The exception record to show to the handlers, 0 for one of ours.
    pub(super) record: u64,
}

/// Execution goes on in a frame of the driver further out.
#[derive(Debug)]
pub(crate) struct Unwind {
    pub(super) walk: Walk,
}

impl Unwind {
    /// The trap that goes on at a place.
    pub(super) fn to(walk: Walk) -> Trap {
        Trap::Unwind(Box::new(Self { walk }))
    }
}

impl From<Broken> for Trap {
    /// A stack that cannot be walked has no frame to unwind to.
    fn from(_: Broken) -> Self {
        invalid_target()
    }
}

fn invalid_target() -> Trap {
    Trap::Exception(Exception {
        code: INVALID_TARGET,
        flags: flag::NONCONTINUABLE,
        ..Exception::default()
    })
}

/// Tells whether a frame is among those of the thread, so that an unwind to it can succeed.
pub(super) fn is_reachable(process: &Process, thread: &Thread, target: u64) -> bool {
    let Ok(mut walk) = Walk::start(thread) else {
        return false;
    };
    loop {
        walk = match walk.step(process, 0) {
            Ok(Step::Function { unwound, .. }) if unwound.establisher == target => return true,
            Ok(Step::Function { unwound, .. }) if !thread.is_stack(unwound.establisher) => {
                return false;
            }
            Ok(Step::Leaf(caller)) if !thread.is_stack(caller.context.rsp()) => return false,
            Ok(Step::Function { caller, .. } | Step::Leaf(caller) | Step::Edge(caller, _)) => {
                caller
            }
            Ok(Step::End) | Err(Broken) => return false,
        };
    }
}

/// Unwinds from the caller of the shim that is running, and goes on at the target.
pub(super) fn unwind(cx: &Cx<'_>, target: &Target) -> Result<Infallible, Trap> {
    let Reached {
        mut walk,
        edge,
        record,
        ..
    } = reach(cx, target)?;
    walk.context.rip = target.address;
    restore(cx, edge, walk, record)
}

/// Goes on at a place, as the record of an unwind wants it: after some code, or with the registers of a jump buffer.
pub(super) fn restore(
    cx: &Cx<'_>,
    edge: &Edge,
    mut walk: Walk,
    record: u64,
) -> Result<Infallible, Trap> {
    let code: u32 = cx.read(Addr(record))?;
    let count: u32 = cx.read(Addr(record + offset_of!(Record, count) as u64))?;
    let first = Addr(record + offset_of!(Record, information) as u64);
    if code == CONSOLIDATE && count != 0 {
        let callback: u64 = cx.read(first)?;
        edge.set_purpose(Purpose::Consolidate(&raw const walk));
        walk.context.rip = cx.process().call_nested(cx.thread(), callback, &[record])?;
    } else if code == LONG_JUMP && count != 0 {
        jump::load(cx, Addr(cx.read(first)?), &mut walk.context)?;
    }
    Err(Unwind::to(walk))
}

/// The target of an unwind, when the frames on the way have been told.
pub(super) struct Reached<'a> {
    /// The place, with the registers that it will have.
    pub(super) walk: Walk,
    /// Where driver code was left for the shim that unwinds.
    pub(super) edge: &'a Edge,
    record: u64,
    // The record, if it is ours.
    _own: Box<UnsafeCell<Record>>,
}

/// Tells the frames from the caller of the shim that is running to the target that they go.
pub(super) fn reach<'a>(cx: &Cx<'a>, target: &Target) -> Result<Reached<'a>, Trap> {
    let (process, thread) = (cx.process(), cx.thread());
    // SAFETY: the thread's edge is that of the shim call that is going on.
    let edge = unsafe { thread.edge().as_ref() }.ok_or(Broken)?;
    let mut walk = Walk::start(thread)?;
    let own = Box::new(UnsafeCell::new(Record {
        code: UNWIND,
        address: walk.context.rip,
        ..Record::default()
    }));
    let record = if target.record == 0 {
        own.get()
    } else {
        target.record as *mut Record
    };
    let exit = if target.frame == 0 {
        flag::EXIT_UNWIND
    } else {
        0
    };
    let mut flags = read_flags(cx, record)? | flag::UNWINDING | exit;
    let live = Live::new();
    loop {
        let (image, function, unwound, caller, mut scope) =
            match walk.step(process, UNWIND_HANDLER)? {
                Step::End if exit != 0 => return Err(Trap::ExitThread(0)),
                Step::End => return Err(invalid_target()),
                Step::Leaf(caller) => {
                    check_stack(thread, caller.context.rsp())?;
                    walk = caller;
                    continue;
                }
                Step::Edge(_, Purpose::Unwind(leaving)) => {
                    // SAFETY: the other unwind keeps it while its handler runs, which is what the walk came out of.
                    let leaving = unsafe { &*leaving };
                    let state = leaving.dispatcher;
                    walk = leaving.walk.clone();
                    let Step::Function { caller, .. } = walk.step(process, 0)? else {
                        return Err(invalid_target());
                    };
                    flags |= flag::COLLIDED_UNWIND;
                    let unwound = Unwound {
                        establisher: state.establisher,
                        handler: Some((state.handler, state.data)),
                    };
                    (state.image, state.function, unwound, caller, state.scope)
                }
                Step::Edge(outer, _) => {
                    walk = outer;
                    continue;
                }
                Step::Function {
                    image,
                    function,
                    unwound,
                    caller,
                } => (image, function, unwound, caller, 0),
            };
        let establisher = unwound.establisher;
        check_stack(thread, establisher)?;
        let is_target = establisher == target.frame;
        if exit == 0 && establisher > target.frame {
            return Err(invalid_target());
        }
        if let Some((handler, data)) = unwound.handler {
            let targeting = if is_target { flag::TARGET_UNWIND } else { 0 };
            write_flags(cx, record, flags | targeting)?;
            walk.context.registers[RAX] = target.value;
            live.set(
                &walk,
                Dispatcher {
                    control: walk.context.rip,
                    image,
                    function,
                    establisher,
                    target: target.address,
                    handler,
                    data,
                    scope: std::mem::take(&mut scope),
                    ..Dispatcher::default()
                },
            );
            live.tell(process, thread, edge, record as u64)?;
            walk.context = live.context();
            flags &= !flag::COLLIDED_UNWIND;
        }
        if is_target {
            break;
        }
        walk = caller;
    }
    write_flags(cx, record, flags)?;
    walk.context.registers[RAX] = target.value;
    Ok(Reached {
        walk,
        edge,
        record: record as u64,
        _own: own,
    })
}

/// The state that a handler sees and may change, and that another unwind finds if it comes out of the handler.
struct Live {
    leaving: Box<UnsafeCell<Leaving>>,
}

impl Live {
    fn new() -> Self {
        let walk = Walk {
            context: Context::new(),
            frame: std::ptr::null(),
        };
        Self {
            leaving: Box::new(UnsafeCell::new(Leaving {
                dispatcher: Dispatcher::default(),
                walk,
            })),
        }
    }

    fn set(&self, walk: &Walk, mut dispatcher: Dispatcher) {
        let leaving = self.leaving.get();
        // SAFETY: the box is ours; only the address is taken.
        dispatcher.context = unsafe { &raw mut (*leaving).walk.context } as u64;
        // SAFETY: no handler runs now, so nobody else looks.
        unsafe {
            leaving.write(Leaving {
                dispatcher,
                walk: walk.clone(),
            })
        };
    }

    /// The registers as the handler left them.
    fn context(&self) -> Context {
        // SAFETY: no handler runs now.
        unsafe { (*self.leaving.get()).walk.context.clone() }
    }

    /// Calls the handler.
    fn tell(
        &self,
        process: &Process,
        thread: &Thread,
        edge: &Edge,
        record: u64,
    ) -> Result<(), Trap> {
        let leaving = self.leaving.get();
        edge.set_purpose(Purpose::Unwind(leaving));
        // SAFETY: no handler runs yet.
        let state = unsafe { (*leaving).dispatcher };
        // SAFETY: the box is ours; only the address is taken.
        let dispatcher = unsafe { &raw mut (*leaving).dispatcher } as u64;
        let arguments = [record, state.establisher, state.context, dispatcher];
        process.call_nested(thread, state.handler, &arguments)?;
        edge.set_purpose(Purpose::Callback);
        Ok(())
    }
}

fn check_stack(thread: &Thread, address: u64) -> Result<(), Trap> {
    if thread.is_stack(address) {
        Ok(())
    } else {
        Err(invalid_target())
    }
}

fn read_flags(cx: &Cx<'_>, record: *const Record) -> Result<u32, Trap> {
    cx.read(Addr(record as u64 + 4))
}

fn write_flags(cx: &Cx<'_>, record: *const Record, flags: u32) -> Result<(), Trap> {
    cx.write(Addr(record as u64 + 4), flags)
}
