//! The options of a conversion, as they are handed on to each file and compared with those of its report.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _, parser::ValueSource};

use crate::args::Cli;

/// What only a batch or only one file can be asked for, and what would keep warnings from being heard.
const OWN: [&str; 11] = [
    "input",
    "output",
    "report",
    "batch",
    "out",
    "jobs",
    "shard",
    "timeout",
    "summary",
    "save_state",
    "quiet",
];

/// What changes how things are said or found, not what comes out.
const BESIDE: [&str; 3] = ["registry", "path", "trace"];

/// The options of a `drv convert` command line, each as one word, in the order of `--help`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// All that are handed on.
    pub(super) words: Vec<OsString>,
    /// Those that decide what comes out.
    pub(super) deciding: Vec<OsString>,
}

impl Options {
    /// Reads a command line that begins with the program's name; `None` where it is none of `drv convert`.
    pub(super) fn of<T: Into<OsString> + Clone>(line: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut command = Cli::command();
        let matches = command.try_get_matches_from_mut(line).ok()?;
        let (verb, matches) = matches
            .subcommand()
            .filter(|(verb, _)| *verb == "convert")?;
        let mut options = Self::default();
        for arg in command.find_subcommand(verb)?.get_arguments() {
            let id = arg.get_id().as_str();
            if OWN.contains(&id) || matches.value_source(id) != Some(ValueSource::CommandLine) {
                continue;
            }
            let words = words(arg, matches);
            if !BESIDE.contains(&id) {
                options.deciding.extend(words.iter().cloned());
            }
            options.words.extend(words);
        }
        Some(options)
    }
}

/// An option with each of its values, as it could be typed.
fn words(arg: &Arg, matches: &ArgMatches) -> Vec<OsString> {
    let id = arg.get_id().as_str();
    let Some(long) = arg.get_long() else {
        return Vec::new();
    };
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return vec![format!("--{long}").into()];
    }
    let values = matches.get_raw(id).into_iter().flatten();
    values
        .filter(|value| !is_about_printing(id, value))
        .map(|value| {
            let mut word = OsString::from(format!("--{long}="));
            word.push(value);
            word
        })
        .collect()
}

/// Whether this says how answers are printed: children print none.
fn is_about_printing(id: &str, value: &OsStr) -> bool {
    id == "format" && (value == "text" || value == "json")
}
