//! Files in memory, and pipes, whose bytes can be looked at afterwards.

use std::io::Cursor;

use opendriver_codec::file::{Input, Output, wav};

#[path = "../../../../fuzz/src/place.rs"]
mod memory;

pub(crate) use memory::Place;

impl Place {
    /// Where a writer goes back to patch, or what it can only append to.
    pub(crate) fn output(&self, is_pipe: bool) -> Output {
        if is_pipe {
            Output::pipe(self.clone())
        } else {
            Output::file(self.clone())
        }
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
