//! A host thread as the Windows process sees it: TEB, driver stack, thread-local storage.
//!
//! Made when a thread first calls into the process and freed when the thread ends.

use std::arch::asm;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use crate::enter::Frame;
use crate::process::Process;
use crate::seh::{Context, Edge, Wide};
use crate::state::States;
use crate::teb::{self, offset};
use crate::trap::Trap;

/// Address space of a driver stack; the kernel gives memory page by page as it is touched.
const STACK_BYTES: usize = 8 << 20;
/// Never mapped: what a runaway recursion hits.
const GUARD_BYTES: usize = 0x1_0000;

/// A thread of the Windows process.
pub(crate) struct Thread {
    process: Weak<Process>,
    process_key: *const Process,
    id: u32,
    area: *mut u8,
    frame: Cell<*mut Frame>,
    in_shim: Cell<u32>,
    edge: Cell<*const Edge>,
    trap: Cell<Option<Trap>>,
    states: States,
    /// The fault that the handler saw last; taken by whoever turns it into a trap.
    pub(crate) pending: Cell<Option<opendriver_guard::Fault>>,
    /// The registers at that fault.
    pub(crate) faulted: UnsafeCell<Context>,
    /// Where the registers wait that do not fit there.
    pub(crate) wide: Cell<Wide>,
    /// The registers with which driver code is about to go on.
    pub(crate) resumed: UnsafeCell<Context>,
}

thread_local! {
    static CURRENT: Cell<*const Thread> = const { Cell::new(ptr::null()) };
    #[expect(clippy::vec_box, reason = "TEBs and callers keep the address of a thread")]
    static THREADS: RefCell<Vec<Box<Thread>>> = const { RefCell::new(Vec::new()) };
    /// The identifier that the next thread made on this host thread has.
    static NAMED: Cell<Option<u32>> = const { Cell::new(None) };
}

static NEXT_ID: AtomicU32 = AtomicU32::new(0x104);

