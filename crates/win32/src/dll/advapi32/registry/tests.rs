//! The registry functions through their gates.

use super::*;
use crate::bench::Bench;

const DLL: &str = "advapi32.dll";
const USER: u64 = 0xFFFF_FFFF_8000_0001;

fn word(bench: &Bench, at: u64) -> u64 {
    u64::from_le_bytes(bench.read(at, 8).try_into().unwrap())
}

fn key(bench: &Bench, path: &str) -> u64 {
    let result = bench.bytes(&[0; 8]);
    assert_eq!(
        bench.ask(DLL, "RegCreateKeyA", &[USER, bench.text(path), result]),
        0
    );
    word(bench, result)
}

#[test]
fn keys_open_below_each_other_and_close_once() {
    let bench = Bench::new();
    let (path, result) = (bench.text(r"Software\Vendor"), bench.bytes(&[0; 16]));
    assert_eq!(
        bench.ask(DLL, "RegOpenKeyExA", &[USER, path, 0, 1, result]),
        u64::from(FILE_NOT_FOUND)
    );
    let create = [USER, path, 0, 0, 0, 1, 0, result, result + 8];
    assert_eq!(bench.ask(DLL, "RegCreateKeyExA", &create), 0);
    assert_eq!(word(&bench, result + 8), u64::from(CREATED));
    let vendor = word(&bench, result);
    assert_eq!(
        bench.ask(
            DLL,
            "RegOpenKeyExW",
            &[0x8000_0001, bench.wide("SOFTWARE"), 0, 1, result]
        ),
        0
    );
    let software = word(&bench, result);
    assert_eq!(
        bench.ask(
            DLL,
            "RegOpenKeyW",
            &[software, bench.wide("vendor"), result]
        ),
        0
    );
    assert_eq!(
        bench.ask(DLL, "RegDeleteKeyA", &[USER, bench.text("Software")]),
        u64::from(ACCESS_DENIED)
    );
    assert_eq!(
        bench.ask(DLL, "RegDeleteKeyA", &[software, bench.text("vendor")]),
        0
    );
    assert_eq!(bench.ask(DLL, "RegCloseKey", &[vendor]), 0);
    assert_eq!(
        bench.ask(DLL, "RegCloseKey", &[vendor]),
        u64::from(INVALID_HANDLE)
    );
    assert_eq!(bench.ask(DLL, "RegCloseKey", &[USER]), 0);
}

#[test]
fn text_written_in_one_form_is_read_in_the_other() {
    let bench = Bench::new();
    let key = key(&bench, "a");
    let (name, data) = (bench.bytes(b"n\xe9\0"), bench.bytes(b"\x80x"));
    // Without its final zero, as careless callers count.
    assert_eq!(
        bench.ask(DLL, "RegSetValueExA", &[key, name, 0, 1, data, 2]),
        0
    );
    let (kind, buffer, size) = (
        bench.bytes(&[0; 4]),
        bench.bytes(&[0; 16]),
        bench.bytes(&[16, 0, 0, 0]),
    );
    assert_eq!(
        bench.ask(
            DLL,
            "RegQueryValueExW",
            &[key, bench.wide("né"), 0, kind, buffer, size]
        ),
        0
    );
    assert_eq!(
        (bench.read(kind, 1), bench.read(size, 1)),
        (vec![1], vec![6])
    );
    assert_eq!(bench.read(buffer, 6), [0xac, 0x20, b'x', 0, 0, 0]);
    assert_eq!(
        bench.ask(DLL, "RegQueryValueExA", &[key, name, 0, kind, buffer, size]),
        0
    );
    assert_eq!(bench.read(buffer, 3), b"\x80x\0");
}

#[test]
fn a_buffer_that_is_too_small_gets_the_size_that_it_should_have() {
    let bench = Bench::new();
    let key = key(&bench, "a");
    bench.ask(
        DLL,
        "RegSetValueExA",
        &[key, bench.text("n"), 0, 3, bench.bytes(b"12345"), 5],
    );
    let (buffer, size) = (bench.bytes(&[0; 8]), bench.bytes(&[2, 0, 0, 0]));
    let query = |buffer| {
        bench.ask(
            DLL,
            "RegQueryValueExA",
            &[key, bench.text("N"), 0, 0, buffer, size],
        )
    };
    assert_eq!(query(buffer), u64::from(MORE_DATA));
    assert_eq!(bench.read(size, 1), [5]);
    assert_eq!(query(0), 0);
    assert_eq!(query(buffer), 0);
    assert_eq!(bench.read(buffer, 5), b"12345");
    let missing = [key, bench.text("none"), 0, 0, 0, 0];
    assert_eq!(
        bench.ask(DLL, "RegQueryValueExA", &missing),
        u64::from(FILE_NOT_FOUND)
    );
}

