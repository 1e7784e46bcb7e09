//! CountedString strings: `RtlInitUnicodeString` and its kin.

use crate::codepage::{self, CodePage};
use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Size, shims};
use crate::structures::CountedString;
use crate::trap::Trap;

use super::status::{
    BUFFER_OVERFLOW, BUFFER_TOO_SMALL, INVALID_PARAMETER, NAME_TOO_LONG, NO_MEMORY, SUCCESS,
};

shims! {
    pub(super) static SHIMS = "ntdll.dll", stdcall;

    /// Describes text that ends with a zero.
    fn RtlInitUnicodeString(cx, string: Addr, text: Addr) { init(cx, Wide, string, text) }

    /// Describes text that ends with a zero.
    fn RtlInitUnicodeStringEx(cx, string: Addr, text: Addr) -> u32 {
        if !text.is_null() && cx.wide(text)?.len() > 0x7ffe {
            return Ok(NAME_TOO_LONG);
        }
        init(cx, Wide, string, text).map(|()| SUCCESS)
    }

    /// Describes text that ends with a zero.
    fn RtlInitAnsiString(cx, string: Addr, text: Addr) { init(cx, Ansi, string, text) }

    /// Describes text that ends with a zero.
    fn RtlInitString(cx, string: Addr, text: Addr) { init(cx, Ansi, string, text) }

    /// Makes a copy of text that ends with a zero.
    fn RtlCreateUnicodeString(cx, string: Addr, text: Addr) -> bool {
        let text = Wide.read(cx, text)?;
        make(cx, Wide, string, &text).map(|status| status == SUCCESS)
    }

    /// Makes a copy of text of the process' code page.
    fn RtlCreateUnicodeStringFromAsciiz(cx, string: Addr, text: Addr) -> bool {
        let text = Ansi.read(cx, text)?;
        make(cx, Wide, string, &text).map(|status| status == SUCCESS)
    }

    /// Frees the text of a string.
    fn RtlFreeUnicodeString(cx, string: Addr) { free(cx, string) }

    /// Frees the text of a string.
    fn RtlFreeAnsiString(cx, string: Addr) { free(cx, string) }

    /// Frees the text of a string.
    fn RtlFreeOemString(cx, string: Addr) { free(cx, string) }

    /// Copies as much of a string as there is room for.
    fn RtlCopyUnicodeString(cx, to: Addr, from: Addr) {
        let mut target = get(cx, to)?;
        let source = if from.is_null() { None } else { Some(get(cx, from)?) };
        target.length = source.map_or(0, |source| source.length.min(target.room));
        if let Some(source) = source {
            cx.copy(target.buffer, source.buffer, target.length.into())?;
        }
        if target.length + 2 <= target.room {
            cx.write(target.buffer.offset(target.length.into()), 0_u16)?;
        }
        put(cx, to, target)
    }

    /// Makes a copy of a string.
    fn RtlDuplicateUnicodeString(cx, flags: u32, from: Addr, to: Addr) -> u32 {
        let text = text(cx, Wide, from)?;
        make(cx, Wide, to, &text)
    }

    /// Appends text that ends with a zero.
    fn RtlAppendUnicodeToString(cx, to: Addr, text: Addr) -> u32 {
        if text.is_null() {
            return Ok(SUCCESS);
        }
        let length = cx.wide(text)?.len() as u64 * 2;
        append(cx, to, text, length)
    }

    /// Appends a string.
    fn RtlAppendUnicodeStringToString(cx, to: Addr, from: Addr) -> u32 {
        let from = get(cx, from)?;
        append(cx, to, from.buffer, from.length.into())
    }

    /// Turns a string of the process' code page into Unicode.
    fn RtlAnsiStringToUnicodeString(cx, to: Addr, from: Addr, allocate: u8) -> u32 { convert(cx, Ansi, from, Wide, to, allocate) }

    /// Turns a string of the process' code page into Unicode.
    fn RtlOemStringToUnicodeString(cx, to: Addr, from: Addr, allocate: u8) -> u32 { convert(cx, Ansi, from, Wide, to, allocate) }

    /// Turns a Unicode string into one of the process' code page.
    fn RtlUnicodeStringToAnsiString(cx, to: Addr, from: Addr, allocate: u8) -> u32 { convert(cx, Wide, from, Ansi, to, allocate) }

    /// Turns a Unicode string into one of the process' code page.
    fn RtlUnicodeStringToOemString(cx, to: Addr, from: Addr, allocate: u8) -> u32 { convert(cx, Wide, from, Ansi, to, allocate) }

    /// Answers the bytes that a string takes in the process' code page, with its zero.
    fn RtlUnicodeStringToAnsiSize(cx, string: Addr) -> u32 {
        let text = text(cx, Wide, string)?;
        Ok(Ansi.length(cx, &text) as u32 + 1)
    }

    /// Answers the bytes that a string takes in Unicode, with its zero.
    fn RtlAnsiStringToUnicodeSize(cx, string: Addr) -> u32 {
        let text = text(cx, Ansi, string)?;
        Ok(2 * Wide.length(cx, &text) as u32 + 2)
    }

    /// Turns capitals into small letters.
    fn RtlDowncaseUnicodeString(cx, to: Addr, from: Addr, allocate: u8) -> u32 { recase(cx, to, from, allocate, downcase) }

    /// Turns small letters into capitals.
    fn RtlUpcaseUnicodeString(cx, to: Addr, from: Addr, allocate: u8) -> u32 { recase(cx, to, from, allocate, upcase) }

    /// Answers the capital of a letter.
    fn RtlUpcaseUnicodeChar(cx, letter: u16) -> u16 { Ok(upcase(letter)) }

    /// Answers the small form of a letter.
    fn RtlDowncaseUnicodeChar(cx, letter: u16) -> u16 { Ok(downcase(letter)) }

    /// Answers the capital of a letter of the process' code page.
    fn RtlUpperChar(cx, letter: u8) -> u8 {
        let upper = upcase(u16::from(letter));
        Ok(u8::try_from(upper).unwrap_or(letter))
    }

    /// Compares strings unit by unit.
    fn RtlCompareUnicodeString(cx, one: Addr, other: Addr, fold: u8) -> i32 { compare(cx, Wide, one, other, fold) }

    /// Tells whether strings are the same.
    fn RtlEqualUnicodeString(cx, one: Addr, other: Addr, fold: u8) -> bool { compare(cx, Wide, one, other, fold).map(|order| order == 0) }

    /// Compares strings unit by unit.
    fn RtlCompareString(cx, one: Addr, other: Addr, fold: u8) -> i32 { compare(cx, Ansi, one, other, fold) }

    /// Tells whether strings are the same.
    fn RtlEqualString(cx, one: Addr, other: Addr, fold: u8) -> bool { compare(cx, Ansi, one, other, fold).map(|order| order == 0) }

    /// Tells whether a string begins with another.
    fn RtlPrefixUnicodeString(cx, prefix: Addr, string: Addr, fold: u8) -> bool {
        let (prefix, string) = (units(cx, Wide, prefix, fold)?, units(cx, Wide, string, fold)?);
        Ok(string.starts_with(&prefix))
    }

    /// Turns a string into a number; in base 0 it may begin with `0x`, `0o` or `0b`.
    fn RtlUnicodeStringToInteger(cx, string: Addr, base: u32, value: Addr) -> u32 {
        let text = text(cx, Wide, string)?;
        integer(cx, &text, base, value)
    }

    /// Turns text into a number; in base 0 it may begin with `0x`, `0o` or `0b`.
    fn RtlCharToInteger(cx, text: Addr, base: u32, value: Addr) -> u32 {
        let text = Ansi.read(cx, text)?;
        integer(cx, &text, base, value)
    }

    /// Writes a number into a string.
    fn RtlIntegerToUnicodeString(cx, value: u32, base: u32, string: Addr) -> u32 {
        let text = match base {
            0 | 10 => value.to_string(),
            2 => format!("{value:b}"),
            8 => format!("{value:o}"),
            16 => format!("{value:X}"),
            _ => return Ok(INVALID_PARAMETER),
        };
        fill(cx, Wide, string, &text)
    }

    /// Turns bytes of the process' code page into Unicode, as far as there is room.
    fn RtlMultiByteToUnicodeN(cx, to: Addr, room: u32, written: Addr, from: Addr, count: u32) -> u32 { decode(cx, codepage::ANSI, to, room, written, from, count) }

    /// Turns bytes of the consoles' code page into Unicode, as far as there is room.
    fn RtlOemToUnicodeN(cx, to: Addr, room: u32, written: Addr, from: Addr, count: u32) -> u32 { decode(cx, codepage::OEM, to, room, written, from, count) }

    /// Turns Unicode into bytes of the process' code page, as far as there is room.
    fn RtlUnicodeToMultiByteN(cx, to: Addr, room: u32, written: Addr, from: Addr, count: u32) -> u32 { encode(cx, codepage::ANSI, to, room, written, from, count) }

    /// Turns Unicode into bytes of the consoles' code page, as far as there is room.
    fn RtlUnicodeToOemN(cx, to: Addr, room: u32, written: Addr, from: Addr, count: u32) -> u32 { encode(cx, codepage::OEM, to, room, written, from, count) }

    /// Turns Unicode into UTF-8, as far as there is room.
    fn RtlUnicodeToUTF8N(cx, to: Addr, room: u32, written: Addr, from: Addr, count: u32) -> u32 { encode(cx, codepage::UTF_8, to, room, written, from, count) }

    /// Turns UTF-8 into Unicode, as far as there is room.
    fn RtlUTF8ToUnicodeN(cx, to: Addr, room: u32, written: Addr, from: Addr, count: u32) -> u32 { decode(cx, codepage::UTF_8, to, room, written, from, count) }

    /// Writes the bytes that text takes in Unicode.
    fn RtlMultiByteToUnicodeSize(cx, size: Addr, from: Addr, count: u32) -> u32 {
        let text = Ansi.decode(cx, &cx.bytes(from, count.into())?);
        cx.write(size, 2 * Wide.length(cx, &text) as u32)?;
        Ok(SUCCESS)
    }

    /// Writes the bytes that text takes in the process' code page.
    fn RtlUnicodeToMultiByteSize(cx, size: Addr, from: Addr, count: u32) -> u32 {
        let text = Wide.decode(cx, &cx.bytes(from, count.into())?);
        cx.write(size, Ansi.length(cx, &text) as u32)?;
        Ok(SUCCESS)
    }
}

