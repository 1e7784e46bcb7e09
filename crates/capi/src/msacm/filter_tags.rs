//! Kinds of filters: which there are, and what drivers do with them.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_codec::acm::FilterTag;

use super::error::{Error, known};
use super::fields::{Callback, Fields, number_at, size};
use super::format_tags::{INDEX, LARGEST, NAME, TAG, asked, of_any, or_none};
use super::installed::{Installed, driver_of};
use crate::door::pairs;
use crate::handles::BadHandle;
use crate::text::Encoding;

/// How long an ACMFILTERTAGDETAILS is.
fn least(encoding: Encoding) -> usize {
    24 + NAME * encoding.unit()
}

fn fill(encoding: Encoding, address: usize, room: u32, tag: &FilterTag) -> Result<(), Error> {
    Fields::new()
        .dword(tag.index)
        .dword(tag.tag)
        .dword(tag.filter_size)
        .dword(tag.support.bits())
        .dword(tag.standard_filters)
        .text(encoding, &tag.name, NAME)
        .fill(address, room)
}

fn details(encoding: Encoding, had: usize, address: usize, flags: u32) -> Result<u32, Error> {
    let room = size("paftd", address, least(encoding))?;
    known("fdwDetails", flags, TAG | LARGEST)?;
    let (index, tag) = (number_at(address, 4)?, number_at(address, 8)?);
    let found = match flags {
        INDEX if had == 0 => return Err(BadHandle::Unknown { handle: had }.into()),
        INDEX => driver_of(had)?.1.filter_tag_at(index)?,
        TAG => of_any(had, "knows this tag", |driver| driver.filter_tag(tag))?,
        LARGEST => largest(had, Some(tag).filter(|tag| *tag != 0))?,
        _ => {
            let what = "fdwDetails";
            return Err(Error::Flags { what, flags });
        }
    };
    fill(encoding, address, room, &found)?;
    Ok(0)
}

fn largest(had: usize, tag: Option<u32>) -> Result<FilterTag, Error> {
    if had != 0 {
        return Ok(driver_of(had)?.1.largest_filter_tag(tag)?);
    }
    let installed = Installed::now()?;
    let told = installed
        .open()
        .filter_map(|(_, driver)| driver.largest_filter_tag(tag).ok());
    let largest = told.reduce(|first, next| match next.filter_size > first.filter_size {
        true => next,
        false => first,
    });
    largest.ok_or(Error::NoneCan("has filters of this tag"))
}

fn enumerate(
    encoding: Encoding,
    had: usize,
    address: usize,
    callback: usize,
    instance: usize,
    flags: u32,
) -> Result<u32, Error> {
    let room = size("paftd", address, least(encoding))?;
    let callback = Callback::new(callback, instance)?;
    known("fdwEnum", flags, 0)?;
    for (id, driver, support) in asked(had)? {
        for tag in or_none(had, driver.filter_tags())? {
            fill(encoding, address, room, &tag)?;
            if !callback.wants_more(id, address, support) {
                return Ok(0);
            }
        }
    }
    Ok(0)
}

pairs! {
    broken MMSYSERR_ERROR as i64;

    /// `acmFilterTagDetails`: what a driver does with a kind of filters.
    fn acmFilterTagDetailsA, acmFilterTagDetailsW(had: usize, tag: usize, flags: u32) -> u32 = details;

    /// `acmFilterTagEnum`: calls back for each kind of filters, until that answers 0.
    fn acmFilterTagEnumA, acmFilterTagEnumW(
        had: usize,
        tag: usize,
        callback: usize,
        instance: usize,
        flags: u32,
    ) -> u32 = enumerate;
}
