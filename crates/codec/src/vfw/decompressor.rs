//! A codec at work: frames in, pictures out.

use opendriver::Block;
use opendriver_abi::Message;
use opendriver_abi::structures::BitmapInfoHeader;

use super::kept::{IMAGE_SIZE, Source, picture_size};
use super::layout::Decompress;
use super::{Code, Codec, Error, Overrun, PaletteChange};
use crate::BitmapFormat;

/// `ICDECOMPRESS_NULLFRAME`
const NULL_FRAME: u32 = 0x1000_0000;

/// What is known of a frame: `ICDECOMPRESS_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameFlags {
    /// Whether it is a key frame, where somebody says so.
    pub key: Option<bool>,
    /// It is not to be shown, and only comes before one that is.
    pub preroll: bool,
    /// It comes too late: it need not be drawn.
    pub hurry_up: bool,
}

impl FrameFlags {
    fn bits(self) -> u32 {
        let bit = |on: bool, bit: u32| if on { bit } else { 0 };
        bit(self.key == Some(false), 0x0800_0000)
            | bit(self.preroll, 0x2000_0000)
            | bit(self.hurry_up, 0x8000_0000)
    }
}

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// How wide.
    pub width: i32,
    /// How high.
    pub height: i32,
}

impl Rectangle {
    /// The whole picture of a format.
    pub fn whole(format: &BitmapFormat) -> Self {
        Self {
            x: 0,
            y: 0,
            width: format.width().try_into().unwrap_or(i32::MAX),
            height: format.height().try_into().unwrap_or(i32::MAX),
        }
    }
}

/// Which part of the input comes to which part of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangles {
    /// In the input.
    pub source: Rectangle,
    /// In the output.
    pub destination: Rectangle,
}

/// A decoded picture, which lies in the decompressor's one output block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Picture<'a> {
    /// The pixels as the output's format has them.
    pub bytes: &'a [u8],
    /// Whether the codec drew it for this frame. It did not for an empty frame, or when it said that the frame need not be shown:
    /// then this is the last picture.
    pub drawn: bool,
    /// Whether the codec changed the palette of the output.
    pub new_palette: bool,
}

/// The two families of messages that decompress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// `ICM_DECOMPRESS`
    Plain,
    /// `ICM_DECOMPRESSEX`
    Parts(Rectangles),
}

impl Way {
    fn messages(self) -> [Message; 4] {
        match self {
            Self::Plain => [
                Message::ICM_DECOMPRESS_QUERY,
                Message::ICM_DECOMPRESS_BEGIN,
                Message::ICM_DECOMPRESS,
                Message::ICM_DECOMPRESS_END,
            ],
            Self::Parts(_) => [
                Message::ICM_DECOMPRESSEX_QUERY,
                Message::ICM_DECOMPRESSEX_BEGIN,
                Message::ICM_DECOMPRESSEX,
                Message::ICM_DECOMPRESSEX_END,
            ],
        }
    }
}

/// A codec at work: frames in, pictures out.
///
/// All pictures come in one block, because decoders write only what changed into the last picture.
#[derive(Debug)]
pub struct Decompressor {
    codec: Codec,
    input: BitmapFormat,
    output: BitmapFormat,
    source_format: Block,
    source: Source,
    picture_format: Block,
    picture: Block,
    request: Block,
    way: Way,
    /// Whether the family has decompressed a frame.
    proven: bool,
    begun: bool,
    frame: u64,
}

impl Decompressor {
    pub(super) fn new(
        codec: Codec,
        input: &BitmapFormat,
        output: &BitmapFormat,
        places: Option<Rectangles>,
    ) -> Result<Self, Error> {
        let size = picture_size(output)?;
        let output = output.with_header(BitmapInfoHeader {
            image_size: size as u32,
            ..output.header()
        });
        let layout = codec.layout();
        let room = layout.decompress.size.max(layout.decompress_ex.size);
        let mut made = Self {
            source_format: codec.header(input)?,
            source: Source::new(&codec)?,
            picture_format: codec.header(&output)?,
            picture: codec.allocate(size)?,
            request: codec.allocate(room)?,
            input: input.clone(),
            output,
            way: places.map_or(Way::Plain, Way::Parts),
            proven: false,
            begun: false,
            frame: 0,
            codec,
        };
        made.begin_either_way()?;
        Ok(made)
    }

