//! Code pages: `MultiByteToWideChar` and its kin.

use crate::codepage::{self, CodePage};
use crate::cx::Cx;
use crate::shim::{Addr, shims};
use crate::trap::Trap;

/// `MB_ERR_INVALID_CHARS`.
const INVALID_CHARS: u32 = 8;
/// `WC_ERR_INVALID_CHARS`.
const WIDE_INVALID_CHARS: u32 = 0x80;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_NO_UNICODE_TRANSLATION: u32 = 1113;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Turns bytes of a code page into UTF-16.
    fn MultiByteToWideChar(cx, page: u32, flags: u32, from: Addr, length: i32, to: Addr, room: i32) -> i32 {
        let Some(page) = CodePage::find(page) else { return cx.fail(ERROR_INVALID_PARAMETER, 0) };
        if length == 0 || from.is_null() || room < 0 {
            return cx.fail(ERROR_INVALID_PARAMETER, 0);
        }
        let mut bytes = match u64::try_from(length) {
            Ok(length) => cx.bytes(from, length)?,
            Err(_) => cx.ansi(from)?,
        };
        if length < 0 {
            bytes.push(0);
        }
        let (units, is_whole) = page.decode(&bytes);
        if flags & INVALID_CHARS != 0 && !is_whole {
            return cx.fail(ERROR_NO_UNICODE_TRANSLATION, 0);
        }
        if room == 0 {
            return Ok(units.len() as i32);
        }
        let written = &units[..units.len().min(room as usize)];
        cx.put_wide(to, written)?;
        if written.len() < units.len() {
            return cx.fail(ERROR_INSUFFICIENT_BUFFER, 0);
        }
        Ok(units.len() as i32)
    }

    /// Turns UTF-16 into bytes of a code page.
    fn WideCharToMultiByte(cx, page: u32, flags: u32, from: Addr, length: i32, to: Addr, room: i32, default: Addr, used: Addr) -> i32 {
        let Some(page) = CodePage::find(page) else { return cx.fail(ERROR_INVALID_PARAMETER, 0) };
        let is_utf8 = page.number() == codepage::UTF_8;
        let takes_default = default.is_null() && used.is_null();
        if length == 0 || from.is_null() || room < 0 || (is_utf8 && !takes_default) {
            return cx.fail(ERROR_INVALID_PARAMETER, 0);
        }
        let mut text = match u64::try_from(length) {
            Ok(length) => units(&cx.bytes(from, 2 * length)?),
            Err(_) => cx.wide(from)?,
        };
        if length < 0 {
            text.push(0);
        }
        let default = if default.is_null() { b"?".to_vec() } else { cx.ansi(default)? };
        let encoded = page.encode(&text, &default);
        if is_utf8 && flags & WIDE_INVALID_CHARS != 0 && String::from_utf16(&text).is_err() {
            return cx.fail(ERROR_NO_UNICODE_TRANSLATION, 0);
        }
        cx.write_unless_null(used, u32::from(encoded.used_default))?;
        if room == 0 {
            return Ok(encoded.bytes.len() as i32);
        }
        let written = encoded.bytes.len().min(room as usize);
        cx.put(to, &encoded.bytes[..written])?;
        if written < encoded.bytes.len() {
            return cx.fail(ERROR_INSUFFICIENT_BUFFER, 0);
        }
        Ok(encoded.bytes.len() as i32)
    }

    /// Answers the code page of `...A` functions.
    fn GetACP(cx) -> u32 { Ok(codepage::ANSI) }

    /// Answers the code page of consoles and of the file systems of DOS.
    fn GetOEMCP(cx) -> u32 { Ok(codepage::OEM) }

    /// Tells whether a code page exists.
    fn IsValidCodePage(cx, page: u32) -> bool { Ok(page > 3 && CodePage::find(page).is_some()) }

    /// Tells how long characters of a code page are and which bytes begin long ones.
    fn GetCPInfo(cx, page: u32, info: Addr) -> bool {
        match CodePage::find(page) {
            Some(page) => put_info(cx, page, info).map(|_| true),
            None => cx.fail(ERROR_INVALID_PARAMETER, false),
        }
    }

    /// As `GetCPInfo`, with the number and the name.
    fn GetCPInfoExA(cx, page: u32, flags: u32, info: Addr) -> bool {
        let Some(page) = CodePage::find(page) else { return cx.fail(ERROR_INVALID_PARAMETER, false) };
        let rest = put_info(cx, page, info)?;
        cx.write(rest, u16::from(b'?'))?;
        cx.write(rest.offset(2), page.number())?;
        crate::letters::Letters::Ansi.put(cx, rest.offset(6), &page.number().to_string())?;
        Ok(true)
    }

    /// As `GetCPInfo`, with the number and the name.
    fn GetCPInfoExW(cx, page: u32, flags: u32, info: Addr) -> bool {
        let Some(page) = CodePage::find(page) else { return cx.fail(ERROR_INVALID_PARAMETER, false) };
        let rest = put_info(cx, page, info)?;
        cx.write(rest, u16::from(b'?'))?;
        cx.write(rest.offset(2), page.number())?;
        crate::letters::Letters::Wide.put(cx, rest.offset(6), &page.number().to_string())?;
        Ok(true)
    }

    /// Tells whether a byte begins a character of two in the process' code page.
    fn IsDBCSLeadByte(cx, byte: u8) -> bool {
        Ok(CodePage::find(codepage::ANSI).is_some_and(|page| page.is_lead(byte)))
    }

    /// Tells whether a byte begins a character of two in a code page.
    fn IsDBCSLeadByteEx(cx, page: u32, byte: u8) -> bool {
        Ok(CodePage::find(page).is_some_and(|page| page.is_lead(byte)))
    }

    /// Tells whether file functions take the process' code page rather than the consoles'.
    fn AreFileApisANSI(cx) -> bool { Ok(true) }

    /// Has file functions take the process' code page, as they do.
    fn SetFileApisToANSI(cx) { Ok(()) }
}

