//! Tells a C program what was said to drivers, and what there is to report.
#![expect(unsafe_code, reason = "calls functions of the program")]

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use opendriver::{Answered, Asked, Record, Recorder, Report, Transcript};

/// `OpendriverRecord`: a message, before and after its driver handled it.
#[repr(C)]
#[derive(Debug)]
pub struct CRecord {
    /// How long this structure is.
    pub size: usize,
    /// The place of the message in the order in which messages began, from 1.
    pub seq: u64,
    /// How many messages its thread was already inside.
    pub depth: u32,
    /// The message.
    pub message: u32,
    /// Its name.
    pub message_name: *const c_char,
    /// The driver.
    pub module: *const c_char,
    /// The handle of the instance.
    pub hdrvr: usize,
    /// The driver's identifier.
    pub id: usize,
    /// First parameter.
    pub param1: isize,
    /// Second parameter.
    pub param2: isize,
    /// The parameter text of `DRV_OPEN`; null in all other messages.
    pub text: *const c_char,
    /// 0 before, 1 once it was answered, 2 where the driver broke.
    pub state: i32,
    /// The answer.
    pub answer: isize,
    /// How the driver broke; null where it did not.
    pub fault: *const c_char,
    /// How long it took.
    pub nanoseconds: u64,
    /// All this in one line, as `drv open` tells it.
    pub line: *const c_char,
    /// All this as an object of JSON.
    pub json: *const c_char,
}

/// `OpendriverReport`: something that a person should hear of.
#[repr(C)]
#[derive(Debug)]
pub struct CReport {
    /// How long this structure is.
    pub size: usize,
    /// The driver that it is about.
    pub module: *const c_char,
    /// What kind of thing it is.
    pub kind: *const c_char,
    /// What there is to say.
    pub text: *const c_char,
}

/// A function of the program, and what it wants to be told beside. Only who made it knows the function's type.
#[derive(Clone, Copy, Debug)]
struct Listener {
    function: usize,
    user: usize,
}

/// Who wants to hear.
#[derive(Clone, Debug, Default)]
pub struct Watcher {
    messages: Option<Listener>,
    reports: Option<Listener>,
    /// Messages that were not answered yet, by their place.
    asked: Arc<Mutex<HashMap<u64, Transcript>>>,
}

type OnMessage = extern "C" fn(*const CRecord, *mut c_void);
type OnReport = extern "C" fn(*const CReport, *mut c_void);

impl Watcher {
    /// Has every message told to `function`, an `opendriver_message_fn`; 0 for nobody.
    pub fn tell_messages(&mut self, function: usize, user: usize) {
        self.messages = (function != 0).then_some(Listener { function, user });
    }

    /// Has reports told to `function`, an `opendriver_report_fn`; 0 for nobody.
    pub fn tell_reports(&mut self, function: usize, user: usize) {
        self.reports = (function != 0).then_some(Listener { function, user });
    }

    /// Whether anybody wants to hear anything.
    pub fn is_needed(&self) -> bool {
        self.messages.is_some() || self.reports.is_some()
    }
}

impl Recorder for Watcher {
    fn begin(&self, asked: &Asked<'_>) {
        let Some(listener) = self.messages else {
            return;
        };
        let transcript = Transcript::new();
        transcript.begin(asked);
        for record in transcript.records() {
            tell(listener, &record);
        }
        let mut waiting = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(asked.seq, transcript);
    }

    fn end(&self, answered: &Answered<'_>) {
        let Some(listener) = self.messages else {
            return;
        };
        let mut waiting = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let transcript = waiting.remove(&answered.seq);
        drop(waiting);
        let Some(transcript) = transcript else { return };
        transcript.end(answered);
        for record in transcript.take() {
            tell(listener, &record);
        }
    }

    fn report(&self, report: &Report) {
        let Some(Listener { function, user }) = self.reports else {
            return;
        };
        let texts = [report.module.as_str(), report.kind, &report.text].map(text);
        let told = CReport {
            size: size_of::<CReport>(),
            module: texts[0].as_ptr(),
            kind: texts[1].as_ptr(),
            text: texts[2].as_ptr(),
        };
        // SAFETY: vouched by the program, which gave `opendriver_on_report` a function of this type.
        let function = unsafe { std::mem::transmute::<usize, OnReport>(function) };
        function(&raw const told, ptr::with_exposed_provenance_mut(user));
    }
}

fn tell(Listener { function, user }: Listener, record: &Record) {
    let message_name = text(&record.message.to_string());
    let (module, line) = (text(&record.module), text(&record.to_string()));
    let json = text(&record.to_json());
    let parameters = record.text.as_deref().map(text);
    let answer = record.outcome.as_ref().map(|outcome| &outcome.answer);
    let fault = match answer {
        Some(Err(fault)) => Some(text(&fault.to_string())),
        _ => None,
    };
    let told = CRecord {
        size: size_of::<CRecord>(),
        seq: record.seq,
        depth: record.depth as u32,
        message: record.message.0,
        message_name: message_name.as_ptr(),
        module: module.as_ptr(),
        hdrvr: record.handle.raw() as usize,
        id: record.id.0,
        param1: record.param1,
        param2: record.param2,
        text: address(parameters.as_ref()),
        state: match answer {
            None => 0,
            Some(Ok(_)) => 1,
            Some(Err(_)) => 2,
        },
        answer: answer.map_or(0, |answer| *answer.as_ref().unwrap_or(&0)),
        fault: address(fault.as_ref()),
        nanoseconds: record.outcome.as_ref().map_or(0, |it| it.nanoseconds),
        line: line.as_ptr(),
        json: json.as_ptr(),
    };
    // SAFETY: vouched by the program, which gave `opendriver_on_message` a function of this type.
    let function = unsafe { std::mem::transmute::<usize, OnMessage>(function) };
    function(&raw const told, ptr::with_exposed_provenance_mut(user));
}

/// Text for C. A zero inside would end it early.
pub fn text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

fn address(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}
