//! The serial driver behind two aliases: two instances on two ports, as an application has them.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opendriver::{Error, Instance, Manager, Registry};
use opendriver_abi::answer::{MMSYSERR_BADDEVICEID, MMSYSERR_NOTENABLED};
use opendriver_tests::example::shared_object;
use opendriver_tests::house::DRIVERS32;
use serialport::{SerialPort, TTYPort};

/// A line with an alias: the test has one end, the driver opens the other.
struct Line {
    end: TTYPort,
    _other: TTYPort,
}

impl Line {
    fn new(registry: &Registry, alias: &str, file: &str) -> Self {
        let (mut end, other) = TTYPort::pair().unwrap();
        // Reads of the test wait for the driver, not for the clock.
        end.set_timeout(Duration::from_secs(60)).unwrap();
        let name = other.name().unwrap();
        registry
            .set_value(DRIVERS32, alias, format!("{file} {name},60000ms"))
            .unwrap();
        Self { end, _other: other }
    }
}

fn write(port: &Instance, bytes: &[u8]) -> isize {
    let mut block = port.memory().unwrap().allocate(bytes.len()).unwrap();
    block.copy_from_slice(bytes);
    port.send(serial::WRITE, block.address(), bytes.len().cast_signed())
        .unwrap()
}

/// Reads what has come; a test that knows how much reads until it is there.
fn read(port: &Instance) -> Result<Vec<u8>, isize> {
    let block = port.memory().unwrap().allocate(64).unwrap();
    let count = port.send(serial::READ, block.address(), 64).unwrap();
    let length = usize::try_from(count).map_err(|_| count)?;
    Ok(block[..length].to_vec())
}

fn read_all(port: &Instance, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        bytes.extend(read(port).unwrap());
    }
    bytes
}

fn manager() -> (Manager, Registry) {
    let registry = Registry::in_memory();
    let builder = Manager::builder().registry(registry.clone());
    let manager = builder.builtin(serial::driver()).trust_foreign_code();
    (manager.build(), registry)
}

/// What it does through one way in.
fn assert_it_serves_two_ports(file: &str) {
    let (manager, registry) = manager();
    let mut lines = ["modem", "printer"].map(|alias| Line::new(&registry, alias, file));
    let [modem, printer] = ["modem", "printer"].map(|alias| manager.open(alias).unwrap());
    assert_eq!(manager.modules().len(), 1, "one driver, two instances");
    assert!(matches!(manager.open("modem"), Err(Error::Refused { .. })));

    assert_eq!(write(&modem, b"ATDT 123\r"), 9);
    assert_eq!(write(&printer, b"\x1b@page\x0c"), 7);
    let mut bytes = [0; 9];
    lines[0].end.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"ATDT 123\r");
    lines[1].end.read_exact(&mut bytes[..7]).unwrap();
    assert_eq!(&bytes[..7], b"\x1b@page\x0c");

    lines[0].end.write_all(b"CONNECT\r\n").unwrap();
    lines[1].end.write_all(b"\x11").unwrap();
    assert_eq!(read_all(&printer, 1), b"\x11");
    assert_eq!(read_all(&modem, 9), b"CONNECT\r\n");

    modem.close(0, 0).unwrap();
    lines[1].end.write_all(b"ok").unwrap();
    assert_eq!(read_all(&printer, 2), b"ok");
    drop(lines);
    assert_eq!(read(&printer), Err(-MMSYSERR_BADDEVICEID));
    printer.close(0, 0).unwrap();
    assert!(manager.modules().is_empty());
}

#[test]
fn it_serves_two_ports_when_it_is_linked_in() {
    assert_it_serves_two_ports("serial");
}

#[test]
fn it_serves_two_ports_as_a_shared_object() {
    let file = shared_object("opendriver-serial", "serial");
    assert_it_serves_two_ports(file.to_str().expect("a path in this repository is text"));
}

#[test]
fn an_instance_that_another_thread_reads_from_is_stopped_and_closed() {
    let (manager, registry) = manager();
    let mut line = Line::new(&registry, "modem", "serial");
    let port = manager.open("modem").unwrap();
    line.end.write_all(b"!").unwrap();
    thread::scope(|scope| {
        let (said, heard) = mpsc::channel();
        let reader = scope.spawn({
            let port = &port;
            move || {
                read_all(port, 1);
                said.send(()).unwrap();
                read(port)
            }
        });
        heard.recv().unwrap();
        assert_eq!(port.send(serial::STOP, 0, 0).unwrap(), 1);
        // Whether the other thread waits already, or only now comes to read, it is told to go.
        assert_eq!(reader.join().unwrap(), Err(-MMSYSERR_NOTENABLED));
    });
    port.close(0, 0).unwrap();
    assert!(manager.modules().is_empty());
}

#[test]
fn a_close_waits_for_a_read_no_longer_than_the_read_may_take() {
    let (manager, registry) = manager();
    let _line = Line::new(&registry, "modem", "serial");
    let port = manager.open("modem").unwrap();
    port.send(serial::SET_TIME, 1, 0).unwrap();
    let handle = port.handle().raw();
    thread::scope(|scope| {
        let readers = [0; 4].map(|_| {
            let manager = &manager;
            scope.spawn(move || {
                // Nothing comes, so each read ends when its time does, until the instance is closed.
                while let Ok(answer) = manager.send(handle, serial::READ, 0, 0) {
                    assert_eq!(answer, 0);
                }
            })
        });
        port.close(0, 0).unwrap();
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert!(manager.modules().is_empty());
}
