//! Files that are no drivers, and drivers that behave badly: each an error that a person can act on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opendriver::{Blame, Error, Manager, Transcript};
use opendriver_abi::Message;
use opendriver_tests::board::Action;
use opendriver_tests::compilers::compile;
use opendriver_tests::fixtures::{Target, compiled, compiled_text};
use opendriver_tests::house::House;
use opendriver_tests::kind::Compiled;
use tempfile::TempDir;

/// The kinds of driver that come from files here.
const KINDS: [Target; 3] = [Target::Native, Target::Windows64, Target::Windows32];

const DLL_MAIN: &str =
    "int __stdcall DllMain(void *m, unsigned r, void *p) { (void)m, (void)r, (void)p; return 1; }";

fn manager() -> Manager {
    Manager::builder().trust_foreign_code().build()
}

fn written(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, bytes).unwrap();
    (folder, file)
}

/// Opens a file that is no driver, and checks that the error says so of this file and that nothing
/// stays behind.
#[track_caller]
fn assert_no_driver(manager: &Manager, file: &Path) -> Error {
    let error = manager
        .open(file.to_str().unwrap())
        .expect_err("it is no driver");
    assert_eq!(error.blame(), Blame::File, "{error:?}");
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(
        error.to_string().contains(name),
        "{error} does not name {name}"
    );
    assert!(manager.modules().is_empty());
    assert!(manager.instances().is_empty());
    error
}

#[test]
fn a_file_of_another_kind_is_named_as_such() {
    let manager = manager();
    for bytes in [
        &b""[..],
        b"M",
        b"MZ",
        b"\x7fELF",
        b"#!/bin/sh\n",
        &[0; 5000],
        b"PK\x03\x04 and so on",
    ] {
        let (_folder, file) = written("thing.drv", bytes);
        assert_no_driver(&manager, &file);
    }
}

#[test]
fn a_folder_is_no_driver() {
    let folder = tempfile::tempdir().unwrap();
    assert_no_driver(&manager(), folder.path());
}

#[test]
fn a_truncated_driver_is_an_error_wherever_it_ends() {
    let manager = manager();
    for target in KINDS {
        let whole = fs::read(compiled("logging", target)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        // Densely through the headers, then in strides that meet no alignment.
        let lengths = (0..1024)
            .step_by(13)
            .chain((1024..whole.len() / 2).step_by(509));
        for length in lengths {
            let file = folder.path().join(format!("cut-{length}.drv"));
            fs::write(&file, &whole[..length]).unwrap();
            assert_no_driver(&manager, &file);
        }
    }
}

#[test]
fn a_driver_for_another_machine_is_named_as_such() {
    let manager = manager();
    for target in [Target::Windows64, Target::Windows32] {
        let mut image = fs::read(compiled("logging", target)).unwrap();
        let header = u32::from_le_bytes(image[0x3c..0x40].try_into().unwrap()) as usize;
        // `Machine` becomes that of ARM with Thumb-2.
        image[header + 4..header + 6].copy_from_slice(&0x1c4_u16.to_le_bytes());
        let (_folder, file) = written("arm.dll", &image);
        let error = assert_no_driver(&manager, &file);
        assert!(
            matches!(&error, Error::WrongMachine { machine, .. } if machine.contains("ARM")),
            "{error:?}"
        );
    }

    let mut image = fs::read(compiled("logging", Target::Native)).unwrap();
    // `e_machine` becomes that of AArch64.
    image[18..20].copy_from_slice(&183_u16.to_le_bytes());
    let (_folder, file) = written("arm.so", &image);
    let error = assert_no_driver(&manager, &file);
    assert!(matches!(error, Error::WrongMachine { .. }), "{error:?}");
}

#[test]
fn a_library_without_driver_proc_is_named_as_such() {
    let manager = manager();
    let text = "#ifdef _WIN32\n__declspec(dllexport)\n#endif\nint driver(void) { return 1; }\n";
    for target in KINDS {
        let entry = if target == Target::Native {
            ""
        } else {
            DLL_MAIN
        };
        let file = compiled_text("plain", &format!("{text}{entry}"), target);
        let error = assert_no_driver(&manager, &file);
        assert!(
            matches!(error, Error::NoDriverProc { found: None, .. }),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("exports no DriverProc"),
            "{error}"
        );
    }
}

#[test]
fn a_decorated_driver_proc_is_shown() {
    let text = format!(
        "__declspec(dllexport) int driver_proc(void) __asm__(\"DriverProc@20\");\n\
         int driver_proc(void) {{ return 1; }}\n{DLL_MAIN}"
    );
    let file = compiled_text("decorated", &text, Target::Windows64);
    let error = assert_no_driver(&manager(), &file);
    assert!(
        error
            .to_string()
            .ends_with("exports no DriverProc, but DriverProc@20"),
        "{error}"
    );
}

#[test]
fn a_decorated_driver_proc_of_32_bits_is_opened_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [source, underlined] = ["proc.c", "underlined.def"].map(place);
    let text = format!(
        "long __stdcall DriverProc(unsigned id, void *handle, unsigned message, long a, long b)\n\
         {{ (void)id, (void)handle; return message == 0x4000 ? a - b : 1; }}\n{DLL_MAIN}"
    );
    fs::write(&source, text).unwrap();
    fs::write(&underlined, "EXPORTS\n_DriverProc@20=DriverProc@20\n").unwrap();
    // Not as other fixtures, whose linker is told to take the decoration away.
    for (name, export) in [
        ("DriverProc@20", "-Wl,--export-all-symbols"),
        ("_DriverProc@20", &underlined),
    ] {
        let file = folder.path().join(name).with_extension("dll");
        let flags = ["-shared", "-nostdlib", "-Wl,-e,_DllMain@12", export];
        let (compiler, package) = ("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686-win32");
        compile(compiler, package, &[&source], &file, &flags);
        let transcript = Arc::new(Transcript::new());
        let manager = Manager::builder()
            .trust_foreign_code()
            .recorder(Arc::clone(&transcript) as _)
            .build();
        let instance = manager.open(file.to_str().unwrap()).unwrap();
        assert_eq!(instance.send(Message::DRV_USER, 7, 9).unwrap(), -2);
        let reports = transcript.reports();
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(
            reports[0].text.ends_with(&format!(
                "exports {name}, not DriverProc; other systems may not open it"
            )),
            "{reports:?}"
        );
    }
}

