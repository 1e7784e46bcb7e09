//! What a file says of a stream: strl with strh, strf and what else is in it.

use opendriver_abi::structures::FourCc;

use crate::{BitmapFormat, WaveFormat};

/// `vids`, `auds`
const VIDEO: FourCc = FourCc::new(*b"vids");
const AUDIO: FourCc = FourCc::new(*b"auds");

/// What a file says of a stream (`strl`), for reading and for writing.
///
/// Time goes in units: a chunk is one unit, or, where [`sample_size`](Self::sample_size) is not 0, so many bytes are. There are
/// [`rate`](Self::rate) units in [`scale`](Self::scale) seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stream {
    /// Pictures or sound, in which format.
    pub kind: StreamKind,
    /// Which codec made it (`fccHandler`).
    pub handler: FourCc,
    /// `AVISF_...`
    pub flags: u32,
    /// Which stream of several is preferred (`wPriority`).
    pub priority: u16,
    /// `wLanguage`
    pub language: u16,
    /// How far sound runs ahead of pictures (`dwInitialFrames`).
    pub initial_frames: u32,
    /// Seconds that `rate` units take; never 0 in a stream that was read.
    pub scale: u32,
    /// Units in `scale` seconds; never 0 in a stream that was read.
    pub rate: u32,
    /// When the stream starts, in units.
    pub start: u32,
    /// How many units the file says that there are. A writer counts, and says this only to a pipe.
    pub length: u32,
    /// How large a buffer for a chunk should be, as the file says. A writer measures, and says this only to a pipe.
    pub suggested: u32,
    /// `dwQuality`, up to 10,000; `u32::MAX` is the codec's own.
    pub quality: u32,
    /// Bytes in a unit; 0 where each chunk is one unit.
    pub sample_size: u32,
    /// Where pictures are shown: left, top, right, bottom (`rcFrame`).
    pub frame: [i16; 4],
    /// What the stream is called (`strn`), in whatever code page its writer had.
    pub name: Vec<u8>,
    /// What the codec keeps beside the format (`strd`).
    pub data: Vec<u8>,
    /// Other chunks of the stream's list, as they came.
    pub more: Vec<(FourCc, Vec<u8>)>,
}

/// What a stream holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Pictures (`vids`).
    Video(BitmapFormat),
    /// Sound (`auds`).
    Audio(WaveFormat),
    /// Something else (`mids`, `txts`, `iavs` ...), or a format that is broken.
    Other {
        /// What, by its code.
        kind: FourCc,
        /// The format (`strf`), as it is.
        format: Vec<u8>,
    },
}

impl Stream {
    /// Bytes of `AVISTREAMHEADER`.
    pub(super) const HEADER: usize = 56;

    /// `AVISF_VIDEO_PALCHANGES`
    pub(super) const PALETTE_CHANGES: u32 = 0x1_0000;

    /// A stream of pictures, `rate` of them in `scale` seconds.
    pub fn video(format: BitmapFormat, handler: FourCc, scale: u32, rate: u32) -> Self {
        Self {
            handler,
            scale,
            rate,
            quality: u32::MAX,
            frame: [0, 0, format.width(), format.height()]
                .map(|side| side.try_into().unwrap_or(i16::MAX)),
            ..Self::new(StreamKind::Video(format))
        }
    }

    /// A stream of sound with as many bytes in each second.
    pub fn audio(format: WaveFormat) -> Self {
        let block = u32::from(format.block_align()).max(1);
        Self {
            scale: block,
            rate: format.bytes_per_second().max(1),
            sample_size: block,
            quality: u32::MAX,
            ..Self::new(StreamKind::Audio(format))
        }
    }

    fn new(kind: StreamKind) -> Self {
        Self {
            kind,
            handler: FourCc(0),
            flags: 0,
            priority: 0,
            language: 0,
            initial_frames: 0,
            scale: 1,
            rate: 1,
            start: 0,
            length: 0,
            suggested: 0,
            quality: 0,
            sample_size: 0,
            frame: [0; 4],
            name: Vec::new(),
            data: Vec::new(),
            more: Vec::new(),
        }
    }

