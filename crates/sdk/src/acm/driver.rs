//! The messages of the audio compression manager, turned into calls of a codec.

use std::mem::offset_of;
use std::sync::Arc;

use opendriver_abi::answer::{MMSYSERR_ERROR, MMSYSERR_NOERROR};
use opendriver_abi::structures::{
    AcmDrvOpenDesc, AcmDrvStreamHeader, AcmDrvStreamInstance, AcmDrvStreamSize, FourCc, aligned,
};

use super::buffer::Buffer;
use super::claims::{Told, format, told, whole};
use super::streams::Streams;
use super::{Codec, Flags, Refusal, Stream as _, Tag};
use crate::{Call, Claim, Driver, Host, LResult, Message, Open, Refused};

/// The manager's own messages; those above are codecs' private ones.
const LIST: std::ops::Range<u32> = Message::ACMDM_BASE.0..Message::ACMDM_BASE.0 + 0x1000;

/// `ACM_*DETAILSF_QUERYMASK`
pub(super) const QUERY_MASK: u32 = 0xf;

/// A driver made of a [`Codec`]: `builtin::<Acm<MyCodec>>("my_codec")`, or `export_driver!(Acm<MyCodec>)`.
///
/// It opens as a codec of sound, or without a structure to be configured, and nothing else.
pub struct Acm<C: Codec> {
    pub(super) codec: C,
    pub(super) tags: Vec<Tag>,
}

impl<C: Codec> Driver for Acm<C> {
    type Instance = Instance<C>;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        let codec = C::load(host)?;
        let tags = codec.tags();
        Ok(Self { codec, tags })
    }

    fn open(&self, open: &Open<'_>) -> Result<Instance<C>, Refused> {
        let Some(claim) = open.structure() else {
            return Ok(Instance(Streams::new()));
        };
        // The kind stands before all addresses, so it does not matter how wide those are.
        let kind = claim.at(offset_of!(AcmDrvOpenDesc<u32>, kind)).read_u32();
        match kind.map(FourCc) {
            Ok(FourCc::AUDC) => Ok(Instance(Streams::new())),
            _ => Err(Refused),
        }
    }

    fn message(&self, instance: &Instance<C>, call: &Call<'_>) -> LResult {
        let opened = Opened {
            acm: self,
            streams: &instance.0,
        };
        opened
            .message(call)
            .unwrap_or_else(|| self.codec.message(call))
    }

    fn answer_to_panic(message: Message) -> LResult {
        match LIST.contains(&message.0) {
            true => MMSYSERR_ERROR,
            false => 0,
        }
    }
}

/// One opened codec: its streams.
pub struct Instance<C: Codec>(Streams<C::Stream>);

/// One opened codec and what it shares with the others.
struct Opened<'a, C: Codec> {
    acm: &'a Acm<C>,
    streams: &'a Streams<C::Stream>,
}

impl<C: Codec> Opened<'_, C> {
    /// Answers a message of the manager; none to any other.
    fn message(&self, call: &Call<'_>) -> Option<LResult> {
        let acm = self.acm;
        let (one, two) = (call.claim(call.param1), call.claim(call.param2));
        let flags = call.param2.cast_unsigned() as u32;
        let done = match call.message {
            Message::ACMDM_DRIVER_NOTIFY => Ok(()),
            Message::ACMDM_DRIVER_DETAILS => acm.details(one),
            Message::ACMDM_FORMATTAG_DETAILS => acm.tag_details(one, flags),
            Message::ACMDM_FORMAT_DETAILS => acm.format_details(one, flags),
            Message::ACMDM_FORMAT_SUGGEST => acm.suggest(one),
            Message::ACMDM_STREAM_OPEN => self.open(one),
            Message::ACMDM_STREAM_CLOSE => self.close(one),
            Message::ACMDM_STREAM_SIZE => self.size(one, two),
            Message::ACMDM_STREAM_CONVERT => self.convert(one, two),
            Message::ACMDM_STREAM_RESET => self.reset(one),
            message if LIST.contains(&message.0) => Err(Refusal::NotSupported),
            _ => return None,
        };
        Some(done.map_or_else(Refusal::answer, |()| MMSYSERR_NOERROR))
    }

    /// `ACMDM_STREAM_OPEN`: makes a stream, or only says whether that could be done.
    fn open(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        const QUERY: u32 = 1;
        const ASYNCHRONOUS: u32 = 2;
        let told = stream(claim)?;
        let asked = told.fields;
        let flags = asked.open_flags;
        if flags & ASYNCHRONOUS != 0 || asked.filter != 0 {
            return Err(Refusal::NotPossible);
        }
        let source = format(claim.follow(asked.source))?;
        let destination = format(claim.follow(asked.destination))?;
        let stream = self.acm.codec.open(&source, &destination)?;
        if flags & QUERY != 0 {
            return Ok(());
        }
        let value = self.streams.insert(stream);
        if told.set("dwDriver", &u64::from(value)).is_err() {
            self.streams.remove(value)?;
            return Err(Refusal::BadParameter);
        }
        Ok(())
    }

    /// `ACMDM_STREAM_CLOSE`
    fn close(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        self.streams.remove(value(claim)?)
    }

    /// `ACMDM_STREAM_RESET`
    fn reset(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        self.streams.with(value(claim)?, |opened| {
            opened.stream.reset();
            Ok(())
        })
    }

    /// `ACMDM_STREAM_SIZE`: how long the other side of a buffer has to be.
    fn size(&self, claim: Claim<'_>, asked: Claim<'_>) -> Result<(), Refusal> {
        const OF_SOURCE: u32 = 0;
        const OF_DESTINATION: u32 = 1;
        let sizes: AcmDrvStreamSize = whole(asked)?;
        let (source, destination) = (sizes.source_length, sizes.destination_length);
        let (other, place) = self.streams.with(value(claim)?, |opened| {
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
    fn convert(&self, claim: Claim<'_>, header: Claim<'_>) -> Result<(), Refusal> {
        const START: u32 = 0x10;
        const END: u32 = 0x20;
        let header = told::<
            AcmDrvStreamHeader<u32>,
            AcmDrvStreamHeader<u64>,
            aligned::AcmDrvStreamHeader<u64>,
        >(header)?;
        let asked = header.fields;
        let buffer = Buffer {
            source: claim.follow(asked.source),
            source_length: asked.source_length as usize,
            destination: claim.follow(asked.destination),
            destination_length: asked.destination_length as usize,
            flags: Flags {
                start: asked.convert_flags & START != 0,
                end: asked.convert_flags & END != 0,
            },
        };
        let value = value(claim)?;
        let done = self.streams.with(value, |opened| buffer.convert(opened))?;
        header.set("cbSrcLengthUsed", &(done.used as u32))?;
        header.set("cbDstLengthUsed", &(done.written as u32))
    }
}

/// What a stream's structure says.
fn stream(claim: Claim<'_>) -> Result<Told<'_, AcmDrvStreamInstance<u64>>, Refusal> {
    told::<AcmDrvStreamInstance<u32>, AcmDrvStreamInstance<u64>, aligned::AcmDrvStreamInstance<u64>>(
        claim,
    )
}

/// What a stream's structure says that its stream is.
fn value(claim: Claim<'_>) -> Result<u32, Refusal> {
    let value = stream(claim)?.fields.driver_value;
    u32::try_from(value).map_err(|_| Refusal::BadHandle)
}
