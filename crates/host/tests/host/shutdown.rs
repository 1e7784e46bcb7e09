//! The end of the session, of an application, of the manager; power.

use std::sync::{Arc, Barrier, Mutex};

use opendriver::{Error, Exit, Manager, Message, OpenOptions};

use crate::driver::{Log, builder, manager};

#[test]
fn the_end_of_the_session_is_told_to_all_before_the_newest_closes_first() {
    let log = Log::default();
    let manager = manager([
        log.driver("a", |call| {
            (call.message == Message::DRV_CLOSE).then_some(0)
        }),
        log.driver("b", |_| None),
    ]);
    let instances = ["a", "b", "a"].map(|name| manager.open(name).unwrap());
    log.take();
    manager.end_session();
    let expected = [
        "a EXITSESSION",
        "b EXITSESSION",
        "a EXITSESSION",
        "a CLOSE",
        "b CLOSE",
        "b DISABLE",
        "b FREE",
        "a CLOSE",
        "a DISABLE",
        "a FREE",
    ];
    assert_eq!(log.take(), expected);
    for instance in &instances {
        assert!(matches!(
            instance.send(Message::DRV_USER, 0, 0),
            Err(Error::Closed { .. })
        ));
    }
    drop(instances);
    assert!(log.take().is_empty());
    drop(manager.open("b").unwrap());
}

#[test]
fn the_end_of_a_process_waits_for_no_thread_that_is_inside_a_driver() {
    let log = Log::default();
    let (inside, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let blocking = {
        let (inside, go_on) = (Arc::clone(&inside), Arc::clone(&go_on));
        log.driver("blocking", move |call| {
            if call.message == Message::DRV_USER {
                inside.wait();
                go_on.wait();
            }
            None
        })
    };
    let manager = manager([blocking, log.driver("idle", |_| None)]);
    let names = ["blocking", "idle", "blocking", "idle"];
    let handles = names.map(|name| manager.open(name).unwrap().into_handle().raw());
    std::thread::scope(|scope| {
        scope.spawn(|| manager.send(handles[0], Message::DRV_USER, 1, 1).unwrap());
        inside.wait();
        log.take();
        manager.end_session_of_idle();
        let expected = [
            "idle EXITSESSION",
            "idle EXITSESSION",
            "idle CLOSE",
            "idle CLOSE",
            "idle DISABLE",
            "idle FREE",
        ];
        assert_eq!(log.take(), expected);
        assert_eq!(manager.instances().len(), 2);
        go_on.wait();
    });
    manager.end_session_of_idle();
    assert!(manager.instances().is_empty());
}

#[test]
fn the_last_manager_to_go_shuts_down() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let clone = manager.clone();
    let instance = manager.open("d").unwrap();
    drop(manager);
    assert_eq!(instance.send(Message::DRV_USER, 1, 1).unwrap(), 2);
    let system = clone.system();
    drop(clone);
    assert_eq!(
        log.of("d")[4..],
        ["DRV_EXITSESSION", "DRV_CLOSE", "DRV_DISABLE", "DRV_FREE"]
    );
    assert!(matches!(
        system.open(OpenOptions::new("d")),
        Err(Error::ShutDown)
    ));
    drop(instance);
    assert!(matches!(
        system.open(OpenOptions::new("d")),
        Err(Error::ShutDown)
    ));
}

#[test]
fn a_manager_that_goes_inside_a_message_takes_that_instance_along_afterwards() {
    let log = Log::default();
    let slot: Arc<Mutex<Option<Manager>>> = Arc::default();
    let last = Arc::clone(&slot);
    let driver = log.driver("d", move |call| {
        if call.message == Message::DRV_USER {
            drop(last.lock().unwrap().take());
        }
        None
    });
    let manager = manager([driver]);
    let instance = manager.open("d").unwrap();
    *slot.lock().unwrap() = Some(manager);
    instance.send(Message::DRV_USER, 0, 0).unwrap();
    assert_eq!(
        log.of("d")[3..],
        [
            "DRV_USER",
            "DRV_EXITSESSION",
            "DRV_CLOSE",
            "DRV_DISABLE",
            "DRV_FREE"
        ]
    );
}

#[test]
fn the_session_instance_goes_with_the_session() {
    let log = Log::default();
    let manager = builder([log.driver("d", |_| None)])
        .session_instance(true)
        .build();
    let _instance = manager.open_with(OpenOptions::new("d").param2(1)).unwrap();
    log.take();
    drop(manager);
    assert_eq!(
        log.take(),
        [
            "d EXITSESSION",
            "d EXITSESSION",
            "d CLOSE",
            "d CLOSE",
            "d DISABLE",
            "d FREE"
        ]
    );
}

#[test]
fn the_end_of_an_application_is_told_with_how_it_ended() {
    let log = Log::default();
    let manager = manager([log.driver("d", |_| None)]);
    let _instances = [manager.open("d").unwrap(), manager.open("d").unwrap()];
    manager.end_application(Exit::Normal);
    manager.end_application(Exit::Abnormal);
    let told: Vec<_> = log
        .heard()
        .into_iter()
        .filter(|heard| heard.message == Message::DRV_EXITAPPLICATION)
        .map(|heard| heard.params)
        .collect();
    assert_eq!(told, [(1, 0), (1, 0), (2, 0), (2, 0)]);
}

#[test]
fn power_is_told_to_all_and_their_answers_come_back() {
    let log = Log::default();
    let manager = manager([log.driver("d", |call| {
        (call.message == Message::DRV_POWER).then_some(call.param1 + 1)
    })]);
    let instances = [manager.open("d").unwrap(), manager.open("d").unwrap()];
    let answers = manager.power(5, 0);
    let expected = instances.each_ref().map(|instance| (instance.handle(), 6));
    let answers: Vec<_> = answers
        .into_iter()
        .map(|(handle, answer)| (handle, answer.unwrap()))
        .collect();
    assert_eq!(answers, expected);
}
