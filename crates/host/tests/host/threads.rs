//! Many threads at once. Nothing here sleeps: threads meet at barriers and channels.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use opendriver::{Error, Manager, Message};

use crate::driver::{Log, manager};

/// How many threads meet in a test.
const THREADS: usize = 8;

/// A driver stops at a gate until the test lets it through.
struct Gate {
    arrived: Mutex<Receiver<()>>,
    go: Sender<()>,
}

/// Makes a gate and the driver's side of it.
fn gate() -> (Gate, impl Fn() + Send + Sync + 'static) {
    let (arrive, arrived) = channel();
    let (go, wait) = channel();
    let (arrive, wait) = (Mutex::new(arrive), Mutex::new(wait));
    let pass = move || {
        arrive.lock().unwrap().send(()).unwrap();
        wait.lock().unwrap().recv().unwrap();
    };
    (
        Gate {
            arrived: Mutex::new(arrived),
            go,
        },
        pass,
    )
}

impl Gate {
    fn reached(&self) {
        self.arrived.lock().unwrap().recv().unwrap();
    }

    fn open(&self) {
        self.go.send(()).unwrap();
    }
}

fn count(log: &Log, message: &str) -> usize {
    log.of("d").iter().filter(|heard| *heard == message).count()
}

#[test]
fn threads_that_open_at_once_load_once_and_those_that_close_free_once() {
    for _ in 0..200 {
        let log = Log::default();
        let enabled = Arc::new(AtomicUsize::new(0));
        let driver = log.driver("d", {
            let enabled = Arc::clone(&enabled);
            move |call| {
                match call.message {
                    Message::DRV_ENABLE => {
                        thread::yield_now();
                        enabled.store(1, Ordering::SeqCst);
                    }
                    Message::DRV_OPEN => assert_eq!(
                        enabled.load(Ordering::SeqCst),
                        1,
                        "opened before it was enabled"
                    ),
                    _ => {}
                }
                None
            }
        });
        let manager = manager([driver]);
        let barrier = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    let instance = manager.open("d").unwrap();
                    barrier.wait();
                    instance.close(0, 0).unwrap();
                });
            }
        });
        let heard = log.of("d");
        let expected = |message: &str| {
            if matches!(message, "DRV_OPEN" | "DRV_CLOSE") {
                THREADS
            } else {
                1
            }
        };
        for message in [
            "DRV_LOAD",
            "DRV_ENABLE",
            "DRV_OPEN",
            "DRV_CLOSE",
            "DRV_DISABLE",
            "DRV_FREE",
        ] {
            assert_eq!(count(&log, message), expected(message), "{message}");
        }
        assert_eq!(heard[..2], ["DRV_LOAD", "DRV_ENABLE"]);
        assert_eq!(heard[heard.len() - 2..], ["DRV_DISABLE", "DRV_FREE"]);
        assert!(manager.modules().is_empty());
    }
}

#[test]
fn opens_that_race_the_last_close_join_or_load_afresh() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..500 {
                    let instance = manager.open("d").unwrap();
                    assert_eq!(instance.send(Message::DRV_USER, 1, 2).unwrap(), 3);
                }
            });
        }
    });
    // Whatever the interleaving was, each life is whole, and lives do not overlap.
    let mut open = 0;
    let mut alive = false;
    for message in log.of("d") {
        match message.as_str() {
            "DRV_LOAD" => {
                assert!(!alive && open == 0);
                alive = true;
            }
            "DRV_OPEN" => open += 1,
            "DRV_CLOSE" => open -= 1,
            "DRV_DISABLE" => assert_eq!(open, 0),
            "DRV_FREE" => alive = false,
            _ => assert!(alive),
        }
    }
    assert!(!alive && open == 0);
}

