//! Drivers that need other libraries, which may be there, lack a function, or be missing.

use std::fs;
use std::path::{Path, PathBuf};

use opendriver::{Blame, Error, Instance, Manager};
use opendriver_abi::Message;
use opendriver_tests::compilers::{Width, gcc, windows};
use opendriver_tests::in_both_widths;
use tempfile::TempDir;

/// A driver that asks a function of another library when it gets a message of its own.
const DRIVER: &str = r#"
#include "opendriver-driver.h"
#ifdef _WIN32
__declspec(dllimport)
#endif
int help(int);
OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    switch (message) {
    case DRV_OPEN:
    case DRV_CLOSE: return 1;
    case DRV_USER:  return help((int)lparam1);
    default:        return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
    }
}
"#;

/// A folder with a driver `user.dll` that imports `help` from `helper.dll`, which is not there yet.
fn driver(width: Width) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("user.c"), DRIVER).unwrap();
    let library = at("libhelper.a");
    let implib = format!("-Wl,--out-implib,{}", library.display());
    dll(
        width,
        folder.path(),
        "helper",
        "__declspec(dllexport) int help(int n) { return n; }",
        &[&implib],
    );
    fs::remove_file(at("helper.dll")).unwrap();
    let user = at("user.dll");
    let library = library.to_str().unwrap();
    windows(
        width,
        &[at("user.c").to_str().unwrap()],
        &user,
        &["-shared", "-Iinclude", library],
    );
    (folder, user)
}

/// Makes a DLL of C text.
fn dll(width: Width, folder: &Path, name: &str, text: &str, flags: &[&str]) {
    let source = folder.join(format!("{name}.c"));
    fs::write(&source, text).unwrap();
    let to = folder.join(format!("{name}.dll"));
    windows(
        width,
        &[source.to_str().unwrap()],
        &to,
        &[&["-shared"], flags].concat(),
    );
}

fn open(manager: &Manager, file: &Path) -> Result<Instance, Error> {
    manager.open(file.to_str().unwrap())
}

fn manager() -> Manager {
    Manager::builder().trust_foreign_code().build()
}

in_both_widths! {
    a_dll_that_is_missing_is_an_error_that_names_it
    a_dll_beside_the_driver_is_found
    a_dll_in_the_search_path_is_found
    a_function_that_a_dll_lacks_is_an_error_that_names_both
    a_function_that_windows_has_and_we_lack_fails_when_it_is_called
    dlls_that_import_each_other_are_loaded_once
    a_forwarded_function_is_followed
}

fn a_dll_that_is_missing_is_an_error_that_names_it(width: Width) {
    let (_folder, user) = driver(width);
    let manager = manager();
    let error = open(&manager, &user).unwrap_err();
    assert_eq!(error.blame(), Blame::File);
    let said = said(&error);
    assert!(
        said.contains("user.dll") && said.contains("helper.dll"),
        "{said}"
    );
    assert!(manager.modules().is_empty());
}

fn a_dll_beside_the_driver_is_found(width: Width) {
    let (folder, user) = driver(width);
    dll(
        width,
        folder.path(),
        "helper",
        "__declspec(dllexport) int help(int n) { return n + 1; }",
        &[],
    );
    let manager = manager();
    let instance = open(&manager, &user).unwrap();
    assert_eq!(instance.send(Message::DRV_USER, 41, 0).unwrap(), 42);
}

fn a_dll_in_the_search_path_is_found(width: Width) {
    let (_folder, user) = driver(width);
    let elsewhere = tempfile::tempdir().unwrap();
    let text = "__declspec(dllexport) int help(int n) { return n + 2; }";
    dll(width, elsewhere.path(), "helper", text, &[]);
    let manager = Manager::builder()
        .trust_foreign_code()
        .search_path(elsewhere.path())
        .build();
    let instance = open(&manager, &user).unwrap();
    assert_eq!(instance.send(Message::DRV_USER, 40, 0).unwrap(), 42);
}

fn a_function_that_a_dll_lacks_is_an_error_that_names_both(width: Width) {
    let (folder, user) = driver(width);
    dll(
        width,
        folder.path(),
        "helper",
        "__declspec(dllexport) int other(void) { return 1; }",
        &[],
    );
    let manager = manager();
    let error = open(&manager, &user).unwrap_err();
    assert_eq!(error.blame(), Blame::File);
    let said = said(&error);
    assert!(
        said.contains("helper.dll") && said.contains("help"),
        "{said}"
    );
    assert!(manager.modules().is_empty());
}

