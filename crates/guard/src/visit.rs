//! Which threads go into 32-bit code, and where each of them keeps what the host's code expects behind FS.
#![expect(
    unsafe_code,
    reason = "reads the FS base and hears of forks through the C library"
)]

use std::arch::asm;
use std::marker::PhantomData;
use std::sync::Once;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use crate::{adopt, front};

/// How many visits there may be at once. A power of two.
pub(crate) const ENTRIES: usize = 8192;

/// The thread of an entry that is being written.
const RESERVED: u32 = u32::MAX;

/// One visit: read by the signal handlers of the thread that it names, in assembly.
#[repr(C)]
pub(crate) struct Entry {
    /// The thread, as the kernel numbers it. 0 where the entry is free.
    pub(crate) thread: AtomicU32,
    pub(crate) base: AtomicU64,
}

/// The visits of all threads. A thread's entry lies at its number, or behind it where that place was taken.
pub(crate) static TABLE: [Entry; ENTRIES] = [const {
    Entry {
        thread: AtomicU32::new(0),
        base: AtomicU64::new(0),
    }
}; ENTRIES];

/// How far behind its own place an entry was ever put, for each place.
pub(crate) static REACH: [AtomicU16; ENTRIES] = [const { AtomicU16::new(0) }; ENTRIES];

/// How many visits there are. While there is none, signals cost nothing more than before.
pub(crate) static VISITS: AtomicU32 = AtomicU32::new(0);

/// Says that the thread that made it goes into 32-bit code, where FS is not the host's.
///
/// C libraries and compilers keep what belongs to a thread behind FS. In 32-bit code of Windows FS leads elsewhere, so a
/// signal that arrives there would find a handler without its thread-local variables. While a visit lasts, the handlers
/// of this crate and those of the program ([`adopt_handlers`](crate::adopt_handlers)) get the host's FS base before
/// their first instruction, whatever the code did to FS and GS, and the 32-bit code gets its own back afterwards.
///
/// It is dropped on its thread, and before that thread ends. Visits of one thread may be nested and end in any order.
#[derive(Debug)]
pub struct Visit {
    index: usize,
    base: u64,
    // It speaks for the thread that made it.
    thread: PhantomData<*mut ()>,
}

impl Visit {
    /// Begins a visit of the calling thread. [`None`] where thousands of others last already.
    #[must_use]
    pub fn begin() -> Option<Self> {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            front::choose();
            // SAFETY: the handler does only what a child of a process with many threads may do.
            unsafe { libc::pthread_atfork(None, None, Some(keep_after_fork)) };
        });
        adopt::adopt_handlers();
        let (thread, base) = (current_thread(), host_base());
        forget_namesakes(thread, base);
        let home = thread as usize % ENTRIES;
        let reserve = |distance: &usize| {
            TABLE[(home + distance) % ENTRIES]
                .thread
                .compare_exchange(0, RESERVED, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let distance = (0..ENTRIES).find(reserve)?;
        let index = (home + distance) % ENTRIES;
        let entry = &TABLE[index];
        entry.base.store(base, Ordering::Relaxed);
        REACH[home].fetch_max(distance as u16, Ordering::Relaxed);
        VISITS.fetch_add(1, Ordering::Relaxed);
        // Last, for a signal may arrive in between.
        entry.thread.store(thread, Ordering::Release);
        Some(Self {
            index,
            base,
            thread: PhantomData,
        })
    }

    /// The FS base that the host's code on this thread expects.
    #[must_use]
    #[inline]
    pub fn host_base(&self) -> u64 {
        self.base
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        TABLE[self.index].thread.store(0, Ordering::Release);
        VISITS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The calling thread, as the kernel numbers it.
fn current_thread() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    (unsafe { libc::gettid() }).cast_unsigned()
}

/// The FS base of the calling thread, which is in the host's code.
#[must_use]
pub fn host_base() -> u64 {
    let base: u64;
    // SAFETY: the ABI of x86-64 keeps the address of the thread's block in its first word (thread-local storage, variant II).
    unsafe { asm!("mov {}, fs:[0]", out(reg) base, options(nostack, readonly, preserves_flags)) };
    base
}

/// Takes away what a thread left behind that had the same number and ended without dropping its visits.
fn forget_namesakes(thread: u32, base: u64) {
    let home = thread as usize % ENTRIES;
    let reach = usize::from(REACH[home].load(Ordering::Relaxed));
    for entry in (0..=reach).map(|distance| &TABLE[(home + distance) % ENTRIES]) {
        if entry.thread.load(Ordering::Relaxed) == thread
            && entry.base.load(Ordering::Relaxed) != base
        {
            entry.thread.store(0, Ordering::Release);
            VISITS.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// In a child made by `fork`, the one thread that goes on has another number, and the others are gone.
unsafe extern "C" fn keep_after_fork() {
    let (thread, base) = (current_thread(), host_base());
    let home = thread as usize % ENTRIES;
    let mut visits = 0;
    for (index, entry) in TABLE.iter().enumerate() {
        let is_kept = match entry.thread.load(Ordering::Relaxed) {
            0 => continue,
            RESERVED => false,
            // The number is that of the parent's thread, but the block behind FS is the same.
            _ => entry.base.load(Ordering::Relaxed) == base,
        };
        if is_kept {
            let distance = (ENTRIES + index - home) % ENTRIES;
            REACH[home].fetch_max(distance as u16, Ordering::Relaxed);
            visits += 1;
        }
        entry
            .thread
            .store(if is_kept { thread } else { 0 }, Ordering::Release);
    }
    VISITS.store(visits, Ordering::Relaxed);
}
