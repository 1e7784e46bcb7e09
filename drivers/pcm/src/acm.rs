//! The messages of the audio compression manager, turned into calls of typed functions.

mod claims;

mod streams;

use std::mem::offset_of;

use opendriver_sdk::answer::{
    ACMERR_BUSY, ACMERR_NOTPOSSIBLE, MMSYSERR_INVALFLAG, MMSYSERR_INVALHANDLE, MMSYSERR_INVALPARAM,
    MMSYSERR_NOERROR, MMSYSERR_NOTSUPPORTED,
};
use opendriver_sdk::structures::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmDrvOpenDesc, AcmDrvStreamHeader,
    AcmDrvStreamInstance, AcmDrvStreamSize, AcmFormatDetails, AcmFormatTagDetails, Address, FourCc,
    Structure, Wide,
};
use opendriver_sdk::{BadClaim, Call, Claim, LResult, Message, Open};

use claims::{World, by_world, format, put_format, world};
use streams::{Opened, Streams};

/// `ACMDRIVERDETAILS_SUPPORTF_CONVERTER`: formats of one tag are converted into each other.
const CONVERTER: u32 = 2;

/// `MM_UNMAPPED`: a maker or product that Microsoft's list does not have.
const UNMAPPED: u16 = 0xffff;

/// The manager's own messages; those above are codecs' private ones.
const LIST: std::ops::Range<u32> = Message::ACMDM_BASE.0..Message::ACMDM_BASE.0 + 0x1000;

/// `ACM_*DETAILSF_QUERYMASK`
const QUERY_MASK: u32 = 0xf;
/// `ACM_*DETAILSF_INDEX`
const BY_INDEX: u32 = 0;
/// `ACM_FORMATTAGDETAILSF_FORMATTAG`
const BY_TAG: u32 = 1;
/// `ACM_FORMATDETAILSF_FORMAT`
const BY_FORMAT: u32 = 1;
/// `ACM_FORMATTAGDETAILSF_LARGESTSIZE`
const LARGEST: u32 = 2;

/// A codec or converter of sound, in values.
///
/// Formats are bytes: a `WAVEFORMATEX` and what follows it, as the application holds them.
pub(crate) trait Codec: Send + Sync + 'static {
    /// One conversion.
    type Stream: Stream;

    /// What it says of itself.
    fn details(&self) -> Details;

    /// The kinds of formats that it knows.
    fn tags(&self) -> &[Tag];

    /// A format of the list that each kind has, if there are so many.
    fn format(&self, tag: u16, index: usize) -> Option<Vec<u8>>;

    /// The kind that a format is of, and what people call it.
    ///
    /// # Errors
    /// The codec cannot do anything with the format.
    fn describe(&self, format: &[u8]) -> Result<(u16, String), Refusal>;

    /// A format that the source can be converted to.
    ///
    /// # Errors
    /// There is none with these wishes.
    fn suggest(&self, source: &[u8], wish: Wish) -> Result<Vec<u8>, Refusal>;

    /// Makes a stream that converts the source to the destination.
    ///
    /// # Errors
    /// The codec cannot do that.
    fn open(&self, source: &[u8], destination: &[u8]) -> Result<Self::Stream, Refusal>;
}

/// One conversion, buffer by buffer.
pub(crate) trait Stream: Send + 'static {
    /// Bytes that so many bytes of the source become at most.
    fn destination_size(&self, source: usize) -> Option<usize>;

    /// Bytes of the source that fill so many bytes.
    fn source_size(&self, destination: usize) -> Option<usize>;

    /// Converts as much of the source as there is room for.
    fn convert(&mut self, source: &[u8], destination: &mut [u8], flags: Flags) -> Converted;

    /// Forgets what was converted.
    fn reset(&mut self);
}

/// What a codec says of itself.
pub(crate) struct Details {
    pub(crate) short_name: &'static str,
    pub(crate) long_name: &'static str,
    pub(crate) copyright: &'static str,
    pub(crate) licensing: &'static str,
    pub(crate) features: &'static str,
    /// Major, minor, build.
    pub(crate) version: (u8, u8, u16),
}

