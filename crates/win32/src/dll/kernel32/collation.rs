//! The order of words: `CompareString`, and what `lstrcmp` uses.
//!
//! Windows sorts by weights of a table that is not ours to copy. This order agrees with it where drivers look: marks come
//! before digits, digits before letters, letters without regard to case or accent first, then small before large; hyphen
//! and apostrophe count only where nothing else differs.

use std::cmp::Ordering;

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::trap::Trap;

/// `NORM_IGNORECASE`, `LINGUISTIC_IGNORECASE`.
const IGNORE_CASE: u32 = 0x11;
const ERROR_INVALID_PARAMETER: u32 = 87;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Compares texts as words: 1 less, 2 equal, 3 greater.
    fn CompareStringA(cx, locale: u32, flags: u32, one: Addr, length: i32, other: Addr, other_length: i32) -> u32 {
        compare_texts(cx, Ansi, flags, (one, length), (other, other_length))
    }

    /// Compares texts as words: 1 less, 2 equal, 3 greater.
    fn CompareStringW(cx, locale: u32, flags: u32, one: Addr, length: i32, other: Addr, other_length: i32) -> u32 {
        compare_texts(cx, Wide, flags, (one, length), (other, other_length))
    }

    /// Compares texts as words: 1 less, 2 equal, 3 greater.
    fn CompareStringEx(cx, locale: Addr, flags: u32, one: Addr, length: i32, other: Addr, other_length: i32, version: Addr, reserved: Addr, parameter: Addr) -> u32 {
        compare_texts(cx, Wide, flags, (one, length), (other, other_length))
    }

    /// Compares texts unit by unit: 1 less, 2 equal, 3 greater.
    fn CompareStringOrdinal(cx, one: Addr, length: i32, other: Addr, other_length: i32, fold: bool) -> u32 {
        if one.is_null() || other.is_null() {
            return cx.fail(ERROR_INVALID_PARAMETER, 0);
        }
        let read = |at, length| {
            let text = Wide.read_units(cx, at, length)?;
            let text = if fold { text.to_uppercase() } else { text };
            Ok::<_, Trap>(text.encode_utf16().collect::<Vec<_>>())
        };
        Ok(answer(read(one, length)?.cmp(&read(other, other_length)?)))
    }
}

fn compare_texts(
    cx: &Cx<'_>,
    letters: Letters,
    flags: u32,
    one: (Addr, i32),
    other: (Addr, i32),
) -> Result<u32, Trap> {
    if one.0.is_null() || other.0.is_null() {
        return cx.fail(ERROR_INVALID_PARAMETER, 0);
    }
    let one = letters.read_units(cx, one.0, one.1)?;
    let other = letters.read_units(cx, other.0, other.1)?;
    Ok(answer(compare(&one, &other, flags & IGNORE_CASE != 0)))
}

fn answer(order: Ordering) -> u32 {
    match order {
        Ordering::Less => 1,
        Ordering::Equal => 2,
        Ordering::Greater => 3,
    }
}

/// Compares texts as words.
pub(super) fn compare(one: &str, other: &str, fold: bool) -> Ordering {
    let primary = |text: &str| {
        text.chars()
            .filter(|letter| !is_ignored(*letter))
            .map(weight)
            .collect::<Vec<_>>()
    };
    let first = primary(one).cmp(&primary(other));
    let accents = || one.chars().map(lower).cmp(other.chars().map(lower));
    let cases = || {
        if fold {
            return Ordering::Equal;
        }
        // A small letter comes before its capital, unlike in the order of codes.
        one.chars()
            .map(char::is_uppercase)
            .cmp(other.chars().map(char::is_uppercase))
    };
    first.then_with(accents).then_with(cases)
}

/// Bytes that compare as the text does: kinds and letters, then accents, then cases, with ones between and a zero last.
pub(super) fn sort_key(text: &str, fold: bool) -> Vec<u8> {
    let mut key = Vec::new();
    // No byte of a weight is as low as what separates the parts.
    let put = |key: &mut Vec<u8>, code: char| {
        let code = u32::from(code);
        key.extend([code >> 14, code >> 7 & 0x7f, code & 0x7f].map(|part| part as u8 + 2));
    };
    for (kind, base) in text
        .chars()
        .filter(|letter| !is_ignored(*letter))
        .map(weight)
    {
        key.push(kind + 2);
        put(&mut key, base);
    }
    key.push(1);
    for letter in text.chars().map(lower) {
        put(&mut key, letter);
    }
    key.push(1);
    if !fold {
        key.extend(
            text.chars()
                .map(|letter| 2 + u8::from(letter.is_uppercase())),
        );
    }
    key.push(0);
    key
}

fn is_ignored(letter: char) -> bool {
    matches!(letter, '-' | '\'')
}

fn lower(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

/// What kind of character, then which, without case and accent.
fn weight(letter: char) -> (u8, char) {
    let base = base(lower(letter));
    let kind = if base.is_whitespace() {
        0
    } else if base.is_numeric() {
        2
    } else if base.is_alphabetic() {
        3
    } else {
        1
    };
    (kind, base)
}

/// The letter below an accent of western alphabets.
fn base(letter: char) -> char {
    match letter {
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ñ' => 'n',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'ý' | 'ÿ' => 'y',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{self, Equal, Greater, Less};

    use super::compare;
    use crate::bench::Bench;

    #[test]
    fn words_come_in_the_order_of_a_dictionary() {
        let check = |one, other, order: Ordering| {
            assert_eq!(compare(one, other, false), order, "{one} {other}");
            assert_eq!(compare(other, one, false), order.reverse(), "{other} {one}");
        };
        check("a", "B", Less);
        check("A", "a", Greater);
        check("co-op", "coop", Less);
        check("coop", "co-opt", Less);
        check("résumé", "resume", Greater);
        check("résumé", "resumes", Less);
        check("_x", "1", Less);
        check("9", "a", Less);
        check("ab", "abc", Less);
        check("same", "same", Equal);
        assert_eq!(compare("CO", "co", true), Equal);
    }

    #[test]
    fn counted_texts_are_compared_as_far_as_they_go() {
        let bench = Bench::new();
        let (one, other) = (bench.text("Driver"), bench.text("drive"));
        let ask = |length: u64, flags| {
            bench.ask(
                "kernel32.dll",
                "CompareStringA",
                &[0x409, flags, one, length, other, u64::MAX],
            )
        };
        assert_eq!(ask(5, 1), 2);
        assert_eq!(ask(u64::MAX, 1), 3);
        assert_eq!(ask(5, 0), 3);
        assert_eq!(
            bench.ask("kernel32.dll", "CompareStringW", &[0, 0, 0, 0, one, 1]),
            0
        );
    }
}
