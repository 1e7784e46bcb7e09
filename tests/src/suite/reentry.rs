//! What a driver may do while it handles a message.

use super::messages::{CLOSE, DISABLE, ENABLE, FREE, LOAD, OPEN, USER};
use crate::board::Action::Close;
use crate::board::Heard;
use crate::house::House;
use crate::kind::Kind;
use opendriver_abi::Message;

fn handle_of(heard: &[Heard], message: Message) -> u64 {
    heard
        .iter()
        .find(|heard| heard.message == message)
        .expect("the message")
        .handle
}

/// Behaviour 51.
pub fn a_driver_may_open_another_inside_its_load(kind: &dyn Kind) {
    let house = House::new(kind);
    let rule = house.d.board.once_open(LOAD, "e", 9);
    let _instance = house.open("d");
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN]);
    let inner = house.e.board.log();
    let messages: Vec<_> = inner.iter().map(|heard| heard.message).collect();
    assert_eq!(messages, [LOAD, ENABLE, OPEN]);
    assert_eq!(inner[2].param2, 9);
    assert_eq!(rule.result() as u64, inner[2].handle);
    let order: Vec<_> = house.transcript.take();
    let depths: Vec<_> = order
        .iter()
        .map(|each| (each.depth, each.message))
        .collect();
    let expected = [
        (0, LOAD),
        (1, LOAD),
        (1, ENABLE),
        (1, OPEN),
        (0, ENABLE),
        (0, OPEN),
    ];
    assert_eq!(depths, expected);
}

/// Behaviour 52.
pub fn a_driver_may_close_another_inside_its_close(kind: &dyn Kind) {
    let house = House::new(kind);
    let rule = house.d.board.once_open(LOAD, "e", 0);
    let instance = house.open("d");
    let inner = rule.result();
    house.e.board.take();
    let rule = house.d.board.once(CLOSE, Close, inner);
    instance.close(0, 0).unwrap();
    assert_eq!(rule.result(), 1);
    assert_eq!(house.e.board.messages(), [CLOSE, DISABLE, FREE]);
    assert_eq!(
        house.d.board.messages(),
        [LOAD, ENABLE, OPEN, CLOSE, DISABLE, FREE]
    );
    assert!(house.manager.instances().is_empty());
}

/// Behaviour 53.
pub fn a_driver_may_send_to_itself(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    house.d.board.once_send(Message(USER.0 + 1), 0, USER);
    assert_eq!(instance.send(Message(USER.0 + 1), 5, 7).unwrap(), 12);
    let heard = &house.d.board.log()[3..];
    assert_eq!(
        [heard[0].message, heard[1].message],
        [Message(USER.0 + 1), USER]
    );
    assert_eq!(heard[0].handle, heard[1].handle);
    assert!(heard[1].ended < heard[0].ended);
}

/// Behaviour 54, rule T5: from `DRV_OPEN` on a driver may open itself.
pub fn a_driver_may_open_itself_again_once_it_is_enabled(kind: &dyn Kind) {
    let house = House::new(kind);
    let rule = house.d.board.once_open(OPEN, "d", 0);
    let instance = house.open("d");
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN, OPEN]);
    assert_ne!(rule.result() as u64, u64::from(instance.handle().raw()));
    instance.close(0, 0).unwrap();
    assert_eq!(
        house.manager.instances().len(),
        1,
        "the inner instance is the driver's own"
    );
    house.manager.close(rule.result() as u32, 0, 0).unwrap();
    assert_eq!(house.d.board.messages()[4..], [CLOSE, CLOSE, DISABLE, FREE]);
}

/// Behaviour 54, rule T5: before, it is an error at once.
pub fn a_driver_cannot_open_itself_inside_its_load(kind: &dyn Kind) {
    for message in [LOAD, ENABLE] {
        let house = House::new(kind);
        let rule = house.d.board.once_open(message, "d", 0);
        let instance = house.open("d");
        assert_eq!(rule.result(), 0);
        assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN]);
        instance.close(0, 0).unwrap();
    }
}

/// Behaviour 55, rule T5.
pub fn a_driver_cannot_close_an_instance_inside_its_own_message(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    let rule = house.d.board.once(USER, Close, 0);
    assert_eq!(instance.send(USER, 5, 7).unwrap(), 12);
    assert_eq!(rule.result(), 0);
    let heard = house.d.board.log();
    assert_eq!(handle_of(&heard, USER), u64::from(instance.handle().raw()));
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN, USER]);
    assert_eq!(instance.send(USER, 1, 1).unwrap(), 2);
}

/// Rule T5, through another driver: whoever waits for an answer cannot be closed by who is to give it.
pub fn a_driver_cannot_close_who_waits_for_its_answer(kind: &dyn Kind) {
    let house = House::new(kind);
    let (d, e) = (house.open("d"), house.open("e"));
    let ask = Message(USER.0 + 1);
    house
        .d
        .board
        .once_send(ask, i64::from(e.handle().raw()), USER);
    let rule = house.e.board.once(USER, Close, i64::from(d.handle().raw()));
    assert_eq!(d.send(ask, 5, 7).unwrap(), 12);
    assert_eq!(rule.result(), 0);
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN, ask]);
    assert_eq!(d.close(0, 0).unwrap(), 1);
    assert_eq!(e.close(0, 0).unwrap(), 1);
}
