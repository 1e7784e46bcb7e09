//! What can be wrong with an image.

use std::io;

/// Why a file is no image that can be read or mapped.
///
/// Each message continues the words `"name.dll" is`: this crate does not know the name, the caller does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is of another kind altogether.
    #[error("not a PE image: expected {expected:?} at offset {offset:#x}, found {found}")]
    NotPe {
        /// The signature that belongs there.
        expected: &'static str,
        /// Where in the file.
        offset: u64,
        /// The bytes that stand there, and what they usually mean.
        found: String,
    },
    /// The file is an executable from before PE.
    #[error("not a PE image but a {0}")]
    Older(&'static str),
    /// The optional header is of neither width.
    #[error(
        "not a sound PE image: its optional header begins with {found:#06x}, expected 0x10b (PE32) or 0x20b (PE32+)"
    )]
    Magic {
        /// What stands there.
        found: u16,
    },
    /// The file ends too soon.
    #[error(
        "not a whole PE image: its {what} needs {needed} bytes at file offset {offset:#x}, but the file ends at {length:#x}"
    )]
    Truncated {
        /// What was to be read.
        what: &'static str,
        /// Where in the file it begins.
        offset: u64,
        /// How long it is.
        needed: u64,
        /// How long the file is.
        length: u64,
    },
    /// An address inside the image leads out of it, or to a place that no bytes of the file fill.
    #[error(
        "not a sound PE image: its {what} at address {address:#x} ({size} bytes) lies outside of what the image fills"
    )]
    Outside {
        /// What was to be read.
        what: &'static str,
        /// Its address relative to the image base, or absolute where it is not inside the image at all.
        address: u64,
        /// How long it is at least.
        size: u64,
    },
    /// A table has more entries than any real image.
    #[error("not a sound PE image: it has more than {limit} {what}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many are accepted.
        limit: usize,
    },
    /// A structure contradicts the format.
    #[error("not a sound PE image: its {what} at address {address:#x} {problem}")]
    Malformed {
        /// Which structure.
        what: &'static str,
        /// Its address relative to the image base.
        address: u64,
        /// What is wrong, as the rest of the sentence.
        problem: &'static str,
    },
    /// The image must stand at one address, and that is not free.
    #[error("not relocatable, and its own address {base:#x} is not free")]
    NotRelocatable {
        /// Where it must stand.
        base: u64,
    },
    /// There is no room where the image may stand.
    #[error("too large to find {size} free bytes {place}")]
    NoRoom {
        /// How large the image is.
        size: u64,
        /// Where the room was looked for.
        place: &'static str,
    },
    /// A write to a mapping that already has its final protections.
    #[error("mapped and protected already")]
    Sealed,
    /// The system refused.
    #[error("not mapped: {call} failed")]
    System {
        /// The system call.
        call: &'static str,
        /// What it said.
        #[source]
        source: io::Error,
    },
}
