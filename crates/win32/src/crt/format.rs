//! Formatted output: what `printf` and its many relatives put into a buffer.

use super::float_text::{self, FloatRules, Style};
use super::unit::{Unit, convert};

/// Where the values come from that a format names.
pub(crate) trait Arguments {
    /// Why a value cannot be had.
    type Error;
    /// Bytes in a pointer.
    fn pointer_bytes(&self) -> usize;
    /// The next `int`.
    fn next_int(&mut self) -> Result<u32, Self::Error>;
    /// The next number of 64 bits.
    fn next_long(&mut self) -> Result<u64, Self::Error>;
    /// The next `double`.
    fn next_double(&mut self) -> Result<f64, Self::Error>;
    /// The next pointer.
    fn next_pointer(&mut self) -> Result<u64, Self::Error>;
    /// At most `most` bytes of a string, up to its zero.
    fn narrow(&mut self, at: u64, most: usize) -> Result<Vec<u8>, Self::Error>;
    /// At most `most` units of a wide string, up to its zero.
    fn wide(&mut self, at: u64, most: usize) -> Result<Vec<u16>, Self::Error>;
    /// Length in bytes and address of the text in an `ANSI_STRING` or `UNICODE_STRING`.
    fn counted(&mut self, at: u64) -> Result<(usize, u64), Self::Error>;
    /// Stores how much was written so far, for `%n`.
    fn store(&mut self, at: u64, value: u64, bytes: usize) -> Result<(), Self::Error>;
}

/// In what the runtimes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// How numbers become digits.
    pub(crate) float: FloatRules,
    /// `%s` is narrow in the wide functions too, as the C standard says.
    pub(crate) iso_wide: bool,
    /// `%n` stores; it is refused otherwise.
    pub(crate) count_output: bool,
    /// `hh` and `%F` are known.
    pub(crate) c99: bool,
}

impl Rules {
    /// What `msvcrt.dll` and the `msvcr` runtimes do.
    pub(crate) const MSVCRT: Self = Self {
        float: FloatRules {
            exponent_digits: 3,
            hash_specials: true,
            seventeen_digits: true,
            half_up: true,
            hex_places: 6,
        },
        iso_wide: false,
        count_output: false,
        c99: false,
    };

    /// What `ucrtbase.dll` does when nothing else is asked for.
    pub(crate) const UCRT: Self = Self {
        float: FloatRules {
            exponent_digits: 2,
            hash_specials: false,
            seventeen_digits: false,
            half_up: true,
            hex_places: 13,
        },
        iso_wide: true,
        count_output: false,
        c99: true,
    };

    /// The `options` of the `__stdio_common_*printf` functions.
    ///
    /// `_CRT_INTERNAL_PRINTF_LEGACY_WIDE_SPECIFIERS` is 4, `..._MSVCRT_COMPATIBILITY` 8,
    /// `..._THREE_DIGIT_EXPONENTS` 16 and `..._STANDARD_ROUNDING` 32.
    pub(crate) const fn ucrt(options: u64) -> Self {
        let mut rules = Self::UCRT;
        rules.iso_wide = options & 4 == 0;
        rules.float.hash_specials = options & 8 != 0;
        rules.float.exponent_digits = if options & 16 != 0 { 3 } else { 2 };
        rules.float.half_up = options & 32 == 0;
        rules
    }
}

/// Why nothing whole came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure<E> {
    /// The format asks for what is refused (`EINVAL`).
    Invalid,
    /// A character has no counterpart in the locale (`EILSEQ`).
    Unmappable,
    /// A value cannot be had.
    Argument(E),
}

impl<E> From<E> for Failure<E> {
    fn from(error: E) -> Self {
        Self::Argument(error)
    }
}

/// Keeps as much as there is room for and counts all of it.
#[derive(Clone, Debug)]
pub(crate) struct Sink<C> {
    /// What was kept.
    pub(crate) text: Vec<C>,
    /// What was produced.
    pub(crate) count: u64,
    room: usize,
}

