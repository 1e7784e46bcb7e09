//! A driver in C reaches what its host offers.

use std::sync::Arc;

use opendriver::{Instance, Manager, Message, Transcript};
use opendriver_tests::fixtures::{Target, compiled};

const LEVEL: Message = Message::DRV_USER;
const SET_LEVEL: Message = Message(LEVEL.0 + 1);
const TURN_AROUND: Message = Message(LEVEL.0 + 2);
const REPORT: Message = Message(LEVEL.0 + 3);

fn open() -> (Manager, Arc<Transcript>, Instance) {
    let transcript = Arc::new(Transcript::new());
    let recorder = Arc::clone(&transcript);
    let manager = Manager::builder()
        .trust_foreign_code()
        .recorder(recorder)
        .build();
    let file = compiled("settings", Target::Native);
    let instance = manager.open(file.to_str().unwrap()).unwrap();
    (manager, transcript, instance)
}

// One test: the driver keeps the host's table in a variable of its own, and is one module of the process.
#[test]
fn a_driver_in_c_reaches_settings_memory_and_people() {
    let (manager, transcript, instance) = open();
    let send = |message, p1, p2| instance.send(message, p1, p2).unwrap();
    assert_eq!(send(LEVEL, 0, 0), -1, "nothing is kept yet");
    assert_eq!(send(SET_LEVEL, 40_000_000_000, 0), 1);
    assert_eq!(send(LEVEL, 0, 0), 40_000_000_000);
    assert_eq!(send(SET_LEVEL, 7, 0), 1);
    assert_eq!(send(LEVEL, 0, 0), 7);

    let block = instance.memory().unwrap().copy_of(&[0, 1, 0xf0]).unwrap();
    assert_eq!(send(TURN_AROUND, block.address(), 3), 3);
    assert_eq!(*block, [0xff, 0xfe, 0x0f]);
    assert_eq!(send(TURN_AROUND, 0x10, 3), 0, "nothing is there");

    assert_eq!(send(REPORT, 0, 0), 1);
    let reports = transcript.reports();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].text, "all is well");

    // What the driver keeps outlives it.
    instance.close(0, 0).unwrap();
    assert!(manager.modules().is_empty());
    let file = compiled("settings", Target::Native);
    let again = manager.open(file.to_str().unwrap()).unwrap();
    assert_eq!(again.send(LEVEL, 0, 0).unwrap(), 7);
}
