//! Ctrl-C: nothing new begins, what runs is told to finish.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use rustix::process::{self, Pid, PidfdFlags};

/// Whether somebody said stop, and who must hear of it.
#[derive(Debug, Default)]
pub(super) struct Stop {
    asked: AtomicBool,
    running: Mutex<Vec<Arc<OwnedFd>>>,
}

/// A child that is running, and the descriptor that stands for it: another process with its number is never meant.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) descriptor: Arc<OwnedFd>,
}

impl Stop {
    /// Hears Ctrl-C, and what a scheduler sends before it takes a machine away, until the process ends.
    ///
    /// To be called before there is any other thread. Children inherit that the signals wait for somebody who listens, so that none is
    /// lost while they start.
    ///
    /// # Errors
    /// A system that gives no more threads.
    pub(super) fn listen(self: &Arc<Self>) -> io::Result<()> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGINT);
        signals.add(Signal::SIGTERM);
        signals.thread_block()?;
        let stop = Arc::clone(self);
        thread::Builder::new()
            .name("stop".to_owned())
            .spawn(move || {
                while signals.wait().is_ok() {
                    stop.ask();
                }
            })?;
        Ok(())
    }

    /// Says stop. Every child hears it each time: at the first it finishes its file, at the second it drops it.
    pub(super) fn ask(&self) {
        let running = self.running();
        self.asked.store(true, Ordering::Relaxed);
        for descriptor in running.iter() {
            interrupt(descriptor);
        }
    }

    /// Whether somebody said stop.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Starts a child that hears of a stop, unless it was said already.
    ///
    /// # Errors
    /// A child that cannot be started.
    pub(super) fn start(
        &self,
        spawn: impl FnOnce() -> io::Result<Child>,
    ) -> io::Result<Option<Running>> {
        // Held across the start, so that a stop finds the child or keeps it from starting.
        let mut running = self.running();
        if self.is_asked() {
            return Ok(None);
        }
        let child = spawn()?;
        let descriptor = process::pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        let descriptor = Arc::new(descriptor);
        running.push(Arc::clone(&descriptor));
        Ok(Some(Running { child, descriptor }))
    }

    /// Forgets a child that has ended.
    pub(super) fn forget(&self, ended: &Running) {
        self.running()
            .retain(|other| !Arc::ptr_eq(other, &ended.descriptor));
    }

    fn running(&self) -> MutexGuard<'_, Vec<Arc<OwnedFd>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells a child to finish its file.
pub(super) fn interrupt(child: &OwnedFd) {
    // A child that has ended cannot be told, and need not.
    let _ = process::pidfd_send_signal(child, process::Signal::INT);
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, Stdio};

    use super::Stop;

    #[test]
    fn children_hear_of_a_stop_and_none_starts_after_it() {
        let stop = Stop::default();
        // Whoever runs the tests may ignore the signal, and children inherit that.
        let mut cat = Command::new("env");
        cat.args(["--default-signal=INT", "cat"]);
        cat.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = stop
            .start(|| cat.spawn())
            .expect("cat")
            .expect("no stop yet");
        // It can hear when it does its work.
        let (mut to, mut from) = (running.child.stdin.take(), running.child.stdout.take());
        to.as_mut()
            .expect("a pipe")
            .write_all(b"x")
            .expect("cat reads");
        from.as_mut()
            .expect("a pipe")
            .read_exact(&mut [0])
            .expect("cat writes");
        stop.ask();
        let status = running.child.wait().expect("a child");
        assert_eq!(status.signal(), Some(2));
        stop.forget(&running);
        assert!(stop.running().is_empty());
        let none = stop.start(|| panic!("started after a stop"));
        assert!(none.expect("no error").is_none());
    }
}
