//! The calendar as text: `asctime`, `ctime`, `strftime`, as each runtime writes it.

use super::super::aliases;
use super::super::runtime::{Slot, errno, fail, invalid_parameter, refuse, slot};
use super::super::text::{Text, put_string, string};
use super::{in_range, local, moment_32, moment_64, offset, read_tm, units};
use crate::crt::strftime::{Letters, ZoneText, strftime as print};
use crate::crt::time::{LAST, LAST_32, Tm};
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// `asctime` and `ctime`: 26 characters in the thread's own place.
fn own_text<C: Text>(cx: &Cx<'_>, tm: Tm, zeros: bool) -> Result<Addr, Trap> {
    let at = slot(
        cx,
        if C::WIDE {
            Slot::WideAsctime
        } else {
            Slot::Asctime
        },
    )?;
    put_string(cx, at, &units::<C>(&tm.text(zeros)))?;
    Ok(at)
}

/// `asctime_s` and `ctime_s`: 26 characters where the caller wants them.
fn text_into<C: Text>(
    cx: &mut Cx<'_>,
    (at, room): (Addr, u64),
    tm: Option<Tm>,
    zeros: bool,
) -> Result<i32, Trap> {
    match tm {
        Some(tm) if !at.is_null() && room >= 26 => {
            put_string(cx, at, &units::<C>(&tm.text(zeros)))?;
            Ok(0)
        }
        _ => {
            if !at.is_null() && room > 0 {
                put_string::<C>(cx, at, &[])?;
            }
            refuse(cx, "asctime_s", errno::EINVAL)
        }
    }
}

fn local_calendar(moment: Option<i64>, last: i64) -> Option<Tm> {
    let moment = moment.filter(|moment| in_range(*moment, last))?;
    Some(Tm::at(moment, offset(moment)))
}

/// `ctime`: null for a moment that is none.
fn own_moment<C: Text>(
    cx: &mut Cx<'_>,
    moment: Option<i64>,
    last: i64,
    zeros: bool,
) -> Result<Addr, Trap> {
    match local_calendar(moment, last) {
        Some(tm) => own_text::<C>(cx, tm, zeros),
        None => invalid_parameter(cx, "ctime", errno::EINVAL, Addr::NULL),
    }
}

/// `strftime`: the length, or 0 when it does not fit.
fn formatted<C: Text>(
    cx: &mut Cx<'_>,
    (at, room): (Addr, u64),
    format: Addr,
    tm: Addr,
    letters: Letters,
) -> Result<Size, Trap> {
    if at.is_null() || format.is_null() || tm.is_null() || room == 0 {
        return invalid_parameter(cx, "strftime", errno::EINVAL, Size(0));
    }
    let tm = read_tm(cx, tm)?;
    let format = string::<C>(cx, format)?;
    let (offset, name) = local(tm.resolve(offset).0);
    let zone = ZoneText {
        name,
        seconds: offset.seconds,
    };
    put_string::<C>(cx, at, &[])?;
    let Some(text) = print(&format, &tm, &zone, letters) else {
        return invalid_parameter(cx, "strftime", errno::EINVAL, Size(0));
    };
    if text.len() as u64 >= room {
        return fail(cx, errno::ERANGE, Size(0));
    }
    put_string(cx, at, &text)?;
    Ok(Size(text.len() as u64))
}

shims! {
    pub(in crate::dll) static OLD = "msvcrt.dll", cdecl;

    /// Prints a calendar as text by a format.
    fn strftime(cx, at: Addr, room: Size, format: Addr, tm: Addr) -> Size {
        formatted::<u8>(cx, (at, room.0), format, tm, Letters::C89)
    }

    /// Answers a calendar as text.
    fn asctime(cx, tm: Addr) -> Addr {
        if tm.is_null() {
            return invalid_parameter(cx, "asctime", errno::EINVAL, Addr::NULL);
        }
        let tm = read_tm(cx, tm)?;
        own_text::<u8>(cx, tm, true)
    }

    /// Prints a calendar as text.
    fn asctime_s(cx, at: Addr, room: Size, tm: Addr) -> i32 {
        let tm = if tm.is_null() { None } else { Some(read_tm(cx, tm)?) };
        text_into::<u8>(cx, (at, room.0), tm, true)
    }

    /// Answers a moment in local time as text, 64 bits.
    fn _ctime64(cx, at: Addr) -> Addr {
        let moment = moment_64(cx, at)?;
        own_moment::<u8>(cx, moment, LAST, true)
    }

    /// Prints a moment in local time as text, 64 bits.
    fn _ctime64_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_64(cx, moment)?;
        text_into::<u8>(cx, (at, room.0), local_calendar(moment, LAST), true)
    }

    /// Answers a moment in local time as text, 32 bits.
    fn _ctime32(cx, at: Addr) -> Addr {
        let moment = moment_32(cx, at)?;
        own_moment::<u8>(cx, moment, LAST_32, true)
    }

    /// Prints a moment in local time as text, 32 bits.
    fn _ctime32_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_32(cx, moment)?;
        text_into::<u8>(cx, (at, room.0), local_calendar(moment, LAST_32), true)
    }

    /// Prints a calendar as wide text by a format.
    fn wcsftime(cx, at: Addr, room: Size, format: Addr, tm: Addr) -> Size {
        formatted::<u16>(cx, (at, room.0), format, tm, Letters::C89)
    }

    /// Answers a calendar as wide text.
    fn _wasctime(cx, tm: Addr) -> Addr {
        if tm.is_null() {
            return invalid_parameter(cx, "asctime", errno::EINVAL, Addr::NULL);
        }
        let tm = read_tm(cx, tm)?;
        own_text::<u16>(cx, tm, true)
    }

    /// Prints a calendar as wide text.
    fn _wasctime_s(cx, at: Addr, room: Size, tm: Addr) -> i32 {
        let tm = if tm.is_null() { None } else { Some(read_tm(cx, tm)?) };
        text_into::<u16>(cx, (at, room.0), tm, true)
    }

    /// Answers a moment in local time as wide text, 64 bits.
    fn _wctime64(cx, at: Addr) -> Addr {
        let moment = moment_64(cx, at)?;
        own_moment::<u16>(cx, moment, LAST, true)
    }

    /// Prints a moment in local time as wide text, 64 bits.
    fn _wctime64_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_64(cx, moment)?;
        text_into::<u16>(cx, (at, room.0), local_calendar(moment, LAST), true)
    }

    /// Answers a moment in local time as wide text, 32 bits.
    fn _wctime32(cx, at: Addr) -> Addr {
        let moment = moment_32(cx, at)?;
        own_moment::<u16>(cx, moment, LAST_32, true)
    }

    /// Prints a moment in local time as wide text, 32 bits.
    fn _wctime32_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_32(cx, moment)?;
        text_into::<u16>(cx, (at, room.0), local_calendar(moment, LAST_32), true)
    }
}

