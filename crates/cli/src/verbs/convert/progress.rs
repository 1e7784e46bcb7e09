//! How far a conversion is, for somebody who watches.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, where that is a terminal.
pub(super) struct Progress {
    bar: ProgressBar,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Pictures.
    Frames,
    /// Sound.
    Bytes,
}

impl Progress {
    /// Nothing to be seen.
    pub(super) fn hidden() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }

    /// A bar up to `total`, where that is known.
    pub(super) fn new(unit: Unit, total: Option<u64>, quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let count = match unit {
            Unit::Frames => "{pos}/{len} frames, {per_sec}, {eta} left",
            Unit::Bytes => {
                "{binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec}, {eta} left"
            }
        };
        let (template, total) = match total {
            Some(total) => (format!("{{wide_bar}} {count}"), total),
            None => {
                let open = count
                    .replace("/{len}", "")
                    .replace("/{binary_total_bytes}", "");
                (open.replace(", {eta} left", ", {elapsed}"), 0)
            }
        };
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(&template).expect("the templates are good"));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar }
    }

    /// So much more is done.
    pub(super) fn advance(&self, by: u64) {
        self.bar.inc(by);
    }

    /// Prints something without tearing the bar.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
