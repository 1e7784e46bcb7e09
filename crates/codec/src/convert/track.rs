//! What becomes of one stream.

use std::fmt;

use opendriver::ModuleInfo;

use super::Way;
use crate::{BitmapFormat, WaveFormat};

/// What becomes of one stream of the source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Track {
    /// Which stream of the source, from 0.
    pub stream: usize,
    /// Converted, copied, left out.
    pub way: Way,
    /// What the source has.
    pub from: Format,
    /// What the target gets; what the source has where it is left out.
    pub to: Format,
    /// How many frames or bytes of sound the source has, where it says.
    pub length: Option<u64>,
    /// Whether all of it is wanted, not only a range.
    pub is_whole: bool,
    /// Who makes one of the other, one after another.
    pub steps: Vec<Step>,
}

/// One driver's part in the conversion of a stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// The name that the driver was opened by; none of what is done without a driver.
    pub driver: Option<String>,
    /// The driver's module.
    pub module: Option<ModuleInfo>,
    /// What it takes.
    pub from: Format,
    /// What it gives.
    pub to: Format,
}

/// The format of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Pictures.
    Pictures(BitmapFormat),
    /// Sound.
    Sound(WaveFormat),
    /// Neither: subtitles, MIDI, data of somebody's own.
    Other(Vec<u8>),
}

impl Format {
    /// The format as files have it.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Pictures(format) => format.as_bytes(),
            Self::Sound(format) => format.as_bytes(),
            Self::Other(bytes) => bytes,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pictures(format) => format.fmt(f),
            Self::Sound(format) => format.fmt(f),
            Self::Other(_) => f.write_str("neither pictures nor sound"),
        }
    }
}