#[test]
fn a_send_that_races_a_close_is_answered_or_an_error() {
    for _ in 0..300 {
        let log = Log::default();
        let closed = Arc::new(AtomicUsize::new(0));
        let driver = log.driver("d", {
            let closed = Arc::clone(&closed);
            move |call| {
                match call.message {
                    Message::DRV_USER => {
                        assert_eq!(closed.load(Ordering::SeqCst), 0, "called after its close")
                    }
                    Message::DRV_CLOSE => closed.store(1, Ordering::SeqCst),
                    _ => {}
                }
                None
            }
        });
        let manager = manager([driver]);
        let handle = manager.open("d").unwrap().into_handle().raw();
        let barrier = Barrier::new(3);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    barrier.wait();
                    loop {
                        match manager.send(handle, Message::DRV_USER, 2, 2) {
                            Ok(answer) => assert_eq!(answer, 4),
                            Err(Error::Closing { .. }) => thread::yield_now(),
                            Err(Error::Closed { .. }) => break,
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
            barrier.wait();
            assert_eq!(manager.close(handle, 0, 0).unwrap(), 1);
        });
    }
}

#[test]
fn a_close_waits_for_the_message_in_flight() {
    let log = Log::default();
    let (gate, pass) = gate();
    let driver = log.driver("d", move |call| {
        (call.message == Message::DRV_USER).then(|| {
            pass();
            7
        })
    });
    let manager = manager([driver]);
    let handle = manager.open("d").unwrap().into_handle().raw();
    thread::scope(|scope| {
        let sender = scope.spawn(|| manager.send(handle, Message::DRV_USER, 0, 0).unwrap());
        gate.reached();
        let closer = scope.spawn(|| manager.close(handle, 0, 0).unwrap());
        // Once new messages are turned away, the close is on its way; the driver has not heard of it.
        while manager.send(handle, Message::DRV_USER + 1, 0, 0).is_ok() {
            thread::yield_now();
        }
        assert_eq!(count(&log, "DRV_CLOSE"), 0);
        gate.open();
        assert_eq!(sender.join().unwrap(), 7);
        assert_eq!(closer.join().unwrap(), 1);
    });
    assert_eq!(log.of("d").last().unwrap(), "DRV_FREE");
}

#[test]
fn a_driver_that_blocks_stops_nobody_else() {
    for blocked_in in [
        Message::DRV_LOAD,
        Message::DRV_OPEN,
        Message::DRV_USER,
        Message::DRV_CLOSE,
        Message::DRV_FREE,
    ] {
        let log = Log::default();
        let (gate, pass) = gate();
        let slow = log.driver("slow", move |call| {
            if call.message == blocked_in {
                pass();
            }
            None
        });
        let manager = manager([slow, log.driver("d", |_| None)]);
        thread::scope(|scope| {
            scope.spawn(|| {
                let instance = manager.open("slow").unwrap();
                instance.send(Message::DRV_USER, 0, 0).unwrap();
                instance.close(0, 0).unwrap();
            });
            gate.reached();
            let instance = manager.open("d").unwrap();
            instance.send(Message::DRV_USER, 0, 0).unwrap();
            assert!(!manager.modules().is_empty() && !manager.instances().is_empty());
            instance.close(0, 0).unwrap();
            gate.open();
        });
    }
}

#[test]
fn messages_to_one_instance_run_at_the_same_time() {
    let log = Log::default();
    let inside = Arc::new(Barrier::new(2));
    let driver = log.driver("d", move |call| {
        if call.message == Message::DRV_USER {
            // Passes only when both messages are inside.
            inside.wait();
        }
        None
    });
    let manager = manager([driver]);
    let instance = manager.open("d").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| instance.send(Message::DRV_USER, 0, 0).unwrap());
        instance.send(Message::DRV_USER, 0, 0).unwrap();
    });
}

