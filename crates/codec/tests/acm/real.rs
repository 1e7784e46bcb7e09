//! The audio codecs of Wine, which `cargo xtask drivers` fetches.

use std::path::Path;

use opendriver::Manager;

/// Those that are to work wholly.
pub(crate) const DRIVERS: [&str; 5] = [
    "imaadp32.acm",
    "l3codeca.acm",
    "msadp32.acm",
    "msg711.acm",
    "msgsm32.acm",
];

/// A manager that finds them by their names.
///
/// # Panics
/// With the command that fetches them, when one is not there.
pub(crate) fn manager() -> Manager {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../drivers/x86_64");
    for driver in DRIVERS {
        let path = folder.join(driver);
        assert!(
            path.is_file(),
            "{} is missing; get it with: cargo xtask drivers",
            path.display()
        );
    }
    Manager::builder()
        .builtin(pcm::driver())
        .search_path(folder)
        .guarded_blocks(true)
        .trust_foreign_code()
        .build()
}
