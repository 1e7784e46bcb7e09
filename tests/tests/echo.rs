//! The echo driver is one crate that goes in both ways: linked in, and as a shared object.

use opendriver::{Instance, Manager, OpenOptions, Registry};
use opendriver_abi::Message;
use opendriver_tests::example::shared_object;
use opendriver_tests::house::DRIVERS32;

fn open(file: &str, text: &str) -> (Manager, Registry, Instance) {
    let registry = Registry::in_memory();
    registry
        .set_value(DRIVERS32, "voice", format!("{file} {text}"))
        .unwrap();
    let builder = Manager::builder().registry(registry.clone());
    let manager = builder.builtin(echo::driver()).trust_foreign_code().build();
    let voice = manager
        .open_with(OpenOptions::new("voice").param2(33))
        .unwrap();
    (manager, registry, voice)
}

/// What it does through one way in; the messages are described in the driver.
fn assert_it_echoes(file: &str) {
    let (manager, registry, voice) = open(file, "Größe 12");
    let send = |message, p1, p2| voice.send(message, p1, p2).unwrap();
    assert_eq!(send(echo::ADD, 5, 7), 12);
    assert_eq!(send(echo::TEXT_LENGTH, 0, 0), "Größe 12".len() as isize);
    assert_eq!(send(echo::OPEN_PARAM, 0, 0), 33);
    assert_eq!(send(echo::COUNT, 0, 0), 4);
    assert_eq!(send(Message::DRV_INSTALL, 0, 0), 1);

    let block = voice.memory().unwrap().allocate(16).unwrap();
    assert_eq!(send(echo::COPY_TEXT, block.address(), 5), 5);
    assert_eq!(block[..6], *b"Gr\xc3\xb6\xc3\0");
    assert_eq!(send(echo::COPY_TEXT, 0x10, 5), 0, "nothing is there");

    assert_eq!(send(echo::GREETING, 0, 0), 0);
    assert_eq!(send(echo::SET_GREETING, 77, 0), 1);
    assert_eq!(send(echo::GREETING, 0, 0), 77);
    assert!(!registry.roots().unwrap().is_empty());

    let second = manager.open("voice").unwrap();
    assert_eq!(
        second.send(echo::COUNT, 0, 0).unwrap(),
        1,
        "each instance counts for itself"
    );
    assert_eq!(voice.close(0, 0).unwrap(), 1);
    assert_eq!(second.send(echo::ADD, 1, 1).unwrap(), 2);
    second.close(0, 0).unwrap();
    assert!(manager.modules().is_empty());

    let (manager, registry, _voice) = open(file, "x");
    registry
        .set_value(DRIVERS32, "silent", format!("{file} refuse"))
        .unwrap();
    assert!(manager.open("silent").is_err());
}

#[test]
fn it_echoes_when_it_is_linked_in() {
    assert_it_echoes("echo");
}

#[test]
fn it_echoes_when_it_is_a_shared_object() {
    let file = shared_object("opendriver-echo", "echo");
    assert_it_echoes(file.to_str().unwrap());
}
