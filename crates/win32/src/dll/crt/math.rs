//! `<math.h>`: the functions of C99, in `double` and `float`.

use super::aliases;
use super::runtime::{errno, set_errno};
use crate::cx::Cx;
use crate::shim::{Addr, shims};
use crate::trap::Trap;

// The host's C library has what Rust's does not.
unsafe extern "C" {
    safe fn erf(value: f64) -> f64;
    safe fn erff(value: f32) -> f32;
    safe fn erfc(value: f64) -> f64;
    safe fn erfcf(value: f32) -> f32;
    safe fn tgamma(value: f64) -> f64;
    safe fn tgammaf(value: f32) -> f32;
    safe fn lgamma_r(value: f64, sign: &mut i32) -> f64;
    safe fn remquo(value: f64, under: f64, quotient: &mut i32) -> f64;
    safe fn remquof(value: f32, under: f32, quotient: &mut i32) -> f32;
    safe fn logb(value: f64) -> f64;
    safe fn logbf(value: f32) -> f32;
    safe fn ilogb(value: f64) -> i32;
    safe fn ilogbf(value: f32) -> i32;
    safe fn scalbln(value: f64, power: i64) -> f64;
    safe fn scalblnf(value: f32, power: i64) -> f32;
    safe fn frexp(value: f64, power: &mut i32) -> f64;
    safe fn nextafter(value: f64, towards: f64) -> f64;
    safe fn nextafterf(value: f32, towards: f32) -> f32;
    safe fn rint(value: f64) -> f64;
    safe fn rintf(value: f32) -> f32;
    safe fn nearbyint(value: f64) -> f64;
    safe fn nearbyintf(value: f32) -> f32;
    safe fn j0(value: f64) -> f64;
    safe fn j1(value: f64) -> f64;
    safe fn jn(order: i32, value: f64) -> f64;
    safe fn y0(value: f64) -> f64;
    safe fn y1(value: f64) -> f64;
    safe fn yn(order: i32, value: f64) -> f64;
}

/// Tells the caller by `errno` that a result is none, or that it is too large.
fn checked(cx: &Cx<'_>, result: f64, defined: bool) -> Result<f64, Trap> {
    if result.is_nan() && defined {
        set_errno(cx, errno::EDOM)?;
    } else if result.is_infinite() && defined {
        set_errno(cx, errno::ERANGE)?;
    }
    Ok(result)
}

/// As [`checked`], for `float`.
fn checked_single(cx: &Cx<'_>, result: f32, defined: bool) -> Result<f32, Trap> {
    checked(cx, f64::from(result), defined)?;
    Ok(result)
}

/// A number as an `int` type of the C library; what does not fit is the smallest of all.
fn to_long(cx: &Cx<'_>, value: f64) -> Result<i32, Trap> {
    if (-2_147_483_648.0..=2_147_483_647.0).contains(&value) {
        return Ok(value as i32);
    }
    set_errno(cx, errno::EDOM)?;
    Ok(i32::MIN)
}

/// As [`to_long`], of 64 bits.
fn to_long_long(cx: &Cx<'_>, value: f64) -> Result<i64, Trap> {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        return Ok(value as i64);
    }
    set_errno(cx, errno::EDOM)?;
    Ok(i64::MIN)
}

/// `_fpclass`: one bit for each kind of number.
fn class(value: f64) -> i32 {
    let negative = value.is_sign_negative();
    let quiet = value.to_bits() & 0x0008_0000_0000_0000 != 0;
    match value.classify() {
        std::num::FpCategory::Nan => {
            if quiet {
                2
            } else {
                1
            }
        }
        std::num::FpCategory::Infinite => {
            if negative {
                4
            } else {
                0x200
            }
        }
        std::num::FpCategory::Normal => {
            if negative {
                8
            } else {
                0x100
            }
        }
        std::num::FpCategory::Subnormal => {
            if negative {
                0x10
            } else {
                0x80
            }
        }
        std::num::FpCategory::Zero => {
            if negative {
                0x20
            } else {
                0x40
            }
        }
    }
}