#[test]
fn a_dll_that_does_not_want_to_be_loaded_is_an_error() {
    let text = format!(
        "__declspec(dllexport) int DriverProc(void) {{ return 1; }}\n{}",
        DLL_MAIN.replace("return 1", "return 0")
    );
    for target in [Target::Windows64, Target::Windows32] {
        let file = compiled_text("unwilling", &text, target);
        let error = assert_no_driver(&manager(), &file);
        assert!(error.to_string().contains("cannot load"), "{error}");
    }
}

#[test]
fn foreign_code_needs_the_builder_s_word() {
    let manager = Manager::builder().build();
    for target in KINDS {
        let file = compiled("logging", target);
        let error = manager.open(file.to_str().unwrap()).unwrap_err();
        assert!(matches!(error, Error::Untrusted { .. }), "{error:?}");
    }
}

#[test]
fn a_windows_driver_that_ends_the_process_only_breaks() {
    for target in [Target::Windows64, Target::Windows32] {
        let house = House::new(&Compiled(target));
        let (instance, other) = (house.open("d"), house.open("e"));
        house.d.board.once(Message::DRV_USER, Action::Abort, 0);
        let error = instance.send(Message::DRV_USER, 5, 7).unwrap_err();
        assert_eq!(error.blame(), Blame::Broke, "{error}");
        assert!(error.to_string().contains("ExitProcess"), "{error}");
        assert_eq!(other.send(Message::DRV_USER, 5, 7).unwrap(), 12);
    }
}

#[test]
fn a_native_driver_that_aborts_only_breaks() {
    let house = House::new(&Compiled(Target::Native));
    let (instance, other) = (house.open("d"), house.open("e"));
    house.d.board.once(Message::DRV_USER, Action::Abort, 0);
    let error = instance.send(Message::DRV_USER, 5, 7).unwrap_err();
    assert_eq!(error.blame(), Blame::Broke, "{error}");
    assert!(error.to_string().contains("abort"), "{error}");
    assert_eq!(other.send(Message::DRV_USER, 5, 7).unwrap(), 12);
}
