//! Bits turned and swapped, and the control word of floating-point arithmetic.

use std::arch::asm;
use std::cell::Cell;

use opendriver_pe::Width;

use super::aliases;
use super::runtime::{errno, refuse};
use super::x87;
use crate::cx::Cx;
use crate::enter::MASKED;
use crate::shim::{Addr, shims};
use crate::thread::Thread;
use crate::trap::Trap;

/// The modes of the driver that called, where it is a driver; the gate has masked all exceptions meanwhile.
fn callers<'a>() -> Option<&'a Cell<u32>> {
    // SAFETY: a thread that is inside driver code stays.
    let thread = unsafe { Thread::of_host().as_ref() }?;
    // SAFETY: the thread's edge is null or that of a shim call or fault that is going on.
    let edge = unsafe { thread.edge().as_ref() }?;
    edge.mxcsr()
}

fn mxcsr() -> u32 {
    let mut value = 0_u32;
    // SAFETY: stores four bytes in a variable of four bytes.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack, preserves_flags)) };
    match callers() {
        Some(callers) => callers.get() | value & STATUS,
        None => value,
    }
}

/// Sets how the driver's arithmetic works from here on; the gate leaves it as a shim does.
fn set_mxcsr(value: u32) {
    // The reserved bits must be zero, or the processor refuses.
    let mut value = value & 0xffff;
    if let Some(callers) = callers() {
        callers.set(value);
        value |= MASKED;
    }
    // SAFETY: reads four bytes of a variable of four bytes, of which no reserved bit is set.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, preserves_flags)) };
}

/// The bits that tell what has happened.
const STATUS: u32 = 0x3f;

/// Pairs of a bit of `<float.h>` and the bit of MXCSR that means it.
const EXCEPTION_BITS: [(u32, u32); 6] = [
    (0x10, 0x01),     // _SW_INVALID
    (0x8_0000, 0x02), // _SW_DENORMAL
    (0x08, 0x04),     // _SW_ZERODIVIDE
    (0x04, 0x08),     // _SW_OVERFLOW
    (0x02, 0x10),     // _SW_UNDERFLOW
    (0x01, 0x20),     // _SW_INEXACT
];

fn to_hardware(bits: u32) -> u32 {
    EXCEPTION_BITS
        .iter()
        .filter(|(c, _)| bits & c != 0)
        .map(|(_, hardware)| hardware)
        .sum()
}

fn from_hardware(bits: u32) -> u32 {
    EXCEPTION_BITS
        .iter()
        .filter(|(_, hardware)| bits & hardware != 0)
        .map(|(c, _)| c)
        .sum()
}

/// `_MCW_EM`, `_MCW_RC` and `_MCW_DN`, as far as SSE arithmetic has them.
const MASKS: u32 = 0x8_001f;
const ROUNDING: u32 = 0x300;
const DENORMALS: u32 = 0x300_0000;

/// The control word of SSE arithmetic as `<float.h>` spells it.
fn sse_control() -> u32 {
    let hardware = mxcsr();
    // Rounding: to nearest 0, down 1, up 2, chop 3, in both spellings.
    let rounding = (hardware >> 13 & 3) << 8;
    let denormals = match (hardware & 0x8000 != 0, hardware & 0x40 != 0) {
        (false, false) => 0,
        (true, true) => 0x100_0000,
        (false, true) => 0x200_0000,
        (true, false) => 0x300_0000,
    };
    from_hardware(hardware >> 7 & 0x3f) | rounding | denormals
}

fn set_sse_control(word: u32) {
    let flush = match word & DENORMALS {
        0x100_0000 => 0x8040,
        0x200_0000 => 0x40,
        0x300_0000 => 0x8000,
        _ => 0,
    };
    let status = mxcsr() & STATUS;
    set_mxcsr(status | to_hardware(word & MASKS) << 7 | (word >> 8 & 3) << 13 | flush);
}

/// The control word of x87 arithmetic as `<float.h>` spells it.
fn x87_control() -> u32 {
    let word = x87::control();
    from_hardware(u32::from(word) & 0x3f) | x87::spelled(word)
}

fn set_x87_control(word: u32) {
    x87::set_control(x87::from_spelled(word, to_hardware(word & MASKS)));
}

/// Tells whether drivers compute with x87 instructions, too, so that both words go together.
fn has_x87(cx: &Cx<'_>) -> bool {
    cx.process().width() == Width::Bits32
}

