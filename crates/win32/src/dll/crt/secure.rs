//! The `_s` functions for strings: buffers of known size.

use super::aliases;
use super::runtime::{errno, refuse};
use super::text::{Text, length, limited, place, put, put_string};
use crate::crt::ctype::{lower, upper, wide_lower, wide_upper};
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// `_TRUNCATE`: as much as fits.
const TRUNCATE: u64 = u64::MAX;

/// Leaves the empty text in the buffer and refuses.
fn empty<C: Text>(cx: &mut Cx<'_>, to: Addr, function: &str, error: i32) -> Result<i32, Trap> {
    put_string::<C>(cx, to, &[])?;
    refuse(cx, function, error)
}

/// Puts at most `count` units of `from` behind the first `start` of a buffer of `room`.
fn append<C: Text>(
    cx: &mut Cx<'_>,
    (to, room): (Addr, u64),
    start: u64,
    from: Addr,
    count: u64,
    function: &str,
) -> Result<i32, Trap> {
    if from.is_null() {
        return empty::<C>(cx, to, function, errno::EINVAL);
    }
    let left = room - start;
    // No more than a unit beyond the room is looked at: the rest decides nothing.
    let text = limited::<C>(cx, from, count.min(left))?;
    if (text.len() as u64) < left {
        put_string(cx, place::<C>(to, start), &text)?;
        return Ok(0);
    }
    if count == TRUNCATE {
        put_string(cx, place::<C>(to, start), &text[..left as usize - 1])?;
        return Ok(errno::STRUNCATE);
    }
    empty::<C>(cx, to, function, errno::ERANGE)
}

/// The length of the text in a buffer of `room`; none if it has no end there.
fn ended<C: Text>(to: Addr, room: u64) -> Result<Option<u64>, Trap> {
    Ok(Some(length::<C>(to, room)?).filter(|length| *length < room))
}

