//! Drivers in shared objects, compiled by the system's C compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use opendriver::{Blame, Error, Manager, Message, OpenOptions};
use tempfile::TempDir;

/// A driver that keeps the last text it was opened with, sums, and breaks in the way it is asked to.
const SOUND: &str = r#"
    #include <stdlib.h>
    #include <string.h>
    static char last[64];
    static int deep(volatile char *above) { volatile char here[4096]; here[0] = above[0]; return deep(here) + here[1]; }
    long DriverProc(unsigned long id, unsigned long handle, unsigned message, long p1, long p2) {
        volatile int zero = 0;
        switch (message) {
        case 3: strncpy(last, (const char *)p1, 63); return p2 == 99 ? 0 : 0x101 + p2;
        case 0x4000: return p1 + p2;
        case 0x4001: return strcmp(last, (const char *)p1) == 0;
        case 0x4002: return *(volatile long *)16;
        case 0x4003: return 100 / zero;
        case 0x4004: abort();
        case 0x4005: { char c = 0; return deep(&c); }
        case 0x4006: __builtin_trap();
        case 0x4007: return id;
        case 0x4008: ((volatile char *)p1)[p2] = 1; return 1;
        default: return 1;
        }
    }
"#;

/// Compiles a driver.
fn compile(folder: &TempDir, name: &str, source: &str, options: &[&str]) -> PathBuf {
    let (from, to) = (
        folder.path().join(format!("{name}.c")),
        folder.path().join(name),
    );
    fs::write(&from, source).unwrap();
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let options = ["-shared", "-fPIC", "-O0", "-w"].iter().chain(options);
    let done = Command::new(compiler)
        .args(options)
        .arg("-o")
        .args([&to, &from])
        .status()
        .expect("a C compiler is installed");
    assert!(done.success());
    to
}

fn trusting(folder: &TempDir) -> Manager {
    Manager::builder()
        .trust_foreign_code()
        .search_path(folder.path())
        .build()
}

#[test]
fn what_is_written_behind_a_guarded_block_is_contained_or_a_fault_that_names_the_block() {
    const WRITE: Message = Message(0x4008);
    let folder = TempDir::new().unwrap();
    let file = compile(&folder, "sound.so", SOUND, &[]);
    let manager = Manager::builder()
        .trust_foreign_code()
        .guarded_blocks(true)
        .build();
    let sound = manager.open(file.to_str().unwrap()).unwrap();
    let mut block = sound.memory().unwrap().allocate(1000).unwrap();
    sound.send(WRITE, block.address(), 999).unwrap();
    assert_eq!(block.take_overrun(), None);
    sound.send(WRITE, block.address(), 1002).unwrap();
    let overrun = block.take_overrun().unwrap();
    assert_eq!((overrun.len, overrun.offset), (1000, 1002));

    let error = sound.send(WRITE, block.address(), 1200).unwrap_err();
    let told = error.to_string();
    assert!(
        told.ends_with("(offset 1200 of a block of 1000 bytes)"),
        "{told}"
    );
    let Error::Broke(fault) = error else {
        panic!("{error:?}")
    };
    assert_eq!(
        fault.behind.map(|behind| (behind.len, behind.offset)),
        Some((1000, 1200))
    );
}

fn error(manager: &Manager, file: &Path) -> Error {
    let error = manager.open(file.to_str().unwrap()).unwrap_err();
    assert!(manager.modules().is_empty() && manager.instances().is_empty());
    error
}

#[test]
fn a_c_driver_opens_answers_and_closes() {
    let folder = TempDir::new().unwrap();
    compile(&folder, "sound.so", SOUND, &[]);
    let manager = trusting(&folder);
    manager
        .registry()
        .set_value("Drivers32", "wave", "sound.so com1 fast")
        .unwrap();
    let wave = manager
        .open_with(OpenOptions::new("wave").param2(2))
        .unwrap();
    let text = wave.memory().unwrap().copy_of(b"com1 fast\0").unwrap();
    assert_eq!(wave.send(Message(0x4001), text.address(), 0).unwrap(), 1);
    let again = manager.open("SOUND.SO").unwrap();
    assert_eq!(
        manager.modules().len(),
        1,
        "the alias and the file are one driver"
    );
    assert_eq!(wave.send(Message(0x4007), 0, 0).unwrap(), 0x103);
    assert_eq!(again.send(Message::DRV_USER, 5, 7).unwrap(), 12);
    assert_ne!(again.module().unwrap().address, 0);
    assert_eq!(again.module().unwrap().kind, "native");
    assert!(matches!(
        manager.open_with(OpenOptions::new("sound.so").param2(99)),
        Err(Error::Refused { .. })
    ));
    wave.close(0, 0).unwrap();
    again.close(0, 0).unwrap();
    assert!(manager.modules().is_empty());
}

