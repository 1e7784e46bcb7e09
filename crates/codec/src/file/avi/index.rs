//! Where the chunks of each stream are, and which of them are keys.
//!
//! What is kept is 8 bytes for a picture and 16 for a chunk of sound, up to [`MOST_ENTRIES`] of them.

use super::StreamKind;

/// Some eight days of pictures. What an index says beyond that is not kept.
const MOST_ENTRIES: usize = 1 << 24;

/// Where a chunk starts, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry(u64);

impl Entry {
    const KEY: u64 = 1 << 63;
    const KNOWN: u64 = 1 << 62;
    const OFFSET: u64 = Self::KNOWN - 1;

    fn new(offset: u64, key: Option<bool>) -> Self {
        let known = match key {
            None => 0,
            Some(false) => Self::KNOWN,
            Some(true) => Self::KNOWN | Self::KEY,
        };
        Self(offset & Self::OFFSET | known)
    }

    fn offset(self) -> u64 {
        self.0 & Self::OFFSET
    }

    fn key(self) -> Option<bool> {
        (self.0 & Self::KNOWN != 0).then_some(self.0 & Self::KEY != 0)
    }
}

/// Where the chunks of all streams are.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) tracks: Vec<Track>,
    /// Whether nothing speaks against it: each chunk is in it, and at its place.
    pub(super) is_whole: bool,
    count: usize,
}

/// Where the chunks of one stream are.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    entries: Vec<Entry>,
    /// Of sound, how many bytes come before each chunk, and how many there are.
    before: Vec<u64>,
    bytes: u64,
    keeps_bytes: bool,
    all_keys: bool,
    has_palette: bool,
    /// Where the palette changes.
    palettes: Vec<u64>,
}

