//! The report: what became of what, by which drivers, as JSON.

use std::path::Path;

use opendriver::ModuleInfo;
use opendriver_codec::convert::{Format, Step, Track, Way, Written};
use serde::Serialize;
use sha2::Digest as _;

use super::record::{PieceRecord, Pieces};
use super::scratch::Scratch;
use super::target::{Target, Unwritable};
use crate::describe::{Facts, VersionFacts};
use crate::digest::{Hash, hex};

/// All that there is to say of a conversion.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    /// What made it.
    pub(super) tool: String,
    /// The command line.
    pub(super) command: Vec<String>,
    /// What was read.
    pub(super) input: FileFacts,
    /// What was written; none where that did not begin.
    pub(super) output: Option<FileFacts>,
    /// What the video codec was given as its state; none where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<FileFacts>,
    /// Whether all of the input was converted.
    pub(super) complete: bool,
    /// Whether somebody stopped it.
    pub(super) interrupted: bool,
    /// What went wrong, and the causes of that.
    pub(super) faults: Vec<String>,
    pub(super) warnings: &'a [String],
    /// How many warnings there were; the first thousand are listed.
    pub(super) warning_count: u64,
    pub(super) overruns: &'a [String],
    pub(super) drivers: Vec<DriverFacts>,
    pub(super) streams: Vec<StreamFacts<'a>>,
}

/// A file, as it was read or written.
#[derive(Clone, Serialize)]
pub(super) struct FileFacts {
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<Hash>,
}

impl FileFacts {
    /// Of a file with this hash and length, as far as they are known.
    pub(super) fn of(path: &Path, hash: Option<(Hash, u64)>) -> Self {
        Self {
            path: path.display().to_string(),
            size: hash.map(|(_, size)| size),
            sha256: hash.map(|(hash, _)| hash),
        }
    }
}

/// A driver that had a part in it.
#[derive(Serialize)]
pub(super) struct DriverFacts {
    name: String,
    module: String,
    kind: &'static str,
    /// How wide its addresses are.
    bits: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<VersionFacts>,
}

/// A stream, and what became of it.
#[derive(Serialize)]
pub(super) struct StreamFacts<'a> {
    stream: usize,
    way: &'static str,
    from: FormatFacts,
    to: FormatFacts,
    steps: Vec<StepFacts<'a>>,
    pieces: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Hash>,
    /// Frames, or pieces of sound, with a hash of each.
    converted: &'a [PieceRecord],
}

/// A format, in words and whole.
#[derive(Serialize)]
struct FormatFacts {
    text: String,
    hex: String,
}

/// One driver's part.
#[derive(Serialize)]
struct StepFacts<'a> {
    driver: Option<&'a str>,
    from: FormatFacts,
    to: FormatFacts,
}

impl FormatFacts {
    fn of(format: &Format) -> Self {
        Self {
            text: format.to_string(),
            hex: hex(format.as_bytes()),
        }
    }
}

impl DriverFacts {
    /// Those of all steps, each module once.
    pub(super) fn of_all(tracks: &[Track]) -> Vec<Self> {
        let mut seen: Vec<&ModuleInfo> = Vec::new();
        let mut facts = Vec::new();
        for step in tracks.iter().flat_map(|track| &track.steps) {
            let Some(module) = &step.module else { continue };
            if seen
                .iter()
                .any(|known| known.name == module.name && known.path == module.path)
            {
                continue;
            }
            seen.push(module);
            facts.push(Self::of(step, module));
        }
        facts
    }

    fn of(step: &Step, module: &ModuleInfo) -> Self {
        let path = module.path.as_deref();
        Self {
            name: step.driver.clone().unwrap_or_default(),
            module: module.name.clone(),
            kind: module.kind,
            bits: module.width.bits(),
            path: path.map(|path| path.display().to_string()),
            // The file may have gone since it was loaded; then there is nothing to say of it.
            sha256: path.and_then(|path| Some(Hash::of_file(path).ok()?.0)),
            version: path.and_then(|path| Facts::read(path).ok()?.version),
        }
    }
}

impl<'a> StreamFacts<'a> {
    pub(super) fn of(track: &'a Track, written: Written, pieces: Option<&'a Pieces>) -> Self {
        let steps = track.steps.iter().map(|step| StepFacts {
            driver: step.driver.as_deref(),
            from: FormatFacts::of(&step.from),
            to: FormatFacts::of(&step.to),
        });
        Self {
            stream: track.stream,
            way: word(track.way),
            from: FormatFacts::of(&track.from),
            to: FormatFacts::of(&track.to),
            steps: steps.collect(),
            pieces: written.pieces,
            bytes: written.bytes,
            sha256: pieces.map(|pieces| Hash::from(pieces.whole.clone().finalize())),
            converted: pieces.map_or(&[], |pieces| &pieces.pieces),
        }
    }
}

/// What becomes of a stream, in a word.
pub(super) fn word(way: Way) -> &'static str {
    match way {
        Way::Convert => "convert",
        Way::Copy => "copy",
        Way::Drop => "drop",
    }
}

impl Report<'_> {
    /// Writes it into a file, whole or not at all.
    pub(super) fn write(&self, path: &Path, scratch: &Scratch) -> Result<(), Unwritable> {
        Target::write(path, scratch, |to| {
            serde_json::to_writer_pretty(&mut *to, self)?;
            to.write_all(b"\n")
        })
    }
}