#[test]
fn foreign_code_is_opened_only_by_a_manager_that_was_told_to() {
    let folder = TempDir::new().unwrap();
    let file = compile(&folder, "sound.so", SOUND, &[]);
    let error = error(&Manager::builder().build(), &file);
    assert!(matches!(&error, Error::Untrusted { .. }), "{error}");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn faults_are_caught_named_and_poison_the_module_alone() {
    let folder = TempDir::new().unwrap();
    let cases = [
        (0x4002, "read of address 0x10 at "),
        (0x4003, "division"),
        (0x4004, "call of abort"),
        (0x4005, "stack overflow at "),
        (0x4006, "illegal instruction at "),
    ];
    for (message, what) in cases {
        let name = format!("broken{message:x}.so");
        compile(&folder, &name, SOUND, &[]);
        compile(&folder, "sound.so", SOUND, &[]);
        let manager = trusting(&folder);
        let [broken, sound] = [name.as_str(), "sound.so"].map(|name| manager.open(name).unwrap());
        let error = broken.send(Message(message), 0, 0).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(what), "{text}");
        let Error::Broke(fault) = &error else {
            panic!("{error}")
        };
        assert_eq!(fault.module, name);
        if message != 0x4004 {
            assert!(
                fault.place.starts_with(&format!("{name}+0x")),
                "{}",
                fault.place
            );
        }
        assert!(matches!(manager.open(&name), Err(Error::Poisoned { .. })));
        assert_eq!(sound.send(Message::DRV_USER, 1, 2).unwrap(), 3);
    }
}

#[test]
fn files_that_are_no_driver_say_why() {
    let folder = TempDir::new().unwrap();
    let manager = trusting(&folder);
    let write = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        file
    };

    let text = error(&manager, &write("text.drv", b"hello"));
    assert!(
        text.to_string()
            .contains("is not a driver: expected a native"),
        "{text}"
    );
    assert!(
        text.to_string().ends_with("found 68 65 6c 6c (text)"),
        "{text}"
    );
    assert!(
        error(&manager, &write("empty.drv", b""))
            .to_string()
            .ends_with("found an empty file")
    );

    let none = error(
        &manager,
        &compile(&folder, "none.so", "int Other(void) { return 1; }", &[]),
    );
    assert!(
        none.to_string().ends_with("exports no DriverProc"),
        "{none}"
    );
    let alike = error(
        &manager,
        &compile(
            &folder,
            "alike.so",
            "long driverproc(void) { return 1; }",
            &[],
        ),
    );
    assert!(
        alike
            .to_string()
            .ends_with("exports no DriverProc, but driverproc"),
        "{alike}"
    );

    let missing = "long missing_import(void); long DriverProc(void) { return missing_import(); }";
    let missing = error(&manager, &compile(&folder, "missing.so", missing, &[]));
    let Error::Load { source, .. } = &missing else {
        panic!("{missing}")
    };
    assert!(source.to_string().contains("missing_import"), "{source}");
    assert_eq!(missing.blame(), Blame::File);

    assert!(matches!(
        error(&manager, folder.path()),
        Error::Unreadable { .. }
    ));
    assert!(matches!(
        error(&manager, &folder.path().join("gone.so")),
        Error::Unreadable { .. }
    ));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_shared_object_for_another_machine_is_named_as_such() {
    let folder = TempDir::new().unwrap();
    let file = compile(&folder, "sound.so", SOUND, &[]);
    let mut bytes = fs::read(&file).unwrap();
    (bytes[4], bytes[18]) = (1, 3);
    fs::write(&file, bytes).unwrap();
    let error = error(&trusting(&folder), &file);
    assert!(
        error
            .to_string()
            .ends_with("is for i386, which this host cannot run"),
        "{error}"
    );
}

#[test]
fn a_shared_object_that_is_cut_off_anywhere_is_an_error() {
    let folder = TempDir::new().unwrap();
    let file = compile(&folder, "sound.so", SOUND, &[]);
    let bytes = fs::read(&file).unwrap();
    let manager = trusting(&folder);
    // Beyond the loaded part there are only names for debuggers, which nobody misses.
    for len in (0..4096).step_by(97) {
        let cut = folder.path().join(format!("cut{len}.so"));
        fs::write(&cut, &bytes[..len]).unwrap();
        assert_eq!(error(&manager, &cut).blame(), Blame::File, "cut at {len}");
    }
}

#[test]
fn a_thousand_lives_leave_nothing_behind() {
    let folder = TempDir::new().unwrap();
    compile(&folder, "sound.so", SOUND, &[]);
    let manager = trusting(&folder);
    for _ in 0..1000 {
        let instance = manager.open("sound.so").unwrap();
        assert_eq!(instance.send(Message::DRV_USER, 1, 2).unwrap(), 3);
    }
    assert!(manager.modules().is_empty());
    let mapped = fs::read_to_string("/proc/self/maps").unwrap();
    assert!(!mapped.contains(folder.path().to_str().unwrap()));
}
