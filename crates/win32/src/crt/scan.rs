//! Formatted input: what `scanf` and its relatives take out of a text.

use super::ctype;
use super::format::is_wide_text;
use super::number::{self, Spelling};
use super::unit::{Unit, convert};

/// Text that can be looked at before it is taken.
pub(crate) trait Source<C> {
    /// Why the text cannot be read.
    type Error;
    /// The unit so many places ahead; none behind the end.
    fn peek(&mut self, ahead: u64) -> Result<Option<C>, Self::Error>;
    /// Takes so many units.
    fn skip(&mut self, count: u64) -> Result<(), Self::Error>;
}

/// Where values go.
pub(crate) trait Targets {
    /// Why a value cannot be stored.
    type Error;
    /// Bytes in a pointer.
    fn pointer_bytes(&self) -> usize;
    /// The next pointer.
    fn next_pointer(&mut self) -> Result<u64, Self::Error>;
    /// The next `unsigned`: the size of a buffer, for the `_s` functions.
    fn next_size(&mut self) -> Result<u32, Self::Error>;
    /// Stores bytes.
    fn store(&mut self, at: u64, bytes: &[u8]) -> Result<(), Self::Error>;
}

/// In what the functions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// A size follows each text buffer.
    pub(crate) secure: bool,
    /// `%s` is narrow in the wide functions too, as the C standard says.
    pub(crate) iso_wide: bool,
    /// Which numbers are known.
    pub(crate) spelling: Spelling,
}

impl Rules {
    /// What `msvcrt.dll` does.
    pub(crate) const MSVCRT: Self = Self {
        secure: false,
        iso_wide: false,
        spelling: Spelling::Old,
    };

    /// The `options` of the `__stdio_common_*scanf` functions: `SECURECRT` is 1,
    /// `LEGACY_WIDE_SPECIFIERS` 2, `LEGACY_MSVCRT_COMPATIBILITY` 4.
    pub(crate) const fn ucrt(options: u64) -> Self {
        let spelling = if options & 4 != 0 {
            Spelling::Old
        } else {
            Spelling::C99
        };
        Self {
            secure: options & 1 != 0,
            iso_wide: options & 2 == 0,
            spelling,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    None,
    Char,
    Short,
    Long,
    LongLong,
    Wide,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    suppressed: bool,
    width: u64,
    given: bool,
    size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Stored,
    Skipped,
    Mismatch,
    End,
}

/// Takes what `format` says out of `source`; answers how many values were stored, or -1.
pub(crate) fn scan<C: Unit, S: Source<C>, T: Targets<Error = S::Error>>(
    format: &[C],
    source: &mut S,
    targets: &mut T,
    rules: Rules,
) -> Result<i32, S::Error> {
    let mut rest = format;
    let mut stored = 0;
    let mut converted = false;
    let mut taken = 0_u64;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if ctype::is_space(*first) {
            taken += skip_space(source)?;
            continue;
        }
        if first.ascii() == b'%' && rest.first().is_none_or(|next| next.ascii() != b'%') {
            let field;
            (field, rest) = parse_field(rest, targets.pointer_bytes());
            let Some((conversion, behind)) = rest.split_first() else {
                break;
            };
            let set;
            (set, rest) = parse_set(*conversion, behind);
            let mut one = One {
                source,
                targets,
                rules,
                field,
                taken: &mut taken,
            };
            match one.convert(conversion.ascii(), set)? {
                Step::Stored => {
                    stored += 1;
                    converted = true;
                }
                Step::Skipped => converted = true,
                Step::Mismatch => return Ok(stored),
                Step::End => return Ok(if converted { stored } else { -1 }),
            }
            continue;
        }
        if first.ascii() == b'%' {
            rest = &rest[1..];
            taken += skip_space(source)?;
        }
        match source.peek(0)? {
            Some(unit) if unit == *first => {
                source.skip(1)?;
                taken += 1;
            }
            Some(_) => return Ok(stored),
            None => return Ok(if converted { stored } else { -1 }),
        }
    }
    Ok(stored)
}

fn skip_space<C: Unit, S: Source<C>>(source: &mut S) -> Result<u64, S::Error> {
    let mut count = 0;
    while source.peek(0)?.is_some_and(ctype::is_space) {
        source.skip(1)?;
        count += 1;
    }
    Ok(count)
}

fn parse_field<C: Unit>(mut rest: &[C], pointer: usize) -> (Field, &[C]) {
    let mut field = Field {
        suppressed: false,
        width: u64::MAX,
        given: false,
        size: Size::None,
    };
    let mut width = 0_u64;
    while let Some((first, behind)) = rest.split_first() {
        match first.ascii() {
            b'*' => field.suppressed = true,
            digit @ b'0'..=b'9' => {
                width = width
                    .saturating_mul(10)
                    .saturating_add(u64::from(digit - b'0'));
                field.given = true;
            }
            _ => break,
        }
        rest = behind;
    }
    if field.given && width > 0 {
        field.width = width;
    }
    let pointer_size = if pointer == 8 {
        Size::LongLong
    } else {
        Size::Long
    };
    let words: [(&[u8], Size); 11] = [
        (b"I64", Size::LongLong),
        (b"I32", Size::Long),
        (b"I", pointer_size),
        (b"hh", Size::Char),
        (b"h", Size::Short),
        (b"ll", Size::LongLong),
        (b"l", Size::Long),
        (b"L", Size::LongLong),
        (b"j", Size::LongLong),
        (b"z", pointer_size),
        (b"t", pointer_size),
    ];
    for (word, size) in words {
        if rest.len() >= word.len()
            && rest
                .iter()
                .zip(word)
                .all(|(unit, byte)| unit.ascii() == *byte)
        {
            field.size = size;
            return (field, &rest[word.len()..]);
        }
    }
    if let Some((first, behind)) = rest.split_first()
        && first.ascii() == b'w'
    {
        field.size = Size::Wide;
        return (field, behind);
    }
    (field, rest)
}

/// The set behind `%[`: ranges and whether they are meant or excluded.
type Set<C> = (Vec<(C, C)>, bool);

fn parse_set<C: Unit>(conversion: C, mut rest: &[C]) -> (Set<C>, &[C]) {
    let mut ranges = Vec::new();
    if conversion.ascii() != b'[' {
        return ((ranges, false), rest);
    }
    let excluded = rest.first().is_some_and(|first| first.ascii() == b'^');
    rest = &rest[usize::from(excluded)..];
    let mut first = true;
    while let Some((unit, behind)) = rest.split_first() {
        rest = behind;
        if unit.ascii() == b']' && !first {
            break;
        }
        first = false;
        match rest {
            [dash, end, behind @ ..] if dash.ascii() == b'-' && end.ascii() != b']' => {
                ranges.push(((*unit).min(*end), (*unit).max(*end)));
                rest = behind;
            }
            _ => ranges.push((*unit, *unit)),
        }
    }
    ((ranges, excluded), rest)
}

struct One<'a, S, T> {
    source: &'a mut S,
    targets: &'a mut T,
    rules: Rules,
    field: Field,
    taken: &'a mut u64,
}

