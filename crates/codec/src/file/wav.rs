//! WAV files, and the RF64 that they become beyond 4 GiB.
//!
//! ```
//! use std::io::Cursor;
//!
//! use opendriver_codec::WaveFormat;
//! use opendriver_codec::file::{Input, Output, wav};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = tempfile::tempfile()?;
//! let format = WaveFormat::pcm(1, 8_000, 16);
//! let mut writer = wav::Writer::new(Output::file(file.try_clone()?), &format, wav::Options::default());
//! writer.write(&[1, 0, 2, 0, 3, 0])?;
//! writer.finish(None)?;
//!
//! let mut reader = wav::Reader::open(Input::file(file)?)?;
//! let mut samples = Vec::new();
//! assert_eq!(reader.read_blocks(4, &mut samples)?, 4);
//! assert_eq!((reader.format(), samples), (&format, vec![1, 0, 2, 0]));
//! # Ok(())
//! # }
//! ```

mod reader;

mod writer;

mod source;

mod extent;

use opendriver_abi::structures::FourCc;

use super::Error;
use super::riff::JUNK;

pub use reader::Reader;
pub use writer::{Length, Options, Writer};

/// A piece of a WAV file that is neither its format nor its sound: `LIST`, `bext`, `cue `, `smpl` ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What it is.
    pub id: FourCc,
    /// What it says, whole.
    pub data: Vec<u8>,
    /// Whether it comes after the sound.
    pub behind: bool,
}

/// What errors call these files.
const WAV: &str = "WAV";

/// RIFF with its sizes in a `ds64` chunk, as EBU Tech 3306 describes it.
const RF64: FourCc = FourCc::new(*b"RF64");
/// The same, as ITU-R BS.2088 calls it.
const BW64: FourCc = FourCc::new(*b"BW64");
const WAVE: FourCc = FourCc::new(*b"WAVE");
const DS64: FourCc = FourCc::new(*b"ds64");
const FORMAT: FourCc = FourCc::new(*b"fmt ");
const FACT: FourCc = FourCc::new(*b"fact");
const DATA: FourCc = FourCc::new(*b"data");

/// What fills room and means nothing.
const FILLERS: [FourCc; 5] = [
    JUNK,
    FourCc::new(*b"junk"),
    FourCc::new(*b"PAD "),
    FourCc::new(*b"FLLR"),
    FourCc::new(*b"filr"),
];

/// A size that says that it is not known, or stands in `ds64`.
const OPEN: u32 = u32::MAX;

/// Why nothing can be had of a file.
fn broken(offset: u64, expected: &str, found: impl Into<String>) -> Error {
    Error::Broken {
        format: WAV,
        offset,
        expected: expected.to_owned(),
        found: found.into(),
    }
}

/// The same where a name was expected: four characters, or what there is.
fn unnamed(offset: u64, expected: &str, found: &[u8]) -> Error {
    match found.first_chunk() {
        Some(&name) => broken(offset, expected, format!("\"{}\"", FourCc::new(name))),
        None => broken(offset, expected, "the end of the file"),
    }
}

/// The 32 bits at an offset, which must be there.
fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes[at..].first_chunk().expect("four bytes are there");
    u32::from_le_bytes(*four)
}

/// The 64 bits at an offset, which must be there.
fn long(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..].first_chunk().expect("eight bytes are there");
    u64::from_le_bytes(*eight)
}
