//! Reads an AVI file chunk by chunk, in the order in which they stand.

use std::collections::VecDeque;

use opendriver_abi::structures::FourCc;

use super::index::Index;
use super::opening::Opening;
use super::walk::{Fit, Found, Walk, is_info};
use super::{Main, Stream, StreamKind, parse_chunk_id};
use crate::file::riff::{self, Header};
use crate::file::{Error, Input, Warnings};

/// A chunk of sound that is longer comes in pieces, so that a whole recording in one chunk takes no more memory.
const PIECE: u32 = 16 << 20;

/// A chunk of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chunk {
    /// Which stream, from 0.
    pub stream: usize,
    /// What it holds.
    pub kind: ChunkKind,
    /// Its name: the stream, and `dc`, `db`, `wb`, `pc` ...
    pub id: FourCc,
    /// Which chunk of its stream it is, from 0; of a change of the palette, the picture that it is for.
    pub number: u64,
    /// When it starts, in units of its stream from the stream's own start.
    pub start: u64,
    /// Whether it can be decoded without those before it; unknown without an index, so from a pipe. Sound and uncompressed
    /// pictures always can.
    pub key: Option<bool>,
    /// Where the chunk stands in the file; what it holds comes 8 bytes later.
    pub offset: u64,
    /// Whether all of it is there: false of the last one of a file that was cut off, and of one that said a length that cannot be.
    pub is_whole: bool,
}

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// A picture; an empty one repeats the last.
    Frame,
    /// Sound.
    Samples,
    /// A change of the palette from the next picture on (`AVIPALCHANGE`).
    Palette,
    /// What belongs to a stream of another kind.
    Other,
}

/// Reads an AVI file: AVI 1.0 and OpenDML, from a file or a pipe, whole or broken.
///
/// Chunks come in the order in which they stand, each into a buffer that the caller keeps. What is wrong and can be read all the
/// same is noted in [`warnings`](Self::warnings).
///
/// An index is believed as long as chunks are where it says. Where it is missing or lies, [`seek_to_key`](Self::seek_to_key)
/// reads through the file once and makes a new one, of 8 bytes for a picture and 16 for a chunk of sound.
pub struct Reader {
    pub(super) walk: Walk,
    pub(super) opening: Opening,
    pub(super) index: Option<Index>,
    /// How many chunks and bytes of each stream have come.
    counts: Vec<(u64, u64)>,
    /// What is left of a long chunk of sound.
    rest: Option<(Chunk, Header)>,
    /// Changes of the palette that come before anything else, because a seek passed over them.
    replay: VecDeque<(usize, u64)>,
    pub(super) has_late_info: bool,
    /// Whether the index was made here; there is none better then.
    pub(super) is_rebuilt: bool,
}

impl Reader {
    /// Reads the headers, and of a file also the index.
    ///
    /// # Errors
    /// What is no AVI file, or has no stream or no list of chunks, is refused. The system may refuse to read.
    pub fn open(input: Input) -> Result<Self, Error> {
        let mut walk = Walk::new(input);
        let opening = Opening::read(&mut walk)?;
        let mut reader = Self {
            counts: vec![(0, 0); opening.streams.len()],
            walk,
            opening,
            index: None,
            rest: None,
            replay: VecDeque::new(),
            has_late_info: false,
            is_rebuilt: false,
        };
        if reader.walk.input.can_seek() {
            let mark = reader.walk.mark();
            reader.read_index()?;
            reader.walk.return_to(mark)?;
        }
        Ok(reader)
    }

    /// Reads the next chunk in place of what `data` holds; nothing at the end. A chunk of sound that is longer than 16 MiB comes in
    /// pieces.
    ///
    /// # Errors
    /// The system may refuse to read. What is broken is a warning.
    pub fn next(&mut self, data: &mut Vec<u8>) -> Result<Option<Chunk>, Error> {
        if let Some((chunk, header)) = self.rest.take() {
            return self.samples(chunk, header, data).map(Some);
        }
        while let Some((stream, offset)) = self.replay.pop_front() {
            if let Some(chunk) = self.palette_again(stream, offset, data)? {
                return Ok(Some(chunk));
            }
        }
        loop {
            let (header, fit) = match self.walk.next()? {
                None => {
                    data.clear();
                    return Ok(None);
                }
                Some(Found::Chunk(header, fit)) => self.fit_between(header, fit)?,
                Some(Found::List(header, kind)) => {
                    if is_info(kind) && !self.has_late_info {
                        self.opening.take_info(&mut self.walk, header)?;
                    }
                    continue;
                }
            };
            if let Some(chunk) = self.chunk(header, fit) {
                return self.bytes(chunk, header, fit, data).map(Some);
            }
            if fit != Fit::Absurd {
                self.walk.skip(header)?;
            }
        }
    }

