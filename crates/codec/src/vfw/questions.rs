//! Which formats a codec takes, and which it gives.

use opendriver::Block;
use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, Structure as _};

use super::codec::SLACK;
use super::layout::Decompress;
use super::{Codec, Error, PaletteChange, Rectangle, Rectangles};
use crate::{BitmapFormat, Pixel};

/// A codec's format with all of its tables is not longer than this.
const LONGEST_FORMAT: u64 = 1 << 20;

impl Codec {
    /// Tells the format that the codec prefers to decompress to, its palette included.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not take the input.
    pub fn decompress_format(&self, input: &BitmapFormat) -> Result<BitmapFormat, Error> {
        let format = self.format(Message::ICM_DECOMPRESS_GET_FORMAT, input)?;
        let bits = format.bits();
        if !(1..=8).contains(&bits) || format.compression().0 != 0 {
            return Ok(format);
        }
        let whole = 1 << bits;
        let colours = match self.decompress_palette(input, &format)? {
            Some(colours) => colours,
            None if format.palette().len() == whole => return Ok(format),
            None => input.palette().to_vec(),
        };
        let mut behind: Vec<u8> = colours.into_iter().flatten().collect();
        behind.resize(4 * whole, 0);
        let header = BitmapInfoHeader {
            size: BitmapInfoHeader::SIZE as u32,
            // Some codecs do not know that 0 means as many as the depth allows.
            colours_used: whole as u32,
            ..format.header()
        };
        Ok(BitmapFormat::new(header, &behind))
    }

    /// Tells the format that comes nearest to pictures of this depth and size among those that the codec decompresses to, for a screen.
    ///
    /// # Errors
    /// [`Error::Refused`] where it takes the input for none of the depths that screens have.
    pub fn display_format(
        &self,
        input: &BitmapFormat,
        bits: u16,
        size: (u32, u32),
    ) -> Result<BitmapFormat, Error> {
        let own = (input.width(), input.height());
        let depths = [8, 16, 24, 32];
        // A screen shows more colours than are there, if it has to; fewer come last.
        let deeper = depths.into_iter().filter(|&depth| depth > bits);
        let others = depths.into_iter().rev().filter(|&depth| depth < bits);
        let order: Vec<u16> = [bits].into_iter().chain(deeper).chain(others).collect();
        let mut first = None;
        for size in if size == own {
            vec![own]
        } else {
            vec![size, own]
        } {
            for pixel in order.iter().filter_map(|&bits| pixel_of(bits)) {
                let format = BitmapFormat::uncompressed(pixel, size.0, size.1);
                match self.decompress_query(input, Some(&format)) {
                    Ok(()) if pixel == Pixel::Rgb8 => return self.with_palette(input, &format),
                    Ok(()) => return Ok(format),
                    Err(error) => first = first.or(Some(error)),
                }
            }
        }
        Err(first.expect("some depth was asked for"))
    }

    fn with_palette(
        &self,
        input: &BitmapFormat,
        format: &BitmapFormat,
    ) -> Result<BitmapFormat, Error> {
        let colours = self.decompress_palette(input, format)?;
        let change = colours.map(|colours| PaletteChange { first: 0, colours });
        Ok(change.map_or_else(|| format.clone(), |change| change.apply(format)))
    }

    /// Tells the colours of the palette that the codec decompresses to; none where it does not know.
    ///
    /// # Errors
    /// [`Error::Failed`] where the codec breaks.
    pub fn decompress_palette(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
    ) -> Result<Option<Vec<[u8; 4]>>, Error> {
        let message = Message::ICM_DECOMPRESS_GET_PALETTE;
        let mut source = self.header(input)?;
        let mut target = self.header(output)?;
        let answer = self.send(message, source.address(), target.address(), None)?;
        self.watch(&mut source, "the input's format", message, None);
        self.watch(&mut target, "the output's format", message, None);
        // Of a codec that knows nothing of palettes, the bytes behind the header are as they were.
        let header = target.get(..BitmapInfoHeader::SIZE);
        let header = header.and_then(BitmapInfoHeader::read);
        let colours = match header {
            Some(header) if !answer.is_error() => match header.colours_used {
                0 => 1 << output.bits().min(8),
                used => used.min(256) as usize,
            },
            _ => return Ok(None),
        };
        let behind = &target[BitmapInfoHeader::SIZE..];
        let (palette, _) = behind.as_chunks();
        let palette = palette[..palette.len().min(colours)].to_vec();
        Ok(palette
            .iter()
            .any(|colour| *colour != [0; 4])
            .then_some(palette))
    }

    /// Gives the codec the palette that its output is to have: that of `format`. None leaves it to the codec again.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec does not know how to do that.
    pub fn set_decompress_palette(&self, format: Option<&BitmapFormat>) -> Result<(), Error> {
        let message = Message::ICM_DECOMPRESS_SET_PALETTE;
        let block = format.map(|format| self.header(format)).transpose()?;
        let address = block.as_ref().map_or(0, Block::address);
        self.tell(message, address, 0).map(drop)
    }

