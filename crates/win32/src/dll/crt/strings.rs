//! `<string.h>`: strings of bytes.

use super::aliases;
use super::blocks::allocate;
use super::runtime::Own;
use super::text::{Text, Window, bytes, compare, length, limited, place, put, put_string, string};
use crate::crt::ctype::{lower, upper};
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// The place of a unit, which may be the final zero; null if there is none.
pub(super) fn find<C: Text>(cx: &Cx<'_>, text: Addr, unit: C) -> Result<Addr, Trap> {
    let mut window = Window::<C>::new(cx, text);
    for index in 0.. {
        let known = window.get(index)?;
        if known == unit {
            return Ok(place::<C>(text, index));
        }
        if known == C::default() {
            break;
        }
    }
    Ok(Addr::NULL)
}

/// The last place of a unit, which may be the final zero; null if there is none.
pub(super) fn find_last<C: Text>(cx: &Cx<'_>, text: Addr, unit: C) -> Result<Addr, Trap> {
    let units = string::<C>(cx, text)?;
    if unit == C::default() {
        return Ok(place::<C>(text, units.len() as u64));
    }
    let found = units.iter().rposition(|known| *known == unit);
    Ok(found.map_or(Addr::NULL, |index| place::<C>(text, index as u64)))
}

/// The place of a string within another; null if it is not there.
pub(super) fn find_text<C: Text>(cx: &Cx<'_>, text: Addr, wanted: Addr) -> Result<Addr, Trap> {
    let wanted = string::<C>(cx, wanted)?;
    if wanted.is_empty() {
        return Ok(text);
    }
    let units = string::<C>(cx, text)?;
    let found = units.windows(wanted.len()).position(|part| part == wanted);
    Ok(found.map_or(Addr::NULL, |index| place::<C>(text, index as u64)))
}

/// Counts the units at the start that `accept` takes, and tells whether the string ended there.
pub(super) fn span<C: Text>(
    cx: &Cx<'_>,
    text: Addr,
    accept: impl Fn(C) -> bool,
) -> Result<(u64, bool), Trap> {
    let mut window = Window::<C>::new(cx, text);
    let mut count = 0;
    loop {
        let unit = window.get(count)?;
        if unit == C::default() || !accept(unit) {
            return Ok((count, unit == C::default()));
        }
        count += 1;
    }
}

/// The next token at or behind `text`, ended with a zero, and where to go on.
fn token<C: Text>(cx: &Cx<'_>, text: Addr, separators: Addr) -> Result<(Addr, Addr), Trap> {
    if text.is_null() {
        return Ok((Addr::NULL, Addr::NULL));
    }
    let separators = string::<C>(cx, separators)?;
    let (skipped, ended) = span::<C>(cx, text, |unit| separators.contains(&unit))?;
    let start = place::<C>(text, skipped);
    if ended {
        return Ok((Addr::NULL, start));
    }
    let (count, ended) = span::<C>(cx, start, |unit| !separators.contains(&unit))?;
    let end = place::<C>(start, count);
    if ended {
        return Ok((start, end));
    }
    put(cx, end, &[C::default()])?;
    Ok((start, place::<C>(end, 1)))
}

/// `strtok`: the place is kept for the thread.
pub(super) fn token_of_thread<C: Text>(
    cx: &Cx<'_>,
    text: Addr,
    separators: Addr,
) -> Result<Addr, Trap> {
    let own = cx.thread().state::<Own>();
    let from = if text.is_null() {
        own.token.get()
    } else {
        text
    };
    let (found, next) = token::<C>(cx, from, separators)?;
    own.token.set(next);
    Ok(found)
}

/// `strtok_s`: the place is kept where `context` points.
pub(super) fn token_at<C: Text>(
    cx: &Cx<'_>,
    text: Addr,
    separators: Addr,
    context: Addr,
) -> Result<Addr, Trap> {
    let from = if text.is_null() {
        cx.read_addr(context)?
    } else {
        text
    };
    let (found, next) = token::<C>(cx, from, separators)?;
    cx.write_addr(context, next)?;
    Ok(found)
}

