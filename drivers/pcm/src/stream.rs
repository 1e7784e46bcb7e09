//! The conversion of one stream, buffer by buffer.

use opendriver_sdk::acm::{Converted, Flags, Refusal, Stream};

use crate::channels::Mix;
use crate::format::Format;
use crate::resample::{self, Resampler};

/// How many frames are worked on at a time: few enough that they stay in the nearest cache.
const PIECE: usize = 512;

/// Turns plain samples of one format into those of another.
///
/// Where both rates are the same, a frame depends on its counterpart alone. Otherwise the stream keeps what the next buffer goes on from.
pub struct Conversion {
    source: Format,
    destination: Format,
    mix: Option<Mix>,
    resampler: Option<Resampler>,
    /// Whether the next frame of the source was taken already.
    owed: bool,
    /// A piece with the channels of the source, and one with those of the destination.
    coming: Vec<f64>,
    going: Vec<f64>,
}

impl Conversion {
    /// None where the rates are too far from each other.
    pub(crate) fn new(source: Format, destination: Format) -> Option<Self> {
        let channels = |format: Format| usize::from(format.channels);
        let fewer = channels(source).min(channels(destination));
        let resampler = match source.rate == destination.rate {
            true => None,
            false => Some(Resampler::new(source.rate, destination.rate, fewer)?),
        };
        Some(Self {
            mix: Mix::new(source, destination),
            resampler,
            owed: false,
            coming: vec![0.0; PIECE * channels(source)],
            going: vec![0.0; PIECE * channels(destination)],
            source,
            destination,
        })
    }

    /// Frame by frame: the rates are the same.
    fn convert_frames(&mut self, source: &[u8], destination: &mut [u8]) {
        let pieces = source.chunks(PIECE * self.source.frame());
        for (from, to) in pieces.zip(destination.chunks_mut(PIECE * self.destination.frame())) {
            let numbers = &mut self.coming[..from.len() / self.source.depth.bytes()];
            self.source.depth.decode(from, numbers);
            match &self.mix {
                None => self.destination.depth.encode(numbers, to),
                Some(mix) => {
                    let mixed = &mut self.going[..to.len() / self.destination.depth.bytes()];
                    mix.apply(numbers, mixed);
                    self.destination.depth.encode(mixed, to);
                }
            }
        }
    }

    /// Through the resampler: what it holds goes out before anything more goes in.
    fn convert_stream(&mut self, source: &[u8], destination: &mut [u8], flags: Flags) -> Converted {
        if flags.start {
            self.reset();
        }
        let frame = self.source.frame();
        let mut used = source.len().min(frame * usize::from(self.owed));
        let mut written = 0;
        self.owed = false;
        loop {
            written += self.give(&mut destination[written..]);
            let Some(resampler) = &mut self.resampler else {
                unreachable!("the rates differ")
            };
            let left = (source.len() - used) / frame;
            let count = left.min(resampler.room()).min(PIECE);
            if count > 0 {
                let next = &source[used..][..count * frame];
                self.take(next);
                used += next.len();
            } else if left > 0 || !flags.end {
                return Converted { used, written };
            } else if !resampler.finish() {
                // Whatever comes behind the end is another stream.
                resampler.reset();
                return Converted { used, written };
            } else if written == destination.len() {
                // An application that sees its source used up would not call again for the rest, so it keeps a frame to bring.
                self.owed = used > 0;
                used -= frame * usize::from(self.owed);
                return Converted { used, written };
            }
        }
    }

    /// Hands at most a piece to the resampler, with fewer channels where the destination has fewer.
    fn take(&mut self, bytes: &[u8]) {
        let frames = bytes.len() / self.source.frame();
        let numbers = &mut self.coming[..frames * usize::from(self.source.channels)];
        self.source.depth.decode(bytes, numbers);
        let numbers = match &self.mix {
            Some(mix) if self.destination.channels < self.source.channels => {
                let mixed = &mut self.going[..frames * usize::from(self.destination.channels)];
                mix.apply(numbers, mixed);
                mixed
            }
            _ => numbers,
        };
        if let Some(resampler) = &mut self.resampler {
            resampler.take(numbers);
        }
    }

    /// Takes what the resampler has ready, as much as there is room for, and answers how many bytes that is.
    fn give(&mut self, destination: &mut [u8]) -> usize {
        let Some(resampler) = &mut self.resampler else {
            return 0;
        };
        let mut written = 0;
        for bytes in destination.chunks_mut(PIECE * self.destination.frame()) {
            let room = bytes.len() / self.destination.frame();
            let going = &mut self.going[..room * usize::from(self.destination.channels)];
            let frames = match &self.mix {
                Some(mix) if self.source.channels < self.destination.channels => {
                    let coming = &mut self.coming[..room * usize::from(self.source.channels)];
                    let frames = resampler.give(coming);
                    mix.apply(&coming[..frames * usize::from(self.source.channels)], going);
                    frames
                }
                _ => resampler.give(going),
            };
            let going = &going[..frames * usize::from(self.destination.channels)];
            self.destination.depth.encode(going, bytes);
            written += frames * self.destination.frame();
            if frames < room {
                break;
            }
        }
        written
    }
}

impl Stream for Conversion {
    fn destination_size(&self, source: usize) -> Option<usize> {
        let frames = source / self.source.frame();
        let frames = match &self.resampler {
            None => frames,
            Some(resampler) => {
                let rates = [self.source.rate, self.destination.rate].map(u64::from);
                let length = usize::try_from(resample::length(frames as u64, rates)).ok()?;
                length.checked_add(resampler.most_held())?
            }
        };
        frames.checked_mul(self.destination.frame())
    }

    fn source_size(&self, destination: usize) -> Option<usize> {
        let frames = (destination / self.destination.frame()) as u128;
        let frames = frames * u128::from(self.source.rate) / u128::from(self.destination.rate);
        usize::try_from(frames)
            .ok()?
            .checked_mul(self.source.frame())
    }

    fn convert(
        &mut self,
        source: &[u8],
        destination: &mut [u8],
        flags: Flags,
    ) -> Result<Converted, Refusal> {
        let frames = source.len() / self.source.frame();
        let room = destination.len() / self.destination.frame();
        if self.resampler.is_some() {
            let source = &source[..frames * self.source.frame()];
            let destination = &mut destination[..room * self.destination.frame()];
            return Ok(self.convert_stream(source, destination, flags));
        }
        let frames = frames.min(room);
        let converted = Converted {
            used: frames * self.source.frame(),
            written: frames * self.destination.frame(),
        };
        let (source, destination) = (
            &source[..converted.used],
            &mut destination[..converted.written],
        );
        match self.mix.is_none() && self.source.depth == self.destination.depth {
            true => destination.copy_from_slice(source),
            false => self.convert_frames(source, destination),
        }
        Ok(converted)
    }

    fn reset(&mut self) {
        self.resampler.iter_mut().for_each(Resampler::reset);
        self.owed = false;
    }
}
