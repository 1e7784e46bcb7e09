//! An application of sound, for a codec's own unit tests.

use opendriver_abi::answer::MMSYSERR_NOERROR;
use opendriver_abi::structures::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmDrvOpenDesc, AcmDrvStreamHeader,
    AcmDrvStreamInstance, AcmDrvStreamSize, AcmFormatDetails, AcmFormatTagDetails, Address, FourCc,
    Structure,
};

use super::{Converted, Flags, WaveFormat, Wish};
use crate::{Bench, Instance, LParam, LResult, Message, Refused};

impl Bench {
    /// Opens the driver as an application of sound does, one as wide as this program.
    ///
    /// # Errors
    /// [`Refused`] when the driver does not open as a codec of sound.
    pub fn acm(&self) -> Result<Application, Refused> {
        match size_of::<usize>() {
            8 => Application::open::<u64>(self),
            _ => Application::open::<u32>(self),
        }
    }

    /// Opens the driver as an application of sound does that is a program of 32 bits.
    ///
    /// # Errors
    /// As [`acm`](Self::acm).
    pub fn acm_of_32_bits(&self) -> Result<Application, Refused> {
        Application::open::<u32>(self)
    }
}

/// An application of sound on a [`Bench`]: it asks a codec and converts, and hears what the codec answered where that was no.
///
/// ```
/// # use std::sync::Arc;
/// # use opendriver_sdk::acm::{Blocks, Codec, Details, Refusal, Tag};
/// # use opendriver_sdk::{Host, Refused};
/// # struct Doubler;
/// # impl Codec for Doubler {
/// #     type Stream = Blocks;
/// #     fn load(_: &Arc<dyn Host>) -> Result<Self, Refused> { Ok(Self) }
/// #     fn details(&self) -> Details { Details::new("doubler", "Doubler") }
/// #     fn tags(&self) -> Vec<Tag> { vec![Tag::new(1, "PCM", vec![WaveFormat::pcm(1, 8000, 16)])] }
/// #     fn open(&self, from: &WaveFormat, to: &WaveFormat) -> Result<Blocks, Refusal> {
/// #         if (from.bits, to.bits) != (8, 16) { return Err(Refusal::NotPossible) }
/// #         Ok(Blocks::new(1, 2, |from, to| to.copy_from_slice(&[0, from[0] ^ 0x80])))
/// #     }
/// # }
/// use opendriver_sdk::acm::{Acm, WaveFormat};
/// use opendriver_sdk::answer::ACMERR_NOTPOSSIBLE;
/// use opendriver_sdk::{Bench, builtin};
///
/// let application = Bench::new(builtin::<Acm<Doubler>>("doubler")).acm().unwrap();
/// let (narrow, wide) = (WaveFormat::pcm(1, 8000, 8), WaveFormat::pcm(1, 8000, 16));
/// assert_eq!(application.convert(&narrow, &wide, &[0x80, 0x81]), Ok(vec![0, 0, 0, 1]));
/// assert_eq!(application.convert(&wide, &narrow, &[0, 0]), Err(ACMERR_NOTPOSSIBLE));
/// ```
#[derive(Debug)]
pub struct Application {
    bench: Bench,
    instance: Instance,
    widths: Widths,
}

/// What was asked for, or what the codec answered.
type Answered<T> = Result<T, LResult>;

/// How much of a buffer was used, and what it became.
type Made = (Converted, Vec<u8>);

/// What an application does that depends on how wide it is.
#[derive(Debug)]
struct Widths {
    details: fn(&Application) -> Answered<(String, u32)>,
    format: fn(&Application, u16, u32) -> Answered<(WaveFormat, String)>,
    name: fn(&Application, &WaveFormat) -> Answered<String>,
    suggest: fn(&Application, &WaveFormat, Wish) -> Answered<WaveFormat>,
    open: fn(&Application, &WaveFormat, &WaveFormat, u32) -> Answered<LParam>,
    convert: fn(&Application, LParam, &[u8], usize, Flags) -> Answered<Made>,
}

