//! An application of pictures, for a codec's own unit tests.

use opendriver_abi::structures::{
    Address, FourCc, IcCompress, IcDecompress, IcInfo, IcOpen, Structure,
};

use super::BitmapFormat;
use crate::{Bench, Instance, LParam, LResult, Message, Refused};

impl Bench {
    /// Opens the driver as an application of pictures does, one as wide as this program.
    ///
    /// # Errors
    /// [`Refused`] when the driver does not open as a video codec.
    pub fn vfw(&self) -> Result<Application, Refused> {
        match size_of::<usize>() {
            8 => Application::open::<u64>(self),
            _ => Application::open::<u32>(self),
        }
    }

    /// Opens the driver as an application of pictures does that is a program of 32 bits.
    ///
    /// # Errors
    /// As [`vfw`](Self::vfw).
    pub fn vfw_of_32_bits(&self) -> Result<Application, Refused> {
        Application::open::<u32>(self)
    }
}

/// An application of pictures on a [`Bench`]: it asks a codec, decompresses and compresses, and hears what the codec answered where that was
/// no.
///
/// ```
/// # use std::sync::Arc;
/// # use opendriver_sdk::vfw::{Codec, Decoder, Frame, Info, Never, Refusal};
/// # use opendriver_sdk::{Host, Refused};
/// # struct Plain;
/// # impl Codec for Plain {
/// #     type Decoder = Self;
/// #     type Encoder = Never;
/// #     fn load(_: &Arc<dyn Host>) -> Result<Self, Refused> { Ok(Self) }
/// #     fn info(&self) -> Info { Info::new(*b"PLAN", "Plain", "Plain") }
/// #     fn decompresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
/// #         vec![BitmapFormat::rgb(24, input.width, input.height)]
/// #     }
/// #     fn decoder(&self, _: &BitmapFormat, _: &BitmapFormat) -> Result<Self, Refusal> { Ok(Self) }
/// # }
/// # impl Decoder for Plain {
/// #     fn frame(&mut self, frame: &Frame<'_>, picture: &mut [u8]) -> Result<(), Refusal> {
/// #         picture.fill(frame.data[0]);
/// #         Ok(())
/// #     }
/// # }
/// use opendriver_sdk::vfw::{BitmapFormat, Vfw};
/// use opendriver_sdk::{Bench, builtin};
///
/// let application = Bench::new(builtin::<Vfw<Plain>>("plain")).vfw().unwrap();
/// let input = BitmapFormat::coded(*b"PLAN", 24, 2, 1);
/// let output = application.decompress_format(&input).unwrap();
/// let pictures = application.decompress(&input, &output, &[&[7], &[8]]).unwrap();
/// assert_eq!(pictures, [[7; 8], [8; 8]]);
/// ```
#[derive(Debug)]
pub struct Application {
    bench: Bench,
    instance: Instance,
    widths: Widths,
}

/// What an application does that depends on how wide it is.
#[derive(Debug)]
struct Widths {
    decompress: fn(&Application, Moved, u32) -> LResult,
    compress: fn(&Application, Moved, &Told) -> LResult,
}

/// Addresses of the formats and of what is to become what.
#[derive(Clone, Copy)]
struct Moved {
    input_format: LParam,
    input: LParam,
    output_format: LParam,
    output: LParam,
}

/// What a compression is told of a frame.
struct Told {
    key: bool,
    number: u32,
    quality: u32,
    index_flags: LParam,
}

/// A frame that a codec made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its bytes.
    pub data: Vec<u8>,
    /// Whether the codec says that it is a key frame.
    pub key: bool,
}

