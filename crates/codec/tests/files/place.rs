//! Files in memory, and pipes, whose bytes can be looked at afterwards.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use opendriver_codec::file::{Input, Output, wav};

/// A file in memory that is shared with whoever writes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Place {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no writer broke").get_ref().clone()
    }

    /// Where a writer goes back to patch, or what it can only append to.
    pub(crate) fn output(&self, is_pipe: bool) -> Output {
        if is_pipe {
            Output::pipe(self.clone())
        } else {
            Output::file(self.clone())
        }
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

pub(crate) fn input(bytes: Vec<u8>, is_pipe: bool) -> Input {
    if is_pipe {
        Input::pipe(Cursor::new(bytes))
    } else {
        Input::file(Cursor::new(bytes)).expect("memory can be sought in")
    }
}

/// Reads all sound, `most` bytes at a time.
pub(crate) fn sound(reader: &mut wav::Reader, most: usize) -> Vec<u8> {
    let mut sound = Vec::new();
    while reader
        .read_blocks(most, &mut sound)
        .expect("memory can be read")
        > 0
    {}
    sound
}
