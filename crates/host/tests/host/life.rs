//! The order of messages, refusals, handles and identifiers.

use opendriver::{Error, Message, OpenOptions, Width};

use crate::driver::{Log, builder, manager};

#[test]
fn the_first_open_loads_and_the_last_close_frees() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let first = manager.open("d").unwrap();
    let second = manager.open("d").unwrap();
    assert_ne!(first.handle(), second.handle());
    assert_eq!(first.close(3, 4).unwrap(), 1);
    assert_eq!(
        log.take(),
        ["d LOAD", "d ENABLE", "d OPEN", "d OPEN", "d CLOSE"]
    );
    let last = second.handle();
    second.close(0, 0).unwrap();
    let heard = log.heard();
    assert!(heard.iter().all(|heard| heard.handle == last));
    assert_eq!(log.take(), ["d CLOSE", "d DISABLE", "d FREE"]);
    assert!(manager.modules().is_empty());
    drop(manager.open("d").unwrap());
    assert_eq!(
        log.take(),
        [
            "d LOAD",
            "d ENABLE",
            "d OPEN",
            "d CLOSE",
            "d DISABLE",
            "d FREE"
        ]
    );
}

#[test]
fn handles_are_real_and_identifiers_are_zero_where_there_is_none() {
    let log = Log::default();
    let manager = manager([log.driver("d", |call| {
        (call.message == Message::DRV_OPEN).then_some(isize::MIN)
    })]);
    let instance = manager.open_with(OpenOptions::new("d").param2(-1)).unwrap();
    let handle = instance.handle();
    assert_eq!(instance.send(Message::DRV_USER + 1, 5, 7).unwrap(), 12);
    instance.close(0x33, 0x44).unwrap();
    let identified = [Message::DRV_CLOSE, Message::DRV_USER + 1];
    for heard in log.heard() {
        assert_eq!(heard.handle, handle);
        let expected = if identified.contains(&heard.message) {
            isize::MIN.cast_unsigned()
        } else {
            0
        };
        assert_eq!(heard.id.0, expected, "{}", heard.message);
        match heard.message {
            Message::DRV_CLOSE => assert_eq!(heard.params, (0x33, 0x44)),
            Message::DRV_OPEN => {
                assert_eq!(heard.params.1, -1);
                assert_ne!(heard.params.0, 0, "the text is empty, but it is there");
            }
            _ => {}
        }
    }
}

#[test]
fn a_structure_is_prepared_between_enable_and_open_in_the_driver_s_world() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let mut kept = None;
    let instance = manager.open_preparing(OpenOptions::new("d"), &mut |world| {
        assert_eq!(log.take(), ["d LOAD", "d ENABLE"]);
        assert_eq!((world.width(), world.module()), (Width::HOST, "d"));
        Ok(kept.insert(world.memory().copy_of(b"structure")?).address())
    });
    let address = kept.unwrap().address();
    assert_eq!(log.heard()[0].params.1, address);
    instance.unwrap().close(0, 0).unwrap();
    assert_eq!(log.take(), ["d OPEN", "d CLOSE", "d DISABLE", "d FREE"]);
}

#[test]
fn an_open_that_cannot_be_prepared_leaves_nothing_behind() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let opened = manager.open_preparing(OpenOptions::new("d"), &mut |world| {
        world
            .memory()
            .allocate(usize::MAX)
            .map(|block| block.address())
    });
    assert!(matches!(opened, Err(Error::Memory { len: usize::MAX })));
    assert_eq!(log.take(), ["d LOAD", "d ENABLE", "d DISABLE", "d FREE"]);
    assert!(manager.modules().is_empty() && manager.instances().is_empty());
}

#[test]
fn a_refused_load_leaves_nothing_behind() {
    let log = Log::default();
    let manager =
        manager([log.driver("d", |call| (call.message == Message::DRV_LOAD).then_some(0))]);
    let error = manager.open("d").unwrap_err();
    assert_eq!(error.to_string(), "the driver refused DRV_LOAD");
    assert_eq!(log.take(), ["d LOAD"]);
    assert!(manager.modules().is_empty() && manager.instances().is_empty());
}

