//! Ports that are pseudo-terminals, and ports that are none.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opendriver_sdk::answer::{
    DRVCNF_OK, MMSYSERR_BADDEVICEID, MMSYSERR_ERROR, MMSYSERR_INVALPARAM, MMSYSERR_NOTENABLED,
};
use opendriver_sdk::{Bench, Instance, Message, Setting};
use opendriver_serial::{FLUSH, RATE, READ, SET_RATE, SET_TIME, STOP, WAITING, WRITE, driver};
use serialport::{FlowControl, SerialPort, StopBits, TTYPort};

/// One end of a line, and the name of the other, which stays there for the driver.
struct Line {
    end: TTYPort,
    other: TTYPort,
    name: String,
}

impl Line {
    fn new() -> Self {
        let (mut end, other) = TTYPort::pair().unwrap();
        // Reads of the test wait for the driver, not for the clock.
        end.set_timeout(Duration::from_secs(60)).unwrap();
        let name = other.name().unwrap();
        Self { end, other, name }
    }

    fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.end.read_exact(&mut bytes).unwrap();
        bytes
    }
}

/// Reads until so many bytes are there.
fn read(bench: &Bench, port: &Instance, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let place = bench.lend(&vec![0; count - bytes.len()]);
        let read = port.send(READ, place, (count - bytes.len()).cast_signed());
        assert!(read > 0, "{read}");
        bytes.extend_from_slice(&bench.lent(place)[..read.cast_unsigned()]);
    }
    bytes
}

fn write(bench: &Bench, port: &Instance, bytes: &[u8]) -> isize {
    port.send(WRITE, bench.lend(bytes), bytes.len().cast_signed())
}

#[test]
fn two_instances_speak_on_two_lines() {
    let bench = Bench::new(driver());
    let (mut one, mut two) = (Line::new(), Line::new());
    let first = bench.open(&format!("{},60000ms", one.name), 0).unwrap();
    let text = format!("{}, 19200, xonxoff, 60000ms", two.name);
    let second = bench.open(&text, 0).unwrap();
    assert_eq!(first.send(RATE, 0, 0), 9600);
    assert_eq!(second.send(RATE, 0, 0), 19200);

    assert_eq!(write(&bench, &first, b"to one"), 6);
    assert_eq!(write(&bench, &second, b"and \0\x03\r\n to two"), 15);
    assert_eq!(two.receive(15), b"and \0\x03\r\n to two");
    assert_eq!(one.receive(6), b"to one");

    one.end.write_all(b"from one \x04\x7f").unwrap();
    two.end.write_all(b"from two").unwrap();
    assert_eq!(read(&bench, &second, 8), b"from two");
    assert_eq!(read(&bench, &first, 11), b"from one \x04\x7f");

    assert!(first.close(0, 0).is_ok());
    two.end.write_all(b"still").unwrap();
    assert_eq!(read(&bench, &second, 5), b"still");
    assert_eq!(bench.reports(), [""; 0]);
}

#[test]
fn a_line_can_be_set_while_it_is_open() {
    let bench = Bench::new(driver());
    let mut line = Line::new();
    let port = bench.open(&format!("{},60000ms", line.name), 0).unwrap();
    assert_eq!(port.send(SET_RATE, 115_200, 0), 1);
    assert_eq!(port.send(RATE, 0, 0), 115_200);

    line.end.write_all(b"forget me").unwrap();
    read(&bench, &port, 1);
    assert!(port.send(WAITING, 0, 0) > 0);
    assert_eq!(port.send(FLUSH, 0, 0), 1);
    assert_eq!(port.send(WAITING, 0, 0), 0);

    assert_eq!(port.send(SET_TIME, 0, 0), 1);
    assert_eq!(port.send(READ, bench.lend(b"...."), 4), 0, "nothing came");
}

#[test]
fn what_a_line_does_not_take_is_not_waited_for() {
    let bench = Bench::new(driver());
    let line = Line::new();
    let port = bench.open(&format!("{},0ms", line.name), 0).unwrap();
    // Nobody reads at the other end, so there is room for some only.
    let bytes = [b'x'; 4096];
    let written: Vec<isize> = (0..100).map(|_| write(&bench, &port, &bytes)).collect();
    assert!(written[0] > 0);
    assert_eq!(written[99], 0);
}