impl Thread {
    /// Gives the calling thread of `process`, made on the first call.
    pub(crate) fn current(process: &Arc<Process>) -> &'static Thread {
        let cached = CURRENT.get();
        // SAFETY: CURRENT is null or points at a thread in THREADS of this very host thread.
        let current = unsafe { cached.as_ref() };
        match current {
            Some(thread) if thread.process_key == Arc::as_ptr(process) => {
                // SAFETY: as above; entries live until the host thread ends, and answers of this
                // function are not kept beyond a call.
                unsafe { &*cached }
            }
            _ => Self::switch(process),
        }
    }

    /// Makes another process' TEB the current one of this host thread.
    #[cold]
    fn switch(process: &Arc<Process>) -> &'static Thread {
        opendriver_guard::prepare_thread();
        let thread = THREADS.with_borrow_mut(|threads| {
            threads.retain(|thread| thread.process.strong_count() > 0);
            let known = threads
                .iter()
                .find(|thread| thread.process_key == Arc::as_ptr(process))
                .map(|thread| &raw const **thread);
            known.unwrap_or_else(|| {
                threads.push(Self::create(process));
                &raw const **threads.last().expect("just pushed")
            })
        });
        CURRENT.set(thread);
        // SAFETY: the box lives in THREADS until this host thread ends or the process is gone.
        let thread = unsafe { &*thread };
        set_gs(thread.teb());
        process.attach_thread(thread);
        thread
    }

    /// Takes a fresh thread identifier.
    pub(crate) fn next_id() -> u32 {
        NEXT_ID.fetch_add(4, Ordering::Relaxed)
    }

    /// Says which identifier the thread has that this host thread is about to become.
    pub(crate) fn name_next(id: u32) {
        NAMED.set(Some(id));
    }

    /// The thread that GS belongs to.
    ///
    /// # Safety
    /// GS is the TEB of a thread made by [`Thread::current`].
    pub(crate) unsafe fn of_gs() -> &'static Thread {
        let thread: *const Thread;
        // SAFETY: the caller vouches for GS; the word is set before the TEB is ever used.
        unsafe {
            asm!("mov {}, gs:[{word}]", out(reg) thread, word = const teb::THREAD,
                 options(nostack, readonly, preserves_flags));
        }
        // SAFETY: a thread outlives everything that runs on it.
        unsafe { &*thread }
    }

    fn create(process: &Arc<Process>) -> Box<Thread> {
        let bytes = GUARD_BYTES + STACK_BYTES + teb::BYTES;
        let area = map(bytes);
        // SAFETY: the guard is the lowest part of the area that was just mapped.
        unsafe { libc::mprotect(area.cast(), GUARD_BYTES, libc::PROT_NONE) };
        let thread = Box::new(Thread {
            process: Arc::downgrade(process),
            process_key: Arc::as_ptr(process),
            id: NAMED.take().unwrap_or_else(Self::next_id),
            area,
            frame: Cell::new(ptr::null_mut()),
            in_shim: Cell::new(0),
            edge: Cell::new(ptr::null()),
            trap: Cell::new(None),
            states: States::default(),
            pending: Cell::new(None),
            faulted: UnsafeCell::new(Context::new()),
            wide: Cell::default(),
            resumed: UnsafeCell::new(Context::new()),
        });
        let word = |at: usize, value: u64| thread.set_teb_word(at, value);
        word(offset::STACK_BASE, thread.stack_base());
        word(offset::STACK_LIMIT, thread.stack_limit());
        word(offset::DEALLOCATION_STACK, area as u64);
        word(offset::SELF, thread.teb());
        word(offset::PROCESS_ID, u64::from(std::process::id()));
        word(offset::THREAD_ID, u64::from(thread.id));
        word(offset::PEB, process.peb().address());
        word(offset::LOCALE, 0x0409);
        word(teb::THREAD, (&raw const *thread) as u64);
        thread
    }

    /// The address of the TEB.
    pub(crate) fn teb(&self) -> u64 {
        self.stack_base()
    }

    /// The upper end of the driver stack.
    pub(crate) fn stack_base(&self) -> u64 {
        self.area as u64 + (GUARD_BYTES + STACK_BYTES) as u64
    }

    /// The lower end of the driver stack, above its guard.
    pub(crate) fn stack_limit(&self) -> u64 {
        self.area as u64 + GUARD_BYTES as u64
    }

    /// Tells whether an address lies in the driver stack or its guard.
    pub(crate) fn is_stack(&self, address: u64) -> bool {
        (self.area as u64..self.stack_base()).contains(&address)
    }

    /// Tells whether an address lies in the guard below the driver stack.
    pub(crate) fn is_guard(&self, address: u64) -> bool {
        (self.area as u64..self.stack_limit()).contains(&address)
    }

    /// Reads a word of the TEB.
    pub(crate) fn teb_word(&self, at: usize) -> u64 {
        assert!(at + 8 <= teb::BYTES, "the TEB is smaller than {at:#x}");
        let word = (self.teb() as usize + at) as *const u64;
        // SAFETY: the TEB is mapped as long as the thread, and `at` lies in it.
        unsafe { word.read_unaligned() }
    }

    /// Writes a word of the TEB.
    pub(crate) fn set_teb_word(&self, at: usize, value: u64) {
        assert!(at + 8 <= teb::BYTES, "the TEB is smaller than {at:#x}");
        let word = (self.teb() as usize + at) as *mut u64;
        // SAFETY: as in `teb_word`; drivers read it on this thread only.
        unsafe { word.write_unaligned(value) };
    }

    /// The Windows thread identifier.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// `GetLastError`.
    pub(crate) fn last_error(&self) -> u32 {
        self.teb_word(offset::LAST_ERROR) as u32
    }

    /// `SetLastError`.
    pub(crate) fn set_last_error(&self, error: u32) {
        let rest = self.teb_word(offset::LAST_ERROR) & 0xFFFF_FFFF_0000_0000;
        self.set_teb_word(offset::LAST_ERROR, rest | u64::from(error));
    }

    /// What rooms of the process keep for this thread.
    pub(crate) fn state<T: Default + 'static>(&self) -> std::rc::Rc<T> {
        self.states.thread_state()
    }

    /// The process, which lives while driver code runs.
    pub(crate) fn process(&self) -> &Process {
        // SAFETY: whoever called into the process holds it for as long as the call lasts.
        unsafe { &*self.process_key }
    }

    /// The innermost call into driver code.
    pub(crate) fn frame(&self) -> *mut Frame {
        self.frame.get()
    }

    pub(crate) fn set_frame(&self, frame: *mut Frame) {
        self.frame.set(frame);
        self.set_teb_word(teb::FRAME, frame as u64);
    }

    /// Tells whether a shim of ours is running, and not the driver's own code.
    pub(crate) fn is_in_shim(&self) -> bool {
        self.in_shim.get() != 0
    }

    /// Where driver code was left for the shim that runs; null while driver code runs.
    pub(crate) fn edge(&self) -> *const Edge {
        self.edge.get()
    }

    /// Notes that a shim runs until the answer is dropped.
    pub(crate) fn enter_shim(&self, edge: *const Edge) -> InShim<'_> {
        self.replace_shim(1, edge)
    }

    /// Notes that driver code runs until the answer is dropped.
    pub(crate) fn enter_driver(&self) -> InShim<'_> {
        self.replace_shim(0, ptr::null())
    }

    fn replace_shim(&self, now: u32, edge: *const Edge) -> InShim<'_> {
        InShim {
            thread: self,
            before: self.in_shim.replace(now),
            edge: self.edge.replace(edge),
        }
    }

    pub(crate) fn set_trap(&self, trap: Trap) {
        self.trap.set(Some(trap));
    }

    pub(crate) fn take_trap(&self) -> Option<Trap> {
        self.trap.take()
    }

    /// The thread whose driver code is on this host thread's stack, null where there is none.
    ///
    /// Only such a thread is sure to stay: the next call into another process may free those of
    /// processes that are gone.
    pub(crate) fn of_host() -> *const Thread {
        let current = CURRENT.get();
        // SAFETY: CURRENT is null or points at a thread in THREADS of this very host thread.
        let inside = unsafe { current.as_ref() }.is_some_and(|thread| !thread.frame().is_null());
        if inside { current } else { ptr::null() }
    }

    /// Makes the TEB current again that was so before a call into another process.
    pub(crate) fn restore(before: *const Thread, now: &Thread) {
        if !before.is_null() && !ptr::eq(before, now) {
            CURRENT.set(before);
            // SAFETY: threads of this host thread live until it ends.
            set_gs(unsafe { (*before).teb() });
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if ptr::eq(CURRENT.try_with(Cell::get).unwrap_or(ptr::null()), self) {
            let _ = CURRENT.try_with(|current| current.set(ptr::null()));
        }
        if let Some(process) = self.process.upgrade() {
            process.detach_thread(self);
            process.images().take_thread_its_blocks(&process, self);
        }
        let bytes = GUARD_BYTES + STACK_BYTES + teb::BYTES;
        // SAFETY: the area was mapped by `create` with this size, and nothing runs on it any more.
        unsafe { libc::munmap(self.area.cast(), bytes) };
    }
}

