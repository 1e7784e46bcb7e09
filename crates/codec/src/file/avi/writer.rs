//! Writes an AVI file as its chunks come.

use opendriver_abi::structures::FourCc;

use super::layout::{INDEX_HEAD, Layout, PartIndex, SEGMENTS, Track, low};
use super::{IS_KEY, LARGEST, MOST_STREAMS, NO_TIME, Stream, StreamKind, chunk_id};
use crate::file::riff::{self, JUNK, RIFF};
use crate::file::{Error, Output};

/// Chunks after which a part ends however short it is, so that what is kept of it in memory (16 bytes a chunk) stays small.
const MOST_CHUNKS: usize = 1 << 20;

/// Bytes of an entry of `idx1`.
const ENTRY: usize = 16;

/// How a file is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the file may grow into several parts (OpenDML), each of which has an index of its own. Room for that is kept in
    /// the header, some 4 KiB a stream. Without it, a file ends at 4 GiB and a million chunks.
    pub open_dml: bool,
    /// Bytes after which a new part starts.
    pub segment: u32,
    /// Chunks are moved so that what they hold starts at multiples of this; an even number.
    pub alignment: Option<u32>,
    /// Texts about the file (`LIST INFO`), each with its name: `INAM`, `IART`, `ICRD` ... By custom they end with a 0.
    pub info: Vec<(FourCc, Vec<u8>)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            open_dml: true,
            segment: 1 << 30,
            alignment: None,
            info: Vec::new(),
        }
    }
}

/// Writes an AVI file as its chunks come. How they take turns is the caller's choice.
///
/// A file that was not [finished](Self::finish) has no index and no lengths; a [`Reader`](super::Reader) reads it all the same.
/// To a pipe, lengths and sizes are left open, because nobody can go back to fill them in.
///
/// ```
/// use std::io::Cursor;
/// use opendriver_abi::structures::FourCc;
/// use opendriver_codec::file::{Input, Output, avi};
/// use opendriver_codec::{BitmapFormat, Pixel};
///
/// let file = tempfile::tempfile()?;
/// let format = BitmapFormat::uncompressed(Pixel::Rgb24, 2, 2);
/// let video = avi::Stream::video(format, FourCc::new(*b"DIB "), 1, 25);
/// let mut writer = avi::Writer::new(Output::file(file.try_clone()?), &[video], avi::Options::default())?;
/// writer.write(0, &[7; 16], true)?;
/// writer.finish()?;
///
/// let mut reader = avi::Reader::open(Input::file(file)?)?;
/// let mut data = Vec::new();
/// let chunk = reader.next(&mut data)?.unwrap();
/// assert_eq!((chunk.stream, chunk.number, chunk.key), (0, 0, Some(true)));
/// assert_eq!(data, [7; 16]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer {
    output: Output,
    options: Options,
    tracks: Vec<Track>,
    part: Part,
    /// Sizes of `RIFF` and `movi` of the first part, once they are known.
    first: (u32, u32),
    is_first: bool,
}

/// The part of the file that is being written.
struct Part {
    /// Where it starts.
    start: u64,
    /// Where the code `movi` stands, from which an index counts.
    movi: u64,
    /// The entries of `idx1`; none where there came to be too many.
    entries: Option<Vec<[u8; ENTRY]>>,
}

impl Writer {
    /// Writes the header. What `streams` say of length and suggested buffer is counted anew, except to a pipe.
    ///
    /// # Errors
    /// No streams or more than 100 are refused, as is an odd alignment; the system may refuse to write.
    pub fn new(output: Output, streams: &[Stream], options: Options) -> Result<Self, Error> {
        if !(1..=MOST_STREAMS).contains(&streams.len()) {
            return Err(unsupported(format!("{} streams", streams.len())));
        }
        if let Some(alignment) = options.alignment
            && (alignment < 2 || alignment % 2 == 1 || alignment > 1 << 20)
        {
            return Err(unsupported(format!("chunks aligned to {alignment} bytes")));
        }
        let tracks = streams.iter().map(|stream| Track {
            stream: stream.clone(),
            code: stream.kind.chunk_code(),
            chunks: 0,
            bytes: 0,
            largest: 0,
            changes_palette: false,
            first: 0,
            indexes: Vec::new(),
        });
        let mut writer = Self {
            tracks: tracks.collect(),
            part: Part::at(output.position(), 0),
            first: (0, 0),
            is_first: true,
            output,
            options,
        };
        let header = writer.header();
        riff::write(&mut writer.output, &header)?;
        writer.part.movi = writer.output.position() - 4;
        Ok(writer)
    }

