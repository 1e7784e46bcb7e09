//! Text with values, to streams and from them: `fprintf`, `fscanf` and their relatives.

use std::collections::VecDeque;

use super::super::aliases;
use super::super::printing::print;
use super::super::scanning::scan;
use super::super::text::Text;
use super::{array, done, standard, with, write, write_wide};
use crate::crt::format::Rules;
use crate::crt::scan::{self, Source};
use crate::crt::streams::{Descriptor, Stream};
use crate::crt::unit::convert;
use crate::cx::Cx;
use crate::shim::{Addr, VarArgs, shims};
use crate::trap::Trap;

/// `fprintf` and its like: how many characters were written, or -1.
fn print_to<C: Text>(
    cx: &mut Cx<'_>,
    file: Addr,
    format: Addr,
    rest: VarArgs,
    rules: Rules,
) -> Result<i32, Trap> {
    let Some(sink) = print::<C>(cx, format, rest, rules, usize::MAX)? else {
        return Ok(-1);
    };
    let written = if C::WIDE {
        let text: Vec<u16> = convert(&sink.text).unwrap_or_default();
        write_wide(cx, file, &text)?
    } else {
        let text: Vec<u8> = convert(&sink.text).unwrap_or_default();
        write(cx, file, &text)?
    };
    Ok(if written {
        i32::try_from(sink.count).unwrap_or(-1)
    } else {
        -1
    })
}

/// A stream as a source of values.
struct Input<'a, 'b> {
    cx: &'a Cx<'b>,
    stream: &'a mut Stream,
    descriptor: &'a mut Descriptor,
    ahead: VecDeque<u8>,
}

impl<C: Text> Source<C> for Input<'_, '_> {
    type Error = Trap;

    fn peek(&mut self, ahead: u64) -> Result<Option<C>, Trap> {
        while self.ahead.len() as u64 <= ahead {
            let next = self.stream.next(self.descriptor);
            match done(self.cx, self.stream, next, None)? {
                Some(byte) => self.ahead.push_back(byte),
                None => return Ok(None),
            }
        }
        Ok(Some(C::from(self.ahead[ahead as usize])))
    }

    fn skip(&mut self, count: u64) -> Result<(), Trap> {
        self.ahead.drain(..count as usize);
        Ok(())
    }
}

fn scan_from<C: Text>(
    cx: &mut Cx<'_>,
    file: Addr,
    format: Addr,
    rest: VarArgs,
    rules: scan::Rules,
) -> Result<i32, Trap> {
    with(cx, file, -1, |cx, stream, descriptor| {
        let mut input = Input {
            cx,
            stream,
            descriptor,
            ahead: VecDeque::new(),
        };
        let answer = scan::<C, _>(cx, &mut input, format, rest, rules);
        let ahead = std::mem::take(&mut input.ahead);
        for byte in ahead.into_iter().rev() {
            stream.push_back(byte);
        }
        answer
    })
}

const PLAIN: scan::Rules = scan::Rules::MSVCRT;
const SECURE: scan::Rules = scan::Rules {
    secure: true,
    ..scan::Rules::MSVCRT
};

