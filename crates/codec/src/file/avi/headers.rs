//! What a file says of itself: avih, and dmlh beyond it.

/// `AVIF_HASINDEX`, `AVIF_ISINTERLEAVED`
pub(super) const HAS_INDEX: u32 = 0x10;
pub(super) const IS_INTERLEAVED: u32 = 0x100;

/// What a file says of itself (`AVIMAINHEADER`). Nothing here is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Main {
    /// Millionths of a second from picture to picture.
    pub micros_per_frame: u32,
    /// Most bytes in a second.
    pub bytes_per_second: u32,
    /// Chunks start at multiples of this.
    pub alignment: u32,
    /// `AVIF_...`
    pub flags: u32,
    /// How many pictures, of a large file those in its first part.
    pub frames: u32,
    /// How far sound runs ahead of pictures.
    pub initial_frames: u32,
    /// How many streams.
    pub streams: u32,
    /// How large a buffer should be.
    pub suggested: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// How many pictures in all parts (`dmlh`), where the file says so.
    pub all_frames: Option<u32>,
}

impl Main {
    /// Takes an `AVIMAINHEADER`; what is missing at its end counts as 0.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let word = |index: usize| {
            let word = bytes.get(4 * index..).and_then(<[u8]>::first_chunk);
            word.copied().map_or(0, u32::from_le_bytes)
        };
        Self {
            micros_per_frame: word(0),
            bytes_per_second: word(1),
            alignment: word(2),
            flags: word(3),
            frames: word(4),
            initial_frames: word(5),
            streams: word(6),
            suggested: word(7),
            width: word(8),
            height: word(9),
            all_frames: None,
        }
    }

    /// The `AVIMAINHEADER`: ten numbers, and four that mean nothing.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let words = [
            self.micros_per_frame,
            self.bytes_per_second,
            self.alignment,
            self.flags,
            self.frames,
            self.initial_frames,
            self.streams,
            self.suggested,
            self.width,
            self.height,
            0,
            0,
            0,
            0,
        ];
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }
}