impl<C: Unit> Sink<C> {
    /// A sink that keeps at most `room` units.
    pub(crate) const fn new(room: usize) -> Self {
        Self {
            text: Vec::new(),
            count: 0,
            room,
        }
    }

    fn put(&mut self, text: &[C]) {
        let kept = text.len().min(self.room - self.text.len());
        self.text.extend_from_slice(&text[..kept]);
        self.count += text.len() as u64;
    }

    fn repeat(&mut self, unit: u8, times: usize) {
        let kept = times.min(self.room - self.text.len());
        self.text.resize(self.text.len() + kept, C::from(unit));
        self.count += times as u64;
    }

    fn put_ascii(&mut self, text: &[u8]) {
        for byte in text {
            self.put(&[C::from(*byte)]);
        }
    }
}

/// What a function does with a text that may be longer than its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// `_snprintf`: -1 when cut; no zero when nothing is left for it.
    Bare,
    /// `__stdio_common_vsprintf` without options: -2 when cut, and always a zero.
    Zeroed,
    /// `snprintf`: the length that there would have been, and always a zero.
    Standard,
}

impl Finish {
    /// The `options` of `__stdio_common_vsprintf`: `LEGACY_VSPRINTF_NULL_TERMINATION` is 1,
    /// `STANDARD_SNPRINTF_BEHAVIOR` is 2.
    pub(crate) const fn ucrt(options: u64) -> Self {
        if options & 1 != 0 {
            Self::Bare
        } else if options & 2 != 0 {
            Self::Standard
        } else {
            Self::Zeroed
        }
    }

    /// The answer, and what goes into a buffer with room for `size`, or into none.
    pub(crate) fn apply<C: Unit>(self, sink: Sink<C>, size: Option<usize>) -> (i32, Vec<C>) {
        let length = i32::try_from(sink.count).unwrap_or(-1);
        let mut kept = sink.text;
        let Some(size) = size else {
            return (length, Vec::new());
        };
        let whole = sink.count < size as u64;
        if whole {
            kept.push(C::default());
            return (length, kept);
        }
        if self == Self::Bare {
            kept.truncate(size);
            return (
                if sink.count == size as u64 {
                    length
                } else {
                    -1
                },
                kept,
            );
        }
        kept.truncate(size.saturating_sub(1));
        if size > 0 {
            kept.push(C::default());
        }
        let cut = if size == 0 { -1 } else { -2 };
        (if self == Self::Standard { length } else { cut }, kept)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Field {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    size: Size,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Size {
    #[default]
    None,
    Char,
    Short,
    Long,
    LongLong,
    Wide,
}

/// Puts `format` with its values into `sink`.
pub(crate) fn format<C: Unit, A: Arguments>(
    format: &[C],
    arguments: &mut A,
    rules: Rules,
    sink: &mut Sink<C>,
) -> Result<(), Failure<A::Error>> {
    let mut rest = format;
    while let Some(at) = rest.iter().position(|unit| unit.ascii() == b'%') {
        sink.put(&rest[..at]);
        rest = &rest[at + 1..];
        if rest.first().is_some_and(|unit| unit.ascii() == b'%') {
            sink.put(&rest[..1]);
            rest = &rest[1..];
            continue;
        }
        let mut field = Field::default();
        rest = flags(rest, &mut field);
        rest = numbers(rest, &mut field, arguments)?;
        rest = sizes(rest, &mut field, arguments.pointer_bytes(), rules);
        let Some((conversion, behind)) = rest.split_first() else {
            return Ok(());
        };
        rest = behind;
        convert_one(*conversion, field, arguments, rules, sink)?;
    }
    sink.put(rest);
    Ok(())
}

fn flags<'a, C: Unit>(mut rest: &'a [C], field: &mut Field) -> &'a [C] {
    while let Some((first, behind)) = rest.split_first() {
        match first.ascii() {
            b'-' => field.left = true,
            b'+' => field.plus = true,
            b' ' => field.space = true,
            b'0' => field.zero = true,
            b'#' => field.alternate = true,
            _ => break,
        }
        rest = behind;
    }
    rest
}

/// Widths beyond this are cut: no buffer that a driver could bring holds more.
const MOST: usize = i32::MAX as usize;

fn numbers<'a, C: Unit, A: Arguments>(
    mut rest: &'a [C],
    field: &mut Field,
    arguments: &mut A,
) -> Result<&'a [C], Failure<A::Error>> {
    if let Some(behind) = starts(rest, b"*") {
        let width = arguments.next_int()? as i32;
        field.left |= width < 0;
        field.width = width.unsigned_abs() as usize;
        rest = behind;
    } else {
        (field.width, rest) = digits(rest);
    }
    if let Some(behind) = starts(rest, b".") {
        if let Some(behind) = starts(behind, b"*") {
            field.precision = usize::try_from(arguments.next_int()? as i32).ok();
            rest = behind;
        } else {
            let (precision, behind) = digits(behind);
            field.precision = Some(precision);
            rest = behind;
        }
    }
    Ok(rest)
}

