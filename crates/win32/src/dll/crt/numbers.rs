//! `<stdlib.h>`: numbers out of text, text out of numbers, whole arithmetic, chance.

use super::aliases;
use super::runtime::{Own, Slot, errno, fail, invalid_parameter, refuse, set_errno, slot};
use super::text::{Text, Window, place, put_string};
use crate::crt::float_text::{Digits, FloatRules, strip_zeros};
use crate::crt::number::{self, Found, Spelling, Whole};
use crate::crt::unit::Unit;
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

fn whole<C: Text>(cx: &mut Cx<'_>, text: Addr, end: Addr, base: i32) -> Result<Found<Whole>, Trap> {
    let nothing = Found {
        value: Whole {
            negative: false,
            magnitude: 0,
        },
        consumed: 0,
        overflow: false,
        broken_off: false,
    };
    if text.is_null() || base < 0 || base == 1 || base > 36 {
        cx.write_addr_unless_null(end, text)?;
        return invalid_parameter(cx, "strtol", errno::EINVAL, nothing);
    }
    let mut window = Window::<C>::new(cx, text);
    let found = number::whole(base as u32, |at| window.get(at))?;
    cx.write_addr_unless_null(end, place::<C>(text, found.consumed))?;
    Ok(found)
}

/// `strtol` and its like: a signed number of so many bits.
fn signed<C: Text>(
    cx: &mut Cx<'_>,
    text: Addr,
    end: Addr,
    base: i32,
    bits: u32,
) -> Result<i64, Trap> {
    let found = whole::<C>(cx, text, end, base)?.signed(bits);
    if found.overflow {
        set_errno(cx, errno::ERANGE)?;
    }
    Ok(found.value)
}

/// `strtoul` and its like: an unsigned number of so many bits.
fn unsigned<C: Text>(
    cx: &mut Cx<'_>,
    text: Addr,
    end: Addr,
    base: i32,
    bits: u32,
) -> Result<u64, Trap> {
    let found = whole::<C>(cx, text, end, base)?.unsigned(bits);
    if found.overflow {
        set_errno(cx, errno::ERANGE)?;
    }
    Ok(found.value)
}

/// `strtod` and its like.
pub(in crate::dll) fn float<C: Text>(
    cx: &mut Cx<'_>,
    text: Addr,
    end: Addr,
    spelling: Spelling,
) -> Result<f64, Trap> {
    if text.is_null() {
        cx.write_addr_unless_null(end, text)?;
        return invalid_parameter(cx, "strtod", errno::EINVAL, 0.0);
    }
    let mut window = Window::<C>::new(cx, text);
    let found = number::float(spelling, |at| window.get(at))?;
    cx.write_addr_unless_null(end, place::<C>(text, found.consumed))?;
    if found.overflow {
        set_errno(cx, errno::ERANGE)?;
    }
    Ok(found.value)
}

/// `strtof` and its like: a number that `float` cannot hold is out of range.
pub(in crate::dll) fn single<C: Text>(
    cx: &mut Cx<'_>,
    text: Addr,
    end: Addr,
    spelling: Spelling,
) -> Result<f32, Trap> {
    let value = float::<C>(cx, text, end, spelling)?;
    let narrow = value as f32;
    if (narrow.is_infinite() && value.is_finite()) || (narrow == 0.0 && value != 0.0) {
        set_errno(cx, errno::ERANGE)?;
    }
    Ok(narrow)
}

/// A number in some base; a minus only in base ten.
fn digits<C: Unit>(value: u64, negative: bool, radix: u32) -> Vec<C> {
    let mut text = Vec::new();
    let mut left = if negative {
        value.wrapping_neg()
    } else {
        value
    };
    loop {
        let digit = char::from_digit((left % u64::from(radix)) as u32, radix).unwrap_or('0');
        text.push(C::from(digit as u8));
        left /= u64::from(radix);
        if left == 0 {
            break;
        }
    }
    if negative {
        text.push(C::from(b'-'));
    }
    text.reverse();
    text
}

