//! Writes a WAV file as a stream.

use std::io::Write;

use opendriver_abi::structures::FourCc;

use crate::WaveFormat;
use crate::file::riff::{JUNK, RIFF, chunk, patch, write};
use crate::file::{Error, Output};

use super::{DATA, DS64, FACT, FORMAT, OPEN, RF64, WAV, WAVE};

/// Bytes of `ds64`: three sizes of 64 bits, and a table of none.
const LONG: u64 = 28;

/// Where it stands: it comes first.
const LONG_AT: u64 = 12;

/// What is known of a file before it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How much sound there will be.
    pub length: Length,
    /// How many samples of each channel there will be. A pipe needs it now; a file may be told at its end.
    pub samples: Option<u64>,
}

/// How many bytes of sound there will be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Length {
    /// Nobody knows. A file gets 36 bytes of room for the sizes that it needs beyond 4 GiB.
    #[default]
    Unknown,
    /// Not more than this. A file that stays below 4 GiB by it goes without that room, as the oldest programs want it.
    AtMost(u64),
    /// This many: a pipe gets true sizes.
    Exactly(u64),
}

/// A WAV file that is written as a stream. Its sizes are put right at the end; those of a pipe are 0xffffffff where they are not
/// known before, which means "until the end" to those who read pipes.
#[derive(Debug)]
pub struct Writer {
    output: Output,
    format: WaveFormat,
    options: Options,
    /// Chunks, ready to be written, before the sound and behind it.
    before: Vec<u8>,
    behind: Vec<u8>,
    places: Option<Places>,
    written: u64,
}

/// Where sizes stand that are patched at the end.
#[derive(Clone, Copy, Debug)]
struct Places {
    /// The number in `fact`.
    fact: Option<u64>,
    /// The size of `data`.
    data: u64,
    /// Whether there is no room for sizes beyond 4 GiB.
    is_bound: bool,
}

impl Writer {
    /// A file of sound in this format. Nothing is written yet.
    pub fn new(output: Output, format: &WaveFormat, options: Options) -> Self {
        Self {
            output,
            format: format.clone(),
            options,
            before: Vec::new(),
            behind: Vec::new(),
            places: None,
            written: 0,
        }
    }

    /// Adds a chunk: before the sound, or, once that has begun, behind it.
    ///
    /// # Errors
    /// A pipe takes none once the sound has begun, because whoever reads it would take that for sound. A chunk has less than 4 GiB.
    pub fn chunk(&mut self, id: FourCc, data: &[u8]) -> Result<(), Error> {
        let to = match self.places {
            None => &mut self.before,
            Some(_) if self.output.can_patch() => &mut self.behind,
            Some(_) => {
                let what = "take a chunk behind the sound";
                return Err(Error::Unseekable { what });
            }
        };
        if data.len() >= OPEN as usize {
            return Err(too_long(&format!("\"{id}\" of 4 GiB")));
        }
        to.append(&mut chunk(id, data));
        Ok(())
    }

    /// Writes sound, whole blocks or not.
    ///
    /// # Errors
    /// The output cannot be written; or this goes beyond 4 GiB, and [`Length`] said that it would not.
    pub fn write(&mut self, sound: &[u8]) -> Result<(), Error> {
        let places = self.start()?;
        let length = self.written.saturating_add(sound.len() as u64);
        let end = self.end(places, length);
        if places.is_bound && end > OPEN.into() {
            return Err(too_long("more than 4 GiB of sound where less was to come"));
        }
        write(&mut self.output, sound)?;
        self.written = length;
        Ok(())
    }

    /// Bytes of sound that were written.
    pub fn position(&self) -> u64 {
        self.written
    }

    /// Writes what comes behind the sound, and puts the sizes right. `samples` is how many there are of each channel; without, they
    /// are counted where each has its own bytes.
    ///
    /// # Errors
    /// The output cannot be written; or it is a pipe, which cannot be told that there was another length than [`Length::Exactly`]
    /// said.
    pub fn finish(mut self, samples: Option<u64>) -> Result<(), Error> {
        let places = self.start()?;
        // In a pipe that goes on until its end, padding would be sound.
        let is_open =
            !self.output.can_patch() && !matches!(self.options.length, Length::Exactly(_));
        if self.written % 2 == 1 && !is_open {
            write(&mut self.output, &[0])?;
        }
        write(&mut self.output, &self.behind)?;
        if self.output.can_patch() {
            let samples = samples
                .or(self.options.samples)
                .or_else(|| self.counted())
                .unwrap_or(0);
            self.patch(places, samples)?;
        } else if let Length::Exactly(length) = self.options.length
            && length != self.written
        {
            let what = "be told that the sound has another length";
            return Err(Error::Unseekable { what });
        }
        let at = self.output.position();
        self.output.flush().map_err(Error::write(at))
    }

