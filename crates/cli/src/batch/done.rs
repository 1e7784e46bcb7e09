//! Whether a file was converted before: what its report says, held against what is there now.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use super::options::Options;
use super::plan::Job;
use crate::digest::{Hash, NUMBERED};

/// What a report says that decides whether the work must be done again.
#[derive(Debug, Deserialize)]
struct Report {
    complete: bool,
    command: Vec<String>,
    input: Hashed,
    output: Option<Written>,
    state: Option<Hashed>,
    drivers: Vec<Driver>,
}

#[derive(Debug, Deserialize)]
struct Hashed {
    sha256: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Written {
    path: String,
    #[serde(flatten)]
    hashed: Hashed,
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
            && report
                .output
                .is_some_and(|output| is(&written(job, &output), &output.hashed))
    }

    fn is_same(&self, driver: &Driver) -> bool {
        let Some(path) = &driver.path else {
            // Built in: it is as old as this program.
            return true;
        };
        let mut drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        let now = drivers.entry(path.clone()).or_insert_with(|| sha256(path));
        now.is_some() && *now == driver.sha256
    }
}

/// Where the target of a job is: its own name, or that of its pictures.
fn written(job: &Job, output: &Written) -> PathBuf {
    if !output.path.ends_with(NUMBERED) {
        return job.target.clone();
    }
    let mut name = job.target.file_stem().unwrap_or_default().to_owned();
    name.push(NUMBERED);
    job.target.with_file_name(name)
}

fn is(path: &Path, hashed: &Hashed) -> bool {
    hashed.sha256.is_some() && sha256(path) == hashed.sha256
}

/// The SHA-256 of a file or of pictures as hex digits, where they can be read.
fn sha256(path: &Path) -> Option<String> {
    let (hash, _) = Hash::of_written(path).ok()?;
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::{Done, Job, Options, sha256};

    const LINE: [&str; 5] = ["drv", "convert", "in", "out", "--strict"];

    /// A folder with a file, its target, a driver and a state, and the job that made the one of the other.
    fn place() -> (TempDir, Job) {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["in", "out", "driver", "state"] {
            fs::write(at(name), name).expect("ours");
        }
        let job = Job {
            name: "in".into(),
            source: at("in"),
            target: at("out"),
            report: at("report"),
        };
        (folder, job)
    }

    fn report(folder: &Path) -> Value {
        let hashed = |name: &str| {
            let path = folder.join(name);
            json!({ "path": path, "sha256": sha256(&path).expect("ours") })
        };
        json!({
            "complete": true, "command": LINE, "input": hashed("in"), "output": hashed("out"),
            "drivers": [{ "name": "pcm" }, hashed("driver")], "streams": [],
        })
    }

    fn is_done(job: &Job, report: &str, state: Option<&Path>) -> bool {
        fs::write(&job.report, report).expect("ours");
        let options = Options::of(LINE).expect("a conversion");
        Done::new(&options, state).is_done(job)
    }

    #[test]
    fn a_report_vouches_for_what_is_as_it_says() {
        let (folder, job) = place();
        let whole = report(folder.path());
        assert!(is_done(&job, &whole.to_string(), None));
        for (field, value) in [
            ("complete", json!(false)),
            ("command", json!(["drv", "convert", "in", "out"])),
            ("command", json!(["drv", "list"])),
            ("output", json!(null)),
            ("output", json!({ "path": "out" })),
            ("input", whole["output"].clone()),
            ("drivers", json!([{ "path": "gone", "sha256": "00" }])),
            ("drivers", json!([{ "path": folder.path().join("driver") }])),
        ] {
            let mut other = whole.clone();
            other[field] = value;
            assert!(!is_done(&job, &other.to_string(), None), "{other}");
        }
        for torn in ["", "{}", "[1, 2", "\u{0}"] {
            assert!(!is_done(&job, torn, None), "{torn}");
        }
        fs::remove_file(&job.report).expect("ours");
        let options = Options::of(LINE).expect("a conversion");
        assert!(!Done::new(&options, None).is_done(&job));
    }

    #[test]
    fn the_state_is_the_one_of_the_report() {
        let (folder, job) = place();
        let state = folder.path().join("state");
        let mut report = report(folder.path());
        assert!(!is_done(&job, &report.to_string(), Some(&state)));
        report["state"] = json!({ "path": state, "sha256": sha256(&state).expect("ours") });
        assert!(is_done(&job, &report.to_string(), Some(&state)));
        assert!(!is_done(&job, &report.to_string(), None));
        fs::write(&state, "another").expect("ours");
        assert!(!is_done(&job, &report.to_string(), Some(&state)));
    }
}