/// Changes at most `count` units of a text in a buffer of `room`.
fn change<C: Text>(
    cx: &mut Cx<'_>,
    (to, room): (Addr, u64),
    count: u64,
    function: &str,
    change: impl Fn(C) -> C,
) -> Result<i32, Trap> {
    if to.is_null() || room == 0 {
        return refuse(cx, function, errno::EINVAL);
    }
    let Some(length) = ended::<C>(to, room)? else {
        return empty::<C>(cx, to, function, errno::EINVAL);
    };
    let mut text = limited::<C>(cx, to, length.min(count))?;
    text.iter_mut().for_each(|unit| *unit = change(*unit));
    put(cx, to, &text)?;
    Ok(0)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Copies a string into a buffer of known size.
    fn strcpy_s(cx, to: Addr, room: Size, from: Addr) -> i32 {
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "strcpy_s", errno::EINVAL);
        }
        append::<u8>(cx, (to, room.0), 0, from, TRUNCATE - 1, "strcpy_s")
    }

    /// Copies at most `count` characters of a string into a buffer of known size.
    fn strncpy_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 && to.is_null() && room.0 == 0 {
            return Ok(0);
        }
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "strncpy_s", errno::EINVAL);
        }
        if count.0 == 0 {
            put_string::<u8>(cx, to, &[])?;
            return Ok(0);
        }
        append::<u8>(cx, (to, room.0), 0, from, count.0, "strncpy_s")
    }

    /// Appends a string in a buffer of known size.
    fn strcat_s(cx, to: Addr, room: Size, from: Addr) -> i32 {
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "strcat_s", errno::EINVAL);
        }
        match ended::<u8>(to, room.0)? {
            Some(start) => append::<u8>(cx, (to, room.0), start, from, TRUNCATE - 1, "strcat_s"),
            None => empty::<u8>(cx, to, "strcat_s", errno::EINVAL),
        }
    }

    /// Appends at most `count` characters of a string in a buffer of known size.
    fn strncat_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 && to.is_null() && room.0 == 0 {
            return Ok(0);
        }
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "strncat_s", errno::EINVAL);
        }
        match ended::<u8>(to, room.0)? {
            Some(_) if count.0 == 0 => Ok(0),
            Some(start) => append::<u8>(cx, (to, room.0), start, from, count.0, "strncat_s"),
            None => empty::<u8>(cx, to, "strncat_s", errno::EINVAL),
        }
    }

    /// Makes the letters of a string in a buffer of known size small.
    fn _strlwr_s(cx, text: Addr, room: Size) -> i32 {
        change::<u8>(cx, (text, room.0), u64::MAX, "_strlwr_s", lower)
    }

    /// Makes the letters of a string in a buffer of known size capital.
    fn _strupr_s(cx, text: Addr, room: Size) -> i32 {
        change::<u8>(cx, (text, room.0), u64::MAX, "_strupr_s", upper)
    }

    /// Sets every character of a string in a buffer of known size.
    fn _strset_s(cx, text: Addr, room: Size, unit: i32) -> i32 {
        change::<u8>(cx, (text, room.0), u64::MAX, "_strset_s", |_| unit as u8)
    }

    /// Sets at most `count` characters of a string in a buffer of known size.
    fn _strnset_s(cx, text: Addr, room: Size, unit: i32, count: Size) -> i32 {
        change::<u8>(cx, (text, room.0), count.0, "_strnset_s", |_| unit as u8)
    }

    /// Copies a wide string into a buffer of known size.
    fn wcscpy_s(cx, to: Addr, room: Size, from: Addr) -> i32 {
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "wcscpy_s", errno::EINVAL);
        }
        append::<u16>(cx, (to, room.0), 0, from, TRUNCATE - 1, "wcscpy_s")
    }

    /// Copies at most `count` characters of a wide string into a buffer of known size.
    fn wcsncpy_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 && to.is_null() && room.0 == 0 {
            return Ok(0);
        }
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "wcsncpy_s", errno::EINVAL);
        }
        if count.0 == 0 {
            put_string::<u16>(cx, to, &[])?;
            return Ok(0);
        }
        append::<u16>(cx, (to, room.0), 0, from, count.0, "wcsncpy_s")
    }

    /// Appends a wide string in a buffer of known size.
    fn wcscat_s(cx, to: Addr, room: Size, from: Addr) -> i32 {
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "wcscat_s", errno::EINVAL);
        }
        match ended::<u16>(to, room.0)? {
            Some(start) => append::<u16>(cx, (to, room.0), start, from, TRUNCATE - 1, "wcscat_s"),
            None => empty::<u16>(cx, to, "wcscat_s", errno::EINVAL),
        }
    }

    /// Appends at most `count` characters of a wide string in a buffer of known size.
    fn wcsncat_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 && to.is_null() && room.0 == 0 {
            return Ok(0);
        }
        if to.is_null() || room.0 == 0 {
            return refuse(cx, "wcsncat_s", errno::EINVAL);
        }
        match ended::<u16>(to, room.0)? {
            Some(_) if count.0 == 0 => Ok(0),
            Some(start) => append::<u16>(cx, (to, room.0), start, from, count.0, "wcsncat_s"),
            None => empty::<u16>(cx, to, "wcsncat_s", errno::EINVAL),
        }
    }

    /// Makes the letters of a wide string in a buffer of known size small.
    fn _wcslwr_s(cx, text: Addr, room: Size) -> i32 {
        change::<u16>(cx, (text, room.0), u64::MAX, "_wcslwr_s", wide_lower)
    }

    /// Makes the letters of a wide string in a buffer of known size capital.
    fn _wcsupr_s(cx, text: Addr, room: Size) -> i32 {
        change::<u16>(cx, (text, room.0), u64::MAX, "_wcsupr_s", wide_upper)
    }

    /// Sets every character of a wide string in a buffer of known size.
    fn _wcsset_s(cx, text: Addr, room: Size, unit: u16) -> i32 {
        change::<u16>(cx, (text, room.0), u64::MAX, "_wcsset_s", |_| unit as u16)
    }

    /// Sets at most `count` characters of a wide string in a buffer of known size.
    fn _wcsnset_s(cx, text: Addr, room: Size, unit: u16, count: Size) -> i32 {
        change::<u16>(cx, (text, room.0), count.0, "_wcsnset_s", |_| unit as u16)
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_strlwr_s" as "_strlwr_s_l",
        "_strupr_s" as "_strupr_s_l",
        "_wcslwr_s" as "_wcslwr_s_l",
        "_wcsupr_s" as "_wcsupr_s_l";
}
