//! One picture through a codec, in memory that the application is given: what images and sequences have in common.

use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, IcCompress, Structure as _};
use opendriver_codec::BitmapFormat;
use opendriver_codec::vfw::{self, Code, Flags};

use super::carry::{format_len, header_at, sane};
use super::error::Error;
use super::opened::Opened;
use super::sending::send_structure;
use crate::claim;
use crate::process::process;

/// `ICQUALITY_HIGH`
const BEST: u32 = 10_000;

/// `AVIIF_KEYFRAME`
const KEY_FRAME: u32 = 0x10;

/// Memory for the application, taken back where it is not given in the end.
pub(super) struct Loan {
    address: usize,
}

impl Loan {
    pub(super) fn new(len: usize) -> Result<Self, Error> {
        let address = process().lent.allocate(len);
        let address = address.ok_or(opendriver::Error::Memory { len })?;
        Ok(Self { address })
    }

    /// Memory with a copy of what is at an address.
    pub(super) fn copy_of(address: usize, len: usize, room: usize) -> Result<Self, Error> {
        let mut bytes = vec![0; len];
        claim::read_some(address, &mut bytes);
        let loan = Self::new(len + room)?;
        claim::write(loan.address, &bytes)?;
        Ok(loan)
    }

    pub(super) fn address(&self) -> usize {
        self.address
    }

    /// The application has it now.
    pub(super) fn give(self) -> usize {
        std::mem::ManuallyDrop::new(self).address
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        process().lent.free(self.address);
    }
}

/// Where two formats are: the input's and the output's.
#[derive(Clone, Copy)]
pub(super) struct Formats {
    pub(super) input: usize,
    pub(super) output: usize,
}

impl Opened {
    /// Sends a message about two formats; a refusal is an error.
    pub(super) fn ask(&self, message: Message, formats: Formats) -> Result<usize, Error> {
        let Formats { input, output } = formats;
        let answer = self.send(message, input.cast_signed(), output.cast_signed())?;
        self.granted(message, answer)
    }

    /// An answer that is no refusal.
    pub(super) fn granted(&self, message: Message, answer: isize) -> Result<usize, Error> {
        usize::try_from(answer).map_err(|_| {
            vfw::Error::Refused {
                driver: self.file().to_owned(),
                message,
                frame: None,
                code: Code(answer as i32),
            }
            .into()
        })
    }

    /// The format that the codec answers a message with, with room for its whole palette.
    pub(super) fn format(&self, message: Message, input: usize) -> Result<Loan, Error> {
        let len = self.ask(message, Formats { input, output: 0 })?;
        let loan = Loan::new(sane(len as u64)?.max(BitmapInfoHeader::SIZE) + 4 * 256)?;
        let output = loan.address();
        self.ask(message, Formats { input, output })?;
        Ok(loan)
    }

    /// How much room a compressed frame needs.
    pub(super) fn frame_room(&self, formats: Formats) -> Result<usize, Error> {
        let said = match self.ask(Message::ICM_COMPRESS_GET_SIZE, formats) {
            Ok(said) => said as u64,
            Err(Error::Codec(vfw::Error::Refused { .. })) => 0,
            Err(error) => return Err(error),
        };
        let pixels = BitmapFormat::pixels_size(&header_at(formats.input)?);
        // A codec that does not say is given room for what cannot be compressed.
        sane(if said == 0 {
            pixels + pixels / 8 + 4096
        } else {
            said
        })
    }

    /// A quality as codecs take it: the codec's own where the application leaves it to that.
    pub(super) fn quality(&self, asked: i32) -> u32 {
        match u32::try_from(asked) {
            Ok(quality) => quality.min(BEST),
            Err(_) => self.codec().default_quality().unwrap_or(BEST).min(BEST),
        }
    }

    pub(super) fn has(&self, flag: Flags) -> bool {
        self.codec().info().flags.contains(flag)
    }

    /// Compresses one picture, between `ICM_COMPRESS_BEGIN` and its end. Answers how long the frame is, and whether it is a key frame.
    pub(super) fn compress(&self, job: Job) -> Result<(usize, bool), Error> {
        let Job { formats, room, .. } = job;
        let header = header_at(formats.output)?;
        // A codec may look here for how much room there is.
        set_image_size(formats.output, header, room as u32)?;
        let mut told = [0_u32; 2];
        let place = told.as_mut_ptr().expose_provenance() as u64;
        let (previous_format, previous) = match job.previous {
            0 => (0, 0),
            previous => (formats.input as u64, previous as u64),
        };
        let asked = IcCompress {
            flags: job.key.into(),
            output_format: formats.output as u64,
            output: job.output as u64,
            input_format: formats.input as u64,
            input: job.input as u64,
            chunk: place,
            index_flags: place + 4,
            frame: job.frame,
            frame_size: if self.has(Flags::CRUNCH) { job.most } else { 0 },
            quality: job.quality,
            previous_format,
            previous,
        };
        let answer = send_structure(self, Message::ICM_COMPRESS, &asked)?;
        self.granted(Message::ICM_COMPRESS, answer)?;
        let size = header_at(formats.output)?.image_size as usize;
        if size > room {
            return Err(self.answered(size, room));
        }
        let mut flags = [0; 4];
        claim::read(place as usize + 4, &mut flags)?;
        let is_key = u32::from_ne_bytes(flags) & KEY_FRAME != 0;
        Ok((size, is_key || !self.has(Flags::TEMPORAL)))
    }

    /// A sequence of messages that ends with one that has no parameters, whether the rest succeeded or not.
    pub(super) fn until<T>(
        &self,
        end: Message,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let done = work();
        let ended = self.tell(end, 0, 0);
        let done = done?;
        ended?;
        Ok(done)
    }
}

/// One picture to be compressed.
#[derive(Clone, Copy)]
pub(super) struct Job {
    pub(super) formats: Formats,
    pub(super) input: usize,
    pub(super) output: usize,
    /// How many bytes there are for the frame.
    pub(super) room: usize,
    /// The previous picture, or 0.
    pub(super) previous: usize,
    pub(super) frame: i32,
    pub(super) key: bool,
    pub(super) quality: u32,
    /// How many bytes the frame is to have at most; 0: any.
    pub(super) most: u32,
}

/// Writes `biSizeImage` of a format.
pub(super) fn set_image_size(
    address: usize,
    header: BitmapInfoHeader,
    image_size: u32,
) -> Result<(), Error> {
    let mut bytes = [0; BitmapInfoHeader::SIZE];
    BitmapInfoHeader {
        image_size,
        ..header
    }
    .write(&mut bytes);
    Ok(claim::write(address, &bytes)?)
}

/// How many bytes a format takes where it lies.
pub(super) fn len_at(address: usize) -> Result<usize, Error> {
    Ok(format_len(&header_at(address)?))
}
