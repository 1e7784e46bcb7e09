//! Goes from chunk to chunk, and finds the way again where the file leads nowhere.
//!
//! Lists are entered and their lengths are not needed: writers that were stopped, and writers to pipes, leave them wrong. What
//! lists say only serves to tell where a search for the next chunk should end.

use opendriver_abi::structures::FourCc;

use super::{LARGEST, parse_chunk_id};
use crate::file::riff::{self, Header, INFO, JUNK, LIST, RIFF};
use crate::file::{Error, Input, Warnings};

pub(super) const MOVI: FourCc = FourCc::new(*b"movi");
pub(super) const IDX1: FourCc = FourCc::new(*b"idx1");

/// How often a chunk with a broken name is followed by its length; each time costs a look elsewhere in the file.
const MOST_LOOKS: u32 = 1000;

/// The file, and where in it we are.
pub(super) struct Walk {
    pub(super) input: Input,
    pub(super) warnings: Warnings,
    /// Of each stream, whether it is sound; none before the streams are known.
    pub(super) sound: Vec<bool>,
    place: Place,
    looks: u32,
}

/// What is known of the place where we are.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Whether padding should come next.
    odd: bool,
    /// Whether what comes next need not be a chunk.
    lost: bool,
    /// Whether the index of this part was passed, so that no more chunks of streams can follow.
    closed: bool,
    /// A chunk whose header was read already.
    put_back: Option<Header>,
    /// Where the list of chunks and the part of the file end, by their lengths, where these can be.
    movi_end: Option<u64>,
    riff_end: Option<u64>,
}

/// A place to come back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    offset: u64,
    place: Place,
}

impl Mark {
    /// Where it is.
    pub(super) fn offset(&self) -> u64 {
        match self.place.put_back {
            Some(header) => header.offset,
            None => self.offset,
        }
    }
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Found {
    /// A list begins; its chunks come next.
    List(Header, FourCc),
    /// A chunk, whose bytes come next. All of them must be read or skipped.
    Chunk(Header, Fit),
}

/// Whether a chunk is as long as it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// As far as one can know without reading it.
    Whole,
    /// The file ends, or another chunk begins, before.
    Cut,
    /// It is larger than a chunk may be, and nobody knows where it ends: it must be neither read nor skipped.
    Absurd,
}

impl Walk {
    pub(super) fn new(input: Input) -> Self {
        Self {
            input,
            warnings: Warnings::default(),
            sound: Vec::new(),
            place: Place::default(),
            looks: MOST_LOOKS,
        }
    }

    /// Notes the length that the file begins with.
    pub(super) fn begin(&mut self, size: u32) {
        let start = Header {
            offset: 0,
            id: RIFF,
            size,
        };
        self.place.riff_end = self.end_of_part(&start);
    }

    /// Where a part of the file ends, if its length can be true; one that is cut off is told.
    fn end_of_part(&mut self, header: &Header) -> Option<u64> {
        let end = header.end();
        let can_be = self.believes(header.size, end);
        if let Some(length) = self.input.length()
            && end > length
            && !is_open(header.size)
        {
            let text = format!("the file claims to end at offset {end}, it ends at {length}");
            self.warnings.push(header.offset, text);
        }
        can_be.then_some(end)
    }

    /// Where the current list of chunks ends, if its length can be true.
    pub(super) fn movi_end(&self) -> Option<u64> {
        self.place.movi_end
    }

    pub(super) fn mark(&self) -> Mark {
        let place = self.place;
        let offset = match place.put_back {
            Some(header) => header.data(),
            None => self.input.position(),
        };
        Mark { offset, place }
    }

    pub(super) fn return_to(&mut self, mark: Mark) -> Result<(), Error> {
        riff::seek(&mut self.input, mark.offset)?;
        self.place = mark.place;
        Ok(())
    }

    /// Goes to where a chunk begins.
    pub(super) fn go_to(&mut self, offset: u64) -> Result<(), Error> {
        self.place = Place::default();
        riff::seek(&mut self.input, offset)
    }

    /// Makes a chunk that was just found come next once more.
    pub(super) fn put_back(&mut self, header: Header) {
        self.place.put_back = Some(header);
    }

    /// Takes note that the chunk that was found ends where the next begins, without padding.
    pub(super) fn cut(&mut self) {
        self.place.odd = false;
    }