/// `_itoa` and its like: `room` is checked where the caller gives one.
fn print<C: Text>(
    cx: &mut Cx<'_>,
    value: u64,
    negative: bool,
    (at, room): (Addr, Option<u64>),
    radix: i32,
) -> Result<i32, Trap> {
    if at.is_null() || room == Some(0) {
        return refuse(cx, "_itoa_s", errno::EINVAL);
    }
    if !(2..=36).contains(&radix) {
        put_string::<C>(cx, at, &[])?;
        return refuse(cx, "_itoa_s", errno::EINVAL);
    }
    let text = digits::<C>(value, negative && radix == 10, radix as u32);
    if room.is_some_and(|room| text.len() as u64 >= room) {
        put_string::<C>(cx, at, &[])?;
        return refuse(cx, "_itoa_s", errno::ERANGE);
    }
    put_string(cx, at, &text)?;
    Ok(0)
}

const EXACT: FloatRules = FloatRules {
    exponent_digits: 2,
    hash_specials: false,
    seventeen_digits: false,
    half_up: true,
    hex_places: 13,
};

/// `_ecvt` and `_fcvt`: digits, the place of the point and the sign.
fn convert(value: f64, count: i32, fixed: bool) -> (Vec<u8>, i32, bool) {
    let count = count.clamp(if fixed { -350 } else { 0 }, 349);
    let mut found = if fixed {
        Digits::fixed(value, i64::from(count), EXACT)
    } else {
        Digits::significant(value, count.max(1) as usize, EXACT)
    };
    if value == 0.0 {
        found.point = 0;
        found.digits = vec![b'0'; count.max(0) as usize];
    }
    if !fixed {
        found.digits.truncate(count as usize);
    }
    (found.digits, found.point, value.is_sign_negative())
}

/// `_gcvt`: the shorter of fixed and exponential form.
fn general(value: f64, digits: i32) -> String {
    use crate::crt::float_text::{Style, print};
    let rules = FloatRules {
        exponent_digits: 3,
        ..EXACT
    };
    let precision = digits.clamp(1, 349) as usize;
    let style = Style {
        conversion: b'g',
        precision,
        alternate: true,
        upper: false,
    };
    let mut text = print(value, style, rules);
    strip_zeros(&mut text);
    if value.is_sign_negative() {
        format!("-{text}")
    } else {
        text
    }
}

/// Calls `_ecvt` and `_fcvt` for a thread's own buffer.
fn convert_own(
    cx: &Cx<'_>,
    found: (Vec<u8>, i32, bool),
    point: Addr,
    sign: Addr,
) -> Result<Addr, Trap> {
    let (digits, place, negative) = found;
    cx.write(point, place)?;
    cx.write(sign, i32::from(negative))?;
    let at = slot(cx, Slot::Digits)?;
    put_string(cx, at, &digits)?;
    Ok(at)
}

