//! Multibyte strings: in the C locale, and in the code pages that are there, a character is a byte.

use super::aliases;
use super::runtime::{errno, fail, refuse};
use super::strings;
use super::text::{length, limited, put, put_string, string, units};
use crate::crt::ctype;
use crate::crt::unit::convert;
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::trap::Trap;

/// A wide character as a byte of the C locale.
fn narrow(unit: u16) -> Option<u8> {
    u8::try_from(unit).ok()
}

/// `mbstowcs`: how many characters were stored, or would be.
fn widen(cx: &Cx<'_>, to: Addr, from: Addr, count: u64) -> Result<u64, Trap> {
    if to.is_null() {
        return length::<u8>(from, u64::MAX);
    }
    let text = limited::<u8>(cx, from, count)?;
    let wide: Vec<u16> = text.iter().map(|byte| u16::from(*byte)).collect();
    if (wide.len() as u64) < count {
        put_string(cx, to, &wide)?
    } else {
        put(cx, to, &wide)?
    }
    Ok(wide.len() as u64)
}

/// `wcstombs`: how many bytes were stored, or would be; -1 for a character without a byte.
fn shrink(cx: &Cx<'_>, to: Addr, from: Addr, count: u64) -> Result<u64, Trap> {
    let text = if to.is_null() {
        string::<u16>(cx, from)?
    } else {
        limited::<u16>(cx, from, count)?
    };
    let Some(bytes) = convert::<u16, u8>(&text) else {
        return fail(cx, errno::EILSEQ, u64::MAX);
    };
    if !to.is_null() {
        if (bytes.len() as u64) < count {
            put_string(cx, to, &bytes)?
        } else {
            put(cx, to, &bytes)?
        }
    }
    Ok(bytes.len() as u64)
}

/// `_TRUNCATE`: as much as fits.
const TRUNCATE: u64 = u64::MAX;

/// The part of a text that a buffer takes, by the rules of the `_s` functions.
fn checked(room: u64, count: u64, there: u64) -> Result<(u64, i32), i32> {
    let wanted = there.min(count);
    if wanted < room {
        Ok((wanted, 0))
    } else if count == TRUNCATE {
        Ok((room - 1, errno::STRUNCATE))
    } else {
        Err(errno::ERANGE)
    }
}

fn widen_checked(
    cx: &mut Cx<'_>,
    done: Addr,
    (to, room): (Addr, u64),
    from: Addr,
    count: u64,
) -> Result<i32, Trap> {
    if from.is_null() || (to.is_null() != (room == 0)) {
        return refuse(cx, "mbstowcs_s", errno::EINVAL);
    }
    let there = length::<u8>(from, u64::MAX)?;
    if to.is_null() {
        cx.write_addr_unless_null(done, Addr(there + 1))?;
        return Ok(0);
    }
    match checked(room, count, there) {
        Ok((taken, answer)) => {
            let text: Vec<u16> = units::<u8>(cx, from, taken)?
                .into_iter()
                .map(u16::from)
                .collect();
            put_string(cx, to, &text)?;
            cx.write_addr_unless_null(done, Addr(taken + 1))?;
            Ok(answer)
        }
        Err(error) => {
            put_string::<u16>(cx, to, &[])?;
            cx.write_addr_unless_null(done, Addr(0))?;
            refuse(cx, "mbstowcs_s", error)
        }
    }
}