fn get(cx: &Cx<'_>, at: Addr) -> Result<CountedString, Trap> {
    CountedString::read(cx, at)
}

fn put(cx: &Cx<'_>, at: Addr, string: CountedString) -> Result<(), Trap> {
    string.write(cx, at)
}

pub(super) fn text(cx: &Cx<'_>, letters: Letters, at: Addr) -> Result<String, Trap> {
    let string = get(cx, at)?;
    Ok(letters.decode(cx, &cx.bytes(string.buffer, string.length.into())?))
}

fn init(cx: &Cx<'_>, letters: Letters, string: Addr, buffer: Addr) -> Result<(), Trap> {
    let unit = letters.bytes() as usize;
    let length = match (buffer.is_null(), letters) {
        (true, _) => {
            return put(
                cx,
                string,
                CountedString {
                    length: 0,
                    room: 0,
                    buffer,
                },
            );
        }
        (_, Ansi) => cx.ansi(buffer)?.len(),
        (_, Wide) => 2 * cx.wide(buffer)?.len(),
    };
    // Longer text is described as far as the numbers go.
    let length = length.min(0xfffe - unit);
    put(
        cx,
        string,
        CountedString {
            length: length as u16,
            room: (length + unit) as u16,
            buffer,
        },
    )
}

/// Makes a string with text of its own.
fn make(cx: &Cx<'_>, letters: Letters, string: Addr, text: &str) -> Result<u32, Trap> {
    let length = letters.encode(cx, text).len();
    let Ok(room) = u16::try_from(length + letters.bytes() as usize) else {
        return Ok(NAME_TOO_LONG);
    };
    let buffer = cx.allocate(Size(room.into()));
    if buffer.is_null() {
        return Ok(NO_MEMORY);
    }
    letters.put(cx, buffer, text)?;
    put(
        cx,
        string,
        CountedString {
            length: length as u16,
            room,
            buffer,
        },
    )?;
    Ok(SUCCESS)
}

