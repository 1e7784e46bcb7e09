//! `drv completions`: the script that a shell reads.

use crate::args;
use crate::report::{Exit, Failure};
use crate::session::Session;

pub(super) fn run(completions: &args::Completions, session: &Session) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut crate::command(), "drv", &mut script);
    session.printer.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