    /// Goes to the last key at or before a frame (a chunk, by its number in its stream), so that [`next`](Self::next) reads on from
    /// there; of frames beyond the end, to the last key of all. Answers which frame it is. Without any known key, that is the
    /// first. Where the palette changed before it, these changes come once more.
    ///
    /// # Errors
    /// A pipe cannot. There must be such a stream. The system may refuse to read.
    pub fn seek_to_key(&mut self, stream: usize, frame: u64) -> Result<u64, Error> {
        let count = self.opening.streams.len();
        if stream >= count {
            return Err(Error::NoStream { stream, count });
        }
        self.make_index()?;
        if let Some(found) = self.go_to_key(stream, frame)? {
            return Ok(found);
        }
        // The index lied about this one.
        if !self.is_rebuilt {
            self.rebuild()?;
        }
        Ok(self.go_to_key(stream, frame)?.unwrap_or(0))
    }

    /// Reads through the file and makes an index, where it has none that can be believed.
    ///
    /// # Errors
    /// A pipe cannot. The system may refuse to read.
    pub fn make_index(&mut self) -> Result<(), Error> {
        if !self.walk.input.can_seek() {
            return Err(Error::Unseekable {
                what: "go to a frame",
            });
        }
        match &self.index {
            Some(index) if index.is_whole || self.is_rebuilt => Ok(()),
            _ => self.rebuild(),
        }
    }

    /// The last key at or before a frame, where an index that is believed says so. Nothing is read.
    pub fn key_before(&self, stream: usize, frame: u64) -> Option<u64> {
        let index = self.index.as_ref().filter(|index| index.is_whole)?;
        index.tracks.get(stream)?.key_before(frame)
    }

    /// How many chunks a stream has, where an index that is believed says so.
    pub fn count(&self, stream: usize) -> Option<u64> {
        let index = self.index.as_ref().filter(|index| index.is_whole)?;
        Some(index.tracks.get(stream)?.len())
    }

    /// What the file says of its streams.
    pub fn streams(&self) -> &[Stream] {
        &self.opening.streams
    }

    /// What the file says of itself.
    pub fn main(&self) -> &Main {
        &self.opening.main
    }

    /// The texts about the file (`LIST INFO`, `IDIT`), as they are. From a pipe, those that stand behind the chunks come last.
    pub fn info(&self) -> &[(FourCc, Vec<u8>)] {
        &self.opening.info
    }

    /// What was wrong so far.
    pub fn warnings(&self) -> &Warnings {
        &self.walk.warnings
    }

    /// How far reading has come, in bytes.
    pub fn position(&self) -> u64 {
        self.walk.input.position()
    }

    /// How long the file is, in bytes; a pipe does not tell.
    pub fn length(&self) -> Option<u64> {
        self.walk.input.length()
    }

    /// Cuts a chunk that claims to reach over the one that comes next in the index, if that is there.
    fn fit_between(&mut self, mut header: Header, fit: Fit) -> Result<(Header, Fit), Error> {
        let next = match &self.index {
            Some(index) if index.is_whole && fit == Fit::Whole => {
                index.next(&self.counts, header.offset)
            }
            _ => None,
        };
        let Some(next) = next.filter(|next| (header.data()..header.end()).contains(next)) else {
            return Ok((header, fit));
        };
        riff::seek(&mut self.walk.input, next)?;
        let found = Header::read(&mut self.walk.input, false)?;
        let is_there = found.is_some_and(|found| parse_chunk_id(found.id).is_some());
        riff::seek(&mut self.walk.input, header.data())?;
        if !is_there {
            return Ok((header, fit));
        }
        let there = next - header.data();
        let text = format!(
            "the chunk \"{}\" claims {} bytes, {there} come before the next",
            header.id, header.size
        );
        self.walk.warnings.push(header.offset, text);
        self.walk.cut();
        header.size = there.try_into().unwrap_or(header.size);
        Ok((header, Fit::Cut))
    }

