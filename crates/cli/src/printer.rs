//! Where answers go: standard output, as text or as JSON lines, in colour or not, until the reader goes away.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::args::{Format, Global};

/// Standard output, shared by the verb and by what listens to the manager.
pub(crate) struct Printer {
    out: Mutex<Box<dyn Write + Send>>,
    format: Format,
    quiet: bool,
    colour: bool,
}

impl Printer {
    /// Prints to standard output the way the command line asks for.
    pub(crate) fn new(global: &Global) -> Self {
        let stdout = io::stdout();
        let format = global.printed();
        let colour = format == Format::Text && allows_colour(&stdout);
        Self {
            // What a driver was told must be on paper before it is told the next thing: it may take the process with it.
            out: Mutex::new(Box::new(stdout)),
            format,
            quiet: global.quiet,
            colour,
        }
    }

    /// Prints `text` as it stands; a text for people that ends its own lines.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Prints bytes as they stand.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let mut out = self.lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Prints one object on one line.
    pub(crate) fn json(&self, row: &impl Serialize) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let mut line = serde_json::to_vec(row).map_err(io::Error::other)?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Prints `row` as one JSON object, or what `text` makes of it.
    pub(crate) fn row<T: Serialize>(
        &self,
        row: &T,
        text: impl FnOnce(&T) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Json => self.json(row),
            Format::Text => self.text(&text(row)),
        }
    }

    /// Whether people read this.
    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// `text` in a colour, where colours are wanted.
    pub(crate) fn paint(&self, style: anstyle::Style, text: &str) -> String {
        paint(self.colour, style, text)
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn Write + Send>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `stream` is a terminal of somebody who did not object to colour.
pub(crate) fn allows_colour(stream: &impl io::IsTerminal) -> bool {
    let objected = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !objected
}

/// `text` in a colour, or plain.
pub(crate) fn paint(colour: bool, style: anstyle::Style, text: &str) -> String {
    if colour {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}
