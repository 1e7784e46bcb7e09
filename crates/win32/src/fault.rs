//! What the processor or the kernel says about driver code that is running.

use opendriver_guard::{Kind, Machine, Register, Scope, Verdict};
use opendriver_pe::Width;

use crate::enter;
use crate::process::Process;
use crate::seh::{self, Edge};
use crate::teb;
use crate::thread::Thread;
use crate::trap::{Fault, FaultKind, Trap};
use crate::x86;

/// The bit of a page fault's error code that tells writes from reads (Intel SDM volume 3, 4.7).
const PAGE_FAULT_WRITE: u64 = 1 << 1;

/// Where a gate writes in 32-bit code whose FS has no base.
const EAX: u64 = teb::EAX as u64;

/// What a fault's instruction alone does not tell of where the driver was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    instruction: u64,
    /// The driver's stack pointer; 0 where only [`caller`](Self::caller) is known.
    stack: u64,
    /// The end of what the call has of the driver's stack; further on are those that it was made from.
    end: u64,
    /// Where the driver's code goes on after the shim that it was in.
    caller: u64,
    /// 32-bit code had come to ours, or was about to go back.
    crossing: Option<Crossing>,
}

/// Which way 32-bit code was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crossing {
    Call,
    Return,
}

impl Site {
    fn of(thread: &Thread, machine: &Machine<'_>) -> Self {
        let instruction = machine.instruction() as u64;
        let crossing = if machine.is_32_bit() {
            x86::stub::is_gate(instruction).then_some(Crossing::Call)
        } else if x86::gate::is_crossing(instruction) {
            Some(Crossing::Call)
        } else if x86::enter::is_returning(instruction) {
            Some(Crossing::Return)
        } else {
            None
        };
        let stack = if crossing.is_some() && !machine.is_32_bit() {
            // Both ways have put the driver's there first.
            machine.get(Register::R8) & u64::from(u32::MAX)
        } else if machine.is_own_code() {
            0
        } else {
            machine.get(Register::Rsp)
        };
        // SAFETY: the thread's edge is null or that of a shim call or fault that is going on.
        let edge = unsafe { thread.edge().as_ref() };
        // SAFETY: the innermost call into the driver is going on.
        let frame = unsafe { thread.frame().as_ref() };
        Self {
            instruction,
            stack,
            end: frame.map_or(0, |frame| frame.stack),
            caller: edge.and_then(Edge::return_address).unwrap_or(0),
            crossing,
        }
    }

    /// Where a person would look: in the driver, if the fault itself is not there.
    fn place(&self, process: &Process, thread: &Thread) -> Option<String> {
        if thread.width() == Width::Bits64 {
            return process.place(self.caller);
        }
        if let Some(place) = process.place(self.instruction) {
            return Some(self.with_stack(thread, place));
        }
        if self.stack == 0 {
            return process.place(self.caller);
        }
        let words = self.end.saturating_sub(self.stack) / 4;
        // More than a function's own variables mostly take.
        let words = if thread.is_stack(self.stack) {
            words.min(64)
        } else {
            1
        };
        let (index, caller) = return_address(process, self.stack, words)?;
        let how = if index == 0 {
            "called from"
        } else {
            "some calls below"
        };
        let place = match self.crossing {
            Some(_) if x86::stub::is_gate(self.instruction) => {
                format!("the gates of Windows functions, {how} {caller}")
            }
            Some(_) => caller,
            None => format!("{:#x}, {how} {caller}", self.instruction),
        };
        Some(self.with_stack(thread, place))
    }

    /// A place, and where the stack pointer was if not on the stack.
    fn with_stack(&self, thread: &Thread, place: String) -> String {
        if thread.is_stack(self.stack) {
            return place;
        }
        format!("{place}, with the stack pointer at {:#x}", self.stack)
    }
}

/// The first word on a 32-bit stack behind which driver code would go on after a call, and where that is.
fn return_address(process: &Process, stack: u64, words: u64) -> Option<(u64, String)> {
    (0..words).find_map(|index| {
        // SAFETY: a tolerant read takes any address.
        let word = unsafe { opendriver_guard::read_u32((stack + 4 * index) as usize) }?;
        let place = is_behind_call(word as usize).then(|| process.place(word.into()));
        Some((index, place.flatten()?))
    })
}

