//! Frames in buffers that know nothing of frames.

use opendriver_sdk::acm::{Converted, Flags, Refusal, Stream};

use crate::frame::Work;

/// One conversion.
pub struct Frames {
    work: Work,
    /// How many bytes a frame is made of, and how many it becomes, by and large.
    sizes: [usize; 2],
    kept: Kept,
}

/// What is kept from buffer to buffer.
#[derive(Default)]
struct Kept {
    /// How many frames there were.
    number: usize,
    /// The beginning of a frame whose end is yet to come.
    begun: Vec<u8>,
    /// What was made and did not fit yet, and how many bytes of the source that was. They count as used when all of it has gone: an
    /// application that sees its source used up would not come for the rest.
    made: Vec<u8>,
    owed: usize,
}

impl Frames {
    pub(crate) fn new(work: Work, sizes: [usize; 2]) -> Self {
        let kept = Kept::default();
        Self { work, sizes, kept }
    }
}

impl Stream for Frames {
    fn destination_size(&self, source: usize) -> Option<usize> {
        // Two more, for what is in parts at both ends.
        (source / self.sizes[0] + 2).checked_mul(self.sizes[1])
    }

    fn source_size(&self, destination: usize) -> Option<usize> {
        let frames = (destination / self.sizes[1]).checked_sub(2)?;
        (frames > 0).then_some(frames * self.sizes[0])
    }

    fn convert(
        &mut self,
        source: &[u8],
        destination: &mut [u8],
        flags: Flags,
    ) -> Result<Converted, Refusal> {
        if flags.start {
            self.reset();
        }
        let kept = &mut self.kept;
        let mut done = Converted::default();
        loop {
            let room = &mut destination[done.written..];
            let count = room.len().min(kept.made.len());
            room[..count].copy_from_slice(&kept.made[..count]);
            kept.made.drain(..count);
            done.written += count;
            if !kept.made.is_empty() {
                return Ok(done);
            }
            let paid = kept.owed.min(source.len() - done.used);
            kept.owed -= paid;
            done.used += paid;
            let before = kept.begun.len();
            kept.begun.extend_from_slice(&source[done.used..]);
            let worked = (self.work)(&kept.begun, kept.number, flags.end);
            if worked.is_err() {
                // Nothing counts as used, and whoever tries again brings the same bytes.
                kept.begun.truncate(before);
            }
            let Some((made, length)) = worked? else {
                done.used = source.len();
                return Ok(done);
            };
            kept.number += 1;
            kept.begun.clear();
            (kept.made, kept.owed) = (made, length.saturating_sub(before));
        }
    }

    fn reset(&mut self) {
        self.kept = Kept::default();
    }
}
