//! Events: what an application waits for on Windows is an eventfd here.
#![expect(
    unsafe_code,
    reason = "uses a file that the application has opened, and asks whether it can be written"
)]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, BorrowedFd, RawFd};

/// An eventfd of the application's, by a file of our own, so that it may close its.
#[derive(Debug)]
pub struct Event(File);

impl Event {
    /// The eventfd of a number; none where it is another file, or none.
    pub fn of(number: usize) -> Option<Self> {
        let number = RawFd::try_from(number).ok()?;
        let what = fs::read_link(format!("/proc/self/fd/{number}")).ok()?;
        if what.as_os_str() != "anon_inode:[eventfd]" {
            return None;
        }
        // SAFETY: the descriptor is open, as was just seen, and is the caller's to lend.
        let event = unsafe { BorrowedFd::borrow_raw(number) };
        Some(Self(event.try_clone_to_owned().ok()?.into()))
    }

    /// Adds one to its counter. One that is full says enough, and nobody waits for it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set(&self) -> io::Result<()> {
        if self.is_full() {
            return Ok(());
        }
        (&self.0).write_all(&1_u64.to_ne_bytes())
    }

    fn is_full(&self) -> bool {
        let mut asked = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLOUT,
            revents: 0,
        };
        // SAFETY: one structure, which is ours.
        unsafe { libc::poll(&raw mut asked, 1, 0) == 0 }
    }
}
