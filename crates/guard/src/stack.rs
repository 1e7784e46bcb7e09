//! A stack on which a thread can hear of its own stack overflow.
#![expect(unsafe_code, reason = "maps memory and hands it to the kernel")]

use std::cell::{Cell, OnceCell};
use std::{mem, ptr};

/// What our handler and a hook may use, beside what the kernel itself writes there.
const ROOM: usize = 64 << 10;
const PAGE: usize = 4096;

thread_local! {
    static PREPARED: Cell<bool> = const { Cell::new(false) };
    static ALTERNATE: OnceCell<Alternate> = const { OnceCell::new() };
}

/// Gives this thread an alternate signal stack unless it has one that is large enough. Cheap after the first time.
///
/// Without it a stack overflow in a driver ends the program. The stack is freed when the thread ends.
#[inline]
pub fn prepare_thread() {
    if !PREPARED.get() {
        prepare();
    }
}

/// How large the alternate signal stack of this thread is, which it gets first; 0 where there is none.
#[must_use]
pub fn signal_stack() -> usize {
    prepare_thread();
    let current = exchange(None);
    if current.ss_flags & libc::SS_DISABLE == 0 {
        current.ss_size
    } else {
        0
    }
}

#[cold]
fn prepare() {
    let current = exchange(None);
    if current.ss_flags & libc::SS_ONSTACK != 0 {
        // Inside a handler the kernel allows no change; the next call outside of it makes up for it.
        return;
    }
    if current.ss_flags & libc::SS_DISABLE != 0 || current.ss_size < ROOM {
        // A thread that is already ending gets no new stack: nothing would free it.
        let _ = ALTERNATE.try_with(|alternate| {
            if alternate.get().is_none()
                && let Some(new) = Alternate::new(current)
            {
                let _ = alternate.set(new);
            }
        });
    }
    PREPARED.set(true);
}

/// An alternate stack in use by this thread.
struct Alternate {
    start: *mut libc::c_void,
    size: usize,
    before: libc::stack_t,
}

impl Alternate {
    fn new(before: libc::stack_t) -> Option<Self> {
        // SAFETY: reads a number that the kernel gave to the process.
        let kernel = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) } as usize;
        // A page to run into, then what the kernel writes for two nested signals, then ours.
        let size = PAGE + (ROOM + 2 * kernel).next_multiple_of(PAGE);
        // SAFETY: a new private mapping touches nothing that exists.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: the page is the first one of the mapping just made.
        unsafe { libc::mprotect(start, PAGE, libc::PROT_NONE) };
        exchange(Some(&libc::stack_t {
            ss_sp: start.wrapping_byte_add(PAGE),
            ss_flags: 0,
            ss_size: size - PAGE,
        }));
        Some(Self {
            start,
            size,
            before,
        })
    }
}

impl Drop for Alternate {
    fn drop(&mut self) {
        // The runtime may have taken the alternate stack away already; then what it had before is gone too.
        if exchange(None).ss_sp == self.start.wrapping_byte_add(PAGE) {
            exchange(Some(&self.before));
        }
        PREPARED.set(false);
        // SAFETY: the mapping is ours and the kernel does not know it as a stack any more.
        unsafe { libc::munmap(self.start, self.size) };
    }
}

/// Tells the kernel about a stack, if one is given, and returns what it knew.
fn exchange(new: Option<&libc::stack_t>) -> libc::stack_t {
    // SAFETY: all zeroes is a value of this plain structure.
    let mut old = unsafe { mem::zeroed::<libc::stack_t>() };
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: both are good structures, and a stack that is given outlives its use (see `Alternate::drop`).
    unsafe { libc::sigaltstack(new, &raw mut old) };
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gets_a_stack_large_enough_and_keeps_it() {
        std::thread::spawn(|| {
            prepare_thread();
            let first = exchange(None);
            assert_eq!(first.ss_flags & libc::SS_DISABLE, 0);
            assert!(first.ss_size >= ROOM);
            prepare_thread();
            assert_eq!(exchange(None).ss_sp, first.ss_sp);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_large_stack_of_the_thread_itself_is_left_alone() {
        std::thread::spawn(|| {
            let mut own = vec![0_u8; 2 * ROOM];
            let before = exchange(Some(&libc::stack_t {
                ss_sp: own.as_mut_ptr().cast(),
                ss_flags: 0,
                ss_size: own.len(),
            }));
            prepare_thread();
            assert_eq!(exchange(Some(&before)).ss_sp, own.as_mut_ptr().cast());
        })
        .join()
        .unwrap();
    }
}