    /// Writes a chunk of a stream: a picture (an empty one repeats the last), or some sound.
    ///
    /// # Errors
    /// There must be such a stream, a chunk may be 256 MiB long, and a file without OpenDML is full at 4 GiB. The system may
    /// refuse to write.
    pub fn write(&mut self, stream: usize, data: &[u8], is_key: bool) -> Result<(), Error> {
        let code = self.track(stream)?.code;
        self.write_as(stream, code, data, is_key)
    }

    /// Writes a chunk of a stream whose name ends with these two characters: `db` and `dc` tell pictures apart, `pc` is a change of
    /// the palette.
    ///
    /// # Errors
    /// As of [`write`](Self::write).
    pub fn write_as(
        &mut self,
        stream: usize,
        code: [u8; 2],
        data: &[u8],
        is_key: bool,
    ) -> Result<(), Error> {
        if code == *b"pc" {
            return self.write_palette(stream, data);
        }
        self.put(stream, code, data, if is_key { IS_KEY } else { 0 })?;
        let track = self.track(stream)?;
        track.chunks += 1;
        track.bytes += data.len() as u64;
        if self.is_first {
            self.track(stream)?.first += 1;
        }
        Ok(())
    }

    /// Writes a change of the palette (`AVIPALCHANGE`), which takes effect with the next picture.
    ///
    /// # Errors
    /// As of [`write`](Self::write). Only pictures have palettes.
    pub fn write_palette(&mut self, stream: usize, data: &[u8]) -> Result<(), Error> {
        if !matches!(self.track(stream)?.stream.kind, StreamKind::Video(_)) {
            return Err(unsupported("a palette of what is no picture".to_owned()));
        }
        self.put(stream, *b"pc", data, NO_TIME)?;
        self.track(stream)?.changes_palette = true;
        Ok(())
    }

    /// Writes the index and fills in what the header left open. Answers the output, all of it written.
    ///
    /// # Errors
    /// The system may refuse to write.
    pub fn finish(mut self) -> Result<Output, Error> {
        self.end_part(!self.is_first)?;
        let at = self.output.position();
        std::io::Write::flush(&mut self.output).map_err(Error::write(at))?;
        Ok(self.output)
    }

    /// How many bytes were written.
    pub fn position(&self) -> u64 {
        self.output.position()
    }

    fn track(&mut self, stream: usize) -> Result<&mut Track, Error> {
        let count = self.tracks.len();
        let track = self.tracks.get_mut(stream);
        track.ok_or(Error::NoStream { stream, count })
    }

    fn put(&mut self, stream: usize, code: [u8; 2], data: &[u8], flags: u32) -> Result<(), Error> {
        let size = low(data.len() as u64);
        if size > LARGEST {
            return Err(unsupported(format!("a chunk of {} bytes", data.len())));
        }
        let track = self.track(stream)?;
        track.largest = track.largest.max(size);
        self.make_room(size)?;
        self.align()?;

        let id = chunk_id(stream, code);
        let offset = self.output.position() - self.part.movi;
        self.part.note(id, flags, offset, size);
        riff::write_chunk(&mut self.output, id, data)
    }

    /// Starts a new part when a chunk no longer fits into this one.
    fn make_room(&mut self, size: u32) -> Result<(), Error> {
        if !self.output.can_patch() {
            return Ok(());
        }
        let chunks = self.part.entries.as_ref().map_or(0, Vec::len) as u64 + 1;
        // The chunk, its alignment, and the indexes of both kinds.
        let alignment = u64::from(self.options.alignment.unwrap_or(0));
        let indexes = chunks * (ENTRY as u64 + 8) + 40 * self.tracks.len() as u64 + 16;
        let end =
            self.output.position() + 2 * riff::HEADER + u64::from(size) + 2 * alignment + indexes;
        let most = if self.options.open_dml {
            self.options.segment
        } else {
            u32::MAX
        };
        if end - self.part.start <= most.into() && chunks as usize <= MOST_CHUNKS {
            return Ok(());
        }
        if !self.options.open_dml {
            let chunks = chunks - 1;
            return Err(unsupported(format!(
                "more than {} bytes in {chunks} chunks without OpenDML",
                self.output.position()
            )));
        }
        if chunks == 1 {
            return Ok(());
        }
        self.end_part(true)?;
        self.start_part()
    }

    fn start_part(&mut self) -> Result<(), Error> {
        // One more entry is kept free for the part that is open when the file is finished.
        if self
            .tracks
            .iter()
            .any(|track| track.indexes.len() + 1 > SEGMENTS)
        {
            return Err(unsupported(format!("more than {SEGMENTS} parts")));
        }
        let start = self.output.position();
        riff::write_header(&mut self.output, RIFF, 0)?;
        riff::write(&mut self.output, b"AVIXLIST\0\0\0\0movi")?;
        self.is_first = false;
        self.part = Part::at(start, start + 20);
        Ok(())
    }

