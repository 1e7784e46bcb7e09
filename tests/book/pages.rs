//! The pages of the book, and who runs what they show.

use opendriver::Width;
use opendriver_tests::media::{self, Sound, Tone};

use crate::place::Place;

/// How a page is tested.
pub(crate) enum Run {
    /// Here, in a place that is prepared for it.
    Here(fn(&Place)),
    /// In other tests, which name the page.
    In(&'static [&'static str]),
    /// Its commands measure, which no test does: that there is such a measurement is all that is tested.
    Measured,
    /// It shows nothing that could be run.
    Prose,
}

/// Every page but the list of pages.
pub(crate) const PAGES: &[(&str, Run)] = &[
    ("introduction.md", Run::Prose),
    ("first-five-minutes.md", Run::Here(five_minutes)),
    ("concepts.md", Run::Here(|_| {})),
    ("codecs.md", Run::In(&["crates/cli/tests/cli/pages.rs"])),
    ("batch.md", Run::In(&["crates/cli/tests/cli/schedulers.rs"])),
    ("drv.md", Run::In(&["crates/cli/tests/cli/pages.rs"])),
    (
        "registry.md",
        Run::In(&["crates/host/tests/registry_model.rs"]),
    ),
    (
        "our-drivers.md",
        Run::In(&["crates/cli/tests/cli/pages.rs"]),
    ),
    ("installing.md", Run::In(&["xtask/src/dist/page.rs"])),
    ("troubleshooting.md", Run::Prose),
    ("faults.md", Run::Prose),
    ("hosting-c.md", Run::In(&["tests/clients/pages.rs"])),
    ("hosting-csharp.md", Run::In(&["tests/clients/pages.rs"])),
    ("hosting-python.md", Run::In(&["tests/clients/pages.rs"])),
    ("writing-drivers.md", Run::In(&["tests/sdk/pages.rs"])),
    ("acm-drivers.md", Run::In(&["tests/sdk/pages.rs"])),
    ("vfw-drivers.md", Run::In(&["tests/sdk/pages.rs"])),
    ("hosting-rust.md", Run::In(&["tests/src/lib.rs"])),
    ("c-api.md", Run::Here(|_| {})),
    ("winmm.md", Run::Here(|_| {})),
    ("msacm32.md", Run::Here(|_| {})),
    (
        "msvfw32.md",
        Run::Here(|place| place.driver("iccvid.dll", Width::W32)),
    ),
    ("c-drivers.md", Run::In(&["crates/cli/tests/cli/pages.rs"])),
    ("performance.md", Run::Measured),
    ("rules.md", Run::Prose),
    ("errors.md", Run::Prose),
    ("drivers.md", Run::Prose),
    ("win32.md", Run::Prose),
    ("exactness.md", Run::Prose),
];

fn five_minutes(place: &Place) {
    place.driver("msadp32.acm", Width::W32);
    place.driver("iccvid.dll", Width::W64);
    place.driver("msgsm32.acm", Width::W64);
    let call = Tone {
        channels: 1,
        rate: 8000,
        samples: 24_000,
    };
    place.copy(&media::sound(Sound::Gsm, call), "call.wav");
}
