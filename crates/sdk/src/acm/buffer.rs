//! One buffer, converted piece by piece.

use super::streams::Opened;
use super::{Converted, Flags, Refusal, Stream};
use crate::Claim;

/// A buffer of the application.
pub(super) struct Buffer<'a> {
    pub(super) source: Claim<'a>,
    pub(super) source_length: usize,
    pub(super) destination: Claim<'a>,
    pub(super) destination_length: usize,
    pub(super) flags: Flags,
}

impl Buffer<'_> {
    /// Converts in pieces that stay in the cache; their copies are kept from buffer to buffer, so that nothing is allocated.
    pub(super) fn convert<S: Stream>(&self, opened: &mut Opened<S>) -> Result<Converted, Refusal> {
        const PIECE: usize = 1 << 16;
        let mut done = Converted::default();
        loop {
            let left = self.source_length - done.used;
            let piece = left.min(PIECE);
            let source = slice(&mut opened.source, piece);
            self.source.at(done.used).read(source)?;
            let most = opened.stream.destination_size(piece);
            let room = (self.destination_length - done.written).min(most.unwrap_or(0).max(PIECE));
            let destination = slice(&mut opened.destination, room);
            let flags = Flags {
                start: self.flags.start && done == Converted::default(),
                end: self.flags.end && piece == left,
            };
            let step = opened.stream.convert(source, destination, flags)?;
            // A codec that counts wrongly would have the application read and write elsewhere.
            if step.used > piece || step.written > room {
                return Err(Refusal::Failed);
            }
            self.destination
                .at(done.written)
                .write(&destination[..step.written])?;
            done.used += step.used;
            done.written += step.written;
            // A stream that used all of its room may have more.
            let is_through = done.used == self.source_length && step.written < room;
            if is_through || step == Converted::default() {
                return Ok(done);
            }
        }
    }
}

/// The first bytes of a list, which grows where it must.
fn slice(list: &mut Vec<u8>, length: usize) -> &mut [u8] {
    if list.len() < length {
        list.resize(length, 0);
    }
    &mut list[..length]
}
