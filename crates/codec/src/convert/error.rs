//! Why a conversion did not come to its end.

use std::io;

use opendriver::Blame;

use super::{Kind, Warning};
use crate::{acm, file, vfw};

/// Why a conversion did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be read.
    #[error("cannot read the source")]
    Source(#[source] file::Error),
    /// The target cannot be written.
    #[error("cannot write the target")]
    Target(#[source] file::Error),
    /// No stream of the source goes into the target.
    #[error("the source has no stream for a file of the kind {kind}: it has {found}")]
    Nothing {
        /// What was to be written.
        kind: Kind,
        /// What the source has.
        found: String,
    },
    /// A driver was named that cannot be opened.
    #[error(transparent)]
    Driver(opendriver::Error),
    /// It cannot be read which audio codecs are installed.
    #[error("cannot look for an audio codec")]
    Drivers {
        /// Why not.
        source: Box<acm::Error>,
    },
    /// It cannot be read which video codecs are installed.
    #[error("cannot look for a video codec")]
    Codecs {
        /// Why not.
        source: Box<vfw::Error>,
    },
    /// A driver was named that is neither an audio codec nor a video codec.
    #[error("\"{driver}\" is no codec: as an audio codec, {sound}; as a video codec, {pictures}")]
    NoCodec {
        /// The driver.
        driver: String,
        /// Why it is no audio codec.
        sound: Box<acm::Error>,
        /// Why it is no video codec.
        pictures: Box<vfw::Error>,
    },
    /// No driver converts a stream of sound.
    #[error("cannot convert stream {stream}")]
    Sound {
        /// Which stream, from 0.
        stream: usize,
        /// Why not.
        source: Box<acm::Error>,
    },
    /// No driver converts a stream of pictures.
    #[error("cannot convert stream {stream}")]
    Pictures {
        /// Which stream, from 0.
        stream: usize,
        /// Why not.
        source: Box<vfw::Error>,
    },
    /// What is wished cannot be had of a stream.
    #[error("cannot convert stream {stream}: {what}")]
    Wish {
        /// Which stream, from 0.
        stream: usize,
        /// What is wished and why it cannot be had.
        what: String,
    },
    /// A driver failed in the middle of a stream of sound.
    #[error("cannot convert stream {stream} at piece {number} (offset {offset})")]
    Piece {
        /// Which stream, from 0.
        stream: usize,
        /// Which piece of it, from 0.
        number: u64,
        /// Where the piece begins in the source's file.
        offset: u64,
        /// Why not.
        source: Box<acm::Error>,
    },
    /// A driver failed in the middle of a stream of pictures.
    #[error("cannot convert stream {stream} at frame {number} (offset {offset})")]
    Frame {
        /// Which stream, from 0.
        stream: usize,
        /// Which frame of it, from 0.
        number: u64,
        /// Where the frame begins in the source's file.
        offset: u64,
        /// Why not.
        source: Box<vfw::Error>,
    },
    /// A frame is no picture as its format says.
    #[error("cannot convert stream {stream} at frame {number} (offset {offset})")]
    Picture {
        /// Which stream, from 0.
        stream: usize,
        /// Which frame of it, from 0.
        number: u64,
        /// Where the frame begins in the source's file.
        offset: u64,
        /// What is wrong with it.
        source: file::Error,
    },
    /// There was a warning, and a warning was to be an error.
    #[error("{0}")]
    Strict(Warning),
}

impl Error {
    /// Says whose fault the error is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Source(_) | Self::Picture { .. } => Blame::File,
            Self::Target(_) => Blame::System,
            Self::Nothing { .. } | Self::Wish { .. } => Blame::Caller,
            Self::NoCodec {
                sound, pictures, ..
            } => match sound.blame() {
                Blame::Broke => Blame::Broke,
                _ => pictures.blame(),
            },
            Self::Driver(error) => error.blame(),
            Self::Drivers { source } | Self::Sound { source, .. } | Self::Piece { source, .. } => {
                source.blame()
            }
            Self::Codecs { source }
            | Self::Pictures { source, .. }
            | Self::Frame { source, .. } => source.blame(),
            Self::Strict(Warning::Overrun { .. }) => Blame::Broke,
            Self::Strict(_) => Blame::File,
        }
    }

    /// What the system said, where nobody reads the target any more.
    pub fn is_reader_gone(&self) -> bool {
        matches!(
            self,
            Self::Target(file::Error::Write { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe
        )
    }
}