fn shrink_checked(
    cx: &mut Cx<'_>,
    done: Addr,
    (to, room): (Addr, u64),
    from: Addr,
    count: u64,
) -> Result<i32, Trap> {
    if from.is_null() || (to.is_null() != (room == 0)) {
        return refuse(cx, "wcstombs_s", errno::EINVAL);
    }
    let text = limited::<u16>(cx, from, if to.is_null() { u64::MAX } else { count })?;
    let Some(bytes) = convert::<u16, u8>(&text) else {
        if !to.is_null() {
            put_string::<u8>(cx, to, &[])?;
        }
        return fail(cx, errno::EILSEQ, errno::EILSEQ);
    };
    if to.is_null() {
        cx.write_addr_unless_null(done, Addr(bytes.len() as u64 + 1))?;
        return Ok(0);
    }
    match checked(room, count, bytes.len() as u64) {
        Ok((taken, answer)) => {
            put_string(cx, to, &bytes[..taken as usize])?;
            cx.write_addr_unless_null(done, Addr(taken + 1))?;
            Ok(answer)
        }
        Err(error) => {
            put_string::<u8>(cx, to, &[])?;
            cx.write_addr_unless_null(done, Addr(0))?;
            refuse(cx, "wcstombs_s", error)
        }
    }
}

/// The masks of a multibyte character that is one byte.
fn mask_of(character: u32) -> u16 {
    u8::try_from(character).map_or(0, ctype::byte)
}

