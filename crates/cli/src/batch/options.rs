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

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Options;

    fn of(line: &str) -> Option<Options> {
        Options::of(line.split(' '))
    }

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn options_of_a_file_are_handed_on_and_those_of_the_batch_are_not() {
        let options = of(
            "drv -q --registry r.toml convert --batch list --out new --jobs 3 --shard 0/2 --timeout 9 --summary s.json \
             --format json --format 8000Hz,mono --driver a.acm --driver=b.dll --copy-audio --frames 3..9 --state s",
        )
        .expect("a conversion");
        let deciding = [
            "--driver=a.acm",
            "--driver=b.dll",
            "--format=8000Hz,mono",
            "--state=s",
            "--frames=3..9",
            "--copy-audio",
        ];
        assert_eq!(options.deciding, words(&deciding));
        assert_eq!(
            options.words,
            [words(&deciding), words(&["--registry=r.toml"])].concat()
        );
    }

    #[test]
    fn what_a_child_is_given_has_the_same_options() {
        let batch = of("drv convert --batch b --out o --quality 7 --to avi --strict --path p");
        let batch = batch.expect("a conversion");
        let child = ["drv", "convert"].map(OsString::from).into_iter();
        let child = child
            .chain(batch.words.clone())
            .chain(["--report=r", "--", "in", "out"].map(OsString::from));
        assert_eq!(Options::of(child), Some(batch));
    }

    #[test]
    fn other_command_lines_have_none() {
        for line in [
            "drv list",
            "drv convert in",
            "drv convert in out --frobnicate",
            "",
            "drv",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