fn digits<C: Unit>(mut rest: &[C]) -> (usize, &[C]) {
    let mut value = 0_usize;
    while let Some((first, behind)) = rest.split_first()
        && first.ascii().is_ascii_digit()
    {
        value = (value * 10 + usize::from(first.ascii() - b'0')).min(MOST);
        rest = behind;
    }
    (value, rest)
}

fn starts<'a, C: Unit>(rest: &'a [C], word: &[u8]) -> Option<&'a [C]> {
    let (head, behind) = rest.split_at_checked(word.len())?;
    head.iter()
        .zip(word)
        .all(|(unit, byte)| unit.ascii() == *byte)
        .then_some(behind)
}

fn sizes<'a, C: Unit>(
    mut rest: &'a [C],
    field: &mut Field,
    pointer: usize,
    rules: Rules,
) -> &'a [C] {
    let wide_pointer = if pointer == 8 {
        Size::LongLong
    } else {
        Size::Long
    };
    let words: [(&[u8], Size); 13] = [
        (b"I64", Size::LongLong),
        (b"I32", Size::Long),
        (b"hh", if rules.c99 { Size::Char } else { Size::Short }),
        (b"ll", Size::LongLong),
        (b"h", Size::Short),
        (b"l", Size::Long),
        (b"L", Size::None),
        (b"w", Size::Wide),
        (b"z", wide_pointer),
        (b"t", wide_pointer),
        (b"j", Size::LongLong),
        (b"N", Size::None),
        (b"F", Size::None),
    ];
    loop {
        let found = words.iter().find_map(|(word, size)| {
            // `F` was the prefix of far pointers before it became a conversion.
            if *word == b"F" && rules.c99 {
                return None;
            }
            starts(rest, word).map(|behind| (behind, *size))
        });
        if let Some((behind, size)) = found {
            field.size = size;
            rest = behind;
        } else if let Some(behind) = starts(rest, b"I")
            && behind
                .first()
                .is_some_and(|next| b"diouxX".contains(&next.ascii()))
        {
            field.size = if pointer == 8 {
                Size::LongLong
            } else {
                Size::Long
            };
            rest = behind;
        } else {
            return rest;
        }
    }
}

