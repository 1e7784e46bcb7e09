//! A format of pictures, as a value.

use std::fmt;
use std::ops::Range;

use opendriver_abi::structures::{BitmapInfoHeader, FourCc, Structure as _};

/// `BI_BITFIELDS`
const MASKS: FourCc = FourCc(3);

/// A format of pictures: the fields of a `BITMAPINFOHEADER`, and the tables that follow it.
///
/// ```
/// use opendriver_sdk::vfw::BitmapFormat;
///
/// let plain = BitmapFormat::rgb(24, 3, 2);
/// assert_eq!((plain.line_size(), plain.image_size), (12, 24));
/// // The lowest line comes first.
/// assert_eq!(plain.line(0), 12..21);
///
/// let packed = BitmapFormat::coded(*b"PACK", 24, 3, 2);
/// assert_eq!(BitmapFormat::parse(&packed.to_bytes()), Some(packed));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BitmapFormat {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Whether the height is below zero, which says of plain pixels that the first line is the top.
    pub top_down: bool,
    /// Bits in a pixel.
    pub bits: u16,
    /// 0 (`BI_RGB`): none; 3 (`BI_BITFIELDS`): plain pixels with masks; else the code of a codec.
    pub compression: FourCc,
    /// Bytes in a picture; of compressed ones, in the one that comes with this format.
    pub image_size: u32,
    /// What a codec keeps behind the header and counts in `biSize`.
    pub extra: Vec<u8>,
    /// The masks of red, green and blue, with `BI_BITFIELDS`.
    pub masks: Option<[u32; 3]>,
    /// The colours of a picture with 8 bits or fewer, each blue, green, red and 0.
    pub palette: Vec<[u8; 4]>,
}

impl BitmapFormat {
    /// Plain pixels of 8 (with a grey palette), 16 (five bits a colour), 24 or 32 bits, the lowest line first.
    pub fn rgb(bits: u16, width: u32, height: u32) -> Self {
        let grey = (0..=255).map(|grey| [grey, grey, grey, 0]);
        let mut format = Self {
            width,
            height,
            top_down: false,
            bits,
            compression: FourCc(0),
            image_size: 0,
            extra: Vec::new(),
            masks: None,
            palette: if bits == 8 {
                grey.collect()
            } else {
                Vec::new()
            },
        };
        let size = u64::from(height).saturating_mul(format.line_size() as u64);
        format.image_size = size.try_into().unwrap_or(u32::MAX);
        format
    }

    /// Pictures of a codec. How large one is differs, so the format says 0.
    pub fn coded(code: [u8; 4], bits: u16, width: u32, height: u32) -> Self {
        Self {
            compression: FourCc::new(code),
            image_size: 0,
            palette: Vec::new(),
            ..Self::rgb(bits, width, height)
        }
    }

    /// Whether pixels are plain: red, green and blue, or indices into the palette.
    pub fn is_rgb(&self) -> bool {
        self.compression == FourCc(0) || self.compression == MASKS
    }

    /// Bytes in a line of plain pixels, which ends at a multiple of four.
    pub fn line_size(&self) -> usize {
        let bits = u64::from(self.width) * u64::from(self.bits);
        (bits.div_ceil(32) * 4) as usize
    }

    /// Where the pixels of a line lie in a plain picture, counted from the top whichever way the picture lies.
    ///
    /// # Panics
    /// If there are not so many lines.
    pub fn line(&self, from_top: u32) -> Range<usize> {
        assert!(from_top < self.height, "the picture has fewer lines");
        let line = match self.top_down {
            true => from_top,
            false => self.height - 1 - from_top,
        };
        let start = line as usize * self.line_size();
        let bits = u64::from(self.width) * u64::from(self.bits);
        start..start + bits.div_ceil(8) as usize
    }

    /// Bytes in a picture: of plain pixels as many as they take, of others what the format says.
    pub fn picture_size(&self) -> usize {
        match self.is_rgb() {
            true => (self.height as usize).saturating_mul(self.line_size()),
            false => self.image_size as usize,
        }
    }

    /// Whether both are pictures of the same size.
    pub fn is_as_large_as(&self, other: &Self) -> bool {
        (self.width, self.height) == (other.width, other.height)
    }

    /// Whether both say the same of the pixels, however large a picture came with either and whatever the palette is. Of plain pixels, that
    /// includes which line comes first: a codec that goes by [`line`](Self::line) may take either.
    pub fn is_like(&self, other: &Self) -> bool {
        let is_turned = self.is_rgb() && self.top_down != other.top_down;
        let told = |format: &Self| (format.bits, format.compression);
        self.is_as_large_as(other) && told(self) == told(other) && !is_turned
    }

