//! What the compiler says of a 32-bit function with objects to destroy or exceptions to catch (`FuncInfo`).

use crate::cx::Cx;
use crate::seh::cxx::types::Clause;
use crate::shim::Addr;
use crate::trap::Trap;

/// The least form of the tables that has flags, and the flag that says that `catch (...)` takes C++ exceptions only.
const WITH_FLAGS: u32 = 0x1993_0522;
const CXX_ONLY: u32 = 1;
/// The part of the first word that names the form.
const FORM: u32 = 0x1fff_ffff;

/// Bytes of the entries of the tables.
const UNWIND_ENTRY: u64 = 8;
const TRY_ENTRY: u64 = 20;
const CLAUSE_ENTRY: u64 = 16;

/// The tables of a function.
pub(super) struct Function {
    /// Where they lie.
    pub(super) tables: u32,
    /// How many states there are.
    pub(super) states: u32,
    unwind: u32,
    /// How many `try` blocks there are.
    pub(super) tries: u32,
    try_map: u32,
    /// Whether `catch (...)` takes exceptions of other kinds.
    pub(super) takes_foreign: bool,
}

/// A step of the way from a state to nothing.
pub(super) struct Step {
    pub(super) next: i32,
    pub(super) action: u32,
}

/// A `try` block.
pub(super) struct TryBlock {
    pub(super) low: i32,
    pub(super) high: i32,
    pub(super) catch_high: i32,
    pub(super) catches: u32,
    clauses: u32,
}

/// Reads consecutive numbers of 32 bits.
fn numbers<const COUNT: usize>(cx: &Cx<'_>, at: u64) -> Result<[u32; COUNT], Trap> {
    let mut numbers = [0; COUNT];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = cx.read(Addr(at.wrapping_add(4 * index as u64)))?;
    }
    Ok(numbers)
}

impl Function {
    pub(super) fn read(cx: &Cx<'_>, tables: u32) -> Result<Self, Trap> {
        let [form, states, unwind, tries, try_map] = numbers(cx, tables.into())?;
        let takes_foreign = if form & FORM < WITH_FLAGS {
            true
        } else {
            let [flags] = numbers(cx, u64::from(tables) + 32)?;
            flags & CXX_ONLY == 0
        };
        Ok(Self {
            tables,
            states,
            unwind,
            tries,
            try_map,
            takes_foreign,
        })
    }

    pub(super) fn unwind_step(&self, cx: &Cx<'_>, state: i32) -> Result<Step, Trap> {
        let offset = u64::from(state as u32) * UNWIND_ENTRY;
        let [next, action] = numbers(cx, u64::from(self.unwind) + offset)?;
        Ok(Step {
            next: next as i32,
            action,
        })
    }

    pub(super) fn try_block(&self, cx: &Cx<'_>, index: u32) -> Result<TryBlock, Trap> {
        let at = u64::from(self.try_map) + u64::from(index) * TRY_ENTRY;
        let [low, high, catch_high, catches, clauses] = numbers(cx, at)?;
        Ok(TryBlock {
            low: low as i32,
            high: high as i32,
            catch_high: catch_high as i32,
            catches,
            clauses,
        })
    }
}

impl TryBlock {
    pub(super) fn clause(&self, cx: &Cx<'_>, index: u32) -> Result<Clause, Trap> {
        let at = u64::from(self.clauses) + u64::from(index) * CLAUSE_ENTRY;
        let [adjectives, kind, variable, handler] = numbers(cx, at)?;
        Ok(Clause {
            adjectives,
            type_descriptor: kind.into(),
            variable: i64::from(variable as i32) as u64,
            handler: handler.into(),
        })
    }
}