/// Writes text into the room of a string; a final zero where there is room for it too.
fn fill(cx: &Cx<'_>, letters: Letters, string: Addr, text: &str) -> Result<u32, Trap> {
    let mut target = get(cx, string)?;
    let bytes = letters.encode(cx, text);
    if bytes.len() > usize::from(target.room) {
        return Ok(BUFFER_OVERFLOW);
    }
    cx.put(target.buffer, &bytes)?;
    target.length = bytes.len() as u16;
    if u64::from(target.room - target.length) >= letters.bytes() {
        cx.fill(
            target.buffer.offset(target.length.into()),
            0,
            letters.bytes(),
        )?;
    }
    put(cx, string, target)?;
    Ok(SUCCESS)
}

fn free(cx: &Cx<'_>, string: Addr) -> Result<(), Trap> {
    let buffer = get(cx, string)?.buffer;
    if !buffer.is_null() {
        cx.free(buffer);
    }
    put(
        cx,
        string,
        CountedString {
            length: 0,
            room: 0,
            buffer: Addr::NULL,
        },
    )
}

fn append(cx: &Cx<'_>, to: Addr, from: Addr, length: u64) -> Result<u32, Trap> {
    let mut target = get(cx, to)?;
    let total = u64::from(target.length) + length;
    if total > target.room.into() {
        return Ok(BUFFER_TOO_SMALL);
    }
    cx.copy(target.buffer.offset(target.length.into()), from, length)?;
    target.length = total as u16;
    if total + 2 <= target.room.into() {
        cx.write(target.buffer.offset(total), 0_u16)?;
    }
    put(cx, to, target)?;
    Ok(SUCCESS)
}

