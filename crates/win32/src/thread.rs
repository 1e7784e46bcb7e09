//! A host thread as the Windows process sees it: TEB, driver stack, thread-local storage.
//!
//! Made when a thread first calls into the process and freed when the thread ends.

use std::arch::asm;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::offset_of;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use opendriver_pe::Width;

use crate::enter::Frame;
use crate::fault;
use crate::process::Process;
use crate::seh::{self, Context, Edge, Wide};
use crate::state::States;
use crate::teb::{Field, offset};
use crate::trap::{Fault, FaultKind, Trap};
use crate::words::{self, GUARD_BYTES, STACK_32_BYTES, STACK_64_BYTES};
use crate::x86::segment::Segment;
use crate::x86::{self, low, trial};

/// Where the innermost [`Frame`] is named in a [`Thread`], which the crossing finds there.
pub(crate) const FRAME: usize = offset_of!(Thread, frame);

/// A thread of the Windows process.
pub(crate) struct Thread {
    process: Weak<Process>,
    process_key: *const Process,
    id: u32,
    /// The stack on which 64-bit driver code and the shims run.
    area: Area,
    /// What 32-bit driver code needs on this thread.
    low: Option<Low>,
    /// Where the stack in `area` was left for driver code of another process.
    parked: Cell<u64>,
    frame: Cell<*mut Frame>,
    in_shim: Cell<u32>,
    edge: Cell<*const Edge>,
    trap: Cell<Option<Trap>>,
    states: States,
    /// What the TEB says where the blocks of thread-local storage are.
    tls: Cell<u64>,
    /// The fault that the handler saw last; taken by whoever turns it into a trap.
    pub(crate) pending: Cell<Option<opendriver_guard::Fault>>,
    /// Where the driver was at that fault.
    pub(crate) site: Cell<Option<fault::Site>>,
    /// The registers at that fault.
    pub(crate) faulted: UnsafeCell<Context>,
    /// Where the registers wait that do not fit there.
    pub(crate) wide: Cell<Wide>,
    /// The registers with which driver code is about to go on.
    pub(crate) resumed: UnsafeCell<Context>,
    /// Both of the above for 32-bit code.
    pub(crate) faulted_x86: UnsafeCell<seh::x86::Context>,
    pub(crate) resumed_x86: seh::x86::Resumed,
}

/// What a thread has that was prepared before it began: its identifier, and its stack where that is 32-bit.
pub(crate) struct Name {
    pub(crate) id: u32,
    low: Option<Area>,
}

impl Name {
    /// Takes a fresh identifier, and room for a stack where that may lack.
    pub(crate) fn new(width: Width) -> Result<Self, NoStack> {
        Ok(Self {
            id: Thread::next_id(),
            low: match width {
                Width::Bits32 => Some(Area::low()?),
                Width::Bits64 => None,
            },
        })
    }
}

/// There is no address space for the stack of one more thread.
#[derive(Debug)]
pub(crate) struct NoStack;

impl From<NoStack> for Fault {
    fn from(_: NoStack) -> Self {
        Self {
            kind: FaultKind::NoStack,
            instruction: 0,
            place: None,
        }
    }
}

/// What 32-bit driver code needs on a thread.
struct Low {
    /// The stack on which it runs, and its TEB behind it.
    area: Area,
    /// Tells the signal handlers that the thread goes there.
    visit: opendriver_guard::Visit,
    /// What FS is there.
    segment: Segment,
}

impl Low {
    fn create(process: &Process, area: Area) -> Result<Self, NoStack> {
        let visit = opendriver_guard::Visit::begin().ok_or(NoStack)?;
        // No image of 32-bit code is loaded where there is no mechanism.
        let mechanism = trial::choose(process.config().segments).map_err(|_| NoStack)?;
        let segment = Segment::new(mechanism, Self::teb(&area) as u32).map_err(|_| NoStack)?;
        Ok(Self {
            area,
            visit,
            segment,
        })
    }

    /// The address of the TEB, which is where the stack ends.
    fn teb(area: &Area) -> u64 {
        area.start as u64 + (words::BYTES + GUARD_BYTES + STACK_32_BYTES) as u64
    }
}