impl Index {
    /// An index with nothing in it.
    pub(super) fn new(streams: &[super::Stream]) -> Self {
        let tracks = streams.iter().map(|stream| Track {
            keeps_bytes: matches!(stream.kind, StreamKind::Audio(_)) || stream.sample_size > 0,
            all_keys: stream.kind.is_all_keys(),
            has_palette: matches!(stream.kind, StreamKind::Video(_)),
            ..Track::default()
        });
        Self {
            tracks: tracks.collect(),
            is_whole: true,
            count: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Notes the next chunk of a stream. One that is not behind the one before is none, and the index not whole.
    pub(super) fn push(
        &mut self,
        (stream, code): (usize, [u8; 2]),
        offset: u64,
        size: u32,
        key: Option<bool>,
    ) {
        let Some(track) = self.tracks.get_mut(stream) else {
            return;
        };
        let is_palette = track.has_palette && code == *b"pc";
        let last = match is_palette {
            true => track.palettes.last().copied(),
            false => track.entries.last().map(|entry| entry.offset()),
        };
        let is_behind = last.is_none_or(|last| last < offset);
        if !is_behind || offset > Entry::OFFSET || self.count == MOST_ENTRIES {
            self.is_whole = false;
            return;
        }
        self.count += 1;
        if is_palette {
            track.palettes.push(offset);
            return;
        }
        let key = if track.all_keys { Some(true) } else { key };
        track.entries.push(Entry::new(offset, key));
        if track.keeps_bytes {
            track.before.push(track.bytes);
        }
        track.bytes += u64::from(size);
    }

    /// Where the next chunk behind an offset starts, when so many of each stream have come.
    pub(super) fn next(&self, counts: &[(u64, u64)], offset: u64) -> Option<u64> {
        let coming = self
            .tracks
            .iter()
            .zip(counts)
            .filter_map(|(track, (count, _))| {
                let next = track.offset(*count)?;
                if next > offset {
                    Some(next)
                } else {
                    track.offset(count + 1)
                }
            });
        coming.min()
    }

    /// Whether any palette changes.
    pub(super) fn has_palettes(&self) -> bool {
        self.tracks.iter().any(|track| !track.palettes.is_empty())
    }

    /// Forgets keys where no chunk of a stream is one: its writer did not say.
    pub(super) fn doubt_keys(&mut self) {
        for track in &mut self.tracks {
            if track.entries.iter().all(|entry| entry.key() != Some(true)) {
                for entry in &mut track.entries {
                    *entry = Entry::new(entry.offset(), None);
                }
            }
        }
    }

    /// Takes over what another index knows about the keys among the same chunks.
    pub(super) fn learn_keys(&mut self, from: &Self) {
        for (track, from) in self.tracks.iter_mut().zip(&from.tracks) {
            let mut known = from.entries.iter().peekable();
            for entry in &mut track.entries {
                while known.next_if(|k| k.offset() < entry.offset()).is_some() {}
                if let Some(same) = known.next_if(|k| k.offset() == entry.offset())
                    && entry.key().is_none()
                {
                    *entry = *same;
                }
            }
        }
    }
}

impl Track {
    /// How many chunks there are.
    pub(super) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Where a chunk starts.
    pub(super) fn offset(&self, number: u64) -> Option<u64> {
        Some(self.entries.get(usize::try_from(number).ok()?)?.offset())
    }

    /// Whether a chunk is a key, and whether the index has it under this number.
    pub(super) fn key(&self, number: u64, offset: u64) -> (Option<bool>, bool) {
        if self.offset(number) == Some(offset) {
            return (self.entries[number as usize].key(), true);
        }
        let found = self
            .entries
            .binary_search_by_key(&offset, |entry| entry.offset());
        (found.ok().and_then(|at| self.entries[at].key()), false)
    }

    /// The last key at or before a chunk; the first chunk counts as one.
    pub(super) fn key_before(&self, number: u64) -> Option<u64> {
        let last = self.entries.len().checked_sub(1)?;
        let from = usize::try_from(number).unwrap_or(last).min(last);
        let is_key = |at: &usize| self.entries[*at].key() == Some(true);
        Some((0..=from).rev().find(is_key).unwrap_or(0) as u64)
    }

    /// How many chunks and, of sound, bytes there are before an offset.
    pub(super) fn before(&self, offset: u64) -> (u64, u64) {
        let chunks = self
            .entries
            .partition_point(|entry| entry.offset() < offset);
        let bytes = self.before.get(chunks).copied().unwrap_or(self.bytes);
        (chunks as u64, bytes)
    }

    /// The changes of the palette before an offset.
    pub(super) fn palettes_before(&self, offset: u64) -> &[u64] {
        &self.palettes[..self.palettes.partition_point(|at| *at < offset)]
    }

    /// All chunks, of whatever kind.
    pub(super) fn moved(&mut self, by: i64) -> bool {
        let mut fits = true;
        let mut moved = |offset: u64| match offset.checked_add_signed(by) {
            Some(offset) if offset <= Entry::OFFSET => offset,
            _ => {
                fits = false;
                0
            }
        };
        for entry in &mut self.entries {
            *entry = Entry::new(moved(entry.offset()), entry.key());
        }
        for palette in &mut self.palettes {
            *palette = moved(*palette);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::avi::Stream;
    use crate::{BitmapFormat, WaveFormat};
    use opendriver_abi::structures::FourCc;

    fn index() -> Index {
        let format = BitmapFormat::uncompressed(crate::Pixel::Rgb24, 2, 2);
        let header = opendriver_abi::structures::BitmapInfoHeader {
            compression: FourCc::new(*b"cvid"),
            ..format.header()
        };
        let video = Stream::video(format.with_header(header), FourCc::new(*b"cvid"), 1, 25);
        let sound = Stream::audio(WaveFormat::pcm(1, 8000, 16));
        let mut index = Index::new(&[video, sound]);
        for number in 0..10 {
            index.push((0, *b"dc"), 100 * number, 50, Some(number % 4 == 0));
            index.push((1, *b"wb"), 100 * number + 58, 6, None);
        }
        index
    }

    #[test]
    fn the_key_before_a_chunk_is_found() {
        let index = index();
        let found = [0, 3, 4, 9, 99].map(|number| index.tracks[0].key_before(number));
        assert_eq!(found, [0, 0, 4, 8, 8].map(Some));
        assert_eq!(index.tracks[1].before(330), (3, 18));
        assert_eq!(index.tracks[1].key(2, 258), (Some(true), true));
        assert_eq!(index.tracks[0].key(2, 400), (Some(true), false));
    }

    #[test]
    fn what_goes_back_is_not_taken() {
        let mut index = index();
        index.push((0, *b"dc"), 100, 50, Some(true));
        assert!(!index.is_whole);
        assert_eq!(index.tracks[0].len(), 10);
    }

    #[test]
    fn keys_are_learnt_by_offset() {
        let known = index();
        let mut found = Index::new(&[]);
        found.tracks = vec![Track::default()];
        for offset in [100, 150, 400] {
            found.push((0, *b"dc"), offset, 1, None);
        }
        found.learn_keys(&known);
        let keys: Vec<_> = found.tracks[0]
            .entries
            .iter()
            .map(|entry| entry.key())
            .collect();
        assert_eq!(keys, [Some(false), None, Some(true)]);
    }

    #[test]
    fn an_index_without_any_key_says_nothing_about_keys() {
        let mut index = index();
        for entry in &mut index.tracks[0].entries {
            *entry = Entry::new(entry.offset(), Some(false));
        }
        index.doubt_keys();
        assert_eq!(index.tracks[0].key(1, 100), (None, true));
    }
}