    /// Ends a part: its indexes, and the lengths that stand before it.
    fn end_part(&mut self, is_large: bool) -> Result<(), Error> {
        let entries = self.part.entries.take();
        if is_large {
            for stream in 0..self.tracks.len() {
                self.write_part_index(stream, entries.as_deref().unwrap_or_default())?;
            }
        }
        let movi = self.output.position() - self.part.movi;
        if self.is_first
            && let Some(entries) = entries
        {
            riff::write_chunk(
                &mut self.output,
                FourCc::new(*b"idx1"),
                entries.as_flattened(),
            )?;
        }
        let riff = self.output.position() - self.part.start - riff::HEADER;
        if !self.output.can_patch() {
            return Ok(());
        }
        if self.is_first {
            self.first = (low(riff), low(movi));
        } else {
            riff::patch(
                &mut self.output,
                self.part.start + 4,
                &low(riff).to_le_bytes(),
            )?;
            riff::patch(
                &mut self.output,
                self.part.movi - 4,
                &low(movi).to_le_bytes(),
            )?;
        }
        let header = self.header();
        riff::patch(&mut self.output, 0, &header)
    }

    /// Writes the OpenDML index of one stream in this part (`ix##`).
    fn write_part_index(&mut self, stream: usize, entries: &[[u8; ENTRY]]) -> Result<(), Error> {
        let code = self.tracks[stream].code;
        let digits = chunk_id(stream, code).0.to_le_bytes();
        let mut bytes = vec![0; INDEX_HEAD];
        let (mut count, mut data_bytes) = (0_u32, 0_u64);
        for [a, b, c, d, rest @ ..] in entries {
            let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|more| rest[at + more]));
            let (flags, offset, size) = (word(0), word(4), word(8));
            if [*a, *b] != digits[..2] || [*c, *d] == *b"pc" {
                continue;
            }
            let delta = if flags & IS_KEY == 0 { 1 << 31 } else { 0 };
            bytes.extend((offset + riff::HEADER as u32).to_le_bytes());
            bytes.extend((size | delta).to_le_bytes());
            count += 1;
            data_bytes += u64::from(size);
        }
        bytes[..4].copy_from_slice(&[2, 0, 0, 1]);
        bytes[4..8].copy_from_slice(&count.to_le_bytes());
        bytes[8..12].copy_from_slice(&digits);
        bytes[12..20].copy_from_slice(&self.part.movi.to_le_bytes());

        let offset = self.output.position();
        let id = FourCc::new([b'i', b'x', digits[0], digits[1]]);
        riff::write_chunk(&mut self.output, id, &bytes)?;
        let track = &mut self.tracks[stream];
        track.indexes.push(PartIndex {
            offset,
            size: (self.output.position() - offset) as u32,
            units: low(track.stream.units(count.into(), data_bytes)),
        });
        Ok(())
    }

    /// Puts junk before a chunk, so that what it holds starts where it should.
    fn align(&mut self) -> Result<(), Error> {
        let Some(alignment) = self.options.alignment.map(u64::from) else {
            return Ok(());
        };
        let data = self.output.position() + riff::HEADER;
        let mut way = data.next_multiple_of(alignment) - data;
        if way == 0 {
            return Ok(());
        }
        while way < riff::HEADER {
            way += alignment;
        }
        let mut rest = (way - riff::HEADER) as usize;
        riff::write_header(&mut self.output, JUNK, rest as u32)?;
        while rest > 0 {
            let zeroes = [0; 4096];
            let piece = rest.min(zeroes.len());
            riff::write(&mut self.output, &zeroes[..piece])?;
            rest -= piece;
        }
        Ok(())
    }

    fn header(&self) -> Vec<u8> {
        let layout = Layout {
            tracks: &self.tracks,
            info: &self.options.info,
            is_counted: self.output.can_patch(),
            has_room: self.options.open_dml && self.output.can_patch(),
            alignment: self.options.alignment.unwrap_or(0),
            riff: self.first.0,
            movi: self.first.1,
        };
        layout.bytes()
    }
}

impl Part {
    fn at(start: u64, movi: u64) -> Self {
        let entries = Some(Vec::new());
        Self {
            start,
            movi,
            entries,
        }
    }

    /// Notes a chunk for the index. One that cannot be complete is given up: that happens to pipes only.
    fn note(&mut self, id: FourCc, flags: u32, offset: u64, size: u32) {
        let Some(entries) = &mut self.entries else {
            return;
        };
        let Ok(offset) = u32::try_from(offset) else {
            self.entries = None;
            return;
        };
        if entries.len() == MOST_CHUNKS {
            self.entries = None;
            return;
        }
        let mut entry = [0; ENTRY];
        for (word, at) in [id.0, flags, offset, size].into_iter().zip([0, 4, 8, 12]) {
            entry[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        entries.push(entry);
    }
}

fn unsupported(what: String) -> Error {
    Error::Unsupported {
        format: "AVI",
        what,
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}
