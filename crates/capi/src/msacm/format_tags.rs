//! Kinds of formats: which there are, and what drivers do with them.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Error as CodecError, FormatTag};

use super::drivers::opened;
use super::error::{Error, known};
use super::fields::{Callback, Fields, number_at, size};
use super::installed::{Installed, driver_of, support};
use crate::door::pairs;
use crate::handles::BadHandle;
use crate::text::Encoding;

/// `ACM_FORMATTAGDETAILSF_INDEX`, and the same of filters.
pub(super) const INDEX: u32 = 0;
/// `ACM_FORMATTAGDETAILSF_FORMATTAG`, and the same of filters.
pub(super) const TAG: u32 = 1;
/// `ACM_FORMATTAGDETAILSF_LARGESTSIZE`, and the same of filters.
pub(super) const LARGEST: u32 = 2;

/// How many units a tag's name may have.
pub(super) const NAME: usize = 48;

/// How long an ACMFORMATTAGDETAILS is.
fn least(encoding: Encoding) -> usize {
    24 + NAME * encoding.unit()
}

fn fill(encoding: Encoding, address: usize, room: u32, tag: &FormatTag) -> Result<(), Error> {
    Fields::new()
        .dword(tag.index)
        .dword(tag.tag.into())
        .dword(tag.format_size)
        .dword(tag.support.bits())
        .dword(tag.standard_formats)
        .text(encoding, &tag.name, NAME)
        .fill(address, room)
}

fn details(encoding: Encoding, had: usize, address: usize, flags: u32) -> Result<u32, Error> {
    let room = size("paftd", address, least(encoding))?;
    known("fdwDetails", flags, TAG | LARGEST)?;
    let (index, tag) = (number_at(address, 4)?, number_at(address, 8)?);
    let narrow = u16::try_from(tag);
    let found = match flags {
        INDEX if had == 0 => return Err(BadHandle::Unknown { handle: had }.into()),
        INDEX => driver_of(had)?.1.format_tag_at(index)?,
        TAG => {
            let tag = narrow.map_err(|_| Error::NoneCan("knows a tag of more than 16 bits"))?;
            of_any(had, "knows this tag", |driver| driver.format_tag(tag))?
        }
        LARGEST => {
            let tag = narrow.map_err(|_| Error::NoneCan("knows a tag of more than 16 bits"))?;
            let wanted = Some(tag).filter(|tag| *tag != 0);
            largest(had, wanted)?
        }
        _ => {
            let what = "fdwDetails";
            return Err(Error::Flags { what, flags });
        }
    };
    fill(encoding, address, room, &found)?;
    Ok(0)
}

/// Asks the driver of a handle, or where there is none the first that has an answer.
pub(super) fn of_any<T>(
    had: usize,
    what: &'static str,
    ask: impl Fn(&Driver) -> Result<T, CodecError>,
) -> Result<T, Error> {
    match had {
        0 => {
            let found = Installed::now()?.list.first(ask);
            found.map_err(|_| Error::NoneCan(what))
        }
        had => Ok(ask(&driver_of(had)?.1)?),
    }
}

fn largest(had: usize, tag: Option<u16>) -> Result<FormatTag, Error> {
    if had != 0 {
        return Ok(driver_of(had)?.1.largest_format_tag(tag)?);
    }
    let installed = Installed::now()?;
    let told = installed
        .open()
        .filter_map(|(_, driver)| driver.largest_format_tag(tag).ok());
    // The first of those that are as large.
    let largest = told.reduce(|first, next| match next.format_size > first.format_size {
        true => next,
        false => first,
    });
    largest.ok_or(Error::NoneCan("has formats of this tag"))
}

/// What one driver lists. Where all are asked, one that breaks lists nothing, and the others go on.
pub(super) fn or_none<T>(had: usize, listed: Result<Vec<T>, CodecError>) -> Result<Vec<T>, Error> {
    match listed {
        Err(_) if had == 0 => Ok(Vec::new()),
        listed => Ok(listed?),
    }
}

/// The drivers that an enumeration asks, with their identifiers and the flags that its callback is told.
pub(super) fn asked(had: usize) -> Result<Vec<(usize, Driver, u32)>, Error> {
    let installed = Installed::now()?;
    let flags = |driver: &Driver| {
        let said = driver.details().support;
        let candidate = installed.candidate(driver.name());
        candidate.map_or(said.bits(), |candidate| support(candidate, said))
    };
    if had != 0 {
        let open = opened(had)?;
        return Ok(vec![(open.id, open.driver.clone(), flags(&open.driver))]);
    }
    let all = installed.open();
    Ok(all
        .map(|(id, driver)| (id, driver.clone(), flags(driver)))
        .collect())
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
    let mut plain = false;
    for (id, driver, support) in asked(had)? {
        for tag in or_none(had, driver.format_tags())? {
            // Every codec has plain samples; they are one kind all the same.
            if tag.tag == WaveFormat::PCM && std::mem::replace(&mut plain, true) {
                continue;
            }
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

    /// `acmFormatTagDetails`: what a driver does with a kind of formats.
    fn acmFormatTagDetailsA, acmFormatTagDetailsW(had: usize, tag: usize, flags: u32) -> u32 = details;

    /// `acmFormatTagEnum`: calls back for each kind of formats, until that answers 0.
    fn acmFormatTagEnumA, acmFormatTagEnumW(
        had: usize,
        tag: usize,
        callback: usize,
        instance: usize,
        flags: u32,
    ) -> u32 = enumerate;
}
