//! Locks that live in the driver's own memory: a word each, and the kernel's wait for a word.

use std::time::Duration;

use crate::cx::Cx;
use crate::shim::Addr;
use crate::trap::Trap;

impl Cx<'_> {
    /// Replaces a word of 32 bits if it is what is expected; answers what it was.
    pub(crate) fn exchange_32(&self, at: Addr, expected: u32, new: u32) -> Result<u32, Trap> {
        // SAFETY: the word is the driver's; a bad address is answered, not followed.
        unsafe { opendriver_guard::compare_exchange_u32(at.0 as usize, expected, new) }
            .ok_or_else(|| Trap::access_violation(at.0, true))
    }

    /// Changes a word of 32 bits as one step; answers what it was.
    pub(crate) fn update_32(&self, at: Addr, change: impl Fn(u32) -> u32) -> Result<u32, Trap> {
        let mut seen: u32 = self.read(at)?;
        loop {
            let found = self.exchange_32(at, seen, change(seen))?;
            if found == seen {
                return Ok(seen);
            }
            seen = found;
        }
    }

    /// Sleeps while a word is what is expected, until somebody wakes it; false when the time was up.
    pub(crate) fn sleep_on(&self, at: Addr, expected: u32, timeout: Option<Duration>) -> bool {
        let time = timeout.map(|timeout| libc::timespec {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let time = time
            .as_ref()
            .map_or(std::ptr::null(), |time| &raw const *time);
        let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the kernel checks the address of the word; the time lives until the call returns.
        let slept = unsafe { libc::syscall(libc::SYS_futex, at.0, operation, expected, time) };
        slept == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ETIMEDOUT)
    }

    /// Wakes so many who sleep on a word.
    pub(crate) fn wake_on(&self, at: Addr, count: i32) {
        let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the kernel only looks the address up.
        unsafe { libc::syscall(libc::SYS_futex, at.0, operation, count) };
    }
}
