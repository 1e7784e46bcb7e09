//! What a control panel does: installing, removing and configuring.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver::{Configured, Installation};

use super::{BROKEN, coded, give, text};
use crate::door::{Failure, doors};
use crate::misuse::Misuse;
use crate::process::process;
use crate::text::Encoding;

/// The number of an answer (`DRVCNF_*`).
fn number(configured: Configured) -> i32 {
    match configured {
        Configured::Cancel => 0,
        Configured::Ok => 1,
        Configured::Restart => 2,
        Configured::Other(answer) => answer as i32,
    }
}

/// Gives the answer; one that is a veto fails.
fn not_vetoed(configured: Configured, answer: usize, what: &'static str) -> Result<(), Failure> {
    give(answer, &number(configured).to_ne_bytes())?;
    match configured {
        Configured::Cancel => Err(Failure::from(Misuse::Vetoed { what })),
        _ => Ok(()),
    }
}

doors! {
    broken BROKEN;

    /// `opendriver_install`: writes an entry of the registry and tells the driver (`DRV_INSTALL`). A driver that vetoes leaves none.
    fn opendriver_install(alias: usize, section: usize, file: usize, params: usize, answer: usize) -> i32 {
        coded((|| {
            give(answer, &0_i32.to_ne_bytes())?;
            let (alias, file) = (text(alias, "the alias")?, text(file, "the file")?);
            let section = Encoding::Narrow.read(section)?;
            let params = Encoding::Narrow.read(params)?.unwrap_or_default();
            let configured = process().manager.install(Installation {
                alias: &alias,
                section: section.as_deref(),
                file: &file,
                params: &params,
            })?;
            not_vetoed(configured, answer, "its installation")
        })())
    }

    /// `opendriver_remove`: tells the driver of an alias (`DRV_REMOVE`) and takes its entry out.
    fn opendriver_remove(alias: usize, section: usize, answer: usize) -> i32 {
        coded((|| {
            give(answer, &0_i32.to_ne_bytes())?;
            let alias = text(alias, "the alias")?;
            let section = Encoding::Narrow.read(section)?;
            let configured = process().manager.remove(&alias, section.as_deref())?;
            not_vetoed(configured, answer, "its removal")
        })())
    }

    /// `opendriver_query_configure`: asks the driver of an alias whether it has anything to configure.
    fn opendriver_query_configure(alias: usize, section: usize, answer: usize) -> i32 {
        coded((|| {
            give(answer, &0_i32.to_ne_bytes())?;
            let alias = text(alias, "the alias")?;
            let section = Encoding::Narrow.read(section)?;
            let has = process().manager.query_configure(&alias, section.as_deref())?;
            give(answer, &i32::from(has).to_ne_bytes())
        })())
    }

    /// `opendriver_configure`: has the driver of an alias configure itself. That a person cancels is no failure.
    fn opendriver_configure(alias: usize, section: usize, window: isize, answer: usize) -> i32 {
        coded((|| {
            give(answer, &0_i32.to_ne_bytes())?;
            let alias = text(alias, "the alias")?;
            let section = Encoding::Narrow.read(section)?;
            let manager = &process().manager;
            let configured = manager.configure(&alias, section.as_deref(), window)?;
            give(answer, &number(configured).to_ne_bytes())
        })())
    }
}
