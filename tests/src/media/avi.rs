//! AVI files written in the plainest way: one stream of pictures, an index, nothing else.
//!
//! It is a second opinion on the reader of the codec library, and so shares nothing with it.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// A file that is being written.
pub struct Writer {
    file: BufWriter<File>,
    index: Vec<u8>,
    /// Bytes in the `movi` list, its name included.
    movie: u32,
    frames: u32,
    largest: u32,
}

/// Where the numbers are that are known at the end.
const RIFF_SIZE: u64 = 4;
const FRAMES: u64 = 48;
const STREAM_FRAMES: u64 = 140;
const LARGEST: u64 = 144;

impl Writer {
    /// Starts a file of pictures with a `BITMAPINFOHEADER` and what follows it, 15 in a second.
    ///
    /// # Errors
    /// The system may refuse to write.
    pub fn new(path: &Path, handler: [u8; 4], format: &[u8]) -> io::Result<Self> {
        let [width, height] = [4, 8].map(|at| &format[at..at + 4]);
        let stream = chunks(&[
            (
                b"strh",
                &[
                    b"vids".as_slice(),
                    &handler,
                    &numbers(&[0, 0, 0, 1, 15, 0, 0, 0, 0, 0]),
                    &[0; 8],
                ]
                .concat(),
            ),
            (b"strf", format),
        ]);
        let main = [
            &numbers(&[66_666, 0, 0, 0x10, 0, 0, 1, 0]),
            width,
            height,
            &[0; 16],
        ]
        .concat();
        let headers = [
            b"hdrl".as_slice(),
            &chunks(&[
                (b"avih", &main),
                (b"LIST", &[b"strl".as_slice(), &stream].concat()),
            ]),
        ]
        .concat();
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(b"RIFF\0\0\0\0AVI ")?;
        file.write_all(&chunks(&[(b"LIST", &headers)]))?;
        file.write_all(b"LIST\0\0\0\0movi")?;
        Ok(Self {
            file,
            index: Vec::new(),
            movie: 4,
            frames: 0,
            largest: 0,
        })
    }

    /// Writes a picture.
    ///
    /// # Errors
    /// The system may refuse to write.
    pub fn frame(&mut self, data: &[u8], key: bool) -> io::Result<()> {
        self.chunk(*b"00dc", data, key)?;
        self.frames += 1;
        Ok(())
    }

    /// Writes a chunk of any name.
    ///
    /// # Errors
    /// The system may refuse to write.
    pub fn chunk(&mut self, name: [u8; 4], data: &[u8], key: bool) -> io::Result<()> {
        let length = u32::try_from(data.len()).map_err(io::Error::other)?;
        self.index.extend_from_slice(&name);
        self.index
            .extend(numbers(&[u32::from(key) << 4, self.movie, length]));
        let chunk = chunks(&[(&name, data)]);
        self.file.write_all(&chunk)?;
        self.movie += chunk.len() as u32;
        self.largest = self.largest.max(length);
        Ok(())
    }

    /// Writes the index, and the numbers that are known now.
    ///
    /// # Errors
    /// The system may refuse to write.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.write_all(&chunks(&[(b"idx1", &self.index)]))?;
        let end = self.file.stream_position()?;
        let movie = end - (8 + self.index.len() as u64) - u64::from(self.movie) - 4;
        for (at, number) in [
            (RIFF_SIZE, end as u32 - 8),
            (FRAMES, self.frames),
            (STREAM_FRAMES, self.frames),
            (LARGEST, self.largest),
            (movie, self.movie),
        ] {
            self.file.seek(SeekFrom::Start(at))?;
            self.file.write_all(&number.to_le_bytes())?;
        }
        self.file.flush()
    }
}

/// Makes a file say that its pictures are smaller than they were encoded; of Cinepak, each picture says it too.
///
/// # Panics
/// When it has no video stream.
pub fn resize(file: &mut [u8], width: u32, height: u32) {
    let find = |name: &[u8]| {
        let at = file.windows(4).position(|window| window == name);
        at.expect("the file has this chunk") + 8
    };
    let (main, format) = (find(b"avih") + 32, find(b"strf") + 4);
    let movie = find(b"movi") - 4;
    for at in [main, format] {
        file[at..at + 4].copy_from_slice(&width.to_le_bytes());
        file[at + 4..at + 8].copy_from_slice(&height.to_le_bytes());
    }
    if &file[format + 12..format + 16] != b"cvid" {
        return;
    }
    let mut at = movie;
    while file.get(at..at + 4).is_some_and(|name| name == b"00dc") {
        let length = u32::from_le_bytes(file[at + 4..at + 8].try_into().expect("4 bytes"));
        for (at, number) in [(at + 12, width), (at + 14, height)] {
            file[at..at + 2].copy_from_slice(&(number as u16).to_be_bytes());
        }
        at += 8 + (length as usize).next_multiple_of(2);
    }
}

fn chunks(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, data) in chunks {
        bytes.extend_from_slice(*name);
        bytes.extend(numbers(&[data.len() as u32]));
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    bytes
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}
