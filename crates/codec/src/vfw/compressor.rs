//! A codec at work: pictures in, frames out.

use opendriver::{Blame, Block};
use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc};

use super::kept::{IMAGE_SIZE, LARGEST, Source, picture_size, too_large};
use super::layout::{Compress, CompressFrames};
use super::{Codec, Decompressor, Error, Flags, FrameFlags, Mode, Overrun};
use crate::BitmapFormat;

/// `ICQUALITY_HIGH`
const BEST: u32 = 10_000;

/// `AVIIF_KEYFRAME`
const KEY_FRAME: u32 = 0x10;

/// What a compressor is to keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Quality from 0 to 10000; the codec's default where there is none.
    pub quality: Option<u32>,
    /// From one key frame to the next; 1: all are. The codec's default where there is none.
    pub key_every: Option<u32>,
    /// Bytes in a second; a codec without [`Flags::CRUNCH`] pays no heed to it.
    pub data_rate: Option<u32>,
    /// Frames in a second, as an AVI file has it: scale and rate, which is `rate / scale`.
    pub frames_per_second: (u32, u32),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quality: None,
            key_every: None,
            data_rate: None,
            frames_per_second: (1, 25),
        }
    }
}

impl Settings {
    /// How many bytes a frame may take; 0 for any.
    fn frame_size(&self) -> u32 {
        let (scale, rate) = self.frames_per_second;
        let bytes = u64::from(self.data_rate.unwrap_or(0)) * u64::from(scale);
        let bytes = bytes.checked_div(rate.into()).unwrap_or(0);
        bytes.min(i32::MAX as u64) as u32
    }
}

/// A compressed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// Its bytes; none where the codec wants more pictures first, or says that nothing changed.
    pub data: &'a [u8],
    /// Whether it can be decompressed without those before.
    pub key: bool,
    /// The code that the codec wants on its chunk, if it wants any.
    pub chunk: Option<FourCc>,
}

/// A codec at work: pictures in, frames out.
#[derive(Debug)]
pub struct Compressor {
    codec: Codec,
    input: BitmapFormat,
    /// The same as the codec takes it.
    upright: BitmapFormat,
    output: BitmapFormat,
    settings: Settings,
    quality: u32,
    key_every: u64,
    frame_size: u32,
    size: usize,
    /// How long a line is, where the codec takes lines in the other order.
    turned: Option<usize>,
    /// How many frames ago the last key frame was.
    since_key: Option<u64>,
    picture_format: Block,
    picture: Source,
    frame_format: Block,
    packet: Block,
    /// `lpckid` and `lpdwFlags`.
    told: Block,
    request: Block,
    /// What a codec is given that compresses by what changed and does not keep the last picture itself: the one that a decoder sees.
    previous: Option<Decompressor>,
    begun: bool,
    frame: u64,
}

impl Compressor {
    pub(super) fn new(
        codec: Codec,
        input: &BitmapFormat,
        output: &BitmapFormat,
        settings: Settings,
    ) -> Result<Self, Error> {
        let size = picture_size(input)?;
        let input = input.with_header(BitmapInfoHeader {
            image_size: size as u32,
            ..input.header()
        });
        let (upright, turned) = turned(&codec, &input, output)?;
        let crunches = codec.info().flags.contains(Flags::CRUNCH);
        let room = frame_room(&codec, &upright, output, size)?;
        let layout = codec.layout();
        let request = layout.compress.size.max(layout.compress_frames.size);
        let quality = match settings.quality {
            None => optional(codec.default_quality())?,
            given => given,
        };
        let key_every = match settings.key_every {
            None => optional(codec.key_frame_rate())?,
            given => given,
        };
        let mut made = Self {
            picture_format: codec.header(&upright)?,
            picture: Source::new(&codec)?,
            frame_format: codec.header(output)?,
            packet: codec.allocate(room)?,
            told: codec.allocate(8)?,
            request: codec.allocate(request)?,
            previous: None,
            quality: quality.unwrap_or(BEST).min(BEST),
            key_every: key_every.unwrap_or(0).into(),
            frame_size: if crunches { settings.frame_size() } else { 0 },
            input,
            upright,
            output: output.clone(),
            settings,
            size,
            turned,
            since_key: None,
            begun: false,
            frame: 0,
            codec,
        };
        made.begin()?;
        Ok(made)
    }

