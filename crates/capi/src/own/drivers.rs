//! Drivers with answers and failures told apart, and the end of the session.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use super::{BROKEN, coded, give};
use crate::door::{Failure, doors};
use crate::misuse::Misuse;
use crate::process::{existing, process};
use crate::text::Encoding;
use crate::winmm::{handle, open, send};

doors! {
    broken BROKEN;

    /// `opendriver_open`: opens an instance and gives its handle.
    fn opendriver_open(driver: usize, section: usize, param2: isize, hdrvr: usize) -> i32 {
        coded((|| {
            if hdrvr == 0 {
                return Err(Failure::from(Misuse::Null { what: "where the handle is to be put" }));
            }
            // Nothing is opened for a program that cannot be told of it.
            give(hdrvr, &0_usize.to_ne_bytes())?;
            let opened = open(Encoding::Narrow, driver, section, param2)?;
            give(hdrvr, &opened.to_ne_bytes())
        })())
    }

    /// `opendriver_send`: sends an instance a message and gives its answer.
    fn opendriver_send(hdrvr: usize, message: u32, param1: isize, param2: isize, answer: usize) -> i32 {
        coded((|| {
            give(answer, &0_isize.to_ne_bytes())?;
            let answered = send(hdrvr, message, param1, param2)?;
            give(answer, &answered.to_ne_bytes())
        })())
    }

    /// `opendriver_close`: closes an instance in good order and gives the driver's answer.
    fn opendriver_close(hdrvr: usize, param1: isize, param2: isize, answer: usize) -> i32 {
        coded((|| {
            give(answer, &0_isize.to_ne_bytes())?;
            let answered = process().manager.close(handle(hdrvr), param1, param2)?;
            give(answer, &answered.to_ne_bytes())
        })())
    }

    /// `opendriver_end_session`: tells every instance that the session ends, and closes them all, newest first. Blocks of
    /// `opendriver_alloc` stay the program's: one of its own messages may have come here, and its driver reads on in them.
    fn opendriver_end_session() -> i32 {
        if let Some(process) = existing() {
            process.manager.end_session();
            crate::msacm::session_ended();
        }
        Ok(0)
    }
}
