//! Numbers out of text: what `strtol`, `strtod` and `atoi` see in a string.

use super::ctype;
use super::unit::Unit;

/// What was found at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found<T> {
    /// The number; zero if there was none.
    pub(crate) value: T,
    /// Units that belong to it, with the space before it; zero if there was none.
    pub(crate) consumed: u64,
    /// Whether the number was too large, or too small, for its type.
    pub(crate) overflow: bool,
    /// Whether what follows began as more of it (`1e`, `0x`) and then was not.
    pub(crate) broken_off: bool,
}

/// A whole number before a type is put on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Whether a minus stood in front.
    pub(crate) negative: bool,
    /// The digits, as far as 64 bits go.
    pub(crate) magnitude: u64,
}

impl Found<Whole> {
    /// The value for a signed type of `bits`; the nearest one if it does not fit.
    pub(crate) fn signed(self, bits: u32) -> Found<i64> {
        let limit = 1_u64 << (bits - 1);
        let Whole {
            negative,
            magnitude,
        } = self.value;
        let too_large = self.overflow || magnitude > limit - u64::from(!negative);
        let value = match (too_large, negative) {
            (false, false) => magnitude as i64,
            (false, true) => (magnitude as i64).wrapping_neg(),
            (true, false) => (limit - 1) as i64,
            (true, true) => (limit as i64).wrapping_neg(),
        };
        Found {
            value,
            consumed: self.consumed,
            overflow: too_large,
            broken_off: self.broken_off,
        }
    }

    /// The value for an unsigned type of `bits`; a minus wraps it round, as C says.
    pub(crate) fn unsigned(self, bits: u32) -> Found<u64> {
        let limit = u64::MAX >> (64 - bits);
        let Whole {
            negative,
            magnitude,
        } = self.value;
        let too_large = self.overflow || magnitude > limit;
        let value = match (too_large, negative) {
            (true, _) => limit,
            (false, true) => magnitude.wrapping_neg() & limit,
            (false, false) => magnitude,
        };
        Found {
            value,
            consumed: self.consumed,
            overflow: too_large,
            broken_off: self.broken_off,
        }
    }
}

/// Finds a whole number in base `base`, or of any base if that is zero.
///
/// `unit` reads the text one place after the other and is never asked for what is behind the number.
pub(crate) fn whole<C: Unit, E>(
    base: u32,
    mut unit: impl FnMut(u64) -> Result<C, E>,
) -> Result<Found<Whole>, E> {
    let nothing = Found {
        value: Whole {
            negative: false,
            magnitude: 0,
        },
        consumed: 0,
        overflow: false,
        broken_off: false,
    };
    let mut at = skip_space(&mut unit)?;
    let negative = match unit(at)?.ascii() {
        b'-' => {
            at += 1;
            true
        }
        b'+' => {
            at += 1;
            false
        }
        _ => false,
    };
    let mut base = base;
    let mut digits = 0_u64;
    let hexable = base == 0 || base == 16;
    if unit(at)?.ascii() == b'0' && hexable {
        if unit(at + 1)?.ascii() | 0x20 == b'x' && digit(unit(at + 2)?, 16).is_some() {
            base = 16;
            at += 2;
        } else if base == 0 {
            base = 8;
        }
    } else if base == 0 {
        base = 10;
    }
    let mut magnitude = 0_u64;
    let mut overflow = false;
    while let Some(digit) = digit(unit(at)?, base) {
        let next = magnitude
            .checked_mul(u64::from(base))
            .and_then(|value| value.checked_add(u64::from(digit)));
        overflow |= next.is_none();
        magnitude = next.unwrap_or(u64::MAX);
        at += 1;
        digits += 1;
    }
    if digits == 0 {
        return Ok(nothing);
    }
    let broken_off = magnitude == 0 && digits == 1 && hexable && unit(at)?.ascii() | 0x20 == b'x';
    Ok(Found {
        value: Whole {
            negative,
            magnitude,
        },
        consumed: at,
        overflow,
        broken_off,
    })
}

fn digit<C: Unit>(unit: C, base: u32) -> Option<u32> {
    char::from(unit.ascii())
        .to_digit(36)
        .filter(|digit| *digit < base)
}

fn skip_space<C: Unit, E>(unit: &mut impl FnMut(u64) -> Result<C, E>) -> Result<u64, E> {
    let mut at = 0;
    while ctype::is_space(unit(at)?) {
        at += 1;
    }
    Ok(at)
}

/// Which spellings a runtime takes for a floating-point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Decimal digits only (`msvcrt.dll`).
    Old,
    /// As C99: hexadecimal digits, `inf` and `nan` too (`ucrtbase.dll`).
    C99,
}

