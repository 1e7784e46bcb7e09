//! `sprintf` and its relatives: text with values, into a buffer.

use super::runtime::{Shared, errno, invalid_parameter, set_errno};
use super::text::{Text, limited, put, put_string, string};
use crate::crt::format::{self, Arguments, Failure, Finish, Rules, Sink};
use crate::cx::Cx;
use crate::shim::{Addr, Size, VarArgs, shims};
use crate::trap::Trap;

/// The arguments of a call, behind a `...` or a `va_list`.
struct Values<'a, 'b> {
    cx: &'a Cx<'b>,
    rest: VarArgs,
}

impl Arguments for Values<'_, '_> {
    type Error = Trap;

    fn pointer_bytes(&self) -> usize {
        self.cx.pointer_size() as usize
    }
    fn next_int(&mut self) -> Result<u32, Trap> {
        self.rest.next_u32(self.cx)
    }
    fn next_long(&mut self) -> Result<u64, Trap> {
        self.rest.next_u64(self.cx)
    }
    fn next_double(&mut self) -> Result<f64, Trap> {
        self.rest.next_f64(self.cx)
    }
    fn next_pointer(&mut self) -> Result<u64, Trap> {
        self.rest.next_addr(self.cx).map(|at| at.0)
    }
    fn narrow(&mut self, at: u64, most: usize) -> Result<Vec<u8>, Trap> {
        limited(self.cx, Addr(at), most as u64)
    }
    fn wide(&mut self, at: u64, most: usize) -> Result<Vec<u16>, Trap> {
        limited(self.cx, Addr(at), most as u64)
    }
    fn counted(&mut self, at: u64) -> Result<(usize, u64), Trap> {
        let length: u16 = self.cx.read(Addr(at))?;
        let buffer = self.cx.read_addr(Addr(at).offset(self.cx.pointer_size()))?;
        Ok((length.into(), buffer.0))
    }
    fn store(&mut self, at: u64, value: u64, bytes: usize) -> Result<(), Trap> {
        self.cx.put(Addr(at), &value.to_le_bytes()[..bytes])
    }
}

/// What no text exceeds, so that a careless width does not take all memory.
const LONGEST: usize = 256 << 20;

/// Puts values into a format; none when it is refused, with `errno` set.
pub(in crate::dll) fn print<C: Text>(
    cx: &mut Cx<'_>,
    format: Addr,
    rest: VarArgs,
    mut rules: Rules,
    room: usize,
) -> Result<Option<Sink<C>>, Trap> {
    if format.is_null() {
        return invalid_parameter(cx, "printf", errno::EINVAL, None);
    }
    let shared = cx.state::<Shared>();
    rules.count_output = *shared.count_output.lock().expect("no holder panics");
    if *shared.two_digits.lock().expect("no holder panics") {
        rules.float.exponent_digits = 2;
    }
    let format = string::<C>(cx, format)?;
    let mut sink = Sink::new(room.min(LONGEST));
    match format::format(&format, &mut Values { cx, rest }, rules, &mut sink) {
        Ok(()) => Ok(Some(sink)),
        Err(Failure::Argument(trap)) => Err(trap),
        Err(Failure::Invalid) => invalid_parameter(cx, "printf", errno::EINVAL, None),
        Err(Failure::Unmappable) => {
            set_errno(cx, errno::EILSEQ)?;
            Ok(None)
        }
    }
}

/// `sprintf`, `_snprintf`, `snprintf` and the counting ones, which have no buffer.
pub(in crate::dll) fn into_buffer<C: Text>(
    cx: &mut Cx<'_>,
    (at, room): (Addr, u64),
    format: Addr,
    rest: VarArgs,
    (rules, finish): (Rules, Finish),
) -> Result<i32, Trap> {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let Some(sink) = print::<C>(cx, format, rest, rules, if at.is_null() { 0 } else { room })?
    else {
        return Ok(-1);
    };
    let size = if at.is_null() && room == 0 {
        None
    } else {
        Some(room)
    };
    let (answer, kept) = finish.apply(sink, size);
    put(cx, at, &kept)?;
    Ok(answer)
}