fn convert(
    cx: &Cx<'_>,
    from_letters: Letters,
    from: Addr,
    letters: Letters,
    to: Addr,
    allocate: u8,
) -> Result<u32, Trap> {
    let text = text(cx, from_letters, from)?;
    if allocate != 0 {
        make(cx, letters, to, &text)
    } else {
        fill(cx, letters, to, &text)
    }
}

fn recase(
    cx: &Cx<'_>,
    to: Addr,
    from: Addr,
    allocate: u8,
    change: fn(u16) -> u16,
) -> Result<u32, Trap> {
    let changed: Vec<u16> = text(cx, Wide, from)?.encode_utf16().map(change).collect();
    let changed = String::from_utf16_lossy(&changed);
    if allocate != 0 {
        make(cx, Wide, to, &changed)
    } else {
        fill(cx, Wide, to, &changed)
    }
}

/// The other case of a letter, where that is one unit too.
fn single(mut letters: impl Iterator<Item = char>, unit: u16) -> u16 {
    match (letters.next(), letters.next()) {
        (Some(letter), None) => u16::try_from(u32::from(letter)).unwrap_or(unit),
        _ => unit,
    }
}

fn upcase(unit: u16) -> u16 {
    char::from_u32(unit.into()).map_or(unit, |letter| single(letter.to_uppercase(), unit))
}

fn downcase(unit: u16) -> u16 {
    char::from_u32(unit.into()).map_or(unit, |letter| single(letter.to_lowercase(), unit))
}

