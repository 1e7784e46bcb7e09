//! Which driver a name leads to.

use opendriver::OpenOptions;

use super::messages::{ENABLE, LOAD, OPEN};
use crate::house::{DRIVERS, DRIVERS32, House};
use crate::kind::Kind;

/// Behaviour 36, rule L9.
pub fn an_alias_and_a_file_name_lead_to_one_driver(kind: &dyn Kind) {
    let house = House::new(kind);
    let _instances = [house.open("d"), house.open(&house.d.file)];
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN, OPEN]);
    assert_eq!(house.manager.modules().len(), 1);
}

/// Behaviour 37.
pub fn two_entries_with_texts_of_their_own_lead_to_one_driver(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, "p1", &format!("{} com1", house.d.file));
    house.entry(DRIVERS32, "p2", &format!("{} com2", house.d.file));
    let _instances = [house.open("p1"), house.open("p2")];
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN, OPEN]);
    let texts: Vec<_> = house
        .d
        .board
        .log()
        .into_iter()
        .filter_map(|heard| heard.text)
        .collect();
    assert_eq!(texts, ["com1", "com2"]);
}

/// Behaviour 38.
pub fn naming_the_default_section_changes_nothing(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, "worded", &format!("{} words", house.d.file));
    let _without = house.open("worded");
    let named = OpenOptions::new("worded").section("Drivers32");
    let _with = house.manager.open_with(named).unwrap();
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN, OPEN]);
    let texts: Vec<_> = house
        .d
        .board
        .log()
        .into_iter()
        .filter_map(|heard| heard.text)
        .collect();
    assert_eq!(texts, ["words", "words"]);
}

/// Behaviour 39.
pub fn the_section_selects_the_file(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, "x", &house.d.file);
    house.entry(DRIVERS, "x", &house.e.file);
    let _d = house
        .manager
        .open_with(OpenOptions::new("x").section("Drivers32"))
        .unwrap();
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN]);
    assert!(house.e.board.messages().is_empty());
    let _e = house
        .manager
        .open_with(OpenOptions::new("x").section("drivers"))
        .unwrap();
    assert_eq!(house.e.board.messages(), [LOAD, ENABLE, OPEN]);
}

/// Behaviour 40, rule O1.
pub fn a_section_without_the_entry_lets_the_name_be_a_file(kind: &dyn Kind) {
    let house = House::new(kind);
    let options = OpenOptions::new(&house.d.file).section("drivers");
    let _instance = house.manager.open_with(options).unwrap();
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN]);
    let alias_elsewhere = OpenOptions::new("e").section("drivers");
    assert!(house.manager.open_with(alias_elsewhere).is_err());
}

/// Behaviour 41, rule O1.
pub fn an_entry_wins_over_a_file_of_its_name(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, &house.d.file, &house.e.file);
    let _instance = house.open(&house.d.file);
    assert!(house.d.board.messages().is_empty());
    assert_eq!(house.e.board.messages(), [LOAD, ENABLE, OPEN]);
}

/// Behaviour 42.
pub fn letter_case_of_an_alias_does_not_matter(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, "MsAcm.Thing", &house.d.file);
    let _instances = [house.open("msacm.thing"), house.open("MSACM.THING")];
    assert_eq!(house.d.board.messages(), [LOAD, ENABLE, OPEN, OPEN]);
}

/// Behaviour 43, rule O1: what an entry names is a file.
pub fn an_entry_is_never_looked_up_again(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS32, "chain", "d");
    assert!(house.manager.open("chain").is_err());
    assert!(house.d.board.messages().is_empty());
}

/// Rule O1.
pub fn drivers32_is_asked_before_drivers(kind: &dyn Kind) {
    let house = House::new(kind);
    house.entry(DRIVERS, "old", &house.e.file);
    house.entry(DRIVERS, "d", &house.e.file);
    let _d = house.open("d");
    assert!(house.e.board.messages().is_empty());
    let _e = house.open("old");
    assert_eq!(house.e.board.messages(), [LOAD, ENABLE, OPEN]);
}
