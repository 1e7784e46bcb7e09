//! Both widths at once on many threads, while signals and allocations come in between.
//!
//! Alone in its process, whose timer and signal handler it sets.
#![expect(unsafe_code, reason = "sets a timer and a signal handler")]

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use opendriver::{Instance, Manager, Message};
use opendriver_tests::fixtures::{Target, compiled};

const THREADS: usize = 8;
/// Of each width.
const DRIVERS: usize = 4;
/// How many messages each thread sends.
const MESSAGES: usize = 100_000;

const SUM: Message = Message::DRV_RESERVED;
const SET_PARTNER: Message = Message(Message::DRV_RESERVED.0 + 2);
const PARTNER_SUM: Message = Message(Message::DRV_RESERVED.0 + 3);

static PROFILED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// How many signals came to this thread. It lies where the FS base says, so the count is lost or worse while a driver's
    /// own base is there.
    static CAME: Cell<u64> = const { Cell::new(0) };
}

extern "C" fn on_profile(_signal: libc::c_int) {
    CAME.with(|came| came.set(came.get() + 1));
    PROFILED.fetch_add(1, Relaxed);
}

/// Makes the system send SIGPROF for each millisecond that this process computes.
fn start_profiling() {
    // SAFETY: all zeros are a valid value of this structure of numbers and an address.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_profile as extern "C" fn(libc::c_int) as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the handler does nothing that a handler must not do.
    let set = unsafe { libc::sigaction(libc::SIGPROF, &raw const action, ptr::null_mut()) };
    assert_eq!(set, 0);
    let every = libc::timeval {
        tv_sec: 0,
        tv_usec: 1000,
    };
    let timer = libc::itimerval {
        it_interval: every,
        it_value: every,
    };
    // SAFETY: the structure is whole, and the old timer is not asked for.
    let set = unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, ptr::null_mut()) };
    assert_eq!(set, 0);
}

#[test]
fn eight_threads_send_to_eight_drivers_of_both_widths_while_signals_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let manager = Manager::builder().trust_foreign_code().build();
    let mut files = Vec::new();
    for (target, name) in [
        (Target::Windows64Crt, "wide"),
        (Target::Windows32Crt, "narrow"),
    ] {
        for number in 0..DRIVERS {
            let file = folder.path().join(format!("{name}-{number}.dll"));
            std::fs::copy(compiled("crossing", target), &file).expect("a copy of the driver");
            files.push(file.to_str().expect("UTF-8").to_owned());
        }
    }
    let open = |file: &String| manager.open(file).expect("it opens");
    // Each driver asks the one after it, so that calls cross between the widths in both directions.
    let first: Vec<Instance> = files.iter().map(open).collect();
    for (at, instance) in first.iter().enumerate() {
        let next = first[(at + 3) % first.len()].handle().raw();
        instance
            .send(SET_PARTNER, next as isize, 0)
            .expect("it does not break");
    }
    start_profiling();
    let done = AtomicBool::new(false);
    let came: u64 = thread::scope(|scope| {
        let allocating = scope.spawn(|| allocate_until(&done));
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let instances: Vec<Instance> = files.iter().map(open).collect();
                scope.spawn(move || send_all(number, instances))
            })
            .collect();
        let came = threads
            .into_iter()
            .map(|thread| thread.join().expect("all answers are right"))
            .sum();
        done.store(true, Relaxed);
        allocating.join().expect("memory stays whole");
        came
    });
    assert!(
        came > 0 && came <= PROFILED.load(Relaxed),
        "{came} signals came"
    );
    drop(first);
    assert!(manager.modules().is_empty());
}

/// Sends messages, one of sixteen on to a driver of the other width; answers how many signals came meanwhile.
fn send_all(thread: usize, instances: Vec<Instance>) -> u64 {
    for number in 0..MESSAGES {
        let instance = &instances[(number + thread) % instances.len()];
        let (a, b) = ((number * 7 + thread) as isize, number as isize - 50_000);
        let message = if number % 16 == 5 { PARTNER_SUM } else { SUM };
        assert_eq!(
            instance.send(message, a, b).expect("it does not break"),
            a * 3 - b
        );
    }
    for instance in instances {
        instance.close(0, 0).expect("it closes");
    }
    CAME.with(Cell::get)
}

/// Takes and gives memory of many sizes, whose bytes must stay what they are.
fn allocate_until(done: &AtomicBool) {
    let mut blocks: Vec<Vec<u8>> = vec![Vec::new(); 64];
    for round in 0_usize.. {
        let at = round % blocks.len();
        let mark = |block: &Vec<u8>| block.len() as u8;
        let expected = mark(&blocks[at]);
        assert!(blocks[at].iter().all(|&byte| byte == expected));
        blocks[at] = vec![0; round * 37 % 4096];
        let fresh = mark(&blocks[at]);
        blocks[at].fill(fresh);
        if done.load(Relaxed) {
            return;
        }
    }
}
