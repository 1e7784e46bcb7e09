//! The few bytes of ours that 32-bit code can reach: one low page for coming back, and a gate for each shim.
//!
//! Made once for all processes, never changed afterwards and never unmapped: some 32-bit code may always be on its way back.

use std::ops::Range;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{CODE_32, CODE_64, enter, gate, low};
use crate::gate::GATES;
use crate::teb;

/// A `jmp far` operand: offset and selector.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct FarPointer {
    offset: AtomicU32,
    selector: AtomicU16,
}

impl FarPointer {
    pub(crate) const fn new() -> Self {
        Self {
            offset: AtomicU32::new(0),
            selector: AtomicU16::new(CODE_32),
        }
    }
}

/// Where `ret` stands in 32-bit code: the way from a shim back to its caller.
pub(crate) static RETURN: FarPointer = FarPointer::new();
/// Where `call ecx` stands in 32-bit code, in front of what functions return to: the way to a function of the driver. The
/// processor expects a return for each call, and a jump there would make it wrong about all that follow.
pub(crate) static CALL: FarPointer = FarPointer::new();
/// What 32-bit functions return to when host code called them.
pub(crate) static RETURNED: AtomicU32 = AtomicU32::new(0);

/// Where the parts lie.
/// Not at the beginning: unwinders look at the code before a return address.
const RETURNED_AT: usize = 0x10;
const RETURN_AT: usize = 0x30;
const GATE_AT: usize = 0x40;
const CALL_AT: usize = 0x60;
const MARKS_AT: usize = 0x80;
const MARK_BYTES: usize = 8;
const GATES_AT: usize = 0x1000;
const GATE_BYTES: usize = 16;
const BYTES: usize = GATES_AT + GATES * GATE_BYTES;

/// The address of the stubs; none where there is no address space below 4 GiB.
fn base() -> Option<u32> {
    static MAKING: Mutex<()> = Mutex::new(());
    let made = || {
        RETURNED
            .load(Ordering::Acquire)
            .checked_sub(RETURNED_AT as u32)
    };
    made().or_else(|| {
        let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        made().or_else(make)
    })
}

/// Makes what 32-bit code needs before it is first entered; false where there is no address space below 4 GiB.
pub(crate) fn prepare() -> bool {
    base().is_some()
}

/// The address that a 32-bit import with this number is bound to.
pub(crate) fn gate_address(number: usize) -> Option<u64> {
    Some(u64::from(base()?) + (GATES_AT + number * GATE_BYTES) as u64)
}

/// Whether an instruction lies in a gate.
pub(crate) fn is_gate(instruction: u64) -> bool {
    // Nothing is entered before the stubs are made, so they have their address.
    let returned = u64::from(RETURNED.load(Ordering::Relaxed));
    let first = returned + (GATES_AT - RETURNED_AT) as u64;
    returned != 0 && (first..first + (GATES * GATE_BYTES) as u64).contains(&instruction)
}

/// Whether the stubs have a part in a range of addresses.
pub(crate) fn overlaps(range: &Range<u64>) -> bool {
    let returned = u64::from(RETURNED.load(Ordering::Relaxed));
    let first = returned.saturating_sub(RETURNED_AT as u64);
    returned != 0 && range.start < first + BYTES as u64 && first < range.end
}

/// The return address of calls into 32-bit code.
pub(crate) fn return_address() -> u32 {
    RETURNED.load(Ordering::Relaxed)
}

/// The address of a routine that calls a function with `ecx` and `ebp` set: its arguments are the function, `ecx`, `ebp`, and
/// then those of the function.
pub(crate) fn call_with_registers() -> Option<u64> {
    Some(u64::from(base()?) + CALL_AT as u64)
}

/// How many handlers there are that [`mark`] names.
pub(crate) const MARKS: usize = 4;

/// The address of an exception handler of ours, by which the entries are known that we put into a list of handlers. If the driver
/// calls it, it passes the exception on.
pub(crate) fn mark(index: usize) -> Option<u32> {
    Some(base()? + (MARKS_AT + index * MARK_BYTES) as u32)
}

fn make() -> Option<u32> {
    let page = low::map(BYTES, libc::PROT_READ | libc::PROT_WRITE)?;
    let base = page as usize as u32;
    let mut bytes = vec![0xCC_u8; BYTES];
    put_crossing(&mut bytes, RETURNED_AT, base, enter::returned_address());
    bytes[RETURNED_AT - 2..RETURNED_AT].copy_from_slice(&[0xFF, 0xD1]);
    bytes[RETURN_AT] = 0xC3;
    put_crossing(&mut bytes, GATE_AT, base, gate::entry_address());
    // pop eax; pop edx; pop ecx; pop ebp; push eax; jmp edx
    bytes[CALL_AT..CALL_AT + 7].copy_from_slice(&[0x58, 0x5A, 0x59, 0x5D, 0x50, 0xFF, 0xE2]);
    for mark in 0..MARKS {
        let at = MARKS_AT + mark * MARK_BYTES;
        // mov eax, 1; ret
        bytes[at..at + 6].copy_from_slice(&[0xB8, 1, 0, 0, 0, 0xC3]);
    }
    for number in 0..GATES {
        let at = GATES_AT + number * GATE_BYTES;
        // mov fs:[word], eax; mov eax, number; jmp to the common part
        bytes[at..at + 2].copy_from_slice(&[0x64, 0xA3]);
        bytes[at + 2..at + 6].copy_from_slice(&(teb::EAX as u32).to_le_bytes());
        bytes[at + 6] = 0xB8;
        bytes[at + 7..at + 11].copy_from_slice(&(number as u32).to_le_bytes());
        bytes[at + 11] = 0xE9;
        let distance = GATE_AT as i32 - (at + GATE_BYTES) as i32;
        bytes[at + 12..at + 16].copy_from_slice(&distance.to_le_bytes());
    }
    // SAFETY: the pages were just mapped writable with this size.
    unsafe { page.copy_from_nonoverlapping(bytes.as_ptr(), BYTES) };
    // SAFETY: the pages are ours; nobody writes to them any more.
    let sealed =
        unsafe { libc::mprotect(page.cast(), BYTES, libc::PROT_READ | libc::PROT_EXEC) } == 0;
    if !sealed {
        // SAFETY: nobody knows the pages yet.
        unsafe { libc::munmap(page.cast(), BYTES) };
        return None;
    }
    RETURN
        .offset
        .store(base + RETURN_AT as u32, Ordering::Release);
    CALL.offset
        .store(base + RETURNED_AT as u32 - 2, Ordering::Release);
    RETURNED.store(base + RETURNED_AT as u32, Ordering::Release);
    Some(base)
}

/// Writes the jump to 64-bit code: `jmp far` to the selector, then `jmp` to an address that only 64-bit code reaches.
fn put_crossing(bytes: &mut [u8], at: usize, base: u32, target: u64) {
    let wide = base + at as u32 + 7;
    bytes[at] = 0xEA;
    bytes[at + 1..at + 5].copy_from_slice(&wide.to_le_bytes());
    bytes[at + 5..at + 7].copy_from_slice(&CODE_64.to_le_bytes());
    bytes[at + 7..at + 13].copy_from_slice(&[0xFF, 0x25, 3, 0, 0, 0]);
    // Aligned, for the driver may have asked the processor to insist on it.
    bytes[at + 16..at + 24].copy_from_slice(&target.to_le_bytes());
}
