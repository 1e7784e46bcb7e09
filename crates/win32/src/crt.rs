//! The engines of the C runtimes: text in, text out, no driver in sight.
//!
//! The shims of `msvcrt.dll` and `ucrtbase.dll` turn a driver's arguments into these; what is
//! here follows the C standard and Microsoft's documentation of the functions, and where a
//! runtime differs from another, a rule says which is meant.

pub(crate) mod unit;

pub(crate) mod ctype;
pub(crate) mod float_text;
pub(crate) mod format;
pub(crate) mod number;
pub(crate) mod scan;
pub(crate) mod strftime;

pub(crate) mod streams;
pub(crate) mod time;

#[cfg(test)]
mod golden;