fn units(cx: &Cx<'_>, letters: Letters, at: Addr, fold: u8) -> Result<Vec<u16>, Trap> {
    let text = text(cx, letters, at)?;
    let fold = |unit| if fold != 0 { upcase(unit) } else { unit };
    Ok(text.encode_utf16().map(fold).collect())
}

fn compare(cx: &Cx<'_>, letters: Letters, one: Addr, other: Addr, fold: u8) -> Result<i32, Trap> {
    let (one, other) = (
        units(cx, letters, one, fold)?,
        units(cx, letters, other, fold)?,
    );
    let differs = one.iter().zip(&other).find(|(one, other)| one != other);
    Ok(match differs {
        Some((one, other)) => i32::from(*one) - i32::from(*other),
        None => one.len() as i32 - other.len() as i32,
    })
}

fn integer(cx: &Cx<'_>, text: &str, base: u32, value: Addr) -> Result<u32, Trap> {
    let text = text.trim_start_matches(|letter: char| letter <= ' ');
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, text) = match (base, text.get(..2)) {
        (0, Some("0x")) => (16, &text[2..]),
        (0, Some("0o")) => (8, &text[2..]),
        (0, Some("0b")) => (2, &text[2..]),
        (0, _) => (10, text),
        (2 | 8 | 10 | 16, _) => (base, text),
        _ => return Ok(INVALID_PARAMETER),
    };
    let digits = text.chars().map_while(|digit| digit.to_digit(base));
    let number = digits.fold(0_u32, |number, digit| {
        number.wrapping_mul(base).wrapping_add(digit)
    });
    cx.write(
        value,
        if is_negative {
            number.wrapping_neg()
        } else {
            number
        },
    )?;
    Ok(SUCCESS)
}

fn decode(
    cx: &Cx<'_>,
    page: u32,
    to: Addr,
    room: u32,
    written: Addr,
    from: Addr,
    count: u32,
) -> Result<u32, Trap> {
    let Some(page) = CodePage::find(page) else {
        return Ok(INVALID_PARAMETER);
    };
    let (units, _) = page.decode(&cx.bytes(from, count.into())?);
    let fits = &units[..units.len().min(room as usize / 2)];
    cx.put_wide(to, fits)?;
    cx.write_unless_null(written, 2 * fits.len() as u32)?;
    Ok(if fits.len() < units.len() {
        BUFFER_OVERFLOW
    } else {
        SUCCESS
    })
}

