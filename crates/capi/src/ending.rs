//! The end of the process: drivers that the program left open hear of it.
//!
//! A handler of `atexit` ends the session for all drivers that no thread is inside of; a thread that is may never come back, so its
//! driver is left alone, and nothing waits. Handlers run newest first. A shared object may have registered some of its own when it
//! was loaded, C++ destructors for one, and what they destroy its `DriverProc` may need: so ours is registered again behind each,
//! once for each time that one is mapped, when the function of the library that mapped it is done.
#![expect(
    unsafe_code,
    reason = "registers a function for the end of the process"
)]

use std::sync::atomic::{AtomicBool, Ordering};

use opendriver::backend::native::Native;
use opendriver::backend::{Backend, Candidate, Provider};
use opendriver::{Error, System};

use crate::process::existing;

/// Whether a handler is to be registered: at the first use, behind a shared object that was mapped, and when the last one has run.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Sees to it that the end of the process is heard of.
pub fn expect() {
    WANTED.store(true, Ordering::SeqCst);
    register();
}

/// Registers what is to be. Every exported function comes here when it is done.
#[inline]
pub fn note() {
    if WANTED.load(Ordering::Relaxed) {
        register();
    }
}

#[cold]
fn register() {
    if WANTED.swap(false, Ordering::SeqCst) {
        // SAFETY: a function of the library, which stays loaded.
        unsafe { libc::atexit(at_exit) };
    }
}

extern "C" fn at_exit() {
    WANTED.store(true, Ordering::SeqCst);
    // A panic here would end the process in another way than it wants to.
    let _ = std::panic::catch_unwind(|| {
        if let Some(process) = existing().filter(|process| process.is_ours()) {
            process.manager.end_session_of_idle();
            // Handlers that come later may use the library on.
            crate::msacm::program_ends();
        }
    });
}

/// The way in for shared objects, whose own handlers of the end are to run behind ours.
#[derive(Debug, Default)]
pub struct Mapping(Native);

impl Provider for Mapping {
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    fn claims(&self, candidate: &Candidate) -> bool {
        self.0.claims(candidate)
    }

    fn load(&self, candidate: &Candidate, system: &System) -> Result<Box<dyn Backend>, Error> {
        let loaded = self.0.load(candidate, system);
        WANTED.store(true, Ordering::SeqCst);
        loaded
    }
}
