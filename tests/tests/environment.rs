//! The process as a driver finds it that looks past every function, and as Wine shows it.

use opendriver::Manager;
use opendriver_abi::Message;
use opendriver_tests::compilers::compile;
use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::wine::Wine;

/// What the driver finds here.
fn found(target: Target) -> String {
    let file = compiled("environment", target);
    let manager = Manager::builder().trust_foreign_code().build();
    let instance = manager.open(file.to_str().unwrap()).unwrap();
    let text = instance.memory().unwrap().allocate(4096).unwrap();
    let address = text.address();
    let length = instance.send(Message::DRV_USER, address, 4096).unwrap();
    // A second look, on a thread that came when the driver was there already.
    let again = std::thread::scope(|scope| {
        let look = || instance.send(Message::DRV_USER, address, 4096).unwrap();
        scope.spawn(look).join().unwrap()
    });
    assert_eq!(again, length);
    String::from_utf8(text[..length as usize].to_vec()).unwrap()
}

fn assert_found_as_on_wine(target: Target, compiler: &str, package: &str) {
    let found = found(target);
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("environment.exe");
    let source = "tests/fixtures/environment.c";
    compile(
        compiler,
        package,
        &[source],
        &program,
        &["-std=gnu99", "-DPROGRAM"],
    );
    let (status, said) = Wine::prepared().run(folder.path(), &program, [""; 0]);
    assert!(status.success(), "{status}: {said}");
    assert_eq!(found, said.replace('\r', ""));
    assert!(found.lines().count() > 20, "{found}");
    assert!(found.lines().all(|line| line.ends_with(": yes")), "{found}");
}

#[test]
fn a_32_bit_driver_finds_its_process_where_windows_has_it() {
    assert_found_as_on_wine(
        Target::Windows32Crt,
        "i686-w64-mingw32-gcc",
        "gcc-mingw-w64-i686-win32",
    );
}

#[test]
fn a_64_bit_driver_finds_its_process_where_windows_has_it() {
    assert_found_as_on_wine(
        Target::Windows64Crt,
        "x86_64-w64-mingw32-gcc",
        "gcc-mingw-w64-x86-64-win32",
    );
}
