//! The functions of msacm32, called as programs call them, with real Windows drivers of both widths.
#![expect(unsafe_code, reason = "calls C functions")]

mod house;

mod questions;

mod conversions;

mod bad_input;

mod threads;