/// `sprintf_s` and `_snprintf_s`: `most` units are wanted, or as many as fit.
pub(in crate::dll) fn into_checked<C: Text>(
    cx: &mut Cx<'_>,
    (at, room): (Addr, u64),
    most: Option<u64>,
    format: Addr,
    rest: VarArgs,
    rules: Rules,
) -> Result<i32, Trap> {
    if at.is_null() && room == 0 && most == Some(0) {
        return Ok(0);
    }
    if at.is_null() || room == 0 {
        return invalid_parameter(cx, "sprintf_s", errno::EINVAL, -1);
    }
    let wanted = most.unwrap_or(u64::MAX).min(room);
    let Some(sink) = print::<C>(cx, format, rest, rules, wanted as usize)? else {
        put_string::<C>(cx, at, &[])?;
        return Ok(-1);
    };
    let length = sink.count;
    if length < room && most.is_none_or(|most| most == TRUNCATE || length <= most) {
        put_string(cx, at, &sink.text)?;
        return Ok(i32::try_from(length).unwrap_or(-1));
    }
    match most {
        Some(most) if most == TRUNCATE || most < room => {
            put_string(cx, at, &sink.text[..sink.text.len().min(room as usize - 1)])?;
            Ok(-1)
        }
        _ => {
            put_string::<C>(cx, at, &[])?;
            invalid_parameter(cx, "sprintf_s", errno::ERANGE, -1)
        }
    }
}

/// `_TRUNCATE`: as much as fits.
const TRUNCATE: u64 = u64::MAX;

const OLD: (Rules, Finish) = (Rules::MSVCRT, Finish::Bare);
const CUT: (Rules, Finish) = (Rules::MSVCRT, Finish::Zeroed);
const STANDARD: (Rules, Finish) = (Rules::MSVCRT, Finish::Standard);