    /// What a chunk is, if it is one of a stream, and notes that it came.
    fn chunk(&mut self, header: Header, fit: Fit) -> Option<Chunk> {
        let (stream, code) = parse_chunk_id(header.id).filter(|(_, code)| code != b"ix")?;
        let Some(of) = self.opening.streams.get(stream) else {
            self.walk.warnings.push(
                header.offset,
                format!("there is no stream for the chunk \"{}\"", header.id),
            );
            return None;
        };
        let kind = match &of.kind {
            StreamKind::Video(_) if code == *b"pc" => ChunkKind::Palette,
            StreamKind::Video(_) => ChunkKind::Frame,
            StreamKind::Audio(_) => ChunkKind::Samples,
            StreamKind::Other { .. } => ChunkKind::Other,
        };
        let (number, bytes) = self.counts[stream];
        let mut key = of.kind.is_all_keys().then_some(true);
        if kind == ChunkKind::Palette {
            key = None;
        } else {
            let counted = &mut self.counts[stream];
            *counted = (number + 1, bytes + u64::from(header.size));
            if let Some(index) = &mut self.index {
                let (known, is_there) = index.tracks[stream].key(number, header.offset);
                key = key.or(known);
                if !is_there && index.is_whole {
                    index.is_whole = false;
                    let text =
                        format!("the index has the chunk {number} of stream {stream} elsewhere");
                    self.walk.warnings.push(header.offset, text);
                }
            }
        }
        Some(Chunk {
            stream,
            kind,
            id: header.id,
            number,
            start: of.units(number, bytes),
            key,
            offset: header.offset,
            is_whole: fit == Fit::Whole,
        })
    }

    /// Reads what a chunk holds.
    fn bytes(
        &mut self,
        mut chunk: Chunk,
        header: Header,
        fit: Fit,
        data: &mut Vec<u8>,
    ) -> Result<Chunk, Error> {
        if fit == Fit::Absurd {
            data.clear();
            return Ok(chunk);
        }
        if chunk.kind == ChunkKind::Samples && header.size > PIECE {
            return self.samples(chunk, header, data);
        }
        if !riff::read_into(&mut self.walk.input, header.size as usize, data)? {
            self.cut(&mut chunk, header, data.len());
        }
        Ok(chunk)
    }

    /// Reads a piece of a long chunk of sound; `header` says what is left of it.
    fn samples(
        &mut self,
        mut chunk: Chunk,
        mut header: Header,
        data: &mut Vec<u8>,
    ) -> Result<Chunk, Error> {
        let stream = &self.opening.streams[chunk.stream];
        let block = match (&stream.kind, stream.sample_size) {
            (StreamKind::Audio(format), 0) => u32::from(format.block_align()),
            (_, size) => size,
        };
        let piece = PIECE - PIECE % block.clamp(1, PIECE);
        let count = header.size.min(piece);
        if !riff::read_into(&mut self.walk.input, count as usize, data)? {
            self.cut(&mut chunk, header, data.len());
            return Ok(chunk);
        }
        header.size -= count;
        if header.size > 0 {
            let mut next = chunk;
            next.start += u64::from(count.checked_div(stream.sample_size).unwrap_or(0));
            self.rest = Some((next, header));
        }
        Ok(chunk)
    }

    fn cut(&mut self, chunk: &mut Chunk, header: Header, there: usize) {
        chunk.is_whole = false;
        let text = format!(
            "the chunk \"{}\" claims {} bytes, {there} are there",
            header.id, header.size
        );
        self.walk.warnings.push(header.offset, text);
    }

    /// Reads a change of the palette that was passed over.
    fn palette_again(
        &mut self,
        stream: usize,
        offset: u64,
        data: &mut Vec<u8>,
    ) -> Result<Option<Chunk>, Error> {
        let mark = self.walk.mark();
        self.walk.go_to(offset)?;
        let mut found = None;
        if let Some(Found::Chunk(header, Fit::Whole)) = self.walk.next()?
            && parse_chunk_id(header.id) == Some((stream, *b"pc"))
        {
            found = self.chunk(header, Fit::Whole);
            riff::read_into(&mut self.walk.input, header.size as usize, data)?;
        }
        self.walk.return_to(mark)?;
        Ok(found)
    }

    /// Goes to a key; answers nothing where the index leads to no chunk of the stream.
    fn go_to_key(&mut self, stream: usize, frame: u64) -> Result<Option<u64>, Error> {
        let Some(index) = &self.index else {
            return Ok(None);
        };
        let track = &index.tracks[stream];
        let found = track.key_before(frame);
        let Some((found, offset)) = found.and_then(|found| Some((found, track.offset(found)?)))
        else {
            return Ok(None);
        };
        riff::seek(&mut self.walk.input, offset)?;
        let header = Header::read(&mut self.walk.input, false)?;
        let is_there = header
            .is_some_and(|header| parse_chunk_id(header.id).is_some_and(|(of, _)| of == stream));
        if !is_there {
            return Ok(None);
        }
        self.walk.go_to(offset)?;
        self.rest = None;
        let tracks = &index.tracks;
        self.counts = tracks.iter().map(|track| track.before(offset)).collect();
        self.replay = track
            .palettes_before(offset)
            .iter()
            .map(|at| (stream, *at))
            .collect();
        Ok(Some(found))
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("input", &self.walk.input)
            .field("streams", &self.opening.streams)
            .finish_non_exhaustive()
    }
}
