//! Streams that turn each block of the source into one of the destination.

use std::fmt;

use super::{Converted, Flags, Refusal, Stream};

/// A stream that turns each block of the source into one of the destination, and keeps nothing between them but what the function keeps.
///
/// ```
/// use opendriver_sdk::acm::Blocks;
///
/// // Samples of 8 bits, unsigned, become those of 16, signed.
/// let stream = Blocks::new(1, 2, |from, to| to.copy_from_slice(&[0, from[0] ^ 0x80]));
/// ```
///
/// What is left of a block at the end of a buffer is not used: it comes again with what follows it.
pub struct Blocks {
    source: usize,
    destination: usize,
    convert: Box<Convert>,
}

/// Converts one block.
type Convert = dyn FnMut(&[u8], &mut [u8]) + Send;

impl Blocks {
    /// A stream of blocks of `source` bytes that become blocks of `destination` bytes.
    ///
    /// # Panics
    /// If a block has no bytes.
    pub fn new(
        source: usize,
        destination: usize,
        convert: impl FnMut(&[u8], &mut [u8]) + Send + 'static,
    ) -> Self {
        assert!(source > 0 && destination > 0, "a block has bytes");
        Self {
            source,
            destination,
            convert: Box::new(convert),
        }
    }
}

impl Stream for Blocks {
    fn destination_size(&self, source: usize) -> Option<usize> {
        // A part of a block is counted whole: the rest of it may be waiting.
        source.div_ceil(self.source).checked_mul(self.destination)
    }

    fn source_size(&self, destination: usize) -> Option<usize> {
        (destination / self.destination).checked_mul(self.source)
    }

    fn convert(
        &mut self,
        source: &[u8],
        destination: &mut [u8],
        _flags: Flags,
    ) -> Result<Converted, Refusal> {
        let from = source.chunks_exact(self.source);
        let to = destination.chunks_exact_mut(self.destination);
        let mut blocks = 0;
        for (from, to) in from.zip(to) {
            (self.convert)(from, to);
            blocks += 1;
        }
        Ok(Converted {
            used: blocks * self.source,
            written: blocks * self.destination,
        })
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("source", &self.source)
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_blocks_are_converted_as_far_as_there_is_room() {
        let mut stream = Blocks::new(2, 3, |from, to| {
            to.copy_from_slice(&[from[0], from[1], from[0] ^ from[1]]);
        });
        assert_eq!(stream.destination_size(5), Some(9));
        assert_eq!(stream.source_size(8), Some(4));
        let mut made = [0; 8];
        let converted = stream.convert(&[1, 2, 3, 4, 5, 6], &mut made, Flags::default());
        assert_eq!(
            converted,
            Ok(Converted {
                used: 4,
                written: 6
            })
        );
        assert_eq!(made, [1, 2, 3, 3, 4, 7, 0, 0]);
        let rest = stream.convert(&[5], &mut made, Flags::default());
        assert_eq!(rest, Ok(Converted::default()));
    }
}
