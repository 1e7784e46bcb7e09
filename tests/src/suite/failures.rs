//! What happens when a driver, or the system, says no.

use opendriver::{Blame, Error};
use opendriver_abi::Message;

use super::messages::{CLOSE, DISABLE, ENABLE, FREE, LOAD, OPEN, USER};
use crate::board::Action::{Answer, Forward};
use crate::house::House;
use crate::kind::Kind;

#[track_caller]
fn assert_refused(result: Result<opendriver::Instance, Error>, refused: Message) {
    match result {
        Err(Error::Refused { message, .. }) => assert_eq!(message, refused),
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[track_caller]
fn assert_nothing_is_left(house: &House) {
    assert!(
        house.manager.modules().is_empty(),
        "{:?}",
        house.manager.modules()
    );
    assert!(
        house.manager.instances().is_empty(),
        "{:?}",
        house.manager.instances()
    );
}

/// Behaviour 9.
pub fn a_refused_load_leaves_nothing_behind(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.once(LOAD, Answer, 0);
    assert_refused(house.manager.open("d"), LOAD);
    assert_eq!(house.d.board.take_messages(), [LOAD]);
    assert_nothing_is_left(&house);
    let _instance = house.open("d");
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN]);
}

/// Behaviour 10, rule L3.
pub fn any_nonzero_answer_to_load_is_success(kind: &dyn Kind) {
    let house = House::new(kind);
    for answer in [2, -1] {
        house.d.board.once(LOAD, Answer, answer);
        house.open("d").close(0, 0).unwrap();
    }
}

/// Behaviour 11, rule L4.
pub fn answers_to_enable_disable_and_free_do_not_matter(kind: &dyn Kind) {
    let house = House::new(kind);
    for message in [ENABLE, DISABLE, FREE] {
        house.d.board.always(message, Answer, 0);
    }
    house.open("d").close(0, 0).unwrap();
    assert_eq!(
        house.d.board.messages(),
        [LOAD, ENABLE, OPEN, CLOSE, DISABLE, FREE]
    );
    assert_nothing_is_left(&house);
}

/// Behaviour 12.
pub fn a_refused_first_open_is_undone_completely(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.once(OPEN, Answer, 0);
    assert_refused(house.manager.open("d"), OPEN);
    let heard = house.d.board.take();
    let messages: Vec<_> = heard.iter().map(|heard| heard.message).collect();
    assert_eq!(messages, [LOAD, ENABLE, OPEN, DISABLE, FREE]);
    assert!(
        heard
            .iter()
            .all(|each| each.handle == heard[0].handle && each.id == 0)
    );
    assert_nothing_is_left(&house);
}

/// Behaviour 13.
pub fn a_refused_further_open_touches_no_other_instance(kind: &dyn Kind) {
    let house = House::new(kind);
    let first = house.open("d");
    house.d.board.take();
    house.d.board.once(OPEN, Answer, 0);
    assert_refused(house.manager.open("d"), OPEN);
    assert_eq!(house.d.board.take_messages(), [OPEN]);
    assert_eq!(first.send(USER, 5, 7).unwrap(), 12);
    assert_eq!(house.manager.modules()[0].instances, 1);
    assert_eq!(house.manager.instances().len(), 1);
}

/// Behaviour 14.
pub fn a_refused_close_keeps_the_instance(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    let (handle, id) = (instance.handle(), house.d.board.log()[2].answer);
    house.d.board.once(CLOSE, Answer, 0);
    let refused = instance.close(1, 2).unwrap_err();
    assert_eq!(refused.error.blame(), Blame::Refused);
    let instance = refused.instance;
    assert_eq!(instance.handle(), handle);
    house.d.board.take();
    assert_eq!(instance.send(USER, 5, 7).unwrap(), 12);
    assert_eq!(house.d.board.take()[0].id, id as u64);
    assert_eq!(instance.close(0, 0).unwrap(), 1);
    assert_eq!(house.d.board.take_messages(), [CLOSE, DISABLE, FREE]);
}

/// Behaviour 15, rule L7.
pub fn a_close_answers_the_driver_s_own_value(kind: &dyn Kind) {
    let house = House::new(kind);
    for answer in [7, -7] {
        house.d.board.once(CLOSE, Answer, answer);
        assert_eq!(house.open("d").close(0, 0).unwrap(), answer as isize);
    }
}

/// Rule L7: the owner is gone, so a refusal changes nothing.
pub fn a_forced_close_goes_on_when_the_driver_refuses(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.always(CLOSE, Answer, 0);
    drop(house.open("d"));
    assert_eq!(
        house.d.board.messages(),
        [LOAD, ENABLE, OPEN, CLOSE, DISABLE, FREE]
    );
    assert_nothing_is_left(&house);
}

/// Behaviour 16, rule O5.
pub fn a_missing_file_is_an_error_and_nothing_is_sent(kind: &dyn Kind) {
    let house = House::new(kind);
    let missing = house.folder.path().join("missing.drv");
    house.entry(crate::house::DRIVERS32, "gone", missing.to_str().unwrap());
    for name in ["no such alias", missing.to_str().unwrap(), "gone"] {
        let error = house.manager.open(name).unwrap_err();
        assert!(
            matches!(error.blame(), Blame::Caller | Blame::File),
            "{error}"
        );
        assert!(!error.to_string().is_empty());
    }
    assert!(house.transcript.records().is_empty());
    assert_nothing_is_left(&house);
}

/// Behaviour 18.
pub fn an_empty_name_is_an_error(kind: &dyn Kind) {
    let house = House::new(kind);
    assert!(matches!(house.manager.open(""), Err(Error::EmptyName)));
    assert!(house.transcript.records().is_empty());
}

/// Behaviour 19.
pub fn every_failure_leaves_the_listings_as_they_were(kind: &dyn Kind) {
    let house = House::new(kind);
    let _other = house.open("e");
    let listed = |house: &House| -> Vec<_> {
        house
            .manager
            .instances()
            .into_iter()
            .map(|instance| instance.handle)
            .collect()
    };
    let before = listed(&house);
    for message in [LOAD, OPEN] {
        house.d.board.once(message, Answer, 0);
        assert_refused(house.manager.open("d"), message);
        assert_eq!(listed(&house), before);
        assert_eq!(house.manager.modules().len(), 1);
    }
    house.manager.open("no such alias").unwrap_err();
    assert_eq!(listed(&house), before);
}

/// Behaviour 64: `DefDriverProc` is no answer to `DRV_OPEN`.
pub fn a_driver_that_forwards_everything_cannot_be_opened(kind: &dyn Kind) {
    let house = House::new(kind);
    for message in [LOAD, ENABLE, OPEN, CLOSE, DISABLE, FREE] {
        house.d.board.always(message, Forward, 0);
    }
    assert_refused(house.manager.open("d"), OPEN);
    assert_eq!(
        house.d.board.messages(),
        [LOAD, ENABLE, OPEN, DISABLE, FREE]
    );
}
