//! `drv list`: what is installed, and whether it loads.

use std::error::Error as StdError;

use anstyle::{AnsiColor, Style};
use opendriver::registry::Entry;
use opendriver::{Manager, OpenOptions};
use opendriver_abi::Class;
use serde::Serialize;

use crate::args;
use crate::report::{Exit, Failure};
use opendriver_setup::SECTIONS;

use crate::session::{NoEntry, Session};
use crate::table::{Align, Table};

/// An entry as JSON has it.
#[derive(Serialize)]
struct Row {
    section: String,
    alias: String,
    file: String,
    params: String,
    layer: String,
    class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<u8>,
    loads: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
}

pub(super) fn run(list: &args::List, session: &Session) -> Result<Exit, Failure> {
    let manager = session.manager(None);
    let sections = match &list.section {
        Some(section) => vec![section.as_str()],
        None => SECTIONS.to_vec(),
    };
    let mut rows = Vec::new();
    for section in sections {
        let (entries, broken) = session.entries(section)?;
        rows.extend(entries.into_iter().map(|entry| row(&manager, entry)));
        rows.extend(broken.into_iter().map(|broken| broken_row(section, broken)));
    }
    if !session.printer.is_text() {
        for row in &rows {
            session.printer.json(row)?;
        }
    } else if rows.is_empty() {
        session.printer.text("no driver is installed\n")?;
    } else {
        session.printer.text(&text(&rows, session))?;
    }
    Ok(Exit::Done)
}

fn text(rows: &[Row], session: &Session) -> String {
    let cells: Vec<[String; 8]> = rows
        .iter()
        .map(|row| {
            [
                row.section.clone(),
                row.alias.clone(),
                row.file.clone(),
                row.params.clone(),
                row.layer.clone(),
                row.class.to_owned(),
                row.bits
                    .map_or_else(|| "?".to_owned(), |bits| bits.to_string()),
                row.why_not.clone().unwrap_or_else(|| "yes".to_owned()),
            ]
        })
        .collect();
    let head = [
        "section",
        "alias",
        "file",
        "parameters",
        "layer",
        "class",
        "bits",
        "loads",
    ];
    let mut align = [Align::Left; 8];
    align[6] = Align::Right;
    let mut table = Table::new(align);
    for row in &cells {
        table.expect(row);
    }
    let mut text = table.line(&head) + "\n";
    for (row, cells) in rows.iter().zip(&cells) {
        let style = if row.loads {
            Style::new()
        } else {
            AnsiColor::Yellow.on_default()
        };
        text += &session.printer.paint(style, &table.line(cells));
        text.push('\n');
    }
    text
}

/// Opens the entry's driver and closes it again: nothing less tells whether it loads.
fn row(manager: &Manager, entry: Entry) -> Row {
    let options = OpenOptions::new(&entry.name).section(&entry.section);
    let opened = manager
        .open_with(options)
        .and_then(|instance| instance.module());
    let (bits, why_not) = match opened {
        Ok(module) => (Some(module.width.bits()), None),
        Err(error) => (None, Some(reason(&error))),
    };
    Row {
        class: class(&entry),
        loads: why_not.is_none(),
        section: entry.section,
        alias: entry.name,
        file: entry.file,
        params: entry.params,
        layer: entry.layer.to_string(),
        bits,
        why_not,
    }
}

/// What there is to say of an entry that leads to no file.
fn broken_row(section: &str, (alias, error): NoEntry) -> Row {
    Row {
        section: section.to_owned(),
        alias,
        file: String::new(),
        params: String::new(),
        layer: String::new(),
        class: "?",
        bits: None,
        loads: false,
        why_not: Some(reason(&error)),
    }
}

/// An error and its causes on one line.
fn reason(error: &dyn StdError) -> String {
    let mut reason = format!("no: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        reason += &format!(": {error}");
        cause = error.source();
    }
    reason
}

/// The class that the alias or the section stands for; no driver is asked.
fn class(entry: &Entry) -> &'static str {
    if entry.section.to_ascii_lowercase().starts_with("mci") {
        return "MCI";
    }
    match Class::of_alias(&entry.name) {
        Class::Acm => "ACM",
        Class::Vfw => "VfW",
        Class::Wave => "wave/MIDI",
        _ => "plain",
    }
}