#[test]
fn what_is_in_a_key_is_counted_and_listed() {
    let bench = Bench::new();
    let top = key(&bench, "a");
    for name in ["one", "three"] {
        key(&bench, &format!(r"a\{name}"));
    }
    bench.ask(
        DLL,
        "RegSetValueExA",
        &[
            top,
            bench.text("value"),
            0,
            4,
            bench.bytes(&[7, 0, 0, 0]),
            4,
        ],
    );
    let counts = bench.bytes(&[0xff; 48]);
    let info = [
        top,
        0,
        0,
        0,
        counts,
        counts + 8,
        0,
        counts + 16,
        counts + 24,
        counts + 32,
        0,
        counts + 40,
    ];
    assert_eq!(bench.ask(DLL, "RegQueryInfoKeyA", &info), 0);
    let found = [0, 8, 16, 24, 32].map(|at| bench.read(counts + at, 1)[0]);
    assert_eq!(found, [2, 5, 1, 5, 4]);
    let (name, size) = (bench.bytes(&[0; 16]), bench.bytes(&[16, 0, 0, 0]));
    assert_eq!(
        bench.ask(DLL, "RegEnumKeyExA", &[top, 1, name, size, 0, 0, 0, 0]),
        0
    );
    assert_eq!(
        (bench.read(name, 6), bench.read(size, 1)),
        (b"three\0".to_vec(), vec![5])
    );
    assert_eq!(
        bench.ask(DLL, "RegEnumKeyExA", &[top, 1, name, size, 0, 0, 0, 0]),
        u64::from(MORE_DATA)
    );
    assert_eq!(
        bench.ask(DLL, "RegEnumKeyA", &[top, 2, name, 16]),
        u64::from(NO_MORE_ITEMS)
    );
    let (kind, data, room) = (
        bench.bytes(&[0; 4]),
        bench.bytes(&[0; 4]),
        bench.bytes(&[4, 0, 0, 0]),
    );
    let size = bench.bytes(&[16, 0, 0, 0]);
    assert_eq!(
        bench.ask(
            DLL,
            "RegEnumValueW",
            &[top, 0, name, size, 0, kind, data, room]
        ),
        0
    );
    assert_eq!(
        (
            bench.read(kind, 1),
            bench.read(data, 1),
            bench.read(size, 1)
        ),
        (vec![4], vec![7], vec![5])
    );
}

#[test]
fn a_value_of_an_unwanted_type_is_refused_and_variables_are_expanded() {
    let config = crate::Config {
        environment: vec![("TEMP".into(), r"C:\t".into())],
        ..Default::default()
    };
    let bench = Bench::with(config);
    let key = key(&bench, "a");
    bench.ask(
        DLL,
        "RegSetValueExA",
        &[key, bench.text("e"), 0, 2, bench.text("%temp%|%no%|%"), 14],
    );
    let (kind, buffer, size) = (
        bench.bytes(&[0; 4]),
        bench.bytes(&[0; 32]),
        bench.bytes(&[32, 0, 0, 0]),
    );
    let get = |flags| {
        bench.ask(
            DLL,
            "RegGetValueA",
            &[key, 0, bench.text("e"), flags, kind, buffer, size],
        )
    };
    assert_eq!(get(0x10), u64::from(UNSUPPORTED_TYPE));
    assert_eq!(get(2), 0);
    assert_eq!(bench.read(buffer, 12), b"C:\\t|%no%|%\0");
    assert_eq!(bench.read(kind, 1), [1]);
}

#[test]
fn a_tree_is_deleted_with_all_that_is_below() {
    let bench = Bench::new();
    let top = key(&bench, "a");
    key(&bench, r"a\b\c");
    bench.ask(DLL, "RegSetValueExA", &[top, bench.text("v"), 0, 3, 0, 0]);
    assert_eq!(bench.ask(DLL, "RegDeleteTreeA", &[top, 0]), 0);
    let (name, result) = (bench.bytes(&[0; 16]), bench.bytes(&[0; 8]));
    assert_eq!(
        bench.ask(DLL, "RegEnumKeyA", &[top, 0, name, 16]),
        u64::from(NO_MORE_ITEMS)
    );
    assert_eq!(
        bench.ask(DLL, "RegDeleteValueA", &[top, bench.text("v")]),
        u64::from(FILE_NOT_FOUND)
    );
    assert_eq!(
        bench.ask(DLL, "RegDeleteTreeA", &[USER, bench.text("a")]),
        0
    );
    assert_eq!(
        bench.ask(DLL, "RegOpenKeyA", &[USER, bench.text("a"), result]),
        u64::from(FILE_NOT_FOUND)
    );
}

#[test]
fn what_is_no_key_is_said_to_be_none() {
    let bench = Bench::new();
    let result = bench.bytes(&[0; 8]);
    for handle in [0, 0x7777, 0x8000_0099] {
        let open = [handle, bench.text("a"), result];
        assert_eq!(
            bench.ask(DLL, "RegOpenKeyA", &open),
            u64::from(INVALID_HANDLE)
        );
    }
}
