//! Files that a conversion reads.

use std::io::{Cursor, Read as _};

use opendriver_abi::structures::FourCc;

use super::pictures::About;
use super::track::Format;
use crate::file::avi::{self, ChunkKind, StreamKind};
use crate::file::{self, Input, Warnings, wav, y4m};

/// How much sound of a WAV file is read at once, at most: a second of it, where that is less.
const PIECE: usize = 1 << 20;

/// A file to convert, open and understood.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source {
    /// Pictures and sound.
    Avi(Box<avi::Reader>),
    /// Sound.
    Wav(Box<wav::Reader>),
    /// Pictures, uncompressed.
    Y4m(Box<y4m::Reader>),
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
    /// What an AVI file calls such chunks (`dc`, `wb`), where it is from one.
    pub(super) code: Option<[u8; 2]>,
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
        const NAME: std::ops::Range<usize> = 8..12;
        let mut start = Vec::new();
        let read = input.read_up_to(NAME.end as u64, &mut start);
        read.map_err(file::Error::read(0))?;
        let input = if input.can_seek() {
            input.seek(0).map_err(file::Error::read(0))?;
            input
        } else {
            Input::pipe(Cursor::new(start.clone()).chain(input))
        };
        match (start.get(..4), start.get(NAME)) {
            (_, Some(b"WAVE")) | (Some(b"RF64" | b"BW64"), _) => {
                let reader = wav::Reader::open(input)?;
                Ok(Self::Wav(Box::new(reader)))
            }
            (Some(b"RIFF"), _) | (_, Some(b"AVI ")) => {
                let reader = avi::Reader::open(input)?;
                Ok(Self::Avi(Box::new(reader)))
            }
            (Some(b"YUV4"), _) => {
                let reader = y4m::Reader::open(input, None)?;
                Ok(Self::Y4m(Box::new(reader)))
            }
            _ => Err(file::Error::Broken {
                format: "AVI, WAV or Y4M",
                offset: 0,
                expected: "\"RIFF\"".to_owned(),
                found: shown(&start),
            }),
        }
    }

    /// The formats of its streams.
    pub(super) fn formats(&self) -> Vec<Format> {
        match self {
            Self::Avi(reader) => reader.streams().iter().map(format).collect(),
            Self::Wav(reader) => vec![Format::Sound(reader.format().clone())],
            Self::Y4m(reader) => vec![Format::Pictures(reader.format().clone())],
        }
    }

    /// What is known of a stream of pictures.
    pub(super) fn about(&self, stream: usize) -> About {
        match self {
            Self::Avi(reader) => {
                let stream = &reader.streams()[stream];
                About {
                    handler: stream.handler,
                    scale: stream.scale,
                    rate: stream.rate,
                }
            }
            Self::Y4m(reader) => {
                let (rate, scale) = reader.rate();
                About {
                    handler: FourCc(0),
                    scale,
                    rate,
                }
            }
            Self::Wav(_) => About::default(),
        }
    }

    /// What an AVI file says of a stream.
    pub(super) fn stream(&self, stream: usize) -> Option<&avi::Stream> {
        match self {
            Self::Avi(reader) => reader.streams().get(stream),
            Self::Wav(_) | Self::Y4m(_) => None,
        }
    }

    /// How many frames, or bytes of sound, a stream has, where the file says.
    pub(super) fn length(&self, stream: usize) -> Option<u64> {
        match self {
            Self::Avi(reader) => {
                let about = &reader.streams()[stream];
                let units = u64::from(about.length);
                match (&about.kind, about.sample_size) {
                    (StreamKind::Audio(_), 0) => None,
                    (StreamKind::Audio(_), size) => Some(units * u64::from(size)),
                    _ => Some(reader.count(stream).unwrap_or(units)),
                }
            }
            Self::Wav(reader) => reader.length(),
            Self::Y4m(_) => None,
        }
    }

    /// The frame from which on frames are to be decoded for the sake of `frame`: the last one up to it that needs none before it, or
    /// the first where the file does not say.
    pub(super) fn key_before(&self, stream: usize, frame: u64) -> u64 {
        match self {
            Self::Avi(reader) => reader.key_before(stream, frame).unwrap_or(0),
            Self::Wav(_) | Self::Y4m(_) => frame,
        }
    }

    /// Texts about the file, and chunks of nobody's stream: those of an AVI file's `INFO`, those of a WAV file around its sound.
    pub(super) fn texts(&self) -> Vec<(FourCc, Vec<u8>)> {
        match self {
            Self::Avi(reader) => reader.info().to_vec(),
            Self::Wav(_) | Self::Y4m(_) => Vec::new(),
        }
    }

    /// Chunks of a WAV file around its sound, as far as it was read.
    pub(super) fn chunks(&self) -> &[wav::Chunk] {
        match self {
            Self::Avi(_) | Self::Y4m(_) => &[],
            Self::Wav(reader) => reader.chunks(),
        }
    }

    /// How many samples a WAV file says that its sound has.
    pub(super) fn samples(&self) -> Option<u64> {
        match self {
            Self::Avi(_) | Self::Y4m(_) => None,
            Self::Wav(reader) => reader.samples(),
        }
    }

    /// Reads what comes next into `data`. None is the end.
    pub(super) fn next(&mut self, data: &mut Vec<u8>) -> Result<Option<Head>, file::Error> {
        match self {
            Self::Avi(reader) => Ok(reader.next(data)?.map(|chunk| Head {
                stream: chunk.stream,
                what: match chunk.kind {
                    ChunkKind::Palette => What::Palette,
                    _ => What::Data,
                },
                number: chunk.number,
                offset: chunk.offset,
                key: chunk.key,
                code: chunk.id.0.to_le_bytes().last_chunk().copied(),
            })),
            Self::Y4m(reader) => {
                let (number, offset) = (reader.frames(), reader.position());
                Ok(reader.next(data)?.then_some(Head {
                    stream: 0,
                    what: What::Data,
                    number,
                    offset,
                    key: Some(true),
                    code: None,
                }))
            }
            Self::Wav(reader) => {
                data.clear();
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
                    code: None,
                }))
            }
        }
    }

    /// What is wrong with the file, as far as it was read.
    pub fn warnings(&self) -> &Warnings {
        match self {
            Self::Avi(reader) => reader.warnings(),
            Self::Wav(reader) => reader.warnings(),
            Self::Y4m(reader) => reader.warnings(),
        }
    }
}

fn format(stream: &avi::Stream) -> Format {
    match &stream.kind {
        StreamKind::Video(format) => Format::Pictures(format.clone()),
        StreamKind::Audio(format) => Format::Sound(format.clone()),
        StreamKind::Other { format, .. } => Format::Other(format.clone()),
    }
}

/// The first bytes of a file, for people.
fn shown(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match (shown.is_empty(), file::signature(bytes)) {
        (true, _) => "the end of the file".to_owned(),
        (false, Some(known)) => format!("{} ({known})", shown.join(" ")),
        (false, None) => shown.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_of_ours_says_how_it_begins() {
        for input in [
            Input::pipe(&b"\x7fELF and more of it"[..]),
            Input::file(Cursor::new(b"\x7fELF".to_vec())).unwrap(),
        ] {
            let error = Source::open(input).unwrap_err();
            assert_eq!(
                error.to_string(),
                "not a good AVI, WAV or Y4M file: expected \"RIFF\" at offset 0, found 7f 45 4c 46 (ELF, a program or library of Linux)"
            );
        }
        let error = Source::open(Input::pipe(&b""[..])).unwrap_err();
        assert!(error.to_string().ends_with("found the end of the file"));
    }
}