/// Calls `_ecvt_s` and `_fcvt_s` for a buffer of the caller's.
fn convert_into(
    cx: &mut Cx<'_>,
    (at, room): (Addr, Size),
    found: (Vec<u8>, i32, bool),
    point: Addr,
    sign: Addr,
) -> Result<i32, Trap> {
    let (digits, place, negative) = found;
    if at.is_null() || room.0 == 0 || point.is_null() || sign.is_null() {
        return refuse(cx, "_ecvt_s", errno::EINVAL);
    }
    if digits.len() as u64 >= room.0 {
        cx.write(at, 0_u8)?;
        return refuse(cx, "_ecvt_s", errno::ERANGE);
    }
    cx.write(point, place)?;
    cx.write(sign, i32::from(negative))?;
    put_string(cx, at, &digits)?;
    Ok(0)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Reads an `int` from text.
    fn atoi(cx, text: Addr) -> i32 {
        signed::<u8>(cx, text, Addr::NULL, 10, 32).map(|value| value as i32)
    }

    /// Reads a `long` from text.
    fn atol(cx, text: Addr) -> i32 {
        signed::<u8>(cx, text, Addr::NULL, 10, 32).map(|value| value as i32)
    }

    /// Reads a `long long` from text.
    fn atoll(cx, text: Addr) -> i64 {
        signed::<u8>(cx, text, Addr::NULL, 10, 64)
    }

    /// Reads a number of 64 bits from text.
    fn _atoi64(cx, text: Addr) -> i64 {
        signed::<u8>(cx, text, Addr::NULL, 10, 64)
    }

    /// Reads a `long` in some base from text.
    fn strtol(cx, text: Addr, end: Addr, base: i32) -> i32 {
        signed::<u8>(cx, text, end, base, 32).map(|value| value as i32)
    }

    /// Reads an `unsigned long` in some base from text.
    fn strtoul(cx, text: Addr, end: Addr, base: i32) -> u32 {
        unsigned::<u8>(cx, text, end, base, 32).map(|value| value as u32)
    }

    /// Reads a signed number of 64 bits in some base from text.
    fn _strtoi64(cx, text: Addr, end: Addr, base: i32) -> i64 {
        signed::<u8>(cx, text, end, base, 64)
    }

    /// Reads an unsigned number of 64 bits in some base from text.
    fn _strtoui64(cx, text: Addr, end: Addr, base: i32) -> u64 {
        unsigned::<u8>(cx, text, end, base, 64)
    }

    /// Reads an `int` from wide text.
    fn _wtoi(cx, text: Addr) -> i32 {
        signed::<u16>(cx, text, Addr::NULL, 10, 32).map(|value| value as i32)
    }

    /// Reads a `long` from wide text.
    fn _wtol(cx, text: Addr) -> i32 {
        signed::<u16>(cx, text, Addr::NULL, 10, 32).map(|value| value as i32)
    }

    /// Reads a `long long` from wide text.
    fn _wtoll(cx, text: Addr) -> i64 {
        signed::<u16>(cx, text, Addr::NULL, 10, 64)
    }

    /// Reads a number of 64 bits from wide text.
    fn _wtoi64(cx, text: Addr) -> i64 {
        signed::<u16>(cx, text, Addr::NULL, 10, 64)
    }

    /// Reads a `long` in some base from wide text.
    fn wcstol(cx, text: Addr, end: Addr, base: i32) -> i32 {
        signed::<u16>(cx, text, end, base, 32).map(|value| value as i32)
    }

    /// Reads an `unsigned long` in some base from wide text.
    fn wcstoul(cx, text: Addr, end: Addr, base: i32) -> u32 {
        unsigned::<u16>(cx, text, end, base, 32).map(|value| value as u32)
    }

    /// Reads a signed number of 64 bits in some base from wide text.
    fn _wcstoi64(cx, text: Addr, end: Addr, base: i32) -> i64 {
        signed::<u16>(cx, text, end, base, 64)
    }

    /// Reads an unsigned number of 64 bits in some base from wide text.
    fn _wcstoui64(cx, text: Addr, end: Addr, base: i32) -> u64 {
        unsigned::<u16>(cx, text, end, base, 64)
    }

    /// Prints an `int` in some base as text.
    fn _itoa(cx, value: i32, at: Addr, radix: i32) -> Addr {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u8>(cx, bits, value < 0, (at, None), radix)?;
        Ok(at)
    }

    /// Prints an `int` in some base as text into a buffer of known size.
    fn _itoa_s(cx, value: i32, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u8>(cx, bits, value < 0, (at, Some(room.0)), radix)
    }

    /// Prints an `int` in some base as wide text.
    fn _itow(cx, value: i32, at: Addr, radix: i32) -> Addr {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u16>(cx, bits, value < 0, (at, None), radix)?;
        Ok(at)
    }

    /// Prints an `int` in some base as wide text into a buffer of known size.
    fn _itow_s(cx, value: i32, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u16>(cx, bits, value < 0, (at, Some(room.0)), radix)
    }

    /// Prints a `long` in some base as text.
    fn _ltoa(cx, value: i32, at: Addr, radix: i32) -> Addr {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u8>(cx, bits, value < 0, (at, None), radix)?;
        Ok(at)
    }

    /// Prints a `long` in some base as text into a buffer of known size.
    fn _ltoa_s(cx, value: i32, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u8>(cx, bits, value < 0, (at, Some(room.0)), radix)
    }

    /// Prints a `long` in some base as wide text.
    fn _ltow(cx, value: i32, at: Addr, radix: i32) -> Addr {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u16>(cx, bits, value < 0, (at, None), radix)?;
        Ok(at)
    }

    /// Prints a `long` in some base as wide text into a buffer of known size.
    fn _ltow_s(cx, value: i32, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = if radix == 10 { i64::from(value) as u64 } else { u64::from(value as u32) };
        print::<u16>(cx, bits, value < 0, (at, Some(room.0)), radix)
    }

    /// Prints an `unsigned long` in some base as text.
    fn _ultoa(cx, value: u32, at: Addr, radix: i32) -> Addr {
        let bits = u64::from(value);
        print::<u8>(cx, bits, false, (at, None), radix)?;
        Ok(at)
    }

    /// Prints an `unsigned long` in some base as text into a buffer of known size.
    fn _ultoa_s(cx, value: u32, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = u64::from(value);
        print::<u8>(cx, bits, false, (at, Some(room.0)), radix)
    }

    /// Prints an `unsigned long` in some base as wide text.
    fn _ultow(cx, value: u32, at: Addr, radix: i32) -> Addr {
        let bits = u64::from(value);
        print::<u16>(cx, bits, false, (at, None), radix)?;
        Ok(at)
    }

    /// Prints an `unsigned long` in some base as wide text into a buffer of known size.
    fn _ultow_s(cx, value: u32, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = u64::from(value);
        print::<u16>(cx, bits, false, (at, Some(room.0)), radix)
    }

    /// Prints a number of 64 bits in some base as text.
    fn _i64toa(cx, value: i64, at: Addr, radix: i32) -> Addr {
        let bits = value as u64;
        print::<u8>(cx, bits, value < 0, (at, None), radix)?;
        Ok(at)
    }

    /// Prints a number of 64 bits in some base as text into a buffer of known size.
    fn _i64toa_s(cx, value: i64, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = value as u64;
        print::<u8>(cx, bits, value < 0, (at, Some(room.0)), radix)
    }

    /// Prints a number of 64 bits in some base as wide text.
    fn _i64tow(cx, value: i64, at: Addr, radix: i32) -> Addr {
        let bits = value as u64;
        print::<u16>(cx, bits, value < 0, (at, None), radix)?;
        Ok(at)
    }

    /// Prints a number of 64 bits in some base as wide text into a buffer of known size.
    fn _i64tow_s(cx, value: i64, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = value as u64;
        print::<u16>(cx, bits, value < 0, (at, Some(room.0)), radix)
    }

    /// Prints an unsigned number of 64 bits in some base as text.
    fn _ui64toa(cx, value: u64, at: Addr, radix: i32) -> Addr {
        let bits = value;
        print::<u8>(cx, bits, false, (at, None), radix)?;
        Ok(at)
    }

    /// Prints an unsigned number of 64 bits in some base as text into a buffer of known size.
    fn _ui64toa_s(cx, value: u64, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = value;
        print::<u8>(cx, bits, false, (at, Some(room.0)), radix)
    }

    /// Prints an unsigned number of 64 bits in some base as wide text.
    fn _ui64tow(cx, value: u64, at: Addr, radix: i32) -> Addr {
        let bits = value;
        print::<u16>(cx, bits, false, (at, None), radix)?;
        Ok(at)
    }

    /// Prints an unsigned number of 64 bits in some base as wide text into a buffer of known size.
    fn _ui64tow_s(cx, value: u64, at: Addr, room: Size, radix: i32) -> i32 {
        let bits = value;
        print::<u16>(cx, bits, false, (at, Some(room.0)), radix)
    }

    /// Answers the digits of a number, as many as `count`.
    fn _ecvt(cx, value: f64, count: i32, point: Addr, sign: Addr) -> Addr {
        convert_own(cx, convert(value, count, false), point, sign)
    }

    /// Answers the digits of a number, `count` of them behind the point.
    fn _fcvt(cx, value: f64, count: i32, point: Addr, sign: Addr) -> Addr {
        convert_own(cx, convert(value, count, true), point, sign)
    }

    /// Prints the digits of a number, as many as `count`.
    fn _ecvt_s(cx, at: Addr, room: Size, value: f64, count: i32, point: Addr, sign: Addr) -> i32 {
        convert_into(cx, (at, room), convert(value, count, false), point, sign)
    }

    /// Prints the digits of a number, `count` of them behind the point.
    fn _fcvt_s(cx, at: Addr, room: Size, value: f64, count: i32, point: Addr, sign: Addr) -> i32 {
        convert_into(cx, (at, room), convert(value, count, true), point, sign)
    }

    /// Prints a number with so many significant digits.
    fn _gcvt(cx, value: f64, digits: i32, at: Addr) -> Addr {
        put_string(cx, at, general(value, digits).as_bytes())?;
        Ok(at)
    }

    /// Prints a number with so many significant digits into a buffer of known size.
    fn _gcvt_s(cx, at: Addr, room: Size, value: f64, digits: i32) -> i32 {
        let text = general(value, digits);
        if at.is_null() || room.0 == 0 {
            return refuse(cx, "_gcvt_s", errno::EINVAL);
        }
        if text.len() as u64 >= room.0 {
            cx.write(at, 0_u8)?;
            return refuse(cx, "_gcvt_s", errno::ERANGE);
        }
        put_string(cx, at, text.as_bytes())?;
        Ok(0)
    }

    /// Answers a magnitude.
    fn abs(cx, value: i32) -> i32 {
        Ok(value.wrapping_abs())
    }

    /// Answers the magnitude of a `long`.
    fn labs(cx, value: i32) -> i32 {
        Ok(value.wrapping_abs())
    }

    /// Answers the magnitude of a `long long`.
    fn llabs(cx, value: i64) -> i64 {
        Ok(value.wrapping_abs())
    }

    /// Divides: the quotient in the low half, the rest in the high one.
    fn div(cx, over: i32, under: i32) -> u64 {
        if under == 0 {
            return Err(Trap::exception(INTEGER_DIVIDE_BY_ZERO));
        }
        let (quotient, rest) = (over.wrapping_div(under), over.wrapping_rem(under));
        Ok(u64::from(quotient as u32) | (u64::from(rest as u32) << 32))
    }

    /// Divides numbers of 64 bits and stores quotient and rest.
    fn lldiv(cx, result: Addr, over: i64, under: i64) -> Addr {
        if under == 0 {
            return Err(Trap::exception(INTEGER_DIVIDE_BY_ZERO));
        }
        cx.write(result, over.wrapping_div(under))?;
        cx.write(result.offset(8), over.wrapping_rem(under))?;
        Ok(result)
    }

    /// Seeds the random numbers of this thread.
    fn srand(cx, seed: u32) {
        cx.thread().state::<Own>().random.set(Some(seed));
        Ok(())
    }

    /// Answers the next random number of this thread, from 0 to `RAND_MAX` (0x7fff).
    fn rand(cx) -> i32 {
        let own = cx.thread().state::<Own>();
        let next = own.random.get().unwrap_or(1).wrapping_mul(214_013).wrapping_add(2_531_011);
        own.random.set(Some(next));
        Ok((next >> 16 & 0x7fff) as i32)
    }

    /// Stores a number that nobody can foresee.
    fn rand_s(cx, at: Addr) -> i32 {
        if at.is_null() {
            return refuse(cx, "rand_s", errno::EINVAL);
        }
        let mut bytes = [0; 4];
        // SAFETY: the buffer is ours and as long as it says.
        let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
        if got != bytes.len() as isize {
            return fail(cx, errno::ENOMEM, errno::ENOMEM);
        }
        cx.put(at, &bytes)?;
        Ok(0)
    }
}