/// A kind of formats.
pub(crate) struct Tag {
    /// `WAVE_FORMAT_*`
    pub(crate) tag: u16,
    pub(crate) name: &'static str,
    /// Bytes in the largest format of this kind.
    pub(crate) size: u32,
    /// How many formats are listed.
    pub(crate) formats: u32,
}

/// What a suggested format is to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) tag: Option<u16>,
    pub(crate) channels: Option<u16>,
    pub(crate) rate: Option<u32>,
    pub(crate) bits: Option<u16>,
}

/// Where in its stream a buffer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// It is the first.
    pub(crate) start: bool,
    /// It is the last.
    pub(crate) end: bool,
}

/// How many bytes a conversion took, and how many it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Converted {
    pub(crate) used: usize,
    pub(crate) written: usize,
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The codec cannot do this.
    NotPossible,
    /// The codec does not know the message.
    NotSupported,
    /// A parameter, or what it points at, is wrong.
    BadParameter,
    /// A flag is not known.
    BadFlag,
    /// There is no such stream.
    BadHandle,
    /// Another thread uses the stream.
    Busy,
}

impl Refusal {
    fn answer(self) -> LResult {
        match self {
            Self::NotPossible => ACMERR_NOTPOSSIBLE,
            Self::NotSupported => MMSYSERR_NOTSUPPORTED,
            Self::BadParameter => MMSYSERR_INVALPARAM,
            Self::BadFlag => MMSYSERR_INVALFLAG,
            Self::BadHandle => MMSYSERR_INVALHANDLE,
            Self::Busy => ACMERR_BUSY,
        }
    }
}

impl From<BadClaim> for Refusal {
    fn from(_: BadClaim) -> Self {
        Self::BadParameter
    }
}

/// One opened codec: answers its messages and keeps its streams.
pub(crate) struct Acm<C: Codec> {
    codec: C,
    streams: Streams<C::Stream>,
}

/// Whether `DRV_OPEN` asks for a codec of sound, or for an instance that is only configured.
pub(crate) fn is_asked_for(open: &Open<'_>) -> bool {
    let Some(claim) = open.structure() else {
        return true;
    };
    // The kind stands before all addresses, so it does not matter how wide those are.
    let kind = claim.at(offset_of!(AcmDrvOpenDesc<u32>, kind)).read_u32();
    kind.is_ok_and(|kind| FourCc(kind) == FourCc::AUDC)
}

impl<C: Codec> Acm<C> {
    pub(crate) fn new(codec: C) -> Self {
        Self {
            codec,
            streams: Streams::new(),
        }
    }

    /// Answers a message of the manager; none to any other.
    pub(crate) fn message(&self, call: &Call<'_>) -> Option<LResult> {
        let (one, two) = (call.claim(call.param1), call.claim(call.param2));
        let flags = call.param2.cast_unsigned() as u32;
        let done = match call.message {
            Message::ACMDM_DRIVER_NOTIFY => Ok(()),
            Message::ACMDM_DRIVER_DETAILS => self.details(one),
            Message::ACMDM_FORMATTAG_DETAILS => self.tag_details(one, flags),
            Message::ACMDM_FORMAT_DETAILS => {
                by_world!(AcmFormatDetails at one => self.format_details(one, flags))
            }
            Message::ACMDM_FORMAT_SUGGEST => {
                by_world!(AcmDrvFormatSuggest at one => self.suggest(one))
            }
            Message::ACMDM_STREAM_OPEN => {
                by_world!(AcmDrvStreamInstance at one => self.open(one))
            }
            Message::ACMDM_STREAM_CLOSE => {
                by_world!(AcmDrvStreamInstance at one => self.close(one))
            }
            Message::ACMDM_STREAM_SIZE => {
                by_world!(AcmDrvStreamInstance at one => self.size(one, two))
            }
            Message::ACMDM_STREAM_CONVERT => {
                by_world!(AcmDrvStreamInstance at one => self.convert(one, two))
            }
            Message::ACMDM_STREAM_RESET => {
                by_world!(AcmDrvStreamInstance at one => self.reset(one))
            }
            message if LIST.contains(&message.0) => Err(Refusal::NotSupported),
            _ => return None,
        };
        Some(done.map_or_else(Refusal::answer, |()| MMSYSERR_NOERROR))
    }

