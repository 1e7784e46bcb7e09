//! Drivers that break, drivers that panic, and what the recorder shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use opendriver::backend::{Backend, Call, Text, Width};
use opendriver::{
    Blame, Error, Fault, Heap, LResult, Manager, Memory, Message, ModuleState, Transcript,
};

use crate::driver::{Log, builder};

/// A driver that breaks at one message.
struct Brittle {
    at: Message,
    calls: Arc<AtomicU32>,
}

impl Backend for Brittle {
    fn call(&self, call: &Call<'_>) -> Result<LResult, Fault> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match call.message {
            message if message == self.at => {
                Err(Fault::new("read of address 0x10", "brittle.dll+0x1234").address(0x10))
            }
            message if message == Message::DRV_USER + 9 => {
                panic!("no such thing as {}", call.param1)
            }
            _ => Ok(1),
        }
    }

    fn memory(&self) -> Arc<dyn Memory> {
        Arc::new(Heap)
    }

    fn text(&self) -> Text {
        Text::Utf16
    }

    fn width(&self) -> Width {
        Width::W64
    }
}

fn brittle(at: Message, recorder: Option<Arc<Transcript>>) -> (Manager, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let builder = builder([Log::default().driver("sound", |_| None)]);
    let builder = builder.linked("brittle", move |_| Brittle {
        at,
        calls: Arc::clone(&counted),
    });
    let builder = match recorder {
        Some(recorder) => builder.recorder(recorder),
        None => builder,
    };
    (builder.build(), calls)
}

#[test]
fn a_fault_names_driver_message_and_place_and_poisons_the_module() {
    let (manager, calls) = brittle(Message::DRV_USER, None);
    let sound = manager.open("sound").unwrap();
    let instances = [
        manager.open("brittle").unwrap(),
        manager.open("brittle").unwrap(),
    ];
    let error = instances[0].send(Message::DRV_USER, 0, 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the driver broke while handling DRV_USER: read of address 0x10 at brittle.dll+0x1234"
    );
    assert_eq!(error.blame(), Blame::Broke);
    assert!(
        matches!(error, Error::Broke(fault) if fault.module == "brittle" && fault.address == Some(0x10))
    );
    let called = calls.load(Ordering::SeqCst);
    for error in [
        instances[1].send(Message::DRV_USER + 1, 0, 0).unwrap_err(),
        manager.open("brittle").unwrap_err(),
        manager.query_configure("brittle", None).unwrap_err(),
    ] {
        assert!(
            matches!(&error, Error::Poisoned { fault, .. } if fault.message == Message::DRV_USER),
            "{error}"
        );
    }
    assert!(matches!(
        manager.modules().last().unwrap().state,
        ModuleState::Poisoned(_)
    ));
    let [one, two] = instances;
    assert!(matches!(
        one.close(0, 0).unwrap_err().error,
        Error::Poisoned { .. }
    ));
    drop(two);
    assert_eq!(
        calls.load(Ordering::SeqCst),
        called,
        "a broken driver is not called any more"
    );
    assert_eq!(manager.instances().len(), 1);
    assert_eq!(sound.send(Message::DRV_USER, 1, 1).unwrap(), 2);
}

#[test]
fn a_driver_may_break_at_every_message_of_its_life() {
    for at in [1, 2, 3, 4, 5, 6].map(Message) {
        let (manager, calls) = brittle(at, None);
        let result = manager
            .open("brittle")
            .and_then(|instance| Ok(instance.close(0, 0)?));
        match at {
            // These come when the instance is gone already.
            Message::DRV_DISABLE | Message::DRV_FREE => {
                assert!(matches!(result, Err(Error::Broke(_))), "{at}")
            }
            _ => assert!(
                matches!(&result, Err(Error::Broke(fault)) if fault.message == at),
                "{at}"
            ),
        }
        assert_eq!(
            calls.load(Ordering::SeqCst),
            at.0,
            "{at} was the last message"
        );
        assert!(manager.instances().is_empty(), "{at}");
        assert!(
            matches!(manager.open("brittle"), Err(Error::Poisoned { .. })),
            "{at}"
        );
        manager.open("sound").unwrap();
    }
}

