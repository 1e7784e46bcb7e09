//! The program's own signal handling stays as it was, outside foreign code. Each test lets a child process die or go on.
#![expect(unsafe_code, reason = "forks, and breaks on purpose")]

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{mem, ptr};

use opendriver_guard::{install, prepare_thread, protect};

#[path = "fixtures/child.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod child;
#[path = "fixtures/code.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod code;

use child::{End, action, child};
use code::Code;

/// What the program's handler has seen; it leaves with this or mends it.
static SEEN: AtomicUsize = AtomicUsize::new(0);

/// Leaves with 40 and one more for each thing that is as the kernel would have it.
extern "C" fn leave(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's information.
    let info = unsafe { &*info };
    // SAFETY: the signal is one that carries an address.
    let address = unsafe { info.si_addr() } as usize;
    // SAFETY: the kernel's context.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    // SAFETY: all zeroes is an empty set.
    let mut mask = unsafe { mem::zeroed::<libc::sigset_t>() };
    // SAFETY: a good set to fill.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut mask) };
    // SAFETY: a good set.
    let blocked = unsafe { libc::sigismember(&raw const mask, signal) } == 1;
    let instruction = context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize;
    let right = [
        signal == libc::SIGSEGV,
        address == 0x20,
        blocked,
        instruction == SEEN.load(Relaxed),
    ];
    let count = right.into_iter().filter(|right| *right).count();
    // SAFETY: leaves at once.
    unsafe { libc::_exit(40 + count as c_int) };
}

#[test]
fn a_program_with_its_own_handler_gets_its_own_faults() {
    let code = Code::new(code::READ);
    let end = child(|| {
        action(libc::SIGSEGV, leave as *const () as usize, libc::SA_SIGINFO);
        install();
        prepare_thread();
        // A driver that broke before leaves no trace.
        assert!(code.protected(0x10, 0).is_err());
        SEEN.store(code.address(), Relaxed);
        // SAFETY: it breaks, which is the point.
        unsafe { code.call(0x20, 0) };
        1
    });
    assert_eq!(end, End::Exit(44));
}

/// Maps the page that was missing.
extern "C" fn mend(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    let page = SEEN.swap(0, Relaxed) as *mut c_void;
    // SAFETY: the test's own page.
    unsafe { libc::mprotect(page, 4096, libc::PROT_READ) };
}

#[test]
fn a_handler_that_mends_the_fault_lets_the_program_go_on() {
    let code = Code::new(code::READ);
    let data = Code::new(&[9]);
    let end = child(|| {
        action(libc::SIGSEGV, mend as *const () as usize, libc::SA_SIGINFO);
        install();
        SEEN.store(data.address(), Relaxed);
        // SAFETY: the test's own page.
        unsafe { libc::mprotect(data.address() as *mut c_void, 4096, libc::PROT_NONE) };
        // SAFETY: what breaks is mended.
        unsafe { code.call(data.address(), 0) as c_int }
    });
    assert_eq!(end, End::Exit(9));
}

#[test]
fn a_fault_in_our_own_code_is_not_taken_for_the_drivers() {
    let end = child(|| {
        action(libc::SIGSEGV, leave as *const () as usize, libc::SA_SIGINFO);
        install();
        prepare_thread();
        // SAFETY: it breaks, which is the point.
        let read = || unsafe { (0x20 as *const isize).read_volatile() };
        // SAFETY: the closure holds nothing.
        let answer = unsafe { protect(read) };
        if answer.is_err() { 1 } else { 2 }
    });
    // The place differs from the one that the handler was told to expect, all else is right.
    assert_eq!(end, End::Exit(43));
}

#[test]
fn the_default_action_still_ends_the_program_with_the_right_signal() {
    for (bytes, signal) in [
        (code::READ, libc::SIGSEGV),
        (code::DIVIDE, libc::SIGFPE),
        (code::ILLEGAL, libc::SIGILL),
        (code::BREAKPOINT, libc::SIGTRAP),
    ] {
        for default in [true, false] {
            let code = Code::new(bytes);
            let end = child(|| {
                if default {
                    action(signal, libc::SIG_DFL, 0);
                }
                install();
                prepare_thread();
                // SAFETY: it breaks, which is the point.
                unsafe { code.call(0, 0) };
                1
            });
            assert_eq!(end, End::Killed(signal), "{bytes:x?}");
        }
    }
}

#[test]
fn an_abort_of_the_program_itself_ends_it() {
    let end = child(|| {
        install();
        prepare_thread();
        // SAFETY: it ends the process, which is the point.
        unsafe { libc::abort() }
    });
    assert_eq!(end, End::Killed(libc::SIGABRT));
}

#[test]
fn a_signal_that_somebody_sends_is_no_fault_of_the_driver() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGABRT] {
        let end = child(|| {
            action(signal, libc::SIG_DFL, 0);
            install();
            prepare_thread();
            let process = std::process::id().cast_signed();
            // SAFETY: sends ourselves a signal.
            let send = || unsafe { libc::kill(process, signal) } as isize;
            // SAFETY: the closure holds nothing.
            let answer = unsafe { protect(send) };
            if answer.is_err() { 1 } else { 2 }
        });
        assert_eq!(end, End::Killed(signal));
    }
}

