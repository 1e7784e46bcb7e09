//! The list of exception handlers of a 32-bit thread: it begins at `fs:[0]` and lies in the frames of the driver.
//!
//! While driver code runs for the handling of an exception, an entry of ours is on top of the list, by which another exception
//! or another unwind that comes out of that code finds out what it interrupts.

use super::context::{CONTEXT_BYTES, RECORD_BYTES};
use crate::cx::Cx;
use crate::seh::walk::Edge;
use crate::shim::Addr;
use crate::thread::Thread;
use crate::trap::Trap;
use crate::words;
use crate::x86::stub;

/// The end of the list.
pub(super) const END: u32 = u32::MAX;

/// More entries than the stack has room for: such a list is a circle. Those of one function lie in any order.
pub(super) const LONGEST: usize = words::STACK_32_BYTES / 8;

/// Stack that driver code needs which handles an exception.
const ROOM: u64 = 0x2000 + 2 * (CONTEXT_BYTES + RECORD_BYTES) as u64;

/// The innermost entry.
pub(super) fn head(thread: &Thread) -> u32 {
    thread.exception_list()
}

/// Takes all entries inside of this one from the list.
pub(super) fn set_head(thread: &Thread, entry: u32) {
    thread.set_exception_list(entry);
}

/// An entry of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) at: u32,
    pub(super) next: u32,
    pub(super) handler: u32,
}

impl Entry {
    /// Reads an entry, which must lie on the driver's stack, not below `floor`, and have a handler that does not.
    ///
    /// None where the list is broken.
    pub(super) fn read(cx: &Cx<'_>, at: u32, floor: u32) -> Option<Self> {
        let thread = cx.thread();
        let address = u64::from(at);
        let fits = at.is_multiple_of(4)
            && at >= floor
            && address >= thread.stack_limit()
            && address + 8 <= thread.stack_base();
        if !fits {
            return None;
        }
        let entry = Self {
            at,
            next: cx.read(Addr(address)).ok()?,
            handler: cx.read(Addr(address + 4)).ok()?,
        };
        (!thread.is_stack(entry.handler.into())).then_some(entry)
    }

    /// What entry of ours it is; none for one of the driver's.
    pub(super) fn ours(&self, cx: &Cx<'_>) -> Option<Ours> {
        let word = |index: u64| cx.read::<u32>(Addr(u64::from(self.at) + 4 * index)).ok();
        let mark = (0..stub::MARKS).find(|index| stub::mark(*index) == Some(self.handler))?;
        let words = [word(2)?, word(3)?, word(4)?, word(5)?, word(6)?];
        Some(Ours::of_words(mark, words))
    }
}

/// An entry of ours, and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ours {
    /// The handler of this entry is asked about an exception.
    Asking(u32),
    /// The handler of this entry is told that its frame goes.
    Telling(u32),
    /// The termination handlers of a frame run.
    Terminating {
        frame: u32,
        /// The level at which that ends.
        stop: u32,
        /// The cookie of the frame's scope table; 0 where it has none.
        cookie: u32,
    },
    /// A `catch` block runs.
    Catching {
        frame: u32,
        tables: u32,
        /// The last states of its `try` block, and of the blocks that catch for that.
        states: (u32, u32),
        /// Where the stack of its function ended before the block moved that.
        stack: u32,
    },
}

impl Ours {
    fn of_words(mark: usize, words: [u32; 5]) -> Self {
        let [frame, first, second, third, stack] = words;
        match mark {
            0 => Self::Asking(frame),
            1 => Self::Telling(frame),
            2 => Self::Terminating {
                frame,
                stop: first,
                cookie: second,
            },
            _ => Self::Catching {
                frame,
                tables: first,
                states: (second, third),
                stack,
            },
        }
    }

