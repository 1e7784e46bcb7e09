//! Opening, asking and closing drivers.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver::{Message, OpenOptions};
use opendriver_abi::answer::def_driver_proc;

use super::structures::{self, OpenStructure};
use crate::claim::BadPointer;
use crate::door::{Failure, doors};
use crate::misuse::Misuse;
use crate::process::process;
use crate::text::{BadText, Encoding};

/// All that these functions answer when they fail.
const FAILED: i64 = 0;

/// `GetDriverFlags`: there is such an instance.
const EXISTS: u32 = 0x8000_0000;

/// Failures of functions that answer 0 for every one of them.
macro_rules! failures {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(FAILED, error)
            }
        }
    )*};
}
failures!(opendriver::Error, BadText, BadPointer, Misuse);

/// Opens an instance by what the application calls it; `param2` may be the address of a structure that is known.
pub(crate) fn open(
    encoding: Encoding,
    driver: usize,
    section: usize,
    param2: isize,
) -> Result<usize, Failure> {
    let what = "the driver's name";
    let name = encoding.read(driver)?.ok_or(Misuse::Null { what })?;
    let section = encoding.read(section)?;
    let options = OpenOptions {
        section: section.as_deref(),
        ..OpenOptions::new(&name).param2(param2)
    };
    let process = process();
    let instance = match OpenStructure::at(param2) {
        None => process.manager.open_with(options)?,
        Some(mut structure) => {
            let opened = process
                .manager
                .open_preparing(options, &mut |world| structure.place(world));
            // What the driver says of a refusal it says there.
            structure.give_back()?;
            opened?
        }
    };
    Ok(instance.into_handle().raw() as usize)
}

/// A handle as the manager knows it; one with more bits is none of its own, and stays so.
#[inline]
pub(crate) fn handle(hdrvr: usize) -> u32 {
    u32::try_from(hdrvr).unwrap_or(0)
}

/// Sends a message; `DRVCONFIGINFO` is laid out for the driver.
#[inline]
pub(crate) fn send(
    hdrvr: usize,
    message: u32,
    param1: isize,
    param2: isize,
) -> Result<isize, Failure> {
    let message = Message(message);
    if param2 != 0 && structures::has_config_info(message) {
        return structures::send_config_info(handle(hdrvr), message, param1, param2 as usize);
    }
    Ok(process()
        .manager
        .send(handle(hdrvr), message, param1, param2)?)
}

fn close(hdrvr: usize, param1: isize, param2: isize) -> Result<isize, Failure> {
    Ok(process().manager.close(handle(hdrvr), param1, param2)?)
}

fn module(hdrvr: usize) -> Result<usize, Failure> {
    Ok(process().manager.module_of(handle(hdrvr))?.address)
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
        close(hdrvr, param1, param2)
    }

    /// `SendDriverMessage`: sends an instance a message. Answers what the driver answers; 0 where it was not asked.
    fn SendDriverMessage(hdrvr: usize, message: u32, param1: isize, param2: isize) -> isize {
        send(hdrvr, message, param1, param2)
    }

    /// `GetDriverModuleHandle`: the module of an instance, the same for all of one driver; null for no instance.
    fn GetDriverModuleHandle(hdrvr: usize) -> usize {
        module(hdrvr)
    }

    /// `GetDriverFlags`: nonzero where there is such an instance.
    fn GetDriverFlags(hdrvr: usize) -> u32 {
        module(hdrvr).map(|_| EXISTS)
    }

    /// `DefDriverProc`: what a driver answers to messages that it does not handle.
    fn DefDriverProc(_id: usize, _hdrvr: usize, message: u32, _param1: isize, _param2: isize) -> isize {
        Ok(def_driver_proc(Message(message)))
    }

    /// `DrvOpen`: the other name of `OpenDriver`.
    fn DrvOpen(driver: usize, section: usize, param2: isize) -> usize {
        open(Encoding::Wide, driver, section, param2)
    }

    /// `DrvOpenA`: the other name of `OpenDriverA`.
    fn DrvOpenA(driver: usize, section: usize, param2: isize) -> usize {
        open(Encoding::Narrow, driver, section, param2)
    }

    /// `DrvClose`: the other name of `CloseDriver`.
    fn DrvClose(hdrvr: usize, param1: isize, param2: isize) -> isize {
        close(hdrvr, param1, param2)
    }

    /// `DrvSendMessage`: the other name of `SendDriverMessage`.
    fn DrvSendMessage(hdrvr: usize, message: u32, param1: isize, param2: isize) -> isize {
        send(hdrvr, message, param1, param2)
    }

    /// `DrvGetModuleHandle`: the other name of `GetDriverModuleHandle`.
    fn DrvGetModuleHandle(hdrvr: usize) -> usize {
        module(hdrvr)
    }

    /// `DrvDefDriverProc`: the other name of `DefDriverProc`.
    fn DrvDefDriverProc(_id: usize, _hdrvr: usize, message: u32, _param1: isize, _param2: isize) -> isize {
        Ok(def_driver_proc(Message(message)))
    }
}
