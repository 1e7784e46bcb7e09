//! A file that takes zeroes as holes, so that gigabytes of nothing cost nothing.

use std::fs::File;
use std::io::{Result, Seek, SeekFrom, Write};

/// Nothing, to be written many times.
pub(crate) static ZEROES: [u8; 1 << 20] = [0; 1 << 20];

/// A file that takes zeroes as holes.
pub(crate) struct Sparse(pub(crate) File);

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut pieces = bytes.chunks(ZEROES.len());
        if bytes.len() > 4096 && pieces.all(|piece| piece == &ZEROES[..piece.len()]) {
            let end = self.0.stream_position()? + bytes.len() as u64;
            self.0.set_len(end)?;
            self.0.seek(SeekFrom::Start(end))?;
            return Ok(bytes.len());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.0.seek(to)
    }
}