    fn words(self) -> (usize, [u32; 5]) {
        match self {
            Self::Asking(frame) => (0, [frame, 0, 0, 0, 0]),
            Self::Telling(frame) => (1, [frame, 0, 0, 0, 0]),
            Self::Terminating {
                frame,
                stop,
                cookie,
            } => (2, [frame, stop, cookie, 0, 0]),
            Self::Catching {
                frame,
                tables,
                states: (high, catch_high),
                stack,
            } => (3, [frame, tables, high, catch_high, stack]),
        }
    }
}

/// Driver code has left our hands: where its stack ends, for what is to lie below.
#[derive(Clone, Copy)]
pub(super) struct Below<'a> {
    edge: &'a Edge,
}

impl<'a> Below<'a> {
    pub(super) fn new(edge: &'a Edge) -> Self {
        Self { edge }
    }

    /// Where the driver's stack ends.
    pub(super) fn stack(self) -> u32 {
        self.edge.low_stack().unwrap_or(0)
    }

    /// Takes so many bytes of the driver's stack for as long as `run` runs.
    pub(super) fn with<T>(
        self,
        cx: &mut Cx<'_>,
        bytes: u32,
        run: impl FnOnce(&mut Cx<'_>, u32) -> Result<T, Trap>,
    ) -> Result<T, Trap> {
        let before = self.stack();
        let at = before.wrapping_sub(bytes) & !15;
        let thread = cx.thread();
        if !thread.is_stack(before.into()) || u64::from(at) < thread.stack_limit() + ROOM {
            return Err(Trap::stack_overflow(at.into()));
        }
        self.edge.set_low_stack(at);
        let answer = run(cx, at);
        self.edge.set_low_stack(before);
        answer
    }

    /// Calls driver code with an entry of ours on top of the list.
    pub(super) fn call(
        self,
        cx: &mut Cx<'_>,
        entry: Ours,
        function: u32,
        arguments: &[u64],
    ) -> Result<u64, Trap> {
        let (mark, words) = entry.words();
        let handler = stub::mark(mark).expect("32-bit code runs, so the stubs are made");
        self.with(cx, 28, |cx, at| {
            let next = head(cx.thread());
            for (index, word) in [next, handler].into_iter().chain(words).enumerate() {
                cx.write(Addr(u64::from(at) + 4 * index as u64), word)?;
            }
            set_head(cx.thread(), at);
            let answer = cx.call(Addr(function.into()), arguments)?;
            // A trap leaves the list as whoever made it wants it.
            set_head(cx.thread(), next);
            Ok(answer)
        })
    }

    /// As [`call`](Self::call), with `ecx` and `ebp` set.
    pub(super) fn call_with(
        self,
        cx: &mut Cx<'_>,
        entry: Ours,
        function: u32,
        ebp: u32,
    ) -> Result<u64, Trap> {
        self.call(cx, entry, routine(), &registers(function, 0, ebp))
    }
}

/// Calls a function of the driver with `ecx` and `ebp` set.
pub(super) fn call_with(
    cx: &mut Cx<'_>,
    function: u32,
    ecx: u32,
    ebp: u32,
    arguments: &[u64],
) -> Result<u64, Trap> {
    let mut all = registers(function, ecx, ebp).to_vec();
    all.extend_from_slice(arguments);
    cx.call(Addr(routine().into()), &all)
}

fn routine() -> u32 {
    stub::call_with_registers().expect("32-bit code runs, so the stubs are made") as u32
}

fn registers(function: u32, ecx: u32, ebp: u32) -> [u64; 3] {
    [function.into(), ecx.into(), ebp.into()]
}

#[cfg(test)]
mod tests {
    use super::Ours;

    #[test]
    fn an_entry_of_ours_is_read_as_it_was_written() {
        for entry in [
            Ours::Asking(0x1000),
            Ours::Telling(0x1004),
            Ours::Terminating {
                frame: 0x1008,
                stop: u32::MAX,
                cookie: 7,
            },
            Ours::Catching {
                frame: 0x100c,
                tables: 0x40_0000,
                states: (1, 2),
                stack: 0x0f00,
            },
        ] {
            let (mark, words) = entry.words();
            assert_eq!(Ours::of_words(mark, words), entry);
        }
    }
}
