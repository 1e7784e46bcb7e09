//! What fits into a 32-bit driver and what does not, on the way in and on the way out.

use std::path::Path;
use std::sync::Arc;

use opendriver::{Blame, Configured, Error, Instance, Manager, OpenOptions, Registry, Transcript};
use opendriver_abi::Message;
use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::house::DRIVERS32;

const WIDE: isize = 0x1_2345_6789;

struct House {
    manager: Manager,
    transcript: Arc<Transcript>,
}

/// A manager with the driver in both widths: `narrow` and `wide`.
fn house() -> House {
    let registry = Registry::in_memory();
    for (alias, target) in [("narrow", Target::Windows32), ("wide", Target::Windows64)] {
        let file = compiled("narrow", target);
        let entry = format!("{} text", file.display());
        registry.set_value(DRIVERS32, alias, entry).unwrap();
    }
    let transcript = Arc::new(Transcript::new());
    let manager = Manager::builder()
        .registry(registry)
        .recorder(Arc::clone(&transcript) as _)
        .trust_foreign_code()
        .build();
    House {
        manager,
        transcript,
    }
}

fn ask(instance: &Instance, number: u32, p1: isize, p2: isize) -> Result<isize, Error> {
    instance.send(Message(Message::DRV_USER.0 + number), p1, p2)
}

fn assert_too_wide(error: &Error, wanted: Message, which: u8, number: isize) {
    let Error::TooWide {
        module,
        message,
        parameter,
        value,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((*message, *parameter, *value), (wanted, which, number));
    assert!(Path::new(module).extension().is_some(), "{module}");
    assert_eq!(error.blame(), Blame::Caller);
}

#[test]
fn a_parameter_of_more_than_32_bits_is_an_error_and_nothing_is_sent() {
    let house = house();
    let narrow = house.manager.open("narrow").unwrap();
    let before = ask(&narrow, 4, 0, 0).unwrap();
    for value in [WIDE, 1 << 32, -0x8000_0001, isize::MIN, isize::MAX] {
        let message = Message(Message::DRV_USER.0 + 1);
        let error = ask(&narrow, 1, value, 0).unwrap_err();
        assert_too_wide(&error, message, 1, value);
        let error = ask(&narrow, 1, 0, value).unwrap_err();
        assert_too_wide(&error, message, 2, value);
    }
    assert_eq!(ask(&narrow, 4, 0, 0).unwrap(), before + 1);
    let error = ask(&narrow, 1, WIDE, 0).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "is a 32-bit driver: expected lParam1 of DRV_USER+1 in 32 bits, found 0x123456789"
        ),
        "{error}"
    );
    let wide = house.manager.open("wide").unwrap();
    assert_eq!(ask(&wide, 1, WIDE, 0).unwrap(), WIDE);
}

#[test]
fn what_fits_into_32_bits_arrives_with_its_sign_or_without() {
    let house = house();
    let narrow = house.manager.open("narrow").unwrap();
    for value in [0, 1, -1, 0x7FFF_FFFF, -0x8000_0000] {
        assert_eq!(ask(&narrow, 1, value, 0).unwrap(), value);
    }
    assert_eq!(ask(&narrow, 1, 0xFFFF_FFFE, 0).unwrap(), -2);
    assert_eq!(ask(&narrow, 2, 0, 0).unwrap(), -2, "an ICERR_ code");
}

#[test]
fn an_identifier_comes_back_as_the_driver_gave_it() {
    let house = house();
    for name in ["narrow", "wide"] {
        let instance = house.manager.open(name).unwrap();
        assert_eq!(ask(&instance, 0, 0, 0).unwrap(), 1, "{name}");
    }
}

#[test]
fn the_value_of_an_open_is_looked_at_before_anything_is_sent() {
    let house = house();
    let open = |param2| {
        house
            .manager
            .open_with(OpenOptions::new("narrow").param2(param2))
    };
    let error = open(WIDE).unwrap_err();
    assert_too_wide(&error, Message::DRV_OPEN, 2, WIDE);
    assert!(house.transcript.records().is_empty());
    assert!(house.manager.modules().is_empty());
    let narrow = open(0xFFFF_FFFF).unwrap();
    let before = ask(&narrow, 4, 0, 0).unwrap();
    assert_too_wide(&open(WIDE).unwrap_err(), Message::DRV_OPEN, 2, WIDE);
    assert_eq!(ask(&narrow, 4, 0, 0).unwrap(), before + 1);
    assert_eq!(house.manager.instances().len(), 1);
}

#[test]
fn the_values_of_a_close_are_looked_at_before_it_is_sent() {
    let house = house();
    let narrow = house.manager.open("narrow").unwrap();
    let handle = narrow.handle().raw();
    let error = house.manager.close(handle, 0, WIDE).unwrap_err();
    assert_too_wide(&error, Message::DRV_CLOSE, 2, WIDE);
    assert_eq!(ask(&narrow, 1, 3, 0).unwrap(), 3);
    narrow.close(-1, 0xFFFF_FFFF).unwrap();
    assert!(house.manager.modules().is_empty());
    let error = house.manager.close(handle, 0, WIDE).unwrap_err();
    assert!(matches!(error, Error::Closed { .. }), "{error}");
}

#[test]
fn texts_and_structures_of_the_manager_lie_where_the_driver_reaches() {
    let house = house();
    let narrow = house.manager.open("narrow").unwrap();
    assert_eq!(ask(&narrow, 3, 0, 0).unwrap(), isize::from(b't'));
    let configured = house.manager.configure("narrow", None, 0).unwrap();
    assert_eq!(configured, Configured::Ok);
    let error = house.manager.configure("narrow", None, WIDE).unwrap_err();
    assert_too_wide(&error, Message::DRV_CONFIGURE, 1, WIDE);
}

#[test]
fn a_driver_that_asks_another_one_gets_0_and_a_person_hears_why() {
    let house = house();
    let wide = house.manager.open("wide").unwrap();
    let blocks = wide.memory().unwrap();
    let narrow = blocks.copy_of(&utf16("narrow")).unwrap();
    assert_eq!(ask(&wide, 6, narrow.address(), -5).unwrap(), -5);
    assert!(house.transcript.reports().is_empty());
    assert_eq!(ask(&wide, 5, narrow.address(), 0).unwrap(), 0);
    let reports = house.transcript.reports();
    assert!(
        reports.iter().any(|report| report.kind == "warning"
            && report.text.starts_with("SendDriverMessage: ")
            && report.text.ends_with("found 0x123456789")),
        "{reports:?}"
    );
    let small = house.manager.open("narrow").unwrap();
    let blocks = small.memory().unwrap();
    let other = blocks.copy_of(&utf16("wide")).unwrap();
    for value in [-5, 0x7FFF_FFFF, -0x8000_0000] {
        assert_eq!(ask(&small, 6, other.address(), value).unwrap(), value);
    }
}

fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().chain([0]);
    units.flat_map(u16::to_le_bytes).collect()
}