thread_local! {
    static CURRENT: Cell<*const Thread> = const { Cell::new(ptr::null()) };
    #[expect(clippy::vec_box, reason = "TEBs and callers keep the address of a thread")]
    static THREADS: RefCell<Vec<Box<Thread>>> = const { RefCell::new(Vec::new()) };
    /// What the next thread made on this host thread has.
    static NAMED: Cell<Option<Name>> = const { Cell::new(None) };
}

static NEXT_ID: AtomicU32 = AtomicU32::new(0x104);

impl Thread {
    /// Gives the calling thread of `process`, made on the first call.
    pub(crate) fn current(process: &Arc<Process>) -> Result<&'static Thread, NoStack> {
        let cached = CURRENT.get();
        // SAFETY: CURRENT is null or points at a thread in THREADS of this very host thread.
        let current = unsafe { cached.as_ref() };
        match current {
            Some(thread) if thread.process_key == Arc::as_ptr(process) => {
                // SAFETY: as above; entries live until the host thread ends, and answers of this
                // function are not kept beyond a call.
                Ok(unsafe { &*cached })
            }
            _ => Self::switch(process),
        }
    }

    /// Makes another process' TEB the current one of this host thread.
    #[cold]
    fn switch(process: &Arc<Process>) -> Result<&'static Thread, NoStack> {
        opendriver_guard::prepare_thread();
        let found = THREADS.try_with(|threads| {
            let mut threads = threads.borrow_mut();
            threads.retain(|thread| thread.process.strong_count() > 0);
            let known = threads
                .iter()
                .find(|thread| thread.process_key == Arc::as_ptr(process))
                .map(|thread| &raw const **thread);
            if let Some(known) = known {
                return Ok((known, false));
            }
            let made = Self::create(process)?;
            let thread = &raw const *made;
            threads.push(made);
            Ok((thread, true))
        });
        let (thread, is_new) = match found {
            Ok(found) => found?,
            // A host thread so far at its end has no list any more; what it makes now nobody takes back.
            Err(_) => (&raw const *Box::leak(Self::create(process)?), true),
        };
        CURRENT.set(thread);
        // SAFETY: the box lives in THREADS until this host thread ends or the process is gone.
        let thread = unsafe { &*thread };
        thread.make_current();
        if is_new {
            process.attach_thread(thread);
        }
        Ok(thread)
    }

    /// Takes a fresh thread identifier.
    pub(crate) fn next_id() -> u32 {
        NEXT_ID.fetch_add(4, Ordering::Relaxed)
    }

    /// Says what the thread has that this host thread is about to become.
    pub(crate) fn name_next(name: Name) {
        NAMED.set(Some(name));
    }

    /// The thread that GS belongs to.
    ///
    /// # Safety
    /// GS is the TEB of a thread made by [`Thread::current`].
    pub(crate) unsafe fn of_gs() -> &'static Thread {
        let thread: *const Thread;
        // SAFETY: the caller vouches for GS; the word is set before the TEB is ever used.
        unsafe {
            asm!("mov {}, gs:[{word}]", out(reg) thread, word = const words::THREAD_64,
                 options(nostack, readonly, preserves_flags));
        }
        // SAFETY: a thread outlives everything that runs on it.
        unsafe { &*thread }
    }

    /// Makes the TEB the one that driver code finds.
    fn make_current(&self) {
        match &self.low {
            Some(low) => low.segment.make_current(),
            None => set_gs(self.teb()),
        }
    }

    fn create(process: &Arc<Process>) -> Result<Box<Thread>, NoStack> {
        let name = match NAMED.try_with(Cell::take).ok().flatten() {
            Some(name) => name,
            None => Name::new(process.width())?,
        };
        let low = match name.low {
            None => None,
            Some(area) => Some(Low::create(process, area)?),
        };
        let thread = Box::new(Thread {
            process: Arc::downgrade(process),
            process_key: Arc::as_ptr(process),
            id: name.id,
            area: Area::anywhere()?,
            low,
            parked: Cell::new(0),
            frame: Cell::new(ptr::null_mut()),
            in_shim: Cell::new(0),
            edge: Cell::new(ptr::null()),
            trap: Cell::new(None),
            states: States::default(),
            tls: Cell::new(0),
            pending: Cell::new(None),
            site: Cell::default(),
            faulted: UnsafeCell::new(Context::new()),
            wide: Cell::default(),
            resumed: UnsafeCell::new(Context::new()),
            faulted_x86: UnsafeCell::new(seh::x86::Context::new()),
            resumed_x86: seh::x86::Resumed::new(),
        });
        thread.write_teb(process);
        thread.set_teb_word(offset::LOCALE, 0x0409);
        if thread.low.is_some() {
            thread.set_teb_word(offset::EXCEPTION_LIST, END_OF_LIST);
        }
        thread.seal_words();
        Ok(thread)
    }

    /// Writes what a TEB says of the thread itself.
    fn write_teb(&self, process: &Process) {
        for (field, value) in [
            (offset::STACK_BASE, self.stack_base()),
            (offset::STACK_LIMIT, self.stack_limit()),
            (
                offset::DEALLOCATION_STACK,
                self.stack_limit() - GUARD_BYTES as u64,
            ),
            (offset::SELF, self.teb()),
            (offset::PROCESS_ID, u64::from(std::process::id())),
            (offset::THREAD_ID, u64::from(self.id)),
            (offset::TLS_POINTER, self.tls.get()),
            (offset::PEB, process.peb().address()),
        ] {
            self.set_teb_word(field, value);
        }
    }

    /// Whether the TEB still says of the thread what it said, as far as drivers have no business to change it.
    pub(crate) fn has_whole_teb(&self) -> bool {
        self.teb_word(offset::SELF) == self.teb()
            && self.teb_word(offset::STACK_BASE) == self.stack_base()
            && self.teb_word(offset::TLS_POINTER) == self.tls.get()
    }

    /// Writes what a driver that broke may have overwritten in the TEB: others will run on this thread.
    pub(crate) fn mend_teb(&self) {
        self.write_teb(self.process());
    }

    /// Whether FS leads 32-bit code to the TEB by a base that is set, not by a selector of its own.
    pub(crate) fn has_based_segment(&self) -> bool {
        let selector = self.low.as_ref().map(|low| low.segment.selector());
        selector == Some(x86::DATA)
    }

    /// The innermost exception handler of 32-bit code; nothing for 64-bit code.
    pub(crate) fn handlers(&self) -> Option<u64> {
        self.low
            .as_ref()
            .map(|_| self.teb_word(offset::EXCEPTION_LIST))
    }

    /// Undoes what a call did to the list of exception handlers: its frames are gone.
    pub(crate) fn set_handlers(&self, handlers: Option<u64>) {
        if let Some(handlers) = handlers {
            self.set_teb_word(offset::EXCEPTION_LIST, handlers);
        }
    }

    /// Writes the words that the crossing relies on, and lets nobody write there any more.
    fn seal_words(&self) {
        let area = self.driver_area().start;
        let host_base = self.low.as_ref().map_or(0, |low| low.visit.host_base());
        let selector = self.low.as_ref().map_or(0, |low| low.segment.selector());
        for (at, value) in [
            (words::THREAD_AT, &raw const *self as u64),
            (words::HOST_BASE_AT, host_base),
            (words::TEB_AT, self.teb()),
            (words::SELECTOR_AT, selector.into()),
        ] {
            let word = area.wrapping_add(at).cast::<u64>();
            // SAFETY: the words lie at the beginning of an area that was just mapped writable.
            unsafe { word.write(value) };
        }
        // SAFETY: the page is the first one of that area, and nothing else lies there.
        unsafe { libc::mprotect(area.cast(), words::BYTES, libc::PROT_READ) };
    }

    /// The table of the thread's blocks of thread-local storage.
    pub(crate) fn tls(&self) -> u64 {
        self.tls.get()
    }

    /// Says where the table of the thread's blocks of thread-local storage is.
    pub(crate) fn set_tls(&self, table: u64) {
        self.tls.set(table);
        self.set_teb_word(offset::TLS_POINTER, table);
    }

    /// How wide the addresses of the process' drivers are.
    pub(crate) fn width(&self) -> Width {
        if self.low.is_some() {
            Width::Bits32
        } else {
            Width::Bits64
        }
    }

    /// The address of the TEB.
    pub(crate) fn teb(&self) -> u64 {
        self.stack_base()
    }

    /// Where the driver's code has its stack.
    fn driver_area(&self) -> &Area {
        self.low.as_ref().map_or(&self.area, |low| &low.area)
    }

    /// The upper end of the driver stack.
    pub(crate) fn stack_base(&self) -> u64 {
        match &self.low {
            Some(low) => Low::teb(&low.area),
            None => self.shim_base(),
        }
    }

    /// The lower end of the driver stack, above its guard.
    pub(crate) fn stack_limit(&self) -> u64 {
        self.driver_area().start as u64 + (words::BYTES + GUARD_BYTES) as u64
    }

    /// Tells whether an address lies in the driver stack or its guard.
    pub(crate) fn is_stack(&self, address: u64) -> bool {
        (self.stack_limit() - GUARD_BYTES as u64..self.stack_base()).contains(&address)
    }

    /// Whether a range of addresses has a part in what the thread needs: stacks, guards, TEB.
    pub(crate) fn has(&self, range: &Range<u64>) -> bool {
        let low = self.low.as_ref().map(|low| low.area.start as u64);
        let areas = [
            Some((self.area.start as u64, words::AREA_64_BYTES)),
            low.map(|area| (area, words::AREA_32_BYTES)),
        ];
        areas
            .into_iter()
            .flatten()
            .any(|(area, bytes)| range.start < area + bytes as u64 && area < range.end)
    }

    /// The same beside the driver's stack itself.
    pub(crate) fn has_beside_stack(&self, range: &Range<u64>) -> bool {
        let is_stack = self.stack_limit() <= range.start && range.end <= self.stack_base();
        !is_stack && self.has(range)
    }

    /// The upper end of the stack on which shims run, which is the driver stack of a 64-bit thread.
    pub(crate) fn shim_base(&self) -> u64 {
        self.area.start as u64 + (words::BYTES + GUARD_BYTES + STACK_64_BYTES) as u64
    }

    /// The lower end of the stack on which shims run.
    pub(crate) fn shim_limit(&self) -> u64 {
        self.area.start as u64 + (words::BYTES + GUARD_BYTES) as u64
    }

    /// Tells whether an address lies in the guard below a stack of this thread.
    pub(crate) fn is_guard(&self, address: u64) -> bool {
        let guard = |limit: u64| (limit - GUARD_BYTES as u64..limit).contains(&address);
        guard(self.stack_limit()) || guard(self.shim_limit())
    }

    /// Where the next call into driver code goes on on the stack for shims, 0 for right where the caller stands.
    ///
    /// Between two calls into one process a thread may have been in another one, on that one's stack.
    pub(crate) fn next_shim_stack(&self) -> u64 {
        let here = 0_u8;
        let here = &raw const here as u64;
        if self.frame().is_null() {
            self.shim_base()
        } else if (self.shim_limit()..self.shim_base()).contains(&here) {
            0
        } else {
            self.parked.get()
        }
    }

    /// Where the next call into 32-bit driver code has its stack: below what the driver has on it now.
    pub(crate) fn low_stack(&self) -> u64 {
        // SAFETY: the edge is null or that of a shim call or fault that is going on.
        let edge = unsafe { self.edge().as_ref() };
        edge.and_then(Edge::low_stack)
            .map_or(self.stack_base(), u64::from)
    }

    /// Notes that driver code of another process is about to be called from this thread's stack.
    pub(crate) fn park(&self) -> u64 {
        /// More than the frames take between here and the switch of stacks.
        const MARGIN: u64 = 0x4000;
        let here = 0_u8;
        self.parked.replace(&raw const here as u64 - MARGIN)
    }

    /// Undoes [`park`](Self::park).
    pub(crate) fn unpark(&self, before: u64) {
        self.parked.set(before);
    }

    /// Reads a word, as wide as an address, of the TEB.
    pub(crate) fn teb_word(&self, field: Field) -> u64 {
        let at = self.teb() as usize + field.at(self.width());
        match self.width() {
            // SAFETY: the TEB is mapped as long as the thread, and its fields lie in it.
            Width::Bits64 => unsafe { (at as *const u64).read_unaligned() },
            // SAFETY: as above.
            Width::Bits32 => u64::from(unsafe { (at as *const u32).read_unaligned() }),
        }
    }

    /// Writes a word, as wide as an address, of the TEB.
    pub(crate) fn set_teb_word(&self, field: Field, value: u64) {
        let at = self.teb() as usize + field.at(self.width());
        match self.width() {
            // SAFETY: as in `teb_word`; drivers read it on this thread only.
            Width::Bits64 => unsafe { (at as *mut u64).write_unaligned(value) },
            // SAFETY: as above.
            Width::Bits32 => unsafe { (at as *mut u32).write_unaligned(value as u32) },
        }
    }

    /// The innermost entry in the list of exception handlers, which 32-bit threads have.
    pub(crate) fn exception_list(&self) -> u32 {
        self.teb_word(offset::EXCEPTION_LIST) as u32
    }

    /// Makes an entry the innermost one.
    pub(crate) fn set_exception_list(&self, entry: u32) {
        self.set_teb_word(offset::EXCEPTION_LIST, entry.into());
    }

    /// The Windows thread identifier.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// `GetLastError`.
    pub(crate) fn last_error(&self) -> u32 {
        let at = self.teb() as usize + offset::LAST_ERROR.at(self.width());
        // SAFETY: as in `teb_word`.
        unsafe { (at as *const u32).read() }
    }

    /// `SetLastError`.
    pub(crate) fn set_last_error(&self, error: u32) {
        let at = self.teb() as usize + offset::LAST_ERROR.at(self.width());
        // SAFETY: as in `set_teb_word`.
        unsafe { (at as *mut u32).write(error) };
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
            unsafe { (*before).make_current() };
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

/// What stands at the end of the list of exception handlers.
const END_OF_LIST: u64 = u32::MAX as u64;

/// A stack with what lies around it; unmapped when it goes.
struct Area {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: nobody uses it before the thread that it is for, and that one alone afterwards.
unsafe impl Send for Area {}

impl Area {
    const ACCESS: i32 = libc::PROT_READ | libc::PROT_WRITE;

    /// Maps a stack for 32-bit code.
    fn low() -> Result<Self, NoStack> {
        let bytes = words::AREA_32_BYTES;
        let start = low::map(bytes, Self::ACCESS).ok_or(NoStack)?;
        Self { start, bytes }.guarded()
    }

    /// Maps a stack for 64-bit code.
    fn anywhere() -> Result<Self, NoStack> {
        let bytes = words::AREA_64_BYTES;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
        // SAFETY: an anonymous mapping at a place that the kernel chooses disturbs nothing.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, Self::ACCESS, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(NoStack);
        }
        let start = start.cast();
        Self { start, bytes }.guarded()
    }

    /// Takes the part away that lies below the stack.
    fn guarded(self) -> Result<Self, NoStack> {
        let guard = self.start.wrapping_add(words::BYTES);
        // SAFETY: the guard lies behind the words in an area that was just mapped.
        let done = unsafe { libc::mprotect(guard.cast(), GUARD_BYTES, libc::PROT_NONE) };
        if done == 0 { Ok(self) } else { Err(NoStack) }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: the area was mapped with this size, and nothing runs on it any more.
        unsafe { libc::munmap(self.start.cast(), self.bytes) };
    }
}

fn set_gs(base: u64) {
    if opendriver_guard::has_fsgsbase() {
        // SAFETY: the kernel says that the instruction is there; nothing else on Linux uses GS in
        // a 64-bit process.
        unsafe { asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags)) };
    } else {
        const ARCH_SET_GS: libc::c_long = 0x1001;
        // SAFETY: sets this thread's GS base only.
        unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, base) };
    }
}
