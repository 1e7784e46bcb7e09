//! `drv convert --batch`: many files, each in a process of its own, so that one that breaks stops none of the rest.

mod plan;

mod list;
mod shard;
mod walk;

mod options;

mod done;

mod child;
mod one;
mod pool;
mod stop;

mod progress;
mod summary;

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, thread};

use self::one::Run;
use self::plan::Wanted;
use self::progress::Progress;
pub(crate) use self::shard::Shard;
use self::summary::{Outcome, Summary};
use crate::args;
use crate::places::is_same_place;
use crate::report::{Exit, Failure};
use crate::session::Session;

/// Why a batch did not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Neither a list nor a folder.
    #[error("\"{}\" is neither a list that can be read nor a folder", list.display())]
    NoList { list: PathBuf, source: io::Error },
    /// A tab without a name on one of its sides.
    #[error("line {line} of \"{}\" names no file beside its tab", list.display())]
    NoName { list: PathBuf, line: usize },
    /// A target that is not below the folder of targets.
    #[error("the target of \"{}\" would lie outside of --out", name.display())]
    Outside { name: PathBuf },
    /// Two files would be written to one.
    #[error("\"{}\" and \"{}\" would both become \"{}\"", one.display(), other.display(), target.display())]
    SameTarget {
        target: PathBuf,
        one: PathBuf,
        other: PathBuf,
    },
    /// A file of the list would be written to.
    #[error("\"{}\" is to be converted, and \"{}\" would be written over it", source_file.display(), target.display())]
    OverSource {
        target: PathBuf,
        source_file: PathBuf,
    },
    /// The system gives something that is needed not.
    #[error("cannot {what}")]
    System {
        what: &'static str,
        source: io::Error,
    },
    /// The summary would be written over a file of the list, or over what becomes of it.
    #[error("the summary \"{}\" would be written over what \"{}\" is or becomes", summary.display(), name.display())]
    OverSummary { summary: PathBuf, name: PathBuf },
    /// The summary could not be written.
    #[error("cannot write \"{}\"", file.display())]
    Unwritten { file: PathBuf, source: io::Error },
}

/// Converts all files of a list or a folder that are still to do.
///
/// # Errors
/// What keeps a batch from beginning, and a standard output that cannot be written to.
pub(crate) fn run(convert: &args::Convert, session: &Session) -> Result<Exit, Failure> {
    let batch = &convert.batch;
    let (Some(from), Some(out)) = (&batch.batch, &batch.out) else {
        // The command line does not come without them.
        return Ok(Exit::Done);
    };
    let kind = convert.to.map(|kind| kind.to_string());
    let Gathered { wanted, unread } = gather(from, out)?;
    let mut jobs = plan::plan(wanted, out, kind.as_deref())?;
    if let Some(shard) = batch.shard {
        jobs.retain(|job| shard.holds(&job.name));
    }
    let width = match batch.jobs {
        Some(width) => width,
        None => thread::available_parallelism().map_err(|source| Error::System {
            what: "count the processors",
            source,
        })?,
    };
    if let Some(summary) = &batch.summary {
        for job in &jobs {
            for place in [&job.source, &job.target, &job.report] {
                if is_same_place(summary, place) {
                    return Err(Error::OverSummary {
                        summary: summary.clone(),
                        name: job.name.clone(),
                    }
                    .into());
                }
            }
        }
    }
    let run = Run::new(
        batch.timeout.map(Duration::from_secs),
        convert.state.as_deref(),
    )?;
    run.stop.listen().map_err(|source| Error::System {
        what: "listen for Ctrl-C",
        source,
    })?;
    let progress = Progress::new(jobs.len(), session.quiet);
    let mut summary = Summary::default();
    let mut printed = Ok(());
    let mut tell = |outcome: Outcome| {
        progress.above(|| {
            outcome.complain(session.quiet);
            // Nobody reads any more: no reason to leave files unconverted.
            if printed.is_ok() && !session.printer.is_text() {
                printed = session.printer.json(&outcome);
            }
        });
        summary.add(outcome);
        progress.ended(summary.counts());
    };
    for (path, error) in unread {
        tell(Outcome::unread(&path, error.to_string()));
    }
    let begun = pool::run(&jobs, width, &run.stop, |job| run.convert(job), &mut tell);
    for job in &jobs[begun..] {
        tell(Outcome::left(job));
    }
    progress.finish();
    if let Some(file) = &batch.summary {
        write(file, &summary).map_err(|source| Error::Unwritten {
            file: file.clone(),
            source,
        })?;
    }
    printed?;
    session.printer.row(&summary.counts(), |_| summary.text())?;
    Ok(if run.stop.is_asked() {
        Exit::Interrupted
    } else {
        summary.exit()
    })
}

/// The files of a list or below a folder.
struct Gathered {
    wanted: Vec<Wanted>,
    /// What could not be looked into.
    unread: Vec<(PathBuf, io::Error)>,
}

/// Reads the list, or walks through the folder.
fn gather(from: &Path, out: &Path) -> Result<Gathered, Error> {
    if from.is_dir() {
        let walked = walk::walk(from, out);
        let wanted = walked.files.into_iter().map(|name| Wanted {
            source: from.join(&name),
            name,
            target: None,
        });
        return Ok(Gathered {
            wanted: wanted.collect(),
            unread: walked.unread,
        });
    }
    let bytes = if from == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(from)
    };
    let bytes = bytes.map_err(|source| Error::NoList {
        list: from.to_owned(),
        source,
    })?;
    let wanted = list::parse(&bytes, from)?.into_iter().map(|listed| Wanted {
        name: listed.source.clone(),
        source: listed.source,
        target: listed.target,
    });
    Ok(Gathered {
        wanted: wanted.collect(),
        unread: Vec::new(),
    })
}

/// Writes the summary into a new file that takes the place of an old one.
fn write(file: &Path, summary: &Summary) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(&summary.json()?)?;
    new.persist(file)?;
    Ok(())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = match &error {
            Error::Outside { .. } | Error::SameTarget { .. } => {
                Some("a list can name a target of its own for a file, after a tab")
            }
            Error::OverSource { .. } => Some("`--out` names another folder"),
            _ => None,
        };
        let failure = Self::new(Exit::Unasked, error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
