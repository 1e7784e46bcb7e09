//! What a system forbids is found out without harm. Each test lets a child process live under a filter of system calls.
#![expect(
    unsafe_code,
    reason = "forks, filters system calls, installs a handler"
)]

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::{mem, ptr};

use opendriver_win32::segments::{Mechanism, Outcome, choose, outcome};
use opendriver_win32::{Config, LoadError, Process, Width, low};

#[path = "fixtures/build.rs"]
mod fixture;

/// Runs `body` in a child process; whether it answered true.
fn child(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child takes no lock that another thread of the tests may hold, and leaves without cleaning up.
    let process = unsafe { libc::fork() };
    assert!(process >= 0);
    if process == 0 {
        let is_right = body();
        // SAFETY: leaves at once.
        unsafe { libc::_exit(c_int::from(is_right)) };
    }
    let mut status = 0;
    // SAFETY: our own child.
    let waited = unsafe { libc::waitpid(process, &raw mut status, 0) };
    assert_eq!(waited, process);
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 1
}

const ARCH_X86_64: u32 = 0xC000_003E;
const ARCH_I386: u32 = 0x4000_0003;
const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;

/// Answers one system call of one architecture with `action` from now on.
fn filter(architecture: u32, call: u32, action: u32) {
    let load = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    let equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let answer = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    // The architecture stands at 4, the number at 0 of what a filter sees.
    let mut steps = [
        step(load, 0, 0, 4),
        step(equal, 0, 3, architecture),
        step(load, 0, 0, 0),
        step(equal, 0, 1, call),
        step(answer, 0, 0, action),
        step(answer, 0, 0, ALLOW),
    ];
    let program = libc::sock_fprog {
        len: steps.len() as u16,
        filter: steps.as_mut_ptr(),
    };
    // SAFETY: takes numbers only.
    let promised = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(promised, 0);
    // SAFETY: a good program, which the kernel copies.
    let set = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        )
    };
    assert_eq!(set, 0);
}

const MODIFY_LDT: u32 = libc::SYS_modify_ldt as u32;
const SET_THREAD_AREA: u32 = 243;

#[test]
fn a_filter_that_kills_kills_the_trial_only() {
    assert!(child(|| {
        filter(ARCH_X86_64, MODIFY_LDT, libc::SECCOMP_RET_KILL_PROCESS);
        filter(ARCH_I386, SET_THREAD_AREA, libc::SECCOMP_RET_KILL_THREAD);
        let killed = |doing| Outcome::Killed {
            doing,
            signal: libc::SIGSYS,
        };
        *outcome(Mechanism::ModifyLdt) == killed("modify_ldt")
            && *outcome(Mechanism::SetThreadArea) == killed("set_thread_area")
            && outcome(Mechanism::ModifyLdt).to_string() == "modify_ldt was killed by SIGSYS"
    }));
}

#[test]
fn a_filter_that_traps_calls_nobodys_handler() {
    extern "C" fn hear(_: c_int) {
        HEARD.fetch_add(1, SeqCst);
    }
    assert!(child(|| {
        // SAFETY: the handler only counts.
        unsafe { libc::signal(libc::SIGSYS, hear as *const () as usize) };
        filter(ARCH_X86_64, MODIFY_LDT, libc::SECCOMP_RET_TRAP);
        let killed = matches!(outcome(Mechanism::ModifyLdt), Outcome::Killed { .. });
        killed && HEARD.load(SeqCst) == 0
    }));
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    assert!(child(|| {
        let refuse = |error: c_int| libc::SECCOMP_RET_ERRNO | error.cast_unsigned();
        filter(ARCH_X86_64, MODIFY_LDT, refuse(libc::EPERM));
        filter(ARCH_I386, SET_THREAD_AREA, refuse(libc::ENOSYS));
        let refused = |call, error| Outcome::Refused { call, error };
        *outcome(Mechanism::ModifyLdt) == refused("modify_ldt", libc::EPERM)
            && *outcome(Mechanism::SetThreadArea) == refused("set_thread_area", libc::ENOSYS)
    }));
}

#[test]
fn a_driver_that_cannot_run_is_refused_with_what_was_tried() {
    assert!(child(|| {
        filter(ARCH_X86_64, MODIFY_LDT, libc::SECCOMP_RET_KILL_PROCESS);
        let mut config = Config::default();
        config.width = Width::Bits32;
        config.segments = Some(Mechanism::ModifyLdt);
        let process = Process::new(config, Arc::new(fixture::Quiet));
        let Err(LoadError::Segments { source, .. }) = process.load("any.dll".as_ref()) else {
            return false;
        };
        source.to_string()
            == "no way to give 32-bit code its FS works here: modify_ldt: modify_ldt was killed by SIGSYS"
    }));
}

#[test]
fn a_system_where_nothing_written_may_run_is_told_from_one_that_lacks_a_mechanism() {
    assert!(child(|| {
        const PR_SET_MDWE: c_int = 65;
        // SAFETY: takes numbers only. What is written now cannot become executable any more.
        if unsafe { libc::prctl(PR_SET_MDWE, 1, 0, 0, 0) } != 0 {
            return false;
        }
        let untried = |outcome: &Outcome| matches!(outcome, Outcome::Untried { call, error: libc::EACCES } if call.starts_with("mprotect"));
        let mut config = Config::default();
        config.width = Width::Bits32;
        let process = Process::new(config, Arc::new(fixture::Quiet));
        let error = process.load("any.dll".as_ref()).err();
        Mechanism::ALL
            .into_iter()
            .all(|mechanism| untried(outcome(mechanism)))
            && low::try_execution(false).is_err()
            && low::try_execution(true).is_err()
            && matches!(error, Some(LoadError::Segments { .. }))
    }));
    assert!(low::try_execution(false).is_ok());
}

#[test]
fn the_next_best_is_chosen() {
    assert!(child(|| {
        filter(ARCH_I386, SET_THREAD_AREA, libc::SECCOMP_RET_KILL_PROCESS);
        let first = Mechanism::ALL
            .into_iter()
            .find(|mechanism| *outcome(*mechanism) == Outcome::Works);
        choose(None).ok() == first && choose(Some(Mechanism::SetThreadArea)).is_err()
    }));
}

static HEARD: AtomicU32 = AtomicU32::new(0);

#[test]
fn the_program_does_not_hear_of_the_trial() {
    extern "C" fn hear(_: c_int) {
        HEARD.fetch_add(1, SeqCst);
    }
    assert!(child(|| {
        // SAFETY: the handler only counts.
        unsafe { libc::signal(libc::SIGCHLD, hear as *const () as usize) };
        for mechanism in Mechanism::ALL {
            outcome(mechanism);
        }
        // SAFETY: all zeroes is an empty set.
        let mut pending = unsafe { mem::zeroed::<libc::sigset_t>() };
        // SAFETY: a good set to fill.
        unsafe { libc::sigpending(&raw mut pending) };
        // SAFETY: a good set.
        let is_pending = unsafe { libc::sigismember(&raw const pending, libc::SIGCHLD) } == 1;
        // SAFETY: asks for any child.
        let waited = unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) };
        let error = std::io::Error::last_os_error().raw_os_error();
        HEARD.load(SeqCst) == 0 && !is_pending && (waited, error) == (-1, Some(libc::ECHILD))
    }));
}
