//! What the compiler says of a function with objects to destroy or exceptions to catch (`FuncInfo`).

use super::types::Clause;
use crate::cx::Cx;
use crate::seh::context::Dispatcher;
use crate::seh::unwind;
use crate::shim::Addr;
use crate::trap::Trap;

/// The state in which a function has nothing to destroy.
pub(super) const EMPTY: i32 = -1;
/// A frame whose state is that of its instruction.
pub(super) const UNSET: i32 = -2;

/// Bytes of the entries of the tables.
const UNWIND_ENTRY: u64 = 8;
const TRY_ENTRY: u64 = 20;
const CLAUSE_ENTRY: u64 = 20;
const STATE_ENTRY: u64 = 8;

/// The tables of a function.
pub(super) struct Function {
    pub(super) image: u64,
    /// How many states there are.
    pub(super) states: u32,
    unwind: u64,
    /// How many `try` blocks there are.
    pub(super) tries: u32,
    try_map: u64,
    addresses: u32,
    address_map: u64,
    /// Where in the frame two numbers tell what is going on.
    help: u64,
}

/// What a frame keeps while an exception is on its way through it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Help {
    /// The state, or [`UNSET`].
    pub(super) state: i32,
    /// The highest state in which an exception was looked at.
    pub(super) around: i32,
}

/// A frame whose handler is asked.
pub(super) struct Frame {
    /// The frame itself.
    pub(super) own: u64,
    /// The frame of the function whose `catch` block it is; itself for the function.
    pub(super) parent: u64,
    /// The instruction.
    pub(super) control: u64,
    /// The last states of the `try` block whose `catch` block it is, and of its `catch` blocks.
    within: Option<(i32, i32)>,
}

/// A step of the way from a state to nothing.
pub(super) struct Step {
    pub(super) next: i32,
    pub(super) action: u64,
}

/// A `try` block.
pub(super) struct TryBlock {
    pub(super) low: i32,
    pub(super) high: i32,
    catch_high: i32,
    pub(super) catches: u32,
    clauses: u64,
}

/// A `catch` clause of a `try` block.
pub(super) struct Block {
    pub(super) clause: Clause,
    /// Where the block's own frame keeps the function's frame.
    parent: u64,
}

/// Reads consecutive numbers of 32 bits.
fn numbers<const COUNT: usize>(cx: &Cx<'_>, at: u64) -> Result<[u32; COUNT], Trap> {
    let mut numbers = [0; COUNT];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = cx.read(Addr(at.wrapping_add(4 * index as u64)))?;
    }
    Ok(numbers)
}

/// A displacement in a frame, with its sign.
fn signed(number: u32) -> u64 {
    i64::from(number as i32) as u64
}

impl Function {
    pub(super) fn read(cx: &Cx<'_>, dispatcher: &Dispatcher) -> Result<Self, Trap> {
        let image = dispatcher.image;
        let offset: u32 = cx.read(Addr(dispatcher.data))?;
        let [
            _,
            states,
            unwind,
            tries,
            try_map,
            addresses,
            address_map,
            help,
        ] = numbers(cx, image.wrapping_add(offset.into()))?;
        let place = |offset: u32| image.wrapping_add(offset.into());
        Ok(Self {
            image,
            states,
            unwind: place(unwind),
            tries,
            try_map: place(try_map),
            addresses,
            address_map: place(address_map),
            help: signed(help),
        })
    }

    /// The state of an instruction.
    pub(super) fn state_at(&self, cx: &Cx<'_>, control: u64) -> Result<i32, Trap> {
        let offset = control.wrapping_sub(self.image);
        let mut state = EMPTY;
        for index in 0..u64::from(self.addresses) {
            let [from, next] = numbers(cx, self.address_map + index * STATE_ENTRY)?;
            if u64::from(from) > offset {
                break;
            }
            state = next as i32;
        }
        Ok(state)
    }