/// Changes every unit of a string.
pub(super) fn map<C: Text>(cx: &Cx<'_>, text: Addr, change: impl Fn(C) -> C) -> Result<(), Trap> {
    let mut units = string::<C>(cx, text)?;
    units.iter_mut().for_each(|unit| *unit = change(*unit));
    put(cx, text, &units)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers the length of a string.
    fn strlen(cx, text: Addr) -> Size {
        length::<u8>(text, u64::MAX).map(Size)
    }

    /// Answers the length of a string, or `limit` if that is less.
    fn strnlen(cx, text: Addr, limit: Size) -> Size {
        if text.is_null() { Ok(Size(0)) } else { length::<u8>(text, limit.0).map(Size) }
    }

    /// Copies a string.
    fn strcpy(cx, to: Addr, from: Addr) -> Addr {
        let bytes = bytes::<u8>(length::<u8>(from, u64::MAX)? + 1);
        cx.copy(to, from, bytes)?;
        Ok(to)
    }

    /// Copies at most `count` characters and fills the rest with zeros.
    fn strncpy(cx, to: Addr, from: Addr, count: Size) -> Addr {
        let copied = length::<u8>(from, count.0)?;
        cx.copy(to, from, bytes::<u8>(copied))?;
        cx.fill(place::<u8>(to, copied), 0, bytes::<u8>(count.0 - copied))?;
        Ok(to)
    }

    /// Appends a string.
    fn strcat(cx, to: Addr, from: Addr) -> Addr {
        let end = place::<u8>(to, length::<u8>(to, u64::MAX)?);
        let bytes = bytes::<u8>(length::<u8>(from, u64::MAX)? + 1);
        cx.copy(end, from, bytes)?;
        Ok(to)
    }

    /// Appends at most `count` characters and a zero.
    fn strncat(cx, to: Addr, from: Addr, count: Size) -> Addr {
        let end = place::<u8>(to, length::<u8>(to, u64::MAX)?);
        let text = limited::<u8>(cx, from, count.0)?;
        put_string(cx, end, &text)?;
        Ok(to)
    }

    /// Compares two strings.
    fn strcmp(cx, one: Addr, other: Addr) -> i32 {
        compare::<u8>(cx, one, other, u64::MAX, |unit| unit)
    }

    /// Compares at most `count` characters of two strings.
    fn strncmp(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u8>(cx, one, other, count.0, |unit| unit)
    }

    /// Compares two strings without regard to case.
    fn _stricmp(cx, one: Addr, other: Addr) -> i32 {
        compare::<u8>(cx, one, other, u64::MAX, lower)
    }

    /// Compares at most `count` characters of two strings without regard to case.
    fn _strnicmp(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u8>(cx, one, other, count.0, lower)
    }

    /// Compares two strings in the order of the locale; that of the C locale is by value.
    fn strcoll(cx, one: Addr, other: Addr) -> i32 {
        compare::<u8>(cx, one, other, u64::MAX, |unit| unit)
    }

    /// Compares at most `count` characters in the order of the locale.
    fn _strncoll(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u8>(cx, one, other, count.0, |unit| unit)
    }

    /// Compares two strings in the order of the locale without regard to case.
    fn _stricoll(cx, one: Addr, other: Addr) -> i32 {
        compare::<u8>(cx, one, other, u64::MAX, lower)
    }

    /// Compares at most `count` characters in the order of the locale without regard to case.
    fn _strnicoll(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare::<u8>(cx, one, other, count.0, lower)
    }

    /// Makes a string that compares by value as the old one does in the locale.
    fn strxfrm(cx, to: Addr, from: Addr, count: Size) -> Size {
        let needed = length::<u8>(from, u64::MAX)?;
        if needed < count.0 {
            cx.copy(to, from, bytes::<u8>(needed + 1))?;
        }
        Ok(Size(needed))
    }

    /// Finds a character, which may be the final zero.
    fn strchr(cx, text: Addr, unit: i32) -> Addr {
        find::<u8>(cx, text, unit as u8)
    }

    /// Finds the last place of a character.
    fn strrchr(cx, text: Addr, unit: i32) -> Addr {
        find_last::<u8>(cx, text, unit as u8)
    }

    /// Finds a string within another.
    fn strstr(cx, text: Addr, wanted: Addr) -> Addr {
        find_text::<u8>(cx, text, wanted)
    }

    /// Finds the first character that is one of a set.
    fn strpbrk(cx, text: Addr, set: Addr) -> Addr {
        let set = string::<u8>(cx, set)?;
        let (count, ended) = span(cx, text, |unit| !set.contains(&unit))?;
        Ok(if ended { Addr::NULL } else { place::<u8>(text, count) })
    }

    /// Counts the characters at the start that are of a set.
    fn strspn(cx, text: Addr, set: Addr) -> Size {
        let set = string::<u8>(cx, set)?;
        span::<u8>(cx, text, |unit| set.contains(&unit)).map(|(count, _)| Size(count))
    }

    /// Counts the characters at the start that are not of a set.
    fn strcspn(cx, text: Addr, set: Addr) -> Size {
        let set = string::<u8>(cx, set)?;
        span::<u8>(cx, text, |unit| !set.contains(&unit)).map(|(count, _)| Size(count))
    }

    /// Finds the next token and keeps the place for this thread.
    fn strtok(cx, text: Addr, separators: Addr) -> Addr {
        token_of_thread::<u8>(cx, text, separators)
    }

    /// Finds the next token and keeps the place in `context`.
    fn strtok_s(cx, text: Addr, separators: Addr, context: Addr) -> Addr {
        token_at::<u8>(cx, text, separators, context)
    }

    /// Copies a string to the heap.
    fn _strdup(cx, text: Addr) -> Addr {
        if text.is_null() {
            return Ok(Addr::NULL);
        }
        let bytes = bytes::<u8>(length::<u8>(text, u64::MAX)? + 1);
        let copy = allocate(cx, bytes, false, false)?;
        if !copy.is_null() {
            cx.copy(copy, text, bytes)?;
        }
        Ok(copy)
    }

    /// Turns a string round.
    fn _strrev(cx, text: Addr) -> Addr {
        let mut units = string::<u8>(cx, text)?;
        units.reverse();
        put(cx, text, &units)?;
        Ok(text)
    }

    /// Makes letters small.
    fn _strlwr(cx, text: Addr) -> Addr {
        map::<u8>(cx, text, lower)?;
        Ok(text)
    }

    /// Makes letters capital.
    fn _strupr(cx, text: Addr) -> Addr {
        map::<u8>(cx, text, upper)?;
        Ok(text)
    }

    /// Sets every character of a string.
    fn _strset(cx, text: Addr, unit: i32) -> Addr {
        map::<u8>(cx, text, |_| unit as u8)?;
        Ok(text)
    }

    /// Sets at most `count` characters of a string.
    fn _strnset(cx, text: Addr, unit: i32, count: Size) -> Addr {
        let set = length::<u8>(text, count.0)?;
        put(cx, text, &vec![unit as u8; set as usize])?;
        Ok(text)
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_stricmp" as "_strcmpi",
        "_stricmp" as "_stricmp_l",
        "_strnicmp" as "_strnicmp_l",
        "strcoll" as "_strcoll_l",
        "_strncoll" as "_strncoll_l",
        "_stricoll" as "_stricoll_l",
        "_strnicoll" as "_strnicoll_l",
        "strxfrm" as "_strxfrm_l",
        "_strlwr" as "_strlwr_l",
        "_strupr" as "_strupr_l",
        "_strdup" as "strdup",
        "_stricmp" as "stricmp",
        "_strnicmp" as "strnicmp",
        "_strlwr" as "strlwr",
        "_strupr" as "strupr",
        "_strrev" as "strrev";
}

shims! {
    pub(in crate::dll) static OLD_TOKENS = "msvcrt.dll", cdecl;

    /// Finds the next wide token and keeps the place for this thread.
    fn wcstok(cx, text: Addr, separators: Addr) -> Addr { token_of_thread::<u16>(cx, text, separators) }
}

aliases! {
    pub(in crate::dll) static NEW_TOKENS;
    super::wide::SHIMS => "wcstok_s" as "wcstok";
}
