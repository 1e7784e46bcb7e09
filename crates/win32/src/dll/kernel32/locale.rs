//! Language and country: American English, as on a machine that nobody has set up.

use std::fmt::Write as _;

use crate::calendar::{self, Date};
use crate::codepage::{self, CodePage};
use crate::cx::Cx;
use crate::dll::kernel32::{collation, time};
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Signed, shims};
use crate::trap::Trap;

/// American English: its number, and its name.
const LOCALE: u32 = 0x409;
const NAME: &str = "en-US";
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_INVALID_FLAGS: u32 = 1004;
/// `LOCALE_RETURN_NUMBER`.
const AS_NUMBER: u32 = 0x2000_0000;
/// `LCMAP_LOWERCASE`, `LCMAP_UPPERCASE`, `LCMAP_SORTKEY`, `LCMAP_BYTEREV`.
const LOWER: u32 = 0x100;
const UPPER: u32 = 0x200;
const SORT_KEY: u32 = 0x400;
const SWAP: u32 = 0x800;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the person's locale.
    fn GetUserDefaultLCID(cx) -> u32 { Ok(LOCALE) }

    /// Answers the machine's locale.
    fn GetSystemDefaultLCID(cx) -> u32 { Ok(LOCALE) }

    /// Answers the thread's locale.
    fn GetThreadLocale(cx) -> u32 { Ok(LOCALE) }

    /// Sets the thread's locale: there is one.
    fn SetThreadLocale(cx, locale: u32) -> bool { Ok(resolve(locale).is_some()) }

    /// Answers the person's language.
    fn GetUserDefaultLangID(cx) -> u16 { Ok(LOCALE as u16) }

    /// Answers the machine's language.
    fn GetSystemDefaultLangID(cx) -> u16 { Ok(LOCALE as u16) }

    /// Answers the language of menus and messages.
    fn GetUserDefaultUILanguage(cx) -> u16 { Ok(LOCALE as u16) }

    /// Answers the language of menus and messages.
    fn GetSystemDefaultUILanguage(cx) -> u16 { Ok(LOCALE as u16) }

    /// Answers the language of menus and messages.
    fn GetThreadUILanguage(cx) -> u16 { Ok(LOCALE as u16) }

    /// Sets the language of menus and messages: there is one.
    fn SetThreadUILanguage(cx, language: u16) -> u16 { Ok(LOCALE as u16) }

    /// Writes the name of the person's locale.
    fn GetUserDefaultLocaleName(cx, buffer: Addr, room: i32) -> i32 { put(cx, Wide, buffer, room, NAME) }

    /// Writes the name of the machine's locale.
    fn GetSystemDefaultLocaleName(cx, buffer: Addr, room: i32) -> i32 { put(cx, Wide, buffer, room, NAME) }

    /// Writes the name of a locale.
    fn LCIDToLocaleName(cx, locale: u32, buffer: Addr, room: i32, flags: u32) -> i32 {
        match resolve(locale) {
            Some(0x7f) => put(cx, Wide, buffer, room, ""),
            Some(_) => put(cx, Wide, buffer, room, NAME),
            None => cx.fail(ERROR_INVALID_PARAMETER, 0),
        }
    }

    /// Answers the number of a locale.
    fn LocaleNameToLCID(cx, name: Addr, flags: u32) -> u32 {
        let name = Wide.optional(cx, name)?;
        match name.as_deref() {
            None => Ok(LOCALE),
            Some("") => Ok(0x7f),
            Some(name) if is_known(name) => Ok(LOCALE),
            Some(_) => cx.fail(ERROR_INVALID_PARAMETER, 0),
        }
    }

    /// Writes the known locale that is closest to a name.
    fn ResolveLocaleName(cx, name: Addr, buffer: Addr, room: i32) -> i32 { put(cx, Wide, buffer, room, NAME) }

    /// Tells whether a locale is known.
    fn IsValidLocale(cx, locale: u32, flags: u32) -> bool { Ok(resolve(locale).is_some()) }

    /// Tells whether the name of a locale is known.
    fn IsValidLocaleName(cx, name: Addr) -> bool { Ok(is_known(&Wide.read(cx, name)?)) }

    /// Answers the number that a locale's number stands for.
    fn ConvertDefaultLocale(cx, locale: u32) -> u32 { Ok(resolve(locale).unwrap_or(locale)) }

    /// Calls back for each locale: the one.
    fn EnumSystemLocalesA(cx, callback: Addr, flags: u32) -> bool { enumerate(cx, Ansi, callback) }

    /// Calls back for each locale: the one.
    fn EnumSystemLocalesW(cx, callback: Addr, flags: u32) -> bool { enumerate(cx, Wide, callback) }

    /// Calls back for each locale: the one.
    fn EnumSystemLocalesEx(cx, callback: Addr, flags: u32, parameter: Signed, reserved: Addr) -> bool {
        with_text(cx, Wide, NAME, |cx, name| cx.call(callback, &[name, 0x20, parameter.0 as u64]))
    }

    /// Writes something about a locale.
    fn GetLocaleInfoA(cx, locale: u32, kind: u32, buffer: Addr, room: i32) -> i32 { info(cx, Ansi, resolve(locale).is_some(), kind, buffer, room) }

    /// Writes something about a locale.
    fn GetLocaleInfoW(cx, locale: u32, kind: u32, buffer: Addr, room: i32) -> i32 { info(cx, Wide, resolve(locale).is_some(), kind, buffer, room) }

    /// Writes something about a locale.
    fn GetLocaleInfoEx(cx, name: Addr, kind: u32, buffer: Addr, room: i32) -> i32 {
        let name = Wide.optional(cx, name)?;
        info(cx, Wide, name.is_none_or(|name| is_known(&name)), kind, buffer, room)
    }

    /// Sets something about a locale, which stays as it is.
    fn SetLocaleInfoA(cx, locale: u32, kind: u32, value: Addr) -> bool { cx.fail(ERROR_INVALID_FLAGS, false) }

    /// Sets something about a locale, which stays as it is.
    fn SetLocaleInfoW(cx, locale: u32, kind: u32, value: Addr) -> bool { cx.fail(ERROR_INVALID_FLAGS, false) }

    /// Changes the case of a text, or makes what it is sorted by.
    fn LCMapStringA(cx, locale: u32, flags: u32, from: Addr, length: i32, to: Addr, room: i32) -> i32 { map(cx, Ansi, flags, from, length, to, room) }

    /// Changes the case of a text, or makes what it is sorted by.
    fn LCMapStringW(cx, locale: u32, flags: u32, from: Addr, length: i32, to: Addr, room: i32) -> i32 { map(cx, Wide, flags, from, length, to, room) }

    /// Changes the case of a text, or makes what it is sorted by.
    fn LCMapStringEx(cx, locale: Addr, flags: u32, from: Addr, length: i32, to: Addr, room: i32, version: Addr, reserved: Addr, handle: Signed) -> i32 { map(cx, Wide, flags, from, length, to, room) }

    /// Tells what kinds of characters a text has.
    fn GetStringTypeW(cx, kind: u32, text: Addr, length: i32, types: Addr) -> bool { string_type(cx, Wide, kind, text, length, types) }

    /// Tells what kinds of characters a text has.
    fn GetStringTypeA(cx, locale: u32, kind: u32, text: Addr, length: i32, types: Addr) -> bool { string_type(cx, Ansi, kind, text, length, types) }

    /// Tells what kinds of characters a text has.
    fn GetStringTypeExA(cx, locale: u32, kind: u32, text: Addr, length: i32, types: Addr) -> bool { string_type(cx, Ansi, kind, text, length, types) }

    /// Tells what kinds of characters a text has.
    fn GetStringTypeExW(cx, locale: u32, kind: u32, text: Addr, length: i32, types: Addr) -> bool { string_type(cx, Wide, kind, text, length, types) }

    /// Writes a date in the words of a locale.
    fn GetDateFormatA(cx, locale: u32, flags: u32, date: Addr, format: Addr, buffer: Addr, room: i32) -> i32 { date_text(cx, Ansi, flags, date, format, buffer, room) }

    /// Writes a date in the words of a locale.
    fn GetDateFormatW(cx, locale: u32, flags: u32, date: Addr, format: Addr, buffer: Addr, room: i32) -> i32 { date_text(cx, Wide, flags, date, format, buffer, room) }

    /// Writes a date in the words of a locale.
    fn GetDateFormatEx(cx, locale: Addr, flags: u32, date: Addr, format: Addr, buffer: Addr, room: i32, calendar: Addr) -> i32 { date_text(cx, Wide, flags, date, format, buffer, room) }

    /// Writes a time of day in the words of a locale.
    fn GetTimeFormatA(cx, locale: u32, flags: u32, date: Addr, format: Addr, buffer: Addr, room: i32) -> i32 { time_text(cx, Ansi, flags, date, format, buffer, room) }

    /// Writes a time of day in the words of a locale.
    fn GetTimeFormatW(cx, locale: u32, flags: u32, date: Addr, format: Addr, buffer: Addr, room: i32) -> i32 { time_text(cx, Wide, flags, date, format, buffer, room) }

    /// Writes a time of day in the words of a locale.
    fn GetTimeFormatEx(cx, locale: Addr, flags: u32, date: Addr, format: Addr, buffer: Addr, room: i32) -> i32 { time_text(cx, Wide, flags, date, format, buffer, room) }
}