aliases! {
    pub(in crate::dll) static OLD_ALIASES;
    OLD =>
        "strftime" as "_strftime_l",
        "strftime" as "_Strftime",
        "wcsftime" as "_wcsftime_l",
        "wcsftime" as "_Wcsftime";
}

shims! {
    pub(in crate::dll) static C99 = "ucrtbase.dll", cdecl;

    /// Prints a calendar as text by a format.
    fn strftime(cx, at: Addr, room: Size, format: Addr, tm: Addr) -> Size {
        formatted::<u8>(cx, (at, room.0), format, tm, Letters::C99)
    }

    /// Answers a calendar as text.
    fn asctime(cx, tm: Addr) -> Addr {
        if tm.is_null() {
            return invalid_parameter(cx, "asctime", errno::EINVAL, Addr::NULL);
        }
        let tm = read_tm(cx, tm)?;
        own_text::<u8>(cx, tm, false)
    }

    /// Prints a calendar as text.
    fn asctime_s(cx, at: Addr, room: Size, tm: Addr) -> i32 {
        let tm = if tm.is_null() { None } else { Some(read_tm(cx, tm)?) };
        text_into::<u8>(cx, (at, room.0), tm, false)
    }

    /// Answers a moment in local time as text, 64 bits.
    fn _ctime64(cx, at: Addr) -> Addr {
        let moment = moment_64(cx, at)?;
        own_moment::<u8>(cx, moment, LAST, false)
    }

    /// Prints a moment in local time as text, 64 bits.
    fn _ctime64_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_64(cx, moment)?;
        text_into::<u8>(cx, (at, room.0), local_calendar(moment, LAST), false)
    }

    /// Answers a moment in local time as text, 32 bits.
    fn _ctime32(cx, at: Addr) -> Addr {
        let moment = moment_32(cx, at)?;
        own_moment::<u8>(cx, moment, LAST_32, false)
    }

    /// Prints a moment in local time as text, 32 bits.
    fn _ctime32_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_32(cx, moment)?;
        text_into::<u8>(cx, (at, room.0), local_calendar(moment, LAST_32), false)
    }

    /// Prints a calendar as wide text by a format.
    fn wcsftime(cx, at: Addr, room: Size, format: Addr, tm: Addr) -> Size {
        formatted::<u16>(cx, (at, room.0), format, tm, Letters::C99)
    }

    /// Answers a calendar as wide text.
    fn _wasctime(cx, tm: Addr) -> Addr {
        if tm.is_null() {
            return invalid_parameter(cx, "asctime", errno::EINVAL, Addr::NULL);
        }
        let tm = read_tm(cx, tm)?;
        own_text::<u16>(cx, tm, false)
    }

    /// Prints a calendar as wide text.
    fn _wasctime_s(cx, at: Addr, room: Size, tm: Addr) -> i32 {
        let tm = if tm.is_null() { None } else { Some(read_tm(cx, tm)?) };
        text_into::<u16>(cx, (at, room.0), tm, false)
    }

    /// Answers a moment in local time as wide text, 64 bits.
    fn _wctime64(cx, at: Addr) -> Addr {
        let moment = moment_64(cx, at)?;
        own_moment::<u16>(cx, moment, LAST, false)
    }

    /// Prints a moment in local time as wide text, 64 bits.
    fn _wctime64_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_64(cx, moment)?;
        text_into::<u16>(cx, (at, room.0), local_calendar(moment, LAST), false)
    }

    /// Answers a moment in local time as wide text, 32 bits.
    fn _wctime32(cx, at: Addr) -> Addr {
        let moment = moment_32(cx, at)?;
        own_moment::<u16>(cx, moment, LAST_32, false)
    }

    /// Prints a moment in local time as wide text, 32 bits.
    fn _wctime32_s(cx, at: Addr, room: Size, moment: Addr) -> i32 {
        let moment = moment_32(cx, moment)?;
        text_into::<u16>(cx, (at, room.0), local_calendar(moment, LAST_32), false)
    }
}

aliases! {
    pub(in crate::dll) static C99_ALIASES;
    C99 =>
        "strftime" as "_strftime_l",
        "strftime" as "_Strftime",
        "wcsftime" as "_wcsftime_l",
        "wcsftime" as "_Wcsftime";
}
