//! Races that loom plays through in every order that it finds:
//! `RUSTFLAGS="--cfg loom" cargo test -p opendriver --release --lib loom_`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;
use opendriver_abi::{LResult, Message};

use crate::backend::{Backend, Call, Text, Width};
use crate::{Error, Fault, Heap, Manager, Memory};

/// What a driver counts. These are the standard library's, which loom does not play with: they watch and take no part.
#[derive(Debug, Default)]
struct Counts {
    mapped: AtomicUsize,
    loads: AtomicUsize,
    frees: AtomicUsize,
    opens: AtomicUsize,
    closes: AtomicUsize,
    enabled: AtomicUsize,
    inside: AtomicUsize,
}

/// A driver that objects to what may never happen.
struct Strict {
    counts: Arc<Counts>,
    closed: AtomicUsize,
}

impl Strict {
    fn new(counts: &Arc<Counts>) -> Self {
        assert_eq!(
            counts.mapped.fetch_add(1, Ordering::SeqCst),
            0,
            "two in memory at once"
        );
        Self {
            counts: Arc::clone(counts),
            closed: AtomicUsize::new(0),
        }
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        assert_eq!(
            self.counts.inside.load(Ordering::SeqCst),
            0,
            "unloaded while somebody is inside"
        );
        self.counts.mapped.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Backend for Strict {
    fn call(&self, call: &Call<'_>) -> Result<LResult, Fault> {
        let counts = &self.counts;
        counts.inside.fetch_add(1, Ordering::SeqCst);
        // Another thread may run here.
        thread::yield_now();
        let add = |count: &AtomicUsize| count.fetch_add(1, Ordering::SeqCst);
        match call.message {
            Message::DRV_LOAD => assert_eq!(
                add(&counts.loads),
                counts.frees.load(Ordering::SeqCst),
                "loaded twice"
            ),
            Message::DRV_ENABLE => {
                add(&counts.enabled);
            }
            Message::DRV_OPEN => {
                assert_eq!(
                    counts.enabled.load(Ordering::SeqCst),
                    1,
                    "opened when it was not enabled"
                );
                add(&counts.opens);
            }
            Message::DRV_CLOSE => {
                add(&counts.closes);
                self.closed
                    .store(call.handle.raw() as usize, Ordering::SeqCst);
            }
            Message::DRV_DISABLE => {
                counts.enabled.fetch_sub(1, Ordering::SeqCst);
                assert_eq!(
                    counts.opens.load(Ordering::SeqCst),
                    counts.closes.load(Ordering::SeqCst),
                    "instances are left"
                );
            }
            Message::DRV_FREE => {
                add(&counts.frees);
            }
            _ => assert_ne!(
                self.closed.load(Ordering::SeqCst),
                call.handle.raw() as usize,
                "called after its close"
            ),
        }
        counts.inside.fetch_sub(1, Ordering::SeqCst);
        Ok(1)
    }

    fn memory(&self) -> Arc<dyn Memory> {
        Arc::new(Heap)
    }

    fn text(&self) -> Text {
        Text::Utf8
    }

    fn width(&self) -> Width {
        Width::HOST
    }

    fn contains_panics(&self) -> bool {
        // A failed assertion has to reach loom.
        true
    }
}

fn manager(counts: &Arc<Counts>) -> Manager {
    let counts = Arc::clone(counts);
    Manager::builder()
        .predictable_handles(true)
        .linked("d", move |_| Strict::new(&counts))
        .build()
}

/// Plays a race through with at most this many switches of threads where none has to be.
fn play(switches: usize, race: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.max_branches = 100_000;
    builder.check(race);
}

#[test]
fn loom_two_first_opens_load_once() {
    play(4, || {
        let counts = Arc::new(Counts::default());
        let manager = manager(&counts);
        let other = manager.clone();
        let thread = thread::spawn(move || other.open("d").unwrap().into_handle());
        let handle = manager.open("d").unwrap().into_handle();
        assert_ne!(handle, thread.join().unwrap());
        assert_eq!(
            (
                counts.loads.load(Ordering::SeqCst),
                counts.opens.load(Ordering::SeqCst)
            ),
            (1, 2)
        );
        drop(manager);
        assert_eq!(
            (
                counts.frees.load(Ordering::SeqCst),
                counts.closes.load(Ordering::SeqCst)
            ),
            (1, 2)
        );
        assert_eq!(counts.mapped.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn loom_an_open_that_races_the_last_close_joins_or_loads_afresh() {
    play(4, || {
        let counts = Arc::new(Counts::default());
        let manager = manager(&counts);
        let first = manager.open("d").unwrap();
        let thread = thread::spawn(move || first.close(0, 0).unwrap());
        drop(manager.open("d").unwrap());
        thread.join().unwrap();
        let loads = counts.loads.load(Ordering::SeqCst);
        assert!(loads == 1 || loads == 2);
        assert_eq!(counts.frees.load(Ordering::SeqCst), loads);
        assert_eq!(counts.mapped.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn loom_a_send_that_races_the_last_close_is_answered_or_an_error() {
    play(5, || {
        let counts = Arc::new(Counts::default());
        let manager = manager(&counts);
        let handle = manager.open("d").unwrap().into_handle().raw();
        let other = manager.clone();
        let thread = thread::spawn(move || other.send(handle, Message::DRV_USER, 0, 0));
        manager.close(handle, 0, 0).unwrap();
        match thread.join().unwrap() {
            Ok(answer) => assert_eq!(answer, 1),
            Err(error) => assert!(
                matches!(error, Error::Closing { .. } | Error::Closed { .. }),
                "{error}"
            ),
        }
        assert_eq!(counts.mapped.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn loom_of_two_closes_one_closes() {
    play(5, || {
        let counts = Arc::new(Counts::default());
        let manager = manager(&counts);
        let handle = manager.open("d").unwrap().into_handle().raw();
        let other = manager.clone();
        let thread = thread::spawn(move || other.close(handle, 0, 0).is_ok());
        let here = manager.close(handle, 0, 0).is_ok();
        assert!(
            here ^ thread.join().unwrap(),
            "exactly one of the two closed it"
        );
        assert_eq!(
            (
                counts.closes.load(Ordering::SeqCst),
                counts.frees.load(Ordering::SeqCst)
            ),
            (1, 1)
        );
    });
}

#[test]
fn loom_a_handle_that_is_given_out_again_is_never_taken_for_the_old_one() {
    play(5, || {
        let counts = Arc::new(Counts::default());
        let manager = manager(&counts);
        let kept = manager.open("d").unwrap();
        let old = manager.open("d").unwrap().into_handle();
        let other = manager.clone();
        let thread = thread::spawn(move || other.send(old.raw(), Message::DRV_USER, 0, 0).is_ok());
        manager.close(old.raw(), 0, 0).unwrap();
        let new = manager.open("d").unwrap();
        assert_ne!(new.handle(), old);
        thread.join().unwrap();
        drop((new, kept));
        assert_eq!(counts.mapped.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn loom_a_forced_close_and_an_orderly_one_leave_nothing_open() {
    play(5, || {
        let counts = Arc::new(Counts::default());
        let manager = manager(&counts);
        let instance = manager.open("d").unwrap();
        let handle = instance.handle().raw();
        let other = manager.clone();
        let thread = thread::spawn(move || {
            let _ = other.close(handle, 0, 0);
        });
        drop(instance);
        thread.join().unwrap();
        assert!(manager.instances().is_empty());
        assert_eq!(counts.mapped.load(Ordering::SeqCst), 0);
    });
}