    /// Takes the bytes of a `BITMAPINFOHEADER` and what follows it. None if there are fewer than 40 or fewer than `biSize` says.
    /// A palette that is not there is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let header = BitmapInfoHeader::read(bytes)?;
        let behind = &bytes[BitmapInfoHeader::SIZE..];
        let extra = (header.size as usize).saturating_sub(BitmapInfoHeader::SIZE);
        let (extra, tables) = behind.split_at_checked(extra)?;
        let masks = match header.compression {
            MASKS => tables.first_chunk::<12>(),
            _ => None,
        };
        let masks = masks.map(|masks| {
            let (masks, _) = masks.as_chunks();
            [masks[0], masks[1], masks[2]].map(u32::from_le_bytes)
        });
        let tables = &tables[if masks.is_some() { 12 } else { 0 }..];
        let colours = colours(&header);
        let (palette, _) = tables.as_chunks();
        Some(Self {
            width: header.width.unsigned_abs(),
            height: header.height.unsigned_abs(),
            top_down: header.height < 0,
            bits: header.bit_count,
            compression: header.compression,
            image_size: header.image_size,
            extra: extra.to_vec(),
            masks,
            palette: palette[..palette.len().min(colours)].to_vec(),
        })
    }

    /// The format in bytes: a `BITMAPINFOHEADER`, and what follows it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let height = signed(self.height);
        let header = BitmapInfoHeader {
            size: (BitmapInfoHeader::SIZE + self.extra.len()) as u32,
            width: signed(self.width),
            height: if self.top_down { -height } else { height },
            planes: 1,
            bit_count: self.bits,
            compression: self.compression,
            image_size: self.image_size,
            colours_used: self.palette.len() as u32,
            ..BitmapInfoHeader::zeroed()
        };
        let mut bytes = vec![0; BitmapInfoHeader::SIZE];
        header.write(&mut bytes);
        bytes.extend_from_slice(&self.extra);
        bytes.extend(
            self.masks
                .iter()
                .flatten()
                .flat_map(|mask| mask.to_le_bytes()),
        );
        bytes.extend(self.palette.iter().flatten());
        bytes
    }
}

/// How many colours a palette has that follows a header.
pub(super) fn colours(header: &BitmapInfoHeader) -> usize {
    match (header.bit_count, header.colours_used) {
        (1..=8, 0) => 1 << header.bit_count,
        (1..=8, used) => used.min(256) as usize,
        _ => 0,
    }
}

/// How many bytes follow a header, as far as it says.
pub(super) fn behind(header: &BitmapInfoHeader) -> (usize, usize) {
    let extra = (header.size as usize).saturating_sub(BitmapInfoHeader::SIZE);
    let masks = if header.compression == MASKS { 12 } else { 0 };
    (extra, masks + 4 * colours(header))
}

/// `RGB 24 bits, 320x240`, or `cvid, 320x240`.
impl fmt::Display for BitmapFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_rgb() {
            true => write!(f, "RGB {} bits", self.bits)?,
            false => write!(f, "{}", self.compression)?,
        }
        write!(f, ", {}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_survive_the_way_through_bytes() {
        let coded = BitmapFormat::coded(*b"ABCD", 24, 5, 7);
        let formats = [
            BitmapFormat::rgb(8, 5, 7),
            BitmapFormat {
                top_down: true,
                ..BitmapFormat::rgb(24, 5, 7)
            },
            BitmapFormat {
                compression: MASKS,
                masks: Some([0xf800, 0x7e0, 0x1f]),
                ..BitmapFormat::rgb(16, 5, 7)
            },
            BitmapFormat {
                extra: vec![1, 2, 3],
                bits: 8,
                palette: vec![[1, 2, 3, 0]; 17],
                ..coded.clone()
            },
            coded,
        ];
        for format in formats {
            assert_eq!(BitmapFormat::parse(&format.to_bytes()), Some(format));
        }
    }

    #[test]
    fn a_format_may_lack_its_palette_but_not_what_its_header_counts() {
        let bytes = BitmapFormat::rgb(8, 5, 7).to_bytes();
        let short = BitmapFormat::parse(&bytes[..40]).unwrap();
        assert_eq!(short.palette, [[0; 4]; 0]);
        assert_eq!(BitmapFormat::parse(&bytes[..39]), None);
        let mut counts_more = bytes[..40].to_vec();
        counts_more[0] = 41;
        assert_eq!(BitmapFormat::parse(&counts_more), None);
    }

    #[test]
    fn only_of_plain_pixels_it_matters_which_line_is_first() {
        for (format, is_like) in [
            (BitmapFormat::rgb(24, 3, 3), false),
            (BitmapFormat::coded(*b"ABCD", 24, 3, 3), true),
        ] {
            let turned = BitmapFormat {
                top_down: true,
                image_size: 7,
                ..format.clone()
            };
            assert_eq!(turned.is_like(&format), is_like);
            assert!(!format.is_like(&BitmapFormat::rgb(16, 3, 3)));
        }
    }

    #[test]
    fn lines_are_counted_from_the_top() {
        let lowest_first = BitmapFormat::rgb(8, 3, 3);
        assert_eq!(lowest_first.line(0), 8..11);
        assert_eq!(lowest_first.line(2), 0..3);
        let top_down = BitmapFormat {
            top_down: true,
            ..lowest_first
        };
        assert_eq!(top_down.line(2), 8..11);
        assert_eq!(top_down.picture_size(), 12);
    }

    #[test]
    fn sizes_that_no_memory_has_do_not_wrap() {
        let huge = BitmapFormat::rgb(32, u32::MAX, u32::MAX);
        assert_eq!(huge.image_size, u32::MAX);
        assert_eq!(huge.picture_size(), usize::MAX);
    }
}
