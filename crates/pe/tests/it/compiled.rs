//! A DLL that mingw's compiler, resource compiler and linker made, against what its sources say.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, process};

use opendriver_pe::{File, ImportKind, Placement, Symbol, Target, Width, map};

/// The DLL of `fixtures/whole.*`, built once a run.
pub(crate) fn dll() -> Vec<u8> {
    dll_of(Width::Bits64)
}

/// The same of either width.
pub(crate) fn dll_of(width: Width) -> Vec<u8> {
    static DLLS: [OnceLock<Vec<u8>>; 2] = [const { OnceLock::new() }; 2];
    DLLS[usize::from(width == Width::Bits64)]
        .get_or_init(|| build(width))
        .clone()
}

fn build(width: Width) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures");
    let (machine, entry) = match width {
        Width::Bits64 => ("x86_64", "-Wl,-e,DllMainCRTStartup"),
        Width::Bits32 => ("i686", "-Wl,--kill-at,-e,_DllMainCRTStartup@12"),
    };
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("whole-{machine}-{}", process::id()));
    fs::create_dir_all(&out).unwrap();
    let (object, dll) = (out.join("whole.o"), out.join("whole.dll"));
    run(Command::new(format!("{machine}-w64-mingw32-windres"))
        .arg(fixtures.join("whole.rc"))
        .arg(&object));
    run(Command::new(format!("{machine}-w64-mingw32-gcc"))
        .args(["-shared", "-nostdlib", "-s", "-O1", "-o"])
        .arg(&dll)
        .args([
            &fixtures.join("whole.c"),
            &object,
            &fixtures.join("whole.def"),
        ])
        .args([entry, "-lkernel32"]));
    let bytes = fs::read(&dll).unwrap();
    fs::remove_dir_all(&out).unwrap();
    bytes
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error} (install mingw-w64)"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn its_headers_and_sections_are_those_of_a_dll() {
    let bytes = dll();
    let file = File::parse(&bytes).unwrap();
    assert!(file.is_dll() && file.is_nx_compatible());
    let code = file
        .sections()
        .find(|section| section.name() == ".text")
        .unwrap();
    assert!(code.access.execute && !code.access.write);
    assert_eq!(file.section_at(file.entry().unwrap()), Some(code));
    let (_, size) = file.exception_table().unwrap().unwrap();
    assert!(size >= 12 && size % 12 == 0);
}

#[test]
fn its_imports_and_exports_are_those_of_its_sources() {
    let bytes = dll();
    let file = File::parse(&bytes).unwrap();
    let imports = file.imports().unwrap();
    let [kernel] = imports.as_slice() else {
        panic!("{imports:?}")
    };
    assert_eq!(
        (kernel.name, kernel.kind),
        ("KERNEL32.dll", ImportKind::Plain)
    );
    let mut names: Vec<_> = kernel
        .entries
        .iter()
        .map(|entry| entry.symbol.to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["GetTickCount", "lstrcpyA", "lstrlenA"]);

    let exports = file.exports().unwrap();
    assert_eq!(exports.name(), Some("whole.dll"));
    let ordinal = |name| exports.by_name(name).map(|export| export.ordinal);
    assert_eq!(ordinal("DriverProc"), Some(5));
    assert_eq!(ordinal("words_of"), Some(6));
    assert_eq!(ordinal("Hidden"), None);
    let target = |ordinal| exports.by_ordinal(ordinal).map(|export| export.target);
    assert_eq!(target(8), None);
    assert_eq!(target(9), target(6));
    let sleep = Target::Forward {
        dll: "kernel32",
        symbol: Symbol::Name("Sleep"),
    };
    assert_eq!(target(7), Some(sleep));
}

#[test]
fn its_thread_local_storage_is_found() {
    let bytes = dll();
    let file = File::parse(&bytes).unwrap();
    let tls = file.tls().unwrap().unwrap();
    let code = file
        .sections()
        .find(|section| section.name() == ".text")
        .unwrap();
    let [callback] = tls.callbacks[..] else {
        panic!("{tls:?}")
    };
    assert_eq!(file.section_at(callback), Some(code));
    assert_eq!(file.bytes("data", tls.data.start, 1).unwrap(), [1]);
    assert!(tls.index_rva.is_some());
}

#[test]
fn its_resources_are_found_by_name_and_language() {
    let bytes = dll();
    let resources = File::parse(&bytes).unwrap().resources().unwrap();
    let string = |id, language| resources.string(id, language).unwrap();
    assert_eq!(string(1, None).as_deref(), Some("first"));
    assert_eq!(string(1, Some(0x407)).as_deref(), Some("erste"));
    assert_eq!(string(17, None).as_deref(), Some("seventeenth"));
    assert_eq!(string(18, None).as_deref(), Some("Zwölf"));
    assert_eq!(string(2, None), None);
    assert_eq!(string(500, None), None);
    let greeting = resources.find("greeting", "CUSTOM", None).unwrap();
    assert_eq!(greeting, None);
    let greeting = resources.find("custom", "GREETING", None).unwrap().unwrap();
    assert_eq!(resources.data(&greeting).unwrap(), b"hello");
}

#[test]
fn its_version_information_is_that_of_its_sources() {
    let bytes = dll();
    let version = File::parse(&bytes)
        .unwrap()
        .resources()
        .unwrap()
        .version()
        .unwrap()
        .unwrap();
    let fixed = version.fixed.unwrap();
    assert_eq!((fixed.file, fixed.product), ([1, 2, 3, 4], [5, 6, 7, 8]));
    assert_eq!((fixed.kind, fixed.subkind), (3, 8));
    assert_eq!(version.string("filedescription"), Some("A compiled driver"));
    assert_eq!(version.translations, [(0x409, 1200)]);
    assert_eq!(version.tables[0].language, "040904b0");
}

#[test]
fn its_addresses_are_relocated_wherever_it_stands() {
    let bytes = dll();
    let file = File::parse(&bytes).unwrap();
    let own = map(&file, Placement::Anywhere).unwrap();
    let moved = map(&file, Placement::Below4G).unwrap();
    assert_ne!(own.base(), moved.base());
    let mut differences = 0;
    for section in file.sections() {
        let length = section.file_size.min(section.virtual_size) as usize;
        let here = own.slice(section.rva, length).unwrap();
        let there = moved.slice(section.rva, length).unwrap();
        for (here, there) in here.as_chunks::<8>().0.iter().zip(there.as_chunks::<8>().0) {
            let (here, there) = (u64::from_le_bytes(*here), u64::from_le_bytes(*there));
            if here != there {
                let by = (moved.base() as u64).wrapping_sub(own.base() as u64);
                assert_eq!(there.wrapping_sub(here), by);
                differences += 1;
            }
        }
    }
    // Three words, one callback, the four addresses of the thread-local storage directory.
    assert_eq!(differences, 8);
}