    /// Answers what comes next, or nothing at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Found>, Error> {
        loop {
            let Some(header) = self.header()? else {
                self.note_end();
                return Ok(None);
            };
            if header.id == RIFF || header.id == LIST {
                match self.list(header)? {
                    Some(found) => return Ok(Some(found)),
                    None => continue,
                }
            }
            if self.place.closed && parse_chunk_id(header.id).is_some() {
                // Part of an index that is longer than it says.
                self.warnings.push(
                    header.offset,
                    format!("a chunk \"{}\" behind the index is left out", header.id),
                );
                match self.place.riff_end.filter(|end| *end > header.offset) {
                    Some(end) => {
                        let way = end.saturating_sub(self.input.position());
                        riff::skip(&mut self.input, way)?;
                    }
                    None => return Ok(None),
                }
                continue;
            }
            if header.is_plausible() {
                self.place.closed |= header.id == IDX1;
                return self.chunk(header).map(Some);
            }
            if !self.recover(header)? {
                return Ok(None);
            }
        }
    }

    /// Passes over a chunk that was found.
    pub(super) fn skip(&mut self, header: Header) -> Result<(), Error> {
        riff::skip(&mut self.input, header.size.into()).map(drop)
    }

    /// Reads a chunk that was found in place of what `to` holds; of a long one, so many bytes. The rest is passed over.
    pub(super) fn read(
        &mut self,
        header: Header,
        most: u32,
        to: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let count = header.size.min(most);
        riff::read_into(&mut self.input, count as usize, to)?;
        if header.size > count {
            let text = format!(
                "the chunk \"{}\" has {} bytes, of which {count} are kept",
                header.id, header.size
            );
            self.warnings.push(header.offset, text);
            riff::skip(&mut self.input, u64::from(header.size - count))?;
        }
        Ok(())
    }

    fn header(&mut self) -> Result<Option<Header>, Error> {
        if let Some(header) = self.place.put_back.take() {
            return Ok(Some(header));
        }
        if std::mem::take(&mut self.place.lost) {
            return self.search(u64::MAX);
        }
        let odd = std::mem::take(&mut self.place.odd);
        Header::read(&mut self.input, odd)
    }

    fn list(&mut self, header: Header) -> Result<Option<Found>, Error> {
        let mut kind = [0; 4];
        if riff::fill(&mut self.input, &mut kind)? < kind.len() {
            return Ok(None);
        }
        let kind = FourCc::new(kind);
        if header.id == RIFF {
            self.place.riff_end = self.end_of_part(&header);
        } else if kind == MOVI {
            let can_be = self.believes(header.size, header.end());
            self.place.movi_end = can_be.then(|| header.end());
            self.place.closed = false;
        }
        Ok(Some(Found::List(header, kind)))
    }

    /// Tells of a pipe that ended too early, once.
    fn note_end(&mut self) {
        let end = self.place.riff_end.take();
        if let Some(end) = end.filter(|end| *end > self.input.position()) {
            let at = self.input.position();
            let text = format!("the file claims to end at offset {end}, it ends at {at}");
            self.warnings.push(at, text);
        }
    }

    /// Whether a list can be so long.
    fn believes(&self, size: u32, end: u64) -> bool {
        let fits = self.input.length().is_none_or(|length| end <= length);
        fits && !is_open(size)
    }

    fn chunk(&mut self, mut header: Header) -> Result<Found, Error> {
        let stream = parse_chunk_id(header.id).and_then(|(stream, _)| self.sound.get(stream));
        let is_sound = stream != Some(&false);
        let is_absurd = header.size > LARGEST && !is_sound;
        let beyond = self
            .input
            .length()
            .is_some_and(|length| header.end() > length);
        if !is_absurd && !beyond {
            self.place.odd = header.is_odd();
            return Ok(Found::Chunk(header, Fit::Whole));
        }
        let Some(length) = self.input.length() else {
            let text = format!(
                "the chunk \"{}\" claims {} bytes and is left out",
                header.id, header.size
            );
            self.warnings.push(header.offset, text);
            self.place.lost = true;
            return Ok(Found::Chunk(header, Fit::Absurd));
        };
        // Another chunk may begin before this one claims to end. Entries of an index look like chunks and are none.
        let is_index = header.id == IDX1 || index_of(header.id).is_some();
        let is_outside = self.place.movi_end.is_some_and(|end| end <= header.offset);
        let end = if is_index || is_outside {
            length
        } else {
            let movi_end = self.place.movi_end.filter(|end| *end > header.data());
            let limit = movi_end.unwrap_or(length);
            self.search(limit)?.map_or(limit, |next| next.offset)
        };
        let there = end.saturating_sub(header.data());
        let text = format!(
            "the chunk \"{}\" claims {} bytes, {there} are there",
            header.id, header.size
        );
        self.warnings.push(header.offset, text);
        self.place.odd = false;
        header.size = there.try_into().unwrap_or(u32::MAX);
        if header.size > LARGEST && !is_sound {
            riff::seek(&mut self.input, end)?;
            return Ok(Found::Chunk(header, Fit::Absurd));
        }
        riff::seek(&mut self.input, header.data())?;
        Ok(Found::Chunk(header, Fit::Cut))
    }

    /// Finds the way on from what is no chunk; answers whether there is one.
    fn recover(&mut self, header: Header) -> Result<bool, Error> {
        let Place {
            movi_end, riff_end, ..
        } = self.place;
        let name = header.id.0.to_le_bytes();
        let is_at = |end: Option<u64>| {
            end.is_some_and(|end| end.next_multiple_of(2) == header.offset.next_multiple_of(2))
        };
        if is_at(riff_end) {
            self.warnings.push(
                header.offset,
                format!("expected the end of the file, found {}", hex(name)),
            );
            return Ok(false);
        }
        self.warnings.push(
            header.offset,
            format!("expected a chunk, found {}", hex(name)),
        );
        if self.input.can_seek() {
            if is_at(movi_end) {
                // What is broken is no picture and no sound, but the index or what follows it.
                let Some(end) = riff_end.filter(|end| *end > header.offset) else {
                    return Ok(false);
                };
                riff::seek(&mut self.input, end)?;
                self.place.odd = header.offset % 2 != end % 2;
                return Ok(true);
            }
            if self.leads_on(&header)? {
                riff::seek(&mut self.input, header.end())?;
                self.place.odd = header.is_odd();
                return Ok(true);
            }
            riff::seek(&mut self.input, header.offset + 1)?;
        }
        let limit = movi_end.filter(|end| *end > header.offset && self.input.can_seek());
        let limit = limit.unwrap_or(u64::MAX);
        match self.search(limit)? {
            Some(next) => self.place.put_back = Some(next),
            None if limit == u64::MAX => return Ok(false),
            None => {}
        }
        Ok(true)
    }

    /// Whether there is a chunk where one should follow this one, whose name is broken.
    fn leads_on(&mut self, header: &Header) -> Result<bool, Error> {
        let fits = self
            .input
            .length()
            .is_some_and(|length| header.end() < length);
        if !fits || self.looks == 0 {
            return Ok(false);
        }
        self.looks -= 1;
        riff::seek(&mut self.input, header.end())?;
        let next = Header::read(&mut self.input, header.is_odd())?;
        Ok(next.is_some_and(|next| self.is_likely(&next)))
    }

    /// Looks byte by byte for what is a chunk without doubt, up to an offset. Its header is read then.
    fn search(&mut self, limit: u64) -> Result<Option<Header>, Error> {
        let mut window = [0; riff::HEADER as usize];
        if riff::fill(&mut self.input, &mut window)? < window.len() {
            return Ok(None);
        }
        loop {
            let offset = self.input.position() - riff::HEADER;
            if offset >= limit {
                riff::seek(&mut self.input, offset)?;
                return Ok(None);
            }
            let [a, b, c, d, size @ ..] = window;
            let header = Header {
                offset,
                id: FourCc::new([a, b, c, d]),
                size: u32::from_le_bytes(size),
            };
            if self.is_likely(&header) {
                return Ok(Some(header));
            }
            window.rotate_left(1);
            if riff::fill(&mut self.input, &mut window[7..])? == 0 {
                return Ok(None);
            }
        }
    }

    /// Whether a header is one without doubt: known by name, and no longer than there is.
    fn is_likely(&self, header: &Header) -> bool {
        let is_list = header.id == LIST || header.id == RIFF;
        let fits = match self.input.length() {
            Some(length) => header.end() <= length,
            None => header.size <= LARGEST,
        };
        let of_stream = parse_chunk_id(header.id).is_some_and(|(stream, code)| {
            stream < self.sound.len() && code.iter().all(u8::is_ascii_lowercase)
        });
        is_list || fits && (of_stream || [JUNK, IDX1].contains(&header.id))
    }
}

/// What an index is called in the list of chunks: `ix##`, seldom `##ix`. Answers the stream.
pub(super) fn index_of(id: FourCc) -> Option<usize> {
    let [a, b, c, d] = id.0.to_le_bytes();
    let digits = if [a, b] == *b"ix" { [c, d] } else { [a, b] };
    match parse_chunk_id(FourCc::new([digits[0], digits[1], b'i', b'x'])) {
        Some((stream, _)) if [a, b] == *b"ix" || [c, d] == *b"ix" => Some(stream),
        _ => None,
    }
}

/// Whether a list's length is left open: writers to pipes say 0, or as much as there is room for.
fn is_open(size: u32) -> bool {
    matches!(size, 0 | 0xffff_fff0..)
}

/// Whether a list holds texts about the file.
pub(super) fn is_info(kind: FourCc) -> bool {
    kind == INFO
}

fn hex(bytes: [u8; 4]) -> String {
    bytes.map(|byte| format!("{byte:02x}")).join(" ")
}