/// The locale that a number stands for: defaults are American English, 0x7f is none in particular.
fn resolve(locale: u32) -> Option<u32> {
    match locale {
        0 | 0x400 | 0x800 | 9 | LOCALE => Some(LOCALE),
        0x7f => Some(0x7f),
        _ => None,
    }
}

fn is_known(name: &str) -> bool {
    ["", "en", NAME, "!x-sys-default-locale"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// Writes a text and its zero; answers its units with it, also where there is no room to write to.
fn put(cx: &Cx<'_>, letters: Letters, buffer: Addr, room: i32, text: &str) -> Result<i32, Trap> {
    let needed = letters.length(cx, text) as i32 + 1;
    if room == 0 {
        return Ok(needed);
    }
    if room < needed {
        return cx.fail(ERROR_INSUFFICIENT_BUFFER, 0);
    }
    letters.put(cx, buffer, text)?;
    Ok(needed)
}

/// Hands a copy of a text to driver code.
fn with_text(
    cx: &mut Cx<'_>,
    letters: Letters,
    text: &str,
    run: impl FnOnce(&mut Cx<'_>, u64) -> Result<u64, Trap>,
) -> Result<bool, Trap> {
    let copy = cx.allocate(crate::shim::Size(2 * text.len() as u64 + 2));
    letters.put(cx, copy, text)?;
    let result = run(cx, copy.0);
    cx.free(copy);
    result.map(|_| true)
}

fn enumerate(cx: &mut Cx<'_>, letters: Letters, callback: Addr) -> Result<bool, Trap> {
    with_text(cx, letters, "00000409", |cx, name| {
        cx.call(callback, &[name])
    })
}

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SHORT_DATE: &str = "M/d/yyyy";
const LONG_DATE: &str = "dddd, MMMM d, yyyy";
const TIME: &str = "h:mm:ss tt";

/// What is known of American English, by the numbers of `LOCALE_...`.
fn about(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0x01 | 0x09 => "0409",
        0x02 | 0x72 | 0x73 => "English (United States)",
        0x03 => "ENU",
        0x04 | 0x1001 => "English",
        0x05 | 0x0a => "1",
        0x06 | 0x08 | 0x1002 => "United States",
        0x07 | 0x68 => "USA",
        0x0b => "437",
        0x0c | 0x0f | 0x17 => ",",
        0x0d => "1",
        0x0e | 0x16 => ".",
        0x10 | 0x18 => "3;0",
        0x11 | 0x19 | 0x1a => "2",
        0x12 | 0x24 | 0x54 | 0x56 => "1",
        0x13 => "0123456789",
        0x14 => "$",
        0x15 => "USD",
        0x1b | 0x1c | 0x21..=0x23 | 0x25..=0x27 | 0x53 | 0x55 | 0x57 => "0",
        0x1d => "/",
        0x1e => ":",
        0x1f => SHORT_DATE,
        0x20 => LONG_DATE,
        0x28 => "AM",
        0x29 => "PM",
        0x2a..=0x30 => DAYS[(kind - 0x2a) as usize],
        0x31..=0x37 => &DAYS[(kind - 0x31) as usize][..3],
        0x38..=0x43 => MONTHS[(kind - 0x38) as usize],
        0x44..=0x4f => &MONTHS[(kind - 0x44) as usize][..3],
        0x50 => "",
        0x51 => "-",
        0x52 => "3",
        0x59 | 0x6d => "en",
        0x5a => "US",
        0x5c => NAME,
        0x67 => "eng",
        0x79 => "h:mm tt",
        0x1003 => TIME,
        0x1004 => "1252",
        0x1005 | 0x100b | 0x100d => "0",
        0x1006 => "MMMM yyyy",
        0x1007 | 0x1008 => "US Dollar",
        0x1009 | 0x100a | 0x1010 | 0x1014 => "1",
        0x100c => "6",
        0x1011 => "10000",
        0x1013 => "Default",
        _ => return None,
    })
}

fn info(
    cx: &Cx<'_>,
    letters: Letters,
    is_known: bool,
    kind: u32,
    buffer: Addr,
    room: i32,
) -> Result<i32, Trap> {
    if !is_known || room < 0 {
        return cx.fail(ERROR_INVALID_PARAMETER, 0);
    }
    let Some(text) = about(kind & 0xffff) else {
        return cx.fail(ERROR_INVALID_FLAGS, 0);
    };
    if kind & AS_NUMBER == 0 {
        return put(cx, letters, buffer, room, text);
    }
    // The language alone is written in hexadecimal.
    let radix = if matches!(kind & 0xffff, 0x01 | 0x09) {
        16
    } else {
        10
    };
    let Ok(number) = u32::from_str_radix(text, radix) else {
        return cx.fail(ERROR_INVALID_FLAGS, 0);
    };
    let needed = (4 / letters.bytes()) as i32;
    if room == 0 {
        return Ok(needed);
    }
    if room < needed {
        return cx.fail(ERROR_INSUFFICIENT_BUFFER, 0);
    }
    cx.write(buffer, number)?;
    Ok(needed)
}

/// Changes the case of one unit at a time, so that a text keeps its length.
fn recased(letter: char, flags: u32) -> char {
    let single = |letters: &mut dyn Iterator<Item = char>| {
        let first = letters.next();
        first.filter(|_| letters.next().is_none())
    };
    let changed = match flags & (LOWER | UPPER) {
        LOWER => single(&mut letter.to_lowercase()),
        UPPER => single(&mut letter.to_uppercase()),
        _ => None,
    };
    changed
        .filter(|changed| changed.len_utf16() == letter.len_utf16())
        .unwrap_or(letter)
}

fn map(
    cx: &Cx<'_>,
    letters: Letters,
    flags: u32,
    from: Addr,
    length: i32,
    to: Addr,
    room: i32,
) -> Result<i32, Trap> {
    if from.is_null() || length == 0 || room < 0 {
        return cx.fail(ERROR_INVALID_PARAMETER, 0);
    }
    let mut text = letters.read_units(cx, from, length)?;
    if flags & SORT_KEY != 0 {
        let key = collation::sort_key(text.trim_end_matches('\0'), flags & 1 != 0);
        return put_bytes(cx, &key, 1, to, room);
    }
    if length < 0 {
        text.push('\0');
    }
    let text: String = text.chars().map(|letter| recased(letter, flags)).collect();
    let mut bytes = letters.encode(cx, &text);
    if flags & SWAP != 0 && letters == Wide {
        bytes
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|unit| unit.swap(0, 1));
    }
    put_bytes(cx, &bytes, letters.bytes(), to, room)
}