/// `STATUS_INTEGER_DIVIDE_BY_ZERO`.
const INTEGER_DIVIDE_BY_ZERO: u32 = 0xC000_0094;

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "atoi" as "_atoi_l",
        "atol" as "_atol_l",
        "atoll" as "_atoll_l",
        "_atoi64" as "_atoi64_l",
        "_wtoi" as "_wtoi_l",
        "_wtol" as "_wtol_l",
        "_wtoll" as "_wtoll_l",
        "_wtoi64" as "_wtoi64_l",
        "div" as "ldiv",
        "llabs" as "_abs64",
        "llabs" as "imaxabs",
        "lldiv" as "imaxdiv",
        "strtol" as "_strtol_l",
        "strtoul" as "_strtoul_l",
        "_strtoi64" as "_strtoi64_l",
        "_strtoui64" as "_strtoui64_l",
        "_strtoi64" as "strtoll",
        "_strtoui64" as "strtoull",
        "_strtoi64" as "strtoimax",
        "_strtoui64" as "strtoumax",
        "_strtoi64" as "_strtoll_l",
        "_strtoui64" as "_strtoull_l",
        "_strtoi64" as "_strtoimax_l",
        "_strtoui64" as "_strtoumax_l",
        "wcstol" as "_wcstol_l",
        "wcstoul" as "_wcstoul_l",
        "_wcstoi64" as "_wcstoi64_l",
        "_wcstoui64" as "_wcstoui64_l",
        "_wcstoi64" as "wcstoll",
        "_wcstoui64" as "wcstoull",
        "_wcstoi64" as "wcstoimax",
        "_wcstoui64" as "wcstoumax",
        "_wcstoi64" as "_wcstoll_l",
        "_wcstoui64" as "_wcstoull_l",
        "_wcstoi64" as "_wcstoimax_l",
        "_wcstoui64" as "_wcstoumax_l";
}