impl<S, T> One<'_, S, T> {
    fn take<C: Unit>(&mut self, count: u64) -> Result<(), S::Error>
    where
        S: Source<C>,
    {
        *self.taken += count;
        self.source.skip(count)
    }

    fn convert<C: Unit>(&mut self, letter: u8, set: Set<C>) -> Result<Step, S::Error>
    where
        S: Source<C>,
        T: Targets<Error = S::Error>,
    {
        if !matches!(letter, b'c' | b'C' | b'[' | b'n') {
            *self.taken += skip_space(self.source)?;
        }
        match letter {
            b'd' | b'u' => self.integer(10),
            b'i' => self.integer(0),
            b'o' => self.integer(8),
            b'x' | b'X' => self.integer(16),
            b'p' => {
                self.field.size = if self.targets.pointer_bytes() == 8 {
                    Size::LongLong
                } else {
                    Size::Long
                };
                self.integer(16)
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => self.float(),
            b'n' => {
                let count = *self.taken;
                if !self.field.suppressed {
                    let at = self.targets.next_pointer()?;
                    let bytes = self.integer_bytes();
                    self.targets.store(at, &count.to_le_bytes()[..bytes])?;
                }
                // The count is no conversion: it neither counts nor fails.
                Ok(Step::Skipped)
            }
            b's' | b'S' => self.text(letter, |unit| !ctype::is_space(unit), true),
            b'c' | b'C' => {
                if !self.field.given {
                    self.field.width = 1;
                }
                self.text(letter, |_: C| true, false)
            }
            b'[' => {
                let (ranges, excluded) = set;
                let in_set = |unit: C| {
                    ranges
                        .iter()
                        .any(|(low, high)| (*low..=*high).contains(&unit))
                };
                self.text(b's', |unit| in_set(unit) != excluded, true)
            }
            _ => Ok(Step::Mismatch),
        }
    }

    fn integer_bytes(&self) -> usize {
        match self.field.size {
            Size::Char => 1,
            Size::Short => 2,
            Size::LongLong => 8,
            _ => 4,
        }
    }

    fn integer<C: Unit>(&mut self, base: u32) -> Result<Step, S::Error>
    where
        S: Source<C>,
        T: Targets<Error = S::Error>,
    {
        if self.source.peek(0)?.is_none() {
            return Ok(Step::End);
        }
        let width = self.field.width;
        let source = &mut *self.source;
        let found = number::whole(base, |at| {
            if at < width {
                source.peek(at).map(Option::unwrap_or_default)
            } else {
                Ok(C::default())
            }
        })?;
        if found.consumed == 0 || found.broken_off {
            return Ok(Step::Mismatch);
        }
        self.take(found.consumed)?;
        if self.field.suppressed {
            return Ok(Step::Skipped);
        }
        let magnitude = found.value.magnitude;
        let value = if found.value.negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        };
        let at = self.targets.next_pointer()?;
        let bytes = self.integer_bytes();
        self.targets.store(at, &value.to_le_bytes()[..bytes])?;
        Ok(Step::Stored)
    }

    fn float<C: Unit>(&mut self) -> Result<Step, S::Error>
    where
        S: Source<C>,
        T: Targets<Error = S::Error>,
    {
        if self.source.peek(0)?.is_none() {
            return Ok(Step::End);
        }
        let width = self.field.width;
        let source = &mut *self.source;
        let found = number::float(self.rules.spelling, |at| {
            if at < width {
                source.peek(at).map(Option::unwrap_or_default)
            } else {
                Ok(C::default())
            }
        })?;
        if found.consumed == 0 || found.broken_off {
            return Ok(Step::Mismatch);
        }
        self.take(found.consumed)?;
        if self.field.suppressed {
            return Ok(Step::Skipped);
        }
        let at = self.targets.next_pointer()?;
        if matches!(self.field.size, Size::Long | Size::LongLong) {
            self.targets.store(at, &found.value.to_le_bytes())?;
        } else {
            self.targets
                .store(at, &(found.value as f32).to_le_bytes())?;
        }
        Ok(Step::Stored)
    }

    fn text<C: Unit>(
        &mut self,
        letter: u8,
        accept: impl Fn(C) -> bool,
        ended: bool,
    ) -> Result<Step, S::Error>
    where
        S: Source<C>,
        T: Targets<Error = S::Error>,
    {
        if self.source.peek(0)?.is_none() {
            return Ok(Step::End);
        }
        let short = matches!(self.field.size, Size::Short | Size::Char);
        let long = matches!(self.field.size, Size::Long | Size::Wide);
        let wide = is_wide_text::<C>(
            letter.is_ascii_uppercase(),
            short,
            long,
            self.rules.iso_wide,
        );
        let (at, room) = if self.field.suppressed {
            (0, u64::MAX)
        } else {
            let at = self.targets.next_pointer()?;
            let room = if self.rules.secure {
                u64::from(self.targets.next_size()?)
            } else {
                u64::MAX
            };
            (at, room)
        };
        let mut text = Vec::new();
        while (text.len() as u64) < self.field.width
            && let Some(unit) = self.source.peek(0)?
            && accept(unit)
        {
            text.push(unit);
            self.take(1)?;
        }
        if text.is_empty()
            || (!ended && self.field.width != u64::MAX && (text.len() as u64) < self.field.width)
        {
            return Ok(Step::Mismatch);
        }
        if self.field.suppressed {
            return Ok(Step::Skipped);
        }
        if text.len() as u64 + u64::from(ended) > room {
            // Too small a buffer is left empty, and the value does not count.
            if room > 0 {
                self.targets.store(at, if wide { &[0, 0] } else { &[0] })?;
            }
            return Ok(Step::Mismatch);
        }
        if ended {
            text.push(C::default());
        }
        let bytes: Vec<u8> = if wide {
            let units: Vec<u16> = convert(&text).unwrap_or_default();
            units.into_iter().flat_map(u16::to_le_bytes).collect()
        } else {
            text.iter()
                .map(|unit| u8::from_u32((*unit).into()).unwrap_or(b'?'))
                .collect()
        };
        self.targets.store(at, &bytes)?;
        Ok(Step::Stored)
    }
}
