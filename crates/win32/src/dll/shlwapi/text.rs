//! `Str...`: searching and comparing text.

use std::cmp::Ordering;

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::trap::Trap;

shims! {
    pub(super) static SHIMS = "shlwapi.dll", stdcall;

    /// Answers where a text is found in another, or null.
    fn StrStrA(cx, text: Addr, part: Addr) -> Addr { find(cx, Ansi, text, part, false) }

    /// Answers where a text is found in another, or null.
    fn StrStrW(cx, text: Addr, part: Addr) -> Addr { find(cx, Wide, text, part, false) }

    /// Answers where a text is found in another, whatever the case, or null.
    fn StrStrIA(cx, text: Addr, part: Addr) -> Addr { find(cx, Ansi, text, part, true) }

    /// Answers where a text is found in another, whatever the case, or null.
    fn StrStrIW(cx, text: Addr, part: Addr) -> Addr { find(cx, Wide, text, part, true) }

    /// Answers where a letter is found first, or null.
    fn StrChrA(cx, text: Addr, letter: u16) -> Addr { letter_at(cx, Ansi, text, letter, false) }

    /// Answers where a letter is found first, or null.
    fn StrChrW(cx, text: Addr, letter: u16) -> Addr { letter_at(cx, Wide, text, letter, false) }

    /// Answers where a letter is found last, or null.
    fn StrRChrA(cx, text: Addr, end: Addr, letter: u16) -> Addr { letter_at(cx, Ansi, text, letter, true) }

    /// Answers where a letter is found last, or null.
    fn StrRChrW(cx, text: Addr, end: Addr, letter: u16) -> Addr { letter_at(cx, Wide, text, letter, true) }

    /// Compares texts.
    fn StrCmpW(cx, one: Addr, other: Addr) -> i32 { compare(cx, Wide, one, other, None, false) }

    /// Compares texts, ignoring case.
    fn StrCmpIW(cx, one: Addr, other: Addr) -> i32 { compare(cx, Wide, one, other, None, true) }

    /// Compares the beginnings of texts.
    fn StrCmpNA(cx, one: Addr, other: Addr, count: i32) -> i32 { compare(cx, Ansi, one, other, Some(count), false) }

    /// Compares the beginnings of texts.
    fn StrCmpNW(cx, one: Addr, other: Addr, count: i32) -> i32 { compare(cx, Wide, one, other, Some(count), false) }

    /// Compares the beginnings of texts, ignoring case.
    fn StrCmpNIA(cx, one: Addr, other: Addr, count: i32) -> i32 { compare(cx, Ansi, one, other, Some(count), true) }

    /// Compares the beginnings of texts, ignoring case.
    fn StrCmpNIW(cx, one: Addr, other: Addr, count: i32) -> i32 { compare(cx, Wide, one, other, Some(count), true) }

    /// Turns the number that a text begins with into a number.
    fn StrToIntA(cx, text: Addr) -> i32 { number(cx, Ansi, text) }

    /// Turns the number that a text begins with into a number.
    fn StrToIntW(cx, text: Addr) -> i32 { number(cx, Wide, text) }
}

fn folded(text: &str, fold: bool) -> Vec<u16> {
    let lower = |letter: char| {
        let mut lower = letter.to_lowercase();
        lower
            .next()
            .filter(|_| lower.next().is_none())
            .unwrap_or(letter)
    };
    let letters = text
        .chars()
        .map(|letter| if fold { lower(letter) } else { letter });
    letters.collect::<String>().encode_utf16().collect()
}

fn find(cx: &Cx<'_>, letters: Letters, text: Addr, part: Addr, fold: bool) -> Result<Addr, Trap> {
    if text.is_null() || part.is_null() {
        return Ok(Addr::NULL);
    }
    let found = {
        let (whole, part) = (letters.read(cx, text)?, letters.read(cx, part)?);
        let (whole, part) = (folded(&whole, fold), folded(&part, fold));
        if part.is_empty() {
            return Ok(Addr::NULL);
        }
        whole.windows(part.len()).position(|window| window == part)
    };
    Ok(found.map_or(Addr::NULL, |at| text.offset(at as u64 * letters.bytes())))
}

fn letter_at(
    cx: &Cx<'_>,
    letters: Letters,
    text: Addr,
    letter: u16,
    last: bool,
) -> Result<Addr, Trap> {
    if text.is_null() {
        return Ok(text);
    }
    let units: Vec<u16> = match letters {
        Ansi => cx.ansi(text)?.into_iter().map(u16::from).collect(),
        Wide => cx.wide(text)?,
    };
    let mut places = (0..units.len()).filter(|&at| units[at] == letter);
    let found = if last {
        places.next_back()
    } else {
        places.next()
    };
    Ok(found.map_or(Addr::NULL, |at| text.offset(at as u64 * letters.bytes())))
}

fn compare(
    cx: &Cx<'_>,
    letters: Letters,
    one: Addr,
    other: Addr,
    count: Option<i32>,
    fold: bool,
) -> Result<i32, Trap> {
    let read = |at| {
        let mut units = folded(&letters.optional(cx, at)?.unwrap_or_default(), fold);
        units.truncate(count.map_or(usize::MAX, |count| count.max(0) as usize));
        Ok::<_, Trap>(units)
    };
    Ok(match read(one)?.cmp(&read(other)?) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}

fn number(cx: &Cx<'_>, letters: Letters, text: Addr) -> Result<i32, Trap> {
    let text = letters.optional(cx, text)?.unwrap_or_default();
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let digits = digits.chars().map_while(|digit| digit.to_digit(10));
    let value = digits.fold(0_i32, |value, digit| {
        value.wrapping_mul(10).wrapping_add(digit as i32)
    });
    Ok(value.wrapping_mul(sign))
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "shlwapi.dll";

    #[test]
    fn text_is_found_in_text() {
        let bench = Bench::new();
        let (text, part) = (bench.wide("Installable Driver"), bench.wide("driver"));
        assert_eq!(bench.ask(DLL, "StrStrIW", &[text, part]), text + 24);
        assert_eq!(bench.ask(DLL, "StrStrW", &[text, part]), 0);
        assert_eq!(
            bench.ask(DLL, "StrChrW", &[text, u64::from(b'l')]),
            text + 10
        );
        assert_eq!(
            bench.ask(DLL, "StrRChrW", &[text, 0, u64::from(b'l')]),
            text + 18
        );
        assert_eq!(
            bench.ask(DLL, "StrCmpNIW", &[part, bench.wide("DRIVE!"), 5]),
            0
        );
        assert_eq!(
            bench.ask(DLL, "StrCmpW", &[part, bench.wide("e")]) as i32,
            -1
        );
        assert_eq!(
            bench.ask(DLL, "StrToIntA", &[bench.text("-42x")]) as i32,
            -42
        );
    }
}
