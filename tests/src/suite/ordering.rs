//! Which messages come, and in which order.

use opendriver_abi::Message;

use super::messages::{CLOSE, DISABLE, ENABLE, FREE, LOAD, OPEN};
use crate::board::Heard;
use crate::house::House;
use crate::kind::Kind;

fn handles(heard: &[Heard]) -> Vec<u64> {
    heard.iter().map(|heard| heard.handle).collect()
}

/// Behaviour 1.
pub fn a_first_open_sends_load_enable_open(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    let heard = house.d.board.take();
    let messages: Vec<_> = heard.iter().map(|heard| heard.message).collect();
    assert_eq!(messages, [LOAD, ENABLE, OPEN]);
    assert_eq!(handles(&heard), [u64::from(instance.handle().raw()); 3]);
}

/// Behaviour 2.
pub fn a_further_open_sends_only_open(kind: &dyn Kind) {
    let house = House::new(kind);
    let first = house.open("d");
    house.d.board.take();
    let second = house.open("d");
    assert_ne!(first.handle(), second.handle());
    let heard = house.d.board.take();
    assert_eq!(heard.len(), 1);
    assert_eq!(
        (heard[0].message, heard[0].handle),
        (OPEN, second.handle().raw().into())
    );
}

/// Behaviour 3.
pub fn closing_one_of_two_sends_only_its_close(kind: &dyn Kind) {
    let house = House::new(kind);
    let (_first, second) = (house.open("d"), house.open("d"));
    let handle = second.handle().raw();
    house.d.board.take();
    second.close(0, 0).unwrap();
    let heard = house.d.board.take();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].message, heard[0].handle), (CLOSE, handle.into()));
}

/// Behaviour 4.
pub fn the_last_close_sends_close_disable_free_and_unloads(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    let handle = instance.handle().raw();
    house.d.board.take();
    assert_eq!(house.manager.modules().len(), 1);
    instance.close(0, 0).unwrap();
    let heard = house.d.board.take();
    let messages: Vec<_> = heard.iter().map(|heard| heard.message).collect();
    assert_eq!(messages, [CLOSE, DISABLE, FREE]);
    assert_eq!(handles(&heard), [u64::from(handle); 3]);
    assert!(house.manager.modules().is_empty());
    assert!(house.manager.instances().is_empty());
}

/// Behaviour 5.
pub fn the_last_survivor_s_handle_goes_with_disable_and_free(kind: &dyn Kind) {
    let house = House::new(kind);
    let (first, second) = (house.open("d"), house.open("d"));
    first.close(0, 0).unwrap();
    house.d.board.take();
    let handle = u64::from(second.handle().raw());
    second.close(0, 0).unwrap();
    assert_eq!(handles(&house.d.board.take()), [handle; 3]);
}

/// Behaviour 6.
pub fn a_driver_closed_completely_starts_again_from_load(kind: &dyn Kind) {
    let house = House::new(kind);
    for _ in 0..3 {
        house.open("d").close(0, 0).unwrap();
        let expected = [LOAD, ENABLE, OPEN, CLOSE, DISABLE, FREE];
        assert_eq!(house.d.board.take_messages(), expected);
    }
}

/// Behaviour 7, rule O7.
pub fn the_probe_message_comes_before_load_where_it_is_wanted(kind: &dyn Kind) {
    let house = House::with(kind, |builder| builder.probe_message(true));
    let first = house.open("d");
    let second = house.open("d");
    assert_eq!(
        house.d.board.messages(),
        [Message(0), LOAD, ENABLE, OPEN, OPEN]
    );
    assert_eq!(house.d.board.log()[0].id, 0);
    drop((first, second));
    house.d.board.take();
    let _again = house.open("d");
    assert_eq!(house.d.board.messages(), [Message(0), LOAD, ENABLE, OPEN]);
}

/// Behaviour 8.
pub fn two_drivers_have_lives_of_their_own(kind: &dyn Kind) {
    let house = House::new(kind);
    let d = [house.open("d"), house.open("d")];
    let e = [house.open("e"), house.open("e")];
    assert_eq!(house.manager.modules().len(), 2);
    drop(d);
    assert_eq!(
        house.d.board.messages(),
        [LOAD, ENABLE, OPEN, OPEN, CLOSE, CLOSE, DISABLE, FREE]
    );
    assert_eq!(house.e.board.messages(), [LOAD, ENABLE, OPEN, OPEN]);
    drop(e);
    assert_eq!(house.e.board.messages(), house.d.board.messages());
}

/// Rule L7, second half.
pub fn a_dropped_instance_is_closed_by_force(kind: &dyn Kind) {
    let house = House::new(kind);
    drop(house.open("d"));
    assert_eq!(
        house.d.board.messages(),
        [LOAD, ENABLE, OPEN, CLOSE, DISABLE, FREE]
    );
}

/// Behaviour 68, rule O7.
pub fn a_session_instance_is_opened_first_where_it_is_wanted(kind: &dyn Kind) {
    let house = House::with(kind, |builder| builder.session_instance(true));
    let instance = house.open_param2("d", 5).unwrap();
    let heard = house.d.board.take();
    let messages: Vec<_> = heard.iter().map(|heard| heard.message).collect();
    assert_eq!(messages, [LOAD, ENABLE, OPEN, OPEN]);
    assert_eq!([heard[2].param2, heard[3].param2], [0, 5]);
    assert_ne!(heard[2].handle, heard[3].handle);
    assert_eq!(u64::from(instance.handle().raw()), heard[3].handle);
}

/// Behaviour 69.
pub fn a_session_instance_closes_with_its_last_partner(kind: &dyn Kind) {
    let house = House::with(kind, |builder| builder.session_instance(true));
    let first = house.open_param2("d", 5).unwrap();
    let second = house.open_param2("d", 6).unwrap();
    let log = house.d.board.take();
    assert_eq!(
        log.len(),
        5,
        "the second open makes no further session instance"
    );
    let session = log[2].handle;
    first.close(0, 0).unwrap();
    assert_eq!(house.d.board.take_messages(), [CLOSE]);
    let handle = u64::from(second.handle().raw());
    second.close(7, 8).unwrap();
    let heard = house.d.board.take();
    let messages: Vec<_> = heard.iter().map(|heard| heard.message).collect();
    assert_eq!(messages, [CLOSE, CLOSE, DISABLE, FREE]);
    assert_eq!(handles(&heard), [handle, session, session, session]);
    assert_eq!((heard[1].param1, heard[1].param2), (0, 0));
    assert!(house.manager.modules().is_empty());
}

/// Behaviour 70.
pub fn a_session_instance_is_not_opened_for_a_zero(kind: &dyn Kind) {
    let house = House::with(kind, |builder| builder.session_instance(true));
    let _instance = house.open_param2("d", 0).unwrap();
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN]);
}
