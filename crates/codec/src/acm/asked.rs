//! What is the same in all questions: which tag is meant, how much is believed.

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

/// A format or filter of a tag is asked for by its place in the list (`ACM_FORMATDETAILSF_INDEX`, `ACM_FILTERDETAILSF_INDEX`).
pub(super) const INDEX: u32 = 0;

/// It is given (`ACM_FORMATDETAILSF_FORMAT`, `ACM_FILTERDETAILSF_FILTER`).
pub(super) const FORMAT: u32 = 1;

/// A refusal is an answer: there is no such thing.
pub(super) fn told<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
