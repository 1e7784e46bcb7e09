//! Opening, asking and closing drivers.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver::{Message, OpenOptions};

use crate::door::{Failure, doors};
use crate::process::process;
use crate::text::{BadText, Encoding};

/// All that these functions answer when they fail.
const FAILED: i64 = 0;

impl From<opendriver::Error> for Failure {
    fn from(error: opendriver::Error) -> Self {
        Self::new(FAILED, error)
    }
}

impl From<BadText> for Failure {
    fn from(error: BadText) -> Self {
        Self::new(FAILED, error)
    }
}

fn open(
    encoding: Encoding,
    driver: usize,
    section: usize,
    param2: isize,
) -> Result<usize, Failure> {
    let name = encoding.read(driver)?;
    let name = name.ok_or_else(|| Failure::new(FAILED, "the driver's name is null"))?;
    let section = encoding.read(section)?;
    let options = OpenOptions {
        section: section.as_deref(),
        ..OpenOptions::new(&name).param2(param2)
    };
    let instance = process().manager.open_with(options)?;
    Ok(instance.into_handle().raw() as usize)
}

/// A handle as the manager knows it; one with more bits is none of its own, and stays so.
fn handle(hdrvr: usize) -> u32 {
    u32::try_from(hdrvr).unwrap_or(0)
}

doors! {
    broken 0;

    /// `OpenDriver`: opens an instance of a driver, by the alias of a section or by its file. Answers its handle, or null.
    fn OpenDriver(driver: usize, section: usize, param2: isize) -> usize {
        open(Encoding::Wide, driver, section, param2)
    }

    /// `OpenDriverA`: as `OpenDriver`, with text in UTF-8.
    fn OpenDriverA(driver: usize, section: usize, param2: isize) -> usize {
        open(Encoding::Narrow, driver, section, param2)
    }

    /// `CloseDriver`: closes an instance. Answers nonzero where it is closed, 0 where the driver refuses.
    fn CloseDriver(hdrvr: usize, param1: isize, param2: isize) -> isize {
        Ok(process().manager.close(handle(hdrvr), param1, param2)?)
    }

    /// `SendDriverMessage`: sends an instance a message. Answers what the driver answers; 0 where it was not asked.
    fn SendDriverMessage(hdrvr: usize, message: u32, param1: isize, param2: isize) -> isize {
        Ok(process().manager.send(handle(hdrvr), Message(message), param1, param2)?)
    }
}
