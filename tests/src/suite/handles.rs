//! What messages carry, and what a handle is worth.

use std::collections::HashSet;

use super::messages::{CLOSE, DISABLE, ENABLE, FREE, LOAD, OPEN, USER};
use crate::board::Action::Answer;
use crate::house::House;
use crate::kind::Kind;

/// Behaviour 20.
pub fn messages_carry_the_identifier_and_the_handle(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    house.d.board.take();
    instance.send(USER, 5, 7).unwrap();
    let handle = instance.handle().raw().into();
    instance.close(0, 0).unwrap();
    let heard = house.d.board.take();
    assert_eq!((heard[0].id, heard[0].handle), (0x101, handle));
    assert_eq!((heard[1].message, heard[1].id), (CLOSE, 0x101));
}

/// Behaviour 21.
pub fn identifiers_of_two_instances_are_not_mixed(kind: &dyn Kind) {
    let house = House::new(kind);
    let instances = [house.open("d"), house.open("d")];
    house.d.board.take();
    for turn in [0, 1, 1, 0] {
        instances[turn].send(USER, 0, 0).unwrap();
    }
    let ids: Vec<_> = house.d.board.take().iter().map(|heard| heard.id).collect();
    assert_eq!(ids, [0x101, 0x102, 0x102, 0x101]);
}

/// Behaviour 22, rule L8.
pub fn the_identifier_is_zero_outside_the_instance_s_life(kind: &dyn Kind) {
    let house = House::new(kind);
    house.open("d").close(0, 0).unwrap();
    for heard in house.d.board.log() {
        let expected = if heard.message == CLOSE { 0x101 } else { 0 };
        assert_eq!(heard.id, expected, "{}", heard.message);
    }
}

/// Behaviour 23, rule L6.
pub fn two_instances_may_share_an_identifier(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.always(OPEN, Answer, 0x77);
    let (first, second) = (house.open("d"), house.open("d"));
    house.d.board.take();
    first.send(USER, 1, 1).unwrap();
    second.send(USER, 2, 2).unwrap();
    let heard = house.d.board.take();
    assert_eq!([heard[0].id, heard[1].id], [0x77, 0x77]);
    assert_ne!(heard[0].handle, heard[1].handle);
    first.close(0, 0).unwrap();
    assert_eq!(second.send(USER, 5, 7).unwrap(), 12);
}

/// Behaviour 28, rule L6.
pub fn an_identifier_may_have_its_top_bit_set(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.once(OPEN, Answer, -2);
    let instance = house.open("d");
    house.d.board.take();
    instance.send(USER, 0, 0).unwrap();
    assert_eq!(house.d.board.take()[0].id, house.identifier(-2));
}

/// Behaviour 24, rule L10.
pub fn what_is_no_handle_is_an_error_and_calls_nobody(kind: &dyn Kind) {
    let house = House::new(kind);
    let _instance = house.open("d");
    let closed = {
        let other = house.open("d");
        other.handle().raw()
    };
    house.d.board.take();
    for handle in [0, closed, u32::MAX, closed ^ 0x8000_0000] {
        assert!(
            house.manager.send(handle, USER, 5, 7).is_err(),
            "{handle:#x}"
        );
        assert!(house.manager.close(handle, 0, 0).is_err(), "{handle:#x}");
        assert!(house.manager.module_of(handle).is_err(), "{handle:#x}");
    }
    assert!(house.d.board.messages().is_empty());
}

/// Behaviour 25.
pub fn a_closed_handle_closes_only_once(kind: &dyn Kind) {
    let house = House::new(kind);
    let _keeper = house.open("d");
    let handle = house.open("d").into_handle().raw();
    house.d.board.take();
    assert_eq!(house.manager.close(handle, 0, 0).unwrap(), 1);
    house.manager.close(handle, 0, 0).unwrap_err();
    assert_eq!(house.d.board.take_messages(), [CLOSE]);
}

/// Behaviour 26, rule L10: here a closed handle is not used again while anybody may remember it.
pub fn a_closed_handle_stays_dead(kind: &dyn Kind) {
    let house = House::new(kind);
    let _keeper = house.open("d");
    let mut seen = HashSet::new();
    for _ in 0..2000 {
        let instance = house.open("d");
        assert!(
            seen.insert(instance.handle()),
            "{} was used before",
            instance.handle()
        );
        drop(instance);
        house.d.board.take();
    }
    for handle in seen {
        assert!(house.manager.send(handle.raw(), USER, 0, 0).is_err());
    }
    assert!(house.d.board.messages().is_empty());
}

/// Behaviour 27.
pub fn instances_of_one_module_have_one_nonzero_module_address(kind: &dyn Kind) {
    let house = House::new(kind);
    let address = |name: &str| {
        let instance = house.open(name);
        let address = instance.module().unwrap().address;
        (instance, address)
    };
    let [(_one, first), (_two, second), (_three, other)] = ["d", "d", "e"].map(address);
    assert_ne!(first, 0);
    assert_eq!(first, second);
    assert_ne!(first, other);
}

/// Rule L8.
pub fn handles_are_real_from_load_to_free(kind: &dyn Kind) {
    let house = House::new(kind);
    house.open("d").close(0, 0).unwrap();
    let heard = house.d.board.take();
    let messages: Vec<_> = heard.iter().map(|heard| heard.message).collect();
    assert_eq!(messages, [LOAD, ENABLE, OPEN, CLOSE, DISABLE, FREE]);
    for each in heard {
        assert!(
            each.handle != 0 && each.handle <= u32::MAX.into(),
            "{each:?}"
        );
    }
}
