//! Reads a WAV file from a file and from a pipe, and writes what is left of it anew.

use std::io::Cursor;

use opendriver_codec::file::wav::{Chunk, Options, Reader, Writer};
use opendriver_codec::file::{Error, Input, Output};

use crate::place::Place;

/// Reads all that `data` holds. Whatever that is, this returns, with no more than there is; what was read is written, and read
/// again.
pub fn exercise(data: &[u8]) {
    let piped = Reader::open(Input::pipe(Cursor::new(data.to_vec())));
    if let Some(mut piped) = said(piped, data) {
        sound(&mut piped, data);
    }
    let Some(mut reader) = said(Reader::open(file(data.to_vec())), data) else {
        return;
    };
    let most = data.len() as u64;
    assert!(reader.length().is_some_and(|length| length <= most));
    let length = reader.length();
    let found = sound(&mut reader, data);
    assert_eq!(length, Some(found.len() as u64), "a file's length is known");
    rewrite(&reader, &found);

    let mut again = Reader::open(file(data.to_vec())).expect("it was one before");
    let skipped = again.skip_blocks(u64::MAX).expect("memory can be read");
    assert_eq!(skipped, found.len() as u64);
    assert_eq!(again.chunks(), reader.chunks());
    assert_eq!(again.warnings().kept(), reader.warnings().kept());
}

/// Reads to the end.
fn sound(reader: &mut Reader, data: &[u8]) -> Vec<u8> {
    let mut sound = Vec::new();
    // Pieces of every size, from one block on.
    for most in 0.. {
        let before = sound.len();
        let read = reader
            .read_blocks(most, &mut sound)
            .expect("memory can be read");
        assert_eq!(sound.len(), before + read);
        if read == 0 {
            break;
        }
        let block = usize::from(reader.format().block_align()).max(1);
        assert!(read <= most.max(block));
        assert!(read.is_multiple_of(block) || reader.length() == Some(reader.position()));
    }
    assert_eq!(reader.position(), sound.len() as u64);
    assert_eq!(reader.length(), Some(sound.len() as u64));
    let kept: usize = reader.chunks().iter().map(|chunk| chunk.data.len()).sum();
    assert!(kept + sound.len() <= data.len());
    assert!(sound.capacity() <= (2 * data.len()).max(1 << 20));
    for warning in reader.warnings().kept() {
        assert!(warning.offset <= data.len() as u64, "{warning}");
    }
    sound
}

/// Writes what was read, and reads it again.
fn rewrite(reader: &Reader, sound: &[u8]) {
    let place = Place::default();
    let output = Output::file(place.clone());
    let mut writer = Writer::new(output, reader.format(), Options::default());
    let put = |writer: &mut Writer, chunk: &Chunk| {
        let done = writer.chunk(chunk.id, &chunk.data);
        done.expect("it fitted into memory");
    };
    let (behind, before): (Vec<_>, Vec<_>) = reader.chunks().iter().partition(|chunk| chunk.behind);
    for chunk in before {
        put(&mut writer, chunk);
    }
    writer.write(sound).expect("memory can be written");
    for chunk in behind {
        put(&mut writer, chunk);
    }
    let samples = reader.samples().map(|samples| samples.min(1 << 31));
    writer.finish(samples).expect("memory can be written");
    let bytes = place.bytes();
    let mut again = Reader::open(file(bytes.clone())).expect("what was written is a file");
    assert_eq!(again.format(), reader.format());
    let found = self::sound(&mut again, &bytes);
    assert!(found == sound, "what is written is read back");
    assert_eq!(again.chunks(), reader.chunks());
}

fn said(opened: Result<Reader, Error>, data: &[u8]) -> Option<Reader> {
    match opened {
        Ok(reader) => Some(reader),
        Err(Error::Broken {
            offset,
            expected,
            found,
            ..
        }) => {
            // A file may end before the form in its first 12 bytes.
            assert!(offset <= (data.len() as u64).max(8));
            assert!(!expected.is_empty() && !found.is_empty());
            None
        }
        Err(Error::Format { offset, .. }) => {
            assert!(offset <= data.len() as u64);
            None
        }
        Err(error) => panic!("memory can be read: {error}"),
    }
}

fn file(data: Vec<u8>) -> Input {
    Input::file(Cursor::new(data)).expect("memory can be sought in")
}
