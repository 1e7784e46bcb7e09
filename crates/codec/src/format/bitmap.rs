//! A format of pictures: a BITMAPINFOHEADER and whatever follows it.

use std::fmt;

use opendriver_abi::structures::{BitmapInfoHeader, FourCc, Structure};

use super::{BrokenFormat, Pixel};

/// A format of pictures: a `BITMAPINFOHEADER` and what follows it, be it masks, a palette, or tables of the codec's own.
///
/// ```
/// use opendriver_codec::{BitmapFormat, Pixel};
///
/// let format = BitmapFormat::uncompressed(Pixel::Rgb24, 3, 2);
/// assert_eq!((format.image_size(), format.pixel()), (24, Some(Pixel::Rgb24)));
/// assert_eq!(format.to_string(), "RGB24, 3x2");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BitmapFormat {
    bytes: Vec<u8>,
}

impl BitmapFormat {
    /// Uncompressed pictures, the lowest line first where the pixels are red, green and blue. Of [`Pixel::Rgb8`], the palette is grey.
    pub fn uncompressed(pixel: Pixel, width: u32, height: u32) -> Self {
        let header = BitmapInfoHeader {
            size: BitmapInfoHeader::SIZE as u32,
            width: width.try_into().unwrap_or(i32::MAX),
            height: height.try_into().unwrap_or(i32::MAX),
            planes: 1,
            bit_count: pixel.bits(),
            compression: pixel.compression(),
            image_size: pixel.picture(width, height).try_into().unwrap_or(u32::MAX),
            // Some codecs do not know that 0 means as many as the depth allows.
            colours_used: if pixel == Pixel::Rgb8 { 256 } else { 0 },
            ..BitmapInfoHeader::zeroed()
        };
        let behind: Vec<u8> = match pixel {
            Pixel::Rgb8 => (0..=255).flat_map(|grey| [grey, grey, grey, 0]).collect(),
            Pixel::Rgb565 => [0xf800_u32, 0x07e0, 0x001f]
                .into_iter()
                .flat_map(u32::to_le_bytes)
                .collect(),
            _ => Vec::new(),
        };
        Self::new(header, &behind)
    }

    /// Puts a header and what follows it together.
    pub fn new(header: BitmapInfoHeader, behind: &[u8]) -> Self {
        let mut bytes = vec![0; BitmapInfoHeader::SIZE];
        header.write(&mut bytes);
        bytes.extend_from_slice(behind);
        Self { bytes }
    }

    /// Takes the bytes of a stream's format, all of them. A header that says that it is shorter than it can be, or longer than
    /// what is there, is made to say 40.
    ///
    /// # Errors
    /// Fewer than 40 bytes are no format.
    pub fn parse(bytes: &[u8]) -> Result<Self, BrokenFormat> {
        let Some(mut header) = BitmapInfoHeader::read(bytes) else {
            return Err(BrokenFormat {
                what: BitmapInfoHeader::NAME,
                needed: BitmapInfoHeader::SIZE,
                found: bytes.len(),
            });
        };
        if !(BitmapInfoHeader::SIZE..=bytes.len()).contains(&(header.size as usize)) {
            header.size = BitmapInfoHeader::SIZE as u32;
        }
        Ok(Self::new(header, &bytes[BitmapInfoHeader::SIZE..]))
    }

    /// The format as codecs and files take it, whole.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its first 40 bytes.
    pub fn header(&self) -> BitmapInfoHeader {
        BitmapInfoHeader::read(&self.bytes).expect("a format starts with its header")
    }

    /// The same with another header, and all that follows kept.
    #[must_use]
    pub fn with_header(&self, header: BitmapInfoHeader) -> Self {
        Self::new(header, &self.bytes[BitmapInfoHeader::SIZE..])
    }

    /// Pixels in a line.
    pub fn width(&self) -> u32 {
        self.header().width.unsigned_abs()
    }

    /// Lines, whichever comes first.
    pub fn height(&self) -> u32 {
        self.header().height.unsigned_abs()
    }

    /// Whether the first line is the top: the height is negative, or the pixels are no red, green and blue.
    pub fn is_top_down(&self) -> bool {
        self.header().height < 0 || self.pixel().is_some_and(|pixel| !pixel.is_rgb())
    }

    /// Bits in a pixel.
    pub fn bits(&self) -> u16 {
        self.header().bit_count
    }

    /// `biCompression`: 0 for none, or the codec's code.
    pub fn compression(&self) -> FourCc {
        self.header().compression
    }

    /// Bytes in a picture: what the header says, or what uncompressed pixels take where it says nothing.
    pub fn image_size(&self) -> usize {
        match (self.header().image_size, self.pixel()) {
            (0, Some(pixel)) => pixel.picture(self.width(), self.height()),
            (size, _) => size as usize,
        }
    }

