//! What kind of character a unit is, in the C locale.

use super::unit::Unit;

/// `_UPPER`, `_LOWER` and the other masks of `<ctype.h>`.
pub(crate) mod mask {
    pub(crate) const UPPER: u16 = 0x01;
    pub(crate) const LOWER: u16 = 0x02;
    pub(crate) const DIGIT: u16 = 0x04;
    pub(crate) const SPACE: u16 = 0x08;
    pub(crate) const PUNCTUATION: u16 = 0x10;
    pub(crate) const CONTROL: u16 = 0x20;
    pub(crate) const BLANK: u16 = 0x40;
    pub(crate) const HEX: u16 = 0x80;
    /// The bit of `_ALPHA` that is neither `_UPPER` nor `_LOWER`.
    pub(crate) const LETTER: u16 = 0x100;
    pub(crate) const ALPHA: u16 = LETTER | UPPER | LOWER;
    pub(crate) const GRAPH: u16 = PUNCTUATION | ALPHA | DIGIT;
    pub(crate) const PRINT: u16 = BLANK_SPACE | GRAPH;
    /// What tells a space from a tab, which is blank but does not print.
    pub(crate) const BLANK_SPACE: u16 = 0x40;
    pub(crate) const ALNUM: u16 = ALPHA | DIGIT;
}

/// The masks of a byte in the C locale: nothing above 127 has any.
pub(crate) const fn byte(value: u8) -> u16 {
    use mask::{BLANK, CONTROL, DIGIT, HEX, LETTER, LOWER, PUNCTUATION, SPACE, UPPER};
    match value {
        b'\t'..=b'\r' => SPACE | CONTROL,
        b' ' => SPACE | BLANK,
        b'0'..=b'9' => DIGIT | HEX,
        b'A'..=b'F' => LETTER | UPPER | HEX,
        b'G'..=b'Z' => LETTER | UPPER,
        b'a'..=b'f' => LETTER | LOWER | HEX,
        b'g'..=b'z' => LETTER | LOWER,
        0..=0x1f | 0x7f => CONTROL,
        0x80.. => 0,
        _ => PUNCTUATION,
    }
}

/// The masks of a UTF-16 unit, by Unicode.
pub(crate) fn wide(unit: u16) -> u16 {
    use mask::{BLANK, CONTROL, DIGIT, LETTER, LOWER, PUNCTUATION, SPACE, UPPER};
    if unit < 0x80 {
        return byte(unit as u8);
    }
    let Some(letter) = char::from_u32(u32::from(unit)) else {
        return 0;
    };
    let mut found = 0;
    if letter.is_uppercase() {
        found |= UPPER | LETTER;
    }
    if letter.is_lowercase() {
        found |= LOWER | LETTER;
    }
    if letter.is_alphabetic() {
        found |= LETTER;
    }
    if letter.is_numeric() && !letter.is_alphabetic() {
        found |= DIGIT;
    }
    if letter.is_whitespace() {
        found |= SPACE | BLANK;
    }
    if letter.is_control() {
        found |= CONTROL;
    }
    if found == 0 && unit < 0xe000 {
        found = PUNCTUATION;
    }
    found
}

/// What `isspace` and `iswspace` say.
pub(crate) fn is_space<C: Unit>(unit: C) -> bool {
    let value: u32 = unit.into();
    u16::try_from(value).is_ok_and(|value| {
        value != 0 && wide(value) & mask::SPACE != 0 && (C::WIDE || value < 0x80)
    })
}

/// Capital letter to small one; only ASCII has any in the C locale.
pub(crate) fn lower<C: Unit>(unit: C) -> C {
    if unit.ascii().is_ascii_uppercase() {
        C::from(unit.ascii().to_ascii_lowercase())
    } else {
        unit
    }
}

/// Small letter to capital one; only ASCII has any in the C locale.
pub(crate) fn upper<C: Unit>(unit: C) -> C {
    if unit.ascii().is_ascii_lowercase() {
        C::from(unit.ascii().to_ascii_uppercase())
    } else {
        unit
    }
}

/// `towlower`: by Unicode, where one unit becomes one unit.
pub(crate) fn wide_lower(unit: u16) -> u16 {
    char::from_u32(u32::from(unit)).map_or(unit, |letter| single(unit, letter.to_lowercase()))
}

/// `towupper`: by Unicode, where one unit becomes one unit.
pub(crate) fn wide_upper(unit: u16) -> u16 {
    char::from_u32(u32::from(unit)).map_or(unit, |letter| single(unit, letter.to_uppercase()))
}

fn single(unit: u16, mut letters: impl Iterator<Item = char>) -> u16 {
    match (letters.next(), letters.next()) {
        (Some(letter), None) => u16::try_from(u32::from(letter)).unwrap_or(unit),
        _ => unit,
    }
}