/// Finds a floating-point number.
pub(crate) fn float<C: Unit, E>(
    spelling: Spelling,
    mut unit: impl FnMut(u64) -> Result<C, E>,
) -> Result<Found<f64>, E> {
    let mut at = skip_space(&mut unit)?;
    let mut text = String::new();
    let sign = unit(at)?.ascii();
    if sign == b'-' || sign == b'+' {
        text.push(char::from(sign));
        at += 1;
    }
    if spelling == Spelling::C99 {
        if let Some(found) = named(at, sign == b'-', &mut unit)? {
            return Ok(found);
        }
        if unit(at)?.ascii() == b'0'
            && unit(at + 1)?.ascii() | 0x20 == b'x'
            && let Some(found) = hexadecimal(at + 2, sign == b'-', &mut unit)?
        {
            return Ok(found);
        }
    }
    let digits = take_digits(&mut at, &mut text, &mut unit)?;
    let mut places = 0;
    if unit(at)?.ascii() == b'.' {
        let mut behind = at + 1;
        text.push('.');
        places = take_digits(&mut behind, &mut text, &mut unit)?;
        if digits + places > 0 {
            at = behind;
        }
    }
    if digits + places == 0 {
        return Ok(Found {
            value: 0.0,
            consumed: 0,
            overflow: false,
            broken_off: false,
        });
    }
    let mut broken_off = false;
    let letter = unit(at)?.ascii() | 0x20;
    if letter == b'e' || letter == b'd' {
        let mut behind = at + 1;
        let mut exponent = String::from("e");
        let sign = unit(behind)?.ascii();
        if sign == b'-' || sign == b'+' {
            exponent.push(char::from(sign));
            behind += 1;
        }
        if take_digits(&mut behind, &mut exponent, &mut unit)? > 0 {
            at = behind;
            text.push_str(&exponent);
        } else {
            broken_off = true;
        }
    }
    let value = text.parse::<f64>().unwrap_or(0.0);
    let nonzero = text
        .split('e')
        .next()
        .is_some_and(|digits| digits.bytes().any(|byte| matches!(byte, b'1'..=b'9')));
    let overflow = value.is_infinite() || (nonzero && value == 0.0);
    Ok(Found {
        value,
        consumed: at,
        overflow,
        broken_off,
    })
}

fn take_digits<C: Unit, E>(
    at: &mut u64,
    text: &mut String,
    unit: &mut impl FnMut(u64) -> Result<C, E>,
) -> Result<u64, E> {
    let start = *at;
    while unit(*at)?.ascii().is_ascii_digit() {
        text.push(char::from(unit(*at)?.ascii()));
        *at += 1;
    }
    Ok(*at - start)
}

fn word<C: Unit, E>(
    at: u64,
    word: &[u8],
    unit: &mut impl FnMut(u64) -> Result<C, E>,
) -> Result<bool, E> {
    for (place, letter) in (at..).zip(word) {
        if unit(place)?.ascii().to_ascii_lowercase() != *letter {
            return Ok(false);
        }
    }
    Ok(true)
}

fn named<C: Unit, E>(
    at: u64,
    negative: bool,
    unit: &mut impl FnMut(u64) -> Result<C, E>,
) -> Result<Option<Found<f64>>, E> {
    let (value, mut consumed) = if word(at, b"inf", unit)? {
        (f64::INFINITY, at + 3)
    } else if word(at, b"nan", unit)? {
        (f64::from_bits(0x7fff_ffff_ffff_ffff), at + 3)
    } else {
        return Ok(None);
    };
    if value.is_infinite() && word(consumed, b"inity", unit)? {
        consumed += 5;
    }
    if value.is_nan() && unit(consumed)?.ascii() == b'(' {
        let mut end = consumed + 1;
        while unit(end)?.ascii().is_ascii_alphanumeric() || unit(end)?.ascii() == b'_' {
            end += 1;
        }
        if unit(end)?.ascii() == b')' {
            consumed = end + 1;
        }
    }
    let value = if negative { -value } else { value };
    Ok(Some(Found {
        value,
        consumed,
        overflow: false,
        broken_off: false,
    }))
}

fn hexadecimal<C: Unit, E>(
    mut at: u64,
    negative: bool,
    unit: &mut impl FnMut(u64) -> Result<C, E>,
) -> Result<Option<Found<f64>>, E> {
    let mut mantissa = 0_u64;
    let mut sticky = false;
    let mut exponent = 0_i64;
    let mut any = false;
    let mut behind_point = false;
    loop {
        let next = unit(at)?;
        if next.ascii() == b'.' && !behind_point {
            behind_point = true;
            at += 1;
            continue;
        }
        let Some(digit) = digit(next, 16) else { break };
        any = true;
        at += 1;
        if mantissa >> 60 == 0 {
            mantissa = (mantissa << 4) | u64::from(digit);
            exponent -= if behind_point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exponent += if behind_point { 0 } else { 4 };
        }
    }
    if !any {
        return Ok(None);
    }
    if unit(at)?.ascii() | 0x20 == b'p' {
        let mut end = at + 1;
        let sign = unit(end)?.ascii();
        end += u64::from(sign == b'-' || sign == b'+');
        let mut power = 0_i64;
        let start = end;
        while unit(end)?.ascii().is_ascii_digit() {
            power = (power * 10 + i64::from(unit(end)?.ascii() - b'0')).min(100_000);
            end += 1;
        }
        if end > start {
            at = end;
            exponent += if sign == b'-' { -power } else { power };
        }
    }
    let value = scale(mantissa, sticky, exponent);
    let overflow = value.is_infinite() || (value == 0.0 && mantissa != 0);
    let value = if negative { -value } else { value };
    Ok(Some(Found {
        value,
        consumed: at,
        overflow,
        broken_off: false,
    }))
}

/// `mantissa * 2^exponent`, rounded once, to even.
fn scale(mantissa: u64, sticky: bool, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let zeros = i64::from(mantissa.leading_zeros());
    let top = 63 - zeros + exponent;
    if top > 1023 {
        return f64::INFINITY;
    }
    // The last place that the result has room for: 52 below the first, or the smallest of all.
    let last = (top - 52).max(-1074);
    let drop = last - exponent;
    let kept = if drop <= 0 {
        mantissa << -drop
    } else if drop > 64 {
        0
    } else {
        let wide = u128::from(mantissa);
        let half = 1_u128 << (drop - 1);
        let rest = wide & ((1_u128 << drop) - 1);
        let kept = (wide >> drop) as u64;
        let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
        kept + u64::from(up)
    };
    let mut value = kept as f64;
    let mut left = last;
    if left < -1000 {
        value *= 2.0_f64.powi(-500);
        left += 500;
    }
    value * 2.0_f64.powi(left as i32)
}