    fn patch(&mut self, places: Places, samples: u64) -> Result<(), Error> {
        let to = &mut self.output;
        let riff = to.position() - 8;
        if riff < OPEN.into() {
            patch(to, 4, &short(riff))?;
            patch(to, places.data, &short(self.written))?;
        } else if places.is_bound {
            return Err(too_long("chunks beyond 4 GiB where less was to come"));
        } else {
            patch(to, 0, &RF64.0.to_le_bytes())?;
            patch(to, LONG_AT, &long_chunk(riff, self.written, samples))?;
        }
        match places.fact {
            Some(fact) => patch(to, fact, &short(samples)),
            None => Ok(()),
        }
    }

    /// Where the file will end with so much sound.
    fn end(&self, places: Places, length: u64) -> u64 {
        (places.data + 4 + self.behind.len() as u64).saturating_add(length)
    }

    /// Samples of each channel, where each has bytes of its own.
    fn counted(&self) -> Option<u64> {
        const A_LAW: u16 = 6;
        const MU_LAW: u16 = 7;
        let is_plain = matches!(
            self.format.inner_tag(),
            WaveFormat::PCM | WaveFormat::FLOAT | A_LAW | MU_LAW
        );
        let block = u64::from(self.format.block_align());
        self.written.checked_div(block).filter(|_| is_plain)
    }

    /// Writes all that is before the sound, once. Answers where its sizes stand.
    fn start(&mut self) -> Result<Places, Error> {
        if let Some(places) = self.places {
            return Ok(places);
        }
        let samples = self.options.samples.unwrap_or(0);
        let mut head = self.format_chunk();
        let mut fact = None;
        if self.format.inner_tag() != WaveFormat::PCM {
            head.append(&mut chunk(FACT, &short(samples)));
            fact = Some(head.len() as u64 - 4);
        }
        head.append(&mut self.before);
        head.extend(DATA.0.to_le_bytes());

        let can_patch = self.output.can_patch();
        let (most, exact) = match self.options.length {
            Length::Unknown => (None, None),
            Length::AtMost(length) => (Some(length), None),
            Length::Exactly(length) => (Some(length), Some(length).filter(|_| !can_patch)),
        };
        let is_small = most.is_some_and(|most| {
            let riff = most.saturating_add(head.len() as u64 + 9);
            riff < OPEN.into()
        });
        let riff = |exact: u64| 4 + head.len() as u64 + 4 + exact.next_multiple_of(2);
        let (id, sizes, room) = match exact {
            Some(exact) if is_small => (RIFF, [riff(exact), exact], Vec::new()),
            Some(exact) => {
                let long = long_chunk(riff(exact) + LONG + 8, exact, samples);
                (RF64, [OPEN.into(); 2], long)
            }
            // Whoever reads the file before it is finished, or because that never happened, reads until its end.
            None if is_small || !can_patch => (RIFF, [OPEN.into(); 2], Vec::new()),
            None => (RIFF, [OPEN.into(); 2], chunk(JUNK, &[0; LONG as usize])),
        };
        let first = [id.0.to_le_bytes(), short(sizes[0]), WAVE.0.to_le_bytes()].concat();
        let shift = (first.len() + room.len()) as u64;
        for bytes in [&first, &room, &head, &short(sizes[1]).to_vec()] {
            write(&mut self.output, bytes)?;
        }
        let places = Places {
            is_bound: is_small && can_patch,
            fact: fact.map(|fact| shift + fact),
            data: shift + head.len() as u64,
        };
        self.places = Some(places);
        Ok(places)
    }

    /// The format, without the count of what follows it where nothing does: all programs know that one.
    fn format_chunk(&self) -> Vec<u8> {
        let bytes = self.format.as_bytes();
        let is_plain = self.format.tag() == WaveFormat::PCM && self.format.extra().is_empty();
        chunk(FORMAT, if is_plain { &bytes[..16] } else { bytes })
    }
}

/// A size in 32 bits; what they cannot hold stands in `ds64`.
fn short(size: u64) -> [u8; 4] {
    u32::try_from(size).unwrap_or(OPEN).to_le_bytes()
}

fn long_chunk(riff: u64, data: u64, samples: u64) -> Vec<u8> {
    // Behind the sizes stands a table of other long chunks, which has no entry.
    let mut sizes = [riff, data, samples].map(u64::to_le_bytes).concat();
    sizes.extend([0; 4]);
    chunk(DS64, &sizes)
}

fn too_long(what: &str) -> Error {
    Error::Unsupported {
        format: WAV,
        what: what.to_owned(),
    }
}
