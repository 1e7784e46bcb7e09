//! What each verb does.

mod completions;
mod open;
mod registry;

use crate::args::{Cli, Verb};
use crate::report::{Exit, Failure};
use crate::session::Session;

/// Does what was asked. Answers the exit status where all that there is to say was said.
pub(crate) fn run(cli: &Cli) -> Result<Exit, Failure> {
    let session = Session::new(&cli.global);
    match &cli.verb {
        Verb::Open(open) => open::run(open, &session),
        Verb::Registry(registry) => registry::run(registry, &session),
        Verb::Completions(completions) => completions::run(completions, &session),
        _ => Err(Failure::new(
            Exit::Unasked,
            "this verb is not in this build",
        )),
    }
}
