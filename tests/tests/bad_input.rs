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
                "exports {name}, not DriverProc; other systems may not open it (MinGW's linker has --kill-at for that)"
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

/// Where the PE header of an image begins.
fn headers_of(image: &[u8]) -> usize {
    u32::from_le_bytes(image[0x3c..0x40].try_into().unwrap()) as usize
}

#[test]
fn files_of_other_times_and_kinds_are_named_as_such() {
    let manager = manager();
    let dos = |rest: &[u8]| {
        let mut bytes = b"MZ".to_vec();
        bytes.resize(0x3c, 0);
        bytes[0x18] = if rest.is_empty() { 0x1e } else { 0x40 };
        bytes.extend([0x40, 0, 0, 0]);
        bytes.extend(rest);
        bytes.resize(0x400, 0);
        bytes
    };
    let i386 = fs::read(compiled("logging", Target::Windows32)).unwrap();
    let header = headers_of(&i386);
    let changed = |at: usize, to: &[u8]| {
        let mut image = i386.clone();
        image[at..at + to.len()].copy_from_slice(to);
        image
    };
    for (bytes, told) in [
        (
            dos(b"NE\x05\x0a\0\0\0\0\0\0\0\0\x01\x80"),
            "16-bit Windows driver (NE)",
        ),
        (dos(b"NE\x05\x0a"), "16-bit Windows program (NE)"),
        (dos(b"LE\0\0"), "virtual device driver (LE)"),
        (dos(b""), "a program for DOS"),
        (changed(header + 4, &[0x64, 0xaa]), "is for ARM64"),
        (changed(header + 4, &[0x00, 0x02]), "is for Itanium"),
        // No longer a library.
        (
            changed(header + 22, &[0x02, 0x01]),
            "a Windows program, not a DLL",
        ),
        // The headers of the other width, for this machine.
        (changed(header + 24, &[0x0b, 0x02]), "optional header"),
    ] {
        let (_folder, file) = written("thing.drv", &bytes);
        let error = assert_no_driver(&manager, &file);
        assert!(
            error.to_string().contains(told),
            "{error} does not say {told:?}"
        );
    }
}

#[test]
fn an_assembly_without_machine_code_is_named_as_such() {
    let text = format!(
        "__declspec(dllexport) const unsigned header[18] = {{72, 0x50002, 0, 0, 1}};\n\
         __declspec(dllexport) int DriverProc(void) {{ return 1; }}\n{DLL_MAIN}"
    );
    for (target, directories) in [(Target::Windows32, 96), (Target::Windows64, 112)] {
        let mut image = fs::read(compiled_text("managed", &text, target)).unwrap();
        let file = opendriver_pe::File::parse(&image).unwrap();
        let export = file.exports().unwrap().by_name("header").unwrap().target;
        let opendriver_pe::Target::Rva(rva) = export else {
            panic!("{export:?}")
        };
        let at = headers_of(&image) + 24 + directories + 8 * 14;
        image[at..at + 4].copy_from_slice(&rva.to_le_bytes());
        image[at + 4..at + 8].copy_from_slice(&72_u32.to_le_bytes());
        let (_folder, path) = written("managed.dll", &image);
        let error = assert_no_driver(&manager(), &path);
        assert!(error.to_string().contains("a .NET assembly"), "{error}");
    }
}

/// Linkers that leave a long program for DOS in front of the image exist.
#[test]
fn headers_may_lie_far_behind_the_beginning() {
    for target in [Target::Windows32, Target::Windows64] {
        let image = fs::read(compiled("logging", target)).unwrap();
        let (from, sections) = (headers_of(&image), 20 * 512);
        let size = |at: usize| u32::from_le_bytes(image[at..at + 4].try_into().unwrap());
        let (aligned, headers) = (size(from + 24 + 36) as usize, size(from + 24 + 60) as usize);
        assert_eq!(sections % aligned, 0);
        // The headers move to 8 KiB, into the image's first page no more, and everything behind them as far.
        let far = 8192;
        let mut moved = image[..0x40].to_vec();
        moved[0x3c..0x40].copy_from_slice(&(far as u32).to_le_bytes());
        moved.resize(far, 0);
        moved.extend(&image[from..headers]);
        moved.resize(sections, 0);
        moved.extend(&image[headers..]);
        let count = u16::from_le_bytes(image[from + 6..from + 8].try_into().unwrap());
        let optional = u16::from_le_bytes(image[from + 20..from + 22].try_into().unwrap());
        for index in 0..usize::from(count) {
            let at = far + 24 + usize::from(optional) + 40 * index + 20;
            let place = u32::from_le_bytes(moved[at..at + 4].try_into().unwrap());
            if place != 0 {
                let place = place + (sections - headers) as u32;
                moved[at..at + 4].copy_from_slice(&place.to_le_bytes());
            }
        }
        let (_folder, file) = written("far.dll", &moved);
        let manager = manager();
        let instance = manager.open(file.to_str().unwrap()).unwrap();
        assert_eq!(instance.send(Message::DRV_USER, 5, 7).unwrap(), 12);
        instance.close(0, 0).unwrap();
    }
}

/// What the headers lie about may be where the code is, so each open happens in a process that it may not end.
#[test]
fn an_image_that_lies_in_any_byte_of_its_headers_works_or_is_refused() {
    const TEST: &str = "an_image_that_lies_in_any_byte_of_its_headers_works_or_is_refused";
    const IMAGE: &str = "OPENDRIVER_TEST_IMAGE";
    if let Ok(path) = std::env::var(IMAGE) {
        return lie_everywhere(Path::new(&path));
    }
    let text = format!(
        "__declspec(dllexport) int __stdcall DriverProc(void *i, void *h, unsigned m, void *a, void *b)\n\
         {{ (void)i, (void)h, (void)m, (void)a, (void)b; return 1; }}\n{DLL_MAIN}"
    );
    for target in [Target::Windows32, Target::Windows64] {
        // What would spin for ever ends with a signal.
        let child = std::process::Command::new("sh")
            .args(["-c", "ulimit -c 0; ulimit -t 120; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture"])
            .env(IMAGE, compiled_text("small", &text, target))
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap();
        let output = [child.stdout, child.stderr].concat();
        let output = String::from_utf8_lossy(&output);
        let last = output.lines().rev().take(20).collect::<Vec<_>>();
        assert!(
            child.status.success(),
            "{target:?}: {} {last:#?}",
            child.status
        );
    }
}

fn lie_everywhere(path: &Path) {
    let truth = fs::read(path).unwrap();
    let headers = headers_of(&truth);
    let length = opendriver_pe::File::parse(&truth).unwrap().headers_size() as usize;
    let manager = manager();
    let (mut working, mut refused) = (0, 0);
    for at in (0..0x40).chain(headers..length) {
        for value in [0, 0x7f, 0xff, truth[at] ^ 4] {
            if value == truth[at] {
                continue;
            }
            let mut lie = truth.clone();
            lie[at] = value;
            println!("{value:#x} at {at:#x}");
            let (_folder, file) = written("lie.dll", &lie);
            let opened = manager.open(file.to_str().unwrap());
            match opened.and_then(|instance| instance.send(Message::DRV_USER, 0, 0)) {
                Ok(_) => working += 1,
                Err(error) => {
                    assert!(
                        matches!(error.blame(), Blame::File | Blame::Broke | Blame::Refused),
                        "{error:?}"
                    );
                    refused += 1;
                }
            }
        }
    }
    assert!(working > 100 && refused > 100, "{working} {refused}");
}
