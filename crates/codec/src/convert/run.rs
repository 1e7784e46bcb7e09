//! A conversion at work: frame by frame, in the order of the source.

use std::sync::atomic::{AtomicBool, Ordering};

use super::conversion::{Conversion, Lane};
use super::listener::{Listener, Piece, Warning};
use super::pictures::Broken;
use super::source::{Head, What};
use super::target::{Sink, Target};
use super::{Error, Way};
use crate::file::Warnings;
use crate::vfw::PaletteChange;

/// What came of a conversion.
#[derive(Debug)]
#[non_exhaustive]
pub struct Done {
    /// How it ended.
    pub end: End,
    /// What was written of each stream of the source.
    pub written: Vec<Written>,
}

/// How much of a stream was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Frames, or pieces of sound.
    pub pieces: u64,
    /// Bytes, before the target's file puts anything around them.
    pub bytes: u64,
}

/// How a conversion ended. What was converted is a whole file in any case, but where that could not be written.
#[derive(Debug)]
pub enum End {
    /// All of the source was converted.
    Whole,
    /// It was stopped by the flag.
    Stopped,
    /// It failed, and what was converted before is there.
    Failed(Error),
}

impl Done {
    /// Whether all of the source was converted.
    pub fn is_whole(&self) -> bool {
        matches!(self.end, End::Whole)
    }
}

impl Conversion {
    /// Converts until the source ends, something fails, or `stop` is set.
    ///
    /// # Errors
    /// The target cannot be begun. What fails later is in the answer, beside what was written before.
    pub fn run(
        self,
        to: impl Into<Sink>,
        listener: &mut dyn Listener,
        stop: &AtomicBool,
    ) -> Result<Done, Error> {
        let target = Target::create(&self, to.into()).map_err(Error::Target)?;
        let mut place = 0;
        let places = self.tracks.iter().map(|track| {
            let own = place;
            place += usize::from(track.way != Way::Drop);
            own
        });
        let places = places.collect();
        let written = vec![Written::default(); self.tracks.len()];
        let mut run = Run {
            watch: Watch::new(listener, self.strict),
            conversion: self,
            target,
            places,
            written,
            last: None,
        };
        let mut end = match run.work(stop) {
            Ok(end) => end,
            Err(error) => End::Failed(error),
        };
        // A target that could not be written need not be written to any more; all others are made whole.
        if !matches!(end, End::Failed(Error::Target(_))) {
            let finished = run.flush(&end);
            if let (Err(error), false) = (finished, matches!(end, End::Failed(_))) {
                end = End::Failed(error);
            }
        }
        let Run {
            conversion,
            target,
            written,
            ..
        } = run;
        if let (Err(error), false) = (target.finish(&conversion), matches!(end, End::Failed(_))) {
            end = End::Failed(Error::Target(error));
        }
        Ok(Done { end, written })
    }
}

struct Run<'a> {
    conversion: Conversion,
    target: Target,
    /// The place of each stream in the target.
    places: Vec<usize>,
    written: Vec<Written>,
    watch: Watch<'a>,
    /// What was read last of a stream.
    last: Option<Head>,
}

