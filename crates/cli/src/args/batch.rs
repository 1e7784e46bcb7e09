//! What can be typed after `drv convert --batch`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::batch::Shard;

/// Many files instead of one.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options for many files")]
pub(crate) struct Batch {
    /// Convert many files: those of a list, or those below a folder
    ///
    /// A list has one path a line, and may have the name of its target below --out after a tab; "-" is standard input. Of a folder, every file is taken that begins or ends as AVI or WAV, at any depth.
    ///
    /// Each file runs in a process of its own, with a report beside its target (NAME.report.json). A file whose report says that it is done, with the same options, driver and bytes, is skipped.
    #[arg(long, value_name = "LIST|DIR", value_hint = ValueHint::AnyPath, requires = "out", conflicts_with_all = ["input", "output", "report", "save_state"])]
    pub(crate) batch: Option<PathBuf>,

    /// Folder for the targets, which lie in it as their files do in theirs
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "batch")]
    pub(crate) out: Option<PathBuf>,

    /// How many files to convert at once [default: one for each processor]
    #[arg(long, value_name = "N", requires = "batch")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Take only part I of N, counted from 0: one for each machine
    ///
    /// The name of a file decides which part it is in, so that files that come or go move no others.
    #[arg(long, value_name = "I/N", requires = "batch")]
    pub(crate) shard: Option<Shard>,

    /// Give up a file after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), requires = "batch")]
    pub(crate) timeout: Option<u64>,

    /// Write into this file, as JSON, what became of every file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "batch")]
    pub(crate) summary: Option<PathBuf>,
}
