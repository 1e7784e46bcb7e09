//! What happens when several threads use one manager.

use std::sync::Barrier;
use std::thread;

use super::messages::{CLOSE, DISABLE, ENABLE, FREE, LOAD, OPEN, USER};
use crate::board::Action::{Answer, Wait};
use crate::board::Heard;
use crate::house::House;
use crate::kind::Kind;
use opendriver_abi::Message;

const THREADS: usize = 8;

fn count(log: &[Heard], message: Message) -> usize {
    log.iter().filter(|heard| heard.message == message).count()
}

/// Checks one whole life after the other: `DRV_LOAD`, `DRV_ENABLE`, instances, `DRV_DISABLE`,
/// `DRV_FREE`, by the times at which messages began and ended.
#[track_caller]
fn assert_lives_are_whole(log: &[Heard]) {
    let mut enabled_at = None;
    let mut open = 0_usize;
    let mut order: Vec<_> = log.iter().collect();
    order.sort_by_key(|heard| heard.began);
    for heard in order {
        match heard.message {
            LOAD => assert!(enabled_at.is_none() && open == 0, "loaded twice"),
            ENABLE => enabled_at = Some(heard.ended),
            OPEN => {
                let enabled = enabled_at.expect("DRV_OPEN outside a life");
                assert!(enabled < heard.began, "DRV_OPEN before DRV_ENABLE returned");
                open += 1;
            }
            CLOSE => {
                assert!(enabled_at.is_some(), "DRV_CLOSE outside a life");
                open -= 1;
            }
            DISABLE => assert_eq!(open, 0, "DRV_DISABLE with an instance open"),
            FREE => enabled_at = None,
            _ => assert!(enabled_at.is_some(), "a message outside a life"),
        }
    }
}

/// Behaviour 56, rule T2.
pub fn many_threads_opening_share_one_load(kind: &dyn Kind) {
    for _ in 0..4 {
        let house = House::new(kind);
        let barrier = Barrier::new(THREADS);
        let instances: Vec<_> = thread::scope(|scope| {
            let open = || {
                barrier.wait();
                house.open("d")
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(open)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let log = house.d.board.log();
        assert_eq!(count(&log, LOAD), 1);
        assert_eq!(count(&log, ENABLE), 1);
        assert_eq!(count(&log, OPEN), THREADS);
        assert_lives_are_whole(&log);
        drop(instances);
    }
}

/// Behaviour 57, rule T2.
pub fn many_threads_closing_share_one_free(kind: &dyn Kind) {
    for _ in 0..4 {
        let house = House::new(kind);
        let barrier = Barrier::new(THREADS);
        let instances: Vec<_> = (0..THREADS).map(|_| house.open("d")).collect();
        thread::scope(|scope| {
            for instance in instances {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    instance.close(0, 0).unwrap();
                });
            }
        });
        let log = house.d.board.log();
        assert_eq!(count(&log, CLOSE), THREADS);
        assert_eq!(count(&log, DISABLE), 1);
        assert_eq!(count(&log, FREE), 1);
        assert_lives_are_whole(&log);
        let free = log.iter().find(|heard| heard.message == FREE).unwrap();
        let last_close = log
            .iter()
            .filter(|heard| heard.message == CLOSE)
            .map(|each| each.ended);
        assert!(last_close.max().unwrap() < free.began);
    }
}

/// Behaviour 58, rule T4.
pub fn a_send_racing_a_close_answers_or_fails(kind: &dyn Kind) {
    for _ in 0..8 {
        let house = House::new(kind);
        let handle = house.open("d").into_handle().raw();
        let barrier = Barrier::new(3);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    barrier.wait();
                    // Ends because the instance is closed sooner or later; at most 100 messages, so
                    // that the board has room.
                    for _ in 0..100 {
                        match house.manager.send(handle, USER, 5, 7) {
                            Ok(answer) => assert_eq!(answer, 12),
                            Err(_) => break,
                        }
                    }
                });
            }
            barrier.wait();
            house.manager.close(handle, 0, 0).unwrap();
        });
        let log = house.d.board.log();
        let close = log.iter().find(|heard| heard.message == CLOSE).unwrap();
        for sent in log.iter().filter(|heard| heard.message == USER) {
            assert!(
                sent.ended < close.began,
                "a message after DRV_CLOSE, or during it"
            );
        }
        assert_lives_are_whole(&log);
    }
}

