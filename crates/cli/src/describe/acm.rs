//! What an audio codec says of itself: `ACMDM_DRIVER_DETAILS` and `ACMDM_FORMATTAG_DETAILS`.

use opendriver::{Blocks, Error, Instance};
use opendriver_abi::Message;
use opendriver_abi::answer::MMSYSERR_NOERROR;
use serde::Serialize;

use super::fields::{Fields, FourCc, flags, put_u32};

/// `ACMDRIVERDETAILSW`, packed, as msacm.h declares it for 64 bits.
mod details {
    pub(super) const FCC_TYPE: usize = 4;
    pub(super) const MANUFACTURER: usize = 12;
    pub(super) const PRODUCT: usize = 14;
    pub(super) const ACM_VERSION: usize = 16;
    pub(super) const DRIVER_VERSION: usize = 20;
    pub(super) const SUPPORT: usize = 24;
    pub(super) const FORMAT_TAGS: usize = 28;
    pub(super) const FILTER_TAGS: usize = 32;
    pub(super) const SHORT_NAME: usize = 44;
    pub(super) const LONG_NAME: usize = SHORT_NAME + 2 * 32;
    pub(super) const COPYRIGHT: usize = LONG_NAME + 2 * 128;
    pub(super) const LICENSING: usize = COPYRIGHT + 2 * 80;
    pub(super) const FEATURES: usize = LICENSING + 2 * 128;
    pub(super) const SIZE: usize = FEATURES + 2 * 512;
}

/// `ACMFORMATTAGDETAILSW`.
mod tag {
    pub(super) const INDEX: usize = 4;
    pub(super) const TAG: usize = 8;
    pub(super) const SUPPORT: usize = 16;
    pub(super) const FORMATS: usize = 20;
    pub(super) const NAME: usize = 24;
    pub(super) const SIZE: usize = NAME + 2 * 48;
}

/// `fccType` of an audio codec.
pub(super) const AUDC: FourCc = FourCc::new(*b"audc");

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

/// What `DRV_OPEN` of an audio codec carries: an `ACMDRVOPENDESC` with `audc`.
pub(super) fn open_block() -> [u8; 44] {
    let mut block = [0; 44];
    let size = block.len() as u32;
    put_u32(&mut block, 0, size);
    put_u32(&mut block, 4, AUDC.0);
    // The version of the audio compression manager that asks: 4.0, which all codecs for 32 bits and above know.
    put_u32(&mut block, 12, 0x0400_0000);
    block
}

/// Asks an instance that was opened with [`open_block`]; `None` where the answer is not that of an audio codec.
pub(super) fn ask(instance: &Instance, memory: &Blocks) -> Result<Option<Acm>, Error> {
    let mut block = memory.allocate(details::SIZE)?;
    put_u32(&mut block, 0, details::SIZE as u32);
    let answer = instance.send(Message::ACMDM_DRIVER_DETAILS, block.address(), 0)?;
    let fields = Fields(&block);
    if answer != MMSYSERR_NOERROR || fields.u32(details::FCC_TYPE) != AUDC.0 {
        return Ok(None);
    }
    let count = fields.u32(details::FORMAT_TAGS).min(MOST_TAGS);
    let mut format_tags = Vec::new();
    for index in 0..count {
        format_tags.extend(format_tag(instance, memory, index)?);
    }
    Ok(Some(Acm {
        short_name: fields.text(details::SHORT_NAME, 32),
        long_name: fields.text(details::LONG_NAME, 128),
        copyright: fields.text(details::COPYRIGHT, 80),
        licensing: fields.text(details::LICENSING, 128),
        features: fields.text(details::FEATURES, 512),
        manufacturer: fields.u16(details::MANUFACTURER),
        product: fields.u16(details::PRODUCT),
        acm_version: version(fields.u32(details::ACM_VERSION)),
        driver_version: version(fields.u32(details::DRIVER_VERSION)),
        support: flags(fields.u32(details::SUPPORT), &SUPPORT),
        filter_tags: fields.u32(details::FILTER_TAGS),
        format_tags,
    }))
}

fn format_tag(
    instance: &Instance,
    memory: &Blocks,
    index: u32,
) -> Result<Option<FormatTag>, Error> {
    let mut block = memory.allocate(tag::SIZE)?;
    put_u32(&mut block, 0, tag::SIZE as u32);
    put_u32(&mut block, tag::INDEX, index);
    // ACM_FORMATTAGDETAILSF_INDEX is 0.
    let answer = instance.send(Message::ACMDM_FORMATTAG_DETAILS, block.address(), 0)?;
    let fields = Fields(&block);
    Ok((answer == MMSYSERR_NOERROR).then(|| FormatTag {
        tag: fields.u32(tag::TAG),
        name: fields.text(tag::NAME, 48),
        standard_formats: fields.u32(tag::FORMATS),
        support: flags(fields.u32(tag::SUPPORT), &SUPPORT),
    }))
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
