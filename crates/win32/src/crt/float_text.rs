//! Floating-point numbers as the runtimes print them: `%e`, `%f`, `%g`, `%a` and `_fcvt`.

/// How a runtime turns a number into digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloatRules {
    /// Digits of an exponent, at least.
    pub(crate) exponent_digits: usize,
    /// `1.#INF` and its like instead of `inf`.
    pub(crate) hash_specials: bool,
    /// Nothing but zeros behind the seventeenth significant digit.
    pub(crate) seventeen_digits: bool,
    /// A five with nothing behind it rounds away from zero, instead of to even.
    pub(crate) half_up: bool,
    /// Digits of `%a` behind the point when none are asked for.
    pub(crate) hex_places: usize,
}

/// What a conversion asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// `e`, `f`, `g` or `a`, in lower case.
    pub(crate) conversion: u8,
    /// Digits behind the point, or significant digits for `g`.
    pub(crate) precision: usize,
    /// `#`: the point and the zeros stay.
    pub(crate) alternate: bool,
    /// Capital letters.
    pub(crate) upper: bool,
}

/// The decimal digits of a number: `0.d1 d2 d3 ... * 10^point`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digits {
    /// ASCII digits, the first of them not zero unless the number is.
    pub(crate) digits: Vec<u8>,
    /// Where the decimal point stands, counted from the first digit.
    pub(crate) point: i32,
}

/// The significant digits that a `double` can have at all.
const MOST_DIGITS: usize = 770;
/// Digits that place the decimal point without doubt.
const ENOUGH: usize = 40;

impl Digits {
    /// The first `count` significant digits of a finite number, rounded by the rules.
    pub(crate) fn significant(value: f64, count: usize, rules: FloatRules) -> Self {
        let value = value.abs();
        if value == 0.0 {
            return Self {
                digits: vec![b'0'; count.max(1)],
                point: 1,
            };
        }
        let limit = if rules.seventeen_digits {
            17
        } else {
            MOST_DIGITS
        };
        let mut exact = Self::exact(value, count.max(1).min(limit));
        if rules.half_up && count < MOST_DIGITS && exact.is_tie(value) {
            exact = Self::exact(value, exact.digits.len() + 1);
            exact.round_up_last();
        }
        if count > exact.digits.len() {
            exact.digits.resize(count, b'0');
        }
        exact
    }

    /// The digits up to `places` behind the decimal point; there may be none.
    pub(crate) fn fixed(value: f64, places: i64, rules: FloatRules) -> Self {
        let value = value.abs();
        if value == 0.0 {
            return Self {
                digits: vec![b'0'; usize::try_from(places + 1).unwrap_or(0)],
                point: 1,
            };
        }
        // So many digits that no power of ten is near enough to be rounded to.
        let whole = Self::exact(value, ENOUGH);
        let count = i64::from(whole.point) + places;
        if count >= 1 {
            let mut found = Self::significant(value, count as usize, rules);
            if found.point > whole.point {
                // Rounding made one more digit in front of the point: there is room for it.
                found.digits.push(b'0');
            }
            return found;
        }
        // All that is asked for stands in front of the first digit: it is nothing, or rounds up to one.
        let whole = Self::exact(value, MOST_DIGITS);
        let half = whole.digits[0] == b'5' && whole.digits[1..].iter().all(|digit| *digit == b'0');
        if count == 0 && whole.digits[0] >= b'5' && (!half || rules.half_up) {
            return Self {
                digits: vec![b'1'],
                point: whole.point + 1,
            };
        }
        Self {
            digits: Vec::new(),
            point: 1 - whole.point.max(1),
        }
    }

    /// What the old runtimes take a number without digits for: its name behind the point.
    fn named(name: &[u8], count: usize) -> Self {
        let mut digits = name.to_vec();
        let next = digits.get(count).copied();
        digits.resize(count, b'0');
        if next.is_some_and(|next| next >= b'5')
            && let Some(last) = digits.last_mut()
        {
            *last += 1;
        }
        Self { digits, point: 1 }
    }

