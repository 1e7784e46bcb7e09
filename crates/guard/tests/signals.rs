//! Signals that arrive in 32-bit code find the program's handlers as everywhere else. Each test is a process of its own.
#![expect(unsafe_code, reason = "forks, installs signal handlers, sends signals")]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::{mem, ptr, thread};

use opendriver_guard::{Kind, restore_by_selector};
use opendriver_guard::{Visit, adopt_handlers, install, prepare_thread, protect};

#[path = "fixtures/child.rs"]
mod child;
#[path = "fixtures/crossing.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod crossing;
#[path = "fixtures/timer.rs"]
mod timer;

use child::{End, action, child, disposition};
use crossing::{Area, STOP, WORD};
use timer::start_timer;

/// How many signals a test waits for.
const ENOUGH: u32 = 500;

/// Waits in 32-bit code until the word at `STOP` is set, and answers how often its FS was not its own.
///
/// `lock inc dword [ebx + 0x100]; cmp fs:[0], ebx; jne bad; cmp dword [ebx + 0x104], 0; je again; mov eax, esi; ret;`
/// `bad: inc esi; jmp on` after `xor esi, esi`
const WAIT: &[u8] = &[
    0x31, 0xf6, // xor esi, esi
    0xf0, 0xff, 0x83, 0, 1, 0, 0, // again: lock inc dword [ebx + 0x100]
    0x64, 0x39, 0x1d, 0, 0, 0, 0, // cmp fs:[0], ebx
    0x74, 0x01, // je +1
    0x46, // inc esi
    0x83, 0xbb, 4, 1, 0, 0, 0, // cmp dword [ebx + 0x104], 0
    0x74, 0xe6, // je again
    0x89, 0xf0, // mov eax, esi
    0xc3,
];

/// Waits as `WAIT` does, with nothing in FS and GS.
const WAIT_WITHOUT: &[u8] = &[
    0x31, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8, // xor eax, eax; mov fs, eax; mov gs, eax
    0xf0, 0xff, 0x83, 0, 1, 0, 0, // again: lock inc dword [ebx + 0x100]
    0x83, 0xbb, 4, 1, 0, 0, 0, // cmp dword [ebx + 0x104], 0
    0x74, 0xf0, // je again
    0x8c, 0xe0, // mov eax, fs
    0xc3,
];

thread_local! {
    static HEARD: Cell<u32> = const { Cell::new(0) };
}

/// The block whose code is to stop.
static BLOCK: AtomicPtr<Area> = AtomicPtr::new(ptr::null_mut());
/// The threads that handlers found themselves on.
static BASE: AtomicUsize = AtomicUsize::new(0);
static SECOND: AtomicU32 = AtomicU32::new(0);

fn shared() -> &'static Area {
    // SAFETY: the tests set it before signals come, and leave it be.
    unsafe { &*BLOCK.load(SeqCst) }
}

/// Makes the area that the handlers of this process know.
fn make(code: &[u8]) -> &'static Area {
    prepare_thread();
    BLOCK.store(Box::leak(Box::new(Area::new(code))), SeqCst);
    shared()
}

fn address_of_heard() -> usize {
    HEARD.with(|heard| heard.as_ptr() as usize)
}

/// Does what handlers do: thread-local variables, error numbers; stops the code once it has heard enough.
fn hear() {
    assert_eq!(address_of_heard(), BASE.load(SeqCst));
    // SAFETY: a descriptor that is not there.
    unsafe { libc::close(-1) };
    let error = std::io::Error::last_os_error().raw_os_error();
    assert_eq!(error, Some(libc::EBADF));
    HEARD.set(HEARD.get() + 1);
    if HEARD.get() >= ENOUGH {
        shared().set(STOP, 1);
    }
}

extern "C" fn long(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's information.
    let code = unsafe { (*info).si_code };
    assert_eq!(code, libc::SI_TIMER);
    // SAFETY: the kernel's context.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    let instruction = context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize;
    let function = shared().function();
    if (function..function + WAIT.len()).contains(&instruction) {
        SECOND.fetch_add(1, SeqCst);
    }
    hear();
}

