//! `sscanf` and its relatives: values out of a text.

use super::text::{Text, Window, string};
use crate::crt::scan::{self, Rules, Source, Targets};
use crate::cx::Cx;
use crate::shim::{Addr, Size, VarArgs, shims};
use crate::trap::Trap;

/// The pointers of a call, behind a `...` or a `va_list`.
struct Places<'a, 'b> {
    cx: &'a Cx<'b>,
    rest: VarArgs,
}

impl Targets for Places<'_, '_> {
    type Error = Trap;

    fn pointer_bytes(&self) -> usize {
        self.cx.pointer_size() as usize
    }
    fn next_pointer(&mut self) -> Result<u64, Trap> {
        self.rest.next_addr(self.cx).map(|at| at.0)
    }
    fn next_size(&mut self) -> Result<u32, Trap> {
        self.rest.next_u32(self.cx)
    }
    fn store(&mut self, at: u64, bytes: &[u8]) -> Result<(), Trap> {
        self.cx.put(Addr(at), bytes)
    }
}

/// Takes values out of any source.
pub(in crate::dll) fn scan<C: Text, S: Source<C, Error = Trap>>(
    cx: &Cx<'_>,
    source: &mut S,
    format: Addr,
    rest: VarArgs,
    rules: Rules,
) -> Result<i32, Trap> {
    let format = string::<C>(cx, format)?;
    scan::scan(&format, source, &mut Places { cx, rest }, rules)
}

fn scan_text<C: Text>(
    cx: &Cx<'_>,
    (text, limit): (Addr, u64),
    format: Addr,
    rest: VarArgs,
    rules: Rules,
) -> Result<i32, Trap> {
    scan(
        cx,
        &mut Window::<C>::limited(cx, text, limit),
        format,
        rest,
        rules,
    )
}

const WHOLE: u64 = u64::MAX;
const PLAIN: Rules = Rules::MSVCRT;
const SECURE: Rules = Rules {
    secure: true,
    ..Rules::MSVCRT
};

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Reads values from text.
    fn sscanf(cx, text: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, rest, PLAIN)
    }

    /// Reads values from text in a locale.
    fn _sscanf_l(cx, text: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, rest, PLAIN)
    }

    /// Reads values from text, with the size of each buffer.
    fn sscanf_s(cx, text: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, rest, SECURE)
    }

    /// Reads values from text in a locale, with the size of each buffer.
    fn _sscanf_s_l(cx, text: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, rest, SECURE)
    }

    /// Reads values from text into the targets of a `va_list`.
    fn vsscanf(cx, text: Addr, format: Addr, arguments: Addr) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, VarArgs::at(arguments), PLAIN)
    }

    /// Reads values from text into the targets of a `va_list` in a locale.
    fn _vsscanf_l(cx, text: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, VarArgs::at(arguments), PLAIN)
    }

    /// Reads values from text into the targets of a `va_list`, with the size of each buffer.
    fn vsscanf_s(cx, text: Addr, format: Addr, arguments: Addr) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, VarArgs::at(arguments), SECURE)
    }

    /// Reads values from text into the targets of a `va_list` in a locale, with the size of each buffer.
    fn _vsscanf_s_l(cx, text: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        scan_text::<u8>(cx, (text, WHOLE), format, VarArgs::at(arguments), SECURE)
    }

    /// Reads values from at most `limit` characters of text.
    fn _snscanf(cx, text: Addr, limit: Size, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, limit.0), format, rest, PLAIN)
    }

    /// Reads values from at most `limit` characters of text in a locale.
    fn _snscanf_l(cx, text: Addr, limit: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, limit.0), format, rest, PLAIN)
    }

    /// Reads values from at most `limit` characters of text, with the size of each buffer.
    fn _snscanf_s(cx, text: Addr, limit: Size, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, limit.0), format, rest, SECURE)
    }

    /// Reads values from at most `limit` characters of text in a locale, with the size of each buffer.
    fn _snscanf_s_l(cx, text: Addr, limit: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u8>(cx, (text, limit.0), format, rest, SECURE)
    }

    /// Reads values from wide text.
    fn swscanf(cx, text: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, rest, PLAIN)
    }

    /// Reads values from wide text in a locale.
    fn _swscanf_l(cx, text: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, rest, PLAIN)
    }

    /// Reads values from wide text, with the size of each buffer.
    fn swscanf_s(cx, text: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, rest, SECURE)
    }

    /// Reads values from wide text in a locale, with the size of each buffer.
    fn _swscanf_s_l(cx, text: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, rest, SECURE)
    }

    /// Reads values from wide text into the targets of a `va_list`.
    fn vswscanf(cx, text: Addr, format: Addr, arguments: Addr) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, VarArgs::at(arguments), PLAIN)
    }

    /// Reads values from wide text into the targets of a `va_list` in a locale.
    fn _vswscanf_l(cx, text: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, VarArgs::at(arguments), PLAIN)
    }

    /// Reads values from wide text into the targets of a `va_list`, with the size of each buffer.
    fn vswscanf_s(cx, text: Addr, format: Addr, arguments: Addr) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, VarArgs::at(arguments), SECURE)
    }

    /// Reads values from wide text into the targets of a `va_list` in a locale, with the size of each buffer.
    fn _vswscanf_s_l(cx, text: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        scan_text::<u16>(cx, (text, WHOLE), format, VarArgs::at(arguments), SECURE)
    }

    /// Reads values from at most `limit` characters of wide text.
    fn _snwscanf(cx, text: Addr, limit: Size, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, limit.0), format, rest, PLAIN)
    }

    /// Reads values from at most `limit` characters of wide text in a locale.
    fn _snwscanf_l(cx, text: Addr, limit: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, limit.0), format, rest, PLAIN)
    }

    /// Reads values from at most `limit` characters of wide text, with the size of each buffer.
    fn _snwscanf_s(cx, text: Addr, limit: Size, format: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, limit.0), format, rest, SECURE)
    }

    /// Reads values from at most `limit` characters of wide text in a locale, with the size of each buffer.
    fn _snwscanf_s_l(cx, text: Addr, limit: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_text::<u16>(cx, (text, limit.0), format, rest, SECURE)
    }
}

shims! {
    pub(in crate::dll) static UCRT = "ucrtbase.dll", cdecl;

    /// Reads values from text as the options say.
    fn __stdio_common_vsscanf(cx, options: u64, text: Addr, limit: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let rest = VarArgs::at(arguments);
        scan_text::<u8>(cx, (text, limit.0), format, rest, Rules::ucrt(options))
    }

    /// Reads values from wide text as the options say.
    fn __stdio_common_vswscanf(cx, options: u64, text: Addr, limit: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let rest = VarArgs::at(arguments);
        scan_text::<u16>(cx, (text, limit.0), format, rest, Rules::ucrt(options))
    }
}
