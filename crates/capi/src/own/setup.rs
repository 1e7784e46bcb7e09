//! What a program may wish before the first use.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use std::path::PathBuf;

use super::{BROKEN, coded, text};
use crate::door::{Failure, doors};
use crate::misuse::Misuse;
use crate::process::{Isolation, wish};

/// The level that is to come: each driver in a process of its own.
const OWN_PROCESS: i32 = 3;

fn isolation(level: i32) -> Result<Isolation, Misuse> {
    match level {
        0 => Ok(Isolation::BuiltIn),
        1 => Ok(Isolation::InProcess),
        2 => Ok(Isolation::Watched),
        OWN_PROCESS => Err(Misuse::NotSupported {
            what: "a process for each driver",
        }),
        other => Err(Misuse::Parameter {
            what: "the level of isolation",
            expected: "one of OPENDRIVER_ISOLATION_*".to_owned(),
            found: other.to_string(),
        }),
    }
}

doors! {
    broken BROKEN;

    /// `opendriver_set_registry`: names the file of the registry that lies above all others, in the place of `$OPENDRIVER_REGISTRY`.
    fn opendriver_set_registry(file: usize) -> i32 {
        coded((|| {
            let file = PathBuf::from(text(file, "the registry's file")?);
            Ok(wish("the registry's file", |wishes| wishes.registry = Some(file))?)
        })())
    }

    /// `opendriver_add_search_path`: adds a folder that bare file names are looked for in.
    fn opendriver_add_search_path(folder: usize) -> i32 {
        coded((|| {
            let folder = PathBuf::from(text(folder, "the folder")?);
            Ok(wish("a folder of drivers", |wishes| wishes.folders.push(folder))?)
        })())
    }

    /// `opendriver_set_isolation`: says how much drivers are kept apart from the program.
    fn opendriver_set_isolation(level: i32) -> i32 {
        coded((|| {
            let level = isolation(level)?;
            Ok(wish("the isolation", |wishes| wishes.isolation = level)?)
        })())
    }

    /// `opendriver_on_message`: has a function called before and after each message to a driver.
    fn opendriver_on_message(function: usize, user: usize) -> i32 {
        coded(
            wish("who hears of messages", |wishes| wishes.watcher.tell_messages(function, user))
                .map_err(Failure::from),
        )
    }

    /// `opendriver_on_report`: has a function called with what there is to report.
    fn opendriver_on_report(function: usize, user: usize) -> i32 {
        coded(
            wish("who hears of reports", |wishes| wishes.watcher.tell_reports(function, user))
                .map_err(Failure::from),
        )
    }
}