/// Writes bytes if there is room for them; answers how many units they are.
fn put_bytes(cx: &Cx<'_>, bytes: &[u8], unit: u64, to: Addr, room: i32) -> Result<i32, Trap> {
    let needed = (bytes.len() as u64 / unit) as i32;
    if room == 0 {
        return Ok(needed);
    }
    if room < needed {
        return cx.fail(ERROR_INSUFFICIENT_BUFFER, 0);
    }
    cx.put(to, bytes)?;
    Ok(needed)
}

fn string_type(
    cx: &Cx<'_>,
    letters: Letters,
    kind: u32,
    text: Addr,
    length: i32,
    types: Addr,
) -> Result<bool, Trap> {
    if text.is_null() || types.is_null() || length == 0 || !matches!(kind, 1 | 2 | 4) {
        return cx.fail(ERROR_INVALID_PARAMETER, false);
    }
    // One answer a unit: halves of a pair, and bytes, are looked at alone.
    let count = match u64::try_from(length) {
        Ok(count) => count,
        Err(_) => letters.length(cx, &letters.read(cx, text)?) + 1,
    };
    let page = CodePage::find(codepage::ANSI);
    for index in 0..count {
        let at = text.offset(index * letters.bytes());
        let unit = match (letters, page) {
            (Ansi, Some(page)) => page
                .decode(&[cx.read(at)?])
                .0
                .first()
                .copied()
                .unwrap_or_default(),
            _ => cx.read::<u16>(at)?,
        };
        let letter = char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
        let found = match kind {
            1 => character_kind(letter),
            2 => direction(letter),
            _ => word_kind(letter),
        };
        cx.write(types.offset(2 * index), found)?;
    }
    Ok(true)
}

