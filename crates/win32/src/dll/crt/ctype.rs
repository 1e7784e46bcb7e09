//! `<ctype.h>` and `<wctype.h>`: kinds of characters.

use super::aliases;
use super::runtime::block;
use crate::crt::ctype::{self, mask};
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::trap::Trap;

/// The masks of an `int` that is a byte, or `EOF`.
fn byte(value: i32) -> u16 {
    u8::try_from(value).map_or(0, ctype::byte)
}

/// Units that a table of masks covers, with one in front for `EOF`.
const TABLE: u64 = 257;

fn fill_table(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    for value in 0..=255_u8 {
        cx.write(at.offset(2 + 2 * u64::from(value)), ctype::byte(value))?;
    }
    Ok(())
}

fn table(cx: &mut Cx<'_>) -> Result<Addr, Trap> {
    block(cx, "masks of characters", |cx| {
        let at = cx.allocate_zeroed(Size(2 * TABLE));
        fill_table(cx, at)?;
        Ok(at)
    })
}

/// Variables that point at, or hold, the masks of all bytes.
pub(in crate::dll) static DATA: &[Data] = &[
    Data {
        name: "_ctype",
        size: 2 * TABLE as usize,
        fill: |cx, at| fill_table(cx, at),
    },
    Data {
        name: "_pctype",
        size: 8,
        fill: |cx, at| {
            let table = table(cx)?;
            cx.write_addr(at, table.offset(2))
        },
    },
    Data {
        name: "_pwctype",
        size: 8,
        fill: |cx, at| {
            let table = table(cx)?;
            cx.write_addr(at, table.offset(2))
        },
    },
];

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Tells whether a byte is a letter or a digit.
    fn isalnum(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::ALNUM))
    }

    /// Tells whether a wide character is a letter or a digit.
    fn iswalnum(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::ALNUM))
    }

    /// Tells whether a byte is a letter.
    fn isalpha(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::ALPHA))
    }

    /// Tells whether a wide character is a letter.
    fn iswalpha(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::ALPHA))
    }

    /// Tells whether a byte is a control character.
    fn iscntrl(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::CONTROL))
    }

    /// Tells whether a wide character is a control character.
    fn iswcntrl(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::CONTROL))
    }

    /// Tells whether a byte is a digit.
    fn isdigit(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::DIGIT))
    }

    /// Tells whether a wide character is a digit.
    fn iswdigit(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::DIGIT))
    }

    /// Tells whether a byte is a character that shows.
    fn isgraph(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::GRAPH))
    }

    /// Tells whether a wide character is a character that shows.
    fn iswgraph(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::GRAPH))
    }

    /// Tells whether a byte is a small letter.
    fn islower(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::LOWER))
    }

    /// Tells whether a wide character is a small letter.
    fn iswlower(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::LOWER))
    }

    /// Tells whether a byte is a character that prints.
    fn isprint(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::PRINT))
    }

    /// Tells whether a wide character is a character that prints.
    fn iswprint(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::PRINT))
    }

    /// Tells whether a byte is a punctuation mark.
    fn ispunct(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::PUNCTUATION))
    }

    /// Tells whether a wide character is a punctuation mark.
    fn iswpunct(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::PUNCTUATION))
    }

    /// Tells whether a byte is white space.
    fn isspace(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::SPACE))
    }

    /// Tells whether a wide character is white space.
    fn iswspace(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::SPACE))
    }

    /// Tells whether a byte is a capital letter.
    fn isupper(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::UPPER))
    }

    /// Tells whether a wide character is a capital letter.
    fn iswupper(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::UPPER))
    }

    /// Tells whether a byte is a hexadecimal digit.
    fn isxdigit(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::HEX))
    }

    /// Tells whether a wide character is a hexadecimal digit.
    fn iswxdigit(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::HEX))
    }

    /// Tells whether a byte is a space or a tab.
    fn isblank(cx, value: i32) -> i32 {
        Ok(i32::from(value == 0x20 || value == 0x09))
    }

    /// Tells whether a wide character is a space or a tab.
    fn iswblank(cx, unit: u16) -> i32 {
        Ok(i32::from(unit == 0x20 || unit == 0x09 || (unit >= 0x80 && ctype::wide(unit) & mask::BLANK != 0)))
    }

    /// Tells whether a wide character has one of these masks.
    fn iswctype(cx, unit: u16, masks: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & masks))
    }

    /// Tells whether a byte has one of these masks.
    fn _isctype(cx, value: i32, masks: i32) -> i32 {
        Ok(i32::from(byte(value)) & masks)
    }

    /// Tells whether a value is ASCII.
    fn __isascii(cx, value: i32) -> i32 {
        Ok(i32::from((0..0x80).contains(&value)))
    }

    /// Tells whether a wide character is ASCII.
    fn iswascii(cx, unit: u16) -> i32 {
        Ok(i32::from(unit < 0x80))
    }

    /// Cuts a value to seven bits.
    fn __toascii(cx, value: i32) -> i32 {
        Ok(value & 0x7f)
    }

    /// Tells whether a byte may stand in a name.
    fn __iscsym(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::ALNUM != 0 || value == i32::from(b'_')))
    }

    /// Tells whether a byte may start a name.
    fn __iscsymf(cx, value: i32) -> i32 {
        Ok(i32::from(byte(value) & mask::ALPHA != 0 || value == i32::from(b'_')))
    }

    /// Tells whether a wide character may stand in a name.
    fn __iswcsym(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::ALNUM != 0 || unit == u16::from(b'_')))
    }

    /// Tells whether a wide character may start a name.
    fn __iswcsymf(cx, unit: u16) -> i32 {
        Ok(i32::from(ctype::wide(unit) & mask::ALPHA != 0 || unit == u16::from(b'_')))
    }

    /// Makes a letter small.
    fn tolower(cx, value: i32) -> i32 {
        Ok(u8::try_from(value).map_or(value, |byte| ctype::lower(byte).into()))
    }

    /// Makes a letter capital.
    fn toupper(cx, value: i32) -> i32 {
        Ok(u8::try_from(value).map_or(value, |byte| ctype::upper(byte).into()))
    }

    /// Makes a capital letter small without asking whether it is one.
    fn _tolower(cx, value: i32) -> i32 {
        Ok(value.wrapping_add(0x20))
    }

    /// Makes a small letter capital without asking whether it is one.
    fn _toupper(cx, value: i32) -> i32 {
        Ok(value.wrapping_sub(0x20))
    }

    /// Makes a wide letter small.
    fn towlower(cx, unit: u16) -> u16 {
        Ok(ctype::wide_lower(unit))
    }

    /// Makes a wide letter capital.
    fn towupper(cx, unit: u16) -> u16 {
        Ok(ctype::wide_upper(unit))
    }

    /// Answers the mask that a name such as "alpha" stands for.
    fn wctype(cx, name: Addr) -> u16 {
        let name = cx.ansi(name)?;
        let classes: [(&[u8], u16); 12] = [
            (b"alnum", mask::ALNUM), (b"alpha", mask::ALPHA), (b"blank", mask::BLANK), (b"cntrl", mask::CONTROL),
            (b"digit", mask::DIGIT), (b"graph", mask::GRAPH), (b"lower", mask::LOWER), (b"print", mask::PRINT),
            (b"punct", mask::PUNCTUATION), (b"space", mask::SPACE), (b"upper", mask::UPPER), (b"xdigit", mask::HEX),
        ];
        Ok(classes.iter().find(|(known, _)| *known == name).map_or(0, |(_, mask)| *mask))
    }

    /// Answers the address of the masks of all bytes.
    fn __pctype_func(cx) -> Addr {
        Ok(table(cx)?.offset(2))
    }

    /// Answers the address of the masks of the first wide characters.
    fn __pwctype_func(cx) -> Addr {
        Ok(table(cx)?.offset(2))
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "isalnum" as "_isalnum_l",
        "iswalnum" as "_iswalnum_l",
        "isalpha" as "_isalpha_l",
        "iswalpha" as "_iswalpha_l",
        "iscntrl" as "_iscntrl_l",
        "iswcntrl" as "_iswcntrl_l",
        "isdigit" as "_isdigit_l",
        "iswdigit" as "_iswdigit_l",
        "isgraph" as "_isgraph_l",
        "iswgraph" as "_iswgraph_l",
        "islower" as "_islower_l",
        "iswlower" as "_iswlower_l",
        "isprint" as "_isprint_l",
        "iswprint" as "_iswprint_l",
        "ispunct" as "_ispunct_l",
        "iswpunct" as "_iswpunct_l",
        "isspace" as "_isspace_l",
        "iswspace" as "_iswspace_l",
        "isupper" as "_isupper_l",
        "iswupper" as "_iswupper_l",
        "isxdigit" as "_isxdigit_l",
        "iswxdigit" as "_iswxdigit_l",
        "isblank" as "_isblank_l",
        "iswblank" as "_iswblank_l",
        "iswctype" as "_iswctype_l",
        "iswctype" as "is_wctype",
        "_isctype" as "_isctype_l",
        "tolower" as "_tolower_l",
        "toupper" as "_toupper_l",
        "towlower" as "_towlower_l",
        "towupper" as "_towupper_l",
        "__isascii" as "isascii",
        "__toascii" as "toascii",
        "__iscsym" as "iscsym",
        "__iscsymf" as "iscsymf";
}
