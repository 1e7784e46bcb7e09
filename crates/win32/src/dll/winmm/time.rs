//! Multimedia time and timers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::shim::{Addr, Size, shims};
use crate::station::Report;

const NOERROR: u32 = 0;
/// `TIMERR_NOCANDO`.
const CANNOT: u32 = 97;
/// `TIME_PERIODIC`.
const PERIODIC: u32 = 1;
/// `TIME_CALLBACK_EVENT_SET` and `TIME_CALLBACK_EVENT_PULSE`.
const EVENTS: u32 = 0x30;

/// The timers that run, and when the process first asked for the time.
#[derive(Default)]
struct Timers {
    running: Mutex<HashMap<u32, Sender<()>>>,
    next: AtomicU32,
    start: OnceLock<Instant>,
}

shims! {
    pub(super) static SHIMS = "winmm.dll", stdcall;

    /// Answers the milliseconds since the process first asked, from 1 on.
    fn timeGetTime(cx) -> u32 {
        let timers = cx.state::<Timers>();
        let start = timers.start.get_or_init(Instant::now);
        Ok((start.elapsed().as_millis() as u32).wrapping_add(1))
    }

    /// Answers the time as an `MMTIME` in milliseconds.
    fn timeGetSystemTime(cx, time: Addr, size: u32) -> u32 {
        let timers = cx.state::<Timers>();
        let start = timers.start.get_or_init(Instant::now);
        cx.write(time, 1_u32)?;
        cx.write(time.offset(4), (start.elapsed().as_millis() as u32).wrapping_add(1))?;
        Ok(NOERROR)
    }

    /// Answers the periods that timers can have.
    fn timeGetDevCaps(cx, caps: Addr, size: u32) -> u32 {
        if caps.is_null() || size < 8 {
            return Ok(CANNOT);
        }
        cx.write(caps, 1_u32)?;
        cx.write(caps.offset(4), 65_535_u32)?;
        Ok(NOERROR)
    }

    /// Asks for a resolution that the system has anyway.
    fn timeBeginPeriod(cx, period: u32) -> u32 { Ok(if period == 0 { CANNOT } else { NOERROR }) }

    /// Gives up a resolution that was asked for.
    fn timeEndPeriod(cx, period: u32) -> u32 { Ok(if period == 0 { CANNOT } else { NOERROR }) }

    /// Starts a timer; answers its number, 0 when there can be none.
    fn timeSetEvent(cx, delay: u32, resolution: u32, callback: Addr, user: Size, flags: u32) -> u32 {
        let target = if flags & EVENTS != 0 {
            let name = if flags & EVENTS == 0x10 { "SetEvent" } else { "PulseEvent" };
            let Some(function) = cx.process().symbol_of("kernel32.dll", name) else { return Ok(0) };
            Target { function, arguments: vec![callback.0] }
        } else {
            Target { function: callback.0, arguments: Vec::new() }
        };
        Ok(start(&cx.process().shared(), Duration::from_millis(delay.into()), flags & PERIODIC != 0, target, user))
    }

    /// Stops a timer.
    fn timeKillEvent(cx, timer: u32) -> u32 {
        let timers = cx.state::<Timers>();
        let stopped = timers.running.lock().expect("no holder panics").remove(&timer);
        Ok(if stopped.is_some() { NOERROR } else { CANNOT })
    }
}

/// What a timer calls.
struct Target {
    function: u64,
    arguments: Vec<u64>,
}

/// Starts a thread that calls when the time has come, until the timer's entry is dropped.
fn start(
    process: &Arc<Process>,
    delay: Duration,
    is_periodic: bool,
    mut target: Target,
    user: Size,
) -> u32 {
    let timers = process.state::<Timers>();
    let number = timers.next.fetch_add(1, Ordering::Relaxed) + 1;
    if target.arguments.is_empty() {
        target.arguments = vec![u64::from(number), 0, user.0, 0, 0];
    }
    let (stop, stopped) = mpsc::channel();
    timers
        .running
        .lock()
        .expect("no holder panics")
        .insert(number, stop);
    let process: Weak<Process> = Arc::downgrade(process);
    let run = move || {
        // Nobody sends: the wait ends when the timer is killed or the process goes.
        while stopped.recv_timeout(delay) == Err(RecvTimeoutError::Timeout) {
            let Some(process) = process.upgrade() else {
                return;
            };
            if let Err(fault) = process.call(target.function, &target.arguments) {
                process
                    .station()
                    .report(Report::Warning(format!("a timer broke: {fault}")));
                return;
            }
            if !is_periodic {
                let timers = process.state::<Timers>();
                timers
                    .running
                    .lock()
                    .expect("no holder panics")
                    .remove(&number);
                return;
            }
        }
    };
    match std::thread::Builder::new()
        .name("winmm timer".to_owned())
        .spawn(run)
    {
        Ok(_) => number,
        Err(_) => {
            timers
                .running
                .lock()
                .expect("no holder panics")
                .remove(&number);
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "winmm.dll";

    #[test]
    fn periods_are_those_that_timers_can_have() {
        let bench = Bench::new();
        let caps = bench.bytes(&[0; 8]);
        assert_eq!(bench.ask(DLL, "timeGetDevCaps", &[caps, 8]), 0);
        assert_eq!(bench.read(caps, 8), [1, 0, 0, 0, 0xFF, 0xFF, 0, 0]);
        assert_eq!(bench.ask(DLL, "timeBeginPeriod", &[0]), 97);
    }

    #[test]
    fn time_goes_on_and_a_killed_timer_is_gone() {
        let bench = Bench::new();
        let first = bench.ask(DLL, "timeGetTime", &[]);
        assert!(first >= 1);
        assert!(bench.ask(DLL, "timeGetTime", &[]) >= first);
        let function = bench.gate("kernel32.dll", "GetLastError");
        let timer = bench.ask(DLL, "timeSetEvent", &[60_000, 0, function, 0, 0]);
        assert_ne!(timer, 0);
        assert_eq!(bench.ask(DLL, "timeKillEvent", &[timer]), 0);
        assert_eq!(bench.ask(DLL, "timeKillEvent", &[timer]), 97);
    }
}
