//! Which format a sound can be converted to.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_abi::structures::{Structure as _, WaveFormatEx};
use opendriver_codec::acm::Wish;

use super::drivers::opened;
use super::error::{Error, given, known};
use super::fields::{format, set_format};
use super::installed::Installed;
use crate::claim;
use crate::door::doors;

/// `ACM_FORMATSUGGESTF_*`
const TAG: u32 = 0x1_0000;
const CHANNELS: u32 = 0x2_0000;
const RATE: u32 = 0x4_0000;
const BITS: u32 = 0x8_0000;

fn suggest(had: usize, from: usize, to: usize, room: u32, flags: u32) -> Result<u32, Error> {
    let source = format("pwfxSrc", from, usize::MAX)?;
    given("pwfxDst", to)?;
    known("fdwSuggest", flags, TAG | CHANNELS | RATE | BITS)?;
    let mut bytes = [0; WaveFormatEx::SIZE];
    // Plain samples may be told of in two bytes less.
    let len = bytes.len().min((room as usize).max(16));
    claim::read(to, &mut bytes[..len])?;
    let fields = WaveFormatEx::read(&bytes).unwrap_or_else(WaveFormatEx::zeroed);
    let wish = Wish {
        tag: (flags & TAG != 0).then_some(fields.tag),
        channels: (flags & CHANNELS != 0).then_some(fields.channels),
        rate: (flags & RATE != 0).then_some(fields.samples_per_second),
        bits: (flags & BITS != 0).then_some(fields.bits_per_sample),
        ..Wish::default()
    };
    let suggested = match had {
        // The documentation has a number of its own for a search in vain; Wine answers as a driver would.
        0 => {
            let found = Installed::now()?.list.suggest(&source, &wish);
            found.map_err(Error::NoSuggestion)?
        }
        had => opened(had)?.driver.suggest(&source, &wish)?,
    };
    set_format("cbwfxDst", to, room, &suggested)?;
    Ok(0)
}

doors! {
    broken MMSYSERR_ERROR as i64;

    /// `acmFormatSuggest`: a format that a sound can be converted to, with those fields that are given.
    fn acmFormatSuggest(had: usize, source: usize, destination: usize, room: u32, flags: u32) -> u32 {
        Ok(suggest(had, source, destination, room, flags)?)
    }
}