fn convert_one<C: Unit, A: Arguments>(
    conversion: C,
    mut field: Field,
    arguments: &mut A,
    rules: Rules,
    sink: &mut Sink<C>,
) -> Result<(), Failure<A::Error>> {
    let letter = conversion.ascii();
    match letter {
        b'd' | b'i' => {
            let value = signed(field.size, arguments)?;
            let sign = sign(value < 0, field);
            number(sink, value.unsigned_abs(), 10, letter, sign, field);
        }
        b'u' | b'o' | b'x' | b'X' => {
            let value = unsigned(field.size, arguments)?;
            let radix = match letter {
                b'u' => 10,
                b'o' => 8,
                _ => 16,
            };
            number(sink, value, radix, letter, b"", field);
        }
        b'p' => {
            let value = arguments.next_pointer()?;
            field.precision = Some(arguments.pointer_bytes() * 2);
            number(
                sink,
                value,
                16,
                b'X',
                b"",
                Field {
                    zero: false,
                    ..field
                },
            );
        }
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
            let value = arguments.next_double()?;
            float(sink, value, letter, field, rules);
        }
        b'c' | b'C' => character(
            sink,
            arguments,
            is_wide::<C>(letter, field.size, rules),
            field,
        )?,
        b's' | b'S' => string(
            sink,
            arguments,
            is_wide::<C>(letter, field.size, rules),
            field,
        )?,
        b'Z' => counted(
            sink,
            arguments,
            is_wide::<C>(
                b's',
                field.size,
                Rules {
                    iso_wide: true,
                    ..rules
                },
            ),
            field,
        )?,
        b'n' => {
            let at = arguments.next_pointer()?;
            if !rules.count_output {
                return Err(Failure::Invalid);
            }
            let bytes = match field.size {
                Size::Char => 1,
                Size::Short => 2,
                Size::LongLong => 8,
                _ => 4,
            };
            arguments.store(at, sink.count, bytes)?;
        }
        // A percent sign in front of a character without a meaning is left out.
        _ => sink.put(&[conversion]),
    }
    Ok(())
}

/// Whether `%c` and `%s` of some form take wide characters.
pub(crate) fn is_wide_text<C: Unit>(
    capital: bool,
    short: bool,
    long: bool,
    iso_wide: bool,
) -> bool {
    if short {
        false
    } else if long {
        true
    } else if iso_wide {
        capital
    } else {
        C::WIDE != capital
    }
}

fn is_wide<C: Unit>(letter: u8, size: Size, rules: Rules) -> bool {
    let short = matches!(size, Size::Short | Size::Char);
    let long = matches!(size, Size::Long | Size::Wide);
    is_wide_text::<C>(letter.is_ascii_uppercase(), short, long, rules.iso_wide)
}

fn signed<A: Arguments>(size: Size, arguments: &mut A) -> Result<i64, A::Error> {
    Ok(match size {
        Size::LongLong => arguments.next_long()? as i64,
        Size::Short => i64::from(arguments.next_int()? as i16),
        Size::Char => i64::from(arguments.next_int()? as i8),
        _ => i64::from(arguments.next_int()? as i32),
    })
}

fn unsigned<A: Arguments>(size: Size, arguments: &mut A) -> Result<u64, A::Error> {
    Ok(match size {
        Size::LongLong => arguments.next_long()?,
        Size::Short => u64::from(arguments.next_int()? as u16),
        Size::Char => u64::from(arguments.next_int()? as u8),
        _ => u64::from(arguments.next_int()?),
    })
}

const fn sign(negative: bool, field: Field) -> &'static [u8] {
    match (negative, field.plus, field.space) {
        (true, ..) => b"-",
        (_, true, _) => b"+",
        (_, _, true) => b" ",
        _ => b"",
    }
}

fn number<C: Unit>(
    sink: &mut Sink<C>,
    value: u64,
    radix: u64,
    letter: u8,
    sign: &[u8],
    field: Field,
) {
    let mut digits = Vec::with_capacity(22);
    let mut left = value;
    while left > 0 {
        let digit = char::from_digit((left % radix) as u32, radix as u32).unwrap_or('0') as u8;
        digits.push(if letter == b'X' {
            digit.to_ascii_uppercase()
        } else {
            digit
        });
        left /= radix;
    }
    digits.reverse();
    let mut prefix = sign.to_vec();
    let mut least = field.precision.unwrap_or(1);
    if field.alternate && value != 0
        || field.alternate && letter == b'X' && field.precision.is_some_and(|p| p >= 8)
    {
        match letter {
            b'x' => prefix.extend(b"0x"),
            b'X' => prefix.extend(b"0X"),
            b'o' => least = least.max(digits.len() + 1),
            _ => {}
        }
    }
    let zeros = least.saturating_sub(digits.len());
    // A precision says how many digits there are, so that the flag for zeros has nothing to say.
    let zero_padded = field.zero && field.precision.is_none();
    pad(sink, field, zero_padded, &prefix, zeros, &digits);
}

