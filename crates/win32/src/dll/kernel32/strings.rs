//! The `lstr` functions: short ones that catch bad addresses themselves.

use std::cmp::Ordering;

use crate::cx::Cx;
use crate::dll::kernel32::collation;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::trap::Trap;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the length of a text, 0 for a bad address.
    fn lstrlenA(cx, text: Addr) -> i32 { Ok(cx.ansi(text).map_or(0, |text| text.len() as i32)) }

    /// Answers the length of a text, 0 for a bad address.
    fn lstrlenW(cx, text: Addr) -> i32 { Ok(cx.wide(text).map_or(0, |text| text.len() as i32)) }

    /// Copies a text; null for a bad address.
    fn lstrcpyA(cx, to: Addr, from: Addr) -> Addr { copy(cx, Ansi, to, from, u64::MAX) }

    /// Copies a text; null for a bad address.
    fn lstrcpyW(cx, to: Addr, from: Addr) -> Addr { copy(cx, Wide, to, from, u64::MAX) }

    /// Copies as much of a text as fits with its zero; null for a bad address.
    fn lstrcpynA(cx, to: Addr, from: Addr, room: i32) -> Addr { copy(cx, Ansi, to, from, room.max(0) as u64) }

    /// Copies as much of a text as fits with its zero; null for a bad address.
    fn lstrcpynW(cx, to: Addr, from: Addr, room: i32) -> Addr { copy(cx, Wide, to, from, room.max(0) as u64) }

    /// Appends a text; null for a bad address.
    fn lstrcatA(cx, to: Addr, from: Addr) -> Addr { append(cx, Ansi, to, from) }

    /// Appends a text; null for a bad address.
    fn lstrcatW(cx, to: Addr, from: Addr) -> Addr { append(cx, Wide, to, from) }

    /// Compares texts by words, as a dictionary does.
    fn lstrcmpA(cx, one: Addr, other: Addr) -> i32 { compare(cx, Ansi, one, other, false) }

    /// Compares texts by words, as a dictionary does.
    fn lstrcmpW(cx, one: Addr, other: Addr) -> i32 { compare(cx, Wide, one, other, false) }

    /// Compares texts by words, ignoring case.
    fn lstrcmpiA(cx, one: Addr, other: Addr) -> i32 { compare(cx, Ansi, one, other, true) }

    /// Compares texts by words, ignoring case.
    fn lstrcmpiW(cx, one: Addr, other: Addr) -> i32 { compare(cx, Wide, one, other, true) }
}

/// Unlike the documented functions of the C runtime, these answer null where an address is bad.
fn copy(cx: &Cx<'_>, letters: Letters, to: Addr, from: Addr, room: u64) -> Result<Addr, Trap> {
    let unit = letters.bytes();
    let copied = length(cx, letters, from).and_then(|length| {
        let Some(most) = room.checked_sub(1) else {
            return Ok(());
        };
        let kept = length.min(most);
        cx.copy(to, from, kept * unit)?;
        cx.fill(to.offset(kept * unit), 0, unit)
    });
    Ok(if copied.is_ok() { to } else { Addr::NULL })
}

fn append(cx: &Cx<'_>, letters: Letters, to: Addr, from: Addr) -> Result<Addr, Trap> {
    let Ok(before) = length(cx, letters, to) else {
        return Ok(Addr::NULL);
    };
    let end = to.offset(before * letters.bytes());
    let appended = copy(cx, letters, end, from, u64::MAX)?;
    Ok(if appended.is_null() { appended } else { to })
}

fn length(cx: &Cx<'_>, letters: Letters, text: Addr) -> Result<u64, Trap> {
    match letters {
        Ansi => cx.ansi(text).map(|text| text.len() as u64),
        Wide => cx.wide(text).map(|text| text.len() as u64),
    }
}

fn compare(cx: &Cx<'_>, letters: Letters, one: Addr, other: Addr, fold: bool) -> Result<i32, Trap> {
    let one = letters.optional(cx, one)?;
    let other = letters.optional(cx, other)?;
    let order = match (&one, &other) {
        (Some(one), Some(other)) => collation::compare(one, other, fold),
        // Null is less than every text.
        _ => one.is_some().cmp(&other.is_some()),
    };
    Ok(match order {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn texts_are_copied_cut_and_joined() {
        let bench = Bench::new();
        let (to, from) = (bench.bytes(&[0xaa; 32]), bench.text("driver"));
        assert_eq!(bench.ask(DLL, "lstrcpynA", &[to, from, 4]), to);
        assert_eq!(bench.read(to, 5), b"dri\0\xaa");
        assert_eq!(bench.ask(DLL, "lstrcatA", &[to, from]), to);
        assert_eq!(bench.read(to, 10), b"dridriver\0");
        assert_eq!(bench.ask(DLL, "lstrlenA", &[to]), 9);
        let wide = bench.wide("wide");
        assert_eq!(bench.ask(DLL, "lstrcpyW", &[to, wide]), to);
        assert_eq!(bench.ask(DLL, "lstrlenW", &[to]), 4);
    }

    #[test]
    fn bad_addresses_are_answered() {
        let bench = Bench::new();
        let to = bench.bytes(&[0; 8]);
        assert_eq!(bench.ask(DLL, "lstrlenA", &[0]), 0);
        assert_eq!(bench.ask(DLL, "lstrlenW", &[0x10]), 0);
        assert_eq!(bench.ask(DLL, "lstrcpyA", &[to, 0x10]), 0);
        assert_eq!(bench.ask(DLL, "lstrcatA", &[0x10, to]), 0);
    }

    #[test]
    fn texts_compare_as_words() {
        let bench = Bench::new();
        let compare = |name, one: &str, other: &str| {
            let (one, other) = (bench.wide(one), bench.wide(other));
            bench.ask(DLL, name, &[one, other]) as i32
        };
        assert_eq!(compare("lstrcmpW", "abc", "ABD"), -1);
        assert_eq!(
            compare("lstrcmpW", "abc", "ABC"),
            -1,
            "small letters come first"
        );
        assert_eq!(compare("lstrcmpiW", "abc", "ABC"), 0);
        assert_eq!(compare("lstrcmpiW", "b", "A"), 1);
        assert_eq!(bench.ask(DLL, "lstrcmpA", &[0, 0]), 0);
    }
}