#[test]
fn any_other_answer_to_load_is_success_and_those_to_enable_disable_and_free_do_not_matter() {
    let log = Log::default();
    let manager = manager([log.driver("d", |call| match call.message {
        Message::DRV_LOAD => Some(2),
        Message::DRV_ENABLE | Message::DRV_DISABLE | Message::DRV_FREE => Some(0),
        _ => None,
    })]);
    drop(manager.open("d").unwrap());
    assert_eq!(
        log.take(),
        [
            "d LOAD",
            "d ENABLE",
            "d OPEN",
            "d CLOSE",
            "d DISABLE",
            "d FREE"
        ]
    );
}

#[test]
fn a_refused_first_open_leaves_nothing_behind() {
    let log = Log::default();
    let manager =
        manager([log.driver("d", |call| (call.message == Message::DRV_OPEN).then_some(0))]);
    let error = manager.open("d").unwrap_err();
    assert_eq!(error.to_string(), "the driver refused DRV_OPEN");
    assert_eq!(
        log.take(),
        ["d LOAD", "d ENABLE", "d OPEN", "d DISABLE", "d FREE"]
    );
    assert!(manager.modules().is_empty() && manager.instances().is_empty());
}

#[test]
fn a_refused_later_open_does_not_touch_the_others() {
    let log = Log::default();
    let manager = manager([log.driver("d", |call| {
        (call.message == Message::DRV_OPEN && call.param2 == 0xdead).then_some(0)
    })]);
    let instance = manager.open("d").unwrap();
    manager
        .open_with(OpenOptions::new("d").param2(0xdead))
        .unwrap_err();
    assert_eq!(instance.send(Message::DRV_USER, 1, 2).unwrap(), 3);
    assert_eq!(manager.modules()[0].instances, 1);
    assert_eq!(
        log.take(),
        [
            "d LOAD",
            "d ENABLE",
            "d OPEN",
            "d OPEN",
            "d DRV_USER".replace("DRV_", "").as_str()
        ]
    );
}

#[test]
fn a_refused_close_keeps_the_instance_and_a_forced_one_does_not_ask() {
    let log = Log::default();
    let manager = manager([log.driver("d", |call| {
        (call.message == Message::DRV_CLOSE && call.param1 != 7).then_some(0)
    })]);
    let instance = manager.open("d").unwrap();
    let handle = instance.handle();
    let refused = instance.close(0, 0).unwrap_err();
    assert!(matches!(
        refused.error,
        Error::Refused {
            message: Message::DRV_CLOSE,
            ..
        }
    ));
    let instance = refused.instance;
    assert_eq!(instance.handle(), handle);
    assert_eq!(instance.send(Message::DRV_USER, 1, 1).unwrap(), 2);
    assert_eq!(instance.close(7, 0).unwrap(), 1);
    log.take();
    drop(manager.open("d").unwrap());
    assert_eq!(
        log.take(),
        [
            "d LOAD",
            "d ENABLE",
            "d OPEN",
            "d CLOSE",
            "d DISABLE",
            "d FREE"
        ]
    );
}

#[test]
fn the_answer_to_close_is_the_driver_s_own() {
    let log = Log::default();
    let manager = manager([log.driver("d", |call| {
        (call.message == Message::DRV_CLOSE).then_some(-7)
    })]);
    assert_eq!(manager.open("d").unwrap().close(0, 0).unwrap(), -7);
}

#[test]
fn a_closed_handle_is_an_error_and_calls_nobody() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let living = manager.open("d").unwrap();
    let closed = manager.open("d").unwrap();
    let handle = closed.handle().raw();
    closed.close(0, 0).unwrap();
    log.take();
    assert!(matches!(
        manager.send(handle, Message::DRV_USER, 0, 0),
        Err(Error::Closed { .. })
    ));
    assert!(matches!(
        manager.close(handle, 0, 0),
        Err(Error::Closed { .. })
    ));
    assert!(matches!(
        manager.module_of(handle),
        Err(Error::Closed { .. })
    ));
    assert!(matches!(
        manager.send(0, Message::DRV_USER, 0, 0),
        Err(Error::NotAHandle { raw: 0 })
    ));
    assert!(matches!(
        manager.send(u32::MAX, Message::DRV_USER, 0, 0),
        Err(Error::NotAHandle { .. })
    ));
    assert!(log.take().is_empty());
    assert_eq!(manager.module_of(living.handle().raw()).unwrap().name, "d");
}

