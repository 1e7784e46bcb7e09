//! Where a reader has its index from: the file, or reading through it.

use super::index::Index;
use super::reader::Reader;
use super::stored;
use super::walk::{Fit, Found, IDX1, MOVI, index_of, is_info};
use super::{Stream, parse_chunk_id};
use crate::file::Error;
use crate::file::riff::{Header, JUNK, RIFF};

/// How many indexes inside of the file are remembered while it is read through.
const MOST_INDEXES: usize = 4096;

/// How many of these may be `idx1`; a sound file has one.
const MOST_OLD: usize = 16;

/// How many steps behind the chunks an index is looked for.
const MOST_STEPS: usize = 64;

impl Reader {
    /// Reads the indexes that the file has, and the texts behind the chunks.
    pub(super) fn read_index(&mut self) -> Result<(), Error> {
        let streams = &self.opening.streams;
        let parts = stored::parts(&mut self.walk, streams, &self.opening.supers)?;
        let (mut old, mut has_parts) = (None, false);
        if let Some(end) = self.walk.movi_end() {
            // What is wrong there is told when reading comes there.
            let told = self.walk.warnings.clone();
            let mut late = Vec::new();
            self.walk.go_to(end)?;
            for _ in 0..MOST_STEPS {
                match self.walk.next()? {
                    Some(Found::Chunk(header, _)) if header.id == IDX1 => {
                        old = old.or(Some(header));
                        self.walk.skip(header)?;
                    }
                    Some(Found::Chunk(header, _)) if parse_chunk_id(header.id).is_none() => {
                        self.walk.skip(header)?
                    }
                    Some(Found::List(header, kind)) if is_info(kind) => late.push(header),
                    Some(Found::List(header, _)) => {
                        has_parts = header.id == RIFF;
                        break;
                    }
                    _ => break,
                }
                if let Some(header) = late.pop() {
                    self.opening.take_info(&mut self.walk, header)?;
                    self.has_late_info = true;
                }
            }
            self.walk.warnings = told;
        }
        let place = (self.opening.movi, self.opening.first);
        let streams = &self.opening.streams;
        let old = match old {
            Some(header) => stored::idx1(&mut self.walk, header, streams, place)?,
            None => None,
        };
        // Where palettes change is said of the first part alone.
        let changes = old.as_ref().is_some_and(Index::has_palettes)
            || streams.iter().any(Stream::changes_palette);
        self.index = match (parts, old) {
            (Some(mut parts), _) => {
                parts.is_whole &= !changes;
                Some(parts)
            }
            (None, Some(mut old)) => {
                old.is_whole &= !has_parts;
                Some(old)
            }
            (None, None) => None,
        };
        if self.index.is_none() {
            self.walk
                .warnings
                .push(self.opening.movi, "there is no index that leads to chunks");
        }
        Ok(())
    }

    /// Reads through the file and notes where its chunks are. What indexes know about keys is kept.
    pub(super) fn rebuild(&mut self) -> Result<(), Error> {
        let mark = self.walk.mark();
        let told = self.walk.warnings.clone();
        let mut index = Index::new(&self.opening.streams);
        let (mut stored, mut movi) = (Vec::new(), self.opening.movi);
        self.walk.go_to(self.opening.first)?;
        while let Some(found) = self.walk.next()? {
            let (header, fit) = match found {
                Found::List(header, kind) => {
                    if kind == MOVI {
                        movi = header.data();
                    }
                    continue;
                }
                Found::Chunk(header, fit) => (header, fit),
            };
            let is_index = header.id == IDX1 || index_of(header.id).is_some();
            match parse_chunk_id(header.id) {
                _ if is_index && stored.len() < MOST_INDEXES => stored.push((header, movi)),
                _ if is_index || header.id == JUNK => {}
                Some(name) => index.push(name, header.offset, header.size, None),
                None => {}
            }
            if fit != Fit::Absurd {
                self.walk.skip(header)?;
            }
        }
        if let Some(old) = &self.index {
            index.learn_keys(old);
        }
        self.learn(&mut index, &stored)?;
        index.doubt_keys();
        self.is_rebuilt = true;
        self.walk.warnings = told;
        self.index = Some(index);
        self.walk.return_to(mark)
    }

    /// Takes over what indexes inside of the file say about keys; each with where the code `movi` before it stands.
    fn learn(&mut self, index: &mut Index, stored: &[(Header, u64)]) -> Result<(), Error> {
        let streams = &self.opening.streams;
        let mut parts = Index::new(streams);
        let mut old = 0;
        for (header, movi) in stored {
            if let Some(stream) = index_of(header.id) {
                stored::part_alone(&mut self.walk, *header, stream, &mut parts)?;
            } else if old < MOST_OLD {
                old += 1;
                let place = (*movi, self.opening.first);
                let known = stored::idx1(&mut self.walk, *header, streams, place)?;
                known.iter().for_each(|known| index.learn_keys(known));
            }
        }
        index.learn_keys(&parts);
        Ok(())
    }
}
