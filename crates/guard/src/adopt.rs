//! The program's own signal handlers, which a signal in 32-bit code would call with a foreign FS base.
#![expect(unsafe_code, reason = "reads and replaces signal handlers")]

use std::arch::x86_64::_rdtsc;
use std::ffi::{c_int, c_ulong};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::front::{self, HANDLERS};

/// The signals that there are.
const SIGNALS: std::ops::RangeInclusive<c_int> = 1..=64;

/// How many ticks of the processor's clock lie between two looks at the handlers: one to two milliseconds, of which a look
/// takes about ten microseconds.
const INTERVAL: u64 = 1 << 22;

/// How often a signal is looked at again whose handler another thread keeps replacing.
const ROUNDS: usize = 8;

/// What the kernel knows of a handler. The C library's own form leaves out signals that the library uses itself.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
struct Action {
    handler: usize,
    flags: c_ulong,
    restorer: usize,
    mask: u64,
}

/// Makes the program's signal handlers safe to be called while a thread is in 32-bit code.
///
/// Each handler that the program has installed is replaced by one that sees to the FS base (see [`Visit`](crate::Visit))
/// and then calls it. Flags and mask stay as they are, so it is called when, where and how it was before. A program that
/// reads its handler back finds an address of ours, which does the same as its own, also when it is installed or called
/// later; up to 256 different handlers are served, others stay as they are.
///
/// [`Visit::begin`](crate::Visit::begin) does this, and [`adopt_handlers_now_and_then`] where it is called does it again.
/// One window remains: a handler that the program installs while visits last is called with the foreign FS base by a
/// signal that arrives in 32-bit code before the next of these calls. A program that calls this function right after it
/// installed a handler (with the signal blocked meanwhile, if it must be exact) has no such window.
pub fn adopt_handlers() {
    for signal in SIGNALS {
        adopt(signal);
    }
}

/// Calls [`adopt_handlers`] if nobody in the process has for a millisecond or two. Reads a clock of the processor otherwise.
#[inline]
pub fn adopt_handlers_now_and_then() {
    static LAST: AtomicU64 = AtomicU64::new(0);
    // SAFETY: every processor of this architecture has the instruction.
    let now = unsafe { _rdtsc() };
    let last = LAST.load(Ordering::Relaxed);
    if now.wrapping_sub(last) >= INTERVAL
        && LAST
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    {
        adopt_handlers();
    }
}

fn adopt(signal: c_int) {
    let Some(mut found) = exchange(signal, None) else {
        return;
    };
    for _ in 0..ROUNDS {
        let wanted = match found.handler {
            libc::SIG_DFL | libc::SIG_IGN => return,
            handler if front::is_ours(handler) => return,
            handler => match trampoline_of(handler) {
                Some(handler) => Action { handler, ..found },
                None => return,
            },
        };
        let Some(mut replaced) = exchange(signal, Some(&wanted)) else {
            return;
        };
        if replaced == found {
            return;
        }
        // Another thread was quicker: what it wanted is put back, and looked at again.
        while let Some(between) = exchange(signal, Some(&replaced))
            && between != wanted
            && between != replaced
        {
            replaced = between;
        }
        found = replaced;
    }
}

/// The trampoline that calls `handler`, now and for ever. [`None`] when all are taken.
fn trampoline_of(handler: usize) -> Option<usize> {
    HANDLERS
        .iter()
        .position(|slot| {
            match slot.compare_exchange(0, handler, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => true,
                Err(taken) => taken == handler,
            }
        })
        .map(front::trampoline)
}

/// Gives the kernel another handler, if there is one to give, and answers the one that it had.
fn exchange(signal: c_int, new: Option<&Action>) -> Option<Action> {
    let mut old = Action {
        handler: libc::SIG_DFL,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: both structures are as the kernel lays them out; a handler that is given calls what was there before.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            new,
            &raw mut old,
            size_of::<u64>(),
        )
    };
    (answer == 0).then_some(old)
}
