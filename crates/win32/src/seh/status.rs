//! The exception that Windows makes of a fault.

use opendriver_guard::{Fault, Kind};

use super::context::Record;

/// The record of a fault; none where Windows ends the process without asking anybody.
///
/// The code is that of a floating-point exception, should it be one.
pub(super) fn record(fault: &Fault, floating: u32) -> Option<Record> {
    let address = fault.address.unwrap_or(usize::MAX) as u64;
    let (code, parameters) = match fault.kind {
        Kind::Read => (0xC000_0005, &[0, address][..]),
        Kind::Write => (0xC000_0005, &[1, address][..]),
        Kind::Execute => (0xC000_0005, &[8, address][..]),
        // A pointer that cannot be is told as a read of the last address.
        Kind::Protection => (0xC000_0005, &[0, u64::MAX][..]),
        Kind::Alignment => (0x8000_0002, &[][..]),
        Kind::IllegalInstruction => (0xC000_001D, &[][..]),
        Kind::Privileged => (0xC000_0096, &[][..]),
        // __fastfail
        Kind::Interrupt(0x29) => return None,
        Kind::Interrupt(0x2C) => (0xC000_0420, &[][..]),
        Kind::Interrupt(0x2D) => (0x8000_0003, &[0][..]),
        Kind::Interrupt(_) => (0xC000_0005, &[0, u64::MAX][..]),
        Kind::Division => (0xC000_0094, &[][..]),
        Kind::Overflow => (0xC000_0095, &[][..]),
        Kind::FloatingPoint => (floating, &[0][..]),
        Kind::Breakpoint => (0x8000_0003, &[0][..]),
        Kind::Trap => (0x8000_0004, &[][..]),
        Kind::StackOverflow => (0xC000_00FD, &[1, address][..]),
        _ => return None,
    };
    let mut record = Record {
        code,
        address: fault.instruction as u64,
        count: parameters.len() as u32,
        ..Record::default()
    };
    record.information[..parameters.len()].copy_from_slice(parameters);
    Some(record)
}

/// `STATUS_FLOAT_MULTIPLE_TRAPS`.
const MULTIPLE_TRAPS: u32 = 0xC000_02B5;

/// The same in 32-bit code, where one code stands for all exceptions of SSE.
pub(super) fn floating_code_x86(image: &[u8; 512]) -> u32 {
    let control = u16::from_le_bytes([image[0], image[1]]);
    let status = u16::from_le_bytes([image[2], image[3]]);
    if status & !control & 0x3f == 0 {
        MULTIPLE_TRAPS
    } else {
        floating_code(image)
    }
}

/// Which of the floating-point exceptions that are unmasked has happened, in the order in which the processor looks.
pub(super) fn floating_code(image: &[u8; 512]) -> u32 {
    let control = u16::from_le_bytes([image[0], image[1]]);
    let status = u16::from_le_bytes([image[2], image[3]]);
    let vector = u16::from_le_bytes([image[24], image[25]]);
    let happened = (status & !control | vector & !(vector >> 7)) & 0x3f;
    match happened {
        bits if bits & 0x01 != 0 => 0xC000_0090,
        bits if bits & 0x04 != 0 => 0xC000_008E,
        bits if bits & 0x02 != 0 => 0xC000_008D,
        bits if bits & 0x08 != 0 => 0xC000_0091,
        bits if bits & 0x10 != 0 => 0xC000_0093,
        _ => 0xC000_008F,
    }
}