/// `C1_...`: capital, small, digit, space, mark, control, blank, hexadecimal, letter.
fn character_kind(letter: char) -> u16 {
    let kinds = [
        (1, letter.is_uppercase()),
        (2, letter.is_lowercase()),
        (
            4,
            letter.is_ascii_digit() || matches!(letter, '²' | '³' | '¹'),
        ),
        (8, matches!(letter, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}')),
        (0x10, is_mark(letter)),
        (0x20, letter.is_control()),
        (0x40, matches!(letter, '\t' | ' ' | '\u{a0}')),
        (0x80, letter.is_ascii_hexdigit()),
        (0x100, letter.is_alphabetic()),
    ];
    let found = kinds
        .iter()
        .filter(|(_, holds)| *holds)
        .fold(0, |kinds, (kind, _)| kinds | kind);
    // Characters of no such kind are still defined ones.
    if found == 0 { 0x200 } else { found }
}

fn is_mark(letter: char) -> bool {
    letter.is_ascii_punctuation()
        || matches!(letter, '¡'..='¿' | '×' | '÷' | '\u{2010}'..='\u{205e}')
            && !letter.is_alphabetic()
}

/// `C2_...`: from the left, from the right, European digit, space, anything else.
fn direction(letter: char) -> u16 {
    match letter {
        '\u{590}'..='\u{8ff}' => 2,
        letter if letter.is_alphabetic() => 1,
        '0'..='9' => 3,
        '+' | '-' | '#' | '$' | '%' => 5,
        ',' | '.' | '/' | ':' => 7,
        letter if letter.is_whitespace() => 10,
        letter if letter.is_control() => 0,
        _ => 11,
    }
}

/// `C3_...`: letter, and symbol.
fn word_kind(letter: char) -> u16 {
    if letter.is_alphabetic() {
        0x8000
    } else if is_mark(letter) {
        8
    } else {
        0
    }
}

/// Writes a date or a time as a picture of it says: runs of a letter stand for parts, quoted text for itself.
fn pictured(date: Date, picture: &str) -> String {
    let mut text = String::new();
    let mut rest = picture;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (quoted, after) = rest[1..].split_once('\'').unwrap_or((&rest[1..], ""));
            text.push_str(quoted);
            rest = after;
            continue;
        }
        let end = rest.find(|other| other != letter).unwrap_or(rest.len());
        let count = end / letter.len_utf8();
        // Writing to a string does not fail.
        let _ = put_part(&mut text, date, letter, count)
            .unwrap_or_else(|| write!(text, "{}", &rest[..end]));
        rest = &rest[end..];
    }
    text
}