/// The control word as `<float.h>` spells it.
fn control(cx: &Cx<'_>) -> u32 {
    if has_x87(cx) {
        x87_control() | sse_control() & DENORMALS
    } else {
        sse_control()
    }
}

fn set_control(cx: &Cx<'_>, value: u32, mask: u32) -> u32 {
    let all = MASKS | ROUNDING | DENORMALS;
    let all = if has_x87(cx) {
        all | x87::PRECISION | x87::INFINITY
    } else {
        all
    };
    let word = changed(control(cx), value, mask & all);
    set_sse_control(word);
    if has_x87(cx) {
        set_x87_control(word);
    }
    word
}

fn changed(word: u32, value: u32, mask: u32) -> u32 {
    (word & !mask) | (value & mask)
}

/// Which exceptions have happened, in the order of MXCSR.
fn status(cx: &Cx<'_>) -> u32 {
    let x87 = if has_x87(cx) { x87::status() } else { 0 };
    mxcsr() & STATUS | u32::from(x87)
}

/// Sets which exceptions have happened.
fn set_status(cx: &Cx<'_>, status: u32) {
    set_mxcsr(mxcsr() & !STATUS | status & STATUS);
    if has_x87(cx) {
        x87::clear();
    }
}

/// What MXCSR is in a fresh process: every exception masked, rounding to the nearest.
const FRESH: u32 = 0x1f80;

fn read_environment(cx: &Cx<'_>, at: Addr) -> Result<(u32, u32), Trap> {
    Ok((cx.read(at)?, cx.read(at.offset(4))?))
}