#[test]
fn a_handle_of_another_manager_is_foreign() {
    let log = Log::default();
    let managers: Vec<_> = (0..2)
        .map(|_| manager([log.driver("d", |_| None)]))
        .collect();
    let instances: Vec<_> = managers
        .iter()
        .map(|manager| manager.open("d").unwrap())
        .collect();
    let foreign = instances[0].handle().raw();
    assert!(matches!(
        managers[1].send(foreign, Message::DRV_USER, 0, 0),
        Err(Error::NotAHandle { .. })
    ));
}

#[test]
fn the_messages_of_the_life_cycle_are_not_the_application_s_to_send() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let instance = manager.open("d").unwrap();
    log.take();
    for message in [1, 2, 3, 4, 5, 6, 11, 12].map(Message) {
        assert!(
            matches!(
                instance.send(message, 0, 0),
                Err(Error::LifeCycleMessage { .. })
            ),
            "{message}"
        );
    }
    assert!(log.take().is_empty());
    for message in [0, 7, 8, 9, 10, 13, 14, 15, 0x800, 0x4000].map(Message) {
        instance.send(message, 0, 0).unwrap();
    }
    assert_eq!(log.take().len(), 10);
}

#[test]
fn two_instances_may_share_an_identifier() {
    let log = Log::default();
    let manager = manager([log.driver("d", |call| match call.message {
        Message::DRV_OPEN => Some(0x101),
        Message::DRV_USER => Some(call.handle.raw() as isize),
        _ => None,
    })]);
    let instances = [manager.open("d").unwrap(), manager.open("d").unwrap()];
    for instance in &instances {
        assert_eq!(
            instance.send(Message::DRV_USER, 0, 0).unwrap(),
            instance.handle().raw() as isize
        );
    }
}

#[test]
fn the_parameter_text_of_an_entry_comes_with_open() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    manager
        .registry()
        .set_value("Drivers32", "one", "d com1  fast")
        .unwrap();
    manager
        .registry()
        .set_value("Drivers32", "two", "d")
        .unwrap();
    let _instances = [
        manager.open("one").unwrap(),
        manager.open("TWO").unwrap(),
        manager.open("d").unwrap(),
    ];
    let heard = log.heard();
    let texts: Vec<&str> = heard
        .iter()
        .filter(|heard| heard.message == Message::DRV_OPEN)
        .map(|heard| heard.text.as_str())
        .collect();
    assert_eq!(texts, ["com1  fast", "", ""]);
    assert_eq!(
        log.of("d")
            .iter()
            .filter(|message| *message == "DRV_LOAD")
            .count(),
        1
    );
    let names: Vec<String> = manager
        .instances()
        .into_iter()
        .map(|instance| instance.name)
        .collect();
    assert_eq!(names, ["one", "TWO", "d"]);
}

#[test]
fn two_drivers_have_lives_of_their_own() {
    let log = Log::default();
    let manager = manager([log.driver("a", |_| None), log.driver("b", |_| None)]);
    let a = manager.open("a").unwrap();
    let b = manager.open("b").unwrap();
    let names: Vec<String> = manager
        .modules()
        .into_iter()
        .map(|module| module.name)
        .collect();
    assert_eq!(names, ["a", "b"]);
    drop(a);
    drop(b);
    assert_eq!(log.of("a"), log.of("b"));
    assert_eq!(log.of("a").len(), 6);
}

#[test]
fn listings_tell_names_order_and_who_is_first() {
    let log = Log::default();
    let manager = manager([log.driver("a", |_| None), log.driver("b", |_| None)]);
    let a1 = manager.open("a").unwrap();
    let b1 = manager.open("b").unwrap();
    let a2 = manager.open("a").unwrap();
    let listed = |of: &opendriver::Manager| -> Vec<_> {
        of.instances()
            .into_iter()
            .map(|instance| (instance.handle, instance.first))
            .collect()
    };
    assert_eq!(
        listed(&manager),
        [
            (a1.handle(), true),
            (b1.handle(), true),
            (a2.handle(), false)
        ]
    );
    assert_eq!(a1.module().unwrap().address, a2.module().unwrap().address);
    assert_ne!(a1.module().unwrap().address, 0);
    drop(a1);
    assert_eq!(listed(&manager), [(b1.handle(), true), (a2.handle(), true)]);
}

