//! Ctrl-C: the first finishes what is converted, the second stops at once and leaves nothing.

use std::io;
use std::os::fd::OwnedFd;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use rustix::event::{EventfdFlags, eventfd};

use super::scratch::Scratch;
use crate::report::Exit;

/// Whether somebody wants an end.
#[derive(Clone, Debug)]
pub(super) struct Interrupt {
    stop: Arc<AtomicBool>,
    bell: Arc<OwnedFd>,
}

impl Interrupt {
    /// Listens for SIGINT and SIGTERM on a thread of its own.
    ///
    /// No handler runs on a thread that is inside a driver, whose registers and stack are not ours: the signals are blocked
    /// everywhere and waited for here. To be called before there is any other thread.
    pub(super) fn listen(scratch: &Scratch) -> io::Result<Self> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGINT);
        signals.add(Signal::SIGTERM);
        signals.thread_block()?;
        let interrupt = Self {
            stop: Arc::default(),
            bell: Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?),
        };
        let (ours, scratch) = (interrupt.clone(), scratch.clone());
        thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                while signals.wait().is_ok() {
                    if ours.stop.swap(true, Ordering::Relaxed) {
                        let _nothing_new = scratch.remove();
                        process::exit(Exit::Interrupted as i32);
                    }
                    // A bell that cannot be rung leaves the flag.
                    let _ = rustix::io::write(&ours.bell, &1_u64.to_ne_bytes());
                }
            })?;
        Ok(interrupt)
    }

    /// The flag that goes up.
    pub(super) fn flag(&self) -> &AtomicBool {
        &self.stop
    }

    /// Becomes readable when the flag goes up, for those who wait for something else.
    pub(super) fn bell(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.bell)
    }
}
