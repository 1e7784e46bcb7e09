//! What happens when a driver breaks instead of answering.

use opendriver::{Blame, Error};

use super::messages::{CLOSE, DISABLE, ENABLE, FREE, LOAD, OPEN, USER};
use crate::board::Action::{
    Breakpoint, CallNothing, DivideByZero, Illegal, OverflowStack, ReadNothing, WriteNothing,
};
use crate::house::House;
use crate::kind::Kind;

/// The module is poisoned: no further call, and later opens say why.
pub fn a_driver_that_breaks_is_not_called_again(kind: &dyn Kind) {
    let house = House::new(kind);
    let (broken, other) = (house.open("d"), house.open("d"));
    house.d.board.once(USER, ReadNothing, 0);
    let error = broken.send(USER, 5, 7).unwrap_err();
    let Error::Broke(fault) = &error else {
        panic!("{error}")
    };
    assert_eq!(fault.message, USER);
    assert_eq!(fault.address, Some(0x10));
    house.d.board.take();
    assert_eq!(other.send(USER, 5, 7).unwrap_err().blame(), Blame::Broke);
    assert!(matches!(
        house.manager.open("d"),
        Err(Error::Poisoned { .. })
    ));
    drop((broken, other));
    assert!(
        house.d.board.messages().is_empty(),
        "a broken driver hears nothing"
    );
}

/// At each message of a life; what is said depends on who asked.
pub fn a_driver_may_break_at_any_message(kind: &dyn Kind) {
    for message in [LOAD, ENABLE, OPEN, USER, CLOSE, DISABLE, FREE] {
        let house = House::new(kind);
        let witness = house.open("e");
        house.d.board.once(message, WriteNothing, 0);
        let result = house.manager.open("d").and_then(|instance| {
            instance.send(USER, 5, 7)?;
            instance.close(0, 0)?;
            Ok(())
        });
        match result {
            Err(error) => assert_eq!(error.blame(), Blame::Broke, "{message}: {error}"),
            // The close is done when the driver is told to go; that it broke there is reported.
            Ok(()) => assert!([DISABLE, FREE].contains(&message), "{message} went well"),
        }
        assert_eq!(
            house.d.board.messages().last(),
            Some(&message),
            "it was the last"
        );
        assert_eq!(witness.send(USER, 5, 7).unwrap(), 12, "after {message}");
        let broke = house
            .transcript
            .records()
            .into_iter()
            .find_map(|record| record.outcome.and_then(|outcome| outcome.answer.err()));
        let fault = broke.expect("the transcript says that it broke");
        assert_eq!((fault.message, fault.address), (message, Some(0x20)));
    }
}

/// What happened, and where in the driver.
pub fn every_way_to_break_is_named(kind: &dyn Kind) {
    for action in [
        ReadNothing,
        WriteNothing,
        CallNothing,
        Illegal,
        DivideByZero,
        Breakpoint,
        OverflowStack,
    ] {
        let house = House::new(kind);
        let instance = house.open("d");
        house.d.board.once(USER, action, 0);
        let error = instance.send(USER, 5, 7).unwrap_err();
        let Error::Broke(fault) = &error else {
            panic!("{action:?}: {error}")
        };
        let expected = match action {
            ReadNothing => "read of address 0x10",
            WriteNothing => "write of address 0x20",
            CallNothing => "0x30",
            Illegal => "illegal instruction",
            DivideByZero => "division",
            Breakpoint => "breakpoint",
            _ => "stack",
        };
        assert!(fault.what.contains(expected), "{action:?}: {}", fault.what);
        if action != CallNothing {
            assert!(
                fault.place.contains("d."),
                "{action:?}: at {:?}",
                fault.place
            );
        }
    }
}

/// A fault is one driver's, on one thread.
pub fn others_go_on_when_a_driver_breaks(kind: &dyn Kind) {
    let house = House::new(kind);
    let (d, e) = (house.open("d"), house.open("e"));
    house.d.board.once(USER, Illegal, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(d.send(USER, 0, 0).is_err()));
        for _ in 0..100 {
            assert_eq!(e.send(USER, 5, 7).unwrap(), 12);
        }
    });
    assert_eq!(e.close(0, 0).unwrap(), 1);
}

/// What is left of a broken driver goes without calling it.
pub fn a_broken_driver_can_be_dropped(kind: &dyn Kind) {
    let house = House::new(kind);
    let instance = house.open("d");
    house.d.board.once(USER, CallNothing, 0);
    instance.send(USER, 0, 0).unwrap_err();
    drop(instance);
    assert!(house.manager.instances().is_empty());
    house.manager.end_session();
}