/// `fpclassify`: `FP_NORMAL` is -1, `FP_SUBNORMAL` -2, `FP_ZERO` 0, `FP_INFINITE` 1, `FP_NAN` 2.
fn classify(category: std::num::FpCategory) -> i16 {
    match category {
        std::num::FpCategory::Nan => 2,
        std::num::FpCategory::Infinite => 1,
        std::num::FpCategory::Zero => 0,
        std::num::FpCategory::Normal => -1,
        std::num::FpCategory::Subnormal => -2,
    }
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers the sine.
    fn sin(cx, value: f64) -> f64 { checked(cx, value.sin(), value.is_finite()) }

    /// Answers the sine of a `float`.
    fn sinf(cx, value: f32) -> f32 { checked_single(cx, value.sin(), value.is_finite()) }

    /// Answers the cosine.
    fn cos(cx, value: f64) -> f64 { checked(cx, value.cos(), value.is_finite()) }

    /// Answers the cosine of a `float`.
    fn cosf(cx, value: f32) -> f32 { checked_single(cx, value.cos(), value.is_finite()) }

    /// Answers the tangent.
    fn tan(cx, value: f64) -> f64 { checked(cx, value.tan(), value.is_finite()) }

    /// Answers the tangent of a `float`.
    fn tanf(cx, value: f32) -> f32 { checked_single(cx, value.tan(), value.is_finite()) }

    /// Answers the angle of a sine.
    fn asin(cx, value: f64) -> f64 { checked(cx, value.asin(), value.is_finite()) }

    /// Answers the angle of a sine of a `float`.
    fn asinf(cx, value: f32) -> f32 { checked_single(cx, value.asin(), value.is_finite()) }

    /// Answers the angle of a cosine.
    fn acos(cx, value: f64) -> f64 { checked(cx, value.acos(), value.is_finite()) }

    /// Answers the angle of a cosine of a `float`.
    fn acosf(cx, value: f32) -> f32 { checked_single(cx, value.acos(), value.is_finite()) }

    /// Answers the angle of a tangent.
    fn atan(cx, value: f64) -> f64 { checked(cx, value.atan(), value.is_finite()) }

    /// Answers the angle of a tangent of a `float`.
    fn atanf(cx, value: f32) -> f32 { checked_single(cx, value.atan(), value.is_finite()) }

    /// Answers the hyperbolic sine.
    fn sinh(cx, value: f64) -> f64 { checked(cx, value.sinh(), value.is_finite()) }

    /// Answers the hyperbolic sine of a `float`.
    fn sinhf(cx, value: f32) -> f32 { checked_single(cx, value.sinh(), value.is_finite()) }

    /// Answers the hyperbolic cosine.
    fn cosh(cx, value: f64) -> f64 { checked(cx, value.cosh(), value.is_finite()) }

    /// Answers the hyperbolic cosine of a `float`.
    fn coshf(cx, value: f32) -> f32 { checked_single(cx, value.cosh(), value.is_finite()) }

    /// Answers the hyperbolic tangent.
    fn tanh(cx, value: f64) -> f64 { checked(cx, value.tanh(), value.is_finite()) }

    /// Answers the hyperbolic tangent of a `float`.
    fn tanhf(cx, value: f32) -> f32 { checked_single(cx, value.tanh(), value.is_finite()) }

    /// Answers the inverse hyperbolic sine.
    fn asinh(cx, value: f64) -> f64 { checked(cx, value.asinh(), value.is_finite()) }

    /// Answers the inverse hyperbolic sine of a `float`.
    fn asinhf(cx, value: f32) -> f32 { checked_single(cx, value.asinh(), value.is_finite()) }

    /// Answers the inverse hyperbolic cosine.
    fn acosh(cx, value: f64) -> f64 { checked(cx, value.acosh(), value.is_finite()) }

    /// Answers the inverse hyperbolic cosine of a `float`.
    fn acoshf(cx, value: f32) -> f32 { checked_single(cx, value.acosh(), value.is_finite()) }

    /// Answers the inverse hyperbolic tangent.
    fn atanh(cx, value: f64) -> f64 { checked(cx, value.atanh(), value.is_finite()) }

    /// Answers the inverse hyperbolic tangent of a `float`.
    fn atanhf(cx, value: f32) -> f32 { checked_single(cx, value.atanh(), value.is_finite()) }

    /// Answers a power of e.
    fn exp(cx, value: f64) -> f64 { checked(cx, value.exp(), value.is_finite()) }

    /// Answers a power of e of a `float`.
    fn expf(cx, value: f32) -> f32 { checked_single(cx, value.exp(), value.is_finite()) }

    /// Answers a power of two.
    fn exp2(cx, value: f64) -> f64 { checked(cx, value.exp2(), value.is_finite()) }

    /// Answers a power of two of a `float`.
    fn exp2f(cx, value: f32) -> f32 { checked_single(cx, value.exp2(), value.is_finite()) }

    /// Answers a power of e less one.
    fn expm1(cx, value: f64) -> f64 { checked(cx, value.exp_m1(), value.is_finite()) }

    /// Answers a power of e less one of a `float`.
    fn expm1f(cx, value: f32) -> f32 { checked_single(cx, value.exp_m1(), value.is_finite()) }

    /// Answers the natural logarithm.
    fn log(cx, value: f64) -> f64 { checked(cx, value.ln(), value.is_finite()) }

    /// Answers the natural logarithm of a `float`.
    fn logf(cx, value: f32) -> f32 { checked_single(cx, value.ln(), value.is_finite()) }

    /// Answers the logarithm to base two.
    fn log2(cx, value: f64) -> f64 { checked(cx, value.log2(), value.is_finite()) }

    /// Answers the logarithm to base two of a `float`.
    fn log2f(cx, value: f32) -> f32 { checked_single(cx, value.log2(), value.is_finite()) }

    /// Answers the logarithm to base ten.
    fn log10(cx, value: f64) -> f64 { checked(cx, value.log10(), value.is_finite()) }

    /// Answers the logarithm to base ten of a `float`.
    fn log10f(cx, value: f32) -> f32 { checked_single(cx, value.log10(), value.is_finite()) }

    /// Answers the natural logarithm of one more.
    fn log1p(cx, value: f64) -> f64 { checked(cx, value.ln_1p(), value.is_finite()) }

    /// Answers the natural logarithm of one more of a `float`.
    fn log1pf(cx, value: f32) -> f32 { checked_single(cx, value.ln_1p(), value.is_finite()) }

    /// Answers the square root.
    fn sqrt(cx, value: f64) -> f64 { checked(cx, value.sqrt(), value.is_finite()) }

    /// Answers the square root of a `float`.
    fn sqrtf(cx, value: f32) -> f32 { checked_single(cx, value.sqrt(), value.is_finite()) }

    /// Answers the cube root.
    fn cbrt(cx, value: f64) -> f64 { Ok(value.cbrt()) }

    /// Answers the cube root, for `float`.
    fn cbrtf(cx, value: f32) -> f32 { Ok(value.cbrt()) }

    /// Rounds down.
    fn floor(cx, value: f64) -> f64 { Ok(value.floor()) }

    /// Rounds down, for `float`.
    fn floorf(cx, value: f32) -> f32 { Ok(value.floor()) }

    /// Rounds up.
    fn ceil(cx, value: f64) -> f64 { Ok(value.ceil()) }

    /// Rounds up, for `float`.
    fn ceilf(cx, value: f32) -> f32 { Ok(value.ceil()) }

    /// Rounds towards zero.
    fn trunc(cx, value: f64) -> f64 { Ok(value.trunc()) }

    /// Rounds towards zero, for `float`.
    fn truncf(cx, value: f32) -> f32 { Ok(value.trunc()) }

    /// Rounds to the nearest whole number, halves away from zero.
    fn round(cx, value: f64) -> f64 { Ok(value.round()) }

    /// Rounds to the nearest whole number, halves away from zero, for `float`.
    fn roundf(cx, value: f32) -> f32 { Ok(value.round()) }

    /// Rounds as the rounding mode says.
    fn rint(cx, value: f64) -> f64 { Ok(rint(value)) }

    /// Rounds as the rounding mode says, for `float`.
    fn rintf(cx, value: f32) -> f32 { Ok(rintf(value)) }

    /// Rounds as the rounding mode says, without raising inexact.
    fn nearbyint(cx, value: f64) -> f64 { Ok(nearbyint(value)) }

    /// Rounds as the rounding mode says, without raising inexact, for `float`.
    fn nearbyintf(cx, value: f32) -> f32 { Ok(nearbyintf(value)) }

    /// Answers the magnitude.
    fn fabs(cx, value: f64) -> f64 { Ok(value.abs()) }

    /// Answers the magnitude, for `float`.
    fn fabsf(cx, value: f32) -> f32 { Ok(value.abs()) }

    /// Answers the error function.
    fn erf(cx, value: f64) -> f64 { Ok(erf(value)) }

    /// Answers the error function, for `float`.
    fn erff(cx, value: f32) -> f32 { Ok(erff(value)) }

    /// Answers one less the error function.
    fn erfc(cx, value: f64) -> f64 { Ok(erfc(value)) }

    /// Answers one less the error function, for `float`.
    fn erfcf(cx, value: f32) -> f32 { Ok(erfcf(value)) }

    /// Answers the gamma function.
    fn tgamma(cx, value: f64) -> f64 { Ok(tgamma(value)) }

    /// Answers the gamma function, for `float`.
    fn tgammaf(cx, value: f32) -> f32 { Ok(tgammaf(value)) }

    /// Answers the exponent of a number.
    fn logb(cx, value: f64) -> f64 { Ok(logb(value)) }

    /// Answers the exponent of a number, for `float`.
    fn logbf(cx, value: f32) -> f32 { Ok(logbf(value)) }

    /// Answers the logarithm of the gamma function.
    fn lgamma(cx, value: f64) -> f64 { Ok(lgamma_r(value, &mut 0)) }

    /// Answers the logarithm of the gamma function of a `float`.
    fn lgammaf(cx, value: f32) -> f32 { Ok(lgamma_r(f64::from(value), &mut 0) as f32) }

    /// Answers the angle of a point.
    fn atan2(cx, one: f64, other: f64) -> f64 { Ok(one.atan2(other)) }

    /// Answers the angle of a point, for `float`.
    fn atan2f(cx, one: f32, other: f32) -> f32 { Ok(one.atan2(other)) }

    /// Raises a number to a power.
    fn pow(cx, one: f64, other: f64) -> f64 { checked(cx, one.powf(other), one.is_finite() && other.is_finite()) }

    /// Raises a number to a power, for `float`.
    fn powf(cx, one: f32, other: f32) -> f32 {
        checked_single(cx, one.powf(other), one.is_finite() && other.is_finite())
    }

    /// Answers the rest of a division.
    fn fmod(cx, one: f64, other: f64) -> f64 { checked(cx, one % other, one.is_finite() && other.is_finite()) }

    /// Answers the rest of a division, for `float`.
    fn fmodf(cx, one: f32, other: f32) -> f32 { checked_single(cx, one % other, one.is_finite() && other.is_finite()) }

    /// Answers the length of a hypotenuse.
    fn hypot(cx, one: f64, other: f64) -> f64 { checked(cx, one.hypot(other), one.is_finite() && other.is_finite()) }

    /// Answers the length of a hypotenuse, for `float`.
    fn hypotf(cx, one: f32, other: f32) -> f32 {
        checked_single(cx, one.hypot(other), one.is_finite() && other.is_finite())
    }

    /// Answers the larger number.
    fn fmax(cx, one: f64, other: f64) -> f64 { Ok(one.max(other)) }

    /// Answers the larger number, for `float`.
    fn fmaxf(cx, one: f32, other: f32) -> f32 { Ok(one.max(other)) }

    /// Answers the smaller number.
    fn fmin(cx, one: f64, other: f64) -> f64 { Ok(one.min(other)) }

    /// Answers the smaller number, for `float`.
    fn fminf(cx, one: f32, other: f32) -> f32 { Ok(one.min(other)) }

    /// Answers by how much one number is larger.
    fn fdim(cx, one: f64, other: f64) -> f64 {
        Ok(if one > other { one - other } else if one.is_nan() || other.is_nan() { one + other } else { 0.0 })
    }

    /// Answers by how much one number is larger, for `float`.
    fn fdimf(cx, one: f32, other: f32) -> f32 {
        Ok(if one > other { one - other } else if one.is_nan() || other.is_nan() { one + other } else { 0.0 })
    }

    /// Answers a number with the sign of another.
    fn copysign(cx, one: f64, other: f64) -> f64 { Ok(one.copysign(other)) }

    /// Answers a number with the sign of another, for `float`.
    fn copysignf(cx, one: f32, other: f32) -> f32 { Ok(one.copysign(other)) }

    /// Answers the rest of a division that rounds to the nearest.
    fn remainder(cx, one: f64, other: f64) -> f64 {
        checked(cx, remquo(one, other, &mut 0), one.is_finite() && !other.is_nan())
    }

    /// Answers the rest of a division that rounds to the nearest, for `float`.
    fn remainderf(cx, one: f32, other: f32) -> f32 {
        checked_single(cx, remquof(one, other, &mut 0), one.is_finite() && !other.is_nan())
    }

    /// Answers the next number towards another.
    fn nextafter(cx, one: f64, other: f64) -> f64 { Ok(nextafter(one, other)) }

    /// Answers the next `float` towards another.
    fn nextafterf(cx, one: f32, other: f32) -> f32 { Ok(nextafterf(one, other)) }

    /// Answers the next `float` towards a `long double`.
    fn nexttowardf(cx, one: f32, other: f64) -> f32 {
        Ok(if f64::from(one) == other {
            other as f32
        } else {
            nextafterf(one, if other > f64::from(one) { f32::INFINITY } else if other.is_nan() { f32::NAN } else { f32::NEG_INFINITY })
        })
    }

    /// Takes a number apart into fraction and power of two.
    fn frexp(cx, value: f64, power: Addr) -> f64 {
        let mut found = 0;
        let fraction = frexp(value, &mut found);
        cx.write(power, found)?;
        Ok(fraction)
    }

    /// Takes a number apart into whole and fraction.
    fn modf(cx, value: f64, whole: Addr) -> f64 {
        cx.write(whole, value.trunc())?;
        let rest = if value.is_infinite() { 0.0 } else { value - value.trunc() };
        Ok(rest.copysign(value))
    }

    /// Multiplies by a power of two.
    fn ldexp(cx, value: f64, power: i32) -> f64 { checked(cx, scalbln(value, i64::from(power)), value.is_finite()) }

    /// Answers the exponent of a number as an `int`.
    fn ilogb(cx, value: f64) -> i32 {
        Ok(if value.is_nan() { i32::MAX } else if value == 0.0 { i32::MIN } else { ilogb(value) })
    }

    /// Rounds to a `long`, as the rounding mode says.
    fn lrint(cx, value: f64) -> i32 { to_long(cx, rint(value)) }

    /// Rounds to a `long long`, as the rounding mode says.
    fn llrint(cx, value: f64) -> i64 { to_long_long(cx, rint(value)) }

    /// Rounds to a `long`, halves away from zero.
    fn lround(cx, value: f64) -> i32 { to_long(cx, value.round()) }

    /// Rounds to a `long long`, halves away from zero.
    fn llround(cx, value: f64) -> i64 { to_long_long(cx, value.round()) }

    /// Multiplies and adds, rounded once.
    fn fma(cx, one: f64, other: f64, more: f64) -> f64 { Ok(one.mul_add(other, more)) }

    /// Answers the rest of a division and the low bits of the quotient.
    fn remquo(cx, one: f64, other: f64, quotient: Addr) -> f64 {
        let mut found = 0;
        let rest = remquo(one, other, &mut found);
        cx.write(quotient, found)?;
        Ok(rest)
    }

    /// Answers no number, quietly.
    fn nan(cx, tag: Addr) -> f64 { Ok(f64::NAN) }

    /// Answers a number with the other sign.
    fn _chgsign(cx, value: f64) -> f64 { Ok(-value) }

    /// Tells whether a number is neither infinite nor none.
    fn _finite(cx, value: f64) -> i32 { Ok(i32::from(value.is_finite())) }

    /// Tells whether a value is no number.
    fn _isnan(cx, value: f64) -> i32 { Ok(i32::from(value.is_nan())) }

    /// Tells what kind of number this is.
    fn _dclass(cx, value: f64) -> i16 { Ok(classify(value.classify())) }

    /// Tells what kind of number an address points at.
    fn _dtest(cx, at: Addr) -> i16 { Ok(classify(cx.read::<f64>(at)?.classify())) }

    /// Answers 0x8000 for a negative number.
    fn _dsign(cx, value: f64) -> i32 { Ok(if value.is_sign_negative() { 0x8000 } else { 0 }) }

    /// Takes a number apart into fraction and power of two, for `float`.
    fn frexpf(cx, value: f32, power: Addr) -> f32 {
        let mut found = 0;
        let fraction = frexp(f64::from(value), &mut found);
        cx.write(power, found)?;
        Ok(fraction as f32)
    }

    /// Takes a number apart into whole and fraction, for `float`.
    fn modff(cx, value: f32, whole: Addr) -> f32 {
        cx.write(whole, value.trunc())?;
        let rest = if value.is_infinite() { 0.0 } else { value - value.trunc() };
        Ok(rest.copysign(value))
    }

    /// Multiplies by a power of two, for `float`.
    fn ldexpf(cx, value: f32, power: i32) -> f32 {
        checked_single(cx, scalblnf(value, i64::from(power)), value.is_finite())
    }

    /// Answers the exponent of a number as an `int`, for `float`.
    fn ilogbf(cx, value: f32) -> i32 {
        Ok(if value.is_nan() { i32::MAX } else if value == 0.0 { i32::MIN } else { ilogbf(value) })
    }

    /// Rounds to a `long`, as the rounding mode says, for `float`.
    fn lrintf(cx, value: f32) -> i32 { to_long(cx, f64::from(rintf(value))) }

    /// Rounds to a `long long`, as the rounding mode says, for `float`.
    fn llrintf(cx, value: f32) -> i64 { to_long_long(cx, f64::from(rintf(value))) }

    /// Rounds to a `long`, halves away from zero, for `float`.
    fn lroundf(cx, value: f32) -> i32 { to_long(cx, f64::from(value.round())) }

    /// Rounds to a `long long`, halves away from zero, for `float`.
    fn llroundf(cx, value: f32) -> i64 { to_long_long(cx, f64::from(value.round())) }

    /// Multiplies and adds, rounded once, for `float`.
    fn fmaf(cx, one: f32, other: f32, more: f32) -> f32 { Ok(one.mul_add(other, more)) }

    /// Answers the rest of a division and the low bits of the quotient, for `float`.
    fn remquof(cx, one: f32, other: f32, quotient: Addr) -> f32 {
        let mut found = 0;
        let rest = remquof(one, other, &mut found);
        cx.write(quotient, found)?;
        Ok(rest)
    }

    /// Answers no number, quietly, for `float`.
    fn nanf(cx, tag: Addr) -> f32 { Ok(f32::NAN) }

    /// Answers a number with the other sign, for `float`.
    fn _chgsignf(cx, value: f32) -> f32 { Ok(-value) }

    /// Tells whether a number is neither infinite nor none, for `float`.
    fn _finitef(cx, value: f32) -> i32 { Ok(i32::from(value.is_finite())) }

    /// Tells whether a value is no number, for `float`.
    fn _isnanf(cx, value: f32) -> i32 { Ok(i32::from(value.is_nan())) }

    /// Tells what kind of number this is, for `float`.
    fn _fdclass(cx, value: f32) -> i16 { Ok(classify(value.classify())) }

    /// Tells what kind of number an address points at, for `float`.
    fn _fdtest(cx, at: Addr) -> i16 { Ok(classify(cx.read::<f32>(at)?.classify())) }

    /// Answers 0x8000 for a negative number, for `float`.
    fn _fdsign(cx, value: f32) -> i32 { Ok(if value.is_sign_negative() { 0x8000 } else { 0 }) }

    /// Tells what kind of number this is, one bit a kind.
    fn _fpclass(cx, value: f64) -> i32 { Ok(class(value)) }

    /// Tells what kind of `float` this is, one bit a kind.
    fn _fpclassf(cx, value: f32) -> i32 {
        let bits = value.to_bits();
        if value.is_nan() && bits & 0x0040_0000 == 0 {
            return Ok(1);
        }
        Ok(match value.classify() {
            std::num::FpCategory::Subnormal => if value < 0.0 { 0x10 } else { 0x80 },
            _ => class(f64::from(value)),
        })
    }

    /// Multiplies by a power of two that is a `long`.
    fn scalbln(cx, value: f64, power: i32) -> f64 { Ok(scalbln(value, i64::from(power))) }

    /// Multiplies a `float` by a power of two that is a `long`.
    fn scalblnf(cx, value: f32, power: i32) -> f32 { Ok(scalblnf(value, i64::from(power))) }

    /// Answers the Bessel function of the first kind, order 0.
    fn _j0(cx, value: f64) -> f64 { Ok(j0(value)) }

    /// Answers the Bessel function of the first kind, order 1.
    fn _j1(cx, value: f64) -> f64 { Ok(j1(value)) }

    /// Answers the Bessel function of the second kind, order 0.
    fn _y0(cx, value: f64) -> f64 { Ok(y0(value)) }

    /// Answers the Bessel function of the second kind, order 1.
    fn _y1(cx, value: f64) -> f64 { Ok(y1(value)) }

    /// Answers the Bessel function of the first kind, any order.
    fn _jn(cx, order: i32, value: f64) -> f64 { Ok(jn(order, value)) }

    /// Answers the Bessel function of the second kind, any order.
    fn _yn(cx, order: i32, value: f64) -> f64 { Ok(yn(order, value)) }

    /// Keeps a handler for errors of these functions; ours tell by `errno` alone.
    fn __setusermatherr(cx, handler: Addr) { Ok(()) }

    /// Tells whether fused multiplication may be used.
    fn _get_FMA3_enable(cx) -> i32 { Ok(0) }

    /// Says whether fused multiplication may be used.
    fn _set_FMA3_enable(cx, flag: i32) -> i32 { Ok(0) }
}

