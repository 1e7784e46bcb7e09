//! The dialogs that choose a format or a filter: there is no screen for them, which is as if somebody had cancelled.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;

use super::error::{Error, given, known};
use super::fields::{address_at, number_at, probe, size};
use crate::door::doors;
use crate::text::Encoding;

/// `ACMFORMATCHOOSE_STYLEF_*`, which those of filters equal: help, hook, templates, what stands there first.
const STYLES: u32 = 0xfc;
/// `ACMFORMATCHOOSE_STYLEF_ENABLEHOOK`
const HOOK: u32 = 8;

/// How long an ACMFORMATCHOOSE and an ACMFILTERCHOOSE are: two names, and all else.
fn least(encoding: Encoding) -> usize {
    92 + 176 * encoding.unit()
}

fn choose(what: &'static str, encoding: Encoding, address: usize) -> Result<u32, Error> {
    let least = least(encoding);
    size(what, address, least)?;
    let style = number_at(address, 4)?;
    known("fdwStyle", style, STYLES)?;
    let room = number_at(address, 24)?;
    probe(
        "the buffer for what is chosen",
        address_at(address, 16)?,
        room,
    )?;
    if style & HOOK != 0 {
        given("pfnHook", address_at(address, least - 8)?)?;
    }
    Err(Error::NoScreen)
}

doors! {
    broken MMSYSERR_ERROR as i64;

    /// `acmFormatChooseA`: would ask a person for a format. `ACMERR_CANCELED`, where nothing is wrong with the structure.
    fn acmFormatChooseA(choice: usize) -> u32 {
        Ok(choose("pafmtc", Encoding::Narrow, choice)?)
    }

    /// `acmFormatChooseW`: as `acmFormatChooseA`.
    fn acmFormatChooseW(choice: usize) -> u32 {
        Ok(choose("pafmtc", Encoding::Wide, choice)?)
    }

    /// `acmFilterChooseA`: would ask a person for a filter. `ACMERR_CANCELED`, where nothing is wrong with the structure.
    fn acmFilterChooseA(choice: usize) -> u32 {
        Ok(choose("pafltrc", Encoding::Narrow, choice)?)
    }

    /// `acmFilterChooseW`: as `acmFilterChooseA`.
    fn acmFilterChooseW(choice: usize) -> u32 {
        Ok(choose("pafltrc", Encoding::Wide, choice)?)
    }
}
