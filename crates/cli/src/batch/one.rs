//! One file of many: skipped, or converted by a child with a report beside the target.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use super::Error;
use super::child::{self, Ended};
use super::done::Done;
use super::options::Options;
use super::plan::Job;
use super::stop::Stop;
use super::summary::Outcome;
use crate::report::Exit;

/// What all files of a run have in common.
pub(super) struct Run {
    program: PathBuf,
    options: Options,
    timeout: Option<Duration>,
    done: Done,
    pub(super) stop: Arc<Stop>,
}

impl Run {
    /// With the options of this process' own command line.
    pub(super) fn new(timeout: Option<Duration>, state: Option<&Path>) -> Result<Self, Error> {
        let program = env::current_exe().map_err(|source| Error::System {
            what: "find the program that is running",
            source,
        })?;
        // It was read once, or we would not be here.
        let options = Options::of(env::args_os()).unwrap_or_default();
        Ok(Self {
            program,
            done: Done::new(&options, state),
            options,
            timeout,
            stop: Arc::default(),
        })
    }

    /// Converts one file, unless that was done before.
    pub(super) fn convert(&self, job: &Job) -> Outcome {
        if self.done.is_done(job) {
            return Outcome::skipped(job);
        }
        let ended = job
            .target
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| child::run(&mut self.command(job), self.timeout, &self.stop));
        match ended {
            Ok(None) => Outcome::left(job),
            Ok(Some(ended)) => self.outcome(job, &ended),
            Err(error) => Outcome::failed(
                job,
                Exit::Unasked,
                format!("cannot begin: {error}"),
                Vec::new(),
            ),
        }
    }

    fn command(&self, job: &Job) -> Command {
        let mut report = OsString::from("--report=");
        report.push(&job.report);
        let mut command = Command::new(&self.program);
        command
            .arg("convert")
            .args(&self.options.words)
            .arg(report)
            .arg("--")
            .args([&job.source, &job.target].map(|path| file_name(path)));
        command
    }

    fn outcome(&self, job: &Job, ended: &Ended) -> Outcome {
        if ended.status.code().is_none() {
            sweep(&job.target);
        }
        let (error, warnings) = told(&ended.said);
        let (status, why) = match (ended.status.code(), self.timeout) {
            (Some(0), _) => return Outcome::converted(job, warnings),
            (_, Some(timeout)) if ended.timed_out => (
                Exit::Broke,
                format!("not done after {} seconds", timeout.as_secs()),
            ),
            // Whatever it says of its end, it was not let come to it.
            _ if self.stop.is_asked() => return Outcome::left(job),
            (Some(code), _) => {
                let status = match code {
                    1 => Exit::Refused,
                    2 => Exit::Unasked,
                    _ => Exit::Broke,
                };
                let why = format!("ended with status {code}, and without a word");
                (status, why)
            }
            (None, _) => (Exit::Broke, ended.status.to_string()),
        };
        Outcome::failed(job, status, error.unwrap_or(why), warnings)
    }
}

/// Removes what a child that was ended from outside could not: its unfinished file beside the target.
fn sweep(target: &Path) {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return;
    };
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(".drv-");
    let left = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in left {
        let name = entry.file_name();
        let is_ours = name
            .as_encoded_bytes()
            .starts_with(unfinished.as_encoded_bytes());
        if is_ours {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    }
}

/// A path that cannot be taken for an option or for a standard stream.
fn file_name(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(path)
    } else {
        path.to_owned()
    }
}

/// The error and the warnings in what a child said.
fn told(said: &str) -> (Option<String>, Vec<String>) {
    let (mut error, mut warnings) = (None::<String>, Vec::new());
    for line in said.lines() {
        if let Some(what) = line.strip_prefix("error: ") {
            error = Some(what.to_owned());
        } else if let (Some(why), Some(error)) = (line.strip_prefix("caused by: "), &mut error) {
            *error += ": ";
            *error += why;
        } else if let Some(what) = line.strip_prefix("warning: ") {
            warnings.push(what.to_owned());
        }
    }
    (error, warnings)
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_child_says_its_error_with_causes_and_its_warnings() {
        let said = "warning: the index lies\nnote: windows: x\nerror: cannot read\ncaused by: no\nhint: try\n";
        assert_eq!(
            told(said),
            (
                Some("cannot read: no".to_owned()),
                vec!["the index lies".to_owned()]
            )
        );
        assert_eq!(told("Segmentation fault\n"), (None, vec![]));
    }

    #[test]
    fn unfinished_files_of_a_target_go_and_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [
            ".a.avi.drv-x1",
            ".b.avi.drv-x2",
            "a.avi",
            "a.avi.report.json",
        ] {
            std::fs::write(folder.path().join(name), b"").expect("ours");
        }
        super::sweep(&folder.path().join("a.avi"));
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .expect("ours")
            .map(|entry| entry.expect("ours").file_name())
            .collect();
        left.sort();
        assert_eq!(left, [".b.avi.drv-x2", "a.avi", "a.avi.report.json"]);
    }
}
