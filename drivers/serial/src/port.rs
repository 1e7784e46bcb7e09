//! An open port, for any number of threads at once.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::OFlags;
use serialport::{SerialPort as _, SerialPortBuilder, TTYPort};

/// A port, opened twice: `serialport` sets the line and keeps others away, bytes go through a file that never blocks.
pub(crate) struct Port {
    bytes: File,
    line: Mutex<TTYPort>,
    stop: OwnedFd,
}

impl Port {
    pub(crate) fn open(path: &str, line: SerialPortBuilder) -> io::Result<Self> {
        let flags = (OFlags::NOCTTY | OFlags::NONBLOCK).bits().cast_signed();
        let mut options = File::options();
        let options = options.read(true).write(true).custom_flags(flags);
        Ok(Self {
            bytes: options.open(path)?,
            line: Mutex::new(line.open_native()?),
            stop: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    /// Ends what waits, and each later wait at once.
    pub(crate) fn stop(&self) {
        // It fails only where it was said too often to count, and then it was said.
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
    }

    /// Reads what there is, as soon as there is something: 0 bytes when the time runs out.
    pub(crate) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let begun = Instant::now();
        while self.wait(PollFlags::IN, begun)? {
            match (&self.bytes).read(into) {
                // Another thread was faster.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
        Ok(0)
    }

    /// Writes until all is written or the time runs out; answers how many bytes went.
    pub(crate) fn write(&self, from: &[u8]) -> io::Result<usize> {
        let (begun, mut written) = (Instant::now(), 0);
        while written < from.len() && self.wait(PollFlags::OUT, begun)? {
            match (&self.bytes).write(&from[written..]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => written += done?,
            }
        }
        Ok(written)
    }

    /// The line and how it is set.
    pub(crate) fn line(&self) -> MutexGuard<'_, TTYPort> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the port is ready; `false` when the time runs out.
    fn wait(&self, wanted: PollFlags, begun: Instant) -> io::Result<bool> {
        let most = self.line().timeout();
        let mut awaited = [
            PollFd::new(&self.bytes, wanted),
            PollFd::new(&self.stop, PollFlags::IN),
        ];
        rustix::io::retry_on_intr(|| {
            let left = most.saturating_sub(begun.elapsed());
            poll(&mut awaited, Timespec::try_from(left).ok().as_ref())
        })?;
        let [port, stop] = awaited.map(|awaited| awaited.revents());
        match (stop.is_empty(), port.contains(PollFlags::HUP)) {
            (false, _) => Err(ErrorKind::ConnectionAborted.into()),
            (_, true) => Err(ErrorKind::BrokenPipe.into()),
            _ => Ok(port.intersects(wanted)),
        }
    }
}
