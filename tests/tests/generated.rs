//! Drivers that run what they have written, as old codecs do, and those that promise not to.

use std::fs;
use std::path::PathBuf;

use opendriver::{Error, Instance, Manager};
use opendriver_abi::Message;
use opendriver_tests::fixtures::{Target, compiled};
use tempfile::TempDir;

/// The driver with or without `IMAGE_DLLCHARACTERISTICS_NX_COMPAT` in its headers.
fn driver(target: Target, is_compatible: bool) -> (TempDir, PathBuf) {
    const NX_COMPAT: u16 = 0x100;
    let mut image = fs::read(compiled("generated", target)).unwrap();
    let header = u32::from_le_bytes(image[0x3C..0x40].try_into().unwrap()) as usize;
    // Behind signature and file header, at the same place in both widths.
    let at = header + 24 + 70;
    let before = u16::from_le_bytes([image[at], image[at + 1]]);
    let flags = if is_compatible {
        before | NX_COMPAT
    } else {
        before & !NX_COMPAT
    };
    image[at..at + 2].copy_from_slice(&flags.to_le_bytes());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("generated.dll");
    fs::write(&file, image).unwrap();
    (folder, file)
}

fn open(target: Target, is_compatible: bool) -> (TempDir, Manager, Instance) {
    let (folder, file) = driver(target, is_compatible);
    let manager = Manager::builder().trust_foreign_code().build();
    let instance = manager.open(file.to_str().unwrap()).unwrap();
    (folder, manager, instance)
}

fn ask(instance: &Instance, number: u32) -> Result<isize, Error> {
    instance.send(Message(Message::DRV_USER.0 + number), 40, 0)
}

fn assert_violation(error: &Error) {
    assert!(matches!(error, Error::Broke(_)), "{error:?}");
    assert!(error.to_string().contains("execut"), "{error}");
}

#[test]
fn a_32_bit_driver_that_promises_nothing_runs_its_heap_stack_and_data() {
    let (_folder, _manager, instance) = open(Target::Windows32, false);
    for number in [0, 1, 2, 3, 4, 0, 1, 2, 3] {
        assert_eq!(ask(&instance, number).unwrap(), 42, "way {number}");
    }
    assert_violation(&ask(&instance, 5).unwrap_err());
}

#[test]
fn a_32_bit_driver_that_promises_not_to_gets_the_access_violation() {
    for number in 0..4 {
        let (_folder, _manager, instance) = open(Target::Windows32, true);
        assert_eq!(ask(&instance, 4).unwrap(), 42, "what is executable runs");
        assert_violation(&ask(&instance, number).unwrap_err());
    }
}

#[test]
fn it_lasts_as_long_as_such_a_driver_is_loaded_and_concerns_its_width_only() {
    let (_folder, manager, old) = open(Target::Windows32, false);
    let (_new_folder, file) = driver(Target::Windows32, true);
    let new = manager.open(file.to_str().unwrap()).unwrap();
    assert_eq!(ask(&new, 0).unwrap(), 42);
    old.close(0, 0).unwrap();
    assert_violation(&ask(&new, 3).unwrap_err());
    let (_folder, _manager, wide) = open(Target::Windows64, false);
    assert_eq!(ask(&wide, 4).unwrap(), 42);
    assert_violation(&ask(&wide, 0).unwrap_err());
}