    /// Decompresses the next frame.
    ///
    /// An empty frame says that nothing changed since the last one: the codec does not hear of it.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec says no, [`Error::Failed`] where it breaks; both name the frame. The last picture is as
    /// far as it came.
    pub fn frame(&mut self, data: &[u8], flags: FrameFlags) -> Result<Picture<'_>, Error> {
        let number = self.frame;
        self.frame += 1;
        if data.is_empty() {
            return Ok(self.last(false, false));
        }
        self.put(data)?;
        let code = match self.decompress(flags.bits(), number) {
            Err(error) if error.is_unsupported() && !self.proven => {
                self.turn(error)?;
                self.decompress(flags.bits(), number)?
            }
            answer => answer?,
        };
        self.proven = true;
        self.drawn(code)
    }

    /// Asks for a picture that the codec may still hold back: one with frames that look ahead is late by one. Answers the last picture,
    /// not drawn, where the codec has no other or does not know how to do that.
    ///
    /// # Errors
    /// [`Error::Failed`] where it breaks.
    pub fn flush(&mut self) -> Result<Picture<'_>, Error> {
        self.put(&[])?;
        match self.decompress(NULL_FRAME, self.frame) {
            Ok(code) => self.drawn(code),
            Err(Error::Refused { .. }) => Ok(self.last(false, false)),
            Err(error) => Err(error),
        }
    }

    /// Puts a frame where the codec finds it.
    fn put(&mut self, data: &[u8]) -> Result<(), Error> {
        self.source.fill(&self.codec, data)?;
        let size = (data.len() as u32).to_le_bytes();
        self.source_format[IMAGE_SIZE].copy_from_slice(&size);
        Ok(())
    }

    fn drawn(&mut self, code: Code) -> Result<Picture<'_>, Error> {
        let new_palette = code == Code::NEW_PALETTE;
        if new_palette {
            self.take_palette()?;
        }
        let drawn = new_palette || code == Code::OK;
        Ok(self.last(drawn, new_palette))
    }

    /// Makes the change of a palette that a stream tells of: frames that follow are decompressed with the new colours.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec does not take the format any more.
    pub fn change_palette(&mut self, change: &PaletteChange) -> Result<(), Error> {
        self.end()?;
        self.input = change.apply(&self.input);
        self.source_format = self.codec.header(&self.input)?;
        if !self.output.palette().is_empty() {
            self.output = change.apply(&self.output);
            self.picture_format = self.codec.header(&self.output)?;
        }
        self.begin_either_way()
    }

    /// Tells the codec that there are no more frames.
    ///
    /// # Errors
    /// [`Error::Failed`] where it breaks.
    pub fn finish(mut self) -> Result<(), Error> {
        self.end()
    }

    /// The codec.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// The format of the frames.
    pub fn input(&self) -> &BitmapFormat {
        &self.input
    }

    /// The format of the pictures, whose size it tells.
    pub fn output(&self) -> &BitmapFormat {
        &self.output
    }

    /// How many frames were decompressed: the number of the next one.
    pub fn frames(&self) -> u64 {
        self.frame
    }

    /// As [`Codec::take_overruns`].
    pub fn take_overruns(&self) -> Vec<Overrun> {
        self.codec.take_overruns()
    }

    /// Where the format of the last picture is, and the picture.
    pub(super) fn addresses(&self) -> (isize, isize) {
        (self.picture_format.address(), self.picture.address())
    }

    fn last(&self, drawn: bool, new_palette: bool) -> Picture<'_> {
        Picture {
            bytes: &self.picture,
            drawn,
            new_palette,
        }
    }

    /// Begins by the family that was asked for; where the codec does not know that one, by the other if it does the same.
    fn begin_either_way(&mut self) -> Result<(), Error> {
        match self.begin() {
            Err(error) if error.is_unsupported() => self.turn(error),
            begun => begun,
        }
    }

    /// Begins by the other family. Where that is not known either, `error` is what counts.
    #[cold]
    fn turn(&mut self, error: Error) -> Result<(), Error> {
        let Some(way) = self.other_way() else {
            return Err(error);
        };
        self.end()?;
        self.way = way;
        self.begin().map_err(|other| match other.is_unsupported() {
            true => error,
            false => other,
        })
    }

    fn other_way(&self) -> Option<Way> {
        let whole = Rectangles {
            source: Rectangle::whole(&self.input),
            destination: Rectangle::whole(&self.output),
        };
        match self.way {
            Way::Plain => Some(Way::Parts(whole)),
            Way::Parts(places) => (places == whole).then_some(Way::Plain),
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        let [query, begin, ..] = self.way.messages();
        for message in [query, begin] {
            let (param1, param2) = match self.way {
                Way::Plain => (self.source_format.address(), self.picture_format.address()),
                Way::Parts(_) => self.request(0, false),
            };
            let code = self.codec.send(message, param1, param2, None)?;
            self.watch(message, None);
            if code.is_error() {
                return Err(self.codec.refusal(message, code, None));
            }
        }
        self.begun = true;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.begun) {
            let [.., end] = self.way.messages();
            self.codec.send(end, 0, 0, None)?;
        }
        Ok(())
    }

    /// Writes the structure of a message, and answers the message's parameters.
    fn request(&mut self, flags: u32, with_data: bool) -> (isize, isize) {
        let data = |block: &Block| if with_data { block.address() } else { 0 };
        let parts = Decompress {
            flags,
            input_format: self.source_format.address(),
            input: data(self.source.block()),
            output_format: self.picture_format.address(),
            output: data(&self.picture),
        };
        let layout = self.codec.layout();
        let size = match self.way {
            Way::Plain => {
                (layout.decompress.write)(&parts, &mut self.request);
                layout.decompress.size
            }
            Way::Parts(places) => {
                (layout.decompress_ex.write)(&(parts, places), &mut self.request);
                layout.decompress_ex.size
            }
        };
        (self.request.address(), size as isize)
    }

    fn decompress(&mut self, flags: u32, number: u64) -> Result<Code, Error> {
        let [.., message, _] = self.way.messages();
        let (param1, param2) = self.request(flags, true);
        let code = self.codec.send(message, param1, param2, Some(number))?;
        self.watch(message, Some(number));
        if code.is_error() {
            return Err(self.codec.refusal(message, code, Some(number)));
        }
        Ok(code)
    }

    fn watch(&mut self, message: Message, frame: Option<u64>) {
        let codec = &self.codec;
        codec.watch(&mut self.picture, "the picture", message, frame);
        codec.watch(self.source.block_mut(), "the input", message, frame);
        let formats = [
            (&mut self.source_format, "the input's format"),
            (&mut self.picture_format, "the output's format"),
        ];
        for (block, what) in formats {
            codec.watch(block, what, message, frame);
        }
    }

    /// Asks for the palette that the codec says has changed.
    #[cold]
    fn take_palette(&mut self) -> Result<(), Error> {
        if let Some(colours) = self.codec.decompress_palette(&self.input, &self.output)? {
            let change = PaletteChange { first: 0, colours };
            self.output = change.apply(&self.output);
        }
        Ok(())
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // A codec that breaks while it ends has nothing more to lose.
        let _ = self.end();
    }
}