    /// `ACMDM_DRIVER_DETAILS`: as much of the structure as the application has room for.
    fn details(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        let size = claim.read_u32()? as usize;
        let mut bytes = vec![0; AcmDriverDetails::<u64>::SIZE];
        let whole = match size == AcmDriverDetails::<u32>::SIZE {
            true => self.filled::<u32>(&mut bytes),
            false => self.filled::<u64>(&mut bytes),
        };
        let size = size.min(whole);
        bytes[..4].copy_from_slice(&(size as u32).to_le_bytes());
        claim.write(bytes.get(..size.max(4)).ok_or(Refusal::BadParameter)?)?;
        Ok(())
    }

    /// Fills the details of a world; answers how many bytes they take.
    fn filled<P: Address>(&self, bytes: &mut [u8]) -> usize {
        let details = self.codec.details();
        let (major, minor, build) = details.version;
        let filled = AcmDriverDetails::<P> {
            kind: FourCc::AUDC,
            maker: UNMAPPED,
            product: UNMAPPED,
            manager_version: 0x0400_0000,
            version: u32::from(major) << 24 | u32::from(minor) << 16 | u32::from(build),
            support: CONVERTER,
            format_tags: self.codec.tags().len() as u32,
            short_name: Wide::new(details.short_name),
            long_name: Wide::new(details.long_name),
            copyright: Wide::new(details.copyright),
            licensing: Wide::new(details.licensing),
            features: Wide::new(details.features),
            ..AcmDriverDetails::zeroed()
        };
        filled.write(bytes);
        AcmDriverDetails::<P>::SIZE
    }

    /// `ACMDM_FORMATTAG_DETAILS`: a kind of formats by its place in the list, by its tag, or that with the largest formats.
    fn tag_details(&self, claim: Claim<'_>, flags: u32) -> Result<(), Refusal> {
        let asked: AcmFormatTagDetails = whole(claim)?;
        let mut tags = self.codec.tags().iter().enumerate();
        let found = match flags & QUERY_MASK {
            BY_INDEX => tags.nth(asked.index as usize),
            BY_TAG => tags.find(|(_, tag)| u32::from(tag.tag) == asked.tag),
            LARGEST if asked.tag == 0 => tags.max_by_key(|(_, tag)| tag.size),
            LARGEST => tags.find(|(_, tag)| u32::from(tag.tag) == asked.tag),
            _ => return Err(Refusal::BadFlag),
        };
        let (index, tag) = found.ok_or(Refusal::NotPossible)?;
        claim.set_structure(&AcmFormatTagDetails {
            index: index as u32,
            tag: tag.tag.into(),
            format_size: tag.size,
            support: CONVERTER,
            standard_formats: tag.formats,
            name: Wide::new(tag.name),
            ..asked
        })?;
        Ok(())
    }

    /// `ACMDM_FORMAT_DETAILS`: a format of the list, or whether one can be converted at all.
    fn format_details<P: Address>(&self, claim: Claim<'_>, flags: u32) -> Result<(), Refusal> {
        let asked: AcmFormatDetails<P> = claim.structure()?;
        let place = at(claim, asked.format);
        let bytes = match flags & QUERY_MASK {
            BY_INDEX => {
                let tag = u16::try_from(asked.tag).ok();
                let listed = tag.and_then(|tag| self.codec.format(tag, asked.index as usize));
                let listed = listed.ok_or(Refusal::NotPossible)?;
                put_format(place, asked.format_size, &listed)?;
                listed
            }
            BY_FORMAT => format(place)?,
            _ => return Err(Refusal::BadFlag),
        };
        let (tag, name) = self.codec.describe(&bytes)?;
        claim.set_structure(&AcmFormatDetails::<P> {
            tag: tag.into(),
            support: CONVERTER,
            name: Wide::new(&name),
            ..asked
        })?;
        Ok(())
    }

