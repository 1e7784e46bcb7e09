//! Who hears what a conversion does.

use std::fmt;

use crate::file;

/// Hears what a conversion does, while it does it.
pub trait Listener {
    /// A frame, or a piece of sound, was converted and is about to be written.
    fn piece(&mut self, piece: &Piece<'_>) {
        let _ = piece;
    }

    /// Something is wrong that does not stop the conversion.
    fn warning(&mut self, warning: &Warning) {
        let _ = warning;
    }
}

/// Nobody.
impl Listener for () {}

/// A frame, or a piece of sound, as it goes into the target.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Piece<'a> {
    /// Which stream of the source, from 0.
    pub stream: usize,
    /// Which frame or piece of that stream, from 0.
    pub number: u64,
    /// Where it begins in the source's file.
    pub offset: u64,
    /// Whether it can be decoded without those before, where that is said.
    pub key: Option<bool>,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Something that is wrong and does not stop a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The source's file is broken, and what could be had of it was.
    Source(file::Warning),
    /// A driver wrote behind the end of what it was given.
    Overrun {
        /// Which stream.
        stream: usize,
        /// Which frame or piece of it.
        number: u64,
        /// Where and how far.
        what: String,
    },
    /// A frame or a piece is not as it should be.
    Piece {
        /// Which stream.
        stream: usize,
        /// Which frame or piece of it.
        number: u64,
        /// Where it begins in the source's file.
        offset: u64,
        /// What was expected and what was found.
        what: String,
    },
    /// A stream cannot be converted as it should be.
    Stream {
        /// Which stream.
        stream: usize,
        /// What is wrong.
        what: String,
    },
    /// A driver was named that none of the streams needs.
    Unused {
        /// The driver.
        driver: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(warning) => write!(f, "{warning}"),
            Self::Overrun {
                stream,
                number,
                what,
            } => write!(f, "stream {stream}, at {number}: {what}"),
            Self::Piece {
                stream,
                number,
                offset,
                what,
            } => write!(f, "stream {stream}, at {number} (offset {offset}): {what}"),
            Self::Stream { stream, what } => write!(f, "stream {stream}: {what}"),
            Self::Unused { driver } => {
                write!(
                    f,
                    "\"{driver}\" has nothing to do: no stream is of its class"
                )
            }
        }
    }
}