/// Room in the buffer of a caller who does not say.
const UNKNOWN: u64 = LONGEST as u64;

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Prints text into a buffer.
    fn sprintf(cx, at: Addr, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (at, UNKNOWN), format, rest, STANDARD)
    }

    /// Prints text into a buffer from a `va_list`.
    fn vsprintf(cx, at: Addr, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (at, UNKNOWN), format, VarArgs::at(arguments), STANDARD)
    }

    /// Prints text into a buffer in a locale.
    fn _sprintf_l(cx, at: Addr, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (at, UNKNOWN), format, rest, STANDARD)
    }

    /// Prints wide text into a buffer of unknown size.
    fn _swprintf(cx, at: Addr, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u16>(cx, (at, UNKNOWN), format, rest, STANDARD)
    }

    /// Prints text into a buffer; no zero where there is no room.
    fn _snprintf(cx, at: Addr, room: Size, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, rest, OLD)
    }

    /// Prints text into a buffer in a locale; no zero where there is no room.
    fn _snprintf_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, rest, OLD)
    }

    /// Prints text into a buffer, at most `most` characters of it.
    fn _snprintf_s(cx, at: Addr, room: Size, most: Size, format: Addr, rest: VarArgs) -> i32 {
        into_checked::<u8>(cx, (at, room.0), Some(most.0), format, rest, Rules::MSVCRT)
    }

    /// Prints text into a buffer in a locale, at most `most` characters of it.
    fn _snprintf_s_l(cx, at: Addr, room: Size, most: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_checked::<u8>(cx, (at, room.0), Some(most.0), format, rest, Rules::MSVCRT)
    }

    /// Prints wide text into a buffer; no zero where there is no room.
    fn _snwprintf(cx, at: Addr, room: Size, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, rest, OLD)
    }

    /// Prints wide text into a buffer in a locale; no zero where there is no room.
    fn _snwprintf_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, rest, OLD)
    }

    /// Prints wide text into a buffer, at most `most` characters of it.
    fn _snwprintf_s(cx, at: Addr, room: Size, most: Size, format: Addr, rest: VarArgs) -> i32 {
        into_checked::<u16>(cx, (at, room.0), Some(most.0), format, rest, Rules::MSVCRT)
    }

    /// Prints wide text into a buffer in a locale, at most `most` characters of it.
    fn _snwprintf_s_l(cx, at: Addr, room: Size, most: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_checked::<u16>(cx, (at, room.0), Some(most.0), format, rest, Rules::MSVCRT)
    }

    /// Counts the characters that text would have.
    fn _scprintf(cx, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (Addr::NULL, 0), format, rest, STANDARD)
    }

    /// Counts the characters that text would have in a locale.
    fn _scprintf_l(cx, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (Addr::NULL, 0), format, rest, STANDARD)
    }

    /// Counts the characters that wide text would have.
    fn _scwprintf(cx, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u16>(cx, (Addr::NULL, 0), format, rest, STANDARD)
    }

    /// Counts the characters that wide text would have in a locale.
    fn _scwprintf_l(cx, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u16>(cx, (Addr::NULL, 0), format, rest, STANDARD)
    }

    /// Prints text into a buffer of known size.
    fn sprintf_s(cx, at: Addr, room: Size, format: Addr, rest: VarArgs) -> i32 {
        into_checked::<u8>(cx, (at, room.0), None, format, rest, Rules::MSVCRT)
    }

    /// Prints text into a buffer of known size in a locale.
    fn _sprintf_s_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_checked::<u8>(cx, (at, room.0), None, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text into a buffer of known size.
    fn swprintf_s(cx, at: Addr, room: Size, format: Addr, rest: VarArgs) -> i32 {
        into_checked::<u16>(cx, (at, room.0), None, format, rest, Rules::MSVCRT)
    }

    /// Prints wide text into a buffer of known size in a locale.
    fn _swprintf_s_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_checked::<u16>(cx, (at, room.0), None, format, rest, Rules::MSVCRT)
    }

    /// Prints text into a buffer, always with a zero.
    fn _snprintf_c(cx, at: Addr, room: Size, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, rest, CUT)
    }

    /// Prints text into a buffer in a locale, always with a zero.
    fn _snprintf_c_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, rest, CUT)
    }

    /// Prints wide text into a buffer, always with a zero.
    fn _swprintf_c(cx, at: Addr, room: Size, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, rest, CUT)
    }

    /// Prints wide text into a buffer in a locale, always with a zero.
    fn _swprintf_c_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, rest, CUT)
    }

    /// Prints text into a buffer from a `va_list` in a locale.
    fn _vsprintf_l(cx, at: Addr, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (at, UNKNOWN), format, VarArgs::at(arguments), STANDARD)
    }

    /// Prints wide text into a buffer of unknown size from a `va_list`.
    fn _vswprintf(cx, at: Addr, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u16>(cx, (at, UNKNOWN), format, VarArgs::at(arguments), STANDARD)
    }

    /// Prints text into a buffer from a `va_list`; no zero where there is no room.
    fn _vsnprintf(cx, at: Addr, room: Size, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, VarArgs::at(arguments), OLD)
    }

    /// Prints text into a buffer from a `va_list` in a locale; no zero where there is no room.
    fn _vsnprintf_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, VarArgs::at(arguments), OLD)
    }

    /// Prints text into a buffer from a `va_list`, at most `most` characters of it.
    fn _vsnprintf_s(cx, at: Addr, room: Size, most: Size, format: Addr, arguments: Addr) -> i32 {
        into_checked::<u8>(cx, (at, room.0), Some(most.0), format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text into a buffer from a `va_list` in a locale, at most `most` characters of it.
    fn _vsnprintf_s_l(cx, at: Addr, room: Size, most: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_checked::<u8>(cx, (at, room.0), Some(most.0), format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text into a buffer from a `va_list`; no zero where there is no room.
    fn _vsnwprintf(cx, at: Addr, room: Size, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, VarArgs::at(arguments), OLD)
    }

    /// Prints wide text into a buffer from a `va_list` in a locale; no zero where there is no room.
    fn _vsnwprintf_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, VarArgs::at(arguments), OLD)
    }

    /// Prints wide text into a buffer from a `va_list`, at most `most` characters of it.
    fn _vsnwprintf_s(cx, at: Addr, room: Size, most: Size, format: Addr, arguments: Addr) -> i32 {
        into_checked::<u16>(cx, (at, room.0), Some(most.0), format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text into a buffer from a `va_list` in a locale, at most `most` characters of it.
    fn _vsnwprintf_s_l(cx, at: Addr, room: Size, most: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_checked::<u16>(cx, (at, room.0), Some(most.0), format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Counts the characters that text would have from a `va_list`.
    fn _vscprintf(cx, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (Addr::NULL, 0), format, VarArgs::at(arguments), STANDARD)
    }

    /// Counts the characters that text would have from a `va_list` in a locale.
    fn _vscprintf_l(cx, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (Addr::NULL, 0), format, VarArgs::at(arguments), STANDARD)
    }

    /// Counts the characters that wide text would have from a `va_list`.
    fn _vscwprintf(cx, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u16>(cx, (Addr::NULL, 0), format, VarArgs::at(arguments), STANDARD)
    }

    /// Counts the characters that wide text would have from a `va_list` in a locale.
    fn _vscwprintf_l(cx, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_buffer::<u16>(cx, (Addr::NULL, 0), format, VarArgs::at(arguments), STANDARD)
    }

    /// Prints text into a buffer of known size from a `va_list`.
    fn vsprintf_s(cx, at: Addr, room: Size, format: Addr, arguments: Addr) -> i32 {
        into_checked::<u8>(cx, (at, room.0), None, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text into a buffer of known size from a `va_list` in a locale.
    fn _vsprintf_s_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_checked::<u8>(cx, (at, room.0), None, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text into a buffer of known size from a `va_list`.
    fn vswprintf_s(cx, at: Addr, room: Size, format: Addr, arguments: Addr) -> i32 {
        into_checked::<u16>(cx, (at, room.0), None, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints wide text into a buffer of known size from a `va_list` in a locale.
    fn _vswprintf_s_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_checked::<u16>(cx, (at, room.0), None, format, VarArgs::at(arguments), Rules::MSVCRT)
    }

    /// Prints text into a buffer from a `va_list`, always with a zero.
    fn _vsnprintf_c(cx, at: Addr, room: Size, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, VarArgs::at(arguments), CUT)
    }

    /// Prints text into a buffer from a `va_list` in a locale, always with a zero.
    fn _vsnprintf_c_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, VarArgs::at(arguments), CUT)
    }

    /// Prints wide text into a buffer from a `va_list`, always with a zero.
    fn _vswprintf_c(cx, at: Addr, room: Size, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, VarArgs::at(arguments), CUT)
    }

    /// Prints wide text into a buffer from a `va_list` in a locale, always with a zero.
    fn _vswprintf_c_l(cx, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        into_buffer::<u16>(cx, (at, room.0), format, VarArgs::at(arguments), CUT)
    }

    /// Prints text into a buffer and answers the length that there would have been.
    fn snprintf(cx, at: Addr, room: Size, format: Addr, rest: VarArgs) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, rest, STANDARD)
    }

    /// Prints text into a buffer from a `va_list` and answers the length that there would have been.
    fn vsnprintf(cx, at: Addr, room: Size, format: Addr, arguments: Addr) -> i32 {
        into_buffer::<u8>(cx, (at, room.0), format, VarArgs::at(arguments), STANDARD)
    }
}