extern "C" fn short(_: c_int) {
    hear();
}

/// Waits in `area` until enough has been heard; 0 if all was right.
fn wait_and_count(area: &Area) -> c_int {
    BASE.store(address_of_heard(), SeqCst);
    // SAFETY: the code of this file does nothing but wait.
    let wrong = unsafe { area.call(0) };
    let is_right = wrong == 0 && HEARD.get() >= ENOUGH && area.word(WORD) > 0;
    c_int::from(!is_right)
}

#[test]
fn a_profiler_that_was_there_before_hears_of_32_bit_code() {
    let end = child(|| {
        action(libc::SIGPROF, long as *const () as usize, libc::SA_SIGINFO);
        let area = make(WAIT);
        let _visit = Visit::begin().expect("few threads visit");
        start_timer(libc::SIGPROF);
        let wrong = wait_and_count(area);
        // The context that it is given is that of the 32-bit code.
        wrong + 2 * c_int::from(SECOND.load(SeqCst) == 0)
    });
    assert_eq!(end, End::Exit(0));
}

#[test]
fn a_handler_that_comes_later_is_adopted_with_its_flags() {
    for flags in [
        0,
        libc::SA_ONSTACK,
        libc::SA_RESTART | libc::SA_NODEFER | libc::SA_ONSTACK,
    ] {
        let end = child(|| {
            install();
            let area = make(WAIT);
            let _visit = Visit::begin().expect("few threads visit");
            action(libc::SIGPROF, short as *const () as usize, flags);
            let before = disposition(libc::SIGPROF);
            adopt_handlers();
            let after = disposition(libc::SIGPROF);
            if (before.flags, before.mask) != (after.flags, after.mask)
                || before.handler == after.handler
            {
                return 9;
            }
            start_timer(libc::SIGPROF);
            wait_and_count(area)
        });
        assert_eq!(end, End::Exit(0), "{flags:#x}");
    }
}

#[test]
fn code_that_ruins_fs_and_gs_does_not_matter_to_handlers() {
    let end = child(|| {
        action(libc::SIGALRM, short as *const () as usize, 0);
        let area = make(WAIT_WITHOUT);
        let _visit = Visit::begin().expect("few threads visit");
        start_timer(libc::SIGALRM);
        wait_and_count(area)
    });
    assert_eq!(end, End::Exit(0));
}

/// Installs a descriptor of this thread for a block; its selector.
fn describe(area: &Area) -> u16 {
    // entry, base, limit; flags: 32 bits, limit in pages, usable
    let described = [0_u32, area.address(0) as u32, 0xf_ffff, 0b101_0001];
    // SAFETY: a good structure, and nobody else in this process has descriptors.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_modify_ldt,
            0x11,
            described.as_ptr(),
            mem::size_of_val(&described),
        )
    };
    assert_eq!(answer as i32, 0);
    // The first descriptor of the local table, for the user.
    0b111
}

#[test]
fn a_selector_in_fs_is_put_back_where_instructions_for_the_base_are_missing() {
    for code in [WAIT, WAIT_WITHOUT] {
        let end = child(|| {
            restore_by_selector();
            action(libc::SIGALRM, short as *const () as usize, 0);
            let area = make(code);
            area.set_selector(describe(area));
            let _visit = Visit::begin().expect("few threads visit");
            start_timer(libc::SIGALRM);
            wait_and_count(area)
        });
        assert_eq!(end, End::Exit(0));
    }
}

#[test]
fn a_fault_beside_a_selector_in_fs_comes_back() {
    let end = child(|| {
        restore_by_selector();
        install();
        // mov eax, [eax]
        let area = make(&[0x8b, 0x00]);
        area.set_selector(describe(area));
        let _visit = Visit::begin().expect("few threads visit");
        for round in 0..100 {
            // SAFETY: it breaks, which is the point.
            let call = || unsafe { area.call(round) } as isize;
            // SAFETY: the closure holds nothing.
            let answer = unsafe { protect(call) };
            HEARD.set(HEARD.get() + 1);
            if answer.map_err(|fault| (fault.kind, fault.address))
                != Err((Kind::Read, Some(round as usize)))
            {
                return 1;
            }
        }
        c_int::from(HEARD.get() != 100)
    });
    assert_eq!(end, End::Exit(0));
}