fn units(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect()
}

/// Writes a `CPINFO`: longest character, default, ranges of first bytes. Answers where it ends, unpadded.
fn put_info(cx: &Cx<'_>, page: CodePage, info: Addr) -> Result<Addr, Trap> {
    cx.write(info, page.longest())?;
    cx.put(info.offset(4), b"?\0")?;
    let mut ranges = [0; 12];
    let bounds = page
        .lead_bytes()
        .iter()
        .flat_map(|&(first, last)| [first, last]);
    for (slot, bound) in ranges.iter_mut().zip(bounds) {
        *slot = bound;
    }
    cx.put(info.offset(6), &ranges)?;
    Ok(info.offset(18))
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn text_is_measured_and_then_converted() {
        let bench = Bench::new();
        let from = bench.bytes(b"caf\xe9\0");
        let all = u64::MAX;
        assert_eq!(
            bench.ask(DLL, "MultiByteToWideChar", &[0, 0, from, all, 0, 0]),
            5
        );
        let to = bench.bytes(&[0xaa; 16]);
        assert_eq!(
            bench.ask(DLL, "MultiByteToWideChar", &[0, 0, from, 4, to, 5]),
            4
        );
        assert_eq!(bench.read(to, 10), b"c\0a\0f\0\xe9\0\xaa\xaa");
        assert_eq!(
            bench.ask(DLL, "MultiByteToWideChar", &[0, 0, from, all, to, 3]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 122);
        assert_eq!(
            bench.ask(DLL, "MultiByteToWideChar", &[4711, 0, from, all, to, 3]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 87);
    }

    #[test]
    fn broken_bytes_are_refused_only_where_that_is_asked() {
        let bench = Bench::new();
        let from = bench.bytes(b"a\xffb");
        assert_eq!(
            bench.ask(DLL, "MultiByteToWideChar", &[65001, 0, from, 3, 0, 0]),
            3
        );
        assert_eq!(
            bench.ask(DLL, "MultiByteToWideChar", &[65001, 8, from, 3, 0, 0]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 1113);
    }

    #[test]
    fn a_character_without_a_place_is_replaced_and_told() {
        let bench = Bench::new();
        let (from, to, used) = (bench.wide("ж!"), bench.bytes(&[0; 8]), bench.bytes(&[0; 4]));
        let all = u64::MAX;
        assert_eq!(
            bench.ask(
                DLL,
                "WideCharToMultiByte",
                &[1252, 0, from, all, to, 8, 0, used]
            ),
            3
        );
        assert_eq!(
            (bench.read(to, 3), bench.read(used, 4)),
            (b"?!\0".to_vec(), vec![1, 0, 0, 0])
        );
        assert_eq!(
            bench.ask(
                DLL,
                "WideCharToMultiByte",
                &[1251, 0, from, 1, to, 8, 0, used]
            ),
            1
        );
        assert_eq!(
            (bench.read(to, 1), bench.read(used, 1)),
            (vec![0xe6], vec![0])
        );
        assert_eq!(
            bench.ask(
                DLL,
                "WideCharToMultiByte",
                &[65001, 0, from, 1, to, 8, 0, 0]
            ),
            2
        );
        assert_eq!(
            bench.ask(
                DLL,
                "WideCharToMultiByte",
                &[65001, 0, from, 1, to, 8, 0, used]
            ),
            0
        );
    }

    #[test]
    fn a_code_page_tells_its_first_bytes() {
        let bench = Bench::new();
        let info = bench.bytes(&[0xaa; 600]);
        assert_eq!(bench.ask(DLL, "GetCPInfo", &[932, info]), 1);
        assert_eq!(
            bench.read(info, 12),
            [2, 0, 0, 0, b'?', 0, 0x81, 0x9f, 0xe0, 0xfc, 0, 0]
        );
        assert_eq!(bench.ask(DLL, "GetCPInfoExW", &[1252, 0, info]), 1);
        assert_eq!(bench.read(info + 20, 4), 1252_u32.to_le_bytes());
        assert_eq!(bench.ask(DLL, "IsValidCodePage", &[437]), 1);
        assert_eq!(bench.ask(DLL, "IsValidCodePage", &[1]), 0);
    }
}
