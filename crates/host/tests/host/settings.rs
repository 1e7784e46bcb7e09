//! Configuring, installing, removing; settings of a driver.

use std::sync::{Arc, Mutex};

use opendriver::registry::Value;
use opendriver::{Configured, Error, Installation, Message};
use opendriver_sdk::{Call, Setting};

use crate::driver::{Log, manager};

/// The size, the section and the alias in a `DRVCONFIGINFO`.
type ConfigInfo = (u32, String, String);

/// Reads the `DRVCONFIGINFO` that a message points at.
fn config_info(call: &Call<'_>) -> ConfigInfo {
    let at = call.param2.cast_unsigned();
    let read = |address: usize, len: usize| {
        let mut bytes = vec![0; len];
        assert!(
            call.host().read(address, &mut bytes),
            "the structure is there"
        );
        bytes
    };
    let word = |offset: usize| {
        usize::from_ne_bytes(read(at + offset, size_of::<usize>()).try_into().unwrap())
    };
    let text = |address: usize| {
        let bytes: Vec<u8> = (address..)
            .map(|at| read(at, 1)[0])
            .take_while(|&byte| byte != 0)
            .collect();
        String::from_utf8(bytes).unwrap()
    };
    let size = u32::from_ne_bytes(read(at, 4).try_into().unwrap());
    (size, text(word(4)), text(word(12)))
}

#[test]
#[cfg(all(feature = "native", target_os = "linux", target_arch = "x86_64"))]
fn configure_carries_the_window_and_where_the_driver_is_installed() {
    let log = Log::default();
    let seen: Arc<Mutex<Vec<(isize, ConfigInfo)>>> = Arc::default();
    let see = Arc::clone(&seen);
    let driver = log.driver("d", move |call| match call.message {
        Message::DRV_QUERYCONFIGURE => Some(1),
        Message::DRV_CONFIGURE => {
            see.lock().unwrap().push((call.param1, config_info(call)));
            Some(2)
        }
        _ => None,
    });
    let manager = manager([driver]);
    manager
        .registry()
        .set_value("drivers", "wave", "d")
        .unwrap();
    assert!(manager.query_configure("wave", None).unwrap());
    assert_eq!(
        manager.configure("wave", None, 0x1234).unwrap(),
        Configured::Restart
    );
    assert_eq!(
        *seen.lock().unwrap(),
        [(0x1234, (20, "drivers".to_owned(), "wave".to_owned()))]
    );
    // Each was asked of an instance of its own, since none was open.
    assert_eq!(
        log.of("d")
            .iter()
            .filter(|message| *message == "DRV_OPEN")
            .count(),
        2
    );
    log.take();
    let _instance = manager.open("wave").unwrap();
    manager.configure("wave", None, 0).unwrap();
    assert_eq!(log.take(), ["d LOAD", "d ENABLE", "d OPEN", "d CONFIGURE"]);
}

#[test]
fn an_installed_driver_has_an_entry_and_was_told() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let installation = Installation {
        alias: "wave",
        section: None,
        file: "d",
        params: "com1  fast",
    };
    assert_eq!(manager.install(installation).unwrap(), Configured::Ok);
    assert_eq!(
        manager.registry().value("Drivers32", "wave").unwrap(),
        Some(Value::from("d com1  fast"))
    );
    assert!(log.of("d").contains(&"DRV_INSTALL".to_owned()));
    assert_eq!(manager.remove("wave", None).unwrap(), Configured::Ok);
    assert_eq!(manager.registry().value("Drivers32", "wave").unwrap(), None);
    assert!(matches!(
        manager.remove("wave", None),
        Err(Error::NotInstalled { .. })
    ));
}

#[test]
fn a_driver_may_veto_its_installation_and_its_removal() {
    let log = Log::default();
    let driver = log.driver("d", |call| {
        matches!(call.message, Message::DRV_INSTALL | Message::DRV_REMOVE).then_some(0)
    });
    let manager = manager([driver]);
    manager
        .registry()
        .set_value("Drivers32", "old", "d before")
        .unwrap();
    for alias in ["new", "old"] {
        let installation = Installation {
            alias,
            section: None,
            file: "d",
            params: "",
        };
        assert_eq!(manager.install(installation).unwrap(), Configured::Cancel);
    }
    assert_eq!(manager.registry().value("Drivers32", "new").unwrap(), None);
    assert_eq!(
        manager.registry().value("Drivers32", "old").unwrap(),
        Some(Value::from("d before"))
    );
    assert_eq!(manager.remove("old", None).unwrap(), Configured::Cancel);
    assert!(
        manager
            .registry()
            .alias("Drivers32", "old")
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_driver_that_cannot_be_opened_is_not_installed() {
    let log = Log::default();
    let driver = log.driver("d", |call| (call.message == Message::DRV_LOAD).then_some(0));
    let manager = manager([driver]);
    for file in ["d", "nobody"] {
        manager
            .install(Installation {
                alias: "wave",
                section: None,
                file,
                params: "",
            })
            .unwrap_err();
        assert_eq!(manager.registry().value("Drivers32", "wave").unwrap(), None);
    }
}

#[test]
fn a_driver_that_is_gone_can_be_removed() {
    let manager = manager([]);
    manager
        .registry()
        .set_value("drivers", "wave", "gone.drv")
        .unwrap();
    assert_eq!(manager.remove("wave", None).unwrap(), Configured::Ok);
    assert!(
        manager
            .registry()
            .alias("drivers", "wave")
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_driver_keeps_its_settings_in_the_registry() {
    let log = Log::default();
    let driver = log.driver("d", |call| {
        if call.message == Message::DRV_LOAD {
            assert_eq!(call.host().setting("Speed"), None);
            assert!(call.host().set_setting("Speed", &Setting::Integer(9)));
            assert!(
                call.host()
                    .set_setting("Name", &Setting::Text("x".to_owned()))
            );
            assert_eq!(call.host().setting("speed"), Some(Setting::Integer(9)));
        }
        None
    });
    let manager = manager([driver]);
    let _instance = manager.open("d").unwrap();
    let key = r"HKCU\Software\opendriver\d";
    assert_eq!(
        manager.registry().value(key, "Speed").unwrap(),
        Some(Value::Integer(9))
    );
    assert_eq!(
        manager.registry().value(key, "Name").unwrap(),
        Some(Value::from("x"))
    );
}
