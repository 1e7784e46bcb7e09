//! One file in a process of its own: a driver that breaks takes nobody with it.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{self, PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::stop::{Running, Stop, interrupt};

/// How much of what a child says is kept: the end, where the error is.
const KEPT: usize = 64 << 10;

/// How long a child that takes too long may still take to put its things away, each time that it is told.
const GRACE: Duration = Duration::from_secs(5);

/// How a child ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its exit status or the signal that ended it.
    pub(super) status: ExitStatus,
    /// Whether it took longer than it might.
    pub(super) timed_out: bool,
    /// The end of what it said on standard error.
    pub(super) said: String,
}

/// Runs a child to its end; `None` where a stop came before its start.
///
/// It reads nothing and prints nothing, and is in a process group of its own: a Ctrl-C at the terminal reaches it through `stop`,
/// and only once.
///
/// # Errors
/// A child that cannot be started.
pub(super) fn run(
    command: &mut Command,
    timeout: Option<Duration>,
    stop: &Stop,
) -> io::Result<Option<Ended>> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    let Some(mut running) = stop.start(|| command.spawn())? else {
        return Ok(None);
    };
    let stderr = running.child.stderr.take();
    let ended = thread::scope(|scope| {
        let said = scope.spawn(|| stderr.map_or_else(String::new, tail));
        let (status, timed_out) = wait(&mut running, timeout)?;
        Ok(Ended {
            status,
            timed_out,
            said: said.join().unwrap_or_default(),
        })
    });
    stop.forget(&running);
    ended.map(Some)
}

/// Waits for a child; one that takes too long is told to finish, then to drop everything, then ended.
fn wait(running: &mut Running, timeout: Option<Duration>) -> io::Result<(ExitStatus, bool)> {
    let Running { child, descriptor } = running;
    let Some(timeout) = timeout else {
        return Ok((child.wait()?, false));
    };
    if ends_within(descriptor, timeout)? {
        return Ok((child.wait()?, false));
    }
    for _ in 0..2 {
        interrupt(descriptor);
        if ends_within(descriptor, GRACE)? {
            return Ok((child.wait()?, true));
        }
    }
    child.kill()?;
    Ok((child.wait()?, true))
}

/// Whether a child ends before so much time is over.
fn ends_within(child: &OwnedFd, time: Duration) -> io::Result<bool> {
    let end = Instant::now().checked_add(time);
    loop {
        // More time than can be counted is no limit.
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(child, PollFlags::IN)];
        match event::poll(&mut fds, left.as_ref()) {
            Ok(ended) => return Ok(ended > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads to the end, and keeps the last part.
fn tail(mut from: impl Read) -> String {
    let mut kept = Vec::new();
    let mut block = [0; 4096];
    // What cannot be read is what was not said.
    while let Ok(read @ 1..) = from.read(&mut block) {
        kept.extend_from_slice(&block[..read]);
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
    let from = kept.len().saturating_sub(KEPT);
    String::from_utf8_lossy(&kept[from..]).into_owned()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::{KEPT, Stop, run, tail};

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn a_child_leaves_its_status_and_its_last_words() {
        let ended = run(
            &mut shell("echo lost; echo no >&2; exit 3"),
            None,
            &Stop::default(),
        )
        .expect("a shell")
        .expect("no stop");
        assert_eq!((ended.status.code(), ended.timed_out), (Some(3), false));
        assert_eq!(ended.said, "no\n");
    }

    #[test]
    fn a_child_that_takes_too_long_is_interrupted() {
        use std::os::unix::process::ExitStatusExt as _;

        // Long enough for the child to be what it is to be.
        let timeout = Some(Duration::from_millis(500));
        let ended = run(
            // Whoever runs the tests may ignore the signal, and children inherit that.
            &mut shell("exec env --default-signal=INT tail -f /dev/null"),
            timeout,
            &Stop::default(),
        )
        .expect("a shell")
        .expect("no stop");
        assert!(ended.timed_out);
        assert_eq!(ended.status.signal(), Some(2));
    }

    #[test]
    fn no_child_starts_after_a_stop() {
        let stop = Stop::default();
        stop.ask();
        assert!(
            run(&mut shell("exit 1"), None, &stop)
                .expect("nothing starts")
                .is_none()
        );
    }

    #[test]
    fn of_much_the_end_is_kept() {
        let much = format!("{}end", "-".repeat(5 * KEPT));
        let kept = tail(much.as_bytes());
        assert!(kept.ends_with("-end"));
        assert_eq!(kept.len(), KEPT);
    }
}
