//! What was said to whom, and what came back.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

use crate::Fault;

/// A message that a driver is about to be asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked<'a> {
    /// The place of the message in the order in which messages of this manager began, from 1.
    pub seq: u64,
    /// How many messages of this manager this thread is already inside.
    pub depth: usize,
    /// The driver, by its file's name or its built-in name.
    pub module: &'a str,
    /// The handle of the instance.
    pub handle: Hdrvr,
    /// The identifier that goes with the message.
    pub id: DriverId,
    /// The message.
    pub message: Message,
    /// First parameter.
    pub param1: LParam,
    /// Second parameter.
    pub param2: LParam,
    /// The parameter text, with `DRV_OPEN`.
    pub text: Option<&'a str>,
}

/// How a driver took a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answered<'a> {
    /// The `seq` of the message that this is the answer to.
    pub seq: u64,
    /// What the driver answered, or how it broke.
    pub answer: Result<LResult, &'a Fault>,
    /// How long it took, in nanoseconds.
    pub nanoseconds: u64,
}

/// Something that a person should hear of, though the message went on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The driver that it is about.
    pub module: String,
    /// What kind of thing it is (`panic`, `message box`, `overrun`).
    pub kind: &'static str,
    /// What there is to say.
    pub text: String,
}

impl Report {
    /// Says `text`, of this kind, about a driver.
    pub fn new(module: impl Into<String>, kind: &'static str, text: impl Into<String>) -> Self {
        Self {
            module: module.into(),
            kind,
            text: text.into(),
        }
    }
}

/// Sees every message begin and end. Called on the thread that carries the message, from several threads at once.
pub trait Recorder: Send + Sync {
    /// A message begins.
    fn begin(&self, asked: &Asked<'_>);

    /// The message ended.
    fn end(&self, answered: &Answered<'_>);

    /// Something to tell a person: a panic in a driver, a message box that it wanted to show.
    fn report(&self, report: &Report) {
        let _ = report;
    }
}

/// One message and what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// The place of the message in the order in which messages began, from 1.
    pub seq: u64,
    /// How many messages its thread was already inside.
    pub depth: usize,
    /// The driver.
    pub module: String,
    /// The handle of the instance.
    pub handle: Hdrvr,
    /// The identifier that went with the message.
    pub id: DriverId,
    /// The message.
    pub message: Message,
    /// First parameter.
    pub param1: LParam,
    /// Second parameter.
    pub param2: LParam,
    /// The parameter text, with `DRV_OPEN`.
    pub text: Option<String>,
    /// What came of it; `None` while the driver has not answered.
    pub outcome: Option<Outcome>,
}

/// What came of a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What the driver answered, or how it broke.
    pub answer: Result<LResult, Fault>,
    /// How long it took, in nanoseconds.
    pub nanoseconds: u64,
}

/// A recorder that keeps everything, in the order in which messages began.
///
/// ```
/// use std::sync::Arc;
/// use opendriver::{Manager, Transcript};
/// # use opendriver_sdk::{BuiltIn, Call};
/// # let driver = BuiltIn::procedure("d", |_| Box::new(|_: &Call<'_>| 1));
///
/// let transcript = Arc::new(Transcript::new());
/// let manager = Manager::builder().builtin(driver).predictable_handles(true).recorder(transcript.clone()).build();
/// manager.open("d")?.close(3, 4)?;
/// assert_eq!(transcript.records()[3].to_string(), "d 0x400001 [0x1] DRV_CLOSE(0x3, 0x4) = 0x1");
/// # Ok::<(), opendriver::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Transcript {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    records: Vec<Record>,
    reports: Vec<Report>,
}

impl Transcript {
    /// Starts with nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes out what was recorded until now.
    pub fn take(&self) -> Vec<Record> {
        std::mem::take(&mut self.lock().records)
    }

    /// Copies what was recorded until now.
    pub fn records(&self) -> Vec<Record> {
        self.lock().records.clone()
    }

    /// Copies what was reported until now.
    pub fn reports(&self) -> Vec<Report> {
        self.lock().reports.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for Transcript {
    fn begin(&self, asked: &Asked<'_>) {
        self.lock().records.push(Record {
            seq: asked.seq,
            depth: asked.depth,
            module: asked.module.to_owned(),
            handle: asked.handle,
            id: asked.id,
            message: asked.message,
            param1: asked.param1,
            param2: asked.param2,
            text: asked.text.map(str::to_owned),
            outcome: None,
        });
    }

    fn end(&self, answered: &Answered<'_>) {
        let mut kept = self.lock();
        // The newest records are the likeliest to end.
        if let Some(record) = kept
            .records
            .iter_mut()
            .rev()
            .find(|record| record.seq == answered.seq)
        {
            record.outcome = Some(Outcome {
                answer: answered.answer.map_err(Fault::clone),
                nanoseconds: answered.nanoseconds,
            });
        }
    }

    fn report(&self, report: &Report) {
        self.lock().reports.push(report.clone());
    }
}

impl Record {
    /// Writes the record as one JSON object: `seq, depth, module, handle, id, message, code, p1, p2, text, answer` or `fault`, `ns`.
    pub fn to_json(&self) -> String {
        let mut json = format!(
            "{{\"seq\":{},\"depth\":{},\"module\":{},\"handle\":{},\"id\":{},\"message\":{},\"code\":{},\"p1\":{},\"p2\":{}",
            self.seq,
            self.depth,
            quoted(&self.module),
            self.handle.raw(),
            self.id.0,
            quoted(&self.message.to_string()),
            self.message.0,
            self.param1,
            self.param2,
        );
        if let Some(text) = &self.text {
            json += &format!(",\"text\":{}", quoted(text));
        }
        if let Some(outcome) = &self.outcome {
            json += &match &outcome.answer {
                Ok(answer) => format!(",\"answer\":{answer}"),
                Err(fault) => format!(",\"fault\":{}", quoted(&fault.to_string())),
            };
            json += &format!(",\"ns\":{}", outcome.nanoseconds);
        }
        json + "}"
    }
}

/// One line: the module, the handle, the message with its parameters, and the answer; two spaces for each message around it.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            depth,
            module,
            handle,
            id,
            message,
            param1,
            param2,
            ..
        } = self;
        write!(f, "{:1$}{module} {handle} ", "", depth * 2)?;
        if id.0 != 0 {
            write!(f, "[{:#x}] ", id.0)?;
        }
        match &self.text {
            Some(text) => write!(f, "{message}({text:?}, {param2:#x})")?,
            None => write!(f, "{message}({param1:#x}, {param2:#x})")?,
        }
        match &self.outcome {
            None => write!(f, " ..."),
            Some(Outcome {
                answer: Ok(answer), ..
            }) => write!(f, " = {answer:#x}"),
            Some(Outcome {
                answer: Err(fault), ..
            }) => write!(
                f,
                " ! {}{}",
                fault.what,
                if fault.place.is_empty() {
                    String::new()
                } else {
                    format!(" at {}", fault.place)
                }
            ),
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