impl Run<'_> {
    fn work(&mut self, stop: &AtomicBool) -> Result<End, Error> {
        let mut data = Vec::new();
        loop {
            let read = self.conversion.source.next(&mut data);
            // Whoever stops may have stopped the reading, too.
            if stop.load(Ordering::Relaxed) {
                return Ok(End::Stopped);
            }
            let Some(head) = read.map_err(Error::Source)? else {
                self.hear_source()?;
                return Ok(End::Whole);
            };
            self.hear_source()?;
            self.last = Some(head);
            match head.what {
                What::Data => self.data(head, &data)?,
                What::Palette => self.palette(head, &data)?,
            }
            if self.is_over() {
                return Ok(End::Whole);
            }
        }
    }

    fn data(&mut self, head: Head, data: &[u8]) -> Result<(), Error> {
        let Self {
            conversion,
            target,
            places,
            written,
            watch,
            ..
        } = self;
        let mut sink = Outlet {
            target,
            place: places[head.stream],
            written: &mut written[head.stream],
            head,
            is_same: conversion.tracks[head.stream].steps.is_empty(),
        };
        match &mut conversion.lanes[head.stream] {
            Lane::Drop => Ok(()),
            Lane::Copy => sink.write(watch, data, head.key.unwrap_or(true)),
            Lane::Sound(sound) => {
                let converted = sound.convert(data, false);
                for overrun in sound.take_overruns() {
                    watch.warn(head.overrun(overrun.to_string()))?;
                }
                sink.write_sound(watch, sound.out())?;
                converted.map_err(|source| head.sound_error(source))
            }
            Lane::Pictures(pictures) => {
                let frames = conversion.frames;
                if head.number >= frames.end {
                    return Ok(());
                }
                if head.number < frames.start {
                    let is_needed =
                        conversion.source.key_before(head.stream, frames.start) <= head.number;
                    return match is_needed {
                        true => pictures.pass(data, head.key),
                        false => Ok(()),
                    }
                    .map_err(|source| head.picture_error(source));
                }
                if head.number == frames.start && head.key == Some(false) && pictures.are_copied() {
                    let what =
                        "the copy begins between key frames, and is no picture before the next";
                    watch.warn(head.odd(what.to_owned()))?;
                }
                let made = pictures.frame(data, head.key);
                let made = made.map_err(|source| head.picture_error(source))?;
                if let Some(odd) = made.odd {
                    watch.warn(head.odd(format!(
                        "a picture of {} bytes was expected, found {}",
                        odd.expected, odd.found
                    )))?;
                }
                sink.write(watch, made.bytes, made.key)?;
                for overrun in pictures.take_overruns() {
                    watch.warn(head.overrun(overrun.to_string()))?;
                }
                Ok(())
            }
        }
    }

    fn palette(&mut self, head: Head, data: &[u8]) -> Result<(), Error> {
        let Lane::Pictures(pictures) = &mut self.conversion.lanes[head.stream] else {
            return Ok(());
        };
        let Some(change) = PaletteChange::parse(data) else {
            let what = format!("{} bytes are no change of palette", data.len());
            return self.watch.warn(head.odd(what));
        };
        let changed = pictures.change_palette(&change);
        if changed.map_err(|source| head.picture_error(source))? {
            let written = self
                .target
                .palette(self.places[head.stream], data, pictures.to());
            written.map_err(Error::Target)?;
        }
        Ok(())
    }

    /// Has the drivers give what they have kept back.
    fn flush(&mut self, end: &End) -> Result<(), Error> {
        for stream in 0..self.conversion.lanes.len() {
            let Lane::Sound(sound) = &mut self.conversion.lanes[stream] else {
                continue;
            };
            if let End::Failed(Error::Piece { stream: failed, .. }) = end
                && *failed == stream
            {
                continue;
            }
            let head = Head {
                stream,
                what: What::Data,
                number: self.written[stream].pieces,
                offset: self.last.map_or(0, |head| head.offset),
                key: None,
                code: None,
            };
            let converted = sound.convert(&[], true);
            let mut sink = Outlet {
                target: &mut self.target,
                place: self.places[stream],
                written: &mut self.written[stream],
                head,
                is_same: false,
            };
            sink.write_sound(&mut self.watch, sound.out())?;
            converted.map_err(|source| head.sound_error(source))?;
        }
        Ok(())
    }

    /// Whether nothing more is wanted of any stream.
    fn is_over(&self) -> bool {
        let last = self.last;
        let over = |(stream, lane): (usize, &Lane)| match lane {
            Lane::Drop => true,
            Lane::Copy => false,
            Lane::Sound(sound) => sound.is_over(),
            Lane::Pictures(_) => {
                let end = self.conversion.frames.end;
                let is_next = |head: Head| head.stream == stream && head.number + 1 >= end;
                self.written[stream].pieces >= end.saturating_sub(self.conversion.frames.start)
                    || last.is_some_and(is_next)
            }
        };
        self.conversion.lanes.iter().enumerate().all(over)
    }

    /// Tells of what is wrong with the source since the last time.
    fn hear_source(&mut self) -> Result<(), Error> {
        let warnings: &Warnings = self.conversion.source.warnings();
        let count = warnings.count();
        if count == self.conversion.warned {
            return Ok(());
        }
        let heard = usize::try_from(self.conversion.warned).unwrap_or(usize::MAX);
        self.conversion.warned = count;
        for warning in warnings.kept().iter().skip(heard) {
            self.watch.warn(Warning::Source(warning.clone()))?;
        }
        Ok(())
    }
}

/// Where the pieces of one stream go.
struct Outlet<'a> {
    target: &'a mut Target,
    place: usize,
    written: &'a mut Written,
    head: Head,
    /// Whether the format is as in the source.
    is_same: bool,
}

impl Outlet<'_> {
    /// Writes sound, where there is any.
    fn write_sound(&mut self, watch: &mut Watch<'_>, bytes: &[u8]) -> Result<(), Error> {
        match bytes {
            [] => Ok(()),
            bytes => self.write(watch, bytes, true),
        }
    }

    fn write(&mut self, watch: &mut Watch<'_>, bytes: &[u8], key: bool) -> Result<(), Error> {
        watch.listener.piece(&Piece {
            stream: self.head.stream,
            number: self.head.number,
            offset: self.head.offset,
            key: self.head.key,
            bytes,
        });
        let head = Head {
            // What was converted is called as its new format is.
            code: self.head.code.filter(|_| self.is_same),
            ..self.head
        };
        self.written.pieces += 1;
        self.written.bytes += bytes.len() as u64;
        self.target
            .write(self.place, head, bytes, key)
            .map_err(Error::Target)
    }
}

/// Who hears of warnings, and whether the first is an error.
pub(super) struct Watch<'a> {
    listener: &'a mut dyn Listener,
    strict: bool,
}

impl<'a> Watch<'a> {
    pub(super) fn new(listener: &'a mut dyn Listener, strict: bool) -> Self {
        Self { listener, strict }
    }

    /// Tells of a warning, or makes an error of it.
    pub(super) fn warn(&mut self, warning: Warning) -> Result<(), Error> {
        if self.strict {
            return Err(Error::Strict(warning));
        }
        self.listener.warning(&warning);
        Ok(())
    }
}

impl Head {
    fn overrun(self, what: String) -> Warning {
        Warning::Overrun {
            stream: self.stream,
            number: self.number,
            what,
        }
    }

    fn odd(self, what: String) -> Warning {
        Warning::Piece {
            stream: self.stream,
            number: self.number,
            offset: self.offset,
            what,
        }
    }

    fn sound_error(self, source: crate::acm::Error) -> Error {
        Error::Piece {
            stream: self.stream,
            number: self.number,
            offset: self.offset,
            source: Box::new(source),
        }
    }

    fn picture_error(self, broken: impl Into<Broken>) -> Error {
        let (stream, number, offset) = (self.stream, self.number, self.offset);
        match broken.into() {
            Broken::Codec(source) => Error::Frame {
                stream,
                number,
                offset,
                source: Box::new(source),
            },
            Broken::Picture(source) => Error::Picture {
                stream,
                number,
                offset,
                source,
            },
        }
    }
}