/// Goes into 32-bit code itself, where it faults, and comes back.
extern "C" fn visit_again(_: c_int) {
    // mov eax, [eax]
    let inner = Area::new(&[0x8b, 0x00]);
    // SAFETY: it breaks, which is the point.
    let call = || unsafe { inner.call(0x40) } as isize;
    // SAFETY: the closure holds nothing.
    let answer = unsafe { protect(call) };
    assert_eq!(answer.map_err(|fault| fault.address), Err(Some(0x40)));
    // SAFETY: sends ourselves a signal.
    unsafe { libc::raise(libc::SIGUSR2) };
    hear();
}

extern "C" fn second(_: c_int) {
    assert_eq!(address_of_heard(), BASE.load(SeqCst));
    SECOND.fetch_add(1, SeqCst);
}

#[test]
fn signals_and_faults_nest() {
    let end = child(|| {
        install();
        action(libc::SIGALRM, visit_again as *const () as usize, 0);
        action(libc::SIGUSR2, second as *const () as usize, 0);
        action(libc::SIGPROF, second as *const () as usize, 0);
        let area = make(WAIT);
        let _visit = Visit::begin().expect("few threads visit");
        start_timer(libc::SIGALRM);
        start_timer(libc::SIGPROF);
        let wrong = wait_and_count(area);
        // Its handler goes where only visitors may, and the visit ends.
        action(libc::SIGALRM, libc::SIG_IGN, 0);
        wrong + 2 * c_int::from(SECOND.load(SeqCst) < ENOUGH)
    });
    assert_eq!(end, End::Exit(0));
}

/// Stops the code when it is called for the first time.
extern "C" fn once(_: c_int) {
    assert_eq!(address_of_heard(), BASE.load(SeqCst));
    HEARD.set(ENOUGH);
    SECOND.fetch_add(1, SeqCst);
    shared().set(STOP, 1);
}

#[test]
fn a_handler_for_one_signal_is_called_once() {
    let end = child(|| {
        let area = make(WAIT);
        let _visit = Visit::begin().expect("few threads visit");
        action(
            libc::SIGUSR1,
            once as *const () as usize,
            libc::SA_RESETHAND,
        );
        adopt_handlers();
        // SAFETY: takes nothing and cannot fail.
        let waiting = unsafe { libc::gettid() };
        let sender = thread::spawn(move || {
            while shared().word(WORD) == 0 {
                thread::yield_now();
            }
            let process = std::process::id();
            // SAFETY: sends a signal to a thread of this process.
            unsafe { libc::syscall(libc::SYS_tgkill, process, waiting, libc::SIGUSR1) };
        });
        let wrong = wait_and_count(area);
        sender.join().expect("the sender only sends");
        if wrong != 0 || SECOND.load(SeqCst) != 1 {
            return 1;
        }
        if disposition(libc::SIGUSR1).handler != libc::SIG_DFL {
            return 2;
        }
        // SAFETY: sends ourselves a signal, which now ends the process.
        unsafe { libc::raise(libc::SIGUSR1) };
        3
    });
    assert_eq!(end, End::Killed(libc::SIGUSR1));
}

#[test]
fn the_c_library_may_change_the_user_of_all_threads_meanwhile() {
    let end = child(|| {
        let area = make(WAIT);
        let changer = thread::spawn(move || {
            while shared().word(WORD) == 0 {
                thread::yield_now();
            }
            // SAFETY: takes nothing and cannot fail.
            let user = unsafe { libc::getuid() };
            for _ in 0..ENOUGH {
                // SAFETY: the user stays the same; the C library tells every thread by a signal of its own.
                let answer = unsafe { libc::setuid(user) };
                assert_eq!(answer, 0);
            }
            shared().set(STOP, 1);
        });
        let _visit = Visit::begin().expect("few threads visit");
        // SAFETY: the code of this file does nothing but wait.
        let wrong = unsafe { area.call(0) };
        changer.join().expect("the user stays the same");
        c_int::from(wrong != 0)
    });
    assert_eq!(end, End::Exit(0));
}

