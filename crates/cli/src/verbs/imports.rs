//! `drv imports`: what a Windows driver wants from other DLLs, and what of it is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anstyle::{AnsiColor, Effects, Style};
use opendriver_win32::{Import, Imports, LoadError, Source, Width};
use serde::Serialize;

use crate::args;
use crate::report::{Exit, Failure};
use crate::session::{Located, Session};

/// One import as JSON has it.
#[derive(Serialize)]
struct Row<'a> {
    dll: &'a str,
    symbol: &'a str,
    state: &'static str,
    delayed: bool,
}

pub(super) fn run(imports: &args::Imports, session: &Session) -> Result<Exit, Failure> {
    let file = match session.locate(&imports.driver, None)? {
        Located::File(file) => file,
        Located::BuiltIn(_) => {
            let error = format!("\"{}\" is built in: it imports nothing", imports.driver);
            return Err(Failure::new(Exit::Unasked, error));
        }
        Located::Nowhere => return Err(Session::nowhere(&imports.driver)),
    };
    let folders: Vec<&Path> = session.folders().iter().map(AsRef::as_ref).collect();
    let found = opendriver_win32::imports(&file, &folders).map_err(failure)?;
    let missing = found
        .entries
        .iter()
        .filter(|import| import.source == Source::Missing)
        .count();
    if session.printer.is_text() {
        session
            .printer
            .text(&text(&found, missing, imports.missing, session))?;
    } else {
        for import in shown(&found.entries, imports.missing) {
            session.printer.json(&Row {
                dll: &import.dll,
                symbol: &import.symbol,
                state: state(import.source),
                delayed: import.is_delayed,
            })?;
        }
    }
    Ok(if missing == 0 {
        Exit::Done
    } else {
        Exit::Refused
    })
}

fn failure(error: LoadError) -> Failure {
    Failure::new(Exit::Unasked, error)
}

fn shown(found: &[Import], missing_only: bool) -> impl Iterator<Item = &Import> {
    found
        .iter()
        .filter(move |import| !missing_only || import.source == Source::Missing)
}

fn text(found: &Imports, missing: usize, missing_only: bool, session: &Session) -> String {
    let printer = &session.printer;
    let mut text = String::new();
    let mut dll = None;
    for import in shown(&found.entries, missing_only) {
        if dll != Some(&import.dll) {
            dll = Some(&import.dll);
            text += &printer.paint(Style::new().effects(Effects::BOLD), &import.dll);
            text.push('\n');
        }
        let style = match import.source {
            Source::Missing => AnsiColor::Red.on_default(),
            _ => Style::new(),
        };
        let delayed = if import.is_delayed { ", delayed" } else { "" };
        let line = format!("  {:<11}  {}{delayed}", state(import.source), import.symbol);
        text += &printer.paint(style, &line);
        text.push('\n');
    }
    let dlls: BTreeSet<String> = found
        .entries
        .iter()
        .map(|import| import.dll.to_ascii_lowercase())
        .collect();
    // Writing into a String cannot fail.
    let _ = writeln!(
        text,
        "{} from {}: {} there, {missing} missing{}",
        plural(found.entries.len(), "import"),
        plural(dlls.len(), "DLL"),
        found.entries.len() - missing,
        match found.width {
            Width::Bits32 => ", for 32-bit drivers",
            Width::Bits64 => "",
        },
    );
    text
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn state(source: Source) -> &'static str {
    match source {
        Source::Shim => "implemented",
        Source::File => "file",
        _ => "missing",
    }
}
