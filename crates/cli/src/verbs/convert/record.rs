//! What is kept of a conversion while it runs, for the report and for those who watch.

use std::io::{self, Write as _};

use anstyle::AnsiColor;
use opendriver_codec::convert::{Listener, Piece, Warning};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::progress::{Progress, Unit};
use crate::digest::Hash;
use crate::printer;

/// How many warnings are kept and printed; a broken file may be worth one for each of its frames.
const WARNINGS: usize = 1000;

/// What was heard of a conversion.
pub(super) struct Record {
    pub(super) progress: Progress,
    /// The stream that the progress is counted in, and how.
    pub(super) counted: Option<(usize, Unit)>,
    /// The pieces of each stream, where they are wanted.
    pub(super) streams: Option<Vec<Pieces>>,
    pub(super) warnings: Vec<String>,
    pub(super) overruns: Vec<String>,
    pub(super) warned: u64,
    quiet: bool,
}

/// What was converted of one stream.
#[derive(Default)]
pub(super) struct Pieces {
    pub(super) pieces: Vec<PieceRecord>,
    pub(super) whole: Sha256,
}

/// A frame or a piece of sound, as the report has it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct PieceRecord {
    number: u64,
    offset: u64,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<bool>,
    sha256: Hash,
}

impl Record {
    /// Hears, and keeps pieces where they are `wanted`.
    pub(super) fn new(wanted: bool, quiet: bool) -> Self {
        Self {
            progress: Progress::hidden(),
            counted: None,
            streams: wanted.then(Vec::new),
            warnings: Vec::new(),
            overruns: Vec::new(),
            warned: 0,
            quiet,
        }
    }

    fn keep(&mut self, piece: &Piece<'_>) {
        let Some(streams) = &mut self.streams else {
            return;
        };
        if streams.len() <= piece.stream {
            streams.resize_with(piece.stream + 1, Pieces::default);
        }
        let Pieces { pieces, whole } = &mut streams[piece.stream];
        whole.update(piece.bytes);
        pieces.push(PieceRecord {
            number: piece.number,
            offset: piece.offset,
            bytes: piece.bytes.len(),
            key: piece.key,
            sha256: Hash::of(piece.bytes),
        });
    }
}

impl Listener for Record {
    fn piece(&mut self, piece: &Piece<'_>) {
        match self.counted {
            Some((stream, Unit::Frames)) if stream == piece.stream => self.progress.advance(1),
            Some((stream, Unit::Bytes)) if stream == piece.stream => {
                self.progress.advance(piece.bytes.len() as u64);
            }
            _ => {}
        }
        self.keep(piece);
    }

    fn warning(&mut self, warning: &Warning) {
        self.warned += 1;
        if self.warnings.len() == WARNINGS {
            return;
        }
        let text = warning.to_string();
        if !self.quiet {
            let stderr = io::stderr();
            let colour = printer::allows_colour(&stderr);
            let label = printer::paint(colour, AnsiColor::Yellow.on_default().bold(), "warning:");
            // A standard error that cannot be written to leaves nobody to tell.
            self.progress
                .aside(|| drop(writeln!(io::stderr(), "{label} {text}")));
        }
        if matches!(warning, Warning::Overrun { .. }) {
            self.overruns.push(text.clone());
        }
        self.warnings.push(text);
    }
}
