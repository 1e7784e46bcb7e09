//! Text for people: headings, and lines of a label and a value.

use std::fmt::Write as _;

use anstyle::{Effects, Style};

use crate::printer::Printer;

/// A page, built line by line.
pub(crate) struct Page<'a> {
    text: String,
    /// How wide the labels are.
    labels: usize,
    printer: &'a Printer,
}

impl<'a> Page<'a> {
    /// An empty page whose labels take so many columns.
    pub(crate) fn new(labels: usize, printer: &'a Printer) -> Self {
        Self {
            text: String::new(),
            labels,
            printer,
        }
    }

    /// A line by itself that stands out.
    pub(crate) fn heading(&mut self, heading: &str) {
        let heading = self
            .printer
            .paint(Style::new().effects(Effects::BOLD), heading);
        // Writing into a String cannot fail.
        let _ = writeln!(self.text, "{heading}");
    }

    /// A line `label  value`; nothing where there is no value.
    pub(crate) fn line(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            let style = Style::new().effects(Effects::DIMMED);
            let label = format!("{label:<width$}", width = self.labels);
            let label = self.printer.paint(style, &label);
            let _ = writeln!(self.text, "  {label}  {value}");
        }
    }

    /// Lines that are made already.
    pub(crate) fn lines(&mut self, lines: &str) {
        self.text += lines;
    }

    /// The whole page.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}
