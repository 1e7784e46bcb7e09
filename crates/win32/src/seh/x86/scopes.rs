//! `_except_handler3` and `_except_handler4_common`: the frames of `__try`, `__except` and `__finally`.
//!
//! A frame has one entry in the list of handlers, whose last words are a table of its scopes and the level that execution is
//! in. Filters and termination handlers are pieces of the function itself: they are called with its `ebp`.

use std::convert::Infallible;

use super::chain::{self, Below, Ours};
use super::context::{Context, RECORD_FLAGS};
use super::unwind::{self, Target};
use super::{Landing, owner};
use crate::cx::Cx;
use crate::seh::context::{disposition, flag};
use crate::shim::Addr;
use crate::trap::Trap;

/// Where the words lie, seen from the entry: a pointer to the exception, where the stack of the function ends, the table,
/// the level, and what its `ebp` points at.
const POINTERS: u32 = 4u32.wrapping_neg();
const STACK: u32 = 8u32.wrapping_neg();
const TABLE: u32 = 8;
const LEVEL: u32 = 12;
pub(super) const FRAME: u32 = 16;

/// Bytes of a scope in the table, and of the cookies before the first.
const SCOPE_BYTES: u32 = 12;
const COOKIES_BYTES: u32 = 16;
/// A table without this cookie.
const NO_COOKIE: u32 = 2u32.wrapping_neg();

/// Which of the two kinds of tables a frame has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `_except_handler3`.
    Plain,
    /// `_except_handler4`: its address is hidden by the cookie that lies there.
    Hidden(u32),
}

impl Form {
    /// The form of a frame whose table is hidden by the cookie at this address; 0 for none.
    pub(super) const fn of_cookie(cookie: u32) -> Self {
        match cookie {
            0 => Self::Plain,
            cookie => Self::Hidden(cookie),
        }
    }

    const fn cookie(self) -> u32 {
        match self {
            Self::Plain => 0,
            Self::Hidden(cookie) => cookie,
        }
    }

    /// The level outside of all scopes.
    const fn outside(self) -> u32 {
        match self {
            Self::Plain => u32::MAX,
            Self::Hidden(_) => u32::MAX - 1,
        }
    }

    /// The table of a frame.
    fn table(self, cx: &Cx<'_>, frame: u32) -> Result<u32, Trap> {
        let table = read(cx, frame, TABLE)?;
        match self {
            Self::Plain => Ok(table),
            Self::Hidden(cookie) => Ok(table ^ read(cx, cookie, 0)?),
        }
    }

    fn scope(self, cx: &Cx<'_>, frame: u32, level: u32) -> Result<Scope, Trap> {
        let table = self.table(cx, frame)?;
        let first = match self {
            Self::Plain => table,
            Self::Hidden(_) => table.wrapping_add(COOKIES_BYTES),
        };
        let at = first.wrapping_add(level.wrapping_mul(SCOPE_BYTES));
        let around = read(cx, at, 0)?;
        Ok(Scope {
            // Levels around others are lower; a table that says otherwise would have no end.
            around: if around < level {
                around
            } else {
                self.outside()
            },
            filter: read(cx, at, 4)?,
            handler: read(cx, at, 8)?,
        })
    }
}

/// A scope: a `__try` block with what belongs to it.
struct Scope {
    /// The level of the scope around it.
    around: u32,
    /// The filter; 0 for a termination handler.
    filter: u32,
    handler: u32,
}

fn read(cx: &Cx<'_>, at: u32, offset: u32) -> Result<u32, Trap> {
    cx.read(Addr(at.wrapping_add(offset).into()))
}

fn write(cx: &Cx<'_>, at: u32, offset: u32, value: u32) -> Result<(), Trap> {
    cx.write(Addr(at.wrapping_add(offset).into()), value)
}

