//! The binary `drv`: what can be typed, what is done about it, how it is said.
//!
//! A library only so that `xtask` can print the manual from [`command`]; nothing else may need it.
#![forbid(unsafe_code)]

mod args;
mod number;
mod request;

mod verbs;

mod batch;

mod digest;
mod places;

mod session;

mod describe;

mod transcript;
mod watch;

mod page;
mod printer;
mod table;

mod report;
mod verdict;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::Cli;
use crate::report::Exit;

/// Every verb and option with its text, for manual pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the command line says. Answers the exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads to its end is help all the same.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Unasked
            } else {
                Exit::Done
            }
            .into();
        }
    };
    verbs::run(&cli)
        .unwrap_or_else(|failure| failure.print())
        .into()
}