#[test]
fn a_panic_answers_0_and_is_reported() {
    let transcript = Arc::new(Transcript::new());
    let (manager, _) = brittle(Message(0xFFFF), Some(Arc::clone(&transcript)));
    let instance = manager.open("brittle").unwrap();
    assert_eq!(instance.send(Message::DRV_USER + 9, 4, 0).unwrap(), 0);
    assert_eq!(instance.send(Message::DRV_USER, 0, 0).unwrap(), 1);
    let reports = transcript.reports();
    assert_eq!(
        (reports[0].module.as_str(), reports[0].kind),
        ("brittle", "panic")
    );
    assert_eq!(
        reports[0].text,
        "panicked while handling DRV_USER+9: no such thing as 4"
    );
}

#[test]
fn a_panic_of_an_sdk_driver_is_reported_too() {
    let transcript = Arc::new(Transcript::new());
    let driver = Log::default().driver("d", |call| {
        if call.message == Message::DRV_USER {
            panic!("oh")
        } else {
            None
        }
    });
    let manager = builder([driver]).recorder(transcript.clone()).build();
    assert_eq!(
        manager
            .open("d")
            .unwrap()
            .send(Message::DRV_USER, 0, 0)
            .unwrap(),
        0
    );
    assert!(
        transcript.reports()[0]
            .text
            .contains("panicked while handling DRV_USER: oh")
    );
}

#[test]
fn the_transcript_shows_nesting_in_the_order_in_which_messages_began() {
    let transcript = Arc::new(Transcript::new());
    let log = Log::default();
    let driver = log.driver("d", |call| {
        (call.message == Message::DRV_USER && call.param1 > 0)
            .then(|| call.host().send(call.handle, Message::DRV_USER, 0, 7))
    });
    let manager = builder([driver])
        .predictable_handles(true)
        .recorder(transcript.clone())
        .build();
    manager
        .registry()
        .set_value("Drivers32", "wave", "d com1")
        .unwrap();
    let instance = manager.open("wave").unwrap();
    instance.send(Message::DRV_USER, 1, 0).unwrap();
    instance.close(0, 0).unwrap();
    let records = transcript.take();
    let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
    let handle = "0x400001";
    let expected = [
        format!("d {handle} DRV_LOAD(0x0, 0x0) = 0x1"),
        format!("d {handle} DRV_ENABLE(0x0, 0x0) = 0x1"),
        format!("d {handle} DRV_OPEN(\"com1\", 0x0) = {handle}"),
        format!("d {handle} [{handle}] DRV_USER(0x1, 0x0) = 0x7"),
        format!("  d {handle} [{handle}] DRV_USER(0x0, 0x7) = 0x7"),
        format!("d {handle} [{handle}] DRV_CLOSE(0x0, 0x0) = 0x1"),
        format!("d {handle} DRV_DISABLE(0x0, 0x0) = 0x1"),
        format!("d {handle} DRV_FREE(0x0, 0x0) = 0x1"),
    ];
    assert_eq!(lines, expected);
    let json = records[4].to_json();
    let start = r#"{"seq":5,"depth":1,"module":"d","handle":4194305,"id":4194305,"message":"DRV_USER","code":16384,"p1":0,"p2":7,"answer":7,"ns":"#;
    assert!(json.starts_with(start) && json.ends_with('}'), "{json}");
    assert!(records[2].to_json().contains(r#","text":"com1","answer":"#));
}

#[test]
fn guarded_blocks_and_text_suit_the_driver() {
    let (manager, _) = brittle(Message(0xFFFF), None);
    let instance = manager.open("brittle").unwrap();
    let block = instance.memory().unwrap().copy_of(b"abc").unwrap();
    assert_eq!(*block, *b"abc");
    assert_eq!(instance.module().unwrap().text, Text::Utf16);
}