#[test]
fn the_probe_message_comes_before_load_and_its_answer_does_not_matter() {
    let log = Log::default();
    let manager = builder([log.driver("d", |call| (call.message == Message(0)).then_some(0))])
        .probe_message(true)
        .build();
    let first = manager.open("d").unwrap();
    let _second = manager.open("d").unwrap();
    let heard: Vec<u32> = log.heard().iter().map(|heard| heard.message.0).collect();
    assert_eq!(heard, [0, 1, 2, 3, 3]);
    assert!(
        log.heard()[..4]
            .iter()
            .all(|heard| heard.handle == first.handle())
    );
}

#[test]
fn the_session_instance_comes_first_and_goes_last() {
    let log = Log::default();
    let manager = builder([log.driver("d", |_| None)])
        .session_instance(true)
        .build();
    let instance = manager.open_with(OpenOptions::new("d").param2(9)).unwrap();
    let second = manager.open_with(OpenOptions::new("d").param2(8)).unwrap();
    let heard = log.heard();
    let opens: Vec<_> = heard
        .iter()
        .filter(|heard| heard.message == Message::DRV_OPEN)
        .map(|heard| (heard.handle, heard.params.1))
        .collect();
    let hidden = heard[0].handle;
    assert_eq!(
        opens,
        [(hidden, 0), (instance.handle(), 9), (second.handle(), 8)]
    );
    assert!(heard[..3].iter().all(|heard| heard.handle == hidden));
    assert_eq!(
        manager
            .instances()
            .iter()
            .filter(|instance| instance.hidden)
            .count(),
        1
    );
    assert!(matches!(
        manager.close(hidden.raw(), 0, 0),
        Err(Error::Hidden { .. })
    ));
    drop(second);
    log.take();
    let handle = instance.handle();
    drop(instance);
    let last: Vec<_> = log
        .heard()
        .iter()
        .map(|heard| (heard.message, heard.handle))
        .collect();
    let expected = [
        (Message::DRV_CLOSE, handle),
        (Message::DRV_CLOSE, hidden),
        (Message::DRV_DISABLE, hidden),
        (Message::DRV_FREE, hidden),
    ];
    assert_eq!(last, expected);
    assert!(manager.instances().is_empty() && manager.modules().is_empty());
}

#[test]
fn there_is_no_session_instance_where_the_application_gives_no_value() {
    let log = Log::default();
    let manager = builder([log.driver("d", |_| None)])
        .session_instance(true)
        .build();
    drop(manager.open("d").unwrap());
    assert_eq!(
        log.take(),
        [
            "d LOAD",
            "d ENABLE",
            "d OPEN",
            "d CLOSE",
            "d DISABLE",
            "d FREE"
        ]
    );
}

#[test]
fn refusals_around_the_session_instance_leave_nothing_behind() {
    for refused in [0, 9] {
        let log = Log::default();
        let driver = log.driver("d", move |call| {
            (call.message == Message::DRV_OPEN && call.param2 == refused).then_some(0)
        });
        let manager = builder([driver]).session_instance(true).build();
        manager
            .open_with(OpenOptions::new("d").param2(9))
            .unwrap_err();
        let expected: &[&str] = if refused == 0 {
            &["d LOAD", "d ENABLE", "d OPEN", "d DISABLE", "d FREE"]
        } else {
            &[
                "d LOAD",
                "d ENABLE",
                "d OPEN",
                "d OPEN",
                "d CLOSE",
                "d DISABLE",
                "d FREE",
            ]
        };
        assert_eq!(log.take(), expected);
        assert!(manager.instances().is_empty() && manager.modules().is_empty());
    }
}

#[test]
fn names_that_lead_nowhere_send_nothing() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    assert!(matches!(manager.open(""), Err(Error::EmptyName)));
    assert_eq!(
        manager.open("nobody").unwrap_err().to_string(),
        "no driver named \"nobody\" is installed"
    );
    assert!(log.take().is_empty());
}