fn a_function_that_windows_has_and_we_lack_fails_when_it_is_called(width: Width) {
    let (folder, _) = driver(width);
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // An import library for a function that no kernel32 has.
    let implib = format!("-Wl,--out-implib,{}", at("libkernel32.a"));
    dll(
        width,
        folder.path(),
        "kernel32",
        "__declspec(dllexport) int help(int n) { return n; }",
        &[&implib],
    );
    fs::remove_file(at("kernel32.dll")).unwrap();
    let user = folder.path().join("asks.dll");
    windows(
        width,
        &[&at("user.c")],
        &user,
        &["-shared", "-Iinclude", &at("libkernel32.a")],
    );
    let manager = manager();
    let instance = open(&manager, &user).unwrap();
    assert_eq!(
        instance.send(Message::DRV_INSTALL, 0, 0).unwrap(),
        1,
        "the rest works"
    );
    let error = instance.send(Message::DRV_USER, 1, 0).unwrap_err();
    assert_eq!(error.blame(), Blame::Broke);
    assert!(
        error
            .to_string()
            .contains("kernel32.dll!help is not implemented"),
        "{error}"
    );
}

fn dlls_that_import_each_other_are_loaded_once(width: Width) {
    let (folder, user) = driver(width);
    let helper = "__declspec(dllexport) int help(int n) { return n + 1; }";
    let with_back = "__declspec(dllimport) int back(int);\n\
                     __declspec(dllexport) int help(int n) { return n > 0 ? back(n) : 7; }";
    let back = "__declspec(dllimport) int help(int);\n\
                __declspec(dllexport) int back(int n) { return help(n - 1); }";
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // `back` first binds to a helper without the cycle, whose import library stays the same.
    let implib = format!("-Wl,--out-implib,{}", at("libhelper.a"));
    dll(width, folder.path(), "helper", helper, &[&implib]);
    let implib = format!("-Wl,--out-implib,{}", at("libback.a"));
    dll(
        width,
        folder.path(),
        "back",
        back,
        &[&at("libhelper.a"), &implib],
    );
    dll(
        width,
        folder.path(),
        "helper",
        with_back,
        &[&at("libback.a")],
    );
    let manager = manager();
    let instance = open(&manager, &user).unwrap();
    assert_eq!(instance.send(Message::DRV_USER, 5, 0).unwrap(), 7);
    instance.close(0, 0).unwrap();
}

fn a_forwarded_function_is_followed(width: Width) {
    let (folder, user) = driver(width);
    let definition = folder.path().join("helper.def");
    fs::write(&definition, "EXPORTS\nhelp = deeper.deep\n").unwrap();
    let definition = definition.to_str().unwrap();
    dll(
        width,
        folder.path(),
        "helper",
        "int nothing;",
        &[definition],
    );
    dll(
        width,
        folder.path(),
        "deeper",
        "__declspec(dllexport) int deep(int n) { return n * 2; }",
        &[],
    );
    let manager = manager();
    let instance = open(&manager, &user).unwrap();
    assert_eq!(instance.send(Message::DRV_USER, 21, 0).unwrap(), 42);
}

#[test]
fn what_an_image_imports_is_looked_for_among_functions_for_its_width() {
    use opendriver_win32::Source;

    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // 64-bit compilers have an instruction for it, and so 64-bit Windows has no such function.
    let name = "InterlockedIncrement";
    let declared = format!("long __stdcall {name}(volatile long *at)");
    let (library, user) = (at("kernel32.c"), at("user.c"));
    let text = format!("__declspec(dllexport) {declared} {{ return *at; }}");
    fs::write(&library, text).unwrap();
    let using = format!(
        "__declspec(dllimport) {declared};\n\
         __declspec(dllexport) long use(volatile long *at) {{ return {name}(at); }}"
    );
    fs::write(&user, using).unwrap();
    let implib = format!("-Wl,--out-implib,{}", at("libkernel32.a"));
    let provider = at("kernel32.dll");
    let flags = ["-shared", "-fno-builtin", &implib];
    windows(Width::W64, &[&library], provider.as_ref(), &flags);
    fs::remove_file(&provider).unwrap();
    let (known, made) = ("-lkernel32", at("libkernel32.a"));
    for (width, import_library, found, wanted) in [
        (
            Width::W32,
            known,
            opendriver_win32::Width::Bits32,
            Source::Shim,
        ),
        (
            Width::W64,
            &made,
            opendriver_win32::Width::Bits64,
            Source::Missing,
        ),
    ] {
        let driver = at("use.dll");
        let flags = ["-shared", "-nostdlib", "-Wl,-e,0", import_library];
        windows(width, &[&user], driver.as_ref(), &flags);
        let imports = opendriver_win32::imports(driver.as_ref(), &[]).unwrap();
        assert_eq!(imports.width, found);
        let import = imports.entries.iter().find(|import| import.symbol == name);
        assert_eq!(import.unwrap().source, wanted);
    }
}

#[test]
fn a_shared_object_with_an_unknown_symbol_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let [source, user] = ["user.c", "user.so"].map(|name| folder.path().join(name));
    fs::write(&source, DRIVER).unwrap();
    gcc(
        &[source.to_str().unwrap()],
        &user,
        &["-shared", "-fPIC", "-Iinclude"],
    );
    let manager = manager();
    let error = open(&manager, &user).unwrap_err();
    assert_eq!(error.blame(), Blame::File);
    let said = said(&error);
    assert!(said.contains("user.so") && said.contains("help"), "{said}");
    assert!(manager.modules().is_empty());
}

/// The error with its causes.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    text
}