fn encode(
    cx: &Cx<'_>,
    page: u32,
    to: Addr,
    room: u32,
    written: Addr,
    from: Addr,
    count: u32,
) -> Result<u32, Trap> {
    let Some(page) = CodePage::find(page) else {
        return Ok(INVALID_PARAMETER);
    };
    let bytes = cx.bytes(from, count.into())?;
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
    let encoded = page.encode(&units, b"?").bytes;
    let fits = &encoded[..encoded.len().min(room as usize)];
    cx.put(to, fits)?;
    cx.write_unless_null(written, fits.len() as u32)?;
    Ok(if fits.len() < encoded.len() {
        BUFFER_OVERFLOW
    } else {
        SUCCESS
    })
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "ntdll.dll";

    /// Describes text through the function that does so.
    fn string(bench: &Bench, text: &str) -> u64 {
        let (string, text) = (bench.bytes(&[0xaa; 16]), bench.wide(text));
        bench.ask(DLL, "RtlInitUnicodeString", &[string, text]);
        string
    }

    fn buffer(bench: &Bench, string: u64) -> u64 {
        u64::from_le_bytes(bench.read(string + 8, 8).try_into().unwrap())
    }

    #[test]
    fn a_string_is_described_copied_and_freed() {
        let bench = Bench::new();
        let from = string(&bench, "text");
        assert_eq!(bench.read(from, 4), [8, 0, 10, 0]);
        let copy = bench.bytes(&[0; 16]);
        assert_eq!(
            bench.ask(DLL, "RtlDuplicateUnicodeString", &[1, from, copy]),
            0
        );
        assert_ne!(buffer(&bench, copy), buffer(&bench, from));
        assert_eq!(bench.ask(DLL, "RtlEqualUnicodeString", &[from, copy, 0]), 1);
        bench.ask(DLL, "RtlFreeUnicodeString", &[copy]);
        assert_eq!(bench.read(copy, 16), [0; 16]);
        let ansi = bench.text("name");
        assert_eq!(
            bench.ask(DLL, "RtlCreateUnicodeStringFromAsciiz", &[copy, ansi]),
            1
        );
        assert_eq!(bench.read(buffer(&bench, copy), 10), b"n\0a\0m\0e\0\0\0");
    }

    #[test]
    fn strings_are_converted_with_and_without_room() {
        let bench = Bench::new();
        let (from, to) = (string(&bench, "é→"), bench.bytes(&[0; 16]));
        assert_eq!(
            bench.ask(DLL, "RtlUnicodeStringToAnsiString", &[to, from, 1]),
            0
        );
        assert_eq!(bench.read(buffer(&bench, to), 3), b"\xe9?\0");
        let small = [
            &[0, 0, 1, 0, 0, 0, 0, 0][..],
            &bench.bytes(&[0; 1]).to_le_bytes(),
        ]
        .concat();
        let small = bench.bytes(&small);
        assert_eq!(
            bench.ask(DLL, "RtlUnicodeStringToAnsiString", &[small, from, 0]),
            0x8000_0005
        );
        let (bytes, size) = (bench.bytes(&[0; 8]), bench.bytes(&[0; 4]));
        let wide = bench.wide("abc");
        assert_eq!(
            bench.ask(DLL, "RtlUnicodeToMultiByteN", &[bytes, 2, size, wide, 6]),
            0x8000_0005
        );
        assert_eq!(
            (bench.read(bytes, 3), bench.read(size, 1)),
            (b"ab\0".to_vec(), vec![2])
        );
    }

    #[test]
    fn strings_compare_unit_by_unit() {
        let bench = Bench::new();
        let (one, other) = (string(&bench, "Ab"), string(&bench, "aC"));
        assert_eq!(
            bench.ask(DLL, "RtlCompareUnicodeString", &[one, other, 0]) as i32,
            -32
        );
        assert_eq!(
            bench.ask(DLL, "RtlCompareUnicodeString", &[one, other, 1]) as i32,
            -1
        );
        let prefix = string(&bench, "A");
        assert_eq!(
            bench.ask(DLL, "RtlPrefixUnicodeString", &[prefix, other, 1]),
            1
        );
        assert_eq!(
            bench.ask(DLL, "RtlPrefixUnicodeString", &[prefix, other, 0]),
            0
        );
    }

    #[test]
    fn numbers_are_read_and_written_in_a_base() {
        let bench = Bench::new();
        let value = bench.bytes(&[0; 4]);
        let read = |text: &str, base| {
            assert_eq!(
                bench.ask(
                    DLL,
                    "RtlUnicodeStringToInteger",
                    &[string(&bench, text), base, value]
                ),
                0
            );
            u32::from_le_bytes(bench.read(value, 4).try_into().unwrap())
        };
        assert_eq!(
            (
                read(" 0x1f", 0),
                read("-12z", 10),
                read("0b101", 0),
                read("ff", 16)
            ),
            (31, -12_i32 as u32, 5, 255)
        );
        assert_eq!(
            bench.ask(DLL, "RtlCharToInteger", &[bench.text("1"), 7, value]),
            0xC000_000D
        );
        let room = bench.bytes(&[0xaa; 8]);
        let to = bench.bytes(&[&[0, 0, 8, 0, 0, 0, 0, 0][..], &room.to_le_bytes()].concat());
        assert_eq!(
            bench.ask(DLL, "RtlIntegerToUnicodeString", &[0xbeef, 16, to]),
            0
        );
        assert_eq!(bench.read(room, 8), b"B\0E\0E\0F\0");
    }
}
