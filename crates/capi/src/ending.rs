//! The end of the process: drivers that the program left open hear of it.
//!
//! A handler of `atexit` ends the session for all drivers that no thread is inside of; a thread that is may never come back, so its
//! driver is left alone, and nothing waits. Handlers run newest first. A shared object may have registered some of its own when it
//! was loaded, C++ destructors for one, and what they destroy its `DriverProc` may need: so ours is registered again behind each.
#![expect(
    unsafe_code,
    reason = "registers a function for the end of the process"
)]

use std::sync::atomic::{AtomicBool, Ordering};

use crate::process::{Process, existing};

/// Whether a handler is registered that has not run yet.
static EXPECTED: AtomicBool = AtomicBool::new(false);

/// Sees to it that the end of the process is heard of.
pub fn expect() {
    if !EXPECTED.swap(true, Ordering::SeqCst) {
        register();
    }
}

/// Takes note of an instance that was just opened.
pub fn opened(process: &Process, handle: u32) {
    let is_new_object = process
        .manager
        .module_of(handle)
        .is_ok_and(|module| module.kind == "native" && module.instances == 1);
    if is_new_object {
        EXPECTED.store(true, Ordering::SeqCst);
        register();
    } else {
        // Another handler of the program may have opened it, after ours ran.
        expect();
    }
}

fn register() {
    // SAFETY: a function of the library, which stays loaded.
    unsafe { libc::atexit(at_exit) };
}

extern "C" fn at_exit() {
    EXPECTED.store(false, Ordering::SeqCst);
    // A panic here would end the process in another way than it wants to.
    let _ = std::panic::catch_unwind(|| {
        if let Some(process) = existing().filter(|process| process.is_ours()) {
            process.manager.end_session_of_idle();
            // Handlers that come later may use the library on.
            crate::msacm::program_ends();
        }
    });
}
