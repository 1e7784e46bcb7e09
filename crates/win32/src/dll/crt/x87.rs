//! The control and status words of x87 arithmetic, which is what most 32-bit code computes with.
//!
//! The gate leaves both as the driver has them, and nothing of ours computes with them.

use std::arch::asm;

/// What the control word is in a fresh process: every exception masked, 53 bits, rounding to the nearest.
pub(super) const FRESH: u16 = 0x027F;

/// The control word.
pub(super) fn control() -> u16 {
    let mut word = 0_u16;
    // SAFETY: stores two bytes in a variable of two bytes.
    unsafe { asm!("fnstcw [{}]", in(reg) &raw mut word, options(nostack, preserves_flags)) };
    word
}

/// Sets the control word; what has happened is forgotten where it would be raised at once.
pub(super) fn set_control(word: u16) {
    if u16::from(status()) & !word & 0x3F != 0 {
        clear();
    }
    // SAFETY: reads two bytes of a variable of two bytes, of which any value is a control word.
    unsafe { asm!("fldcw [{}]", in(reg) &raw const word, options(nostack, preserves_flags)) };
}

/// Which exceptions have happened, in the order of MXCSR.
pub(super) fn status() -> u8 {
    let word: u16;
    // SAFETY: stores the status word in a register.
    unsafe { asm!("fnstsw ax", out("ax") word, options(nomem, nostack, preserves_flags)) };
    word as u8 & 0x3F
}

/// Forgets which exceptions have happened.
pub(super) fn clear() {
    // SAFETY: changes flags of the status word only.
    unsafe { asm!("fnclex", options(nomem, nostack, preserves_flags)) };
}

/// The control word as `<float.h>` spells rounding and precision; exceptions are spelled elsewhere.
pub(super) fn spelled(word: u16) -> u32 {
    let rounding = u32::from(word >> 10 & 3) << 8;
    let precision = match word >> 8 & 3 {
        0 => 0x2_0000,
        2 => 0x1_0000,
        _ => 0,
    };
    rounding | precision | u32::from(word >> 12 & 1) << 18
}

/// The control word that `<float.h>` spells so, with these exceptions masked in the order of MXCSR.
pub(super) fn from_spelled(word: u32, masks: u32) -> u16 {
    let rounding = (word >> 8 & 3) << 10;
    let precision = match word & PRECISION {
        0x2_0000 => 0,
        0x1_0000 => 0x200,
        _ => 0x300,
    };
    (masks | 0x40 | rounding | precision | (word >> 18 & 1) << 12) as u16
}

/// `_MCW_PC`.
pub(super) const PRECISION: u32 = 0x3_0000;
/// `_MCW_IC`.
pub(super) const INFINITY: u32 = 0x4_0000;
