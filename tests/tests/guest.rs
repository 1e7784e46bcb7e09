//! What a Windows driver asks of Windows, and what becomes of one that misbehaves there.

use std::sync::Arc;

use opendriver::{Error, Instance, Manager, Registry, Transcript, Width};
use opendriver_abi::Message;
use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::house::DRIVERS32;
use opendriver_tests::in_both_widths;

struct Guest {
    manager: Manager,
    transcript: Arc<Transcript>,
    instance: Instance,
}

fn open(width: Width) -> Guest {
    let registry = Registry::in_memory();
    registry
        .set_value(DRIVERS32, "msacm.guest", "guest.acm fast")
        .unwrap();
    let transcript = Arc::new(Transcript::new());
    let manager = Manager::builder()
        .registry(registry)
        .builtin(echo::driver())
        .recorder(Arc::clone(&transcript) as _)
        .trust_foreign_code()
        .build();
    let target = match width {
        Width::W64 => Target::Windows64Crt,
        Width::W32 => Target::Windows32Crt,
    };
    let file = compiled("guest", target);
    let instance = manager.open(file.to_str().unwrap()).unwrap();
    Guest {
        manager,
        transcript,
        instance,
    }
}

in_both_widths! {
    a_windows_driver_opens_a_driver_of_another_kind_and_asks_it
    a_windows_driver_finds_the_aliases_in_the_registry
    a_timer_calls_back_on_a_thread_of_its_own
    a_message_box_is_answered_and_reported
    the_c_runtime_sorts_with_a_callback_and_prints
    a_driver_that_ends_the_process_ends_alone
    a_driver_whose_thread_broke_is_not_called_any_more
    a_thread_that_outlives_its_driver_harms_nobody
}

impl Guest {
    fn ask(&self, number: u32, p1: isize, p2: isize) -> Result<isize, Error> {
        self.instance
            .send(Message(Message::DRV_USER.0 + number), p1, p2)
    }
}

fn a_windows_driver_opens_a_driver_of_another_kind_and_asks_it(width: Width) {
    let guest = open(width);
    assert_eq!(guest.ask(1, 5, 7).unwrap(), 12);
    guest.instance.close(0, 0).unwrap();
    assert!(guest.manager.modules().is_empty());
}

fn a_windows_driver_finds_the_aliases_in_the_registry(width: Width) {
    let guest = open(width);
    let mut value = guest.instance.memory().unwrap().allocate(64).unwrap();
    let alias = guest
        .instance
        .memory()
        .unwrap()
        .copy_of(b"msacm.guest\0")
        .unwrap();
    let size = guest.ask(2, alias.address(), value.address()).unwrap();
    assert_eq!(&value[..size as usize], b"guest.acm fast\0");
    value.fill(0);
    let nobody = guest
        .instance
        .memory()
        .unwrap()
        .copy_of(b"msacm.nobody\0")
        .unwrap();
    assert_eq!(guest.ask(2, nobody.address(), value.address()).unwrap(), -2);
}

fn a_timer_calls_back_on_a_thread_of_its_own(width: Width) {
    assert_eq!(open(width).ask(3, 0, 0).unwrap(), 1);
}

fn a_message_box_is_answered_and_reported(width: Width) {
    let guest = open(width);
    let answer = guest.ask(4, 0, 0).unwrap();
    assert!(answer == 6 || answer == 7, "yes or no, not {answer}");
    let reports = guest.transcript.reports();
    assert!(
        reports
            .iter()
            .any(|report| report.text.contains("Is anybody there?")),
        "{reports:?}"
    );
}

fn the_c_runtime_sorts_with_a_callback_and_prints(width: Width) {
    let guest = open(width);
    let text = guest.instance.memory().unwrap().allocate(64).unwrap();
    let length = guest.ask(5, text.address(), 64).unwrap();
    assert_eq!(&text[..length as usize], b"1 7 30 200 0.50");
}

fn a_driver_that_ends_the_process_ends_alone(width: Width) {
    for (number, function) in [(6, "ExitProcess"), (7, "abort")] {
        let guest = open(width);
        let error = guest.ask(number, 3, 0).unwrap_err();
        let Error::Broke(fault) = &error else {
            panic!("{error:?}")
        };
        assert!(fault.what.contains(function), "{fault}");
        assert!(matches!(guest.ask(1, 5, 7), Err(Error::Poisoned { .. })));
        assert_eq!(
            guest
                .manager
                .open("echo")
                .unwrap()
                .send(Message::DRV_USER, 2, 2)
                .unwrap(),
            4
        );
    }
}

fn a_driver_whose_thread_broke_is_not_called_any_more(width: Width) {
    let guest = open(width);
    assert_eq!(guest.ask(0, 0, 0).unwrap(), 1, "the thread ended");
    let error = guest.ask(1, 5, 7).unwrap_err();
    assert!(
        matches!(error, Error::Broke(_) | Error::Poisoned { .. }),
        "{error:?}"
    );
    let reports = guest.transcript.reports();
    assert!(
        reports.iter().any(|report| report.kind == "fault"),
        "{reports:?}"
    );
}

fn a_thread_that_outlives_its_driver_harms_nobody(width: Width) {
    let guest = open(width);
    assert_eq!(guest.ask(8, 0, 0).unwrap(), 1);
    guest.instance.close(0, 0).unwrap();
    assert!(guest.manager.modules().is_empty());
    assert_eq!(
        guest
            .manager
            .open("echo")
            .unwrap()
            .send(Message::DRV_USER, 2, 3)
            .unwrap(),
        5
    );
}
