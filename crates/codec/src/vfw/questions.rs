//! Which formats a codec takes, and which it gives.

use opendriver::Block;
use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, Structure as _};

use super::codec::SLACK;
use super::{Codec, Error};
use crate::BitmapFormat;

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