    /// Takes an `AVISTREAMHEADER` (what is missing at its end counts as 0) and a format. Where that is none, also says why.
    pub(super) fn parse(header: &[u8], format: &[u8]) -> (Self, Option<crate::BrokenFormat>) {
        let mut bytes = [0; Self::HEADER];
        let there = header.len().min(bytes.len());
        bytes[..there].copy_from_slice(&header[..there]);
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|more| bytes[at + more]));
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);

        let kind = FourCc(word(0));
        let parsed = match kind {
            VIDEO => BitmapFormat::parse(format).map(StreamKind::Video),
            AUDIO => WaveFormat::parse(format).map(StreamKind::Audio),
            _ => Ok(StreamKind::Other {
                kind,
                format: format.to_vec(),
            }),
        };
        let broken = parsed.as_ref().err().copied();
        let kind = parsed.unwrap_or_else(|_| StreamKind::Other {
            kind,
            format: format.to_vec(),
        });
        let stream = Self {
            handler: FourCc(word(4)),
            flags: word(8),
            priority: half(12),
            language: half(14),
            initial_frames: word(16),
            scale: word(20),
            rate: word(24),
            start: word(28),
            length: word(32),
            suggested: word(36),
            quality: word(40),
            sample_size: word(44),
            frame: [48, 50, 52, 54].map(|at| half(at).cast_signed()),
            ..Self::new(kind)
        };
        (stream, broken)
    }

    /// The `AVISTREAMHEADER`.
    pub(super) fn header(&self) -> [u8; Self::HEADER] {
        let mut bytes = [0; Self::HEADER];
        let words = [
            (0, self.kind.code().0),
            (4, self.handler.0),
            (8, self.flags),
            (16, self.initial_frames),
            (20, self.scale),
            (24, self.rate),
            (28, self.start),
            (32, self.length),
            (36, self.suggested),
            (40, self.quality),
            (44, self.sample_size),
        ];
        for (at, word) in words {
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        let [left, top, right, bottom] = self.frame.map(i16::cast_unsigned);
        let halves = [
            (12, self.priority),
            (14, self.language),
            (48, left),
            (50, top),
            (52, right),
            (54, bottom),
        ];
        for (at, half) in halves {
            bytes[at..at + 2].copy_from_slice(&half.to_le_bytes());
        }
        bytes
    }

    /// Whether the file says that the palette changes.
    pub(super) fn changes_palette(&self) -> bool {
        self.flags & Self::PALETTE_CHANGES != 0
    }

    /// How many units come in so many chunks of so many bytes.
    pub(super) fn units(&self, chunks: u64, bytes: u64) -> u64 {
        match self.sample_size {
            0 => chunks,
            size => bytes / u64::from(size),
        }
    }
}

impl StreamKind {
    /// `fccType`
    pub fn code(&self) -> FourCc {
        match self {
            Self::Video(_) => VIDEO,
            Self::Audio(_) => AUDIO,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The format as the file has it (`strf`).
    pub fn format(&self) -> &[u8] {
        match self {
            Self::Video(format) => format.as_bytes(),
            Self::Audio(format) => format.as_bytes(),
            Self::Other { format, .. } => format,
        }
    }

    /// The last two characters of the names of its chunks.
    pub(super) fn chunk_code(&self) -> [u8; 2] {
        match self {
            Self::Video(format) if format.pixel().is_some() || format.compression().0 == 0 => {
                *b"db"
            }
            Self::Audio(_) => *b"wb",
            Self::Other { kind, .. } if *kind == FourCc::new(*b"txts") => *b"tx",
            _ => *b"dc",
        }
    }

    /// Whether each of its chunks can be decoded without those before it, whatever an index says.
    pub(super) fn is_all_keys(&self) -> bool {
        match self {
            Self::Video(format) => format.pixel().is_some(),
            Self::Audio(_) => true,
            Self::Other { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pixel;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let format = BitmapFormat::uncompressed(Pixel::Rgb24, 3, 2);
        let mut stream = Stream::video(format, FourCc::new(*b"DIB "), 1001, 30_000);
        (stream.flags, stream.priority, stream.language) = (0x1_0000, 2, 0x409);
        (stream.initial_frames, stream.start, stream.length) = (5, 6, 7);
        (stream.suggested, stream.quality, stream.sample_size) = (8, 9, 10);
        stream.frame = [-1, 2, 3, 4];
        assert_eq!(
            Stream::parse(&stream.header(), stream.kind.format()),
            (stream, None)
        );
    }

    #[test]
    fn a_broken_format_leaves_a_stream_of_another_kind() {
        let sound = Stream::audio(WaveFormat::pcm(1, 8000, 16));
        let (stream, broken) = Stream::parse(&sound.header()[..48], &[1, 0]);
        assert_eq!(broken.unwrap().found, 2);
        assert!(matches!(stream.kind, StreamKind::Other { kind, .. } if kind == AUDIO));
        assert_eq!(stream.sample_size, 2);
    }
}
