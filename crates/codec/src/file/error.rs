//! Why a file could not be read or written.

use std::io;

use crate::BrokenFormat;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused to read.
    #[error("cannot read at offset {offset}")]
    Read {
        /// How far reading had come.
        offset: u64,
        /// What the system says.
        #[source]
        source: io::Error,
    },

    /// The system refused to write.
    #[error("cannot write at offset {offset}")]
    Write {
        /// How far writing had come.
        offset: u64,
        /// What the system says.
        #[source]
        source: io::Error,
    },

    /// The bytes are not what they are said to be, and nothing can be had.
    #[error("not a good {format} file: expected {expected} at offset {offset}, found {found}")]
    Broken {
        /// What the file should be: `AVI`, `WAV` ...
        format: &'static str,
        /// Where in the file.
        offset: u64,
        /// What should have been there.
        expected: String,
        /// What was there.
        found: String,
    },

    /// A format in the file is none.
    #[error("not a good {format} file: the format at offset {offset} is none")]
    Format {
        /// What the file should be.
        format: &'static str,
        /// Where in the file.
        offset: u64,
        /// What is wrong with it.
        #[source]
        source: BrokenFormat,
    },

    /// A kind of file has no place for this.
    #[error("{format} files cannot hold {what}")]
    Unsupported {
        /// What kind of file: `AVI`, `WAV` ...
        format: &'static str,
        /// What was wanted of it.
        what: String,
    },

    /// What only a file can do was asked of a pipe.
    #[error("a pipe cannot {what}, only a file can")]
    Unseekable {
        /// What was asked.
        what: &'static str,
    },

    /// A stream was named that is not there.
    #[error("there is no stream {stream}: the file has {count}")]
    NoStream {
        /// Which one was named, from 0.
        stream: usize,
        /// How many there are.
        count: usize,
    },

    /// Pictures of one form cannot be made into those of another.
    #[error("{from} cannot become {to}")]
    Unconvertible {
        /// What they are.
        from: String,
        /// What they should become.
        to: String,
    },

    /// A picture is shorter than its format takes.
    #[error("a picture has {found} bytes, and its format takes {needed}")]
    ShortPicture {
        /// How many bytes it takes.
        needed: usize,
        /// How many there are.
        found: usize,
    },
}

impl Error {
    /// Says where the system refused to read.
    pub(crate) fn read(offset: u64) -> impl Fn(io::Error) -> Self {
        move |source| Self::Read { offset, source }
    }

    /// Says where the system refused to write.
    pub(crate) fn write(offset: u64) -> impl Fn(io::Error) -> Self {
        move |source| Self::Write { offset, source }
    }
}
