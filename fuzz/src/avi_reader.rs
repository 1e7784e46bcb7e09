//! Reads an AVI file in every way that there is, from a file and from a pipe, and writes what is left of it anew.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use opendriver_codec::file::avi::{Chunk, ChunkKind, Options, Reader, Writer};
use opendriver_codec::file::{Error, Input, Output};

use crate::place::Place;

/// What came of a chunk, as far as it must survive being written anew.
type Content = (usize, bool, u64, Vec<u8>);

/// Reads all that `data` holds. Whatever that is, this returns, without more work or memory than the file is worth; what was
/// read is written, and read again.
pub fn exercise(data: &[u8]) {
    let piped = Reader::open(Input::pipe(Cursor::new(data.to_vec())));
    if let Some(mut piped) = said(piped, data) {
        chunks(&mut piped, data);
        let error = piped
            .make_index()
            .expect_err("a pipe cannot be gone back in");
        assert!(matches!(error, Error::Unseekable { .. }));
    }
    let work = Arc::new(AtomicU64::new(0));
    let file = Counted {
        data: Cursor::new(data.to_vec()),
        work: Arc::clone(&work),
    };
    let opened = Reader::open(Input::file(file).expect("memory can be sought in"));
    let Some(mut reader) = said(opened, data) else {
        return;
    };
    let first = chunks(&mut reader, data);
    rewrite(&reader, &first, data);
    // Each step may fill the buffer that is read ahead anew; there are no more steps than chunks could start.
    let steps = work.load(Relaxed);
    assert!(
        steps <= 5000 + data.len() as u64 / 2,
        "{steps} reads of {} bytes",
        data.len()
    );
    for stream in 0..reader.streams().len() {
        for frame in [u64::MAX, 1] {
            let found = reader
                .seek_to_key(stream, frame)
                .expect("memory can be read");
            assert!(found <= frame);
            chunks(&mut reader, data);
        }
    }
    let steps = work.load(Relaxed);
    let passes = 2 + 2 * reader.streams().len() as u64;
    assert!(
        steps <= passes * (5000 + data.len() as u64),
        "{steps} reads of {} bytes",
        data.len()
    );
}

/// Reads to the end.
fn chunks(reader: &mut Reader, data: &[u8]) -> Vec<Content> {
    let (mut found, mut bytes) = (Vec::new(), Vec::new());
    let mut last: Option<Chunk> = None;
    let mut counts = vec![None; reader.streams().len()];
    while let Some(chunk) = reader.next(&mut bytes).expect("memory can be read") {
        assert!(bytes.len() <= data.len());
        assert!(bytes.capacity() <= (2 * data.len()).max(2 << 20));
        let is_palette = chunk.kind == ChunkKind::Palette;
        if let Some(last) = last {
            assert!(
                chunk.offset > last.offset,
                "chunks come in the order of the file"
            );
        }
        if !is_palette {
            let count = &mut counts[chunk.stream];
            assert!(count.is_none_or(|last| last + 1 == chunk.number));
            *count = Some(chunk.number);
            last = Some(chunk);
        }
        found.push((chunk.stream, is_palette, chunk.number, bytes.clone()));
    }
    for warning in reader.warnings().kept() {
        assert!(warning.offset <= data.len() as u64 + 8, "{warning}");
    }
    found
}

/// Writes what was read, and reads it again.
fn rewrite(reader: &Reader, chunks: &[Content], data: &[u8]) {
    let place = Place::default();
    let output = Output::file(place.clone());
    // Files of many parts take long; which kind it is is as good as random.
    let options = Options {
        open_dml: data.len().is_multiple_of(4),
        segment: 12_000,
        info: reader.info().to_vec(),
        ..Options::default()
    };
    let mut writer =
        Writer::new(output, reader.streams(), options).expect("these streams were in a file");
    let mut written = Vec::new();
    for (stream, is_palette, number, bytes) in chunks {
        let done = match is_palette {
            true => writer.write_palette(*stream, bytes),
            false => writer.write(*stream, bytes, number % 3 == 0),
        };
        if done.is_err() {
            // There is room for so many parts and no more.
            break;
        }
        written.push((*stream, *is_palette, *number, bytes.clone()));
    }
    writer.finish().expect("memory can be written");
    let bytes = place.bytes();
    let input = Input::file(Cursor::new(bytes.clone())).expect("memory can be sought in");
    let mut again = Reader::open(input).expect("what was written is a file");
    let found = self::chunks(&mut again, &bytes);
    assert!(found == written, "what is written is read back");
    for (again, stream) in again.streams().iter().zip(reader.streams()) {
        assert_eq!(again.kind, stream.kind);
        assert_eq!((&again.name, &again.data), (&stream.name, &stream.data));
    }
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
            assert!(offset <= data.len() as u64 + 1);
            assert!(!expected.is_empty() && !found.is_empty());
            None
        }
        Err(error) => panic!("memory can be read: {error}"),
    }
}

/// A file that counts how often it is read.
struct Counted {
    data: Cursor<Vec<u8>>,
    work: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.work.fetch_add(1, Relaxed);
        self.data.read(buffer)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.data.seek(to)
    }
}
