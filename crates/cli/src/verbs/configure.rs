//! `drv configure`: is there a dialog, and if so, show it.

use opendriver::Configured;

use super::install::said;
use crate::args;
use crate::report::{Exit, Failure};
use crate::session::Session;

pub(super) fn run(configure: &args::Configure, session: &Session) -> Result<Exit, Failure> {
    let manager = session.manager(None);
    let (alias, section) = (configure.alias.as_str(), configure.section.as_deref());
    if !manager.query_configure(alias, section)? {
        let error = format!("\"{alias}\" has no configuration dialog");
        return Err(Failure::new(Exit::Refused, error));
    }
    // 0: the dialog has no parent window.
    let answer = manager.configure(alias, section, 0)?;
    if answer == Configured::Cancel {
        return Err(Failure::new(
            Exit::Refused,
            "the configuration was cancelled: nothing was changed",
        ));
    }
    said(session, &format!("configured {alias}"), answer)?;
    Ok(Exit::Done)
}
