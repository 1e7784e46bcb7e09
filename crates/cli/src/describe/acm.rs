//! What an audio codec says of itself: `ACMDM_DRIVER_DETAILS` and `ACMDM_FORMATTAG_DETAILS`.

use opendriver::{Blocks, Error, Instance};
use opendriver_abi::Message;
use opendriver_abi::answer::MMSYSERR_NOERROR;
use opendriver_abi::structures::{
    AcmDriverDetails, AcmDrvOpenDesc, AcmFormatTagDetails, Address, FourCc, Structure as _,
};
use serde::Serialize;

use super::flags::flags;

/// No codec has more; a driver that claims so is not asked for ever.
const MOST_TAGS: u32 = 256;

/// `ACMDRIVERDETAILS_SUPPORTF_*`.
const SUPPORT: [(u32, &str); 7] = [
    (0x1, "codec"),
    (0x2, "converter"),
    (0x4, "filter"),
    (0x8, "hardware"),
    (0x10, "asynchronous"),
    (0x4000_0000, "local"),
    (0x8000_0000, "disabled"),
];

/// What an audio codec says of itself.
#[derive(Debug, Serialize)]
pub(crate) struct Acm {
    pub(crate) short_name: String,
    pub(crate) long_name: String,
    pub(crate) copyright: String,
    pub(crate) licensing: String,
    pub(crate) features: String,
    pub(crate) manufacturer: u16,
    pub(crate) product: u16,
    pub(crate) acm_version: String,
    pub(crate) driver_version: String,
    pub(crate) support: Vec<String>,
    pub(crate) filter_tags: u32,
    pub(crate) format_tags: Vec<FormatTag>,
}

/// A format that an audio codec handles.
#[derive(Debug, Serialize)]
pub(crate) struct FormatTag {
    pub(crate) tag: u32,
    pub(crate) name: String,
    pub(crate) standard_formats: u32,
    pub(crate) support: Vec<String>,
}

/// What `DRV_OPEN` of an audio codec carries.
pub(super) fn open<P: Address>() -> AcmDrvOpenDesc<P> {
    AcmDrvOpenDesc {
        size: AcmDrvOpenDesc::<P>::SIZE as u32,
        kind: FourCc::AUDC,
        // 4.0, which all codecs of 32 bits and above know.
        version: 0x0400_0000,
        ..AcmDrvOpenDesc::zeroed()
    }
}

/// Asks an instance that was opened with [`open`]; `None` where the answer is not that of an audio codec.
pub(super) fn ask<P: Address>(instance: &Instance, memory: &Blocks) -> Result<Option<Acm>, Error> {
    let mut block = memory.allocate(AcmDriverDetails::<P>::SIZE)?;
    let question = AcmDriverDetails::<P> {
        size: AcmDriverDetails::<P>::SIZE as u32,
        ..AcmDriverDetails::zeroed()
    };
    question.write(&mut block);
    let answer = instance.send(Message::ACMDM_DRIVER_DETAILS, block.address(), 0)?;
    let details = match AcmDriverDetails::<P>::read(&block) {
        Some(details) if answer == MMSYSERR_NOERROR && { details.kind } == FourCc::AUDC => details,
        _ => return Ok(None),
    };
    let mut format_tags = Vec::new();
    for index in 0..details.format_tags.min(MOST_TAGS) {
        format_tags.extend(format_tag(instance, memory, index)?);
    }
    Ok(Some(Acm {
        short_name: { details.short_name }.to_string(),
        long_name: { details.long_name }.to_string(),
        copyright: { details.copyright }.to_string(),
        licensing: { details.licensing }.to_string(),
        features: { details.features }.to_string(),
        manufacturer: details.maker,
        product: details.product,
        acm_version: version(details.manager_version),
        driver_version: version(details.version),
        support: flags(details.support, &SUPPORT),
        filter_tags: details.filter_tags,
        format_tags,
    }))
}

fn format_tag(
    instance: &Instance,
    memory: &Blocks,
    index: u32,
) -> Result<Option<FormatTag>, Error> {
    let mut block = memory.allocate(AcmFormatTagDetails::SIZE)?;
    let question = AcmFormatTagDetails {
        size: AcmFormatTagDetails::SIZE as u32,
        index,
        ..AcmFormatTagDetails::zeroed()
    };
    question.write(&mut block);
    // 0 is ACM_FORMATTAGDETAILSF_INDEX: the tag of this index.
    let answer = instance.send(Message::ACMDM_FORMATTAG_DETAILS, block.address(), 0)?;
    let details = AcmFormatTagDetails::read(&block).filter(|_| answer == MMSYSERR_NOERROR);
    Ok(details.map(|details| FormatTag {
        tag: details.tag,
        name: name(details.tag, { details.name }.to_string()),
        standard_formats: details.standard_formats,
        support: flags(details.support, &SUPPORT),
    }))
}

/// The name of a tag. Codecs leave that of plain samples to the system, which fills it in.
fn name(tag: u32, name: String) -> String {
    const PCM: u32 = 1;
    if tag == PCM && name.is_empty() {
        "PCM".to_owned()
    } else {
        name
    }
}

/// A version as the audio compression manager packs it: major, minor, build.
fn version(packed: u32) -> String {
    format!(
        "{}.{}.{}",
        packed >> 24,
        packed >> 16 & 0xff,
        packed & 0xffff
    )
}
