//! Values come and go between drivers and Windows' functions as on Wine, in both widths.

use std::path::Path;

use opendriver::{Manager, Registry};
use opendriver_abi::Message;
use opendriver_tests::compilers::{self, Width};
use opendriver_tests::wine::Wine;
use similar::TextDiff;

const SOURCE: &[&str] = &["tests/fixtures/calls.c"];
const FLAGS: &[&str] = &["-std=gnu99", "-static-libgcc", "-lwinmm", "-ladvapi32"];

/// What the calls of the fixture answer on Wine.
fn on_wine(width: Width, folder: &Path) -> String {
    let program = folder.join("calls.exe");
    let flags = [&["-DPROGRAM"], FLAGS].concat();
    compilers::windows(width, SOURCE, &program, &flags);
    let (status, said) = Wine::prepared().run(folder, &program, [""; 0]);
    assert!(status.success(), "{status}: {said}");
    said.replace('\r', "")
}

/// What they answer here.
fn here(width: Width, folder: &Path) -> String {
    let driver = folder.join("calls.dll");
    compilers::windows(width, SOURCE, &driver, &[&["-shared"], FLAGS].concat());
    let manager = Manager::builder()
        .trust_foreign_code()
        .registry(Registry::in_memory())
        .build();
    let instance = manager.open(driver.to_str().unwrap()).unwrap();
    let room = 16384;
    let block = instance.memory().unwrap().allocate(room).unwrap();
    let said = instance
        .send(Message::DRV_USER, block.address(), room as isize)
        .unwrap();
    let text = String::from_utf8_lossy(&block[..said as usize]).into_owned();
    instance.close(0, 0).unwrap();
    text
}

fn compare(width: Width) {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (on_wine(width, folder.path()), here(width, folder.path()));
    assert!(theirs.lines().count() > 70, "{theirs}");
    if ours != theirs {
        let difference = TextDiff::from_lines(&theirs, &ours);
        panic!("{}", difference.unified_diff().header("Wine", "ours"));
    }
}

#[test]
fn calls_of_64_bit_drivers_answer_as_on_wine() {
    compare(Width::W64);
}

#[test]
fn calls_of_32_bit_drivers_answer_as_on_wine() {
    compare(Width::W32);
}