fn float<C: Unit>(sink: &mut Sink<C>, value: f64, letter: u8, field: Field, rules: Rules) {
    let conversion = letter.to_ascii_lowercase();
    let usual = if conversion == b'a' {
        rules.float.hex_places
    } else {
        6
    };
    let style = Style {
        conversion,
        precision: field.precision.unwrap_or(usual),
        alternate: field.alternate,
        upper: letter.is_ascii_uppercase(),
    };
    let text = float_text::print(value, style, rules.float);
    let mut prefix = sign(value.is_sign_negative(), field).to_vec();
    let mut digits = text.as_bytes();
    if value.is_finite() && conversion == b'a' {
        prefix.extend(&digits[..2]);
        digits = &digits[2..];
    }
    let zero_padded = field.zero && (value.is_finite() || rules.float.hash_specials);
    pad(sink, field, zero_padded, &prefix, 0, digits);
}

fn pad<C: Unit>(
    sink: &mut Sink<C>,
    field: Field,
    zero: bool,
    prefix: &[u8],
    zeros: usize,
    digits: &[u8],
) {
    let fill = field
        .width
        .saturating_sub(prefix.len() + zeros + digits.len());
    if !field.left && !zero {
        sink.repeat(b' ', fill);
    }
    sink.put_ascii(prefix);
    if !field.left && zero {
        sink.repeat(b'0', fill);
    }
    sink.repeat(b'0', zeros);
    sink.put_ascii(digits);
    if field.left {
        sink.repeat(b' ', fill);
    }
}

fn character<C: Unit, A: Arguments>(
    sink: &mut Sink<C>,
    arguments: &mut A,
    wide: bool,
    field: Field,
) -> Result<(), Failure<A::Error>> {
    let value = arguments.next_int()?;
    let text: Vec<C> = if wide {
        convert(&[value as u16])
    } else {
        convert(&[value as u8])
    }
    .unwrap_or_default();
    put_text(sink, &text, field);
    Ok(())
}

fn string<C: Unit, A: Arguments>(
    sink: &mut Sink<C>,
    arguments: &mut A,
    wide: bool,
    field: Field,
) -> Result<(), Failure<A::Error>> {
    let at = arguments.next_pointer()?;
    let most = field.precision.unwrap_or(usize::MAX);
    let text: Option<Vec<C>> = if at == 0 {
        convert(&b"(null)"[..most.min(6)])
    } else if wide {
        convert(&arguments.wide(at, most)?)
    } else {
        convert(&arguments.narrow(at, most)?)
    };
    put_text(sink, &text.ok_or(Failure::Unmappable)?, field);
    Ok(())
}

fn counted<C: Unit, A: Arguments>(
    sink: &mut Sink<C>,
    arguments: &mut A,
    wide: bool,
    field: Field,
) -> Result<(), Failure<A::Error>> {
    let at = arguments.next_pointer()?;
    let (length, buffer) = if at == 0 {
        (0, 0)
    } else {
        arguments.counted(at)?
    };
    let text: Option<Vec<C>> = if buffer == 0 {
        convert(b"(null)")
    } else if wide {
        convert(&arguments.wide(buffer, length / 2)?)
    } else {
        convert(&arguments.narrow(buffer, length)?)
    };
    put_text(sink, &text.ok_or(Failure::Unmappable)?, field);
    Ok(())
}

fn put_text<C: Unit>(sink: &mut Sink<C>, text: &[C], field: Field) {
    let fill = field.width.saturating_sub(text.len());
    if !field.left {
        sink.repeat(if field.zero { b'0' } else { b' ' }, fill);
    }
    sink.put(text);
    if field.left {
        sink.repeat(b' ', fill);
    }
}
