//! What arrives in the two parameters, and what comes back.

use opendriver::Error;
use opendriver_abi::Message;

use super::messages::{CLOSE, OPEN, USER};
use crate::board::Heard;
use crate::house::{DRIVERS32, House};
use crate::kind::Kind;

fn open_heard(house: &House) -> Heard {
    let log = house.d.board.take();
    log.into_iter()
        .find(|heard| heard.message == OPEN)
        .expect("DRV_OPEN")
}

/// Behaviour 29, rule O4.
pub fn the_application_s_value_arrives_untouched(kind: &dyn Kind) {
    let house = House::new(kind);
    let (smallest, largest) = house.extremes();
    for value in [0, 1, -1, 0x1111, smallest, largest] {
        let _instance = house.open_param2("d", value).unwrap();
        assert_eq!(open_heard(&house).param2, value as i64);
    }
}

/// Behaviour 30, rule O2.
pub fn the_text_of_an_entry_arrives(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, "worded", &format!("{} one two", house.d.file));
    let _instance = house.open("worded");
    assert_eq!(open_heard(&house).text.as_deref(), Some("one two"));
}

/// Behaviour 31, rule O3: an empty string, not a null pointer.
pub fn without_text_an_empty_one_arrives(kind: &dyn Kind) {
    let house = House::new(kind);
    for name in ["d", &house.d.file] {
        let _instance = house.open(name);
        assert_eq!(open_heard(&house).text.as_deref(), Some(""));
    }
}

/// Behaviour 32, rule O2: the text starts after the first space, and keeps all others.
pub fn inner_and_further_spaces_of_the_text_are_kept(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, "spaced", &format!("{}  one  two ", house.d.file));
    let _instance = house.open("spaced");
    assert_eq!(open_heard(&house).text.as_deref(), Some(" one  two "));
}

/// Rule O3: UTF-16 for Windows drivers, UTF-8 for others.
pub fn text_beyond_ascii_arrives(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(
        DRIVERS32,
        "worded",
        &format!("{} Größe 12 € 𝄞", house.d.file),
    );
    let _instance = house.open("worded");
    assert_eq!(open_heard(&house).text.as_deref(), Some("Größe 12 € 𝄞"));
}

/// Behaviour 33, rule O4.
pub fn the_application_s_two_values_arrive_with_close(kind: &dyn Kind) {
    let house = House::new(kind);
    let _keeper = house.open("d");
    for values in [(0x33, 0x44), (house.extremes().0, -1)] {
        let instance = house.open("d");
        house.d.board.take();
        instance.close(values.0, values.1).unwrap();
        let heard = house.d.board.take().remove(0);
        assert_eq!(heard.message, CLOSE);
        assert_eq!(
            (heard.param1, heard.param2),
            (values.0 as i64, values.1 as i64)
        );
    }
}

/// Behaviour 35, rule S1.
pub fn a_sent_message_answers_what_the_driver_answers(kind: &dyn Kind) {
    let house = House::new(kind);
    let (smallest, largest) = house.extremes();
    let instance = house.open("d");
    assert_eq!(instance.send(Message::DRV_RESERVED, 5, 7).unwrap(), 12);
    assert_eq!(instance.send(USER, 1, 2).unwrap(), 3);
    assert_eq!(instance.send(USER, smallest, 1).unwrap(), smallest + 1);
    assert_eq!(instance.send(Message::DRV_INSTALL, 0, 0).unwrap(), 1);
    assert_eq!(instance.send(Message(0x6000), 5, 7).unwrap(), 0);
    house.d.board.take();
    instance.send(Message(0x7fff_ffff), -1, largest).unwrap();
    let heard = house.d.board.take().remove(0);
    assert_eq!(heard.message, Message(0x7fff_ffff));
    assert_eq!((heard.param1, heard.param2), (-1, largest as i64));
}

/// Rule S2.
pub fn life_cycle_messages_cannot_be_sent_by_hand(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    house.d.board.take();
    for number in [1, 2, 3, 4, 5, 6, 11, 12] {
        let error = instance.send(Message(number), 0, 0).unwrap_err();
        assert!(matches!(error, Error::LifeCycleMessage { .. }), "{error}");
    }
    assert!(house.d.board.messages().is_empty());
    for number in [7, 8, 9, 10, 15] {
        instance.send(Message(number), 0, 0).unwrap();
    }
    assert_eq!(house.d.board.messages().len(), 5);
}