    /// `count` digits, exactly rounded, ties to even.
    fn exact(value: f64, count: usize) -> Self {
        let text = format!("{value:.*e}", count - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        Self {
            digits: mantissa.bytes().filter(u8::is_ascii_digit).collect(),
            point: exponent.parse::<i32>().unwrap_or(0) + 1,
        }
    }

    /// Tells whether these digits came of a five with nothing behind it that went down to even.
    fn is_tie(&self, value: f64) -> bool {
        let more = Self::exact(value, self.digits.len() + 1);
        if more.digits.last() != Some(&b'5') {
            return false;
        }
        let whole = Self::exact(value, MOST_DIGITS);
        whole.digits[more.digits.len()..]
            .iter()
            .all(|digit| *digit == b'0')
            && whole.digits[..more.digits.len()] == more.digits
    }

    /// Drops the last digit and rounds away from zero.
    fn round_up_last(&mut self) {
        self.digits.pop();
        for digit in self.digits.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                return;
            }
        }
        self.digits.insert(0, b'1');
        self.digits.pop();
        self.point += 1;
    }
}

/// Prints the magnitude of a number: no sign, no padding.
pub(crate) fn print(value: f64, style: Style, rules: FloatRules) -> String {
    let mut text = if !value.is_finite() {
        special(value, style, rules)
    } else {
        match style.conversion {
            b'e' => exponent(
                &Digits::significant(value, style.precision + 1, rules),
                value,
                style,
                rules,
            ),
            b'f' => fixed(&Digits::fixed(value, style.precision as i64, rules), style),
            b'a' => hexadecimal(value, style),
            _ => general(value, style, rules),
        }
    };
    if style.upper {
        text.make_ascii_uppercase();
    }
    text
}

/// The name of a number that has no digits.
fn special(value: f64, style: Style, rules: FloatRules) -> String {
    let quiet = value.to_bits() & 0x0008_0000_0000_0000 != 0;
    let indefinite = value.to_bits() == 0xfff8_0000_0000_0000;
    let (name, digits): (_, &[u8]) = match () {
        () if value.is_infinite() => ("inf", b"1#INF"),
        () if indefinite => ("nan(ind)", b"1#IND"),
        () if !quiet => ("nan(snan)", b"1#SNAN"),
        () => ("nan", b"1#QNAN"),
    };
    if !rules.hash_specials {
        return name.to_owned();
    }
    // The old runtimes round and pad the name as if it were the digits of a number near one.
    let found = |count| Digits::named(digits, count);
    match style.conversion {
        b'e' => exponent(&found(style.precision + 1), value, style, rules),
        b'a' => format!("0x{}p+0", fixed(&found(style.precision + 1), style)),
        b'f' => fixed(&found(style.precision + 1), style),
        _ => {
            let precision = style.precision.max(1);
            let mut text = fixed(
                &found(precision),
                Style {
                    precision: precision - 1,
                    ..style
                },
            );
            if !style.alternate {
                strip_zeros(&mut text);
            }
            text
        }
    }
}

fn exponent(found: &Digits, value: f64, style: Style, rules: FloatRules) -> String {
    let mut text = String::with_capacity(found.digits.len() + 8);
    text.push(char::from(found.digits[0]));
    if style.precision > 0 || style.alternate {
        text.push('.');
    }
    text.extend(found.digits[1..].iter().map(|digit| char::from(*digit)));
    let power = if value == 0.0 { 0 } else { found.point - 1 };
    let sign = if power < 0 { '-' } else { '+' };
    text.push_str(&format!(
        "e{sign}{:0width$}",
        power.unsigned_abs(),
        width = rules.exponent_digits
    ));
    text
}

fn fixed(found: &Digits, style: Style) -> String {
    let mut text = String::with_capacity(found.digits.len() + 8);
    let digit = |place: i64| -> char {
        usize::try_from(place)
            .ok()
            .and_then(|place| found.digits.get(place))
            .map_or('0', |digit| char::from(*digit))
    };
    let point = i64::from(found.point);
    if found.digits.is_empty() || point <= 0 {
        text.push('0');
    } else {
        text.extend((0..point).map(digit));
    }
    if style.precision > 0 || style.alternate {
        text.push('.');
    }
    text.extend((point..point + style.precision as i64).map(digit));
    text
}

fn general(value: f64, style: Style, rules: FloatRules) -> String {
    let precision = style.precision.max(1);
    let found = Digits::significant(value, precision, rules);
    let power = if value == 0.0 { 0 } else { found.point - 1 };
    let scientific = power < -4 || i64::from(power) >= precision as i64;
    let mut text = if scientific {
        exponent(
            &found,
            value,
            Style {
                precision: precision - 1,
                ..style
            },
            rules,
        )
    } else {
        let places = (precision as i64 - 1 - i64::from(power)) as usize;
        fixed(
            &found,
            Style {
                precision: places,
                ..style
            },
        )
    };
    if !style.alternate {
        strip_zeros(&mut text);
    }
    text
}

