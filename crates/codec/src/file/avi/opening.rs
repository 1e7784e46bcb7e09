//! Reads what stands before the first chunk: the file's headers and those of its streams.

use opendriver_abi::structures::FourCc;

use super::walk::{Found, MOVI, Walk, is_info};
use super::{MOST_STREAMS, Main, Stream, StreamKind, parse_chunk_id};
use crate::file::Error;
use crate::file::riff::{self, Header, JUNK, LIST, RIFF};

/// How much of a header's chunk is kept; codecs have tables there, of some kilobytes.
const MOST_BYTES: u32 = 1 << 20;

/// How many texts about the file are kept, and how many other chunks of a stream's header.
const MOST_TEXTS: usize = 1000;

/// All that stands before the first chunk.
#[derive(Default)]
pub(super) struct Opening {
    pub(super) main: Main,
    pub(super) streams: Vec<Stream>,
    pub(super) info: Vec<(FourCc, Vec<u8>)>,
    /// `indx` of each stream, and where it stands.
    pub(super) supers: Vec<Option<(u64, Vec<u8>)>>,
    /// Where the code `movi` stands, and the first chunk behind it.
    pub(super) movi: u64,
    pub(super) first: u64,
}

/// A stream whose chunks come.
#[derive(Default)]
struct Draft {
    offset: u64,
    header: Option<Vec<u8>>,
    format: Option<(u64, Vec<u8>)>,
    data: Vec<u8>,
    name: Vec<u8>,
    index: Option<(u64, Vec<u8>)>,
    more: Vec<(FourCc, Vec<u8>)>,
}

impl Opening {
    pub(super) fn read(walk: &mut Walk) -> Result<Self, Error> {
        check_form(walk)?;
        let mut opening = Self::default();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut in_stream = false;
        loop {
            let offset = walk.input.position();
            match walk.next()? {
                None => {
                    return Err(broken(
                        offset,
                        "a list of chunks (\"movi\")",
                        "the end of the file",
                    ));
                }
                Some(Found::List(header, MOVI)) => {
                    opening.movi = header.data();
                    break;
                }
                Some(Found::List(header, kind)) if is_info(kind) => {
                    opening.take_info(walk, header)?
                }
                Some(Found::List(header, kind)) => {
                    in_stream = kind == FourCc::new(*b"strl");
                    if in_stream {
                        drafts.push(Draft::at(header.offset));
                    }
                }
                Some(Found::Chunk(header, _)) if parse_chunk_id(header.id).is_some() => {
                    walk.warnings.push(
                        header.offset,
                        "expected a list of chunks (\"movi\") before the first chunk",
                    );
                    opening.movi = header.offset.saturating_sub(4);
                    walk.put_back(header);
                    break;
                }
                Some(Found::Chunk(header, _)) => {
                    let starts = header.id == FourCc::new(*b"strh");
                    if starts
                        && (!in_stream || drafts.last().is_none_or(|draft| draft.header.is_some()))
                    {
                        walk.warnings
                            .push(header.offset, "expected a list (\"strl\") before \"strh\"");
                        drafts.push(Draft::at(header.offset));
                        in_stream = true;
                    }
                    let draft = drafts.last_mut().filter(|_| in_stream);
                    opening.take(walk, header, draft)?;
                }
            }
        }
        opening.first = walk.mark().offset();
        if drafts.is_empty() {
            return Err(broken(12, "a stream (\"strl\")", "none"));
        }
        if drafts.len() > MOST_STREAMS {
            let text = format!("of {} streams, {MOST_STREAMS} are kept", drafts.len());
            walk.warnings.push(drafts[MOST_STREAMS].offset, text);
            drafts.truncate(MOST_STREAMS);
        }
        for mut draft in drafts {
            opening.supers.push(draft.index.take());
            let stream = draft.finish(walk, &opening.main);
            opening.streams.push(stream);
        }
        walk.sound = opening
            .streams
            .iter()
            .map(|stream| matches!(stream.kind, StreamKind::Audio(_)))
            .collect();
        Ok(opening)
    }

