//! What a file holds, for people.

use super::contents::{Contents, Stream};
use crate::page::Page;
use crate::printer::Printer;

pub(super) fn text(contents: &Contents, printer: &Printer) -> String {
    let mut page = Page::new(10, printer);
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
    page.finish()
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