impl Application {
    /// What the codec is called, and how many kinds of formats it has.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn details(&self) -> Result<(String, u32), LResult> {
        (self.widths.details)(self)
    }

    /// The kinds of formats that the codec lists: the tag, its name, and how many formats there are.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn tags(&self) -> Result<Vec<(u16, String, u32)>, LResult> {
        const BY_INDEX: LParam = 0;
        let (_, count) = self.details()?;
        let tag = |index| {
            let asked = AcmFormatTagDetails {
                size: AcmFormatTagDetails::SIZE as u32,
                index,
                ..AcmFormatTagDetails::zeroed()
            };
            let message = Message::ACMDM_FORMATTAG_DETAILS;
            let told = self.ask(message, &asked, BY_INDEX)?;
            Ok((
                { told.tag } as u16,
                { told.name }.to_string(),
                told.standard_formats,
            ))
        };
        (0..count).map(tag).collect()
    }

    /// A format that the codec lists, and its name.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn format(&self, tag: u16, index: u32) -> Result<(WaveFormat, String), LResult> {
        (self.widths.format)(self, tag, index)
    }

    /// The name of a format that the codec knows.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn name(&self, format: &WaveFormat) -> Result<String, LResult> {
        (self.widths.name)(self, format)
    }

    /// The format that the codec suggests to convert a source to.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn suggest(&self, source: &WaveFormat, wish: Wish) -> Result<WaveFormat, LResult> {
        (self.widths.suggest)(self, source, wish)
    }

    /// Whether a stream can be opened; none is.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn query(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<(), LResult> {
        const QUERY: u32 = 1;
        (self.widths.open)(self, source, destination, QUERY).map(drop)
    }

    /// Converts all of a sound in one buffer, which is as large as the codec says that it must be.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn convert(
        &self,
        source: &WaveFormat,
        destination: &WaveFormat,
        sound: &[u8],
    ) -> Result<Vec<u8>, LResult> {
        let stream = self.stream(source, destination)?;
        let room = stream.destination_size(sound.len() as u32)?;
        let flags = Flags {
            start: true,
            end: true,
        };
        let (_, made) = stream.convert(sound, room as usize, flags)?;
        Ok(made)
    }

    /// Opens a stream, to convert buffer by buffer.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn stream(
        &self,
        source: &WaveFormat,
        destination: &WaveFormat,
    ) -> Result<OpenStream<'_>, LResult> {
        let address = (self.widths.open)(self, source, destination, 0)?;
        Ok(OpenStream {
            application: self,
            address,
        })
    }

    /// The instance itself, for messages that have no function here.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    fn open<P: Address>(bench: &Bench) -> Result<Self, Refused> {
        let description = AcmDrvOpenDesc::<P> {
            size: AcmDrvOpenDesc::<P>::SIZE as u32,
            kind: FourCc::AUDC,
            version: 0x0400_0000,
            ..AcmDrvOpenDesc::zeroed()
        };
        Ok(Self {
            instance: bench.open("", bench.lend_structure(&description))?,
            bench: bench.clone(),
            widths: Widths {
                details: details::<P>,
                format: format::<P>,
                name: name::<P>,
                suggest: suggest::<P>,
                open: open::<P>,
                convert: convert::<P>,
            },
        })
    }

    /// Sends a message with a structure and returns what became of it.
    fn ask<S: Structure>(&self, message: Message, value: &S, param2: LParam) -> Result<S, LResult> {
        let address = self.bench.lend_structure(value);
        match self.instance.send(message, address, param2) {
            MMSYSERR_NOERROR => Ok(self.bench.lent_structure(address)),
            answer => Err(answer),
        }
    }
}

/// A stream that an [`Application`] has opened; dropping it closes it.
#[derive(Debug)]
pub struct OpenStream<'a> {
    application: &'a Application,
    address: LParam,
}

impl OpenStream<'_> {
    /// How much room a source of so many bytes needs.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn destination_size(&self, source: u32) -> Result<u32, LResult> {
        Ok(self.sizes(0, source, 0)?.destination_length)
    }

    /// How much of a source fills so much room.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn source_size(&self, destination: u32) -> Result<u32, LResult> {
        Ok(self.sizes(1, 0, destination)?.source_length)
    }

    /// Converts a buffer where there is so much room: how much of both was used, and what was made.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn convert(
        &self,
        source: &[u8],
        room: usize,
        flags: Flags,
    ) -> Result<(Converted, Vec<u8>), LResult> {
        let convert = self.application.widths.convert;
        convert(self.application, self.address, source, room, flags)
    }

    /// Makes the codec forget what it keeps from buffer to buffer.
    ///
    /// # Errors
    /// What the codec answered.
    pub fn reset(&self) -> Result<(), LResult> {
        let instance = &self.application.instance;
        match instance.send(Message::ACMDM_STREAM_RESET, self.address, 0) {
            MMSYSERR_NOERROR => Ok(()),
            answer => Err(answer),
        }
    }

    fn sizes(
        &self,
        flags: u32,
        source: u32,
        destination: u32,
    ) -> Result<AcmDrvStreamSize, LResult> {
        let bench = &self.application.bench;
        let sizes = bench.lend_structure(&AcmDrvStreamSize {
            size: AcmDrvStreamSize::SIZE as u32,
            flags,
            source_length: source,
            destination_length: destination,
        });
        let instance = &self.application.instance;
        match instance.send(Message::ACMDM_STREAM_SIZE, self.address, sizes) {
            MMSYSERR_NOERROR => Ok(bench.lent_structure(sizes)),
            answer => Err(answer),
        }
    }
}

impl Drop for OpenStream<'_> {
    fn drop(&mut self) {
        let instance = &self.application.instance;
        instance.send(Message::ACMDM_STREAM_CLOSE, self.address, 0);
    }
}

/// How much room a format has: more than any that a test lists.
const FORMAT_ROOM: usize = 1024;

fn details<P: Address>(application: &Application) -> Result<(String, u32), LResult> {
    let asked = AcmDriverDetails::<P> {
        size: AcmDriverDetails::<P>::SIZE as u32,
        ..AcmDriverDetails::zeroed()
    };
    let told = application.ask(Message::ACMDM_DRIVER_DETAILS, &asked, 0)?;
    Ok(({ told.short_name }.to_string(), told.format_tags))
}