/// Asks the filters of a frame, or runs its termination handlers.
pub(super) fn handle(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    record: u32,
    frame: u32,
    context: u32,
    form: Form,
) -> Result<u32, Trap> {
    let flags = read(cx, record, RECORD_FLAGS)?;
    if flags & (flag::UNWINDING | flag::EXIT_UNWIND) != 0 {
        terminate(cx, below, frame, form.outside(), form)?;
        return Ok(disposition::CONTINUE_SEARCH);
    }
    below.with(cx, 8, |cx, pointers| {
        write(cx, pointers, 0, record)?;
        write(cx, pointers, 4, context)?;
        write(cx, frame, POINTERS, pointers)?;
        let mut level = read(cx, frame, LEVEL)?;
        while level != form.outside() {
            let scope = form.scope(cx, frame, level)?;
            if scope.filter != 0 {
                let ebp = frame.wrapping_add(FRAME);
                let answer = chain::call_with(cx, scope.filter, 0, ebp, &[])? as i32;
                if answer < 0 {
                    return Ok(disposition::CONTINUE_EXECUTION);
                }
                if answer > 0 {
                    match take(cx, below, record, frame, level, &scope, form)? {}
                }
            }
            level = scope.around;
        }
        Ok(disposition::CONTINUE_SEARCH)
    })
}

/// Goes on in the `__except` block of a scope.
fn take(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    record: u32,
    frame: u32,
    level: u32,
    scope: &Scope,
    form: Form,
) -> Result<Infallible, Trap> {
    let target = Target {
        entry: frame,
        record,
    };
    unwind::unwind(cx, below, &target, &Context::new())?;
    terminate(cx, below, frame, level, form)?;
    write(cx, frame, LEVEL, scope.around)?;
    let context = Context {
        eip: scope.handler,
        ebp: frame.wrapping_add(FRAME),
        // The block begins by loading it from there itself.
        esp: read(cx, frame, STACK)?,
        ..Context::new()
    };
    Err(Landing::to(context, owner(cx.thread(), frame)))
}

/// Runs the termination handlers of a frame from its level to another, which stays.
pub(super) fn terminate(
    cx: &mut Cx<'_>,
    below: Below<'_>,
    frame: u32,
    stop: u32,
    form: Form,
) -> Result<(), Trap> {
    loop {
        let level = read(cx, frame, LEVEL)?;
        if level == form.outside() || stop != form.outside() && level <= stop {
            return Ok(());
        }
        let scope = form.scope(cx, frame, level)?;
        write(cx, frame, LEVEL, scope.around)?;
        if scope.filter == 0 {
            let entry = Ours::Terminating {
                frame,
                stop,
                cookie: form.cookie(),
            };
            below.call_with(cx, entry, scope.handler, frame.wrapping_add(FRAME))?;
        }
    }
}

/// Has the driver check the cookies of a frame, which end the process if the stack was overrun.
pub(super) fn check_cookies(
    cx: &mut Cx<'_>,
    frame: u32,
    form: Form,
    check: u32,
) -> Result<(), Trap> {
    let table = form.table(cx, frame)?;
    let ebp = frame.wrapping_add(FRAME);
    for pair in [0, 8] {
        let at = read(cx, table, pair)?;
        if at != NO_COOKIE {
            let mask = ebp.wrapping_add(read(cx, table, pair + 4)?);
            let cookie = read(cx, ebp, at)? ^ mask;
            chain::call_with(cx, check, cookie, 0, &[])?;
        }
    }
    Ok(())
}

/// Whether the termination handler that calls runs because its scope was left by an exception or a jump.
pub(super) fn is_abnormal(cx: &Cx<'_>, ebp: u32) -> bool {
    let head = chain::head(cx.thread());
    let entry = chain::Entry::read(cx, head, 0).and_then(|entry| entry.ours(cx));
    matches!(entry, Some(Ours::Terminating { frame, .. }) if frame.wrapping_add(FRAME) == ebp)
}