/// Rule T4: closing waits for messages in flight.
pub fn a_close_waits_for_messages_in_flight(kind: &dyn Kind) {
    let house = House::new(kind);
    let handle = house.open("d").into_handle().raw();
    house.d.board.once(USER, Wait, 0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| house.manager.send(handle, USER, 5, 7));
        house.d.board.until_waiting(1);
        let closer = scope.spawn(|| house.manager.close(handle, 0, 0));
        assert_eq!(count(&house.d.board.log(), CLOSE), 0);
        house.d.board.open_gate();
        assert_eq!(sender.join().unwrap().unwrap(), 12);
        assert_eq!(closer.join().unwrap().unwrap(), 1);
    });
    let log = house.d.board.log();
    let find = |message| log.iter().find(|heard| heard.message == message).unwrap();
    assert!(find(USER).ended < find(CLOSE).began);
}

/// Behaviour 59, rule T1: in any message, those of the life cycle included.
pub fn a_driver_that_blocks_stops_no_other(kind: &dyn Kind) {
    for message in [LOAD, ENABLE, OPEN, USER, CLOSE, DISABLE, FREE] {
        let house = House::new(kind);
        let live = house.open("e");
        house.d.board.once(message, Wait, 0);
        thread::scope(|scope| {
            let blocked = scope.spawn(|| {
                let instance = house.open("d");
                instance.send(USER, 5, 7).unwrap();
                instance.close(0, 0).unwrap();
            });
            house.d.board.until_waiting(1);
            assert_eq!(live.send(USER, 5, 7).unwrap(), 12, "while {message} blocks");
            house.open("e").close(0, 0).unwrap();
            assert!(!house.manager.modules().is_empty());
            drop(live);
            house.open("e").close(0, 0).unwrap();
            house.d.board.open_gate();
            blocked.join().unwrap();
        });
        assert_lives_are_whole(&house.d.board.log());
        assert_lives_are_whole(&house.e.board.log());
    }
}

/// Rule T1: serialising is the driver's choice.
pub fn messages_to_one_instance_run_at_the_same_time(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    house.d.board.always(USER, Wait, 0);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| instance.send(USER, 5, 7).unwrap()))
            .collect();
        house.d.board.until_waiting(4);
        house.d.board.open_gate();
        assert!(
            threads
                .into_iter()
                .all(|thread| thread.join().unwrap() == 12)
        );
    });
}

/// Behaviour 60, rule T3.
pub fn an_open_racing_the_last_close_joins_or_loads_afresh(kind: &dyn Kind) {
    let house = House::new(kind);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let instance = house.open("d");
                    assert_eq!(instance.send(USER, 5, 7).unwrap(), 12);
                    instance.close(0, 0).unwrap();
                }
            });
        }
    });
    let log = house.d.board.log();
    assert_eq!(count(&log, OPEN), 80);
    assert_eq!(count(&log, LOAD), count(&log, FREE));
    assert_lives_are_whole(&log);
    assert!(house.manager.modules().is_empty());
}

/// Rules L3 and T2: each thread is refused, and nothing but `DRV_LOAD` is ever sent.
pub fn many_threads_may_be_refused_at_once(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.always(LOAD, Answer, 0);
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                assert!(house.manager.open("d").is_err());
            });
        }
    });
    let messages = house.d.board.take_messages();
    assert!((1..=THREADS).contains(&messages.len()));
    assert!(messages.iter().all(|&message| message == LOAD));
    assert!(house.manager.modules().is_empty());
    house.d.board.forget_rules();
    house.open("d").close(0, 0).unwrap();
}

/// Rules L11 and T4: the session's end waits for messages in flight, and nothing comes after it.
pub fn the_session_s_end_waits_for_messages_in_flight(kind: &dyn Kind) {
    let house = House::new(kind);
    let handle = house.open("d").into_handle().raw();
    let other = house.open("d").into_handle().raw();
    house.d.board.once(USER, Wait, 0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| house.manager.send(handle, USER, 5, 7));
        house.d.board.until_waiting(1);
        let ender = scope.spawn(|| house.manager.end_session());
        house.d.board.open_gate();
        assert_eq!(sender.join().unwrap().unwrap(), 12);
        ender.join().unwrap();
    });
    assert!(house.manager.send(handle, USER, 5, 7).is_err());
    assert!(house.manager.send(other, USER, 5, 7).is_err());
    let log = house.d.board.log();
    assert_eq!(count(&log, Message::DRV_EXITSESSION), 2);
    assert_eq!(count(&log, CLOSE), 2);
    let sent = log.iter().find(|heard| heard.message == USER).unwrap();
    let of_sender = |heard: &&Heard| heard.message == CLOSE && heard.handle == sent.handle;
    assert!(sent.ended < log.iter().find(of_sender).unwrap().began);
    assert_lives_are_whole(&log);
    assert!(house.manager.modules().is_empty());
}
