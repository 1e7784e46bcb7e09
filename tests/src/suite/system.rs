//! Listings, broadcasts, configuration: what concerns more than one instance.

use opendriver::{Configured, Exit, Installation, InstanceInfo};
use opendriver_abi::Message;

use super::messages::{CLOSE, DISABLE, ENABLE, FREE, LOAD, OPEN, USER};
use crate::board::Action::Answer;
use crate::house::House;
use crate::kind::Kind;

fn names(house: &House) -> Vec<String> {
    house
        .manager
        .instances()
        .into_iter()
        .map(|instance| instance.name)
        .collect()
}

fn firsts(house: &House) -> Vec<InstanceInfo> {
    house
        .manager
        .instances()
        .into_iter()
        .filter(|instance| instance.first)
        .collect()
}

/// Behaviour 44.
pub fn instances_are_listed_in_opening_order(kind: &dyn Kind) {
    let house = House::new(kind);
    let instances = ["d", "e", "d", "e"].map(|name| house.open(name));
    let opened: Vec<_> = instances.iter().map(opendriver::Instance::handle).collect();
    let listed: Vec<_> = house
        .manager
        .instances()
        .iter()
        .map(|each| each.handle)
        .collect();
    assert_eq!(listed, opened);
}

/// Behaviours 45 and 46.
pub fn the_first_instance_of_a_module_is_marked_and_the_mark_is_inherited(kind: &dyn Kind) {
    let house = House::new(kind);
    let (first, second) = (house.open("d"), house.open("d"));
    let _other = house.open("e");
    assert_eq!(firsts(&house).len(), 2);
    assert_eq!(firsts(&house)[0].handle, first.handle());
    first.close(0, 0).unwrap();
    assert_eq!(firsts(&house).len(), 2);
    assert_eq!(firsts(&house)[0].handle, second.handle());
}

/// Behaviour 47: the name is the one that was asked for.
pub fn an_instance_is_listed_by_the_name_that_opened_it(kind: &dyn Kind) {
    let house = House::new(kind);
    let _instances = [house.open("d"), house.open(&house.d.file)];
    assert_eq!(names(&house), ["d", &house.d.file]);
    let instances = house.manager.instances();
    assert_eq!(instances[0].module, instances[1].module);
    assert_eq!([instances[0].id.0, instances[1].id.0], [0x101, 0x102]);
}

/// Behaviour 49.
pub fn a_driver_opened_inside_a_load_is_listed_before(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.once_open(LOAD, "e", 0);
    let _instance = house.open("d");
    assert_eq!(names(&house), ["e", "d"]);
}

/// Behaviour 65, rule L11.
pub fn every_instance_hears_of_the_session_s_end_before_any_is_closed(kind: &dyn Kind) {
    let house = House::new(kind);
    let _instances = ["d", "e", "d"].map(|name| house.open(name));
    house.d.board.take();
    house.e.board.take();
    house.transcript.take();
    house.manager.end_session();
    let told: Vec<_> = house
        .transcript
        .take()
        .iter()
        .map(|each| each.message)
        .collect();
    assert_eq!(told[..3], [Message::DRV_EXITSESSION; 3]);
    assert!(!told[3..].contains(&Message::DRV_EXITSESSION));
    let d = house.d.board.messages();
    let exit = Message::DRV_EXITSESSION;
    assert_eq!(d, [exit, exit, CLOSE, CLOSE, DISABLE, FREE]);
    assert_eq!(house.e.board.messages(), [exit, CLOSE, DISABLE, FREE]);
    assert!(house.manager.instances().is_empty());
}

/// Rule L11.
pub fn shutdown_closes_the_newest_first_whatever_it_answers(kind: &dyn Kind) {
    let house = House::new(kind);
    let handles = ["d", "d", "d"].map(|name| house.open(name).into_handle().raw());
    house.d.board.always(CLOSE, Answer, 0);
    house.d.board.take();
    let House {
        manager,
        d,
        transcript: _transcript,
        folder: _folder,
        ..
    } = house;
    drop(manager);
    let heard = d.board.take();
    let closed = heard.iter().filter(|heard| heard.message == CLOSE);
    let closed: Vec<_> = closed.map(|heard| heard.handle).collect();
    let mut expected = handles.map(u64::from);
    expected.reverse();
    assert_eq!(closed, expected);
    let last: Vec<_> = heard[heard.len() - 2..]
        .iter()
        .map(|heard| heard.message)
        .collect();
    assert_eq!(last, [DISABLE, FREE]);
}

