//! Files that a conversion reads.

use std::io::{Cursor, Read as _};

use opendriver_abi::structures::FourCc;

use super::pictures::About;
use super::track::Format;
use crate::file::{self, Input, Warnings, wav};

/// How much sound of a WAV file is read at once, at most: a second of it, where that is less.
const PIECE: usize = 1 << 20;

/// A file to convert, open and understood.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source {
    /// A WAV file.
    Wav(wav::Reader),
}

/// What was read of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Which stream, from 0.
    pub(super) stream: usize,
    /// What it is.
    pub(super) what: What,
    /// Which frame or piece of the stream, from 0.
    pub(super) number: u64,
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// Whether it can be decoded without those before, where the file says.
    pub(super) key: Option<bool>,
}

/// What a piece of a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A frame, or sound, or data of another kind.
    Data,
    /// A change of palette.
    Palette,
}

impl Source {
    /// Finds out what a file is by how it begins, and reads it up to its first frame or sound.
    ///
    /// # Errors
    /// The input cannot be read, is none of the files that are known, or is broken beyond reading.
    pub fn open(mut input: Input) -> Result<Self, file::Error> {
        let mut start = Vec::new();
        input
            .read_up_to(12, &mut start)
            .map_err(file::Error::read(0))?;
        let input = if input.can_seek() {
            input.seek(0).map_err(file::Error::read(0))?;
            input
        } else {
            Input::pipe(Cursor::new(start.clone()).chain(input))
        };
        wav::Reader::open(input).map(Self::Wav)
    }

    /// The formats of its streams.
    pub(super) fn formats(&self) -> Vec<Format> {
        match self {
            Self::Wav(reader) => vec![Format::Sound(reader.format().clone())],
        }
    }

    /// What is known of a stream of pictures.
    pub(super) fn about(&self, stream: usize) -> About {
        let _ = stream;
        match self {
            Self::Wav(_) => About {
                handler: FourCc(0),
                scale: 1,
                rate: 1,
            },
        }
    }

    /// How many frames, or bytes of sound, a stream has, where the file says.
    pub(super) fn length(&self, stream: usize) -> Option<u64> {
        let _ = stream;
        match self {
            Self::Wav(reader) => reader.length(),
        }
    }

    /// The frame from which on frames are to be decoded for the sake of `frame`: the last one before it that needs none before it, or
    /// the first where the file does not say.
    pub(super) fn key_before(&self, stream: usize, frame: u64) -> u64 {
        let _ = (stream, frame);
        match self {
            Self::Wav(_) => 0,
        }
    }

    /// Reads what comes next into `data`. None is the end.
    pub(super) fn next(&mut self, data: &mut Vec<u8>) -> Result<Option<Head>, file::Error> {
        data.clear();
        match self {
            Self::Wav(reader) => {
                let second = reader.format().bytes_per_second() as usize;
                let block = usize::from(reader.format().block_align().max(1));
                let piece = second.min(PIECE).max(block) / block * block;
                let position = reader.position();
                let read = reader.read_blocks(piece, data)?;
                Ok((read > 0).then_some(Head {
                    stream: 0,
                    what: What::Data,
                    number: position / piece as u64,
                    offset: reader.start().saturating_add(position),
                    key: None,
                }))
            }
        }
    }

    /// What is wrong with the file, as far as it was read.
    pub fn warnings(&self) -> &Warnings {
        match self {
            Self::Wav(reader) => reader.warnings(),
        }
    }
}
