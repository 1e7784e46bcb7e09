//! `drv doctor`: what this machine can do for drivers, and what is in the way.

mod drivers;
mod files;
mod memory;
mod system;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::report::{Exit, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// What was found out about one thing.
#[derive(Serialize)]
struct Finding {
    check: String,
    state: State,
    found: String,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

/// What a finding means to drivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// Some would miss it.
    Note,
    /// It stops drivers.
    Problem,
}

impl Finding {
    fn new(check: impl Into<String>, state: State, found: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            state,
            found: found.into(),
            advice: None,
        }
    }

    fn ok(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, State::Ok, found)
    }

    fn note(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, State::Note, found)
    }

    fn problem(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, State::Problem, found)
    }

    fn advise(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }
}

pub(super) fn run(session: &Session) -> Result<Exit, Failure> {
    let memory = memory::findings();
    let findings: Vec<Finding> = drivers::findings(&memory)
        .into_iter()
        .chain(memory)
        .chain(system::findings())
        .chain(files::findings(session))
        .collect();
    if session.printer.is_text() {
        session.printer.text(&text(&findings, session))?;
    } else {
        for finding in &findings {
            session.printer.json(finding)?;
        }
    }
    let is_stopped = findings
        .iter()
        .any(|finding| finding.state == State::Problem);
    Ok(if is_stopped {
        Exit::Refused
    } else {
        Exit::Done
    })
}

fn text(findings: &[Finding], session: &Session) -> String {
    let mut table = Table::new([Align::Left; 3]);
    let rows: Vec<_> = findings.iter().map(row).collect();
    // Each state has room, so that the columns stand where they stood before something happened.
    table.expect(&["problem", "", ""]);
    for row in &rows {
        table.expect(row);
    }
    let mut text = String::new();
    for (finding, row) in findings.iter().zip(&rows) {
        let style = match finding.state {
            State::Ok => Style::new(),
            State::Note => AnsiColor::Yellow.on_default(),
            State::Problem => AnsiColor::Red.on_default(),
        };
        text += &session.printer.paint(style, &table.line(row));
        text.push('\n');
        if let Some(advice) = finding.advice {
            text += &table.line(&["", "", &format!("hint: {advice}")]);
            text.push('\n');
        }
    }
    text
}

fn row(finding: &Finding) -> [&str; 3] {
    let state = match finding.state {
        State::Ok => "ok",
        State::Note => "note",
        State::Problem => "problem",
    };
    [state, &finding.check, &finding.found]
}
