//! Walks the driver's frames of a thread outwards, across our own frames between them.
//!
//! Driver code calls a shim, the shim calls driver code again: on the one stack of the thread, frames of theirs and of ours
//! take turns. Where driver code was left, an [`Edge`] keeps its registers; a walk that comes to the beginning of a call
//! into the driver goes on at the edge from which that call was made.

use std::cell::Cell;

use super::context::{Context, Dispatcher, R8, R12, RBP, RBX, RCX, RDI, RDX, RSI, RSP};
use super::table;
use super::unwind::{self, Broken, Unwound, word};
use super::x86::Context as ContextX86;
use crate::enter::{self, Frame};
use crate::gate::Caller;
use crate::process::Process;
use crate::thread::Thread;
use crate::x86;

/// Where driver code was left for ours, and why ours calls driver code again.
#[derive(Debug)]
pub(crate) struct Edge {
    origin: Origin,
    purpose: Cell<Purpose>,
    /// Where the 32-bit driver's stack ends, 0 for where it ended when it was left.
    low_stack: Cell<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Origin {
    /// It called a shim.
    Gate(*const Caller),
    /// It called a shim, in 32-bit code.
    GateX86(*const x86::Caller),
    /// It faulted.
    Fault(*const Context),
    /// It faulted, in 32-bit code.
    FaultX86(*const ContextX86),
}

/// Why ours calls driver code.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// A callback of a shim.
    Callback,
    /// A language handler, asked about an exception on behalf of this frame.
    Search(u64),
    /// A language handler, told that its frame goes.
    Unwind(*const Leaving),
    /// The code that takes an exception before the frames below it go: it runs as if called from there.
    Consolidate(*const Walk),
}

/// The frame that an unwind is about to leave while its handler runs.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) dispatcher: Dispatcher,
    pub(super) walk: Walk,
}

impl Edge {
    /// The edge of a shim call.
    pub(crate) fn gate(caller: &Caller) -> Self {
        Self::new(Origin::Gate(caller))
    }

    /// The edge of a shim call of 32-bit code.
    pub(crate) fn gate_x86(caller: &x86::Caller) -> Self {
        Self::new(Origin::GateX86(caller))
    }

    /// The edge of a fault of 32-bit code; the registers must stay as long as the edge does.
    pub(super) fn fault_x86(context: *const ContextX86) -> Self {
        Self::new(Origin::FaultX86(context))
    }

    /// Where the 32-bit driver's stack ends there; none for other edges.
    pub(crate) fn low_stack(&self) -> Option<u32> {
        let left = match self.origin {
            // SAFETY: an edge lives no longer than the shim call that it stands for.
            Origin::GateX86(caller) => unsafe { (*caller).entry_stack },
            // SAFETY: an edge lives no longer than the fault that it stands for.
            Origin::FaultX86(context) => unsafe { (*context).esp },
            Origin::Gate(_) | Origin::Fault(_) => return None,
        };
        match self.low_stack.get() {
            0 => Some(left),
            lowered => Some(lowered),
        }
    }

    /// Moves the end of the 32-bit driver's stack, for what is put there.
    pub(super) fn set_low_stack(&self, stack: u32) {
        self.low_stack.set(stack);
    }

    /// The registers of the 32-bit caller of a shim; none for other edges.
    pub(super) fn caller_x86(&self) -> Option<&x86::Caller> {
        match self.origin {
            // SAFETY: an edge lives no longer than the shim call that it stands for.
            Origin::GateX86(caller) => Some(unsafe { &*caller }),
            _ => None,
        }
    }

    /// Where the driver's code goes on behind a shim call; none for other edges and where its stack is gone.
    pub(crate) fn return_address(&self) -> Option<u64> {
        match self.origin {
            Origin::Gate(caller) => {
                // SAFETY: an edge lives no longer than the shim call that it stands for.
                let at = unsafe { (*caller).entry_stack } as usize;
                // SAFETY: a tolerant read takes any address.
                unsafe { opendriver_guard::read_u64(at) }
            }
            Origin::GateX86(caller) => {
                // SAFETY: as above.
                let at = unsafe { (*caller).entry_stack } as usize;
                // SAFETY: as above.
                unsafe { opendriver_guard::read_u32(at) }.map(u64::from)
            }
            Origin::Fault(_) | Origin::FaultX86(_) => None,
        }
    }

    /// The MXCSR of the caller of a shim; none for other edges.
    pub(crate) fn mxcsr(&self) -> Option<&Cell<u32>> {
        match self.origin {
            // SAFETY: an edge lives no longer than the shim call that it stands for.
            Origin::Gate(caller) => Some(unsafe { &(*caller).mxcsr }),
            // SAFETY: as above.
            Origin::GateX86(caller) => Some(unsafe { &(*caller).mxcsr }),
            Origin::Fault(_) | Origin::FaultX86(_) => None,
        }
    }

    /// The edge of a fault; the registers must stay as long as the edge does.
    pub(super) fn fault(context: *const Context) -> Self {
        Self::new(Origin::Fault(context))
    }

