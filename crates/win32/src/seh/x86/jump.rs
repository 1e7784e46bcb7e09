//! `_setjmp3` and `longjmp` of the Windows C runtimes in 32 bits.

use std::convert::Infallible;

use super::chain::{self, Below};
use super::context::Context;
use super::scopes::{self, Form};
use super::unwind::{self, Target};
use super::{Landing, caller, owner};
use crate::cx::Cx;
use crate::shim::{Addr, VarArgs};
use crate::trap::Trap;

/// `_JUMP_BUFFER`, word by word.
const WORDS: usize = 8;
const COOKIE_AT: u64 = 0x20;
const FUNCTION_AT: u64 = 0x24;
const DATA_AT: u64 = 0x28;
const DATA_WORDS: u32 = 6;

/// What marks a buffer of `_setjmp3`: `VC20`.
const COOKIE: u32 = 0x5643_3230;

/// Where the level of a frame lies in its entry, if it is one of a compiler's.
const LEVEL: u64 = 12;

/// A buffer, as far as all functions agree on it.
pub(super) struct Buffer {
    pub(super) ebp: u32,
    ebx: u32,
    edi: u32,
    esi: u32,
    esp: u32,
    eip: u32,
    /// The innermost entry of the list of handlers.
    pub(super) entry: u32,
    /// The level that its frame was in.
    pub(super) level: u32,
}

impl Buffer {
    pub(super) fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
        let mut words = [0_u32; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            *word = cx.read(at.offset(4 * index as u64))?;
        }
        let [ebp, ebx, edi, esi, esp, eip, entry, level] = words;
        Ok(Self {
            ebp,
            ebx,
            edi,
            esi,
            esp,
            eip,
            entry,
            level,
        })
    }

    /// A word that `_setjmp3` was given for the function that unwinds.
    pub(super) fn data(cx: &Cx<'_>, at: Addr) -> Result<u32, Trap> {
        cx.read(at.offset(DATA_AT))
    }
}

/// Keeps the caller's registers in the buffer (`_setjmp`).
pub(super) fn set(cx: &Cx<'_>, buffer: Addr) -> Result<(), Trap> {
    let entry = chain::head(cx.thread());
    let level = match entry {
        chain::END => u32::MAX,
        entry => cx.read(Addr(u64::from(entry) + LEVEL))?,
    };
    put(cx, buffer, entry, level)
}

/// Keeps the caller's registers in the buffer, and how its own frame is to be unwound (`_setjmp3`).
pub(super) fn set_with_function(
    cx: &Cx<'_>,
    buffer: Addr,
    count: u32,
    mut arguments: VarArgs,
) -> Result<(), Trap> {
    let entry = chain::head(cx.thread());
    cx.write(buffer.offset(COOKIE_AT), COOKIE)?;
    cx.write(buffer.offset(FUNCTION_AT), 0_u32)?;
    let level = if entry == chain::END {
        u32::MAX
    } else {
        if count > 0 {
            let function = arguments.next_u32(cx)?;
            cx.write(buffer.offset(FUNCTION_AT), function)?;
        }
        let level = if count > 1 {
            arguments.next_u32(cx)?
        } else {
            cx.read(Addr(u64::from(entry) + LEVEL))?
        };
        for index in 0..count.saturating_sub(2).min(DATA_WORDS) {
            let word = arguments.next_u32(cx)?;
            cx.write(buffer.offset(DATA_AT + 4 * u64::from(index)), word)?;
        }
        level
    };
    put(cx, buffer, entry, level)
}

fn put(cx: &Cx<'_>, buffer: Addr, entry: u32, level: u32) -> Result<(), Trap> {
    let (_, caller) = caller(cx)?;
    let back: u32 = cx.read(Addr(caller.entry_stack.into()))?;
    let words = [
        caller.ebp,
        caller.ebx,
        caller.edi,
        caller.esi,
        caller.entry_stack,
        back,
        entry,
        level,
    ];
    for (index, word) in words.into_iter().enumerate() {
        cx.write(buffer.offset(4 * index as u64), word)?;
    }
    Ok(())
}

/// Goes back to where the buffer was filled, which then answers `value`; frames on the way are told.
pub(super) fn jump(cx: &mut Cx<'_>, at: Addr, value: i32) -> Result<Infallible, Trap> {
    let (edge, caller) = caller(cx)?;
    let below = Below::new(edge);
    let buffer = Buffer::read(cx, at)?;
    if buffer.entry != chain::head(cx.thread()) {
        let target = Target {
            entry: buffer.entry,
            record: 0,
        };
        let context = Context::of_caller(cx, caller, 0)?;
        unwind::unwind(cx, below, &target, &context)?;
    }
    if buffer.entry != chain::END {
        if cx.read::<u32>(at.offset(COOKIE_AT)).ok() == Some(COOKIE) {
            let function: u32 = cx.read(at.offset(FUNCTION_AT))?;
            if function != 0 {
                cx.call(Addr(function.into()), &[at.0])?;
            }
        } else {
            scopes::terminate(cx, below, buffer.entry, buffer.level, Form::Plain)?;
        }
    }
    let context = Context {
        eax: if value == 0 { 1 } else { value as u32 },
        ebx: buffer.ebx,
        esi: buffer.esi,
        edi: buffer.edi,
        ebp: buffer.ebp,
        eip: buffer.eip,
        // The return address was taken.
        esp: buffer.esp.wrapping_add(4),
        ..Context::new()
    };
    let frame = owner(cx.thread(), context.esp);
    Err(Landing::to(context, frame))
}