    /// `ACMDM_FORMAT_SUGGEST`: those fields of the destination that the flags name are wishes.
    fn suggest<P: Address>(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        const TAG: u32 = 0x1_0000;
        const CHANNELS: u32 = 0x2_0000;
        const RATE: u32 = 0x4_0000;
        const BITS: u32 = 0x8_0000;
        let asked: AcmDrvFormatSuggest<P> = claim.structure()?;
        let flags = asked.flags;
        if flags & !(TAG | CHANNELS | RATE | BITS) != 0 {
            return Err(Refusal::BadFlag);
        }
        let source = format(at(claim, asked.source))?;
        let destination = at(claim, asked.destination);
        let mut wished = [0; 16];
        destination.read(&mut wished)?;
        let number = |offset| u16::from_le_bytes([wished[offset], wished[offset + 1]]);
        let rate = u32::from_le_bytes([wished[4], wished[5], wished[6], wished[7]]);
        let wish = Wish {
            tag: (flags & TAG != 0).then(|| number(0)),
            channels: (flags & CHANNELS != 0).then(|| number(2)),
            rate: (flags & RATE != 0).then_some(rate),
            bits: (flags & BITS != 0).then(|| number(14)),
        };
        let suggested = self.codec.suggest(&source, wish)?;
        put_format(destination, asked.destination_size, &suggested)
    }

    /// `ACMDM_STREAM_OPEN`: makes a stream, or only says whether that could be done.
    fn open<P: Address>(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        const QUERY: u32 = 1;
        const ASYNCHRONOUS: u32 = 2;
        let asked: AcmDrvStreamInstance<P> = claim.structure()?;
        let flags = asked.open_flags;
        if flags & ASYNCHRONOUS != 0 || { asked.filter }.to_param() != 0 {
            return Err(Refusal::NotPossible);
        }
        let source = format(at(claim, asked.source))?;
        let destination = format(at(claim, asked.destination))?;
        let stream = self.codec.open(&source, &destination)?;
        if flags & QUERY != 0 {
            return Ok(());
        }
        let value = self.streams.insert(stream);
        let mut bytes = [0; 8];
        P::from_param(value as isize).write_to(&mut bytes);
        let place = claim.at(offset_of!(AcmDrvStreamInstance<P>, driver_value));
        if place.write(&bytes[..size_of::<P>()]).is_err() {
            self.streams.remove(value)?;
            return Err(Refusal::BadParameter);
        }
        Ok(())
    }

    /// `ACMDM_STREAM_CLOSE`
    fn close<P: Address>(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        self.streams.remove(value::<P>(claim)?)
    }

    /// `ACMDM_STREAM_RESET`
    fn reset<P: Address>(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        self.streams.with(value::<P>(claim)?, |opened| {
            opened.stream.reset();
            Ok(())
        })
    }

    /// `ACMDM_STREAM_SIZE`: how long the other side of a buffer has to be.
    fn size<P: Address>(&self, claim: Claim<'_>, asked: Claim<'_>) -> Result<(), Refusal> {
        const OF_SOURCE: u32 = 0;
        const OF_DESTINATION: u32 = 1;
        let sizes: AcmDrvStreamSize = whole(asked)?;
        let (source, destination) = (sizes.source_length, sizes.destination_length);
        let (other, place) = self.streams.with(value::<P>(claim)?, |opened| {
            Ok(match sizes.flags & QUERY_MASK {
                OF_SOURCE => (
                    opened.stream.destination_size(source as usize),
                    offset_of!(AcmDrvStreamSize, destination_length),
                ),
                OF_DESTINATION => (
                    opened.stream.source_size(destination as usize),
                    offset_of!(AcmDrvStreamSize, source_length),
                ),
                _ => return Err(Refusal::BadFlag),
            })
        })?;
        let other = other.and_then(|other| u32::try_from(other).ok());
        let other = other.filter(|&other| other > 0);
        asked
            .at(place)
            .write_u32(other.ok_or(Refusal::NotPossible)?)?;
        Ok(())
    }