/// What is said of the bytes of multibyte characters: none leads another.
pub(in crate::dll) static DATA: &[Data] = &[Data {
    name: "_mbctype",
    size: 257,
    fill: |_, _| Ok(()),
}];

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Turns a multibyte string into a wide one.
    fn mbstowcs(cx, to: Addr, from: Addr, count: Size) -> Size { widen(cx, to, from, count.0).map(Size) }

    /// Turns a wide string into a multibyte one.
    fn wcstombs(cx, to: Addr, from: Addr, count: Size) -> Size { shrink(cx, to, from, count.0).map(Size) }

    /// Turns a multibyte string into a wide one in a buffer of known size.
    fn mbstowcs_s(cx, done: Addr, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        widen_checked(cx, done, (to, room.0), from, count.0)
    }

    /// Turns a wide string into a multibyte one in a buffer of known size.
    fn wcstombs_s(cx, done: Addr, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        shrink_checked(cx, done, (to, room.0), from, count.0)
    }

    /// Turns a multibyte character into a wide one.
    fn mbtowc(cx, to: Addr, from: Addr, count: Size) -> i32 {
        if from.is_null() || count.0 == 0 {
            return Ok(0);
        }
        let byte: u8 = cx.read(from)?;
        cx.write_unless_null(to, u16::from(byte))?;
        Ok(i32::from(byte != 0))
    }

    /// Turns a wide character into a multibyte one.
    fn wctomb(cx, to: Addr, unit: u16) -> i32 {
        if to.is_null() {
            return Ok(0);
        }
        let Some(byte) = narrow(unit) else { return fail(cx, errno::EILSEQ, -1) };
        cx.write(to, byte)?;
        Ok(1)
    }

    /// Turns a wide character into a multibyte one in a buffer of known size.
    fn wctomb_s(cx, done: Addr, to: Addr, room: Size, unit: u16) -> i32 {
        if to.is_null() {
            cx.write_unless_null(done, 0)?;
            return if room.0 == 0 { Ok(0) } else { refuse(cx, "wctomb_s", errno::EINVAL) };
        }
        let Some(byte) = narrow(unit) else {
            cx.write_unless_null(done, -1)?;
            return fail(cx, errno::EILSEQ, errno::EILSEQ);
        };
        if room.0 == 0 {
            return refuse(cx, "wctomb_s", errno::ERANGE);
        }
        cx.write(to, byte)?;
        cx.write_unless_null(done, 1)?;
        Ok(0)
    }

    /// Answers the bytes of a multibyte character.
    fn mblen(cx, text: Addr, count: Size) -> i32 {
        if text.is_null() || count.0 == 0 {
            return Ok(0);
        }
        Ok(i32::from(cx.read::<u8>(text)? != 0))
    }

    /// Answers a byte as a wide character, or `WEOF`.
    fn btowc(cx, byte: i32) -> u16 { Ok(u8::try_from(byte).map_or(u16::MAX, u16::from)) }

    /// Answers a wide character as a byte, or `EOF`.
    fn wctob(cx, unit: u16) -> i32 { Ok(narrow(unit).map_or(-1, i32::from)) }

    /// Turns a multibyte character into a wide one, on from a state.
    fn mbrtowc(cx, to: Addr, from: Addr, count: Size, state: Addr) -> Size {
        if from.is_null() {
            return Ok(Size(0));
        }
        if count.0 == 0 {
            return Ok(Size(-2_i64 as u64));
        }
        let byte: u8 = cx.read(from)?;
        cx.write_unless_null(to, u16::from(byte))?;
        Ok(Size(u64::from(byte != 0)))
    }

    /// Answers the bytes of a multibyte character, on from a state.
    fn mbrlen(cx, text: Addr, count: Size, state: Addr) -> Size {
        if text.is_null() || count.0 == 0 {
            return Ok(Size(0));
        }
        Ok(Size(u64::from(cx.read::<u8>(text)? != 0)))
    }

    /// Turns a wide character into a multibyte one, on from a state.
    fn wcrtomb(cx, to: Addr, unit: u16, state: Addr) -> Size {
        if to.is_null() {
            return Ok(Size(1));
        }
        let Some(byte) = narrow(unit) else { return fail(cx, errno::EILSEQ, Size(u64::MAX)) };
        cx.write(to, byte)?;
        Ok(Size(1))
    }

    /// Turns a multibyte string into a wide one and tells how far it came.
    fn mbsrtowcs(cx, to: Addr, from: Addr, count: Size, state: Addr) -> Size {
        let text = cx.read_addr(from)?;
        let done = widen(cx, to, text, count.0)?;
        if !to.is_null() {
            cx.write_addr(from, if done < count.0 { Addr::NULL } else { text.offset(done) })?;
        }
        Ok(Size(done))
    }

    /// Turns a wide string into a multibyte one and tells how far it came.
    fn wcsrtombs(cx, to: Addr, from: Addr, count: Size, state: Addr) -> Size {
        let text = cx.read_addr(from)?;
        let done = shrink(cx, to, text, count.0)?;
        if !to.is_null() && done != u64::MAX {
            cx.write_addr(from, if done < count.0 { Addr::NULL } else { text.offset(2 * done) })?;
        }
        Ok(Size(done))
    }

    /// Answers the place of the next character.
    fn _mbsinc(cx, text: Addr) -> Addr { Ok(text.offset(1)) }

    /// Answers the place of the character before.
    fn _mbsdec(cx, start: Addr, text: Addr) -> Addr {
        Ok(if text.0 > start.0 { Addr(text.0 - 1) } else { Addr::NULL })
    }

    /// Answers the place so many characters on, but not beyond the end.
    fn _mbsninc(cx, text: Addr, count: Size) -> Addr {
        if text.is_null() { Ok(text) } else { Ok(text.offset(length::<u8>(text, count.0)?)) }
    }

    /// Answers the next character.
    fn _mbsnextc(cx, text: Addr) -> u32 { Ok(cx.read::<u8>(text)?.into()) }

    /// Answers the bytes of the next character.
    fn _mbclen(cx, text: Addr) -> Size { Ok(Size(1)) }

    /// Copies a character.
    fn _mbccpy(cx, to: Addr, from: Addr) { cx.copy(to, from, 1) }

    /// Counts the bytes of so many characters.
    fn _mbsnbcnt(cx, text: Addr, count: Size) -> Size { length::<u8>(text, count.0).map(Size) }

    /// Finds the first character that is none of a set.
    fn _mbsspnp(cx, text: Addr, set: Addr) -> Addr {
        let set = string::<u8>(cx, set)?;
        let (count, ended) = strings::span::<u8>(cx, text, |byte| set.contains(&byte))?;
        Ok(if ended { Addr::NULL } else { text.offset(count) })
    }

    /// Tells whether a byte leads another; none does.
    fn _ismbblead(cx, byte: u32) -> i32 { Ok(0) }

    /// Tells whether a byte follows another; none does.
    fn _ismbbtrail(cx, byte: u32) -> i32 { Ok(0) }

    /// Tells whether a byte leads another; none does.
    fn isleadbyte(cx, byte: i32) -> i32 { Ok(0) }

    /// Tells whether the character at a place has a leading byte; none has.
    fn _ismbslead(cx, start: Addr, text: Addr) -> i32 { Ok(0) }

    /// Tells whether the character at a place is a following byte; none is.
    fn _ismbstrail(cx, start: Addr, text: Addr) -> i32 { Ok(0) }

    /// Tells what part of a character a byte is: all of it.
    fn _mbbtype(cx, byte: u8, kind: i32) -> i32 { Ok(if byte == 0 { -1 } else { 0 }) }

    /// Tells what part of a character a byte of a text is: all of it.
    fn _mbsbtype(cx, text: Addr, count: Size) -> i32 { Ok(0) }

    /// Makes a letter small.
    fn _mbctolower(cx, character: u32) -> u32 {
        Ok(u8::try_from(character).map_or(character, |byte| ctype::lower(byte).into()))
    }

    /// Makes a letter capital.
    fn _mbctoupper(cx, character: u32) -> u32 {
        Ok(u8::try_from(character).map_or(character, |byte| ctype::upper(byte).into()))
    }

    /// Tells whether a character is a valid one of several bytes; none is.
    fn _ismbclegal(cx, character: u32) -> i32 { Ok(0) }

    /// Tells whether a character is a letter or a digit.
    fn _ismbcalnum(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::ALNUM)) }

    /// Tells whether a character is a letter.
    fn _ismbcalpha(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::ALPHA)) }

    /// Tells whether a character is a digit.
    fn _ismbcdigit(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::DIGIT)) }

    /// Tells whether a character is a character that shows.
    fn _ismbcgraph(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::GRAPH)) }

    /// Tells whether a character is a small letter.
    fn _ismbclower(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::LOWER)) }

    /// Tells whether a character is a character that prints.
    fn _ismbcprint(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::PRINT)) }

    /// Tells whether a character is a punctuation mark.
    fn _ismbcpunct(cx, character: u32) -> i32 {
        Ok(i32::from(mask_of(character) & ctype::mask::PUNCTUATION))
    }

    /// Tells whether a character is white space.
    fn _ismbcspace(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::SPACE)) }

    /// Tells whether a character is a capital letter.
    fn _ismbcupper(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::UPPER)) }

    /// Tells whether a character is a space.
    fn _ismbcblank(cx, character: u32) -> i32 { Ok(i32::from(mask_of(character) & ctype::mask::BLANK)) }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "mbstowcs" as "_mbstowcs_l",
        "wcstombs" as "_wcstombs_l",
        "mbstowcs_s" as "_mbstowcs_s_l",
        "wcstombs_s" as "_wcstombs_s_l",
        "mbtowc" as "_mbtowc_l",
        "wctomb" as "_wctomb_l",
        "wctomb_s" as "_wctomb_s_l",
        "mblen" as "_mblen_l",
        "_mbsinc" as "_mbsinc_l",
        "_mbsdec" as "_mbsdec_l",
        "_mbclen" as "_mbclen_l",
        "_ismbblead" as "_ismbblead_l",
        "isleadbyte" as "_isleadbyte_l",
        "_mbctolower" as "_mbctolower_l",
        "_mbctoupper" as "_mbctoupper_l",
        "_mbsnbcnt" as "_mbsnccnt",
        "_ismbcalnum" as "_ismbbalnum",
        "_ismbcalpha" as "_ismbbalpha",
        "_ismbcgraph" as "_ismbbgraph",
        "_ismbcprint" as "_ismbbprint",
        "_ismbcpunct" as "_ismbbpunct";
    strings::SHIMS =>
        "strcmp" as "_mbscmp",
        "strncmp" as "_mbsncmp",
        "strncmp" as "_mbsnbcmp",
        "_stricmp" as "_mbsicmp",
        "_strnicmp" as "_mbsnicmp",
        "_strnicmp" as "_mbsnbicmp",
        "strcoll" as "_mbscoll",
        "_stricoll" as "_mbsicoll",
        "_strncoll" as "_mbsncoll",
        "_strncoll" as "_mbsnbcoll",
        "_strnicoll" as "_mbsnicoll",
        "_strnicoll" as "_mbsnbicoll",
        "strchr" as "_mbschr",
        "strrchr" as "_mbsrchr",
        "strstr" as "_mbsstr",
        "strpbrk" as "_mbspbrk",
        "strspn" as "_mbsspn",
        "strcspn" as "_mbscspn",
        "strtok" as "_mbstok",
        "strtok_s" as "_mbstok_s",
        "strlen" as "_mbslen",
        "strlen" as "_mbstrlen",
        "strnlen" as "_mbsnlen",
        "strnlen" as "_mbstrnlen",
        "strcpy" as "_mbscpy",
        "strcat" as "_mbscat",
        "strncpy" as "_mbsncpy",
        "strncpy" as "_mbsnbcpy",
        "strncat" as "_mbsncat",
        "strncat" as "_mbsnbcat",
        "_strdup" as "_mbsdup",
        "_strrev" as "_mbsrev",
        "_strlwr" as "_mbslwr",
        "_strupr" as "_mbsupr",
        "_strset" as "_mbsset",
        "_strnset" as "_mbsnset",
        "_strnset" as "_mbsnbset",
        "strcmp" as "_mbscmp_l",
        "strncmp" as "_mbsncmp_l",
        "strncmp" as "_mbsnbcmp_l",
        "_stricmp" as "_mbsicmp_l",
        "_strnicmp" as "_mbsnicmp_l",
        "_strnicmp" as "_mbsnbicmp_l",
        "strcoll" as "_mbscoll_l",
        "_stricoll" as "_mbsicoll_l",
        "_strncoll" as "_mbsncoll_l",
        "_strncoll" as "_mbsnbcoll_l",
        "_strnicoll" as "_mbsnicoll_l",
        "_strnicoll" as "_mbsnbicoll_l",
        "strchr" as "_mbschr_l",
        "strrchr" as "_mbsrchr_l",
        "strstr" as "_mbsstr_l",
        "strpbrk" as "_mbspbrk_l",
        "strspn" as "_mbsspn_l",
        "strcspn" as "_mbscspn_l",
        "strtok" as "_mbstok_l",
        "strtok_s" as "_mbstok_s_l",
        "strlen" as "_mbslen_l",
        "strlen" as "_mbstrlen_l",
        "strnlen" as "_mbsnlen_l",
        "strnlen" as "_mbstrnlen_l",
        "strncpy" as "_mbsncpy_l",
        "strncpy" as "_mbsnbcpy_l",
        "strncat" as "_mbsncat_l",
        "strncat" as "_mbsnbcat_l",
        "_strrev" as "_mbsrev_l",
        "_strlwr" as "_mbslwr_l",
        "_strupr" as "_mbsupr_l",
        "_strset" as "_mbsset_l",
        "_strnset" as "_mbsnset_l",
        "_strnset" as "_mbsnbset_l";
    super::secure::SHIMS =>
        "strcpy_s" as "_mbscpy_s",
        "strcat_s" as "_mbscat_s",
        "strncpy_s" as "_mbsncpy_s",
        "strncpy_s" as "_mbsnbcpy_s",
        "strncat_s" as "_mbsncat_s",
        "strncat_s" as "_mbsnbcat_s",
        "_strlwr_s" as "_mbslwr_s",
        "_strupr_s" as "_mbsupr_s",
        "strcpy_s" as "_mbscpy_s_l",
        "strcat_s" as "_mbscat_s_l",
        "strncpy_s" as "_mbsncpy_s_l",
        "strncpy_s" as "_mbsnbcpy_s_l",
        "strncat_s" as "_mbsncat_s_l",
        "strncat_s" as "_mbsnbcat_s_l",
        "_strlwr_s" as "_mbslwr_s_l",
        "_strupr_s" as "_mbsupr_s_l";
}