super::aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS => "_swprintf" as "swprintf", "_vswprintf" as "vswprintf";
}

shims! {
    pub(in crate::dll) static UCRT = "ucrtbase.dll", cdecl;

    /// Prints text into a buffer as the options say.
    fn __stdio_common_vsprintf(cx, options: u64, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        if at.is_null() && room.0 != 0 {
            return invalid_parameter(cx, "__stdio_common_vsprintf", errno::EINVAL, -1);
        }
        let how = (Rules::ucrt(options), Finish::ucrt(options));
        into_buffer::<u8>(cx, (at, room.0), format, VarArgs::at(arguments), how)
    }

    /// Prints text into a buffer of known size.
    fn __stdio_common_vsprintf_s(cx, options: u64, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let rest = VarArgs::at(arguments);
        into_checked::<u8>(cx, (at, room.0), None, format, rest, Rules::ucrt(options))
    }

    /// Prints text into a buffer of known size, at most `most` characters of it.
    fn __stdio_common_vsnprintf_s(cx, options: u64, at: Addr, room: Size, most: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let rest = VarArgs::at(arguments);
        into_checked::<u8>(cx, (at, room.0), Some(most.0), format, rest, Rules::ucrt(options))
    }

    /// Prints wide text into a buffer as the options say.
    fn __stdio_common_vswprintf(cx, options: u64, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        if at.is_null() && room.0 != 0 {
            return invalid_parameter(cx, "__stdio_common_vswprintf", errno::EINVAL, -1);
        }
        let how = (Rules::ucrt(options), Finish::ucrt(options));
        into_buffer::<u16>(cx, (at, room.0), format, VarArgs::at(arguments), how)
    }

    /// Prints wide text into a buffer of known size.
    fn __stdio_common_vswprintf_s(cx, options: u64, at: Addr, room: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let rest = VarArgs::at(arguments);
        into_checked::<u16>(cx, (at, room.0), None, format, rest, Rules::ucrt(options))
    }

    /// Prints wide text into a buffer of known size, at most `most` characters of it.
    fn __stdio_common_vsnwprintf_s(cx, options: u64, at: Addr, room: Size, most: Size, format: Addr, locale: Addr, arguments: Addr) -> i32 {
        let rest = VarArgs::at(arguments);
        into_checked::<u16>(cx, (at, room.0), Some(most.0), format, rest, Rules::ucrt(options))
    }
}

shims! {
    pub(in crate::dll) static SETTINGS = "msvcrt.dll", cdecl;

    /// Says whether `%n` stores, and answers whether it did.
    fn _set_printf_count_output(cx, enable: i32) -> i32 {
        let shared = cx.state::<Shared>();
        let mut now = shared.count_output.lock().expect("no holder panics");
        Ok(i32::from(std::mem::replace(&mut *now, enable != 0)))
    }

    /// Tells whether `%n` stores.
    fn _get_printf_count_output(cx) -> i32 {
        Ok(i32::from(*cx.state::<Shared>().count_output.lock().expect("no holder panics")))
    }

    /// Says how many digits an exponent has (`_TWO_DIGIT_EXPONENT` is 1), and answers what it was.
    fn _set_output_format(cx, format: u32) -> u32 {
        let shared = cx.state::<Shared>();
        let mut now = shared.two_digits.lock().expect("no holder panics");
        Ok(u32::from(std::mem::replace(&mut *now, format & 1 != 0)))
    }

    /// Answers how many digits an exponent has.
    fn _get_output_format(cx) -> u32 {
        Ok(u32::from(*cx.state::<Shared>().two_digits.lock().expect("no holder panics")))
    }
}
