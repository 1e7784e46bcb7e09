//! Filters: which there are, and what drivers say of them.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_codec::acm::Filter;

use super::error::{Error, known};
use super::fields::{Callback, filter};
use super::format_tags::{INDEX, asked, of_any, or_none};
use super::formats::Given;
use super::installed::driver_of;
use super::metrics::largest;
use crate::claim;
use crate::door::pairs;
use crate::handles::BadHandle;
use crate::text::Encoding;

/// `ACM_FILTERDETAILSF_FILTER`
const FILTER: u32 = 1;
/// `ACM_FILTERENUMF_DWFILTERTAG`
const OF_TAG: u32 = 0x1_0000;

fn tell(given: &Given, told: &Filter) -> Result<(), Error> {
    let bytes = told.filter.as_bytes();
    if bytes.len() > given.len as usize {
        let expected = format!("at least {}", bytes.len());
        return Err(Error::parameter("cbwfltr", expected, given.len));
    }
    claim::write(given.at, bytes)?;
    given.fill(
        told.index,
        told.filter.tag(),
        told.support.bits(),
        &told.name,
    )
}

fn details(encoding: Encoding, had: usize, address: usize, flags: u32) -> Result<u32, Error> {
    let given = Given::read("pafd", encoding, address)?;
    known("fdwDetails", flags, FILTER)?;
    let found = if flags == INDEX {
        if had == 0 {
            return Err(BadHandle::Unknown { handle: had }.into());
        }
        driver_of(had)?.1.filter_at(given.tag, given.index())?
    } else {
        let filter = filter("pwfltr", given.at)?;
        if filter.tag() != given.tag {
            let expected = filter.tag().to_string();
            return Err(Error::parameter("dwFilterTag", expected, given.tag));
        }
        of_any(had, "knows this filter", |driver| {
            driver.filter_details(&filter)
        })?
    };
    tell(&given, &found)?;
    Ok(0)
}

fn enumerate(
    encoding: Encoding,
    had: usize,
    address: usize,
    callback: usize,
    instance: usize,
    flags: u32,
) -> Result<u32, Error> {
    let given = Given::read("pafd", encoding, address)?;
    let callback = Callback::new(callback, instance)?;
    known("fdwEnum", flags, OF_TAG)?;
    let longest = largest(had)?.1;
    given.holds("cbwfltr", longest)?;
    for (id, driver, support) in asked(had)? {
        for tag in or_none(had, driver.filter_tags())? {
            if flags & OF_TAG != 0 && tag.tag != given.tag {
                continue;
            }
            for filter in or_none(had, driver.filters(tag.tag))? {
                tell(&given, &filter)?;
                if !callback.wants_more(id, address, support) {
                    return Ok(0);
                }
            }
        }
    }
    Ok(0)
}

pairs! {
    broken MMSYSERR_ERROR as i64;

    /// `acmFilterDetails`: what a driver says of a filter.
    fn acmFilterDetailsA, acmFilterDetailsW(had: usize, filter: usize, flags: u32) -> u32 = details;

    /// `acmFilterEnum`: calls back for each filter that is wanted, until that answers 0.
    fn acmFilterEnumA, acmFilterEnumW(
        had: usize,
        filter: usize,
        callback: usize,
        instance: usize,
        flags: u32,
    ) -> u32 = enumerate;
}
