//! The audio codecs of Wine, which `cargo xtask drivers` fetches.

use opendriver::{Manager, Width};
use opendriver_tests::real;

/// Those that are to work wholly.
pub(crate) const DRIVERS: [&str; 5] = [
    "imaadp32.acm",
    "l3codeca.acm",
    "msadp32.acm",
    "msg711.acm",
    "msgsm32.acm",
];

/// A manager that finds those of a width by their names.
///
/// # Panics
/// With the command that fetches them, when one is not there.
pub(crate) fn manager(width: Width) -> Manager {
    Manager::builder()
        .builtin(pcm::driver())
        .search_path(real::folder(width))
        .guarded_blocks(true)
        .trust_foreign_code()
        .build()
}

/// Such a manager of each width.
pub(crate) fn managers() -> [Manager; 2] {
    Width::ALL.map(manager)
}