/// Whether the bytes before an address can be a call: to a distance, or through a register or memory.
fn is_behind_call(address: usize) -> bool {
    let byte = |back: usize| {
        // SAFETY: a tolerant read takes any address.
        unsafe { opendriver_guard::read_u8(address.wrapping_sub(back)) }
    };
    let indirect = |back: usize| {
        byte(back) == Some(0xFF) && byte(back - 1).is_some_and(|form| form >> 3 & 7 == 2)
    };
    byte(5) == Some(0xE8) || [2, 3, 4, 6, 7].into_iter().any(indirect)
}

/// The watch over one call into the driver; it must be pushed before the call.
pub(crate) fn watch(thread: &Thread) -> Scope {
    Scope::new(on_fault, (&raw const *thread).cast_mut().cast())
}

/// The fault handler's question: is this the driver's, and where does it go on?
///
/// # Safety
/// Called by the guard on the thread that faulted, with the data of [`watch`].
unsafe fn on_fault(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
    // SAFETY: the data is the thread that `watch` was given.
    let thread = unsafe { &*data.cast::<Thread>() };
    let frame = thread.frame();
    if frame.is_null() {
        return Verdict::Pass;
    }
    if !thread.is_in_shim() && x86::data::make_executable(thread.process(), machine) {
        return Verdict::Resume;
    }
    let mut fault = machine.fault();
    let beyond = fault
        .address
        .is_some_and(|address| thread.is_guard(address as u64));
    if beyond {
        fault.kind = Kind::StackOverflow;
    } else if fault.kind == Kind::StackOverflow && thread.width() == Width::Bits32 {
        // Where the stack ends is known here: this is a stack pointer that went astray.
        fault.kind = if machine.error_code() & PAGE_FAULT_WRITE != 0 {
            Kind::Write
        } else {
            Kind::Read
        };
    }
    thread.site.set(Some(Site::of(thread, machine)));
    thread.pending.set(Some(fault));
    let is_driver = !thread.is_in_shim()
        && !machine.is_own_code()
        && !x86::stub::is_gate(machine.get(Register::Rip));
    let width = if machine.is_32_bit() {
        Width::Bits32
    } else {
        Width::Bits64
    };
    let diverts = match width {
        Width::Bits32 => seh::x86::divert,
        Width::Bits64 => seh::divert,
    };
    // Code of the other width has no handlers: somebody jumped there.
    if is_driver && !beyond && width == thread.width() && diverts(thread, machine) {
        return Verdict::Resume;
    }
    // Neither single steps nor alignment checks are to follow us out.
    machine.set(Register::Flags, 0x202);
    machine.set_32_bit(false);
    machine.set(Register::Rdi, frame as u64);
    machine.set(Register::Rip, enter::leave_address());
    Verdict::Resume
}

/// Why the call that has just been left did not return.
pub(crate) fn left(thread: &Thread) -> Trap {
    let mut trap = match (thread.take_trap(), thread.pending.take()) {
        (Some(trap), _) => trap,
        (None, Some(fault)) => Trap::machine(&fault),
        (None, None) => {
            return Trap::from(FaultKind::Shim {
                function: "enter".to_owned(),
                what: "left without a reason".to_owned(),
            });
        }
    };
    if let Some(site) = thread.site.take()
        && let Trap::Fault(fault) = &mut trap
        && fault.place.is_none()
        && fault.instruction == site.instruction
        && matches!(fault.kind, FaultKind::Machine(..))
    {
        explain(fault, &site, thread);
    }
    trap
}

/// Says of a fault what its instruction alone does not tell.
fn explain(fault: &mut Fault, site: &Site, thread: &Thread) {
    if let Some(crossing) = site.crossing
        && let FaultKind::Machine(Kind::Read | Kind::Write | Kind::Protection, address) = fault.kind
        && address.is_none_or(|address| address > u64::from(u32::MAX) || address == EAX)
    {
        // Only what lies behind FS has such an address there.
        fault.kind = FaultKind::Segment {
            returning: crossing == Crossing::Return,
        };
    }
    fault.place = site.place(thread.process(), thread);
    if site.crossing.is_some() {
        // It is ours, and tells nobody anything.
        fault.instruction = 0;
    }
}

/// Says of a fault at no known place which call it ended.
pub(crate) fn locate(trap: &mut Trap, process: &Process, called: u64) {
    if let Trap::Fault(fault) = trap
        && fault.place.is_none()
        && process.place(fault.instruction).is_none()
        && let Some(called) = process.place(called)
    {
        fault.place = Some(match fault.instruction {
            0 => format!("some point of the call of {called}"),
            instruction => format!("{instruction:#x}, in the call of {called}"),
        });
    }
}