impl Application {
    /// What the codec is called, its code, and its `VIDCF_*`.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn info(&self) -> Result<(String, FourCc, u32), LResult> {
        let room = self.bench.lend(&[0; IcInfo::SIZE]);
        let length = IcInfo::SIZE as LParam;
        match self.instance.send(Message::ICM_GETINFO, room, length) {
            answer if answer > 0 => {
                let told: IcInfo = self.bench.lent_structure(room);
                Ok((told.name.to_string(), told.handler, told.flags))
            }
            answer => Err(answer),
        }
    }

    /// The format that pictures are best decompressed to.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn decompress_format(&self, input: &BitmapFormat) -> Result<BitmapFormat, LResult> {
        self.format(Message::ICM_DECOMPRESS_GET_FORMAT, input)
    }

    /// Whether an input can be decompressed, to an output where one is given.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn decompress_query(
        &self,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), LResult> {
        self.query(Message::ICM_DECOMPRESS_QUERY, input, output)
    }

    /// Decompresses frames, and returns the picture that each left behind.
    ///
    /// # Errors
    /// What the codec answered to the first that it refused.
    pub fn decompress(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        frames: &[&[u8]],
    ) -> Result<Vec<Vec<u8>>, LResult> {
        let output_format = self.bench.lend(&output.to_bytes());
        let picture = self.bench.lend(&vec![0; output.picture_size()]);
        let begin = self.bench.lend(&input.to_bytes());
        self.tell(Message::ICM_DECOMPRESS_BEGIN, begin, output_format)?;
        let mut pictures = Vec::new();
        for frame in frames {
            let format = BitmapFormat {
                image_size: frame.len() as u32,
                ..input.clone()
            };
            let moved = Moved {
                input_format: self.bench.lend(&format.to_bytes()),
                input: self.bench.lend(frame),
                output_format,
                output: picture,
            };
            match (self.widths.decompress)(self, moved, 0) {
                answer if answer < 0 => return Err(answer),
                _ => pictures.push(self.bench.lent(picture)),
            }
        }
        self.tell(Message::ICM_DECOMPRESS_END, 0, 0)?;
        Ok(pictures)
    }

    /// The format that pictures are best compressed to.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn compress_format(&self, input: &BitmapFormat) -> Result<BitmapFormat, LResult> {
        self.format(Message::ICM_COMPRESS_GET_FORMAT, input)
    }

    /// Whether an input can be compressed, to an output where one is given.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn compress_query(
        &self,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), LResult> {
        self.query(Message::ICM_COMPRESS_QUERY, input, output)
    }

    /// Compresses pictures, the first as a key frame, with the quality that is set.
    ///
    /// # Errors
    /// What the codec answered to the first that it refused.
    pub fn compress(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        pictures: &[&[u8]],
    ) -> Result<Vec<Packet>, LResult> {
        const DEFAULT_QUALITY: u32 = u32::MAX;
        const KEY_FRAME: u32 = 0x10;
        let input_format = self.bench.lend(&input.to_bytes());
        let output_format = self.bench.lend(&output.to_bytes());
        let room = self.tell(Message::ICM_COMPRESS_GET_SIZE, input_format, output_format)?;
        let packet = self.bench.lend(&vec![0; room.cast_unsigned()]);
        let index_flags = self.bench.lend(&[0; 4]);
        self.tell(Message::ICM_COMPRESS_BEGIN, input_format, output_format)?;
        let mut packets = Vec::new();
        for (number, picture) in pictures.iter().enumerate() {
            let moved = Moved {
                input_format,
                input: self.bench.lend(picture),
                output_format,
                output: packet,
            };
            let told = Told {
                key: number == 0,
                number: number as u32,
                quality: DEFAULT_QUALITY,
                index_flags,
            };
            match (self.widths.compress)(self, moved, &told) {
                answer if answer < 0 => return Err(answer),
                _ => {}
            }
            let format = BitmapFormat::parse(&self.bench.lent(output_format));
            let size = format.map_or(0, |format| format.image_size);
            let mut data = self.bench.lent(packet);
            data.truncate(size as usize);
            let flags = self.bench.lent(index_flags);
            let flags = flags.first_chunk().copied().map_or(0, u32::from_le_bytes);
            packets.push(Packet {
                data,
                key: flags & KEY_FRAME != 0,
            });
        }
        self.tell(Message::ICM_COMPRESS_END, 0, 0)?;
        Ok(packets)
    }

    /// The codec's settings.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn state(&self) -> Result<Vec<u8>, LResult> {
        let length = self.tell(Message::ICM_GETSTATE, 0, 0)?;
        let room = self.bench.lend(&vec![0; length.cast_unsigned()]);
        self.tell(Message::ICM_GETSTATE, room, length)?;
        Ok(self.bench.lent(room))
    }

    /// Gives the codec settings; how many bytes it took.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn set_state(&self, state: &[u8]) -> Result<LResult, LResult> {
        let length = state.len() as LParam;
        self.tell(Message::ICM_SETSTATE, self.bench.lend(state), length)
    }

    /// The quality that is set.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn quality(&self) -> Result<u32, LResult> {
        let room = self.bench.lend(&[0; 4]);
        self.tell(Message::ICM_GETQUALITY, room, 4)?;
        let number = self.bench.lent(room).first_chunk().copied();
        Ok(number.map_or(0, u32::from_le_bytes))
    }

    /// Sets the quality.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn set_quality(&self, quality: u32) -> Result<(), LResult> {
        let place = self.bench.lend(&quality.to_le_bytes());
        self.tell(Message::ICM_SETQUALITY, place, 0).map(drop)
    }

    /// The instance itself, for messages that have no function here.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    fn open<P: Address>(bench: &Bench) -> Result<Self, Refused> {
        let description = IcOpen::<P> {
            size: IcOpen::<P>::SIZE as u32,
            kind: FourCc::VIDC,
            version: 0x0104,
            ..IcOpen::zeroed()
        };
        Ok(Self {
            instance: bench.open("", bench.lend_structure(&description))?,
            bench: bench.clone(),
            widths: Widths {
                decompress: decompress::<P>,
                compress: compress::<P>,
            },
        })
    }

    fn format(&self, message: Message, input: &BitmapFormat) -> Result<BitmapFormat, LResult> {
        let input = self.bench.lend(&input.to_bytes());
        let length = self.tell(message, input, 0)?;
        let room = self.bench.lend(&vec![0; length.cast_unsigned()]);
        self.tell(message, input, room)?;
        let format = BitmapFormat::parse(&self.bench.lent(room));
        Ok(format.expect("a codec that answers how long its format is writes one"))
    }

    fn query(
        &self,
        message: Message,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), LResult> {
        let input = self.bench.lend(&input.to_bytes());
        let output = output.map_or(0, |output| self.bench.lend(&output.to_bytes()));
        self.tell(message, input, output).map(drop)
    }

    fn tell(&self, message: Message, param1: LParam, param2: LParam) -> Result<LResult, LResult> {
        match self.instance.send(message, param1, param2) {
            answer if answer < 0 => Err(answer),
            answer => Ok(answer),
        }
    }
}

fn decompress<P: Address>(application: &Application, moved: Moved, flags: u32) -> LResult {
    let request = IcDecompress::<P> {
        flags,
        input_format: P::from_param(moved.input_format),
        input: P::from_param(moved.input),
        output_format: P::from_param(moved.output_format),
        output: P::from_param(moved.output),
        chunk: 0,
    };
    let size = IcDecompress::<P>::SIZE as LParam;
    let address = application.bench.lend_structure(&request);
    application
        .instance
        .send(Message::ICM_DECOMPRESS, address, size)
}

fn compress<P: Address>(application: &Application, moved: Moved, told: &Told) -> LResult {
    let request = IcCompress::<P> {
        flags: told.key.into(),
        output_format: P::from_param(moved.output_format),
        output: P::from_param(moved.output),
        input_format: P::from_param(moved.input_format),
        input: P::from_param(moved.input),
        index_flags: P::from_param(told.index_flags),
        frame: told.number.cast_signed(),
        quality: told.quality,
        ..IcCompress::zeroed()
    };
    let size = IcCompress::<P>::SIZE as LParam;
    let address = application.bench.lend_structure(&request);
    application
        .instance
        .send(Message::ICM_COMPRESS, address, size)
}