    /// `ACMDM_STREAM_CONVERT`: one buffer.
    fn convert<P: Address>(&self, claim: Claim<'_>, header: Claim<'_>) -> Result<(), Refusal> {
        const START: u32 = 0x10;
        const END: u32 = 0x20;
        let asked: AcmDrvStreamHeader<P> = whole(header)?;
        let buffer = Buffer {
            source: at(header, asked.source),
            source_length: asked.source_length as usize,
            destination: at(header, asked.destination),
            destination_length: asked.destination_length as usize,
            flags: Flags {
                start: asked.convert_flags & START != 0,
                end: asked.convert_flags & END != 0,
            },
        };
        let value = value::<P>(claim)?;
        let done = self.streams.with(value, |opened| buffer.convert(opened))?;
        header
            .at(offset_of!(AcmDrvStreamHeader<P>, source_used))
            .write_u32(done.used as u32)?;
        header
            .at(offset_of!(AcmDrvStreamHeader<P>, destination_used))
            .write_u32(done.written as u32)?;
        Ok(())
    }
}

/// A buffer of the application.
struct Buffer<'a> {
    source: Claim<'a>,
    source_length: usize,
    destination: Claim<'a>,
    destination_length: usize,
    flags: Flags,
}

impl Buffer<'_> {
    /// Converts in pieces that stay in the cache; their copies are kept from buffer to buffer, so that nothing is allocated.
    fn convert<S: Stream>(&self, opened: &mut Opened<S>) -> Result<Converted, Refusal> {
        const PIECE: usize = 1 << 16;
        let mut done = Converted::default();
        loop {
            let left = self.source_length - done.used;
            let piece = left.min(PIECE);
            let source = slice(&mut opened.source, piece);
            self.source.at(done.used).read(source)?;
            let most = opened.stream.destination_size(piece);
            let room = (self.destination_length - done.written).min(most.unwrap_or(PIECE));
            let destination = slice(&mut opened.destination, room);
            let flags = Flags {
                start: self.flags.start && done == Converted::default(),
                end: self.flags.end && piece == left,
            };
            let step = opened.stream.convert(source, destination, flags);
            self.destination
                .at(done.written)
                .write(&destination[..step.written])?;
            done.used += step.used;
            done.written += step.written;
            if done.used == self.source_length || step == Converted::default() {
                return Ok(done);
            }
        }
    }
}

/// The first bytes of a list, which grows where it must.
fn slice(list: &mut Vec<u8>, length: usize) -> &mut [u8] {
    if list.len() < length {
        list.resize(length, 0);
    }
    &mut list[..length]
}

/// The application's memory at an address that a structure holds.
fn at<P: Address>(claim: Claim<'_>, address: P) -> Claim<'_> {
    let address = address.to_param().cast_unsigned();
    claim.at(address.wrapping_sub(claim.address()))
}

/// What a stream's structure says that its stream is.
fn value<P: Address>(claim: Claim<'_>) -> Result<u32, Refusal> {
    let mut bytes = [0; 8];
    let place = claim.at(offset_of!(AcmDrvStreamInstance<P>, driver_value));
    place.read(&mut bytes[..size_of::<P>()])?;
    u32::try_from(u64::from_le_bytes(bytes)).map_err(|_| Refusal::BadHandle)
}

/// Reads a structure that begins with its size, which may not be shorter than it.
fn whole<S: Structure>(claim: Claim<'_>) -> Result<S, Refusal> {
    if (claim.read_u32()? as usize) < S::SIZE {
        return Err(Refusal::BadParameter);
    }
    Ok(claim.structure()?)
}
