//! Windows and dialogs at work, with procedures that are gates of their own.

use std::sync::Mutex;

use super::windows::windows;
use crate::bench::Bench;
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::station::Report;

const DLL: &str = "user32.dll";

/// What procedures were told.
#[derive(Default)]
struct Told {
    messages: Mutex<Vec<(u32, u64, i64)>>,
}

shims! {
    static PROCEDURES = "test.dll", stdcall;

    /// Notes each message, and does what windows do.
    fn WindowProc(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        // What creation points at is gone later.
        let second_seen = if matches!(message, 0x01 | 0x81) { 0 } else { second.0 };
        cx.state::<Told>().messages.lock().expect("no holder panics").push((message, first.0, second_seen));
        if message == 0x400 {
            return Ok(Signed(first.0 as i64 + second.0));
        }
        super::messages::default(cx, crate::letters::Letters::Ansi, to, message, first, second)
    }

    /// Sets a text at the start, reads it when it is cancelled, and ends.
    fn DialogProc(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        cx.state::<Told>().messages.lock().expect("no holder panics").push((message, first.0, second.0));
        if message == 0x111 && first.0 == 2 {
            let window = windows(cx).get(to).expect("the dialog is there");
            window.look().dialog.as_mut().expect("it is a dialog").end = Some(42);
        }
        Ok(Signed(i64::from(matches!(message, 0x110 | 0x111))))
    }

    /// Never ends.
    fn StubbornProc(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        Ok(Signed(0))
    }
}

fn procedure(bench: &Bench, at: usize) -> u64 {
    bench
        .process
        .gates()
        .shim(&PROCEDURES[at])
        .expect("a gate is free")
}

fn told(bench: &Bench) -> Vec<(u32, u64, i64)> {
    bench.with_cx(|cx| {
        std::mem::take(
            &mut *cx
                .state::<Told>()
                .messages
                .lock()
                .expect("no holder panics"),
        )
    })
}

/// A window of a class of its own.
fn window(bench: &Bench) -> u64 {
    let class = bench.bytes(&[0; 72]);
    bench.with_cx(|cx| {
        let (name, procedure) = (Addr(bench.text("Mine")), Addr(procedure(bench, 0)));
        let mut fields = cx.fields(Addr(class));
        fields
            .put(0_u32)
            .unwrap()
            .put(procedure)
            .unwrap()
            .put(0_u32)
            .unwrap()
            .put(8_u32)
            .unwrap();
        fields
            .put(Handle(1))
            .unwrap()
            .put(Handle(2))
            .unwrap()
            .put(Handle(3))
            .unwrap()
            .put(Handle(4))
            .unwrap();
        fields.put(Addr::NULL).unwrap().put(name).unwrap();
    });
    assert_ne!(bench.ask(DLL, "RegisterClassA", &[class]), 0);
    let arguments = [
        0,
        bench.text("MINE"),
        bench.text("Title"),
        0,
        10,
        20,
        100,
        50,
        0,
        0,
        0x77,
        0,
    ];
    bench.ask(DLL, "CreateWindowExA", &arguments)
}

#[test]
fn a_window_hears_of_its_life_and_answers_what_it_is_sent() {
    let bench = Bench::new();
    let window = window(&bench);
    assert_eq!(told(&bench), [(0x81, 0, 0), (0x01, 0, 0)]);
    assert_eq!(bench.ask(DLL, "SendMessageA", &[window, 0x400, 3, 4]), 7);
    let buffer = bench.bytes(&[0; 32]);
    assert_eq!(bench.ask(DLL, "GetWindowTextW", &[window, buffer, 16]), 5);
    assert_eq!(bench.read(buffer, 12), b"T\0i\0t\0l\0e\0\0\0");
    assert_eq!(
        bench.ask(DLL, "SetWindowTextW", &[window, bench.wide("é")]),
        1
    );
    assert_eq!(bench.ask(DLL, "GetWindowTextA", &[window, buffer, 16]), 1);
    assert_eq!(bench.read(buffer, 2), [0xE9, 0]);
    told(&bench);
    assert_eq!(bench.ask(DLL, "DestroyWindow", &[window]), 1);
    assert_eq!(told(&bench), [(0x02, 0, 0), (0x82, 0, 0)]);
    assert_eq!(bench.ask(DLL, "IsWindow", &[window]), 0);
    assert_eq!(bench.ask(DLL, "DestroyWindow", &[window]), 0);
    assert_eq!(bench.ask("kernel32.dll", "GetLastError", &[]), 1400);
}

