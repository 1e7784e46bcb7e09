//! How far it is, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::summary::Counts;

/// A bar on standard error, where that is a terminal and somebody wants to see it.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// For so many files.
    pub(super) fn new(files: usize, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            // Hides itself where there is no terminal.
            ProgressDrawTarget::stderr()
        };
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} files, {msg}{eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(files as u64), target).with_style(style);
        // The first file may take long.
        bar.tick();
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// One more file has ended.
    pub(super) fn ended(&self, counts: Counts) {
        if counts.failed > 0 {
            self.0.set_message(format!("{} failed, ", counts.failed));
        }
        self.0.inc(1);
    }

    /// Says something above the bar.
    pub(super) fn above(&self, say: impl FnOnce()) {
        self.0.suspend(say);
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
