//! What became of each file, and of all of them.

use std::io::{self, Write as _};
use std::path::Path;

use anstyle::AnsiColor;
use serde::{Serialize, Serializer};

use super::plan::Job;
use crate::printer;
use crate::report::Exit;
use crate::table::{self, Align};

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Outcome {
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    #[serde(rename = "outcome")]
    end: End,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "number")]
    status: Option<Exit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// How the work on a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Converted,
    Skipped,
    Failed,
    Left,
}

impl Outcome {
    fn of(job: &Job, end: End) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self {
            input: text(&job.source),
            target: Some(text(&job.target)),
            report: Some(text(&job.report)),
            end,
            status: None,
            error: None,
            warnings: Vec::new(),
        }
    }

    /// It was converted, with these warnings.
    pub(super) fn converted(job: &Job, warnings: Vec<String>) -> Self {
        Self {
            warnings,
            ..Self::of(job, End::Converted)
        }
    }

    /// It had been converted before.
    pub(super) fn skipped(job: &Job) -> Self {
        Self::of(job, End::Skipped)
    }

    /// It could not be converted.
    pub(super) fn failed(job: &Job, status: Exit, error: String, warnings: Vec<String>) -> Self {
        Self {
            status: Some(status),
            error: Some(error),
            warnings,
            ..Self::of(job, End::Failed)
        }
    }

    /// Says on standard error why it failed, where it did, and unless `quiet` what was odd about it.
    pub(super) fn complain(&self, quiet: bool) {
        let say = |colour: AnsiColor, label: &str, what: &str| {
            let stderr = io::stderr();
            let style = colour.on_default().bold();
            let label = printer::paint(printer::allows_colour(&stderr), style, label);
            // A standard error that cannot be written to leaves nobody to tell.
            let _ = writeln!(stderr.lock(), "{label} {}: {what}", self.input);
        };
        if let (Some(first), false) = (self.warnings.first(), quiet) {
            let more = match self.warnings.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more, in its report)"),
            };
            say(AnsiColor::Yellow, "warning:", &format!("{first}{more}"));
        }
        if let Some(error) = &self.error {
            say(AnsiColor::Red, "error:", error);
        }
    }

    /// Somebody said stop before it was done.
    pub(super) fn left(job: &Job) -> Self {
        Self::of(job, End::Left)
    }

    /// A folder or link below the one that is converted could not be looked into.
    pub(super) fn unread(path: &Path, error: String) -> Self {
        Self {
            input: path.to_string_lossy().into_owned(),
            target: None,
            report: None,
            end: End::Failed,
            status: Some(Exit::Unasked),
            error: Some(error),
            warnings: Vec::new(),
        }
    }
}

/// An exit status as the number that scripts know it by.
fn number<S: Serializer>(status: &Option<Exit>, to: S) -> Result<S::Ok, S::Error> {
    status.map(|status| status as u8).serialize(to)
}

/// What became of all files.
#[derive(Debug, Default)]
pub(super) struct Summary {
    counts: Counts,
    files: Vec<Outcome>,
    worst: Exit,
}

/// How many ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) converted: usize,
    pub(super) skipped: usize,
    pub(super) failed: usize,
    /// Those that are still to do because somebody said stop.
    pub(super) left: usize,
}

/// The summary as a file has it.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    counts: Counts,
    files: &'a [Outcome],
}

impl Summary {
    /// Counts one more file.
    pub(super) fn add(&mut self, outcome: Outcome) {
        let count = match outcome.end {
            End::Converted => &mut self.counts.converted,
            End::Skipped => &mut self.counts.skipped,
            End::Failed => &mut self.counts.failed,
            End::Left => &mut self.counts.left,
        };
        *count += 1;
        self.worst = self.worst.max(outcome.status.unwrap_or_default());
        self.files.push(outcome);
    }

    /// How many ended how, so far.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// The exit status of the whole: the worst of all.
    pub(super) fn exit(&self) -> Exit {
        self.worst
    }

    /// All of it as JSON.
    pub(super) fn json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(&Written {
            counts: self.counts,
            files: &self.files,
        })?;
        json.push(b'\n');
        Ok(json)
    }

    /// The counts in a line, and a table of what failed.
    pub(super) fn text(&self) -> String {
        let Counts {
            converted,
            skipped,
            failed,
            left,
        } = self.counts;
        let mut text = format!("{converted} converted, {skipped} skipped, {failed} failed");
        if left > 0 {
            text += &format!(", {left} left");
        }
        text.push('\n');
        let rows: Vec<[String; 3]> = self
            .files
            .iter()
            .filter_map(|file| {
                let (status, error) = (file.status?, file.error.as_ref()?);
                Some([
                    file.input.clone(),
                    (status as u8).to_string(),
                    error.clone(),
                ])
            })
            .collect();
        text + &table::render(
            [Align::Left, Align::Right, Align::Left],
            ["failed", "status", "why"],
            &rows,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Counts, Job, Outcome, Summary};
    use crate::report::Exit;

    fn job(name: &str) -> Job {
        Job {
            name: name.into(),
            source: Path::new("old").join(name),
            target: Path::new("new").join(name),
            report: Path::new("new").join(format!("{name}.report.json")),
        }
    }

    fn summary() -> Summary {
        let mut summary = Summary::default();
        summary.add(Outcome::converted(
            &job("a.avi"),
            vec!["the index lies".into()],
        ));
        summary.add(Outcome::skipped(&job("b.avi")));
        summary.add(Outcome::failed(
            &job("c.avi"),
            Exit::Broke,
            "the driver broke".into(),
            vec![],
        ));
        summary.add(Outcome::failed(
            &job("d d.avi"),
            Exit::Refused,
            "no driver takes it".into(),
            vec![],
        ));
        summary
    }

    #[test]
    fn people_read_counts_and_what_failed() {
        assert_eq!(
            summary().text(),
            "1 converted, 1 skipped, 2 failed\n\
             failed       status  why\n\
             old/c.avi         3  the driver broke\n\
             old/d d.avi       1  no driver takes it\n"
        );
        let mut stopped = Summary::default();
        stopped.add(Outcome::left(&job("a.avi")));
        assert_eq!(stopped.text(), "0 converted, 0 skipped, 0 failed, 1 left\n");
    }

    #[test]
    fn programs_read_every_file_with_its_end() {
        let json: serde_json::Value =
            serde_json::from_slice(&summary().json().expect("JSON")).expect("JSON");
        assert_eq!(json["converted"], 1);
        assert_eq!(json["failed"], 2);
        assert_eq!(
            json["files"][0],
            serde_json::json!({
                "input": "old/a.avi", "target": "new/a.avi", "report": "new/a.avi.report.json",
                "outcome": "converted", "warnings": ["the index lies"],
            })
        );
        assert_eq!(json["files"][2]["status"], 3);
        assert_eq!(json["files"][2]["error"], "the driver broke");
    }

    #[test]
    fn the_worst_end_is_that_of_the_whole() {
        assert_eq!(summary().exit(), Exit::Broke);
        assert_eq!(Summary::default().exit(), Exit::Done);
        assert_eq!(Summary::default().counts(), Counts::default());
    }
}
