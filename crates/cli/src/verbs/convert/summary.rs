//! What is said when a conversion has ended.

use std::io::Write as _;

use opendriver_codec::convert::{Format, Track, Way, Written};
use serde::Serialize;

use super::Work;
use super::provenance::word;
use super::source::STANDARD;
use crate::report::{Exit, Failure};

/// A conversion as JSON has it on one line.
#[derive(Serialize)]
struct Summary<'a> {
    input: String,
    output: String,
    complete: bool,
    warnings: u64,
    streams: Vec<Stream<'a>>,
}

#[derive(Serialize)]
struct Stream<'a> {
    stream: usize,
    way: &'static str,
    from: String,
    to: String,
    drivers: Vec<&'a str>,
    pieces: u64,
    bytes: u64,
}

impl Work<'_> {
    /// Says in a line what became of what.
    pub(super) fn summary(&self, exit: Exit) -> Result<(), Failure> {
        if self.session.quiet {
            return Ok(());
        }
        let printer = &self.session.printer;
        let line = match printer.is_text() {
            true => self.sentence(exit),
            false => serde_json::to_string(&self.object(exit)).unwrap_or_default(),
        };
        // What is written to standard output must stay alone there.
        if self.output.as_os_str() == STANDARD {
            // A standard error that cannot be written to leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "{line}");
            return Ok(());
        }
        Ok(printer.text(&(line + "\n"))?)
    }

    fn sentence(&self, exit: Exit) -> String {
        let streams: Vec<String> = self
            .tracks
            .iter()
            .zip(&self.written)
            .filter(|(track, _)| track.way != Way::Drop)
            .map(|(track, written)| sentence(track, *written))
            .collect();
        let stopped = match exit {
            Exit::Interrupted => "stopped; ",
            _ => "",
        };
        format!("{}: {stopped}{}", self.output(), streams.join("; "))
    }

    fn object(&self, exit: Exit) -> Summary<'_> {
        let streams = self.tracks.iter().zip(&self.written);
        let streams = streams.map(|(track, written)| Stream {
            stream: track.stream,
            way: word(track.way),
            from: track.from.to_string(),
            to: track.to.to_string(),
            drivers: drivers(track),
            pieces: written.pieces,
            bytes: written.bytes,
        });
        Summary {
            input: self.input.display().to_string(),
            output: self.output(),
            complete: exit == Exit::Done,
            warnings: self.record.warned,
            streams: streams.collect(),
        }
    }

    fn output(&self) -> String {
        let path = self.placed.as_deref().unwrap_or(self.output);
        path.display().to_string()
    }
}

fn drivers(track: &Track) -> Vec<&str> {
    let steps = track.steps.iter();
    steps
        .filter_map(|step| step.module.as_ref().map(|module| module.name.as_str()))
        .collect()
}

/// What became of a stream: `250 frames of RGB24, 320x240, from cvid, 320x240, by iccvid.dll`.
fn sentence(track: &Track, written: Written) -> String {
    let count = match (&track.from, written.pieces) {
        (Format::Pictures(_), 1) => "1 frame of ".to_owned(),
        (Format::Pictures(_), frames) => format!("{frames} frames of "),
        _ => String::new(),
    };
    let mut text = format!("{count}{}", track.to);
    if track.way == Way::Copy {
        return text + ", copied";
    }
    if track.from != track.to {
        text += &format!(", from {}", track.from);
    }
    match drivers(track).as_slice() {
        [] => text,
        drivers => format!("{text}, by {}", drivers.join(", ")),
    }
}