#[test]
fn a_signal_that_the_program_ignores_stays_ignored() {
    let end = child(|| {
        action(libc::SIGTRAP, libc::SIG_IGN, 0);
        install();
        // SAFETY: sends ourselves a signal.
        unsafe { libc::raise(libc::SIGTRAP) };
        7
    });
    assert_eq!(end, End::Exit(7));
}

#[test]
fn tolerant_access_is_not_told_to_the_program() {
    let end = child(|| {
        action(libc::SIGSEGV, leave as *const () as usize, libc::SA_SIGINFO);
        install();
        let mut bytes = [0; 600];
        // SAFETY: tolerant, into our own bytes.
        let small = unsafe { opendriver_guard::copy(bytes.as_mut_ptr(), ptr::null(), 5) };
        // SAFETY: tolerant, into our own bytes.
        let large = unsafe { opendriver_guard::copy(bytes.as_mut_ptr(), ptr::null(), 600) };
        if (small, large) == (Err(0), Err(0)) {
            5
        } else {
            6
        }
    });
    assert_eq!(end, End::Exit(5));
}

/// How far below the interrupted code's stack pointer a handler runs.
static DEPTH: AtomicUsize = AtomicUsize::new(0);

/// Steps over the instruction that broke, after a second signal that has the alternate stack to itself.
extern "C" fn step_over(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's context, or one of the same form.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let here = 0_u8;
    let interrupted = context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize;
    DEPTH.store(interrupted.wrapping_sub(&raw const here as usize), Relaxed);
    // SAFETY: a thread may send itself anything.
    unsafe { libc::raise(libc::SIGUSR1) };
    // SAFETY: all zeroes is an empty set.
    let mut mask = unsafe { mem::zeroed::<libc::sigset_t>() };
    // SAFETY: a good set to fill.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut mask) };
    // SAFETY: a good set.
    let blocked = unsafe { libc::sigismember(&raw const mask, libc::SIGFPE) } == 1;
    // Behind the division, with what it is to have given.
    let instruction = context.uc_mcontext.gregs[libc::REG_RIP as usize];
    context.uc_mcontext.gregs[libc::REG_RIP as usize] = instruction + DIVISION;
    context.uc_mcontext.gregs[libc::REG_RAX as usize] = if blocked { 40 } else { 30 };
}

/// Writes over what is on the alternate stack, far below the other handler's frame if that were there.
extern "C" fn scribble(_: c_int) {
    let mut bytes = [0x5a_u8; 16 << 10];
    std::hint::black_box(&mut bytes);
}

/// The length of the instruction by which `divide` divides.
const DIVISION: i64 = 2;

/// Divides by zero and answers what the handler made of it, or 1 where a register or a vector is not as it was.
fn divide() -> c_int {
    let (answer, kept): (u32, u64);
    let vector: u64;
    // SAFETY: the handler steps over the division.
    unsafe {
        std::arch::asm!(
            "movq xmm7, r8",
            "xor edx, edx",
            "mov eax, 5",
            "idiv ecx",
            "movq r9, xmm7",
            in("ecx") 0,
            inout("r8") 0x1234_5678_9abc_u64 => kept,
            out("r9") vector,
            out("eax") answer,
            out("edx") _,
            out("xmm7") _,
        );
    }
    if kept == 0x1234_5678_9abc && vector == kept {
        answer as c_int
    } else {
        1
    }
}

#[test]
fn a_handler_that_did_not_ask_for_another_stack_runs_on_the_one_that_was_interrupted() {
    let end = child(|| {
        action(
            libc::SIGFPE,
            step_over as *const () as usize,
            libc::SA_SIGINFO,
        );
        action(
            libc::SIGUSR1,
            scribble as *const () as usize,
            libc::SA_ONSTACK,
        );
        install();
        prepare_thread();
        for _ in 0..3 {
            let answer = divide();
            let depth = DEPTH.swap(0, Relaxed);
            if answer != 40 || depth == 0 || depth > 64 << 10 {
                return answer + 1;
            }
        }
        // SAFETY: all zeroes is an empty set.
        let mut mask = unsafe { mem::zeroed::<libc::sigset_t>() };
        // SAFETY: a good set to fill.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut mask) };
        // SAFETY: a good set.
        let blocked = unsafe { libc::sigismember(&raw const mask, libc::SIGFPE) } == 1;
        if blocked { 2 } else { 44 }
    });
    assert_eq!(end, End::Exit(44));
}

#[test]
fn a_handler_that_asked_for_the_other_stack_runs_there() {
    let end = child(|| {
        let flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        action(libc::SIGFPE, step_over as *const () as usize, flags);
        action(
            libc::SIGUSR1,
            scribble as *const () as usize,
            libc::SA_ONSTACK,
        );
        install();
        prepare_thread();
        let answer = divide();
        let depth = DEPTH.load(Relaxed);
        if answer == 40 && depth > 64 << 10 {
            44
        } else {
            answer + 1
        }
    });
    assert_eq!(end, End::Exit(44));
}