    fn new(origin: Origin) -> Self {
        Self {
            origin,
            purpose: Cell::new(Purpose::Callback),
            low_stack: Cell::new(0),
        }
    }

    pub(super) fn set_purpose(&self, purpose: Purpose) {
        self.purpose.set(purpose);
    }

    /// The registers with which the driver's code would have gone on.
    pub(super) fn context(&self) -> Result<Context, Broken> {
        match self.origin {
            // SAFETY: an edge lives no longer than the fault that it stands for.
            Origin::Fault(context) => Ok(unsafe { (*context).clone() }),
            // SAFETY: an edge lives no longer than the shim call that it stands for.
            Origin::Gate(caller) => of_caller(unsafe { &*caller }),
            // Frames of 32-bit code are not found by walking.
            Origin::GateX86(_) | Origin::FaultX86(_) => Err(Broken),
        }
    }
}

/// The registers of a caller of a shim when it returns; those that the call gave up hold what it passed.
fn of_caller(caller: &Caller) -> Result<Context, Broken> {
    let mut context = Context::new();
    let entry = caller.entry_stack;
    context.rip = word(entry)?;
    for (register, value) in [
        (RSP, entry + 8),
        (RBX, caller.rbx),
        (RBP, caller.rbp),
        (RSI, caller.rsi),
        (RDI, caller.rdi),
        (R12, caller.r12),
        (R12 + 1, caller.r13),
        (R12 + 2, caller.r14),
        (R12 + 3, caller.r15),
        (RCX, word(entry + 8)?),
        (RDX, word(entry + 16)?),
        (R8, word(entry + 24)?),
        (R8 + 1, word(entry + 32)?),
    ] {
        context.registers[register] = value;
    }
    for (index, value) in caller.floats.iter().enumerate() {
        context.set_xmm(index, u128::from(*value));
    }
    for (index, value) in caller.xmm.iter().enumerate() {
        context.set_xmm(6 + index, *value);
    }
    context.set_mxcsr(caller.mxcsr.get());
    Ok(context)
}

/// A place in the driver's frames.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    /// The registers of the function there.
    pub(super) context: Context,
    /// The call into the driver that the function belongs to.
    pub(super) frame: *const Frame,
}

/// What lies at a place.
pub(super) enum Step {
    /// A function, and what undoing it gives: its name and handler, and the place of its caller.
    Function {
        image: u64,
        function: u64,
        unwound: Unwound,
        caller: Walk,
    },
    /// A function without tables.
    Leaf(Walk),
    /// The beginning of a call into the driver; further out is this, and the call was made for that.
    Edge(Walk, Purpose),
    /// The beginning of the outermost call.
    End,
}

impl Walk {
    /// Where the driver's code was left last.
    pub(super) fn start(thread: &Thread) -> Result<Self, Broken> {
        // SAFETY: the thread's edge is null or that of a shim call or fault that is going on.
        let edge = unsafe { thread.edge().as_ref() }.ok_or(Broken)?;
        Ok(Self {
            context: edge.context()?,
            frame: thread.frame(),
        })
    }

    /// Looks at this place and undoes it.
    pub(super) fn step(&self, process: &Process, wanted: u8) -> Result<Step, Broken> {
        if self.context.rip == enter::return_address() {
            return self.cross();
        }
        let mut caller = self.clone();
        let Some(found) = table::find(process, self.context.rip) else {
            unwind::leaf(&mut caller.context)?;
            return Ok(Step::Leaf(caller));
        };
        let unwound = unwind::undo(&mut caller.context, found.image, found.function, wanted)?;
        Ok(Step::Function {
            image: found.image,
            function: found.address,
            unwound,
            caller,
        })
    }

    fn cross(&self) -> Result<Step, Broken> {
        // SAFETY: a walk stays within calls that are going on; their frames are where they began.
        let frame = unsafe { self.frame.as_ref() }.ok_or(Broken)?;
        // SAFETY: as above; the edge outlives the call that was made from it.
        let Some(edge) = (unsafe { frame.edge.cast::<Edge>().as_ref() }) else {
            return Ok(Step::End);
        };
        let purpose = edge.purpose.get();
        if let Purpose::Consolidate(walk) = purpose {
            // SAFETY: whoever set the purpose keeps the walk while the call goes on.
            return Ok(Step::Edge(unsafe { (*walk).clone() }, purpose));
        }
        let walk = Self {
            context: edge.context()?,
            frame: frame.outer,
        };
        Ok(Step::Edge(walk, purpose))
    }
}

/// The call into the driver whose frames a stack address lies in.
pub(super) fn owner(thread: &Thread, stack: u64) -> *const Frame {
    let mut frame = thread.frame().cast_const();
    // SAFETY: the thread's frames are calls that are going on.
    while let Some(inner) = unsafe { frame.as_ref() } {
        if stack <= inner.stack || inner.outer.is_null() {
            return frame;
        }
        frame = inner.outer;
    }
    frame
}
