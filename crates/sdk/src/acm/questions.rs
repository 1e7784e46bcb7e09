//! Questions about a codec: what it is, which formats it has, what it suggests.

use opendriver_abi::structures::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmFormatDetails, AcmFormatTagDetails, Address, FourCc,
    Structure as _, Wide, aligned,
};

use super::claims::{format, put_format, told, whole};
use super::driver::{Acm, QUERY_MASK};
use super::{Codec, Refusal, Wish};
use crate::Claim;

/// `ACM_*DETAILSF_INDEX`
const BY_INDEX: u32 = 0;
/// `ACM_FORMATTAGDETAILSF_FORMATTAG`
const BY_TAG: u32 = 1;
/// `ACM_FORMATDETAILSF_FORMAT`
const BY_FORMAT: u32 = 1;
/// `ACM_FORMATTAGDETAILSF_LARGESTSIZE`
const LARGEST: u32 = 2;

impl<C: Codec> Acm<C> {
    /// `ACMDM_DRIVER_DETAILS`: as much of the structure as the application has room for.
    pub(super) fn details(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        let size = claim.read_u32()? as usize;
        let mut bytes = vec![0; AcmDriverDetails::<u64>::SIZE];
        let whole = match size == AcmDriverDetails::<u32>::SIZE {
            true => self.filled::<u32>(&mut bytes),
            false => self.filled::<u64>(&mut bytes),
        };
        let size = size.min(whole);
        let filled = bytes.get_mut(..size).ok_or(Refusal::BadParameter)?;
        let first = filled.first_chunk_mut().ok_or(Refusal::BadParameter)?;
        *first = (size as u32).to_le_bytes();
        claim.write(filled)?;
        Ok(())
    }

    /// Fills the details of a world; answers how many bytes they take.
    fn filled<P: Address>(&self, bytes: &mut [u8]) -> usize {
        let details = self.codec.details();
        let (major, minor, build) = details.version;
        let filled = AcmDriverDetails::<P> {
            kind: FourCc::AUDC,
            maker: details.maker.0,
            product: details.maker.1,
            manager_version: 0x0400_0000,
            version: u32::from(major) << 24 | u32::from(minor) << 16 | u32::from(build),
            support: details.kind.support(),
            format_tags: self.tags.len() as u32,
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
    pub(super) fn tag_details(&self, claim: Claim<'_>, flags: u32) -> Result<(), Refusal> {
        let asked: AcmFormatTagDetails = whole(claim)?;
        let mut tags = self.tags.iter().enumerate();
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
            format_size: tag.size as u32,
            support: self.codec.details().kind.support(),
            standard_formats: tag.formats.len() as u32,
            name: Wide::new(tag.name),
            ..asked
        })?;
        Ok(())
    }

    /// `ACMDM_FORMAT_DETAILS`: a format of the list, or whether one can be converted at all.
    pub(super) fn format_details(&self, claim: Claim<'_>, flags: u32) -> Result<(), Refusal> {
        // Fields that are all as wide as they are packed lie the same either way.
        let told =
            told::<AcmFormatDetails<u32>, AcmFormatDetails<u64>, AcmFormatDetails<u64>>(claim)?;
        let asked = told.fields;
        let place = claim.follow(asked.format);
        let described = match flags & QUERY_MASK {
            BY_INDEX => {
                let mut tags = self.tags.iter();
                let tag = tags.find(|tag| u32::from(tag.tag) == asked.tag);
                let listed = tag.and_then(|tag| tag.formats.get(asked.index as usize));
                let listed = listed.ok_or(Refusal::NotPossible)?;
                put_format(place, asked.format_size, listed)?;
                listed.clone()
            }
            BY_FORMAT => format(place)?,
            _ => return Err(Refusal::BadFlag),
        };
        let name = self.codec.describe(&described)?;
        told.set("dwFormatTag", &u32::from(described.tag))?;
        told.set("fdwSupport", &self.codec.details().kind.support())?;
        told.set("szFormat", &Wide::<128>::new(&name))
    }

    /// `ACMDM_FORMAT_SUGGEST`: those fields of the destination that the flags name are wishes.
    pub(super) fn suggest(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        const TAG: u32 = 0x1_0000;
        const CHANNELS: u32 = 0x2_0000;
        const RATE: u32 = 0x4_0000;
        const BITS: u32 = 0x8_0000;
        let asked = told::<
            AcmDrvFormatSuggest<u32>,
            AcmDrvFormatSuggest<u64>,
            aligned::AcmDrvFormatSuggest<u64>,
        >(claim)?
        .fields;
        let flags = asked.flags;
        if flags & !(TAG | CHANNELS | RATE | BITS) != 0 {
            return Err(Refusal::BadFlag);
        }
        let source = format(claim.follow(asked.source))?;
        let destination = claim.follow(asked.destination);
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
}
