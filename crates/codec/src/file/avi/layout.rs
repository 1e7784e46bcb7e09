//! What stands before the first chunk of a file that is written. It is as long at the end as at the start, so that it can be
//! written anew once the numbers are known.

use opendriver_abi::structures::FourCc;

use super::headers::{HAS_INDEX, IS_INTERLEAVED, Main};
use super::{Stream, StreamKind, chunk_id};
use crate::file::riff::{self, INFO, JUNK, RIFF};

/// Parts that the index of a file has room for.
pub(super) const SEGMENTS: usize = 256;

/// Bytes before the entries of either kind of OpenDML index.
pub(super) const INDEX_HEAD: usize = 24;

/// A stream and what has been counted of it.
pub(super) struct Track {
    pub(super) stream: Stream,
    pub(super) code: [u8; 2],
    pub(super) chunks: u64,
    pub(super) bytes: u64,
    pub(super) largest: u32,
    pub(super) changes_palette: bool,
    /// How many chunks there are in the first part.
    pub(super) first: u64,
    /// Where the indexes of parts are.
    pub(super) indexes: Vec<PartIndex>,
}

/// Where the index of a part is (an entry of `indx`).
pub(super) struct PartIndex {
    pub(super) offset: u64,
    pub(super) size: u32,
    pub(super) units: u32,
}

/// All that the header says.
pub(super) struct Layout<'a> {
    pub(super) tracks: &'a [Track],
    pub(super) info: &'a [(FourCc, Vec<u8>)],
    /// Whether counts are those of the whole file; to a pipe they are what the caller said.
    pub(super) is_counted: bool,
    /// Whether room is kept for what a large file needs.
    pub(super) has_room: bool,
    pub(super) alignment: u32,
    /// Sizes of the first `RIFF` and `movi`, 0 where not known.
    pub(super) riff: u32,
    pub(super) movi: u32,
}

impl Layout<'_> {
    /// The bytes from the start of the file to the first chunk. The last 12 open the list of chunks.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut lists = vec![riff::chunk(FourCc::new(*b"avih"), &self.main().bytes())];
        lists.extend((0..self.tracks.len()).map(|index| self.stream(index)));
        if self.has_room {
            lists.push(self.all_frames());
        }
        let mut bytes = Vec::new();
        bytes.extend(RIFF.0.to_le_bytes());
        bytes.extend(self.riff.to_le_bytes());
        bytes.extend(b"AVI ");
        bytes.extend(riff::list(FourCc::new(*b"hdrl"), &lists));
        if !self.info.is_empty() {
            let texts: Vec<_> = self
                .info
                .iter()
                .map(|(id, text)| riff::chunk(*id, text))
                .collect();
            bytes.extend(riff::list(INFO, &texts));
        }
        bytes.extend(b"LIST");
        bytes.extend(self.movi.to_le_bytes());
        bytes.extend(b"movi");
        bytes
    }

    fn is_large(&self) -> bool {
        self.tracks.iter().any(|track| !track.indexes.is_empty())
    }

    fn video(&self) -> Option<&Track> {
        let is_video = |track: &&Track| matches!(track.stream.kind, StreamKind::Video(_));
        self.tracks.iter().find(is_video)
    }

    fn main(&self) -> Main {
        let mut main = Main {
            alignment: self.alignment,
            flags: HAS_INDEX | IS_INTERLEAVED,
            streams: self.tracks.len() as u32,
            suggested: self
                .tracks
                .iter()
                .map(|t| self.largest(t))
                .max()
                .unwrap_or(0),
            ..Main::default()
        };
        if let Some(track) = self.video() {
            let stream = &track.stream;
            let micros = u64::from(stream.scale) * 1_000_000 / u64::from(stream.rate.max(1));
            main.micros_per_frame = low(micros);
            main.frames = match (self.is_counted, self.is_large()) {
                (false, _) => stream.length,
                (true, false) => low(track.chunks),
                (true, true) => low(track.first),
            };
            if let StreamKind::Video(format) = &stream.kind {
                (main.width, main.height) = (format.width(), format.height());
            }
            let bytes: u64 = self.tracks.iter().map(|track| track.bytes).sum();
            let time = u128::from(micros) * u128::from(track.chunks);
            let rate = (u128::from(bytes) * 1_000_000).checked_div(time);
            main.bytes_per_second = rate.unwrap_or(0).try_into().unwrap_or(u32::MAX);
        }
        main
    }

    fn largest(&self, track: &Track) -> u32 {
        if self.is_counted {
            track.largest
        } else {
            track.stream.suggested
        }
    }

    fn stream(&self, index: usize) -> Vec<u8> {
        let track = &self.tracks[index];
        let mut stream = track.stream.clone();
        stream.suggested = self.largest(track);
        if self.is_counted {
            stream.length = low(stream.units(track.chunks, track.bytes));
        }
        if track.changes_palette {
            stream.flags |= Stream::PALETTE_CHANGES;
        }
        let mut chunks = vec![
            riff::chunk(FourCc::new(*b"strh"), &stream.header()),
            riff::chunk(FourCc::new(*b"strf"), stream.kind.format()),
        ];
        for (id, bytes) in [(*b"strd", &stream.data), (*b"strn", &stream.name)] {
            if !bytes.is_empty() {
                chunks.push(riff::chunk(FourCc::new(id), bytes));
            }
        }
        chunks.extend(
            stream
                .more
                .iter()
                .map(|(id, bytes)| riff::chunk(*id, bytes)),
        );
        if self.has_room {
            chunks.push(super_index(track, index));
        }
        riff::list(FourCc::new(*b"strl"), &chunks)
    }

    /// How many pictures all parts have, or room to say so.
    fn all_frames(&self) -> Vec<u8> {
        let mut bytes = [0; 248];
        if !self.is_large() {
            return riff::chunk(JUNK, &[0; 248 + 4 + 8]);
        }
        if let Some(track) = self.video() {
            bytes[..4].copy_from_slice(&low(track.chunks).to_le_bytes());
        }
        let chunk = riff::chunk(FourCc::new(*b"dmlh"), &bytes);
        riff::list(FourCc::new(*b"odml"), &[chunk])
    }
}

/// The index of the indexes of a stream, or room for it.
fn super_index(track: &Track, stream: usize) -> Vec<u8> {
    let mut bytes = vec![0; INDEX_HEAD + 16 * SEGMENTS];
    if track.indexes.is_empty() {
        return riff::chunk(JUNK, &bytes);
    }
    bytes[..2].copy_from_slice(&4_u16.to_le_bytes());
    bytes[4..8].copy_from_slice(&(track.indexes.len() as u32).to_le_bytes());
    bytes[8..12].copy_from_slice(&chunk_id(stream, track.code).0.to_le_bytes());
    let entries = bytes[INDEX_HEAD..].chunks_exact_mut(16);
    for (entry, index) in entries.zip(&track.indexes) {
        entry[..8].copy_from_slice(&index.offset.to_le_bytes());
        entry[8..12].copy_from_slice(&index.size.to_le_bytes());
        entry[12..].copy_from_slice(&index.units.to_le_bytes());
    }
    riff::chunk(FourCc::new(*b"indx"), &bytes)
}

/// As much of a number as the file has room for.
pub(super) fn low(number: u64) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}
