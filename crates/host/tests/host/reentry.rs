//! What a driver may do from inside a message, and what is an error at once.

use std::sync::{Arc, Mutex};

use opendriver::{Error, Hdrvr, Instance, Manager, Message, OpenOptions};
use opendriver_sdk::Call;

use crate::driver::{Log, builder, manager};

/// The manager of a test, for answers that are made before it is.
#[derive(Clone, Default)]
struct Later(Arc<Mutex<Option<Manager>>>);

impl Later {
    fn set(&self, manager: &Manager) {
        *self.0.lock().unwrap() = Some(manager.clone());
    }

    fn get(&self) -> Manager {
        self.0
            .lock()
            .unwrap()
            .clone()
            .expect("the manager is set before anything is opened")
    }

    /// Lets go of the manager, so that the test's own is the last.
    fn clear(&self) {
        drop(self.0.lock().unwrap().take());
    }
}

/// What went wrong inside drivers.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<String>>>);

impl Errors {
    fn note<T>(&self, result: Result<T, Error>) {
        self.0
            .lock()
            .unwrap()
            .push(result.map_or_else(|error| error.to_string(), |_| "fine".to_owned()));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn a_driver_opens_another_from_inside_its_load() {
    let log = Log::default();
    let inner = log.driver("inner", |_| None);
    let outer = log.driver("outer", |call| {
        if call.message == Message::DRV_LOAD {
            call.host().open("inner", None, 0).unwrap();
        }
        None
    });
    let manager = manager([outer, inner]);
    let _outer = manager.open("outer").unwrap();
    let expected = [
        "outer LOAD",
        "inner LOAD",
        "inner ENABLE",
        "inner OPEN",
        "outer ENABLE",
        "outer OPEN",
    ];
    assert_eq!(log.take(), expected);
    let order: Vec<String> = manager
        .instances()
        .into_iter()
        .map(|instance| instance.module)
        .collect();
    assert_eq!(order, ["inner", "outer"]);
}

#[test]
fn a_driver_closes_another_from_inside_its_close() {
    let log = Log::default();
    let inner = log.driver("inner", |_| None);
    let held: Arc<Mutex<Option<Hdrvr>>> = Arc::default();
    let kept = Arc::clone(&held);
    let outer = log.driver("outer", move |call| {
        match call.message {
            Message::DRV_LOAD => *kept.lock().unwrap() = call.host().open("inner", None, 0),
            Message::DRV_CLOSE => {
                let inner = kept.lock().unwrap().take().unwrap();
                assert_eq!(call.host().close(inner, 0, 0), 1);
            }
            _ => {}
        }
        None
    });
    let manager = manager([outer, inner]);
    manager.open("outer").unwrap().close(0, 0).unwrap();
    assert!(manager.modules().is_empty());
    assert_eq!(log.of("inner").last().unwrap(), "DRV_FREE");
}

#[test]
fn a_driver_sends_to_itself_also_while_it_is_being_closed() {
    let log = Log::default();
    let driver = log.driver("d", |call| match call.message {
        Message::DRV_CLOSE => Some(call.host().send(call.handle, Message::DRV_USER, 20, 3)),
        message if message == Message::DRV_USER + 1 => {
            Some(2 * call.host().send(call.handle, Message::DRV_USER, 4, 3))
        }
        _ => None,
    });
    let manager = manager([driver]);
    let instance = manager.open("d").unwrap();
    assert_eq!(instance.send(Message::DRV_USER + 1, 0, 0).unwrap(), 14);
    assert_eq!(instance.close(0, 0).unwrap(), 23);
}

#[test]
fn messages_nest_as_deep_as_the_stack_allows() {
    let log = Log::default();
    let driver = log.driver("d", |call| {
        let again = call.message == Message::DRV_USER && call.param1 > 0;
        again.then(|| {
            1 + call
                .host()
                .send(call.handle, Message::DRV_USER, call.param1 - 1, 0)
        })
    });
    let manager = manager([driver]);
    let instance = manager.open("d").unwrap();
    assert_eq!(instance.send(Message::DRV_USER, 60, 0).unwrap(), 60);
    instance.close(0, 0).unwrap();
}

#[test]
fn a_driver_opens_itself_again_once_it_is_enabled() {
    let log = Log::default();
    let driver = log.driver("d", |call| {
        if call.message == Message::DRV_OPEN && call.param2 > 0 {
            call.host().open("d", None, call.param2 - 1).unwrap();
        }
        None
    });
    let manager = manager([driver]);
    let _instance = manager.open_with(OpenOptions::new("d").param2(2)).unwrap();
    assert_eq!(
        log.take(),
        ["d LOAD", "d ENABLE", "d OPEN", "d OPEN", "d OPEN"]
    );
    assert_eq!(manager.instances().len(), 3);
}

#[test]
fn a_driver_cannot_open_itself_while_it_is_started_or_stopped() {
    let (log, later, errors) = (Log::default(), Later::default(), Errors::default());
    let (of, noted) = (later.clone(), errors.clone());
    let driver = log.driver("d", move |call| {
        if !matches!(call.message, Message::DRV_OPEN | Message::DRV_CLOSE) {
            noted.note(of.get().open("d"));
        }
        None
    });
    let manager = manager([driver]);
    later.set(&manager);
    drop(manager.open("d").unwrap());
    later.clear();
    let expected = ["DRV_LOAD", "DRV_ENABLE", "DRV_DISABLE", "DRV_FREE"]
        .map(|during| format!("\"d\" cannot be opened from inside its own {during}"));
    assert_eq!(errors.take(), expected);
    assert!(manager.modules().is_empty() && manager.instances().is_empty());
}

#[test]
fn an_instance_cannot_be_closed_from_inside_its_own_message() {
    let (log, later, errors) = (Log::default(), Later::default(), Errors::default());
    let (of, noted) = (later.clone(), errors.clone());
    let driver = log.driver("d", move |call| {
        noted.note(of.get().close(call.handle.raw(), 0, 0));
        None
    });
    let manager = manager([driver]);
    later.set(&manager);
    let instance = manager.open("d").unwrap();
    let handle = instance.handle();
    errors.take();
    instance.send(Message::DRV_USER, 0, 0).unwrap();
    assert_eq!(
        errors.take(),
        [format!(
            "the instance {handle} cannot be closed from inside a message of its own"
        )]
    );
    instance.close(0, 0).unwrap();
    later.clear();
}

#[test]
fn an_instance_that_is_dropped_inside_its_own_message_closes_when_that_has_ended() {
    let log = Log::default();
    let slot: Arc<Mutex<Option<Instance>>> = Arc::default();
    let own = Arc::clone(&slot);
    let driver = log.driver("d", move |call| {
        if call.message == Message::DRV_USER {
            drop(own.lock().unwrap().take());
            // Still here, and still able to answer itself.
            return Some(call.host().send(call.handle, Message::DRV_USER + 1, 1, 1));
        }
        None
    });
    let manager = manager([driver]);
    let instance = manager.open("d").unwrap();
    let handle = instance.handle().raw();
    *slot.lock().unwrap() = Some(instance);
    assert_eq!(manager.send(handle, Message::DRV_USER, 0, 0).unwrap(), 2);
    assert!(matches!(
        manager.send(handle, Message::DRV_USER, 0, 0),
        Err(Error::Closed { .. })
    ));
    assert_eq!(
        log.take()[3..],
        ["d USER", "d USER+1", "d CLOSE", "d DISABLE", "d FREE"]
    );
    assert!(manager.modules().is_empty());
}

#[test]
fn a_driver_s_handle_is_known_before_it_is_open_but_takes_no_messages() {
    let (log, later, errors) = (Log::default(), Later::default(), Errors::default());
    let (of, noted) = (later.clone(), errors.clone());
    let driver = log.driver("d", move |call: &Call<'_>| {
        if call.message == Message::DRV_OPEN {
            assert_eq!(of.get().module_of(call.handle.raw()).unwrap().name, "d");
            noted.note(of.get().send(call.handle.raw(), Message::DRV_USER, 0, 0));
        }
        None
    });
    let manager = manager([driver]);
    later.set(&manager);
    let instance = manager.open("d").unwrap();
    later.clear();
    assert_eq!(
        errors.take(),
        [format!(
            "the instance {} is not open yet",
            instance.handle()
        )]
    );
}

#[test]
fn two_managers_do_not_meet() {
    let log = Log::default();
    let other = builder([log.driver("d", |_| None)])
        .predictable_handles(true)
        .build();
    let of_other = other.clone();
    let driver = log.driver("d", move |call| {
        (call.message == Message::DRV_USER).then(|| {
            // The same number, the same thread, and yet another instance.
            of_other.close(call.handle.raw(), 0, 0).unwrap()
        })
    });
    let manager = builder([driver]).predictable_handles(true).build();
    let (one, two) = (manager.open("d").unwrap(), other.open("d").unwrap());
    assert_eq!(one.handle(), two.handle());
    assert_eq!(one.send(Message::DRV_USER, 0, 0).unwrap(), 1);
    assert!(matches!(
        two.send(Message::DRV_USER, 0, 0),
        Err(Error::Closed { .. })
    ));
    one.close(0, 0).unwrap();
}