/// Behaviour 66, rule L11.
pub fn every_instance_hears_of_an_application_s_end(kind: &dyn Kind) {
    let house = House::new(kind);
    let _instances = ["d", "e", "d"].map(|name| house.open(name));
    house.d.board.take();
    house.e.board.take();
    house.manager.end_application(Exit::Normal);
    house.manager.end_application(Exit::Abnormal);
    let heard = house.d.board.take();
    assert!(
        heard
            .iter()
            .all(|heard| heard.message == Message::DRV_EXITAPPLICATION)
    );
    let told: Vec<_> = heard.iter().map(|heard| (heard.id, heard.param1)).collect();
    assert_eq!(told, [(0x101, 1), (0x102, 1), (0x101, 2), (0x102, 2)]);
    assert_eq!(house.e.board.take().len(), 2);
    assert_eq!(house.manager.instances().len(), 3);
}

/// Rule L12.
pub fn every_instance_hears_of_power(kind: &dyn Kind) {
    let house = House::new(kind);
    let _instances = ["d", "e"].map(|name| house.open(name));
    house.d.board.always(Message::DRV_POWER, Answer, 1);
    let answers: Vec<_> = house
        .manager
        .power(3, 4)
        .into_iter()
        .map(|(_, answer)| answer.unwrap())
        .collect();
    assert_eq!(answers, [1, 0]);
    let heard = house.d.board.take().pop().unwrap();
    assert_eq!(
        (heard.message, heard.param1, heard.param2),
        (Message::DRV_POWER, 3, 4)
    );
}

/// Rule O6, behaviour 73 as far as the system goes: a driver is opened with 0 to be configured.
pub fn a_driver_that_is_only_configured_is_opened_with_zero(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.once(Message::DRV_QUERYCONFIGURE, Answer, 1);
    assert!(house.manager.query_configure("d", None).unwrap());
    let query = Message::DRV_QUERYCONFIGURE;
    assert_eq!(house.d.board.log()[2].param2, 0);
    assert_eq!(
        house.d.board.take_messages(),
        [LOAD, ENABLE, OPEN, query, CLOSE, DISABLE, FREE]
    );
    assert!(!house.manager.query_configure("d", None).unwrap());
    house.d.board.take();
    house.d.board.once(Message::DRV_CONFIGURE, Answer, 2);
    assert_eq!(
        house.manager.configure("d", None, 0).unwrap(),
        Configured::Restart
    );
    let heard = house.d.board.take();
    let configure = heard
        .iter()
        .find(|heard| heard.message == Message::DRV_CONFIGURE)
        .unwrap();
    assert_ne!(configure.param2, 0, "a DRVCONFIGINFO goes with it");
    assert!(house.manager.instances().is_empty());
}

/// Rule O6.
pub fn a_driver_that_is_installed_is_told_and_one_that_vetoes_is_not(kind: &dyn Kind) {
    let house = House::new(kind);
    let file = house.d.file.clone();
    let installation = Installation {
        alias: "fresh",
        section: None,
        file: &file,
        params: "its text",
    };
    house.d.board.once(Message::DRV_INSTALL, Answer, 0);
    assert_eq!(
        house.manager.install(installation).unwrap(),
        Configured::Cancel
    );
    assert!(
        house.manager.open("fresh").is_err(),
        "a veto leaves no entry"
    );
    house.d.board.take();
    assert_eq!(house.manager.install(installation).unwrap(), Configured::Ok);
    assert!(
        house
            .d
            .board
            .take_messages()
            .contains(&Message::DRV_INSTALL)
    );
    let _instance = house.open("fresh");
    let opened = house
        .d
        .board
        .take()
        .into_iter()
        .find(|heard| heard.message == OPEN)
        .unwrap();
    assert_eq!(opened.text.as_deref(), Some("its text"));
}

/// Rule O6.
pub fn a_driver_that_vetoes_its_removal_keeps_its_entry(kind: &dyn Kind) {
    let house = House::new(kind);
    house.d.board.once(Message::DRV_REMOVE, Answer, 0);
    assert_eq!(house.manager.remove("d", None).unwrap(), Configured::Cancel);
    house.open("d").close(0, 0).unwrap();
    assert_eq!(house.manager.remove("d", None).unwrap(), Configured::Ok);
    assert!(house.manager.open("d").is_err());
}

/// Two managers in one process are two systems.
pub fn two_managers_do_not_meet(kind: &dyn Kind) {
    let [one, other] = [House::new(kind), House::new(kind)];
    let instance = one.open("d");
    assert!(other.manager.instances().is_empty());
    let foreign = other.open("d");
    assert_eq!(foreign.send(USER, 5, 7).unwrap(), 12);
    drop(foreign);
    assert_eq!(instance.send(USER, 5, 7).unwrap(), 12);
    assert_eq!(one.d.board.messages(), [LOAD, ENABLE, OPEN, USER]);
}