/// Takes trailing zeros, and the point if nothing is left behind it, out of the digits.
pub(crate) fn strip_zeros(text: &mut String) {
    let end = text.find('e').unwrap_or(text.len());
    let tail = text.split_off(end);
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text.push_str(&tail);
}

/// The hexadecimal digits that a `double` has behind the point.
const HEX_PLACES: usize = 13;

fn hexadecimal(value: f64, style: Style) -> String {
    let bits = value.to_bits();
    let stored = ((bits >> 52) & 0x7ff) as i32;
    let mut whole = u64::from(stored != 0);
    let mut part = bits & ((1 << 52) - 1);
    let power = match (stored, part) {
        (0, 0) => 0,
        (0, _) => -1022,
        _ => stored - 1023,
    };
    if style.precision < HEX_PLACES {
        let drop = 52 - 4 * style.precision as u32;
        let joined = (whole << 52) | part;
        let half = 1_u64 << (drop - 1);
        let rest = joined & ((1 << drop) - 1);
        let mut kept = joined >> drop;
        if rest > half || (rest == half && kept & 1 == 1) {
            kept += 1;
        }
        let joined = kept << drop;
        whole = joined >> 52;
        part = joined & ((1 << 52) - 1);
    }
    let mut text = format!("0x{whole:x}");
    if style.precision > 0 || style.alternate {
        text.push('.');
    }
    let digits = format!("{part:013x}");
    text.extend(
        digits
            .chars()
            .chain(std::iter::repeat('0'))
            .take(style.precision),
    );
    text.push_str(&format!("p{power:+}"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crt::format::Rules;
    use crate::crt::number::{self, Spelling};

    fn read(text: &str) -> f64 {
        let unit = |at: u64| {
            Ok::<u8, std::convert::Infallible>(
                text.as_bytes().get(at as usize).copied().unwrap_or(0),
            )
        };
        let Ok(found) = number::float(Spelling::C99, unit);
        assert_eq!(found.consumed as usize, text.len(), "{text}");
        found.value
    }

    /// Numbers of every size, and those at the edges.
    fn numbers() -> impl Iterator<Item = f64> {
        let edges = [
            0.0,
            1.0,
            0.1,
            9.5,
            99.5,
            0.05,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            2.0_f64.powi(60),
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let drawn = std::iter::repeat_with(move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f64::from_bits(state ^ (state >> 31)).abs()
        });
        edges
            .into_iter()
            .chain(drawn.take(2000))
            .filter(|value| value.is_finite())
    }

    #[test]
    fn seventeen_digits_and_hexadecimal_ones_come_back_as_the_same_number() {
        for value in numbers() {
            let style = |conversion, precision| Style {
                conversion,
                precision,
                alternate: false,
                upper: false,
            };
            for rules in [Rules::MSVCRT.float, Rules::UCRT.float] {
                let decimal = print(value, style(b'e', 16), rules);
                assert_eq!(read(&decimal).to_bits(), value.to_bits(), "{decimal}");
                let general = print(value, style(b'g', 17), rules);
                assert_eq!(read(&general).to_bits(), value.to_bits(), "{general}");
                let hexadecimal = print(value, style(b'a', 13), rules);
                assert_eq!(
                    read(&hexadecimal).to_bits(),
                    value.to_bits(),
                    "{hexadecimal}"
                );
            }
        }
    }

    #[test]
    fn rounding_to_even_is_what_rust_does() {
        let rules = FloatRules {
            half_up: false,
            ..Rules::UCRT.float
        };
        for value in numbers().filter(|value| *value < 1e20) {
            for precision in [0, 1, 3, 6, 20] {
                let style = Style {
                    conversion: b'f',
                    precision,
                    alternate: false,
                    upper: false,
                };
                assert_eq!(print(value, style, rules), format!("{value:.precision$}"));
            }
        }
    }

    #[test]
    fn a_half_goes_up_where_the_runtime_says_so() {
        let print = |value, precision| {
            print(
                value,
                Style {
                    conversion: b'f',
                    precision,
                    alternate: false,
                    upper: false,
                },
                Rules::UCRT.float,
            )
        };
        assert_eq!(print(0.5, 0), "1");
        assert_eq!(print(2.5, 0), "3");
        assert_eq!(print(0.125, 2), "0.13");
        assert_eq!(print(99.5, 0), "100");
        // Not a half: the nearest number to 0.15 is below it.
        assert_eq!(print(0.15, 1), "0.1");
    }
}
