//! What a file holds, for people.

use std::fmt::Write as _;

use anstyle::{Effects, Style};

use super::contents::{Contents, Stream};
use crate::printer::Printer;

pub(super) fn text(contents: &Contents, printer: &Printer) -> String {
    let mut page = Page {
        text: String::new(),
        printer,
    };
    page.heading(&contents.file);
    let size = contents.size.map(|size| format!(", {size} bytes"));
    page.line(
        "kind",
        &format!("{}{}", contents.kind, size.unwrap_or_default()),
    );
    for (name, text) in &contents.texts {
        page.line(name, text);
    }
    for chunk in &contents.chunks {
        let place = if chunk.behind {
            ", behind the sound"
        } else {
            ""
        };
        page.line(
            "chunk",
            &format!("\"{}\" of {} bytes{place}", chunk.id, chunk.size),
        );
    }
    for about in &contents.streams {
        stream(&mut page, about);
    }
    page.text
}

fn stream(page: &mut Page<'_>, stream: &Stream) {
    page.heading(&format!("stream {}: {}", stream.stream, stream.kind));
    page.line("format", &stream.format);
    page.line("code", &stream.code);
    page.line("handler", stream.handler.as_deref().unwrap_or_default());
    page.line("name", &stream.name);
    let unit = match stream.kind.as_str() {
        "pictures" => "frames a second",
        "sound" => "samples a second",
        _ => "a second",
    };
    page.line("rate", &format!("{} {unit}", stream.rate));
    let mut length: Vec<String> = Vec::new();
    for (count, unit) in [
        (stream.frames, "frames"),
        (stream.samples, "samples"),
        (stream.bytes, "bytes"),
    ] {
        length.extend(count.map(|count| format!("{count} {unit}")));
    }
    length.extend(
        stream
            .seconds
            .map(|seconds| format!("{seconds:.3} seconds")),
    );
    page.line("length", &length.join(", "));
    if !stream.needs_driver {
        return page.line("opened by", "anyone: it is not compressed");
    }
    for opener in &stream.opened_by {
        page.line("opened by", &format!("{}, to {}", opener.driver, opener.to));
    }
    if stream.opened_by.is_empty() {
        page.line("opened by", "no installed driver");
        for refuser in &stream.refused_by {
            page.line(
                "refused by",
                &format!("{}: {}", refuser.driver, refuser.why),
            );
        }
    }
}

/// A page, built line by line.
struct Page<'a> {
    text: String,
    printer: &'a Printer,
}

impl Page<'_> {
    fn heading(&mut self, heading: &str) {
        let heading = self
            .printer
            .paint(Style::new().effects(Effects::BOLD), heading);
        // Writing into a String cannot fail.
        let _ = writeln!(self.text, "{heading}");
    }

    /// A line `label  value`; nothing where there is no value.
    fn line(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            let style = Style::new().effects(Effects::DIMMED);
            let label = self.printer.paint(style, &format!("{label:<10}"));
            let _ = writeln!(self.text, "  {label}  {value}");
        }
    }
}