shims! {
    pub(in crate::dll) static OLD = "msvcrt.dll", cdecl;

    /// Reads a `double` from text.
    fn atof(cx, text: Addr) -> f64 {
        float::<u8>(cx, text, Addr::NULL, Spelling::Old)
    }

    /// Reads a `double` from text and tells where it ends.
    fn strtod(cx, text: Addr, end: Addr) -> f64 {
        float::<u8>(cx, text, end, Spelling::Old)
    }

    /// Reads a `float` from text and tells where it ends.
    fn strtof(cx, text: Addr, end: Addr) -> f32 {
        single::<u8>(cx, text, end, Spelling::Old)
    }

    /// Reads a `double` from wide text.
    fn _wtof(cx, text: Addr) -> f64 {
        float::<u16>(cx, text, Addr::NULL, Spelling::Old)
    }

    /// Reads a `double` from wide text and tells where it ends.
    fn wcstod(cx, text: Addr, end: Addr) -> f64 {
        float::<u16>(cx, text, end, Spelling::Old)
    }

    /// Reads a `float` from wide text and tells where it ends.
    fn wcstof(cx, text: Addr, end: Addr) -> f32 {
        single::<u16>(cx, text, end, Spelling::Old)
    }

    /// Stores the `double` that a text holds; 3 when it is too large, 4 when too small.
    fn _atodbl(cx, at: Addr, text: Addr) -> i32 {
        let value = float::<u8>(cx, text, Addr::NULL, Spelling::Old)?;
        cx.write(at, value)?;
        Ok(if value.is_infinite() { 3 } else { 0 })
    }

    /// Stores the `float` that a text holds; 3 when it is too large, 4 when too small.
    fn _atoflt(cx, at: Addr, text: Addr) -> i32 {
        let value = single::<u8>(cx, text, Addr::NULL, Spelling::Old)?;
        cx.write(at, value)?;
        Ok(if value.is_infinite() { 3 } else { 0 })
    }
}