/// Two drivers whose custom message waits for the other's, and then does what the test says with the handle in its first parameter.
fn crossed(act: impl Fn(&Manager, u32) -> bool + Send + Sync + 'static) -> usize {
    let log = Log::default();
    let meet = Arc::new(Barrier::new(2));
    let slot: Arc<Mutex<Option<Manager>>> = Arc::default();
    let failed = Arc::new(AtomicUsize::new(0));
    let act = Arc::new(act);
    let driver = |name| {
        let (meet, slot, failed, act) = (
            Arc::clone(&meet),
            Arc::clone(&slot),
            Arc::clone(&failed),
            Arc::clone(&act),
        );
        log.driver(name, move |call| {
            if call.message == Message::DRV_USER {
                let manager = slot.lock().unwrap().clone().unwrap();
                meet.wait();
                if !act(&manager, call.param1 as u32) {
                    failed.fetch_add(1, Ordering::SeqCst);
                }
            }
            None
        })
    };
    let manager = manager([driver("x"), driver("y")]);
    *slot.lock().unwrap() = Some(manager.clone());
    let [x, y] = ["x", "y"].map(|name| manager.open(name).unwrap().into_handle().raw());
    thread::scope(|scope| {
        scope.spawn(|| manager.send(x, Message::DRV_USER, y as isize, 0).unwrap());
        manager.send(y, Message::DRV_USER, x as isize, 0).unwrap();
    });
    drop(slot.lock().unwrap().take());
    failed.load(Ordering::SeqCst)
}

#[test]
fn two_threads_that_close_each_other_s_instance_do_not_wait_for_ever() {
    for _ in 0..100 {
        // Whoever comes last would close the circle; the other's close then goes through.
        let failed = crossed(|manager, other| match manager.close(other, 0, 0) {
            Ok(_) => true,
            Err(Error::Deadlock { .. }) => false,
            Err(error) => panic!("{error}"),
        });
        assert_eq!(failed, 1);
    }
}

#[test]
fn two_drivers_that_load_each_other_at_once_do_not_wait_for_ever() {
    for _ in 0..100 {
        let log = Log::default();
        let meet = Arc::new(Barrier::new(2));
        let failed = Arc::new(AtomicUsize::new(0));
        let driver = |name, other: &'static str| {
            let (meet, failed) = (Arc::clone(&meet), Arc::clone(&failed));
            log.driver(name, move |call| {
                if call.message == Message::DRV_LOAD {
                    meet.wait();
                    if call.host().open(other, None, 0).is_none() {
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                }
                None
            })
        };
        let manager = manager([driver("x", "y"), driver("y", "x")]);
        thread::scope(|scope| {
            scope.spawn(|| manager.open("x").unwrap().into_handle());
            manager.open("y").unwrap().into_handle();
        });
        assert_eq!(failed.load(Ordering::SeqCst), 1);
        assert_eq!(manager.instances().len(), 3);
    }
}

#[test]
fn two_threads_that_drop_each_other_s_instance_both_get_their_way() {
    for _ in 0..100 {
        let log = Log::default();
        let meet = Arc::new(Barrier::new(2));
        let held: [Arc<Mutex<Option<opendriver::Instance>>>; 2] = Default::default();
        let driver = |name, other: &Arc<Mutex<Option<opendriver::Instance>>>| {
            let (meet, other) = (Arc::clone(&meet), Arc::clone(other));
            log.driver(name, move |call| {
                if call.message == Message::DRV_USER {
                    meet.wait();
                    let other = other.lock().unwrap().take();
                    drop(other);
                }
                None
            })
        };
        let manager = manager([driver("x", &held[1]), driver("y", &held[0])]);
        let handles = ["x", "y"].map(|name| manager.open(name).unwrap());
        let [x, y] = handles.each_ref().map(|instance| instance.handle().raw());
        for (slot, instance) in held.iter().zip(handles) {
            *slot.lock().unwrap() = Some(instance);
        }
        thread::scope(|scope| {
            scope.spawn(|| manager.send(x, Message::DRV_USER, 0, 0).unwrap());
            manager.send(y, Message::DRV_USER, 0, 0).unwrap();
        });
        assert!(manager.instances().is_empty() && manager.modules().is_empty());
        assert_eq!(log.of("x").last().unwrap(), "DRV_FREE");
        assert_eq!(log.of("y").last().unwrap(), "DRV_FREE");
    }
}