#[test]
fn a_buffer_that_is_none_loses_no_byte() {
    let bench = Bench::new(driver());
    let mut line = Line::new();
    let port = bench.open(&format!("{},60000ms", line.name), 0).unwrap();
    line.end.write_all(b"kept").unwrap();
    let place = bench.lend(b"....");
    for (address, length) in [
        (0, 4),
        (place, 5),
        (place + 1, 4),
        (place, -1),
        (-1, 4),
        (place, isize::MAX),
    ] {
        assert_eq!(port.send(READ, address, length), -MMSYSERR_INVALPARAM);
        assert_eq!(port.send(WRITE, address, length), -MMSYSERR_INVALPARAM);
    }
    for (message, number) in [
        (SET_RATE, 0),
        (SET_RATE, -1),
        (SET_RATE, 1 << 32),
        (SET_TIME, -1),
        (SET_TIME, 60_001),
    ] {
        assert_eq!(port.send(message, number, 0), -MMSYSERR_INVALPARAM);
    }
    assert_eq!(read(&bench, &port, 4), b"kept");
    assert_eq!(port.send(Message(0x4100), 0, 0), 0);
}

#[test]
fn a_port_that_cannot_be_had_is_refused_with_a_reason() {
    let line = Line::new();
    let bench = Bench::new(driver());
    let name = &line.name;
    for (text, reason) in [
        (
            "",
            "no port is named: expected a text like \"/dev/ttyS0,9600,8N1\"",
        ),
        (
            ",9600",
            "no port is named: expected a text like \"/dev/ttyS0,9600,8N1\"",
        ),
        ("/dev/nosuch,9600", "No such file or directory (os error 2)"),
        ("/dev/null", "Not a typewriter"),
        ("/", "Is a directory (os error 21)"),
        (
            &format!("{name},9600,8N4"),
            "\"8N4\" is no rate (9600), frame (8N1), flow control (rtscts) or time (500ms)",
        ),
    ] {
        assert!(bench.open(text, 0).is_err(), "{text}");
        let report = bench.reports().pop().unwrap();
        assert_eq!(report, format!("\"{text}\": {reason}"));
    }
}

#[test]
fn who_looks_for_a_codec_touches_no_port() {
    let line = Line::new();
    let bench = Bench::new(driver());
    assert!(bench.open(&line.name, bench.lend(&[0; 56])).is_err());
    assert_eq!(bench.reports(), [""; 0]);
}

#[test]
fn a_port_has_one_owner() {
    let line = Line::new();
    let bench = Bench::new(driver());
    let _owner = bench.open(&line.name, 0).unwrap();
    assert!(bench.open(&line.name, 0).is_err());
    let report = bench.reports().pop().unwrap();
    // The lock stops everybody; what is not the superuser's does not come so far.
    assert!(
        ["exclusive lock", "busy"]
            .iter()
            .any(|reason| report.contains(reason)),
        "{report}"
    );
}

#[test]
fn words_set_the_line_in_any_order_and_the_last_one_counts() {
    let line = Line::new();
    let defaults = Setting::Text("110,7E2,rtscts".into());
    let bench = Bench::new(driver()).with_setting("defaults", defaults);
    let opened = |words: &str| {
        let port = bench.open(&format!("{}{words}", line.name), 0).unwrap();
        let other = &line.other;
        let (stop, flow) = (other.stop_bits().unwrap(), other.flow_control().unwrap());
        (port.send(RATE, 0, 0), stop, flow)
    };
    assert_eq!(opened(""), (110, StopBits::Two, FlowControl::Hardware));
    assert_eq!(
        opened(", xonxoff,,300,8o1,"),
        (300, StopBits::One, FlowControl::Software)
    );
    assert_eq!(
        opened(",8O1,600,noflow,1200,7e2"),
        (1200, StopBits::Two, FlowControl::None)
    );
}

