//! Uncompressed pictures, from one form into another.

mod converter;

mod layout;

mod rgb;

mod yuv;

use std::fmt;

use crate::{BitmapFormat, Pixel};

pub use converter::Converter;

/// How a picture lies in memory.
///
/// Red, green and blue become brightness and colour, and the other way, as ITU-R BT.601 has it, in its limited range (16 to 235).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// As drivers give and take it: lines of red, green and blue padded to 4 bytes, and the lowest first unless `top_down`.
    Bitmap {
        /// What a pixel is.
        pixel: Pixel,
        /// Whether the first line is the top. All but red, green and blue always begin there.
        top_down: bool,
    },
    /// The same pixels from the top down, and nothing between lines.
    Bare(Pixel),
    /// Indices into a palette, of 1, 4 or 8 bits with the first in the highest bits, from the top down, and nothing between lines.
    Indices(u16),
    /// Red, green and blue, a byte each, from the top down, and nothing between lines.
    Rgb,
    /// Three planes from the top down: brightness (Y), blue (U), red (V), and nothing between lines.
    Planes(Chroma),
}

/// How many pixels share one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chroma {
    /// Each has its own: 4:4:4.
    Full,
    /// Two side by side: 4:2:2.
    Half,
    /// Two by two: 4:2:0.
    Quarter,
}

impl Form {
    /// The form of a driver's pictures; none where those are compressed, or of fewer than 8 bits.
    pub fn of(format: &BitmapFormat) -> Option<Self> {
        let pixel = format.pixel()?;
        let top_down = format.is_top_down();
        Some(Self::Bitmap { pixel, top_down })
    }
}

impl Chroma {
    /// Samples of colour in a line.
    pub fn width(self, width: u32) -> u32 {
        match self {
            Self::Full => width,
            Self::Half | Self::Quarter => width.div_ceil(2),
        }
    }

    /// Lines of colour.
    pub fn height(self, height: u32) -> u32 {
        match self {
            Self::Full | Self::Half => height,
            Self::Quarter => height.div_ceil(2),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bitmap { pixel, .. } | Self::Bare(pixel) => write!(f, "{pixel}"),
            Self::Indices(bits) => write!(f, "indices of {bits} bits"),
            Self::Rgb => f.write_str("red, green and blue"),
            Self::Planes(chroma) => write!(f, "{chroma}"),
        }
    }
}

impl fmt::Display for Chroma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Full => "4:4:4",
            Self::Half => "4:2:2",
            Self::Quarter => "4:2:0",
        })
    }
}