#[test]
fn posted_messages_wait_in_order_and_the_end_comes_last() {
    let bench = Bench::new();
    let window = window(&bench);
    let message = bench.bytes(&[0; 48]);
    assert_eq!(bench.ask(DLL, "PeekMessageA", &[message, 0, 0, 0, 1]), 0);
    bench.ask(DLL, "PostQuitMessage", &[9]);
    bench.ask(DLL, "PostMessageA", &[window, 0x400, 1, 2]);
    bench.ask(DLL, "PostMessageW", &[window, 0x401, 0, 0]);
    assert_eq!(
        bench.ask(DLL, "PeekMessageA", &[message, 0, 0x401, 0x401, 0]),
        1
    );
    assert_eq!(bench.ask(DLL, "GetMessageA", &[message, 0, 0, 0]), 1);
    told(&bench);
    assert_eq!(bench.ask(DLL, "DispatchMessageA", &[message]), 3);
    assert_eq!(told(&bench), [(0x400, 1, 2)]);
    assert_eq!(bench.ask(DLL, "GetMessageA", &[message, 0, 0, 0]), 1);
    assert_eq!(bench.ask(DLL, "GetMessageA", &[message, 0, 0, 0]), 0);
    assert_eq!(bench.read(message + 8, 1), [0x12]);
    assert_eq!(bench.read(message + 16, 1), [9]);
}

#[test]
fn a_timer_wakes_who_waits_for_messages() {
    let bench = Bench::new();
    let window = window(&bench);
    let message = bench.bytes(&[0; 48]);
    assert_eq!(bench.ask(DLL, "SetTimer", &[window, 5, 10, 0]), 5);
    assert_eq!(bench.ask(DLL, "GetMessageA", &[message, window, 0, 0]), 1);
    assert_eq!(
        (bench.read(message + 8, 2), bench.read(message + 16, 1)),
        (vec![0x13, 1], vec![5])
    );
    assert_eq!(bench.ask(DLL, "KillTimer", &[window, 5]), 1);
    assert_eq!(bench.ask(DLL, "KillTimer", &[window, 5]), 0);
}

#[test]
fn a_window_can_be_taken_over_and_keeps_numbers_and_properties() {
    let bench = Bench::new();
    let window = window(&bench);
    let arguments = [
        0,
        bench.text("Button"),
        bench.text("Press"),
        0x4000_0000,
        0,
        0,
        9,
        9,
        window,
        77,
        0,
        0,
    ];
    let button = bench.ask(DLL, "CreateWindowExA", &arguments);
    let old = bench.ask(
        DLL,
        "SetWindowLongPtrA",
        &[button, -4_i64 as u64, procedure(&bench, 0)],
    );
    assert_eq!(bench.ask(DLL, "SendMessageA", &[button, 0x400, 1, 1]), 2);
    assert_eq!(
        bench.ask(DLL, "CallWindowProcA", &[old, button, 0xF1, 1, 0]),
        0
    );
    assert_eq!(
        bench.ask(DLL, "CallWindowProcA", &[old, button, 0xF0, 0, 0]),
        1
    );
    assert_eq!(bench.ask(DLL, "GetDlgItem", &[window, 77]), button);
    assert_eq!(bench.ask(DLL, "GetParent", &[button]), window);
    assert_eq!(
        bench.ask(DLL, "SetWindowLongPtrW", &[window, 0, 0x1234_5678_9ABC]),
        0
    );
    assert_eq!(
        bench.ask(DLL, "GetWindowLongPtrA", &[window, 0]),
        0x1234_5678_9ABC
    );
    assert_eq!(bench.ask(DLL, "SetWindowLongPtrW", &[window, 1, 7]), 0);
    assert_eq!(
        bench.ask(DLL, "SetPropA", &[window, bench.text("Name"), 5]),
        1
    );
    assert_eq!(bench.ask(DLL, "GetPropW", &[window, bench.wide("NAME")]), 5);
    assert_eq!(
        bench.ask(DLL, "RemovePropA", &[window, bench.text("name")]),
        5
    );
    assert_eq!(bench.ask(DLL, "GetPropA", &[window, bench.text("name")]), 0);
    assert_eq!(
        bench.ask(
            DLL,
            "FindWindowA",
            &[bench.text("mine"), bench.text("title")]
        ),
        window
    );
    bench.ask(DLL, "DestroyWindow", &[window]);
    assert_eq!(bench.ask(DLL, "IsWindow", &[button]), 0);
}

#[test]
fn places_are_counted_from_where_they_should_be() {
    let bench = Bench::new();
    let window = window(&bench);
    let rect = bench.bytes(&[0; 16]);
    assert_eq!(bench.ask(DLL, "GetWindowRect", &[window, rect]), 1);
    let sides = |at: u64| bench.with_cx(|cx| super::rects::Rect::read(cx, Addr(at)).unwrap().0);
    assert_eq!(sides(rect), [10, 20, 110, 70]);
    bench.ask(DLL, "SetWindowPos", &[window, 0, 1, 2, 30, 40, 0]);
    bench.ask(DLL, "GetClientRect", &[window, rect]);
    assert_eq!(sides(rect), [0, 0, 30, 40]);
    bench.ask(DLL, "ClientToScreen", &[window, rect + 8]);
    assert_eq!(sides(rect), [0, 0, 31, 42]);
    assert_eq!(bench.ask(DLL, "IsWindowVisible", &[window]), 0);
    assert_eq!(bench.ask(DLL, "ShowWindow", &[window, 5]), 0);
    assert_eq!(bench.ask(DLL, "IsWindowVisible", &[window]), 1);
}