    /// Bytes that the pixels of a picture take by its width, height and depth, whatever the header says of that.
    pub fn pixels_size(header: &BitmapInfoHeader) -> u64 {
        let (width, height) = (header.width.unsigned_abs(), header.height.unsigned_abs());
        match Pixel::of_code(header.compression) {
            Some(pixel) => pixel.picture(width, height) as u64,
            None => {
                let line = (u64::from(width) * u64::from(header.bit_count)).div_ceil(32) * 4;
                line.saturating_mul(height.into())
            }
        }
    }

    /// How uncompressed pixels lie; none where a codec is needed, or of depths below 8.
    pub fn pixel(&self) -> Option<Pixel> {
        let header = self.header();
        match (header.compression.0, header.bit_count) {
            (0, 8) => Some(Pixel::Rgb8),
            (0, 16) => Some(Pixel::Rgb555),
            (0, 24) => Some(Pixel::Rgb24),
            (0, 32) => Some(Pixel::Rgb32),
            (3, 16) if self.masks() == Some([0xf800, 0x07e0, 0x001f]) => Some(Pixel::Rgb565),
            (3, 16) if self.masks() == Some([0x7c00, 0x03e0, 0x001f]) => Some(Pixel::Rgb555),
            (3, 32) if self.masks() == Some([0xff_0000, 0xff00, 0xff]) => Some(Pixel::Rgb32),
            _ => Pixel::of_code(header.compression),
        }
    }

    /// The masks of red, green and blue of `BI_BITFIELDS`.
    fn masks(&self) -> Option<[u32; 3]> {
        let bytes = self.bytes.get(40..52)?;
        let mask = |at: usize| bytes[at..].first_chunk().copied().map(u32::from_le_bytes);
        Some([mask(0)?, mask(4)?, mask(8)?])
    }

    /// The colours of the palette, each blue, green, red and 0; none where the depth has none.
    pub fn palette(&self) -> &[[u8; 4]] {
        let header = self.header();
        if header.bit_count > 8 || header.bit_count == 0 {
            return &[];
        }
        let most = 1_usize << header.bit_count;
        let colours = match header.colours_used as usize {
            0 => most,
            used => used.min(most),
        };
        let behind = self.bytes.get(header.size as usize..).unwrap_or_default();
        let (palette, _) = behind.as_chunks();
        &palette[..palette.len().min(colours)]
    }
}

impl fmt::Display for BitmapFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pixel() {
            Some(pixel) => write!(f, "{pixel}")?,
            None if self.compression().0 == 0 => write!(f, "RGB{}", self.bits())?,
            None if self.compression().0 == 1 => f.write_str("RLE8")?,
            None if self.compression().0 == 2 => f.write_str("RLE4")?,
            None => write!(f, "{}", self.compression())?,
        }
        write!(f, ", {}x{}", self.width(), self.height())
    }
}

impl fmt::Debug for BitmapFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BitmapFormat")
            .field("header", &self.header())
            .field("behind", &(self.bytes.len() - BitmapInfoHeader::SIZE))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncompressed_formats_tell_their_pixels() {
        for pixel in Pixel::ALL {
            let format = BitmapFormat::uncompressed(pixel, 5, 3);
            assert_eq!(format.pixel(), Some(pixel));
            assert_eq!(format.image_size(), pixel.picture(5, 3));
            assert_eq!(BitmapFormat::parse(format.as_bytes()), Ok(format));
        }
    }

    #[test]
    fn tables_behind_the_header_travel_whole() {
        let mut bytes = BitmapFormat::uncompressed(Pixel::Rgb24, 4, 4)
            .as_bytes()
            .to_vec();
        bytes.extend(0..100);
        bytes[0] = 140;
        let format = BitmapFormat::parse(&bytes).unwrap();
        assert_eq!(format.as_bytes(), bytes);
        bytes[0] = 141;
        assert_eq!({ BitmapFormat::parse(&bytes).unwrap().header().size }, 40);
        assert!(BitmapFormat::parse(&bytes[..39]).is_err());
    }

    #[test]
    fn a_palette_has_as_many_colours_as_are_there() {
        let format = BitmapFormat::uncompressed(Pixel::Rgb8, 4, 4);
        assert_eq!(
            (format.palette().len(), format.palette()[7]),
            (256, [7, 7, 7, 0])
        );
        let short = BitmapFormat::parse(&format.as_bytes()[..48]).unwrap();
        assert_eq!(short.palette().len(), 2);
    }

    #[test]
    fn the_lowest_height_is_no_overflow() {
        let header = BitmapInfoHeader {
            height: i32::MIN,
            ..BitmapFormat::uncompressed(Pixel::Rgb24, 4, 4).header()
        };
        let format = BitmapFormat::new(header, &[]);
        assert!(format.is_top_down());
        assert_eq!(format.height(), 1 << 31);
    }
}