fn format<P: Address>(
    application: &Application,
    tag: u16,
    index: u32,
) -> Result<(WaveFormat, String), LResult> {
    const BY_INDEX: LParam = 0;
    let room = application.bench.lend(&[0; FORMAT_ROOM]);
    let asked = AcmFormatDetails::<P> {
        size: AcmFormatDetails::<P>::SIZE as u32,
        index,
        tag: tag.into(),
        format: P::from_param(room),
        format_size: FORMAT_ROOM as u32,
        ..AcmFormatDetails::zeroed()
    };
    let told = application.ask(Message::ACMDM_FORMAT_DETAILS, &asked, BY_INDEX)?;
    let format = WaveFormat::parse(&application.bench.lent(room));
    let format = format.expect("there is room for a format, whatever the codec wrote");
    Ok((format, { told.name }.to_string()))
}

fn name<P: Address>(application: &Application, format: &WaveFormat) -> Result<String, LResult> {
    const BY_FORMAT: LParam = 1;
    let asked = AcmFormatDetails::<P> {
        size: AcmFormatDetails::<P>::SIZE as u32,
        tag: format.tag.into(),
        format: P::from_param(application.bench.lend(&format.to_bytes())),
        format_size: format.size() as u32,
        ..AcmFormatDetails::zeroed()
    };
    let told = application.ask(Message::ACMDM_FORMAT_DETAILS, &asked, BY_FORMAT)?;
    Ok({ told.name }.to_string())
}

fn suggest<P: Address>(
    application: &Application,
    source: &WaveFormat,
    wish: Wish,
) -> Result<WaveFormat, LResult> {
    let bit = |is_wished: bool, bit: u32| if is_wished { bit } else { 0 };
    let mut wished = WaveFormat {
        tag: wish.tag.unwrap_or(0),
        channels: wish.channels.unwrap_or(0),
        rate: wish.rate.unwrap_or(0),
        bits: wish.bits.unwrap_or(0),
        ..WaveFormat::default()
    }
    .to_bytes();
    wished.resize(FORMAT_ROOM, 0);
    let room = application.bench.lend(&wished);
    let asked = AcmDrvFormatSuggest::<P> {
        size: AcmDrvFormatSuggest::<P>::SIZE as u32,
        flags: bit(wish.tag.is_some(), 0x1_0000)
            | bit(wish.channels.is_some(), 0x2_0000)
            | bit(wish.rate.is_some(), 0x4_0000)
            | bit(wish.bits.is_some(), 0x8_0000),
        source: P::from_param(application.bench.lend(&source.to_bytes())),
        source_size: source.size() as u32,
        destination: P::from_param(room),
        destination_size: FORMAT_ROOM as u32,
    };
    application.ask(Message::ACMDM_FORMAT_SUGGEST, &asked, 0)?;
    let suggested = WaveFormat::parse(&application.bench.lent(room));
    Ok(suggested.expect("there is room for a format, whatever the codec wrote"))
}

fn open<P: Address>(
    application: &Application,
    source: &WaveFormat,
    destination: &WaveFormat,
    flags: u32,
) -> Result<LParam, LResult> {
    let bench = &application.bench;
    let address = bench.lend_structure(&AcmDrvStreamInstance::<P> {
        size: AcmDrvStreamInstance::<P>::SIZE as u32,
        source: P::from_param(bench.lend(&source.to_bytes())),
        destination: P::from_param(bench.lend(&destination.to_bytes())),
        open_flags: flags,
        ..AcmDrvStreamInstance::zeroed()
    });
    let instance = &application.instance;
    match instance.send(Message::ACMDM_STREAM_OPEN, address, 0) {
        MMSYSERR_NOERROR => Ok(address),
        answer => Err(answer),
    }
}

fn convert<P: Address>(
    application: &Application,
    stream: LParam,
    source: &[u8],
    room: usize,
    flags: Flags,
) -> Result<(Converted, Vec<u8>), LResult> {
    const START: u32 = 0x10;
    const END: u32 = 0x20;
    let bench = &application.bench;
    let destination = bench.lend(&vec![0; room]);
    let header = bench.lend_structure(&AcmDrvStreamHeader::<P> {
        size: AcmDrvStreamHeader::<P>::SIZE as u32,
        source: P::from_param(bench.lend(source)),
        source_length: source.len() as u32,
        destination: P::from_param(destination),
        destination_length: room as u32,
        convert_flags: if flags.start { START } else { 0 } | if flags.end { END } else { 0 },
        ..AcmDrvStreamHeader::zeroed()
    });
    let instance = &application.instance;
    match instance.send(Message::ACMDM_STREAM_CONVERT, stream, header) {
        MMSYSERR_NOERROR => {}
        answer => return Err(answer),
    }
    let told: AcmDrvStreamHeader<P> = bench.lent_structure(header);
    let converted = Converted {
        used: told.source_used as usize,
        written: told.destination_used as usize,
    };
    let mut made = bench.lent(destination);
    made.truncate(converted.written);
    Ok((converted, made))
}
