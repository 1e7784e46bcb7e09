//! Whether a file was converted before: what its report says, held against what is there now.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::options::Options;
use super::plan::Job;

/// What a report says that decides whether the work must be done again.
#[derive(Debug, Deserialize)]
struct Report {
    complete: bool,
    command: Vec<String>,
    input: Hashed,
    output: Option<Hashed>,
    state: Option<Hashed>,
    drivers: Vec<Driver>,
}

#[derive(Debug, Deserialize)]
struct Hashed {
    sha256: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Driver {
    path: Option<PathBuf>,
    sha256: Option<String>,
}

/// Answers whether files are done, and remembers the hashes of drivers, which most files share.
#[derive(Debug)]
pub(super) struct Done {
    deciding: Vec<OsString>,
    state: Option<PathBuf>,
    drivers: Mutex<HashMap<PathBuf, Option<String>>>,
}

impl Done {
    /// For conversions with these options, and a codec's state from this file.
    pub(super) fn new(options: &Options, state: Option<&Path>) -> Self {
        Self {
            state: state.map(Path::to_owned),
            deciding: options.deciding.clone(),
            drivers: Mutex::default(),
        }
    }

    /// Whether the target is what a conversion now would make: its report says that it is whole, and the options, the file, the
    /// drivers and the target itself are those that the report names.
    pub(super) fn is_done(&self, job: &Job) -> bool {
        // A report that cannot be read says nothing.
        let report = fs::read(&job.report).ok();
        let Some(report) = report.and_then(|bytes| serde_json::from_slice::<Report>(&bytes).ok())
        else {
            return false;
        };
        // What costs least comes first.
        report.complete
            && Options::of(&report.command).is_some_and(|options| options.deciding == self.deciding)
            && match (&self.state, &report.state) {
                (Some(path), Some(hashed)) => is(path, hashed),
                (now, then) => now.is_none() && then.is_none(),
            }
            && report.drivers.iter().all(|driver| self.is_same(driver))
            && is(&job.source, &report.input)
            && report.output.is_some_and(|output| is(&job.target, &output))
    }

    fn is_same(&self, driver: &Driver) -> bool {
        let Some(path) = &driver.path else {
            // Built in: it is as old as this program.
            return true;
        };
        let mut drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        let now = drivers
            .entry(path.clone())
            .or_insert_with(|| sha256(path).ok());
        now.is_some() && *now == driver.sha256
    }
}

fn is(path: &Path, hashed: &Hashed) -> bool {
    hashed.sha256.is_some() && sha256(path).ok() == hashed.sha256
}

/// The SHA-256 of a file as hex digits.
fn sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hash.update(&block[..read]),
        }
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
