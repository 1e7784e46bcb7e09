//! What is the same in all questions: which tag is meant, how much is believed.

use opendriver::Block;
use opendriver_abi::structures::{Structure as _, WaveFormatEx};

use super::Error;

/// No codec has more tags; a driver that claims so is not asked for ever.
pub(super) const MOST_TAGS: u32 = 64;

/// No tag has more formats or filters.
pub(super) const MOST_LISTED: u32 = 1024;

/// The longest format there can be, whose extra bytes are counted in 16 bits; no filter is longer.
pub(super) const LONGEST: u32 = WaveFormatEx::SIZE as u32 + u16::MAX as u32;

/// Which tag is asked for (`ACM_FORMATTAGDETAILSF_*`, `ACM_FILTERTAGDETAILSF_*`).
#[derive(Clone, Copy, Debug)]
pub(super) enum TagOf {
    Index = 0,
    Tag = 1,
    Largest = 2,
}

/// A refusal is an answer: there is no such thing.
pub(super) fn told(answer: Result<Block, Error>) -> Result<Option<Block>, Error> {
    match answer {
        Ok(block) => Ok(Some(block)),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
