//! Numbers as they are typed: decimal, `0x` hex, negative.

use std::str::FromStr;

/// Reads one parameter: anything that 64 bits hold, signed or not.
///
/// # Errors
/// A sentence that says what was expected.
pub(crate) fn parse(text: &str) -> Result<isize, String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    // `from_str_radix` takes a sign of its own: "--5" and "0x+5" are not numbers here.
    let unsigned = hex.unwrap_or(digits);
    let value = if unsigned.starts_with(['+', '-']) {
        None
    } else {
        u64::from_str_radix(unsigned, if hex.is_some() { 16 } else { 10 }).ok()
    };
    match (value, negative) {
        (Some(value), false) => Ok(value.cast_signed() as isize),
        (Some(value), true) if value <= 1 << 63 => Ok(value.wrapping_neg().cast_signed() as isize),
        _ => Err(format!(
            "\"{text}\" is not a number of 64 bits (decimal, or hex with 0x)"
        )),
    }
}

/// Two parameters, as `--close 1,2` gives them; a missing second one is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pair {
    /// First parameter.
    pub(crate) p1: isize,
    /// Second parameter.
    pub(crate) p2: isize,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (p1, p2) = text.split_once(',').unwrap_or((text, "0"));
        Ok(Self {
            p1: parse(p1)?,
            p2: parse(p2)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Pair, parse};

    #[test]
    fn numbers_are_decimal_hex_or_negative() {
        assert_eq!(parse("7"), Ok(7));
        assert_eq!(parse("-7"), Ok(-7));
        assert_eq!(parse("0x10"), Ok(16));
        assert_eq!(parse("-0x10"), Ok(-16));
        assert_eq!(parse("0xffffffffffffffff"), Ok(-1));
        assert_eq!(parse("-9223372036854775808"), Ok(isize::MIN));
    }

    #[test]
    fn what_is_no_number_is_said_in_quotes() {
        for text in [
            "",
            "-",
            "0x",
            "--5",
            "+5",
            "0x+5",
            "five",
            "-9223372036854775809",
            "18446744073709551616",
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(&format!("\"{text}\"")), "{error}");
        }
    }

    #[test]
    fn a_missing_second_parameter_is_zero() {
        assert_eq!("5".parse(), Ok(Pair { p1: 5, p2: 0 }));
        assert_eq!("5,-1".parse(), Ok(Pair { p1: 5, p2: -1 }));
        assert!("5,6,7".parse::<Pair>().is_err());
    }
}
