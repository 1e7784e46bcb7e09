//! Signals that arrive at any moment of a crossing find the host's handler at home, whatever gives 32-bit code its FS.
#![expect(unsafe_code, reason = "installs a signal handler and a timer")]

#[path = "fixtures/build.rs"]
mod fixture;
#[path = "../../guard/tests/fixtures/timer.rs"]
mod timer;

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use fixture::{Quiet, build, config};
use opendriver_win32::segments::{Mechanism, Outcome, outcome};
use opendriver_win32::{Process, Width};
use timer::start_timer;

/// How many signals a mechanism has to live with.
const ENOUGH: u32 = 3000;

thread_local! {
    static HEARD: Cell<u32> = const { Cell::new(0) };
}

/// Where the variable of the thread lies that the signals go to.
static HOME: AtomicUsize = AtomicUsize::new(0);
/// How often a handler found another one.
static LOST: AtomicUsize = AtomicUsize::new(0);

extern "C" fn hear(_: c_int) {
    HEARD.with(|heard| {
        if heard.as_ptr() as usize != HOME.load(SeqCst) {
            LOST.fetch_add(1, SeqCst);
        }
        heard.set(heard.get() + 1);
    });
}

#[test]
fn each_mechanism_lives_with_signals_at_any_moment() {
    HOME.store(HEARD.with(|heard| heard.as_ptr() as usize), SeqCst);
    // SAFETY: the handler counts in a variable of its thread.
    unsafe { libc::signal(libc::SIGALRM, hear as *const () as usize) };
    start_timer(libc::SIGALRM);
    let works = |mechanism: &Mechanism| *outcome(*mechanism) == Outcome::Works;
    let mechanisms = Mechanism::ALL.into_iter().filter(works);
    let mut tried = 0;
    for mechanism in mechanisms {
        let mut config = config(Width::Bits32);
        config.segments = Some(mechanism);
        let process = Process::new(config, Arc::new(Quiet));
        let module = process
            .load(&build("threads", Width::Bits32, &["-static"]))
            .expect("it loads");
        let export = |name| module.export(name).expect("it is exported");
        let (keep_errors, count_together) = (export("keep_errors"), export("count_together"));
        HEARD.set(0);
        while HEARD.get() < ENOUGH {
            // Into 32-bit code and from there into functions of ours, which threads of the driver do at the same time.
            for rounds in 0..100 {
                let kept = process.call(keep_errors, &[rounds]);
                assert_eq!(
                    kept.map(|kept| kept & 0xffff_ffff),
                    Ok(rounds),
                    "{mechanism}"
                );
            }
            let whole = process.call(count_together, &[2, 10]);
            assert_eq!(whole.map(|whole| whole as u32), Ok(1), "{mechanism}");
        }
        tried += 1;
    }
    assert!(tried > 0, "no mechanism works here");
    assert_eq!(LOST.load(SeqCst), 0);
}