    /// Compresses the next picture; as a key frame where `key` says so, where it is the first, and where one is due.
    ///
    /// # Errors
    /// [`Error::Length`] where the picture is not as long as its format says, [`Error::Refused`] where the codec says no and
    /// [`Error::Failed`] where it breaks; both name the frame.
    pub fn frame(&mut self, pixels: &[u8], key: bool) -> Result<Packet<'_>, Error> {
        if pixels.len() != self.size {
            return Err(Error::Length {
                expected: self.size,
                found: pixels.len(),
            });
        }
        let number = self.frame;
        self.frame += 1;
        match self.turned {
            Some(line) => self.picture.fill_turned(&self.codec, pixels, line)?,
            None => self.picture.fill(&self.codec, pixels)?,
        }
        let due = self
            .since_key
            .is_none_or(|since| self.key_every > 0 && since + 1 >= self.key_every);
        let key = key || due || !self.is_temporal();
        let size = self.compress(key, number)?;
        let told =
            |at: usize| u32::from_le_bytes(self.told[at..at + 4].try_into().expect("4 bytes"));
        let (chunk, flags) = (FourCc(told(0)), told(4));
        let key = flags & KEY_FRAME != 0 || !self.is_temporal();
        self.since_key = match self.since_key {
            _ if key => Some(0),
            since => since.map(|since| since + 1),
        };
        if let Some(previous) = &mut self.previous {
            let key = Some(key);
            previous.frame(
                &self.packet[..size],
                FrameFlags {
                    key,
                    ..FrameFlags::default()
                },
            )?;
        }
        Ok(Packet {
            data: &self.packet[..size],
            key,
            chunk: (chunk.0 != 0).then_some(chunk),
        })
    }

    /// Tells the codec that there are no more pictures.
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

    /// The format of the pictures.
    pub fn input(&self) -> &BitmapFormat {
        &self.input
    }

    /// The format of the frames.
    pub fn output(&self) -> &BitmapFormat {
        &self.output
    }

    /// How many pictures were compressed: the number of the next one.
    pub fn frames(&self) -> u64 {
        self.frame
    }

    /// As [`Codec::take_overruns`].
    pub fn take_overruns(&self) -> Vec<Overrun> {
        let mut overruns = self.codec.take_overruns();
        overruns.extend(self.previous.iter().flat_map(Decompressor::take_overruns));
        overruns
    }

    fn is_temporal(&self) -> bool {
        self.codec.info().flags.contains(Flags::TEMPORAL)
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.tell_of_frames()?;
        let formats = (self.picture_format.address(), self.frame_format.address());
        self.codec
            .tell(Message::ICM_COMPRESS_BEGIN, formats.0, formats.1)?;
        self.begun = true;
        let flags = self.codec.info().flags;
        if flags.contains(Flags::TEMPORAL) && !flags.contains(Flags::FAST_TEMPORAL_COMPRESSION) {
            self.keep_previous()?;
        }
        self.watch(Message::ICM_COMPRESS_BEGIN, None);
        Ok(())
    }

    /// Tells of all frames before the first one; a codec that does not want to know says no to that.
    fn tell_of_frames(&mut self) -> Result<(), Error> {
        let layout = self.codec.layout();
        let (scale, rate) = self.settings.frames_per_second;
        let signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let frames = CompressFrames {
            output_format: self.frame_format.address(),
            input_format: self.picture_format.address(),
            quality: signed(self.quality),
            data_rate: signed(self.settings.data_rate.unwrap_or(0)),
            key_rate: self.key_every.try_into().unwrap_or(i32::MAX),
            rate,
            scale,
        };
        (layout.compress_frames.write)(&frames, &mut self.request);
        let size = layout.compress_frames.size as isize;
        let message = Message::ICM_COMPRESS_FRAMES_INFO;
        self.codec
            .send(message, self.request.address(), size, None)
            .map(drop)
    }

    /// Opens the codec once more to decompress its frames, where it wants to be given the last picture. Where it does not do that,
    /// all are key frames.
    fn keep_previous(&mut self) -> Result<(), Error> {
        let codec = self.codec.again(Mode::Decompress);
        match codec.and_then(|codec| codec.into_decompressor(&self.output, &self.upright)) {
            Ok(decompressor) => self.previous = Some(decompressor),
            Err(error) if error.blame() == Blame::Refused => self.key_every = 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Has the codec compress the picture, and answers how long the frame is.
    fn compress(&mut self, key: bool, number: u64) -> Result<usize, Error> {
        // A codec may look here for how much room there is.
        let room = (self.packet.len() as u32).to_le_bytes();
        self.frame_format[IMAGE_SIZE].copy_from_slice(&room);
        self.told.fill(0);
        let previous = self.previous.as_ref().filter(|_| !key);
        let previous = previous.map(Decompressor::addresses);
        let parts = Compress {
            flags: key.into(),
            output_format: self.frame_format.address(),
            output: self.packet.address(),
            input_format: self.picture_format.address(),
            input: self.picture.block().address(),
            chunk: self.told.address(),
            index_flags: self.told.address() + 4,
            frame: number.try_into().unwrap_or(i32::MAX),
            frame_size: self.frame_size,
            quality: self.quality,
            previous_format: previous.map_or(0, |(format, _)| format),
            previous: previous.map_or(0, |(_, picture)| picture),
        };
        let layout = self.codec.layout();
        (layout.compress.write)(&parts, &mut self.request);
        let (message, size) = (Message::ICM_COMPRESS, layout.compress.size as isize);
        let code = self
            .codec
            .send(message, self.request.address(), size, Some(number))?;
        self.watch(message, Some(number));
        if code.is_error() {
            return Err(self.codec.refusal(message, code, Some(number)));
        }
        let size = self.frame_format[IMAGE_SIZE]
            .try_into()
            .map(u32::from_le_bytes);
        let size = size.expect("4 bytes") as usize;
        if size > self.packet.len() {
            let most = self.packet.len() as u64;
            return Err(self
                .codec
                .answered(message, Some(number), size as u64, most));
        }
        Ok(size)
    }

    fn watch(&mut self, message: Message, frame: Option<u64>) {
        let codec = &self.codec;
        codec.watch(&mut self.packet, "the frame", message, frame);
        codec.watch(&mut self.told, "what is told of the frame", message, frame);
        codec.watch(self.picture.block_mut(), "the picture", message, frame);
        let formats = [
            (&mut self.picture_format, "the input's format"),
            (&mut self.frame_format, "the output's format"),
        ];
        for (block, what) in formats {
            codec.watch(block, what, message, frame);
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.begun) {
            self.codec.send(Message::ICM_COMPRESS_END, 0, 0, None)?;
        }
        Ok(())
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // A codec that breaks while it ends has nothing more to lose.
        let _ = self.end();
    }
}

/// The input that the codec takes: the given one, or the same with the lowest line first. Then also how long a line is.
fn turned(
    codec: &Codec,
    input: &BitmapFormat,
    output: &BitmapFormat,
) -> Result<(BitmapFormat, Option<usize>), Error> {
    let Err(error) = codec.compress_query(input, Some(output)) else {
        return Ok((input.clone(), None));
    };
    let header = input.header();
    let Some(pixel) = input
        .pixel()
        .filter(|pixel| pixel.is_rgb() && header.height < 0)
    else {
        return Err(error);
    };
    let height = header.height.checked_neg().unwrap_or(i32::MAX);
    let input = input.with_header(BitmapInfoHeader { height, ..header });
    match codec.compress_query(&input, Some(output)) {
        Ok(()) => Ok((input, Some(pixel.stride(header.width.unsigned_abs())))),
        Err(_) => Err(error),
    }
}

/// How many bytes the block for frames takes.
fn frame_room(
    codec: &Codec,
    input: &BitmapFormat,
    output: &BitmapFormat,
    size: usize,
) -> Result<usize, Error> {
    let said = optional(codec.compress_size(input, output))?.unwrap_or(0);
    if said as u64 > LARGEST {
        return Err(too_large("a frame", said as u64));
    }
    // A codec that does not say is given room for what cannot be compressed.
    Ok(if said == 0 {
        size + size / 8 + 4096
    } else {
        said
    })
}

/// What a codec need not know.
fn optional<T>(asked: Result<T, Error>) -> Result<Option<T>, Error> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