    /// Asks whether the codec decompresses `input`, to `output` where that is given.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not.
    pub fn decompress_query(
        &self,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), Error> {
        self.query(Message::ICM_DECOMPRESS_QUERY, input, output)
    }

    /// Asks whether the codec decompresses whole pictures of `input` to those of `output` by the messages with rectangles.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not.
    pub fn decompress_query_within(
        &self,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), Error> {
        let source = self.header(input)?;
        let target = output.map(|output| self.header(output)).transpose()?;
        let parts = Decompress {
            flags: 0,
            input_format: source.address(),
            input: 0,
            output_format: target.as_ref().map_or(0, Block::address),
            output: 0,
        };
        let places = Rectangles {
            source: Rectangle::whole(input),
            destination: Rectangle::whole(output.unwrap_or(input)),
        };
        let layout = self.layout();
        let mut request = self.allocate(layout.decompress_ex.size)?;
        (layout.decompress_ex.write)(&(parts, places), &mut request);
        let size = layout.decompress_ex.size as isize;
        self.tell(Message::ICM_DECOMPRESSEX_QUERY, request.address(), size)
            .map(drop)
    }

    /// Asks whether the codec draws `input`.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not.
    pub fn draw_query(&self, input: &BitmapFormat) -> Result<(), Error> {
        self.query(Message::ICM_DRAW_QUERY, input, None)
    }

    /// Whether the codec decompresses `input` to `output`, as far as its word can be taken: one that says yes to a code that nobody has
    /// looks at the depth alone, and what it says of codes means nothing.
    ///
    /// # Errors
    /// [`Error::Failed`] where the codec breaks.
    pub fn decompresses_to(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
    ) -> Result<bool, Error> {
        is_meant(output, |output| self.decompress_query(input, Some(output)))
    }

    /// Tells the format that the codec compresses `input` to.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not take the input.
    pub fn compress_format(&self, input: &BitmapFormat) -> Result<BitmapFormat, Error> {
        self.format(Message::ICM_COMPRESS_GET_FORMAT, input)
    }

    /// Asks whether the codec compresses `input`, to `output` where that is given.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not.
    pub fn compress_query(
        &self,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), Error> {
        self.query(Message::ICM_COMPRESS_QUERY, input, output)
    }

    /// Whether the codec compresses `input`, as far as its word can be taken; see [`decompresses_to`](Self::decompresses_to).
    ///
    /// # Errors
    /// [`Error::Failed`] where the codec breaks.
    pub fn compresses(&self, input: &BitmapFormat) -> Result<bool, Error> {
        is_meant(input, |input| self.compress_query(input, None))
    }

    /// Tells how many bytes a compressed frame takes at most.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec does not take the formats.
    pub fn compress_size(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
    ) -> Result<usize, Error> {
        let message = Message::ICM_COMPRESS_GET_SIZE;
        let source = self.header(input)?;
        let target = self.header(output)?;
        let size = self.tell(message, source.address(), target.address())?;
        Ok(size.0.unsigned_abs() as usize)
    }

    fn format(&self, message: Message, input: &BitmapFormat) -> Result<BitmapFormat, Error> {
        let mut source = self.header(input)?;
        let size = self.tell(message, source.address(), 0)?;
        let size = self.sane(message, size, LONGEST_FORMAT)?;
        let size = size.max(BitmapInfoHeader::SIZE);
        let mut target = self.allocate(size + SLACK)?;
        self.tell(message, source.address(), target.address())?;
        self.watch(&mut source, "the input's format", message, None);
        self.watch(&mut target, "the output's format", message, None);
        Ok(BitmapFormat::parse(&target[..size]).expect("a header's bytes at least"))
    }

    fn query(
        &self,
        message: Message,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), Error> {
        let source = self.header(input)?;
        let target = output.map(|output| self.header(output)).transpose()?;
        let target = target.as_ref().map_or(0, Block::address);
        self.tell(message, source.address(), target).map(drop)
    }
}

/// What a screen of this depth shows.
fn pixel_of(bits: u16) -> Option<Pixel> {
    match bits {
        8 => Some(Pixel::Rgb8),
        16 => Some(Pixel::Rgb555),
        24 => Some(Pixel::Rgb24),
        32 => Some(Pixel::Rgb32),
        _ => None,
    }
}

/// Whether a codec says yes to a picture and no to the same picture with a code that nobody has.
fn is_meant(
    picture: &BitmapFormat,
    ask: impl Fn(&BitmapFormat) -> Result<(), Error>,
) -> Result<bool, Error> {
    let says = |picture: &BitmapFormat| match ask(picture) {
        Ok(()) => Ok(true),
        Err(Error::Refused { .. }) => Ok(false),
        Err(error) => Err(error),
    };
    if picture.compression().0 == 0 || !says(picture)? {
        return says(picture);
    }
    let nonsense = BitmapInfoHeader {
        compression: FourCc::new(*b"~~~~"),
        ..picture.header()
    };
    Ok(!says(&picture.with_header(nonsense))?)
}
