//! The blocks that a codec at work keeps from frame to frame.

use opendriver::Block;

use super::{Codec, Error};
use crate::BitmapFormat;

/// `biSizeImage` in a header.
pub(super) const IMAGE_SIZE: std::ops::Range<usize> = 20..24;

/// No picture and no frame is larger than this.
pub(super) const LARGEST: u64 = 1 << 30;

/// How many bytes behind a frame can be read: decoders read ahead of what they use. They are zero, so that what a decoder
/// makes of them is always the same.
const READ_AHEAD: usize = 64;

/// Where a codec finds the next frame or picture. It grows, and is not given back.
#[derive(Debug)]
pub(super) struct Source {
    block: Block,
}

impl Source {
    pub(super) fn new(codec: &Codec) -> Result<Self, Error> {
        let block = codec.allocate(4096)?;
        Ok(Self { block })
    }

    /// Puts a frame there.
    pub(super) fn fill(&mut self, codec: &Codec, data: &[u8]) -> Result<(), Error> {
        let end = self.make_room(codec, data.len())?;
        self.block[..data.len()].copy_from_slice(data);
        self.block[data.len()..end].fill(0);
        Ok(())
    }

    /// Puts a picture there with its lines, each `line` bytes long, in the other order.
    pub(super) fn fill_turned(
        &mut self,
        codec: &Codec,
        data: &[u8],
        line: usize,
    ) -> Result<(), Error> {
        let end = self.make_room(codec, data.len())?;
        let (picture, behind) = self.block[..end].split_at_mut(data.len());
        behind.fill(0);
        let lines = data.chunks_exact(line.max(1)).rev();
        picture
            .chunks_exact_mut(line.max(1))
            .zip(lines)
            .for_each(|(to, from)| to.copy_from_slice(from));
        Ok(())
    }

    fn make_room(&mut self, codec: &Codec, len: usize) -> Result<usize, Error> {
        let size = len as u64;
        if size > LARGEST {
            return Err(too_large("a frame", size));
        }
        let end = len + READ_AHEAD;
        if self.block.len() < end {
            self.block = codec.allocate(end.next_power_of_two())?;
        }
        Ok(end)
    }

    pub(super) fn block(&self) -> &Block {
        &self.block
    }

    pub(super) fn block_mut(&mut self) -> &mut Block {
        &mut self.block
    }
}

/// How many bytes a picture takes: what its format says, and never less than its pixels need.
pub(super) fn picture_size(format: &BitmapFormat) -> Result<usize, Error> {
    let header = format.header();
    let pixels = BitmapFormat::pixels_size(&header);
    let size = pixels.max(header.image_size.into());
    if size > LARGEST {
        return Err(too_large("a picture", size));
    }
    Ok(size as usize)
}

#[cold]
pub(super) fn too_large(what: &'static str, size: u64) -> Error {
    Error::TooLarge {
        what,
        size,
        most: LARGEST,
    }
}
