//! Choosing a compressor, which a person would do on a screen.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::structures::{FourCc, Structure as _};

use super::BROKEN;
use super::error::Error;
use super::opened::Opened;
use super::opening::{format_at, open};
use super::sequences::{Vars, free_all, vars_at};
use crate::claim;
use crate::door::{Failure, doors};
use crate::process::process;

/// `ICMF_COMPVARS_VALID`
const VALID: u32 = 1;

/// `ICMODE_COMPRESS`
const COMPRESS: u32 = 1;

/// Makes of a choice that the application brings along an open compressor.
fn choose(input: usize, address: usize) -> Result<i32, Error> {
    let mut vars = vars_at(address)?;
    if vars.flags & VALID == 0 || (vars.codec == 0 && vars.handler.0 == 0) {
        return Err(Error::NoScreen);
    }
    let opened_now = vars.codec == 0;
    if opened_now {
        vars.codec = open(FourCc::VIDC.0, vars.handler.0, COMPRESS)? as u64;
    }
    let asked = suits(vars.codec as usize, input);
    let written = asked.and_then(|()| {
        vars.kind = FourCc::VIDC;
        Ok(claim::set_structure(address, &vars)?)
    });
    if written.is_err() && opened_now {
        process().handles.remove::<Opened>(vars.codec as usize)?;
    }
    written.map(|()| 1)
}

/// Makes sure that the compressor takes the input, where that is named.
fn suits(hic: usize, input: usize) -> Result<(), Error> {
    let opened = Opened::of(hic)?;
    match input {
        0 => Ok(()),
        input => Ok(opened.codec().compress_query(&format_at(input)?, None)?),
    }
}

fn free(address: usize) -> Result<(), Error> {
    let mut vars = vars_at(address)?;
    let closed = match vars.codec {
        0 => Ok(()),
        hic => process().handles.remove::<Opened>(hic as usize).map(drop),
    };
    free_all(&mut vars);
    let left = Vars {
        size: vars.size,
        ..Vars::zeroed()
    };
    claim::set_structure(address, &left)?;
    Ok(closed?)
}

doors! {
    broken BROKEN;

    /// `ICCompressorChoose`: there is nobody to choose. It opens the compressor that a COMPVARS names that is valid already, and says
    /// otherwise that the choice was cancelled.
    fn ICCompressorChoose(
        _window: usize,
        _flags: u32,
        input: usize,
        _data: usize,
        vars: usize,
        _title: usize,
    ) -> i32 {
        choose(input, vars).map_err(Error::nothing)
    }

    /// `ICCompressorFree`: closes the compressor of a COMPVARS, and frees what is ours in it.
    fn ICCompressorFree(vars: usize) -> () {
        free(vars).map_err(Failure::from)
    }
}