shims! {
    pub(in crate::dll) static COMPLEX_64 = "msvcrt.dll", cdecl;

    /// Answers the magnitude of a complex number, which callers pass by its address.
    fn _cabs(cx, at: Addr) -> f64 { Ok(cx.read::<f64>(at)?.hypot(cx.read::<f64>(at.offset(8))?)) }
}

shims! {
    pub(in crate::dll) static COMPLEX_32 = "msvcrt.dll", cdecl;

    /// Answers the magnitude of a complex number, which callers put on the stack.
    fn _cabs(cx, real: f64, imaginary: f64) -> f64 { Ok(real.hypot(imaginary)) }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "sin" as "sinl",
        "cos" as "cosl",
        "tan" as "tanl",
        "asin" as "asinl",
        "acos" as "acosl",
        "atan" as "atanl",
        "sinh" as "sinhl",
        "cosh" as "coshl",
        "tanh" as "tanhl",
        "asinh" as "asinhl",
        "acosh" as "acoshl",
        "atanh" as "atanhl",
        "exp" as "expl",
        "exp2" as "exp2l",
        "expm1" as "expm1l",
        "log" as "logl",
        "log2" as "log2l",
        "log10" as "log10l",
        "log1p" as "log1pl",
        "sqrt" as "sqrtl",
        "cbrt" as "cbrtl",
        "floor" as "floorl",
        "ceil" as "ceill",
        "trunc" as "truncl",
        "round" as "roundl",
        "rint" as "rintl",
        "nearbyint" as "nearbyintl",
        "fabs" as "fabsl",
        "erf" as "erfl",
        "erfc" as "erfcl",
        "tgamma" as "tgammal",
        "logb" as "logbl",
        "lgamma" as "lgammal",
        "atan2" as "atan2l",
        "pow" as "powl",
        "fmod" as "fmodl",
        "hypot" as "hypotl",
        "fmax" as "fmaxl",
        "fmin" as "fminl",
        "fdim" as "fdiml",
        "copysign" as "copysignl",
        "frexp" as "frexpl",
        "modf" as "modfl",
        "ldexp" as "ldexpl",
        "ilogb" as "ilogbl",
        "lrint" as "lrintl",
        "llrint" as "llrintl",
        "lround" as "lroundl",
        "llround" as "llroundl",
        "fma" as "fmal",
        "remquo" as "remquol",
        "nan" as "nanl",
        "remainder" as "remainderl",
        "nextafter" as "nextafterl",
        "nextafter" as "nexttoward",
        "nextafter" as "nexttowardl",
        "ldexp" as "scalbn",
        "ldexpf" as "scalbnf",
        "ldexp" as "scalbnl",
        "scalbln" as "scalblnl",
        "ldexp" as "_scalb",
        "ldexpf" as "_scalbf",
        "hypot" as "_hypot",
        "hypotf" as "_hypotf",
        "copysign" as "_copysign",
        "copysignf" as "_copysignf",
        "logb" as "_logb",
        "logbf" as "_logbf",
        "nextafter" as "_nextafter",
        "nextafterf" as "_nextafterf",
        "_chgsign" as "_chgsignl",
        "_dclass" as "_ldclass",
        "_dtest" as "_ldtest",
        "_dsign" as "_ldsign",
        "copysign" as "_copysignl";
}
