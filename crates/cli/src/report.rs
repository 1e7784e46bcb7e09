//! What went wrong, as a person reads it: `error:`, `caused by:`, `hint:`, and the exit status that scripts read.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io;
use std::iter;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::printer;

/// The exit status of `drv`; the numbers are a contract, and a higher one outweighs a lower one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done.
    #[default]
    Done = 0,
    /// The driver said no.
    Refused = 1,
    /// The driver could not be asked: usage, file, registry.
    Unasked = 2,
    /// The driver broke.
    Broke = 3,
    /// Somebody stopped it (128 and SIGINT).
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads our output any more, which is nobody's fault.
    ReaderGone,
    /// Something that a person must hear.
    Told(Box<Told>),
}

/// An error with its exit status and what to do about it.
#[derive(Debug)]
pub(crate) struct Told {
    exit: Exit,
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

impl Failure {
    /// An error of this exit status.
    pub(crate) fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Told(Box::new(Told {
            exit,
            error: error.into(),
            hints: Vec::new(),
        }))
    }

    /// The same error with a way out.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(told) = &mut self {
            told.hints.push(hint.into());
        }
        self
    }

    /// The same error for those who know the way out, or are on it.
    pub(crate) fn without_hints(mut self) -> Self {
        if let Self::Told(told) = &mut self {
            told.hints.clear();
        }
        self
    }

    /// The error and its causes, the outermost first; none where nobody reads any more.
    pub(crate) fn causes(&self) -> Vec<String> {
        let Self::Told(told) = self else {
            return Vec::new();
        };
        let error: &dyn Error = &*told.error;
        iter::successors(Some(error), |&error| error.source())
            .map(ToString::to_string)
            .collect()
    }

    /// The exit status that goes with it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::ReaderGone => Exit::Done,
            Self::Told(told) => told.exit,
        }
    }

    /// Says it on standard error. Answers the exit status that goes with it.
    pub(crate) fn print(&self) -> Exit {
        if let Self::Told(told) = self {
            let stderr = io::stderr();
            let text = told.text(printer::allows_colour(&stderr));
            // A standard error that cannot be written to leaves nobody to tell.
            let _ = io::Write::write_all(&mut stderr.lock(), text.as_bytes());
        }
        self.exit()
    }
}

impl From<io::Error> for Failure {
    /// An error of writing our own output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::new(Exit::Unasked, Unwritten(error))
        }
    }
}

impl Told {
    fn text(&self, colour: bool) -> String {
        let mut text = String::new();
        let mut line = |style: Style, label: &str, what: &dyn fmt::Display| {
            let label = printer::paint(colour, style.bold(), label);
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{label} {what}");
        };
        line(AnsiColor::Red.on_default(), "error:", &self.error);
        let mut cause = self.error.source();
        while let Some(error) = cause {
            line(AnsiColor::Red.on_default(), "caused by:", &error);
            cause = error.source();
        }
        for hint in &self.hints {
            line(AnsiColor::Cyan.on_default(), "hint:", hint);
        }
        text
    }
}

/// Standard output could not be written.
#[derive(Debug)]
struct Unwritten(io::Error);

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("standard output cannot be written")
    }
}

impl Error for Unwritten {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Exit, Failure};

    fn text(failure: &Failure) -> String {
        match failure {
            Failure::ReaderGone => String::new(),
            Failure::Told(told) => told.text(false),
        }
    }

    #[test]
    fn causes_and_hints_follow_the_error() {
        let failure = Failure::from(io::Error::other("the disk is full")).hint("make room");
        assert_eq!(
            text(&failure),
            "error: standard output cannot be written\ncaused by: the disk is full\nhint: make room\n"
        );
        assert_eq!(failure.exit(), Exit::Unasked);
    }

    #[test]
    fn a_reader_that_went_away_is_success() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).hint("unheard");
        assert_eq!(failure.exit(), Exit::Done);
        assert_eq!(text(&failure), "");
    }

    #[test]
    fn a_broken_driver_outweighs_a_refusal() {
        assert!(Exit::Broke > Exit::Refused);
    }
}
