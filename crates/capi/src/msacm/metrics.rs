//! Counts of drivers, and the largest of their formats.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_codec::acm::Metrics;

use super::error::{Error, given};
use super::installed::{Id, Installed, driver_of, support};
use crate::claim;
use crate::door::doors;
use crate::handles::BadHandle;
use crate::process::process;

/// `ACM_METRIC_*`
const COUNT_DRIVERS: u32 = 1;
const COUNT_HARDWARE: u32 = 6;
const COUNT_LOCAL_DRIVERS: u32 = 20;
const COUNT_LOCAL_DISABLED: u32 = 24;
const HARDWARE_WAVE_INPUT: u32 = 30;
const HARDWARE_WAVE_OUTPUT: u32 = 31;
const MAX_SIZE_FORMAT: u32 = 50;
const MAX_SIZE_FILTER: u32 = 51;
const DRIVER_SUPPORT: u32 = 100;
const DRIVER_PRIORITY: u32 = 101;

fn metric(hao: usize, metric: u32) -> Result<u32, Error> {
    let none = Error::NoMetric { metric };
    match metric {
        COUNT_DRIVERS..=COUNT_HARDWARE => {
            everything(hao)?;
            let metrics = Installed::now()?.list.metrics();
            count(&metrics, metric - COUNT_DRIVERS).ok_or(none)
        }
        COUNT_LOCAL_DRIVERS..=COUNT_LOCAL_DISABLED => {
            everything(hao)?;
            let metrics = Installed::now()?.list.local_metrics();
            count(&metrics, metric - COUNT_LOCAL_DRIVERS).ok_or(none)
        }
        // Drivers have no devices of their own here.
        HARDWARE_WAVE_INPUT | HARDWARE_WAVE_OUTPUT => {
            process().handles.get::<Id>(hao)?;
            Err(none)
        }
        MAX_SIZE_FORMAT | MAX_SIZE_FILTER => {
            let (format, filter) = largest(hao)?;
            Ok(if metric == MAX_SIZE_FORMAT {
                format
            } else {
                filter
            })
        }
        DRIVER_SUPPORT | DRIVER_PRIORITY => of_one(hao, metric),
        _ => Err(none),
    }
}

/// Counts of all drivers are not those of one.
fn everything(hao: usize) -> Result<(), Error> {
    match hao {
        0 => Ok(()),
        handle => Err(BadHandle::OtherKind { handle }.into()),
    }
}

fn count(metrics: &Metrics, which: u32) -> Option<u32> {
    let counts = [
        metrics.drivers - metrics.broken,
        metrics.codecs,
        metrics.converters,
        metrics.filters,
        metrics.disabled,
        metrics.hardware,
    ];
    Some(*counts.get(which as usize)? as u32)
}

/// The largest format and filter of one driver, or of all.
pub(super) fn largest(hao: usize) -> Result<(u32, u32), Error> {
    if hao != 0 {
        let (_, driver) = driver_of(hao)?;
        let sizes = driver.sizes()?;
        return Ok((sizes.format, sizes.filter));
    }
    let list = Installed::now()?.list;
    let (all, own) = (list.metrics(), list.local_metrics());
    Ok((
        all.format_size.max(own.format_size),
        all.filter_size.max(own.filter_size),
    ))
}

/// Flags or place of one driver, which may be disabled.
fn of_one(hadid: usize, metric: u32) -> Result<u32, Error> {
    let id = process().handles.get::<Id>(hadid)?;
    let installed = Installed::now()?;
    if metric == DRIVER_PRIORITY {
        let place = installed.all().position(|(other, _)| other == hadid);
        return Ok(place.map_or(0, |place| place as u32 + 1));
    }
    let said = installed.list.driver(&id.name)?.details().support;
    let candidate = installed.candidate(&id.name);
    Ok(candidate.map_or(0, |candidate| support(candidate, said)))
}

doors! {
    broken MMSYSERR_ERROR as i64;

    /// `acmMetrics`: a count of drivers, or a number of one of them.
    fn acmMetrics(hao: usize, index: u32, number: usize) -> u32 {
        let measure = || -> Result<u32, Error> {
            given("pMetric", number)?;
            claim::write(number, &metric(hao, index)?.to_ne_bytes())?;
            Ok(0)
        };
        Ok(measure()?)
    }
}
