//! The driver functions of winmm.

mod drivers;

pub use drivers::*;
