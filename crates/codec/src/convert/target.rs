//! Files that a conversion writes.

use std::io::Write as _;
use std::path::PathBuf;

use opendriver_abi::structures::FourCc;

use super::conversion::{Conversion, Lane};
use super::pictures::About;
use super::source::Head;
use super::span;
use super::track::{Format, Track};
use super::{Kind, Way};
use crate::file::avi::{self, StreamKind};
use crate::file::wav::{self, Length};
use crate::file::{Error, Output, png, raw, y4m};
use crate::{BitmapFormat, WaveFormat};

/// The handler of uncompressed pictures.
const UNCOMPRESSED: FourCc = FourCc::new(*b"DIB ");

/// A file that is being written.
pub(super) enum Target {
    /// An AVI file.
    Avi(Box<avi::Writer>),
    /// A WAV file, and how many samples it will be said to have.
    Wav {
        writer: Box<wav::Writer>,
        format: WaveFormat,
        /// Chunks around the sound that were written already.
        chunks: usize,
    },
    /// One stream of pictures in a Y4M file.
    Y4m(Box<y4m::Writer>),
    /// One stream of pictures, back to back.
    Frames(Box<raw::Frames>),
    /// One stream of pictures as a PNG file each.
    Sequence(Box<png::Sequence>),
    /// One stream of pictures as PNG, back to back.
    Pngs(Box<png::Stream>),
    /// The bytes of one stream.
    Bytes(Output),
}

/// Where a conversion writes.
#[derive(Debug)]
#[non_exhaustive]
pub enum Sink {
    /// Into one file, or a pipe.
    Output(Output),
    /// Into a file for each picture, which are named after this one: `name-000000.png`.
    Pictures(PathBuf),
}

impl From<Output> for Sink {
    fn from(output: Output) -> Self {
        Self::Output(output)
    }
}

impl Target {
    /// Begins a file for all streams that are not left out.
    pub(super) fn create(conversion: &Conversion, sink: Sink) -> Result<Self, Error> {
        let kind = conversion.kind;
        let kept: Vec<&Track> = conversion
            .tracks
            .iter()
            .filter(|track| track.way != Way::Drop)
            .collect();
        let output = match (sink, kept.as_slice()) {
            (Sink::Output(output), _) => output,
            (Sink::Pictures(path), [track]) => {
                let sequence = png::Sequence::new(&path, pictures(kind, track)?)?;
                return Ok(Self::Sequence(Box::new(sequence)));
            }
            (Sink::Pictures(_), _) => return Err(unsupported(kind, "several streams")),
        };
        match (kind, kept.as_slice()) {
            (Kind::Avi, kept) => {
                let streams: Vec<_> = kept.iter().map(|track| stream(conversion, track)).collect();
                let options = avi::Options {
                    info: conversion.source.texts(),
                    ..avi::Options::default()
                };
                let writer = avi::Writer::new(output, &streams, options)?;
                Ok(Self::Avi(Box::new(writer)))
            }
            (Kind::Wav, [track]) => {
                let Format::Sound(format) = &track.to else {
                    return Err(unsupported(kind, &track.to));
                };
                let options = wav::Options {
                    length: length(track, format),
                    samples: None,
                };
                let mut writer = Box::new(wav::Writer::new(output, format, options));
                let chunks = conversion.source.chunks();
                for chunk in chunks.iter().filter(|chunk| stays(track, chunk.id)) {
                    writer.chunk(chunk.id, &chunk.data)?;
                }
                Ok(Self::Wav {
                    writer,
                    format: format.clone(),
                    chunks: chunks.len(),
                })
            }
            (Kind::Y4m, [track]) => {
                let About { scale, rate, .. } = conversion.source.about(track.stream);
                let options = y4m::Options {
                    rate: (rate, scale),
                    chroma: None,
                };
                let writer = y4m::Writer::new(output, pictures(kind, track)?, options)?;
                Ok(Self::Y4m(Box::new(writer)))
            }
            (Kind::Png, [track]) => {
                let stream = png::Stream::new(output, pictures(kind, track)?)?;
                Ok(Self::Pngs(Box::new(stream)))
            }
            // What is copied stays as it is, lines and all.
            (Kind::Raw, [track]) if track.way == Way::Convert => {
                let format = pictures(kind, track)?;
                let asked = conversion
                    .pixel
                    .filter(|_| format.pixel() == conversion.pixel);
                let frames = raw::Frames::new(output, format, asked)?;
                Ok(Self::Frames(Box::new(frames)))
            }
            (Kind::Raw | Kind::Pcm, [_]) => Ok(Self::Bytes(output)),
            (_, _) => Err(unsupported(kind, "several streams")),
        }
    }

