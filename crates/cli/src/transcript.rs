//! What was said to drivers and what they answered: one line a message, nested calls indented.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use anstyle::{AnsiColor, Effects, Style};
use opendriver::{Answered, Asked, Recorder};
use opendriver_abi::{Class, Message};
use serde::Serialize;

use crate::printer::Printer;
use crate::table::{Align, Table};
use crate::verdict::Named;

/// Prints each message with its answer, in the order in which the messages began.
pub(crate) struct Transcript {
    printer: Arc<Printer>,
    class: Class,
    said: Mutex<Said>,
}

struct Said {
    /// What each thread is in the middle of: an outermost message and the ones inside it, in the order in which they began.
    open: HashMap<ThreadId, Vec<Line>>,
    table: Table<6>,
    headed: bool,
    failed: Option<io::Error>,
}

/// What is known of a line before it comes.
pub(crate) struct Cells {
    pub(crate) message: Message,
    pub(crate) p1: String,
    pub(crate) p2: String,
    pub(crate) answer: String,
}

/// One message and what came of it, as JSON has it.
#[derive(Serialize)]
struct Line {
    seq: u64,
    depth: usize,
    module: String,
    handle: u32,
    id: u64,
    message: String,
    code: u32,
    p1: i64,
    p2: i64,
    /// The parameter text, which `p1` is the address of.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(flatten)]
    outcome: Option<Outcome>,
    ns: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Answer(i64),
    Fault(String),
}

impl Transcript {
    /// Prints to `printer`, naming messages as drivers of `class` do. The lines come one by one: `to_come` are cells that are known
    /// to come, so that the columns need not jump.
    pub(crate) fn new(printer: Arc<Printer>, class: Class, to_come: &[Cells]) -> Self {
        let mut table = Table::new([
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
        ]);
        table.expect(&["", "0x400001", "DRV_DISABLE", "", "", ""]);
        for cells in to_come {
            let message = cells.message.named(class).to_string();
            table.expect(&["", "", &message, &cells.p1, &cells.p2, &cells.answer]);
        }
        Self {
            printer,
            class,
            said: Mutex::new(Said {
                open: HashMap::new(),
                table,
                headed: false,
                failed: None,
            }),
        }
    }

    /// Whether all of it could be written.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.lock().failed.take().map_or(Ok(()), Err)
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for Transcript {
    fn begin(&self, asked: &Asked<'_>) {
        self.lock()
            .open
            .entry(thread::current().id())
            .or_default()
            .push(Line {
                seq: asked.seq,
                depth: asked.depth,
                module: asked.module.to_owned(),
                handle: asked.handle.raw(),
                id: asked.id.0 as u64,
                message: asked.message.named(self.class).to_string(),
                code: asked.message.0,
                p1: asked.param1 as i64,
                p2: asked.param2 as i64,
                text: asked.text.map(str::to_owned),
                outcome: None,
                ns: 0,
            });
    }

    fn end(&self, answered: &Answered<'_>) {
        let mut said = self.lock();
        let said = &mut *said;
        let thread = thread::current().id();
        let Some(open) = said.open.get_mut(&thread) else {
            return;
        };
        let Some(line) = open.iter_mut().rev().find(|line| line.seq == answered.seq) else {
            return;
        };
        line.ns = answered.nanoseconds;
        line.outcome = Some(match answered.answer {
            Ok(answer) => Outcome::Answer(answer as i64),
            Err(fault) => Outcome::Fault(Named::new(fault, self.class).to_string()),
        });
        let outermost = open.first().is_some_and(|first| first.seq == answered.seq);
        if outermost && let Some(lines) = said.open.remove(&thread) {
            said.print(&self.printer, &lines);
        }
    }
}

impl Said {
    fn print(&mut self, printer: &Printer, lines: &[Line]) {
        for line in lines {
            if self.failed.is_some() {
                return;
            }
            let printed = if printer.is_text() {
                let text = self.text(printer, line);
                printer.text(&text)
            } else {
                printer.json(line)
            };
            self.failed = printed.err();
        }
    }

    fn text(&mut self, printer: &Printer, line: &Line) -> String {
        let mut text = String::new();
        if !self.headed {
            self.headed = true;
            self.table.expect(&[&line.module, "", "", "", "", ""]);
            let head = self.table.line(&[
                "driver", "handle", "message", "lParam1", "lParam2", "answer",
            ]);
            text = printer.paint(Style::new().effects(Effects::DIMMED), &head) + "\n";
        }
        let (answer, style) = match &line.outcome {
            Some(Outcome::Answer(answer)) => (number(*answer), style(line.code, *answer)),
            // The sentence of the fault is an error's to say: here it would widen the column of all answers that follow.
            Some(Outcome::Fault(_)) => ("broke".to_owned(), AnsiColor::Red.on_default()),
            None => ("?".to_owned(), Style::new()),
        };
        let row = self.table.line(&[
            line.module.clone(),
            format!("{:#x}", line.handle),
            format!("{:1$}{2}", "", 2 * line.depth, line.message),
            line.text
                .as_ref()
                .map_or_else(|| number(line.p1), |text| format!("{text:?}")),
            number(line.p2),
            answer,
        ]);
        text + &printer.paint(style, &row) + "\n"
    }
}

/// A number as people read it: small ones decimal, addresses and the like in hex.
pub(crate) fn number(value: i64) -> String {
    if value.unsigned_abs() < 1_000_000 {
        value.to_string()
    } else {
        format!("{value:#x}")
    }
}

/// A refusal stands out; the life cycle around the messages steps back.
fn style(code: u32, answer: i64) -> Style {
    match Message(code) {
        Message::DRV_LOAD | Message::DRV_OPEN | Message::DRV_CLOSE if answer == 0 => {
            AnsiColor::Yellow.on_default()
        }
        message if message.is_lifecycle() => Style::new().effects(Effects::DIMMED),
        _ => Style::new(),
    }
}