#[test]
fn a_child_goes_on_where_its_parent_was() {
    let end = child(|| {
        install();
        action(libc::SIGALRM, short as *const () as usize, 0);
        let area = make(WAIT);
        let visit = Visit::begin().expect("few threads visit");
        // Others of the parent, which the child does not have.
        let others: Vec<_> = (0..4)
            .map(|_| thread::spawn(|| mem::forget(Visit::begin())))
            .collect();
        others.into_iter().for_each(|other| other.join().unwrap());
        let end = child(|| {
            start_timer(libc::SIGALRM);
            let wrong = wait_and_count(area);
            drop(visit);
            wrong
        });
        c_int::from(end != End::Exit(0))
    });
    assert_eq!(end, End::Exit(0));
}

static PREVIOUS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn first(_: c_int) {
    SECOND.fetch_add(1, SeqCst);
}

/// Calls the handler that was there before, as it read it back.
extern "C" fn chain(signal: c_int) {
    SECOND.fetch_add(100, SeqCst);
    let previous = PREVIOUS.load(SeqCst);
    // SAFETY: the address of a handler, which takes one argument.
    let previous = unsafe { mem::transmute::<usize, extern "C" fn(c_int)>(previous) };
    previous(signal);
}

#[test]
fn a_handler_that_is_read_back_stays_the_one_that_it_was() {
    let end = child(|| {
        action(libc::SIGUSR1, first as *const () as usize, 0);
        let _visit = Visit::begin().expect("few threads visit");
        let before = disposition(libc::SIGUSR1).handler;
        PREVIOUS.store(before, SeqCst);
        action(libc::SIGUSR1, chain as *const () as usize, 0);
        adopt_handlers();
        // SAFETY: sends ourselves a signal.
        unsafe { libc::raise(libc::SIGUSR1) };
        action(libc::SIGUSR1, before, 0);
        adopt_handlers();
        // SAFETY: sends ourselves a signal.
        unsafe { libc::raise(libc::SIGUSR1) };
        SECOND.load(SeqCst) as c_int
    });
    assert_eq!(end, End::Exit(102));
}

#[test]
fn a_handler_of_faults_that_comes_after_ours_may_hand_them_back() {
    /// Passes the fault on with all its arguments.
    extern "C" fn reporter(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
        assert_eq!(address_of_heard(), BASE.load(SeqCst));
        SECOND.fetch_add(1, SeqCst);
        let previous = PREVIOUS.load(SeqCst);
        // SAFETY: the address of a handler of the long form.
        let previous = unsafe {
            mem::transmute::<usize, extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void)>(
                previous,
            )
        };
        previous(signal, info, context);
    }
    let end = child(|| {
        install();
        PREVIOUS.store(disposition(libc::SIGSEGV).handler, SeqCst);
        let flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        action(libc::SIGSEGV, reporter as *const () as usize, flags);
        BASE.store(address_of_heard(), SeqCst);
        // mov eax, [eax]
        let area = make(&[0x8b, 0x00]);
        let _visit = Visit::begin().expect("few threads visit");
        for _ in 0..100 {
            // SAFETY: it breaks, which is the point.
            let call = || unsafe { area.call(0x40) } as isize;
            // SAFETY: the closure holds nothing.
            if unsafe { protect(call) }.map_err(|fault| fault.address) != Err(Some(0x40)) {
                return 1;
            }
            HEARD.set(HEARD.get() + 1);
        }
        c_int::from(SECOND.load(SeqCst) != 100)
    });
    assert_eq!(end, End::Exit(0));
}

#[test]
fn there_is_room_for_thousands_of_visits_and_then_an_answer() {
    let end = child(|| {
        let mut visits = Vec::new();
        while let Some(visit) = Visit::begin() {
            visits.push(visit);
        }
        let full = visits.len();
        visits.truncate(full - 1);
        let again = Visit::begin().is_some();
        drop(visits);
        c_int::from(full < 4096 || !again || Visit::begin().is_none())
    });
    assert_eq!(end, End::Exit(0));
}
