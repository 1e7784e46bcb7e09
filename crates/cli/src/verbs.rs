//! What each verb does.

mod open;

mod info;

mod formats;

mod probe;

mod imports;

mod convert;

mod list;

mod configure;
mod install;

mod registry;

mod new;

mod doctor;

mod completions;

use crate::args::{Cli, Verb};
use crate::report::{Exit, Failure};
use crate::session::Session;

/// Does what was asked. Answers the exit status where all that there is to say was said.
pub(crate) fn run(cli: &Cli) -> Result<Exit, Failure> {
    let session = Session::new(&cli.global);
    match &cli.verb {
        Verb::Open(open) => open::run(open, &session),
        Verb::Info(info) => info::run(info, &session),
        Verb::Formats(formats) => formats::run(formats, &session),
        Verb::Probe(probe) => probe::run(probe, &session),
        Verb::Imports(imports) => imports::run(imports, &session),
        Verb::Convert(convert) => convert::run(convert, &session),
        Verb::List(list) => list::run(list, &session),
        Verb::Install(install) => install::install(install, &session),
        Verb::Remove(remove) => install::remove(remove, &session),
        Verb::Configure(configure) => configure::run(configure, &session),
        Verb::Registry(registry) => registry::run(registry, &session),
        Verb::New(new) => new::run(new, &session),
        Verb::Doctor(_) => doctor::run(&session),
        Verb::Completions(completions) => completions::run(completions, &session),
    }
}
