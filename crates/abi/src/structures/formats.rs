//! Formats of sound and picture, and the codes that name them.

use core::fmt::{self, Write as _};

use super::Plain;

structures! {
    /// A format of sound; `extra` more bytes follow.
    (C, packed) WaveFormatEx as "WAVEFORMATEX" {
        /// What kind of format (1: PCM, 2: MS ADPCM ...).
        tag: u16 as wFormatTag,
        /// 1: mono, 2: stereo.
        channels: u16 as nChannels,
        /// Frames in a second.
        samples_per_second: u32 as nSamplesPerSec,
        /// Bytes in a second, on average.
        bytes_per_second: u32 as nAvgBytesPerSec,
        /// Bytes in the smallest piece.
        block_align: u16 as nBlockAlign,
        /// Bits in a sample of one channel.
        bits_per_sample: u16 as wBitsPerSample,
        /// How many more bytes the format takes.
        extra: u16 as cbSize,
    }

    /// A format of pictures; a palette or masks may follow.
    (C) BitmapInfoHeader as "BITMAPINFOHEADER" {
        /// How many bytes.
        size: u32 as biSize,
        /// Pixels in a line.
        width: i32 as biWidth,
        /// Lines; negative: the first line is the top.
        height: i32 as biHeight,
        /// Always 1.
        planes: u16 as biPlanes,
        /// Bits in a pixel.
        bit_count: u16 as biBitCount,
        /// 0: none, or the codec's code.
        compression: FourCc as biCompression,
        /// Bytes in the picture.
        image_size: u32 as biSizeImage,
        /// Pixels in a metre, across.
        pixels_per_metre_x: i32 as biXPelsPerMeter,
        /// Pixels in a metre, down.
        pixels_per_metre_y: i32 as biYPelsPerMeter,
        /// Colours in the palette; 0: as many as the depth allows.
        colours_used: u32 as biClrUsed,
        /// Colours that are needed; 0: all.
        colours_important: u32 as biClrImportant,
    }
}

/// Four characters in 32 bits, the first in the lowest byte: `vidc`, `audc`, `cvid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct FourCc(pub u32);

impl FourCc {
    /// A video codec.
    pub const VIDC: Self = Self::new(*b"vidc");
    /// An audio codec.
    pub const AUDC: Self = Self::new(*b"audc");

    /// Takes four characters.
    pub const fn new(characters: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(characters))
    }
}

impl Plain for FourCc {
    fn read_from(bytes: &[u8]) -> Self {
        Self(Plain::read_from(bytes))
    }

    fn write_to(&self, bytes: &mut [u8]) {
        self.0.write_to(bytes);
    }

    fn zero() -> Self {
        Self(0)
    }
}

/// Four characters where they can be printed, else a number.
impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let characters = self.0.to_le_bytes();
        if characters.iter().all(|c| matches!(c, b' '..=b'~')) {
            characters.iter().try_for_each(|&c| f.write_char(c.into()))
        } else {
            write!(f, "{:#x}", self.0)
        }
    }
}
