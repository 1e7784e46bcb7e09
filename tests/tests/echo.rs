//! The echo driver is one crate that goes in both ways: linked in, and as a shared object.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use opendriver::{Instance, Manager, OpenOptions, Registry};
use opendriver_abi::Message;
use opendriver_tests::house::DRIVERS32;

/// Builds the shared object the way that its author does, where this test was built.
fn shared_object() -> PathBuf {
    let test = env::current_exe().expect("this test is a file");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test stands in target/PROFILE/deps");
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "--package",
        "opendriver-echo",
        "--example",
        "echo",
    ]);
    build
        .arg("--target-dir")
        .arg(profile.parent().expect("the target folder"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let status = build
        .current_dir(opendriver_tests::root())
        .status()
        .expect("cargo runs");
    assert!(status.success());
    profile.join("examples/libecho.so")
}

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
    assert_it_echoes(shared_object().to_str().unwrap());
}
