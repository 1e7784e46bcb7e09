//! `drv probe`: which streams a file has, and which installed driver opens each.

mod contents;

mod openers;

mod page;

use std::fs::File;
use std::io::{self, Cursor, Read as _};
use std::path::Path;

use anstyle::AnsiColor;
use opendriver_codec::file::{Input, SIGNATURE, signature};

use self::contents::Contents;
use self::openers::Installed;
use crate::args;
use crate::printer::{allows_colour, paint};
use crate::report::{Exit, Failure};
use crate::session::Session;

pub(super) fn run(probe: &args::Probe, session: &Session) -> Result<Exit, Failure> {
    let name = probe.file.display().to_string();
    let unreadable = |source| {
        let file = name.clone();
        Failure::new(Exit::Unasked, Unreadable { file, source })
    };
    let mut input = open(&probe.file).map_err(unreadable)?;
    let mut start = Vec::new();
    let read = input.read_up_to(SIGNATURE as u64, &mut start);
    let input = read
        .and_then(|_| again(input, &start))
        .map_err(unreadable)?;
    let contents =
        Contents::read(&name, &start, input).map_err(|error| Failure::new(Exit::Unasked, error))?;
    let Some(mut contents) = contents else {
        return Err(stranger(&name, &start));
    };
    let manager = session.manager(None);
    let installed = Installed::list(&manager)?;
    for stream in &mut contents.streams {
        installed.ask(stream);
    }
    session
        .printer
        .row(&contents, |contents| page::text(contents, &session.printer))?;
    if session.printer.is_text() {
        let label = paint(
            allows_colour(&io::stderr()),
            AnsiColor::Yellow.on_default().bold(),
            "warning:",
        );
        for warning in &contents.warnings {
            eprintln!("{label} at offset {}: {}", warning.offset, warning.text);
        }
    }
    let is_closed = |stream: &contents::Stream| stream.needs_driver && stream.opened_by.is_empty();
    Ok(match contents.streams.iter().any(is_closed) {
        true => Exit::Refused,
        false => Exit::Done,
    })
}

/// A file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read \"{file}\"")]
struct Unreadable {
    file: String,
    source: io::Error,
}

fn open(path: &Path) -> io::Result<Input> {
    if path.as_os_str() == "-" {
        return Ok(Input::pipe(io::stdin()));
    }
    let file = File::open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match kind.is_file() {
        true => Input::file(file),
        false => Ok(Input::pipe(file)),
    }
}

/// The input from its start, of which this much was read.
fn again(mut input: Input, start: &[u8]) -> io::Result<Input> {
    if input.can_seek() {
        input.seek(0)?;
        return Ok(input);
    }
    Ok(Input::pipe(Cursor::new(start.to_vec()).chain(input)))
}

/// The error for a file that has no streams that we know.
fn stranger(name: &str, start: &[u8]) -> Failure {
    let known = signature(start);
    let is_program = start.starts_with(b"MZ") || start.starts_with(b"\x7fELF");
    let what = match (known, start) {
        (_, []) => "is empty".to_owned(),
        (Some(known), _) => format!("is no AVI, WAV or Y4M file, but {known}"),
        (None, _) => "is no AVI, WAV or Y4M file, and not known otherwise".to_owned(),
    };
    let failure = Failure::new(Exit::Unasked, format!("\"{name}\" {what}"));
    if is_program {
        return failure.hint(format!("`drv info {name}` says more if it is a driver"));
    }
    failure
}