    /// Writes a frame, or sound, of the stream that has this place.
    pub(super) fn write(
        &mut self,
        place: usize,
        head: Head,
        bytes: &[u8],
        key: bool,
    ) -> Result<(), Error> {
        match self {
            Self::Avi(writer) => match head.code {
                Some(code) => writer.write_as(place, code, bytes, key),
                None => writer.write(place, bytes, key),
            },
            Self::Wav { writer, .. } => writer.write(bytes),
            Self::Y4m(writer) => writer.write(bytes),
            Self::Frames(frames) => frames.write(bytes),
            Self::Sequence(sequence) => sequence.write(bytes),
            Self::Pngs(stream) => stream.write(bytes),
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
        match self {
            Self::Avi(writer) => return writer.write_palette(place, change),
            Self::Y4m(writer) => writer.set_palette(format.palette()),
            Self::Frames(frames) => frames.set_palette(format.palette()),
            Self::Sequence(sequence) => sequence.set_palette(format.palette()),
            Self::Pngs(stream) => stream.set_palette(format.palette()),
            Self::Wav { .. } | Self::Bytes(_) => {}
        }
        Ok(())
    }

    /// Writes what is left, and makes the file whole.
    pub(super) fn finish(self, conversion: &Conversion) -> Result<(), Error> {
        match self {
            Self::Avi(writer) => writer.finish().map(drop),
            Self::Wav {
                mut writer,
                format,
                chunks,
            } => {
                let track = conversion
                    .tracks
                    .iter()
                    .find(|track| track.way != Way::Drop);
                for chunk in conversion.source.chunks().iter().skip(chunks) {
                    if track.is_some_and(|track| stays(track, chunk.id)) {
                        match writer.chunk(chunk.id, &chunk.data) {
                            // Nobody takes it for sound behind a pipe's sound but the reader of a pipe.
                            Err(Error::Unseekable { .. }) => break,
                            done => done?,
                        }
                    }
                }
                let counted = track.and_then(|track| match &conversion.lanes[track.stream] {
                    Lane::Sound(sound) if track.way == Way::Convert => sound.samples(),
                    _ if track.length == Some(writer.position()) => conversion.source.samples(),
                    _ => None,
                });
                let in_blocks = span::samples(&format, writer.position());
                writer.finish(counted.or(in_blocks))
            }
            Self::Y4m(writer) => writer.finish(),
            Self::Frames(frames) => frames.finish(),
            Self::Sequence(_) => Ok(()),
            Self::Pngs(stream) => stream.finish(),
            Self::Bytes(mut output) => {
                let offset = output.position();
                output.flush().map_err(Error::write(offset))
            }
        }
    }
}

/// What an AVI file says of a stream: what the source said, but for what the conversion changes.
fn stream(conversion: &Conversion, track: &Track) -> avi::Stream {
    let source = conversion.source.stream(track.stream);
    let lane = &conversion.lanes[track.stream];
    let mut stream = match (&track.to, source) {
        (_, Some(source)) if track.from == track.to => source.clone(),
        (Format::Sound(format), source) => {
            let made = avi::Stream::audio(format.clone());
            match source {
                Some(source) => beside(made, source),
                None => made,
            }
        }
        (Format::Pictures(format), source) => {
            let about = conversion.source.about(track.stream);
            let handler = match lane {
                Lane::Pictures(pictures) => pictures.handler().unwrap_or(UNCOMPRESSED),
                _ => UNCOMPRESSED,
            };
            let made = avi::Stream::video(format.clone(), handler, about.scale, about.rate);
            match source {
                Some(source) => beside(made, source),
                None => made,
            }
        }
        (Format::Other(_), Some(source)) => source.clone(),
        (Format::Other(format), None) => {
            let mut stream = avi::Stream::audio(WaveFormat::pcm(1, 1, 8));
            stream.kind = StreamKind::Other {
                kind: FourCc(0),
                format: format.clone(),
            };
            stream
        }
    };
    if !track.is_whole {
        stream.length = 0;
    }
    stream
}

/// A stream with what another says of it beside its format.
fn beside(stream: avi::Stream, source: &avi::Stream) -> avi::Stream {
    let is_sound = matches!(stream.kind, StreamKind::Audio(_));
    let units = |count: u32| {
        let (from, to) = (
            u128::from(source.rate.max(1)),
            u128::from(stream.scale.max(1)),
        );
        let seconds = u128::from(count) * u128::from(source.scale);
        u32::try_from(seconds * u128::from(stream.rate) / from / to).unwrap_or(0)
    };
    avi::Stream {
        flags: source.flags,
        priority: source.priority,
        language: source.language,
        initial_frames: source.initial_frames,
        start: units(source.start),
        length: if is_sound { 0 } else { source.length },
        frame: source.frame,
        name: source.name.clone(),
        ..stream
    }
}

/// Whether a chunk of a WAV file still says the truth of a stream: positions in samples do not where these became others.
fn stays(track: &Track, chunk: FourCc) -> bool {
    let is_positions = [*b"cue ", *b"plst", *b"smpl", *b"inst", *b"PEAK", *b"levl"]
        .into_iter()
        .any(|id| FourCc::new(id) == chunk);
    let rate = |format: &Format| match format {
        Format::Sound(format) => format.rate(),
        _ => 0,
    };
    !is_positions || (track.is_whole && rate(&track.from) == rate(&track.to))
}

/// How many bytes a stream of sound will have.
fn length(track: &Track, to: &WaveFormat) -> Length {
    /// No codec makes more than this many bytes of one.
    const GROWTH: u64 = 256;
    let (Some(length), Format::Sound(from)) = (track.length, &track.from) else {
        return Length::Unknown;
    };
    if track.steps.is_empty() && track.is_whole {
        return Length::AtMost(length);
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

/// The pictures of a stream, for a file that holds nothing else.
fn pictures(kind: Kind, track: &Track) -> Result<&BitmapFormat, Error> {
    match &track.to {
        Format::Pictures(format) => Ok(format),
        other => Err(unsupported(kind, other)),
    }
}

fn unsupported(kind: Kind, what: impl ToString) -> Error {
    Error::Unsupported {
        format: match kind {
            Kind::Avi => "AVI",
            Kind::Wav => "WAV",
            Kind::Y4m => "Y4M",
            Kind::Raw => "raw",
            Kind::Png => "PNG",
            Kind::Pcm => "PCM",
        },
        what: what.to_string(),
    }
}
