//! `<wchar.h>`: strings of UTF-16 units.

use super::aliases;
use super::blocks::allocate;
use super::strings::{find, find_last, find_text, map, span, token_at};
use super::text::{bytes, compare, length, limited, place, put, put_string, string};
use crate::crt::ctype::{wide_lower as lower, wide_upper as upper};
use crate::shim::{Addr, Size, shims};

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers the length of a string.
    fn wcslen(cx, text: Addr) -> Size {
        length::<u16>(text, u64::MAX).map(Size)
    }

    /// Answers the length of a string, or `limit` if that is less.
    fn wcsnlen(cx, text: Addr, limit: Size) -> Size {
        if text.is_null() { Ok(Size(0)) } else { length::<u16>(text, limit.0).map(Size) }
    }

    /// Copies a string.
    fn wcscpy(cx, to: Addr, from: Addr) -> Addr {
        let bytes = bytes::<u16>(length::<u16>(from, u64::MAX)? + 1);
        cx.copy(to, from, bytes)?;
        Ok(to)
    }

    /// Copies at most `count` characters and fills the rest with zeros.
    fn wcsncpy(cx, to: Addr, from: Addr, count: Size) -> Addr {
        let copied = length::<u16>(from, count.0)?;
        cx.copy(to, from, bytes::<u16>(copied))?;
        cx.fill(place::<u16>(to, copied), 0, bytes::<u16>(count.0 - copied))?;
        Ok(to)
    }

    /// Appends a string.
    fn wcscat(cx, to: Addr, from: Addr) -> Addr {
        let end = place::<u16>(to, length::<u16>(to, u64::MAX)?);
        let bytes = bytes::<u16>(length::<u16>(from, u64::MAX)? + 1);
        cx.copy(end, from, bytes)?;
        Ok(to)
    }

    /// Appends at most `count` characters and a zero.
    fn wcsncat(cx, to: Addr, from: Addr, count: Size) -> Addr {
        let end = place::<u16>(to, length::<u16>(to, u64::MAX)?);
        let text = limited::<u16>(cx, from, count.0)?;
        put_string(cx, end, &text)?;
        Ok(to)
    }

    /// Compares two strings.
    fn wcscmp(cx, one: Addr, other: Addr) -> i32 {
        compare::<u16>(cx, one, other, u64::MAX, |unit| unit)
    }

    /// Compares at most `count` characters of two strings.
    fn wcsncmp(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u16>(cx, one, other, count.0, |unit| unit)
    }

    /// Compares two strings without regard to case.
    fn _wcsicmp(cx, one: Addr, other: Addr) -> i32 {
        compare::<u16>(cx, one, other, u64::MAX, lower)
    }

    /// Compares at most `count` characters of two strings without regard to case.
    fn _wcsnicmp(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u16>(cx, one, other, count.0, lower)
    }

    /// Compares two strings in the order of the locale; that of the C locale is by value.
    fn wcscoll(cx, one: Addr, other: Addr) -> i32 {
        compare::<u16>(cx, one, other, u64::MAX, |unit| unit)
    }

    /// Compares at most `count` characters in the order of the locale.
    fn _wcsncoll(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u16>(cx, one, other, count.0, |unit| unit)
    }

    /// Compares two strings in the order of the locale without regard to case.
    fn _wcsicoll(cx, one: Addr, other: Addr) -> i32 {
        compare::<u16>(cx, one, other, u64::MAX, lower)
    }

    /// Compares at most `count` characters in the order of the locale without regard to case.
    fn _wcsnicoll(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u16>(cx, one, other, count.0, lower)
    }

    /// Makes a string that compares by value as the old one does in the locale.
    fn wcsxfrm(cx, to: Addr, from: Addr, count: Size) -> Size {
        let needed = length::<u16>(from, u64::MAX)?;
        if needed < count.0 {
            cx.copy(to, from, bytes::<u16>(needed + 1))?;
        }
        Ok(Size(needed))
    }

    /// Finds a character, which may be the final zero.
    fn wcschr(cx, text: Addr, unit: u16) -> Addr {
        find::<u16>(cx, text, unit as u16)
    }

    /// Finds the last place of a character.
    fn wcsrchr(cx, text: Addr, unit: u16) -> Addr {
        find_last::<u16>(cx, text, unit as u16)
    }

    /// Finds a string within another.
    fn wcsstr(cx, text: Addr, wanted: Addr) -> Addr {
        find_text::<u16>(cx, text, wanted)
    }

    /// Finds the first character that is one of a set.
    fn wcspbrk(cx, text: Addr, set: Addr) -> Addr {
        let set = string::<u16>(cx, set)?;
        let (count, ended) = span(cx, text, |unit| !set.contains(&unit))?;
        Ok(if ended { Addr::NULL } else { place::<u16>(text, count) })
    }

    /// Counts the characters at the start that are of a set.
    fn wcsspn(cx, text: Addr, set: Addr) -> Size {
        let set = string::<u16>(cx, set)?;
        span::<u16>(cx, text, |unit| set.contains(&unit)).map(|(count, _)| Size(count))
    }

    /// Counts the characters at the start that are not of a set.
    fn wcscspn(cx, text: Addr, set: Addr) -> Size {
        let set = string::<u16>(cx, set)?;
        span::<u16>(cx, text, |unit| !set.contains(&unit)).map(|(count, _)| Size(count))
    }


    /// Finds the next token and keeps the place in `context`.
    fn wcstok_s(cx, text: Addr, separators: Addr, context: Addr) -> Addr {
        token_at::<u16>(cx, text, separators, context)
    }

    /// Copies a string to the heap.
    fn _wcsdup(cx, text: Addr) -> Addr {
        if text.is_null() {
            return Ok(Addr::NULL);
        }
        let bytes = bytes::<u16>(length::<u16>(text, u64::MAX)? + 1);
        let copy = allocate(cx, bytes, false, false)?;
        if !copy.is_null() {
            cx.copy(copy, text, bytes)?;
        }
        Ok(copy)
    }

    /// Turns a string round.
    fn _wcsrev(cx, text: Addr) -> Addr {
        let mut units = string::<u16>(cx, text)?;
        units.reverse();
        put(cx, text, &units)?;
        Ok(text)
    }

    /// Makes letters small.
    fn _wcslwr(cx, text: Addr) -> Addr {
        map::<u16>(cx, text, lower)?;
        Ok(text)
    }

    /// Makes letters capital.
    fn _wcsupr(cx, text: Addr) -> Addr {
        map::<u16>(cx, text, upper)?;
        Ok(text)
    }

    /// Sets every character of a string.
    fn _wcsset(cx, text: Addr, unit: u16) -> Addr {
        map::<u16>(cx, text, |_| unit as u16)?;
        Ok(text)
    }

    /// Sets at most `count` characters of a string.
    fn _wcsnset(cx, text: Addr, unit: u16, count: Size) -> Addr {
        let set = length::<u16>(text, count.0)?;
        put(cx, text, &vec![unit as u16; set as usize])?;
        Ok(text)
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_wcsicmp" as "_wcsicmp_l",
        "_wcsnicmp" as "_wcsnicmp_l",
        "wcscoll" as "_wcscoll_l",
        "_wcsncoll" as "_wcsncoll_l",
        "_wcsicoll" as "_wcsicoll_l",
        "_wcsnicoll" as "_wcsnicoll_l",
        "wcsxfrm" as "_wcsxfrm_l",
        "_wcslwr" as "_wcslwr_l",
        "_wcsupr" as "_wcsupr_l", "wcsstr" as "wcswcs";
}