    pub(super) fn unwind_step(&self, cx: &Cx<'_>, state: i32) -> Result<Step, Trap> {
        let [next, action] = numbers(
            cx,
            self.unwind
                .wrapping_add(signed(state as u32).wrapping_mul(UNWIND_ENTRY)),
        )?;
        Ok(Step {
            next: next as i32,
            action: action.into(),
        })
    }

    pub(super) fn try_block(&self, cx: &Cx<'_>, index: u32) -> Result<TryBlock, Trap> {
        let at = self.try_map.wrapping_add(u64::from(index) * TRY_ENTRY);
        let [low, high, catch_high, catches, clauses] = numbers(cx, at)?;
        Ok(TryBlock {
            low: low as i32,
            high: high as i32,
            catch_high: catch_high as i32,
            catches,
            clauses: clauses.into(),
        })
    }

    pub(super) fn help(&self, cx: &Cx<'_>, frame: u64) -> Result<Help, Trap> {
        let [state, around] = numbers(cx, frame.wrapping_add(self.help))?;
        Ok(Help {
            state: state as i32,
            around: around as i32,
        })
    }

    pub(super) fn set_help(&self, cx: &Cx<'_>, frame: u64, help: Help) -> Result<(), Trap> {
        self.set_state(cx, frame, help.state)?;
        cx.write(
            Addr(frame.wrapping_add(self.help).wrapping_add(4)),
            help.around,
        )
    }

    pub(super) fn set_state(&self, cx: &Cx<'_>, frame: u64, state: i32) -> Result<(), Trap> {
        cx.write(Addr(frame.wrapping_add(self.help)), state)
    }
}

impl TryBlock {
    pub(super) fn clause(
        &self,
        cx: &Cx<'_>,
        function: &Function,
        index: u32,
    ) -> Result<Block, Trap> {
        let at = function
            .image
            .wrapping_add(self.clauses + u64::from(index) * CLAUSE_ENTRY);
        let [adjectives, kind, variable, handler, parent] = numbers(cx, at)?;
        let clause = Clause {
            adjectives,
            type_descriptor: if kind == 0 {
                0
            } else {
                function.image.wrapping_add(kind.into())
            },
            variable: signed(variable),
            handler: handler.into(),
        };
        Ok(Block {
            clause,
            parent: signed(parent),
        })
    }
}

impl Help {
    /// What a function writes there at its beginning.
    pub(super) const NOTHING: Self = Self {
        state: UNSET,
        around: EMPTY,
    };
}

impl Frame {
    /// Whether it is a `catch` block's and not a whole function's.
    pub(super) fn is_catch_block(&self) -> bool {
        self.within.is_some()
    }

    /// Whether a `try` block stands in this frame: for a `catch` block those inside of it, for the function all.
    pub(super) fn has(&self, block: &TryBlock) -> bool {
        self.within
            .is_none_or(|(high, catch_high)| block.low > high && block.high <= catch_high)
    }

    /// The state to which the frame is unwound when it goes: nothing, or the `try` block around its `catch` block.
    pub(super) fn state_around(&self) -> i32 {
        self.within.map_or(EMPTY, |(high, _)| high)
    }

    pub(super) fn new(
        cx: &Cx<'_>,
        function: &Function,
        own: u64,
        dispatcher: &Dispatcher,
    ) -> Result<Self, Trap> {
        let control = dispatcher.control;
        let mut frame = Self {
            own,
            parent: own,
            control,
            within: None,
        };
        let begin = unwind::Function::read(dispatcher.function)?.begin;
        let state = function.state_at(cx, control)?;
        for index in (0..function.tries).rev() {
            let block = function.try_block(cx, index)?;
            if state <= block.high || state > block.catch_high {
                continue;
            }
            for index in 0..block.catches {
                let Block { clause, parent } = block.clause(cx, function, index)?;
                if clause.handler == u64::from(begin) {
                    frame.parent = cx.read(Addr(own.wrapping_add(parent)))?;
                    frame.within = Some((block.high, block.catch_high));
                    return Ok(frame);
                }
            }
        }
        Ok(frame)
    }
}
