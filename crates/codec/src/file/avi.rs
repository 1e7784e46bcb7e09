//! AVI files: pictures and sound in turns, read in file order and written as they come.
//!
//! The layout is Microsoft's "AVI RIFF File Reference" and, beyond 2 GiB, the "OpenDML AVI File Format Extensions" (1.02); the
//! structures are those of `aviriff.h`.

mod stream;

mod headers;

mod reader;

mod opening;

mod walk;

mod indexing;

mod index;

mod stored;

mod writer;

mod layout;

pub use headers::Main;
pub use reader::{Chunk, ChunkKind, Reader};
pub use stream::{Stream, StreamKind};
pub use writer::{Options, Writer};

use opendriver_abi::structures::FourCc;

/// The largest picture that a chunk may hold. It is one of 8192x8192 pixels of 32 bits; a chunk that says more lies.
const LARGEST: u32 = 256 << 20;

/// Streams are numbered with two digits.
const MOST_STREAMS: usize = 100;

/// `AVIIF_LIST`: the entry of an index is a list.
const IS_LIST: u32 = 0x1;
/// `AVIIF_KEYFRAME`: the entry of an index can be decoded without those before it.
const IS_KEY: u32 = 0x10;
/// `AVIIF_NO_TIME`: the entry of an index takes no time.
const NO_TIME: u32 = 0x100;

/// The name of a stream's chunk: two digits and what it holds.
fn chunk_id(stream: usize, code: [u8; 2]) -> FourCc {
    let [tens, ones] = [stream / 10, stream % 10].map(|digit| b'0' + digit as u8);
    FourCc::new([tens, ones, code[0], code[1]])
}

/// Which stream a chunk belongs to, and what it holds, by its name.
fn parse_chunk_id(id: FourCc) -> Option<(usize, [u8; 2])> {
    match id.0.to_le_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', a, b] => Some((
            usize::from(tens - b'0') * 10 + usize::from(ones - b'0'),
            [a, b],
        )),
        _ => None,
    }
}