#[test]
fn a_word_that_says_nothing_is_named() {
    let line = Line::new();
    let bench = Bench::new(driver());
    for word in [
        "0",
        "-1",
        "9600x",
        "4N1",
        "9N1",
        "8M1",
        "8N0",
        "8N3",
        "ms",
        "-1ms",
        "60001ms",
        "flow",
        "4294967296",
    ] {
        assert!(
            bench
                .open(&format!("{},9600,{word},8N1", line.name), 0)
                .is_err()
        );
        let report = bench.reports().pop().unwrap();
        assert!(
            report.contains(&format!("\"{word}\" is no rate")),
            "{report}"
        );
    }
}

#[test]
fn nobody_has_the_port_once_its_instance_is_closed() {
    let line = Line::new();
    let bench = Bench::new(driver());
    for _ in 0..3 {
        let port = bench.open(&line.name, 0).unwrap();
        assert!(Bench::new(driver()).open(&line.name, 0).is_err());
        assert!(port.close(0, 0).is_ok());
    }
}

#[test]
fn whoever_waits_hears_that_the_other_end_hung_up() {
    let bench = Bench::new(driver());
    let mut line = Line::new();
    let port = bench.open(&format!("{},60000ms", line.name), 0).unwrap();
    line.end.write_all(b"!").unwrap();
    thread::scope(|scope| {
        let (said, heard) = mpsc::channel();
        let (bench, port) = (&bench, &port);
        let reader = scope.spawn(move || {
            read(bench, port, 1);
            said.send(()).unwrap();
            port.send(READ, bench.lend(b"."), 1)
        });
        heard.recv().unwrap();
        drop(line);
        assert_eq!(reader.join().unwrap(), -MMSYSERR_BADDEVICEID);
    });
    assert_eq!(write(&bench, &port, b"?"), -MMSYSERR_BADDEVICEID);
    assert_eq!(port.send(WAITING, 0, 0), -MMSYSERR_ERROR);
    assert_eq!(bench.reports().len(), 1, "{:?}", bench.reports());
    assert!(port.close(0, 0).is_ok());
}

#[test]
fn stopping_ends_all_waiting() {
    let bench = Bench::new(driver());
    let mut line = Line::new();
    let port = bench.open(&format!("{},60000ms", line.name), 0).unwrap();
    line.end.write_all(b"!").unwrap();
    thread::scope(|scope| {
        let (said, heard) = mpsc::channel();
        let readers = [0; 4].map(|_| {
            let (said, bench, port) = (said.clone(), &bench, &port);
            scope.spawn(move || {
                said.send(()).unwrap();
                port.send(READ, bench.lend(b"."), 1)
            })
        });
        readers.iter().for_each(|_| heard.recv().unwrap());
        assert_eq!(port.send(STOP, 0, 0), 1);
        let answers = readers.map(|reader| reader.join().unwrap());
        let stopped = answers
            .iter()
            .filter(|&&answer| answer == -MMSYSERR_NOTENABLED);
        assert!(
            stopped.count() >= 3,
            "{answers:?}: one at most got the byte"
        );
    });
    assert_eq!(write(&bench, &port, b"?"), -MMSYSERR_NOTENABLED);
}

#[test]
fn configuring_makes_the_words_of_an_instance_the_defaults() {
    let bench = Bench::new(driver());
    let line = Line::new();
    let port = bench.open(&format!("{},57600,0ms", line.name), 0).unwrap();
    assert_eq!(port.send(Message::DRV_QUERYCONFIGURE, 0, 0), 1);
    assert_eq!(port.send(Message::DRV_CONFIGURE, 0, 0), DRVCNF_OK);
    assert_eq!(
        bench.setting("defaults"),
        Some(Setting::Text("57600,0ms".into()))
    );
    assert!(port.close(0, 0).is_ok());

    let port = bench.open(&line.name, 0).unwrap();
    assert_eq!(port.send(RATE, 0, 0), 57600);
    assert!(port.close(0, 0).is_ok());
    let port = bench.open(&format!("{},1200", line.name), 0).unwrap();
    assert_eq!(port.send(RATE, 0, 0), 1200);

    let bench = Bench::new(driver()).with_setting("defaults", Setting::Text("fast".into()));
    assert!(bench.open(&line.name, 0).is_err());
}