fn put_part(text: &mut String, date: Date, letter: char, count: usize) -> Option<std::fmt::Result> {
    let day = DAYS[(usize::from(date.weekday()) + 6) % 7];
    let month = MONTHS[usize::from(date.month.clamp(1, 12)) - 1];
    let half = if date.hour < 12 { "AM" } else { "PM" };
    let mut number = |value: u16| write!(text, "{value:0width$}", width = count.min(2));
    Some(match (letter, count) {
        ('d', 1 | 2) => number(date.day),
        ('d', 3) => write!(text, "{}", &day[..3]),
        ('d', _) => write!(text, "{day}"),
        ('M', 1 | 2) => number(date.month),
        ('M', 3) => write!(text, "{}", &month[..3]),
        ('M', _) => write!(text, "{month}"),
        ('y', 1) => write!(text, "{}", date.year % 100),
        ('y', 2) => number(date.year % 100),
        ('y', _) => write!(text, "{:04}", date.year),
        ('g', _) => write!(text, "A.D."),
        ('h', _) => number((date.hour + 11) % 12 + 1),
        ('H', _) => number(date.hour),
        ('m', _) => number(date.minute),
        ('s', _) => number(date.second),
        ('t', 1) => write!(text, "{}", &half[..1]),
        ('t', _) => write!(text, "{half}"),
        _ => return None,
    })
}

