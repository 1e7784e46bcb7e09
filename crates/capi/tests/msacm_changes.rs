//! Drivers that a program adds for itself, takes away and orders: in a process of its own, because all of it is the process's.
#![expect(unsafe_code, reason = "calls C functions, and is a driver in C")]

use std::path::Path;
use std::sync::Mutex;

use opendriver::{Message, Width};
use opendriver_abi::structures::{
    AcmDriverDetails, AcmFormatTagDetails, FourCc, Structure as _, Wide,
};
use opendriver_capi::msacm::*;
use opendriver_capi::{claim, last_error, process};
use opendriver_tests::real;

const OK: u32 = 0;

/// Calls an exported function with addresses and numbers of this test's own.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: what is to be written lies in memory of the caller, or nowhere.
        unsafe { $name($($argument),*) }
    };
}

/// The messages that the driver below got, as its documentation orders them.
static HEARD: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A codec with one tag and no formats.
unsafe extern "C" fn own(
    _id: usize,
    _hdrvr: usize,
    message: u32,
    first: isize,
    _second: isize,
) -> isize {
    HEARD.lock().unwrap().push(message);
    let address = first.cast_unsigned();
    match Message(message) {
        Message::DRV_LOAD | Message::DRV_ENABLE | Message::DRV_DISABLE | Message::DRV_FREE => 1,
        Message::DRV_OPEN => 0x77,
        Message::DRV_CLOSE => 1,
        Message::ACMDM_DRIVER_DETAILS => {
            let details = AcmDriverDetails::<u64> {
                kind: FourCc::AUDC,
                support: 1,
                format_tags: 1,
                short_name: Wide::new("own"),
                ..AcmDriverDetails::zeroed()
            };
            claim::set_structure(address, &details).map_or(11, |()| 0)
        }
        Message::ACMDM_FORMATTAG_DETAILS => {
            let details = AcmFormatTagDetails {
                tag: 0x1234,
                format_size: 18,
                name: Wide::new("Own"),
                ..AcmFormatTagDetails::zeroed()
            };
            claim::set_structure(address, &details).map_or(11, |()| 0)
        }
        Message(0x4005) => 55,
        _ => 8,
    }
}

/// Says, before the first use, that there are two codecs.
fn ready() -> process::Wishes {
    let folder = real::folder(Width::W32);
    let text = format!(
        "[Drivers32]\n\"msacm.first\" = '{0}/imaadp32.acm'\n\"msacm.second\" = '{0}/msg711.acm'\n",
        folder.display()
    );
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("msacm-changes.toml");
    std::fs::write(&file, text).unwrap();
    process::Wishes {
        registry: Some(file),
        ..process::Wishes::default()
    }
}

extern "C" fn note(id: usize, ids: usize, support: u32) -> i32 {
    let ids = std::ptr::with_exposed_provenance_mut::<Vec<(usize, u32)>>(ids);
    // SAFETY: it is the vector of the call below, which nobody else touches.
    unsafe { &mut *ids }.push((id, support));
    1
}

/// The drivers that an enumeration shows, with their flags.
fn shown(flags: u32) -> Vec<(usize, u32)> {
    let mut ids: Vec<(usize, u32)> = Vec::new();
    let note: extern "C" fn(usize, usize, u32) -> i32 = note;
    let to = (&raw mut ids).expose_provenance();
    assert_eq!(call!(acmDriverEnum(note as usize, to, flags)), OK);
    ids
}

fn short_name(id: usize) -> String {
    let mut bytes = vec![0_u8; 924];
    bytes[..4].copy_from_slice(&924_u32.to_ne_bytes());
    let to = bytes.as_mut_ptr().expose_provenance();
    assert_eq!(call!(acmDriverDetailsA(id, to, 0)), OK);
    let name = bytes[44..76].iter().take_while(|byte| **byte != 0);
    name.map(|byte| char::from(*byte)).collect()
}

fn metric(metric: u32) -> u32 {
    let mut value = 0_u32;
    let to = (&raw mut value).expose_provenance();
    assert_eq!(call!(acmMetrics(0, metric, to)), OK);
    value
}

fn add(param: usize, priority: u32, flags: u32) -> (u32, usize) {
    let mut id = 0_usize;
    let to = (&raw mut id).expose_provenance();
    let answer = call!(acmDriverAddA(to, 0, param.cast_signed(), priority, flags));
    (answer, id)
}

fn open(id: usize) -> (u32, usize) {
    let mut had = 0_usize;
    let to = (&raw mut had).expose_provenance();
    (call!(acmDriverOpen(to, id, 0)), had)
}

