//! Files that a conversion writes.

use std::io::Write as _;

use super::track::{Format, Track};
use super::{Kind, span};
use crate::file::wav::{self, Length};
use crate::file::{Error, Output};
use crate::{BitmapFormat, WaveFormat};

/// A file that is being written.
#[derive(Debug)]
pub(super) enum Target {
    /// A WAV file.
    Wav {
        writer: wav::Writer,
        format: WaveFormat,
        written: u64,
    },
    /// The bytes of one stream.
    Bytes(Output),
}

impl Target {
    /// Begins a file for these streams, of which each has its place.
    pub(super) fn create(kind: Kind, output: Output, tracks: &[&Track]) -> Result<Self, Error> {
        match (kind, tracks) {
            (Kind::Wav, [track]) => {
                let Format::Sound(format) = &track.to else {
                    return Err(unsupported(kind, &track.to));
                };
                let options = wav::Options {
                    length: length(track, format),
                    samples: None,
                };
                Ok(Self::Wav {
                    writer: wav::Writer::new(output, format, options),
                    format: format.clone(),
                    written: 0,
                })
            }
            (Kind::Raw | Kind::Pcm, [_]) => Ok(Self::Bytes(output)),
            _ => Err(unsupported(kind, &tracks[0].to)),
        }
    }

    /// Writes a frame, or sound, of the stream that has this place.
    pub(super) fn write(&mut self, place: usize, bytes: &[u8], key: bool) -> Result<(), Error> {
        let _ = (place, key);
        match self {
            Self::Wav {
                writer, written, ..
            } => {
                *written += bytes.len() as u64;
                writer.write(bytes)
            }
            Self::Bytes(output) => {
                let offset = output.position();
                output.write_all(bytes).map_err(Error::write(offset))
            }
        }
    }

    /// Makes a change of the palette in a stream of pictures, whose format is then `format`.
    pub(super) fn palette(
        &mut self,
        place: usize,
        change: &[u8],
        format: &BitmapFormat,
    ) -> Result<(), Error> {
        let _ = (place, change, format);
        match self {
            Self::Wav { .. } | Self::Bytes(_) => Ok(()),
        }
    }

    /// Writes what is left, and makes the file whole.
    pub(super) fn finish(self) -> Result<(), Error> {
        match self {
            Self::Wav {
                writer,
                format,
                written,
            } => writer.finish(span::samples(&format, written)),
            Self::Bytes(mut output) => {
                let offset = output.position();
                output.flush().map_err(Error::write(offset))
            }
        }
    }
}

/// How many bytes a stream of sound will have.
fn length(track: &Track, to: &WaveFormat) -> Length {
    /// No codec makes more than this many bytes of one.
    const GROWTH: u64 = 256;
    let (Some(length), Format::Sound(from)) = (track.length, &track.from) else {
        return Length::Unknown;
    };
    if track.steps.is_empty() && track.is_whole {
        return Length::Exactly(length);
    }
    let samples = span::samples(from, length);
    let estimated = samples.and_then(|samples| {
        let samples = u128::from(samples) * u128::from(to.rate()) / u128::from(from.rate().max(1));
        // A codec may fill up its last block, and a converter of rates may give some more.
        let bytes = (samples + 65_536) * u128::from(to.block_align().max(1));
        u64::try_from(bytes).ok()
    });
    match estimated {
        Some(bytes) => Length::AtMost(bytes),
        None => Length::AtMost(length.saturating_mul(GROWTH)),
    }
}

fn unsupported(kind: Kind, format: &Format) -> Error {
    Error::Unsupported {
        format: match kind {
            Kind::Avi => "AVI",
            Kind::Wav => "WAV",
            Kind::Y4m => "Y4M",
            Kind::Raw => "raw",
            Kind::Png => "PNG",
            Kind::Pcm => "PCM",
        },
        what: format.to_string(),
    }
}