shims! {
    pub(in crate::dll) static PRINTING = "msvcrt.dll", cdecl;

    /// Prints text to a stream.
    fn fprintf(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        print_to::<u8>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints text to a stream in a locale.
    fn _fprintf_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        print_to::<u8>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints text to standard output.
    fn printf(cx, format: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints text to standard output in a locale.
    fn _printf_l(cx, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints text to a stream with checks.
    fn fprintf_s(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        print_to::<u8>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints text to a stream in a locale with checks.
    fn _fprintf_s_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        print_to::<u8>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints text to standard output with checks.
    fn printf_s(cx, format: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints text to standard output in a locale with checks.
    fn _printf_s_l(cx, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints text to a stream from a `va_list`.
    fn vfprintf(cx, file: Addr, format: Addr, arguments: Addr) -> i32 {
        print_to::<u8>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text to a stream from a `va_list` in a locale.
    fn _vfprintf_l(cx, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u8>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text to standard output from a `va_list`.
    fn vprintf(cx, format: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text to standard output from a `va_list` in a locale.
    fn _vprintf_l(cx, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text to a stream from a `va_list` with checks.
    fn vfprintf_s(cx, file: Addr, format: Addr, arguments: Addr) -> i32 {
        print_to::<u8>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text to a stream from a `va_list` in a locale with checks.
    fn _vfprintf_s_l(cx, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u8>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text to standard output from a `va_list` with checks.
    fn vprintf_s(cx, format: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text to standard output from a `va_list` in a locale with checks.
    fn _vprintf_s_l(cx, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to a stream.
    fn fwprintf(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        print_to::<u16>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to a stream in a locale.
    fn _fwprintf_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        print_to::<u16>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to standard output.
    fn wprintf(cx, format: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to standard output in a locale.
    fn _wprintf_l(cx, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to a stream with checks.
    fn fwprintf_s(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        print_to::<u16>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to a stream in a locale with checks.
    fn _fwprintf_s_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        print_to::<u16>(cx, file, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to standard output with checks.
    fn wprintf_s(cx, format: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to standard output in a locale with checks.
    fn _wprintf_s_l(cx, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text to a stream from a `va_list`.
    fn vfwprintf(cx, file: Addr, format: Addr, arguments: Addr) -> i32 {
        print_to::<u16>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to a stream from a `va_list` in a locale.
    fn _vfwprintf_l(cx, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u16>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to standard output from a `va_list`.
    fn vwprintf(cx, format: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to standard output from a `va_list` in a locale.
    fn _vwprintf_l(cx, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to a stream from a `va_list` with checks.
    fn vfwprintf_s(cx, file: Addr, format: Addr, arguments: Addr) -> i32 {
        print_to::<u16>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to a stream from a `va_list` in a locale with checks.
    fn _vfwprintf_s_l(cx, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u16>(cx, file, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to standard output from a `va_list` with checks.
    fn vwprintf_s(cx, format: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text to standard output from a `va_list` in a locale with checks.
    fn _vwprintf_s_l(cx, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Reads values from text of a stream.
    fn fscanf(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_from::<u8>(cx, file, format, rest, PLAIN)
    }

    /// Reads values from text of standard input.
    fn scanf(cx, format: Addr, rest: VarArgs) -> i32 {
        let input = array(cx);
        scan_from::<u8>(cx, input, format, rest, PLAIN)
    }

    /// Reads values from text of a stream in a locale.
    fn _fscanf_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_from::<u8>(cx, file, format, rest, PLAIN)
    }

    /// Reads values from text of a stream, with the size of each buffer.
    fn fscanf_s(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_from::<u8>(cx, file, format, rest, SECURE)
    }

    /// Reads values from text of standard input, with the size of each buffer.
    fn scanf_s(cx, format: Addr, rest: VarArgs) -> i32 {
        let input = array(cx);
        scan_from::<u8>(cx, input, format, rest, SECURE)
    }

    /// Reads values from text of a stream in a locale, with the size of each buffer.
    fn _fscanf_s_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_from::<u8>(cx, file, format, rest, SECURE)
    }

    /// Reads values from wide text of a stream.
    fn fwscanf(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_from::<u16>(cx, file, format, rest, PLAIN)
    }

    /// Reads values from wide text of standard input.
    fn wscanf(cx, format: Addr, rest: VarArgs) -> i32 {
        let input = array(cx);
        scan_from::<u16>(cx, input, format, rest, PLAIN)
    }

    /// Reads values from wide text of a stream in a locale.
    fn _fwscanf_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_from::<u16>(cx, file, format, rest, PLAIN)
    }

    /// Reads values from wide text of a stream, with the size of each buffer.
    fn fwscanf_s(cx, file: Addr, format: Addr, rest: VarArgs) -> i32 {
        scan_from::<u16>(cx, file, format, rest, SECURE)
    }

    /// Reads values from wide text of standard input, with the size of each buffer.
    fn wscanf_s(cx, format: Addr, rest: VarArgs) -> i32 {
        let input = array(cx);
        scan_from::<u16>(cx, input, format, rest, SECURE)
    }

    /// Reads values from wide text of a stream in a locale, with the size of each buffer.
    fn _fwscanf_s_l(cx, file: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        scan_from::<u16>(cx, file, format, rest, SECURE)
    }
}

aliases! {
    pub(in crate::dll) static PRINTING_ALIASES;
    PRINTING => "printf" as "_cprintf", "vprintf" as "_vcprintf", "wprintf" as "_cwprintf";
}

shims! {
    pub(in crate::dll) static UCRT = "ucrtbase.dll", cdecl;

    /// Prints text to a stream as the options say.
    fn __stdio_common_vfprintf(cx, options: u64, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u8>(cx, file, format, VarArgs::at(arguments), Rules::ucrt(options))
    }

    /// Prints text to a stream as the options say with checks.
    fn __stdio_common_vfprintf_s(cx, options: u64, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u8>(cx, file, format, VarArgs::at(arguments), Rules::ucrt(options))
    }

    /// Reads values from text of a stream as the options say.
    fn __stdio_common_vfscanf(cx, options: u64, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        scan_from::<u8>(cx, file, format, VarArgs::at(arguments), scan::Rules::ucrt(options))
    }

    /// Prints wide text to a stream as the options say.
    fn __stdio_common_vfwprintf(cx, options: u64, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u16>(cx, file, format, VarArgs::at(arguments), Rules::ucrt(options))
    }

    /// Prints wide text to a stream as the options say with checks.
    fn __stdio_common_vfwprintf_s(cx, options: u64, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        print_to::<u16>(cx, file, format, VarArgs::at(arguments), Rules::ucrt(options))
    }

    /// Reads values from wide text of a stream as the options say.
    fn __stdio_common_vfwscanf(cx, options: u64, file: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        scan_from::<u16>(cx, file, format, VarArgs::at(arguments), scan::Rules::ucrt(options))
    }

    /// Prints text to the console as the options say.
    fn __conio_common_vcprintf(cx, options: u64, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u8>(cx, output, format, VarArgs::at(arguments), Rules::ucrt(options))
    }

    /// Prints wide text to the console as the options say.
    fn __conio_common_vcwprintf(cx, options: u64, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let output = standard(cx, 1);
        print_to::<u16>(cx, output, format, VarArgs::at(arguments), Rules::ucrt(options))
    }
}