fn write_environment(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write(at, control(cx))?;
    cx.write(at.offset(4), from_hardware(status(cx)))
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Turns 32 bits to the left.
    fn _rotl(cx, value: u32, places: i32) -> u32 { Ok(value.rotate_left(places as u32 & 31)) }

    /// Turns 32 bits to the right.
    fn _rotr(cx, value: u32, places: i32) -> u32 { Ok(value.rotate_right(places as u32 & 31)) }

    /// Turns 64 bits to the left.
    fn _rotl64(cx, value: u64, places: i32) -> u64 { Ok(value.rotate_left(places as u32 & 63)) }

    /// Turns 64 bits to the right.
    fn _rotr64(cx, value: u64, places: i32) -> u64 { Ok(value.rotate_right(places as u32 & 63)) }

    /// Turns two bytes round.
    fn _byteswap_ushort(cx, value: u16) -> u16 { Ok(value.swap_bytes()) }

    /// Turns four bytes round.
    fn _byteswap_ulong(cx, value: u32) -> u32 { Ok(value.swap_bytes()) }

    /// Turns eight bytes round.
    fn _byteswap_uint64(cx, value: u64) -> u64 { Ok(value.swap_bytes()) }

    /// Sets bits of the control word and answers it.
    fn _controlfp(cx, value: u32, mask: u32) -> u32 {
        // This one leaves the mask of the denormal exception alone.
        Ok(set_control(cx, value, mask & !0x8_0000))
    }

    /// Sets bits of the control word and stores it.
    fn _controlfp_s(cx, current: Addr, value: u32, mask: u32) -> i32 {
        if mask & !(MASKS | ROUNDING | DENORMALS | 0x7_0000) != 0 {
            cx.write_unless_null(current, control(cx))?;
            return refuse(cx, "_controlfp_s", errno::EINVAL);
        }
        let word = set_control(cx, value, mask & !0x8_0000);
        cx.write_unless_null(current, word)?;
        Ok(0)
    }

    /// Sets bits of the control word, also the mask of the denormal exception, and answers it.
    fn _control87(cx, value: u32, mask: u32) -> u32 { Ok(set_control(cx, value, mask)) }

    /// Sets bits of the control word.
    fn _set_controlfp(cx, value: u32, mask: u32) {
        set_control(cx, value, mask & !0x8_0000);
        Ok(())
    }

    /// Answers which exceptions have happened and forgets them.
    fn _clearfp(cx) -> u32 {
        let before = status(cx);
        set_status(cx, 0);
        Ok(from_hardware(before))
    }

    /// Answers which exceptions have happened.
    fn _statusfp(cx) -> u32 { Ok(from_hardware(status(cx))) }

    /// Makes floating-point arithmetic as it is in a fresh process.
    fn _fpreset(cx) {
        set_mxcsr(FRESH);
        if has_x87(cx) {
            x87::clear();
            x87::set_control(x87::FRESH);
        }
        Ok(())
    }

    /// Answers how results are rounded.
    fn fegetround(cx) -> i32 { Ok((control(cx) & ROUNDING) as i32) }

    /// Says how results are rounded.
    fn fesetround(cx, mode: i32) -> i32 {
        if mode as u32 & !ROUNDING != 0 {
            return Ok(1);
        }
        set_control(cx, mode as u32, ROUNDING);
        Ok(0)
    }

    /// Answers which of these exceptions have happened.
    fn fetestexcept(cx, which: i32) -> i32 { Ok((from_hardware(status(cx)) & which as u32) as i32) }

    /// Forgets that these exceptions have happened.
    fn feclearexcept(cx, which: i32) -> i32 {
        set_status(cx, status(cx) & !to_hardware(which as u32));
        Ok(0)
    }

    /// Makes these exceptions have happened.
    fn feraiseexcept(cx, which: i32) -> i32 {
        set_status(cx, status(cx) | to_hardware(which as u32));
        Ok(0)
    }

    /// Stores control and status.
    fn fegetenv(cx, at: Addr) -> i32 {
        write_environment(cx, at)?;
        Ok(0)
    }

    /// Takes control and status from what was stored.
    fn fesetenv(cx, at: Addr) -> i32 {
        let (control, status) = read_environment(cx, at)?;
        set_control(cx, control, u32::MAX);
        set_status(cx, to_hardware(status));
        Ok(0)
    }

    /// Stores control and status, forgets all exceptions and masks them.
    fn feholdexcept(cx, at: Addr) -> i32 {
        write_environment(cx, at)?;
        set_status(cx, 0);
        set_control(cx, MASKS, MASKS);
        Ok(0)
    }

    /// Takes control and status from what was stored, and keeps what has happened since.
    fn feupdateenv(cx, at: Addr) -> i32 {
        let (control, status) = read_environment(cx, at)?;
        set_control(cx, control, u32::MAX);
        set_status(cx, self::status(cx) | to_hardware(status));
        Ok(0)
    }

    /// Stores which of these exceptions have happened.
    fn fegetexceptflag(cx, at: Addr, which: i32) -> i32 {
        cx.write(at, from_hardware(status(cx)) & which as u32)?;
        Ok(0)
    }

    /// Takes from what was stored which of these exceptions have happened.
    fn fesetexceptflag(cx, at: Addr, which: i32) -> i32 {
        let stored: u32 = cx.read(at)?;
        let which = to_hardware(which as u32);
        set_status(cx, (status(cx) & !which) | (to_hardware(stored) & which));
        Ok(0)
    }

    /// Answers how results are rounded, as `FLT_ROUNDS`.
    fn __fpe_flt_rounds(cx) -> i32 {
        Ok(match control(cx) & ROUNDING {
            0 => 1,
            0x100 => 3,
            0x200 => 2,
            _ => 0,
        })
    }
}

shims! {
    pub(in crate::dll) static SHIMS_32 = "msvcrt.dll", cdecl;

    /// Sets bits of the control words of x87 and SSE arithmetic each, and stores them.
    fn __control87_2(cx, value: u32, mask: u32, x87: Addr, sse: Addr) -> i32 {
        if !x87.is_null() {
            let all = MASKS | ROUNDING | x87::PRECISION | x87::INFINITY;
            set_x87_control(changed(x87_control(), value, mask & all));
            cx.write(x87, x87_control())?;
        }
        if !sse.is_null() {
            set_sse_control(changed(sse_control(), value, mask & (MASKS | ROUNDING | DENORMALS)));
            cx.write(sse, sse_control())?;
        }
        Ok(1)
    }

    /// Stores which exceptions have happened in x87 and in SSE arithmetic.
    fn _statusfp2(cx, x87: Addr, sse: Addr) {
        cx.write_unless_null(x87, from_hardware(x87::status().into()))?;
        cx.write_unless_null(sse, from_hardware(mxcsr()))
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_rotl" as "_lrotl",
        "_rotr" as "_lrotr",
        "_fpreset" as "fpreset",
        "_clearfp" as "_clear87",
        "_statusfp" as "_status87";
}