aliases! {
    pub(in crate::dll) static OLD_ALIASES;
    OLD =>
        "atof" as "_atof_l",
        "_wtof" as "_wtof_l",
        "strtod" as "_strtod_l",
        "wcstod" as "_wcstod_l",
        "strtof" as "_strtof_l",
        "wcstof" as "_wcstof_l",
        "strtod" as "strtold",
        "wcstod" as "wcstold",
        "strtod" as "_strtold_l",
        "wcstod" as "_wcstold_l",
        "_atodbl" as "_atodbl_l",
        "_atoflt" as "_atoflt_l";
}

shims! {
    pub(in crate::dll) static C99 = "ucrtbase.dll", cdecl;

    /// Reads a `double` from text.
    fn atof(cx, text: Addr) -> f64 {
        float::<u8>(cx, text, Addr::NULL, Spelling::C99)
    }

    /// Reads a `double` from text and tells where it ends.
    fn strtod(cx, text: Addr, end: Addr) -> f64 {
        float::<u8>(cx, text, end, Spelling::C99)
    }

    /// Reads a `float` from text and tells where it ends.
    fn strtof(cx, text: Addr, end: Addr) -> f32 {
        single::<u8>(cx, text, end, Spelling::C99)
    }

    /// Reads a `double` from wide text.
    fn _wtof(cx, text: Addr) -> f64 {
        float::<u16>(cx, text, Addr::NULL, Spelling::C99)
    }

    /// Reads a `double` from wide text and tells where it ends.
    fn wcstod(cx, text: Addr, end: Addr) -> f64 {
        float::<u16>(cx, text, end, Spelling::C99)
    }

    /// Reads a `float` from wide text and tells where it ends.
    fn wcstof(cx, text: Addr, end: Addr) -> f32 {
        single::<u16>(cx, text, end, Spelling::C99)
    }

    /// Stores the `double` that a text holds; 3 when it is too large, 4 when too small.
    fn _atodbl(cx, at: Addr, text: Addr) -> i32 {
        let value = float::<u8>(cx, text, Addr::NULL, Spelling::C99)?;
        cx.write(at, value)?;
        Ok(if value.is_infinite() { 3 } else { 0 })
    }

    /// Stores the `float` that a text holds; 3 when it is too large, 4 when too small.
    fn _atoflt(cx, at: Addr, text: Addr) -> i32 {
        let value = single::<u8>(cx, text, Addr::NULL, Spelling::C99)?;
        cx.write(at, value)?;
        Ok(if value.is_infinite() { 3 } else { 0 })
    }
}

aliases! {
    pub(in crate::dll) static C99_ALIASES;
    C99 =>
        "atof" as "_atof_l",
        "_wtof" as "_wtof_l",
        "strtod" as "_strtod_l",
        "wcstod" as "_wcstod_l",
        "strtof" as "_strtof_l",
        "wcstof" as "_wcstof_l",
        "strtod" as "strtold",
        "wcstod" as "wcstold",
        "strtod" as "_strtold_l",
        "wcstod" as "_wcstold_l",
        "_atodbl" as "_atodbl_l",
        "_atoflt" as "_atoflt_l";
}
