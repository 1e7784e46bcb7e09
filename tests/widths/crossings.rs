//! One driver plays every crossing, in both widths, under Wine and here; all four say the same.

use std::path::PathBuf;
use std::sync::OnceLock;

use opendriver::{Instance, Manager, Message, Width};
use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::wine::{Wine, windows_path};
use opendriver_tests::{compilers, target};

/// How many calls deep two drivers ask each other.
const DEPTH: isize = 100;

const SET_PARTNER: Message = Message(Message::DRV_RESERVED.0 + 2);
const RECURSION: Message = Message(Message::DRV_RESERVED.0 + 1);

/// The driver under two names, which are two drivers; copied once, since the tests run at the same time.
fn drivers(width: Width) -> [PathBuf; 2] {
    static DRIVERS: [OnceLock<[PathBuf; 2]>; 2] = [OnceLock::new(), OnceLock::new()];
    let (drivers, target) = match width {
        Width::W64 => (&DRIVERS[0], Target::Windows64Crt),
        Width::W32 => (&DRIVERS[1], Target::Windows32Crt),
    };
    let copy = |name| {
        let file = folder(width).join(name);
        std::fs::copy(compiled("crossing", target), &file).expect("target/ is writable");
        file
    };
    drivers
        .get_or_init(|| ["driver.dll", "partner.dll"].map(copy))
        .clone()
}

fn folder(width: Width) -> PathBuf {
    let folder = target().join("oracle/crossing").join(match width {
        Width::W64 => "64",
        Width::W32 => "32",
    });
    std::fs::create_dir_all(&folder).expect("target/ is writable");
    folder
}

/// What the driver and its partner say under Wine.
fn said_by_wine(width: Width) -> String {
    let folder = folder(width);
    let host = folder.join("host.exe");
    compilers::windows(
        width,
        &["tests/fixtures/crossing-host.c"],
        &host,
        &["-lwinmm"],
    );
    let [driver, partner] = drivers(width).map(|file| windows_path(&file));
    let (status, said) = Wine::prepared().run(&folder, &host, [driver, partner, DEPTH.to_string()]);
    assert!(status.success(), "{width:?}: {status}: {said}");
    said.replace("\r\n", "\n")
}

/// What the driver says here, with a partner of the other width.
fn said_here(width: Width) -> String {
    let manager = Manager::builder().trust_foreign_code().build();
    let open = |file: &PathBuf| {
        manager
            .open(file.to_str().expect("UTF-8"))
            .expect("it opens")
    };
    let [driver, _] = drivers(width);
    let [_, partner] = drivers(match width {
        Width::W64 => Width::W32,
        Width::W32 => Width::W64,
    });
    let [driver, partner] = [open(&driver), open(&partner)];
    let mut said = String::new();
    for part in 0.. {
        let text = driver
            .memory()
            .expect("it is open")
            .allocate(4096)
            .expect("there is room");
        let message = Message(Message::DRV_USER.0 + part);
        let length = driver
            .send(message, text.address(), 4096)
            .expect("it does not break");
        if length < 0 {
            break;
        }
        said += std::str::from_utf8(&text[..length as usize]).expect("it writes ASCII");
    }
    let introduce = |to: &Instance, whom: &Instance| {
        let handle = whom.handle().raw() as isize;
        to.send(SET_PARTNER, handle, 0).expect("it does not break");
    };
    introduce(&driver, &partner);
    introduce(&partner, &driver);
    let sum = driver.send(RECURSION, DEPTH, 0).expect("it does not break");
    said + &format!("recursion {sum}\n")
}

#[test]
fn a_driver_of_64_bits_sees_of_the_system_what_it_sees_under_wine() {
    assert_eq!(said_here(Width::W64), said_by_wine(Width::W64));
}

#[test]
fn a_driver_of_32_bits_sees_of_the_system_what_it_sees_under_wine() {
    assert_eq!(said_here(Width::W32), said_by_wine(Width::W32));
}

#[test]
fn both_widths_see_the_same() {
    assert_eq!(said_here(Width::W32), said_here(Width::W64));
}