/// Restores what ran before, when it is dropped.
pub(crate) struct InShim<'a> {
    thread: &'a Thread,
    before: u32,
    edge: *const Edge,
}

impl Drop for InShim<'_> {
    fn drop(&mut self) {
        self.thread.in_shim.set(self.before);
        self.thread.edge.set(self.edge);
    }
}

fn map(bytes: usize) -> *mut u8 {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
    // SAFETY: an anonymous mapping at a place that the kernel chooses disturbs nothing.
    let area = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, -1, 0) };
    assert!(
        area != libc::MAP_FAILED,
        "no address space for a driver stack of {bytes} bytes"
    );
    area.cast()
}

fn set_gs(base: u64) {
    if has_fsgsbase() {
        // SAFETY: the kernel says that the instruction is there; nothing else on Linux uses GS in
        // a 64-bit process.
        unsafe { asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags)) };
    } else {
        const ARCH_SET_GS: libc::c_long = 0x1001;
        // SAFETY: sets this thread's GS base only.
        unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, base) };
    }
}

fn has_fsgsbase() -> bool {
    const HWCAP2_FSGSBASE: libc::c_ulong = 2;
    // SAFETY: getauxval reads a constant of the process.
    let capabilities = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    capabilities & HWCAP2_FSGSBASE != 0
}
