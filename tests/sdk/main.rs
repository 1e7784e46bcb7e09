//! Drivers in Rust as their authors ship them: as shared objects and as DLLs of Windows, here and on Wine.

mod driver;

mod sound;

mod pictures;

mod pages;

use std::path::PathBuf;

use opendriver_tests::example;

/// The DLLs of the drivers that the tests open: a plain one, a codec of sound, one of pictures.
fn windows_dlls() -> [PathBuf; 3] {
    example::windows_dlls([
        ("opendriver-echo", "echo"),
        ("opendriver-sdk", "mulaw"),
        ("opendriver-sdk", "runs"),
    ])
}

/// The SDK's example in both forms.
fn both_forms(name: &str, dll: PathBuf) -> [PathBuf; 2] {
    [example::shared_object("opendriver-sdk", name), dll]
}

fn manager() -> opendriver::Manager {
    opendriver::Manager::builder()
        .trust_foreign_code()
        .guarded_blocks(true)
        .build()
}