fn given(cx: &Cx<'_>, date: Addr) -> Result<Option<Date>, Trap> {
    if date.is_null() {
        return Ok(Date::from_file_time(calendar::to_local(calendar::now())));
    }
    let date = time::get_date(cx, date)?;
    Ok(date.to_file_time().map(|_| date))
}

fn date_text(
    cx: &Cx<'_>,
    letters: Letters,
    flags: u32,
    date: Addr,
    format: Addr,
    buffer: Addr,
    room: i32,
) -> Result<i32, Trap> {
    let Some(date) = given(cx, date)? else {
        return cx.fail(ERROR_INVALID_PARAMETER, 0);
    };
    let format = letters.optional(cx, format)?;
    let usual = match flags & 0xa {
        2 => LONG_DATE,
        8 => "MMMM yyyy",
        _ => SHORT_DATE,
    };
    put(
        cx,
        letters,
        buffer,
        room,
        &pictured(date, format.as_deref().unwrap_or(usual)),
    )
}

fn time_text(
    cx: &Cx<'_>,
    letters: Letters,
    flags: u32,
    date: Addr,
    format: Addr,
    buffer: Addr,
    room: i32,
) -> Result<i32, Trap> {
    // The date does not count here, and may be none.
    let date = if date.is_null() {
        given(cx, date)?
    } else {
        let found = time::get_date(cx, date)?;
        Some(found).filter(|found| found.hour < 24 && found.minute < 60 && found.second < 60)
    };
    let Some(date) = date else {
        return cx.fail(ERROR_INVALID_PARAMETER, 0);
    };
    let format = letters
        .optional(cx, format)?
        .unwrap_or_else(|| TIME.to_owned());
    let cut = |format: String, part: &str, is_cut: bool| {
        if is_cut {
            format.replace(part, "")
        } else {
            format
        }
    };
    let format = cut(format, ":mm", flags & 1 != 0);
    let format = cut(format, ":ss", flags & 3 != 0);
    let format = cut(format, " tt", flags & 4 != 0);
    let format = if flags & 8 != 0 {
        format.replace('h', "H")
    } else {
        format
    };
    put(cx, letters, buffer, room, &pictured(date, &format))
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    fn words(values: [u16; 8]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    #[test]
    fn a_locale_tells_of_itself_in_text_and_number() {
        let bench = Bench::new();
        let buffer = bench.bytes(&[0xaa; 64]);
        assert_eq!(
            bench.ask(DLL, "GetLocaleInfoA", &[0x400, 0xe, buffer, 8]),
            2
        );
        assert_eq!(bench.read(buffer, 3), b".\0\xaa");
        assert_eq!(bench.ask(DLL, "GetLocaleInfoW", &[0x409, 0x2a, 0, 0]), 7);
        assert_eq!(
            bench.ask(DLL, "GetLocaleInfoW", &[0x409, 0x2000_1004, buffer, 2]),
            2
        );
        assert_eq!(bench.read(buffer, 4), 1252_u32.to_le_bytes());
        assert_eq!(bench.ask(DLL, "GetLocaleInfoW", &[0x407, 0x2a, 0, 0]), 0);
        assert_eq!(bench.ask(DLL, "GetLocaleInfoW", &[0x409, 0xfff, 0, 0]), 0);
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 1004);
        let name = bench.wide("EN-us");
        assert_eq!(bench.ask(DLL, "LocaleNameToLCID", &[name, 0]), 0x409);
    }

    #[test]
    fn case_is_changed_without_changing_the_length() {
        let bench = Bench::new();
        let (from, to) = (bench.wide("Straße ÿ"), bench.bytes(&[0; 32]));
        let all = u64::MAX;
        assert_eq!(
            bench.ask(DLL, "LCMapStringW", &[0x409, 0x200, from, all, to, 16]),
            9
        );
        let expected: Vec<u8> = "STRAßE Ÿ\0"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(bench.read(to, 18), expected);
        assert_eq!(
            bench.ask(DLL, "LCMapStringW", &[0x409, 0x200, from, all, to, 3]),
            0
        );
        let ansi = bench.text("ABC");
        assert_eq!(
            bench.ask(DLL, "LCMapStringA", &[0x409, 0x100, ansi, 2, to, 16]),
            2
        );
        assert_eq!(bench.read(to, 2), b"ab");
    }

    #[test]
    fn characters_are_of_their_kinds() {
        let bench = Bench::new();
        let (text, types) = (bench.wide("aZ5 \n.é"), bench.bytes(&[0; 32]));
        assert_eq!(bench.ask(DLL, "GetStringTypeW", &[1, text, 7, types]), 1);
        let found: Vec<u16> = bench
            .read(types, 14)
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&unit| u16::from_le_bytes(unit))
            .collect();
        assert_eq!(found, [0x182, 0x101, 0x84, 0x48, 0x28, 0x10, 0x102]);
        assert_eq!(bench.ask(DLL, "GetStringTypeW", &[3, text, 7, types]), 0);
    }

    #[test]
    fn dates_and_times_are_written_as_pictured() {
        let bench = Bench::new();
        let (date, buffer) = (
            bench.bytes(&words([2024, 2, 0, 29, 13, 5, 9, 0])),
            bench.bytes(&[0; 64]),
        );
        let text = |name, flags, format: Option<&str>| {
            let format = format.map_or(0, |format| bench.text(format));
            let length = bench.ask(DLL, name, &[0x409, flags, date, format, buffer, 64]);
            String::from_utf8(bench.read(buffer, length - 1)).unwrap()
        };
        assert_eq!(text("GetDateFormatA", 0, None), "2/29/2024");
        assert_eq!(
            text("GetDateFormatA", 2, None),
            "Thursday, February 29, 2024"
        );
        assert_eq!(
            text("GetDateFormatA", 0, Some("ddd dd'd' MMM yy")),
            "Thu 29d Feb 24"
        );
        assert_eq!(text("GetTimeFormatA", 0, None), "1:05:09 PM");
        assert_eq!(text("GetTimeFormatA", 2 | 4 | 8, None), "13:05");
        assert_eq!(text("GetTimeFormatA", 0, Some("HH'h'mm")), "13h05");
        let none = bench.bytes(&words([2023, 2, 0, 29, 0, 0, 0, 0]));
        assert_eq!(
            bench.ask(DLL, "GetDateFormatA", &[0x409, 0, none, 0, buffer, 64]),
            0
        );
    }

    #[test]
    fn sort_keys_order_as_comparison_does() {
        let bench = Bench::new();
        let key = |text: &str| {
            let (from, to) = (bench.wide(text), bench.bytes(&[0; 256]));
            let length = bench.ask(
                DLL,
                "LCMapStringW",
                &[0x409, 0x400, from, u64::MAX, to, 256],
            );
            bench.read(to, length)
        };
        for (less, more) in [
            ("abc", "ABD"),
            ("abc", "ABC"),
            ("resume", "résumé"),
            ("_", "1"),
            ("ab", "abc"),
        ] {
            assert!(key(less) < key(more), "{less} {more}");
        }
    }
}
