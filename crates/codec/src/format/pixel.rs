//! How uncompressed pictures lie in memory.

use std::fmt;
use std::str::FromStr;

use opendriver_abi::structures::FourCc;

/// How the pixels of an uncompressed picture lie in memory, by the field's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pixel {
    /// 8 bits, an index into a palette.
    Rgb8,
    /// 16 bits, 5 each of red, green and blue.
    Rgb555,
    /// 16 bits, 5 of red, 6 of green, 5 of blue.
    Rgb565,
    /// 24 bits: blue, green, red.
    Rgb24,
    /// 32 bits: blue, green, red, and one byte that means nothing.
    Rgb32,
    /// Two pixels in 4 bytes: Y U Y V.
    Yuy2,
    /// Two pixels in 4 bytes: U Y V Y.
    Uyvy,
    /// Planes: Y, then V and U in half the size both ways.
    Yv12,
    /// Planes: Y, then U and V in half the size both ways.
    I420,
}

impl Pixel {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rgb8,
        Self::Rgb555,
        Self::Rgb565,
        Self::Rgb24,
        Self::Rgb32,
        Self::Yuy2,
        Self::Uyvy,
        Self::Yv12,
        Self::I420,
    ];

    /// The one that a code names: those of brightness and colour have one each.
    pub fn of_code(compression: FourCc) -> Option<Self> {
        [Self::Yuy2, Self::Uyvy, Self::Yv12, Self::I420]
            .into_iter()
            .find(|pixel| pixel.compression() == compression)
    }

    /// Bits that a pixel takes, on average.
    pub fn bits(self) -> u16 {
        match self {
            Self::Rgb8 => 8,
            Self::Rgb555 | Self::Rgb565 | Self::Yuy2 | Self::Uyvy => 16,
            Self::Rgb24 => 24,
            Self::Rgb32 => 32,
            Self::Yv12 | Self::I420 => 12,
        }
    }

    /// `biCompression`: `BI_RGB`, `BI_BITFIELDS` or a code.
    pub fn compression(self) -> FourCc {
        match self {
            Self::Rgb8 | Self::Rgb555 | Self::Rgb24 | Self::Rgb32 => FourCc(0),
            Self::Rgb565 => FourCc(3),
            Self::Yuy2 => FourCc::new(*b"YUY2"),
            Self::Uyvy => FourCc::new(*b"UYVY"),
            Self::Yv12 => FourCc::new(*b"YV12"),
            Self::I420 => FourCc::new(*b"I420"),
        }
    }

    /// Whether a picture is red, green and blue, whose first line is the lowest unless its height is negative. The others are
    /// brightness and colour, and always start at the top.
    pub fn is_rgb(self) -> bool {
        matches!(
            self,
            Self::Rgb8 | Self::Rgb555 | Self::Rgb565 | Self::Rgb24 | Self::Rgb32
        )
    }

    /// Bytes from one line to the next: a multiple of 4 in red, green and blue. Of planes, those of the first.
    pub fn stride(self, width: u32) -> usize {
        let width = width as usize;
        match self {
            Self::Yv12 | Self::I420 => width,
            Self::Yuy2 | Self::Uyvy => width.next_multiple_of(2).saturating_mul(2),
            _ => width
                .saturating_mul(self.bits().into())
                .div_ceil(32)
                .saturating_mul(4),
        }
    }

    /// Bytes of a whole picture.
    pub fn picture(self, width: u32, height: u32) -> usize {
        let lines = height as usize;
        match self {
            Self::Yv12 | Self::I420 => {
                let half = (width.div_ceil(2) as usize).saturating_mul(height.div_ceil(2) as usize);
                (width as usize)
                    .saturating_mul(lines)
                    .saturating_add(half.saturating_mul(2))
            }
            _ => self.stride(width).saturating_mul(lines),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rgb8 => "RGB8",
            Self::Rgb555 => "RGB555",
            Self::Rgb565 => "RGB565",
            Self::Rgb24 => "RGB24",
            Self::Rgb32 => "RGB32",
            Self::Yuy2 => "YUY2",
            Self::Uyvy => "UYVY",
            Self::Yv12 => "YV12",
            Self::I420 => "I420",
        }
    }
}

impl fmt::Display for Pixel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No pixel format has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no pixel format: RGB8, RGB555, RGB565, RGB24, RGB32, YUY2, UYVY, YV12 and I420 are"
)]
pub struct UnknownPixel(String);

impl FromStr for Pixel {
    type Err = UnknownPixel;

    fn from_str(name: &str) -> Result<Self, UnknownPixel> {
        let known = Self::ALL
            .into_iter()
            .find(|pixel| pixel.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| UnknownPixel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_red_green_and_blue_are_padded_to_four_bytes() {
        assert_eq!(Pixel::Rgb24.stride(3), 12);
        assert_eq!(Pixel::Rgb8.stride(5), 8);
        assert_eq!(Pixel::Rgb555.stride(3), 8);
        assert_eq!(Pixel::Yuy2.stride(3), 8);
        assert_eq!(Pixel::I420.picture(3, 3), 9 + 4 + 4);
    }

    #[test]
    fn names_are_found_in_any_case() {
        for pixel in Pixel::ALL {
            assert_eq!(pixel.to_string().to_lowercase().parse(), Ok(pixel));
        }
        assert!("RGB48".parse::<Pixel>().is_err());
    }
}
