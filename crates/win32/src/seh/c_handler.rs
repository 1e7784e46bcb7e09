//! `__C_specific_handler`: the frames of `__try`, `__except` and `__finally`.

use super::context::{Dispatcher, Pointers, Record, disposition, flag};
use super::leaving::{self, Target};
use crate::cx::Cx;
use crate::shim::Addr;
use crate::trap::Trap;

/// A `SCOPE_TABLE` entry: a stretch of code, its filter or termination handler, and where its `__except` block begins.
struct Scope {
    begin: u64,
    end: u64,
    handler: u64,
    target: u64,
}

impl Scope {
    fn read(cx: &Cx<'_>, table: u64, index: u32) -> Result<Self, Trap> {
        let at = table.wrapping_add(4 + 16 * u64::from(index));
        let field = |index: u64| {
            cx.read::<u32>(Addr(at.wrapping_add(4 * index)))
                .map(u64::from)
        };
        Ok(Self {
            begin: field(0)?,
            end: field(1)?,
            handler: field(2)?,
            target: field(3)?,
        })
    }

    fn contains(&self, offset: u64) -> bool {
        (self.begin..self.end).contains(&offset)
    }
}

/// Filters that are constants instead of functions.
const EXECUTE_HANDLER: u64 = 1;

/// Asks the filters of a frame, or runs its termination handlers.
pub(super) fn handle(
    cx: &mut Cx<'_>,
    record: Addr,
    frame: u64,
    context: Addr,
    dispatcher: Addr,
) -> Result<u32, Trap> {
    let flags = cx.read::<u32>(record.offset(std::mem::offset_of!(Record, flags) as u64))?;
    let state = read_dispatcher(cx, dispatcher)?;
    if flags & (flag::UNWINDING | flag::EXIT_UNWIND) == 0 {
        search(cx, &state, record, frame, context)
    } else {
        terminate(cx, &state, dispatcher, frame, flags)
    }
}

fn search(
    cx: &mut Cx<'_>,
    state: &Dispatcher,
    record: Addr,
    frame: u64,
    context: Addr,
) -> Result<u32, Trap> {
    let offset = state.control.wrapping_sub(state.image);
    for index in state.scope..count(cx, state)? {
        let scope = Scope::read(cx, state.data, index)?;
        if !scope.contains(offset) || scope.target == 0 {
            continue;
        }
        let answer = if scope.handler == EXECUTE_HANDLER {
            1
        } else {
            let pointers = Box::new(Pointers {
                record: record.0,
                context: context.0,
            });
            let filter = state.image.wrapping_add(scope.handler);
            cx.call(Addr(filter), &[&raw const *pointers as u64, frame])? as i32
        };
        if answer < 0 {
            return Ok(disposition::CONTINUE_EXECUTION);
        }
        if answer > 0 {
            let target = Target {
                frame,
                address: state.image.wrapping_add(scope.target),
                value: u64::from(cx.read::<u32>(record)?),
                record: record.0,
            };
            match leaving::unwind(cx, &target)? {}
        }
    }
    Ok(disposition::CONTINUE_SEARCH)
}

fn terminate(
    cx: &mut Cx<'_>,
    state: &Dispatcher,
    dispatcher: Addr,
    frame: u64,
    flags: u32,
) -> Result<u32, Trap> {
    let offset = state.control.wrapping_sub(state.image);
    let target = state.target.wrapping_sub(state.image);
    let is_target = flags & flag::TARGET_UNWIND != 0;
    for index in state.scope..count(cx, state)? {
        let scope = Scope::read(cx, state.data, index)?;
        if !scope.contains(offset) {
            continue;
        }
        // Execution goes on inside of this scope, so it and those around it are not left.
        if is_target && (scope.contains(target) || scope.target != 0 && scope.target == target) {
            break;
        }
        if scope.target == 0 {
            // If this handler is left by another unwind, that one goes on with the next scope.
            let at = dispatcher.offset(std::mem::offset_of!(Dispatcher, scope) as u64);
            cx.write(at, index + 1)?;
            cx.call(Addr(state.image.wrapping_add(scope.handler)), &[1, frame])?;
        }
    }
    Ok(disposition::CONTINUE_SEARCH)
}

fn count(cx: &Cx<'_>, state: &Dispatcher) -> Result<u32, Trap> {
    cx.read(Addr(state.data))
}

pub(super) fn read_dispatcher(cx: &Cx<'_>, at: Addr) -> Result<Dispatcher, Trap> {
    let mut words = [0_u64; size_of::<Dispatcher>() / 8];
    for (index, word) in words.iter_mut().enumerate() {
        *word = cx.read(at.offset(8 * index as u64))?;
    }
    let [
        control,
        image,
        function,
        establisher,
        target,
        context,
        handler,
        data,
        history,
        scope,
    ] = words;
    Ok(Dispatcher {
        control,
        image,
        function,
        establisher,
        target,
        context,
        handler,
        data,
        history,
        scope: scope as u32,
        unused: 0,
    })
}
