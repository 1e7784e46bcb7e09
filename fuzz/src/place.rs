//! A file in memory, for writers whose bytes are looked at afterwards.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

/// A file in memory that is shared with whoever writes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Place {
    /// What is in it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no writer broke").get_ref().clone()
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer broke").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Place {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.lock().expect("no writer broke").seek(to)
    }
}