/// A dialog of the old form with a list and a button.
fn template(bench: &Bench) -> u64 {
    let words: &[u16] = &[
        0,
        0,
        0,
        0,
        2,
        0,
        0,
        100,
        50,
        0,
        0,
        b'D' as u16,
        0,
        0, // the dialog, its title "D", and a fill
        0,
        0,
        0,
        0,
        0,
        0,
        10,
        10,
        5,
        0xFFFF,
        0x83,
        0,
        0,
        0, // a list box, 5
        0,
        0,
        0,
        0,
        0,
        0,
        10,
        10,
        2,
        0xFFFF,
        0x80,
        0,
        0, // a button, IDCANCEL
    ];
    bench.bytes(
        &words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<_>>(),
    )
}

#[test]
fn a_dialog_is_set_up_reported_and_cancelled() {
    let bench = Bench::new();
    let arguments = [0, template(&bench), 0, procedure(&bench, 1), 0x55];
    assert_eq!(bench.ask(DLL, "DialogBoxIndirectParamA", &arguments), 42);
    let told = told(&bench);
    let start = told
        .iter()
        .position(|(message, ..)| *message == 0x110)
        .expect("it was set up");
    assert_eq!(told[start].2, 0x55);
    assert!(
        told[start..]
            .iter()
            .any(|(message, first, _)| (*message, *first) == (0x111, 2)),
        "{told:x?}"
    );
    let (template, title) = ("in memory".to_owned(), "D".to_owned());
    assert_eq!(bench.reports(), [Report::Dialog { template, title }]);
    bench.with_cx(|cx| assert!(windows(cx).all().is_empty()));
}

#[test]
fn a_dialog_that_does_not_end_is_ended_and_said_so() {
    let bench = Bench::new();
    let arguments = [0, template(&bench), 0, procedure(&bench, 2), 0];
    assert_eq!(bench.ask(DLL, "DialogBoxIndirectParamW", &arguments), 2);
    assert!(
        matches!(
            &bench.reports()[..],
            [Report::Dialog { .. }, Report::Warning(_)]
        ),
        "{:?}",
        bench.reports()
    );
    assert_eq!(
        bench.ask(DLL, "DialogBoxParamA", &[0, 7, 0, procedure(&bench, 2), 0]),
        u64::MAX
    );
}

#[test]
fn controls_of_a_dialog_keep_what_they_are_given() {
    let bench = Bench::new();
    let dialog = bench.ask(
        DLL,
        "CreateDialogIndirectParamA",
        &[0, template(&bench), 0, procedure(&bench, 1), 0],
    );
    assert_ne!(dialog, 0);
    let send = |name: &str, message: u64, first: u64, second: u64| {
        bench.ask(DLL, name, &[dialog, 5, message, first, second]) as i64
    };
    assert_eq!(
        send("SendDlgItemMessageA", 0x180, 0, bench.bytes(b"\xe9\0")),
        0
    );
    assert_eq!(send("SendDlgItemMessageW", 0x180, 0, bench.wide("two")), 1);
    assert_eq!(send("SendDlgItemMessageA", 0x18B, 0, 0), 2);
    assert_eq!(send("SendDlgItemMessageA", 0x188, 0, 0), -1);
    assert_eq!(
        send("SendDlgItemMessageA", 0x18C, u64::MAX, bench.text("TW")),
        1
    );
    assert_eq!(send("SendDlgItemMessageA", 0x188, 0, 0), 1);
    assert_eq!(send("SendDlgItemMessageA", 0x19A, 0, 99), 0);
    assert_eq!(send("SendDlgItemMessageA", 0x199, 0, 0), 99);
    let buffer = bench.bytes(&[0; 8]);
    assert_eq!(send("SendDlgItemMessageW", 0x189, 0, buffer), 1);
    assert_eq!(bench.read(buffer, 4), [0xE9, 0, 0, 0]);
    bench.ask(DLL, "SetDlgItemInt", &[dialog, 2, u64::from(u32::MAX), 1]);
    assert_eq!(
        bench.ask(DLL, "GetDlgItemTextA", &[dialog, 2, buffer, 8]),
        2
    );
    assert_eq!(bench.read(buffer, 3), b"-1\0");
    assert_eq!(
        bench.ask(DLL, "GetDlgItemInt", &[dialog, 2, buffer, 1]),
        u64::from(u32::MAX)
    );
    bench.ask(DLL, "CheckDlgButton", &[dialog, 2, 1]);
    assert_eq!(bench.ask(DLL, "IsDlgButtonChecked", &[dialog, 2]), 1);
}