    /// Takes a chunk of the headers, for the stream whose list we are in.
    fn take(
        &mut self,
        walk: &mut Walk,
        header: Header,
        draft: Option<&mut Draft>,
    ) -> Result<(), Error> {
        let name = header.id.0.to_le_bytes();
        if header.id == JUNK {
            return walk.skip(header);
        }
        let mut bytes = Vec::new();
        walk.read(header, MOST_BYTES, &mut bytes)?;
        match (&name, draft) {
            (b"avih", _) => {
                let all_frames = self.main.all_frames;
                self.main = Main {
                    all_frames,
                    ..Main::parse(&bytes)
                };
            }
            (b"dmlh", _) => {
                self.main.all_frames = bytes.first_chunk().copied().map(u32::from_le_bytes)
            }
            (b"IDIT", _) => self.info.push((header.id, bytes)),
            (b"strh", Some(draft)) => draft.header = Some(bytes),
            (b"strf", Some(draft)) => draft.format = Some((header.offset, bytes)),
            (b"strd", Some(draft)) => draft.data = bytes,
            (b"strn", Some(draft)) => draft.name = bytes,
            (b"indx", Some(draft)) => draft.index = Some((header.offset, bytes)),
            (_, Some(draft)) if draft.more.len() < MOST_TEXTS => {
                draft.more.push((header.id, bytes))
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the texts about the file.
    pub(super) fn take_info(&mut self, walk: &mut Walk, header: Header) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let count = header.size.saturating_sub(4);
        riff::read_into(&mut walk.input, count.min(MOST_BYTES) as usize, &mut bytes)?;
        let mut rest = bytes.as_slice();
        while let Some((head, behind)) = rest.split_at_checked(riff::HEADER as usize) {
            let [id, size] = [0, 4].map(|at| [head[at], head[at + 1], head[at + 2], head[at + 3]]);
            let size = u32::from_le_bytes(size) as usize;
            let is_text = id.iter().all(u8::is_ascii_alphanumeric)
                && FourCc::new(id) != LIST
                && FourCc::new(id) != RIFF;
            if !is_text || size > behind.len() || self.info.len() == MOST_TEXTS {
                let at = header.data() + 4 + (bytes.len() - rest.len()) as u64;
                walk.warnings.push(at, "expected a text about the file");
                break;
            }
            self.info.push((FourCc::new(id), behind[..size].to_vec()));
            rest = &behind[size.next_multiple_of(2).min(behind.len())..];
        }
        // What is no text may be what comes next, if the list is longer than it should be.
        if walk.input.can_seek() {
            let end = header.data() + 4 + (bytes.len() - rest.len()) as u64;
            riff::seek(&mut walk.input, end)?;
        }
        Ok(())
    }
}

impl Draft {
    fn at(offset: u64) -> Self {
        Self {
            offset,
            ..Self::default()
        }
    }

    fn finish(self, walk: &mut Walk, main: &Main) -> Stream {
        let header = self.header.unwrap_or_default();
        if header.len() < Stream::HEADER - 8 {
            let text = format!(
                "expected a stream's header of {} bytes, found {}",
                Stream::HEADER,
                header.len()
            );
            walk.warnings.push(self.offset, text);
        }
        let (at, format) = self.format.unwrap_or_default();
        let (mut stream, broken) = Stream::parse(&header, &format);
        if let Some(broken) = broken {
            walk.warnings.push(at.max(self.offset), broken.to_string());
        }
        if stream.scale == 0 || stream.rate == 0 {
            let (scale, rate) = usual_speed(&stream, main);
            let text = format!(
                "the stream's speed is {}/{}, {rate}/{scale} is taken",
                stream.rate, stream.scale
            );
            walk.warnings.push(self.offset, text);
            (stream.scale, stream.rate) = (scale, rate);
        }
        Stream {
            data: self.data,
            name: self.name,
            more: self.more,
            ..stream
        }
    }
}

/// How fast a stream most likely goes whose header does not say.
fn usual_speed(stream: &Stream, main: &Main) -> (u32, u32) {
    match &stream.kind {
        StreamKind::Audio(format) if format.bytes_per_second() > 0 => (
            u32::from(format.block_align()).max(1),
            format.bytes_per_second(),
        ),
        _ if main.micros_per_frame > 0 => (main.micros_per_frame, 1_000_000),
        _ => (1, 25),
    }
}

/// Whether the file is one at all.
fn check_form(walk: &mut Walk) -> Result<(), Error> {
    let mut start = [0; 12];
    let there = riff::fill(&mut walk.input, &mut start)?;
    if there < start.len() {
        return Err(broken(0, "12 bytes at least", format!("{there}")));
    }
    if start[..4] != *b"RIFF" {
        return Err(broken(0, "\"RIFF\"", shown(&start[..4])));
    }
    if start[8..11] != *b"AVI" {
        return Err(broken(8, "\"AVI \"", shown(&start[8..])));
    }
    let size = u32::from_le_bytes([start[4], start[5], start[6], start[7]]);
    walk.begin(size);
    Ok(())
}

/// Four characters as text where they can be printed, else as bytes.
fn shown(bytes: &[u8]) -> String {
    if bytes.iter().all(|c| matches!(c, b' '..=b'~')) {
        format!("\"{}\"", String::from_utf8_lossy(bytes))
    } else {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(" ")
    }
}

fn broken(offset: u64, expected: &str, found: impl Into<String>) -> Error {
    Error::Broken {
        format: "AVI",
        offset,
        expected: expected.to_owned(),
        found: found.into(),
    }
}