#[test]
fn a_program_adds_orders_and_removes_drivers_for_itself() {
    const NO_LOCAL: u32 = 0x4000_0000;
    const DISABLED: u32 = 0x8000_0000;
    let wishes = ready();
    let registry = wishes.registry.clone().unwrap();
    process::wish("the registry", |it| *it = wishes).unwrap();
    let procedure = own as *const () as usize;
    let all = 2 + opendriver_setup::LINKED_AUDIO.len();
    assert_eq!(shown(0).len(), all);

    // The program's own is asked first.
    let (answer, id) = add(procedure, 0, 3);
    assert_eq!(answer, OK, "{:?}", last_error::text());
    let now = shown(0);
    assert_eq!((now.len(), now[0]), (all + 1, (id, 1 | NO_LOCAL)));
    assert_eq!(shown(NO_LOCAL).len(), all);
    assert_eq!(short_name(id), "own");
    assert_eq!((metric(1), metric(20), metric(21)), (all as u32, 1, 1));
    let mut tag = [0_u8; 72];
    tag[0] = 72;
    tag[8..10].copy_from_slice(&[0x34, 0x12]);
    let to = tag.as_mut_ptr().expose_provenance();
    assert_eq!(call!(acmFormatTagDetailsA(0, to, 1)), OK);
    assert_eq!(tag[24..28], *b"Own\0");

    // An open instance keeps it.
    let (answer, had) = open(id);
    assert_eq!(answer, OK);
    assert_eq!(call!(acmDriverMessage(had, 0x4005, 0, 0)), 55);
    assert_eq!(call!(acmDriverRemove(id, 0)), 513);
    assert_eq!(call!(acmDriverClose(had, 0)), OK);
    // It has no priority, but can be disabled.
    assert_eq!(call!(acmDriverPriority(id, 1, 0)), 8);
    assert_eq!(call!(acmDriverPriority(id, 0, 2)), OK);
    assert_eq!((shown(0).len(), metric(24)), (all, 1));
    assert_eq!(open(id).0, 3);
    assert_eq!(call!(acmDriverPriority(id, 0, 1)), OK);
    assert_eq!(call!(acmDriverRemove(id, 0)), OK);
    assert_eq!(call!(acmDriverRemove(id, 0)), 5);
    assert_eq!(open(id).0, 5);
    let heard = HEARD.lock().unwrap().clone();
    assert_eq!(heard[..3], [1, 2, 3], "DRV_LOAD, DRV_ENABLE, DRV_OPEN");
    assert_eq!(
        heard[heard.len() - 3..],
        [4, 5, 6],
        "DRV_CLOSE, DRV_DISABLE, DRV_FREE"
    );

    // What cannot be added.
    let there_is_none = c"msacm.none".as_ptr().expose_provenance();
    for (param, priority, flags, answer) in [
        (0, 0, 3, 11),
        (procedure, 5, 3, 11),
        (8, 0, 3, 11),
        (procedure, 0, 2, 10),
        (procedure, 0, 0x103, 10),
        (there_is_none, 0, 1, 11),
        (0x1234, 0, 4, 11), // a window to be told of changes
    ] {
        assert_eq!(
            add(param, priority, flags).0,
            answer,
            "{:?}",
            last_error::text()
        );
    }

    // What came into the registry behind the first use is added by its name.
    let manager = &process::process().manager;
    let gsm = real::folder(Width::W64).join("msgsm32.acm");
    let section = manager.registry();
    section
        .set_value("Drivers32", "msacm.later", gsm.to_str().unwrap())
        .unwrap();
    assert_eq!(shown(0).len(), all);
    let (answer, later) = add(c"msacm.later".as_ptr().expose_provenance(), 0, 1);
    assert_eq!(answer, OK, "{:?}", last_error::text());
    assert_eq!(
        add(c"MSACM.LATER".as_ptr().expose_provenance(), 0, 1),
        (OK, later)
    );
    assert_eq!(shown(0).last().unwrap().0, later);

    // Order, which the registry keeps.
    assert_eq!(call!(acmDriverPriority(later, 1, 0)), OK);
    assert_eq!(shown(0)[0].0, later);
    assert_eq!(call!(acmDriverPriority(later, u32::MAX, 0)), OK);
    assert_eq!(shown(0)[all].0, later);
    assert_eq!(call!(acmDriverPriority(later, 1, 2)), OK);
    assert_eq!((shown(0).len(), metric(1), metric(5)), (all, all as u32, 1));
    let now = shown(DISABLED);
    assert_eq!((now.len(), now[0]), (all + 1, (later, 1 | DISABLED)));
    assert_eq!(open(later).0, 3);
    assert!(
        std::fs::read_to_string(registry)
            .unwrap()
            .contains("0, msacm.later")
    );
    for (id, priority, flags, answer) in [
        (0, 0, 0x1_0000, OK),
        (0, 0, 0x2_0000, OK),
        (0, 0, 0x3_0000, 10),
        (later, 0, 0x1_0000, 11),
        (0, 1, 0x1_0000, 11),
        (0, 0, 0, 5),
        (later, 0, 3, 10),
        (later, 0, 1, OK),
    ] {
        let said = call!(acmDriverPriority(id, priority, flags));
        assert_eq!(said, answer, "{priority} {flags:#x}");
    }
    assert_eq!(call!(acmDriverRemove(later, 0)), OK);
    assert_eq!(shown(DISABLED).len(), all);
}
