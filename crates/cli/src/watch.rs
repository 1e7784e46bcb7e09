//! What happens inside, for people: everything that is said to drivers (`--trace`), and what drivers say on the side.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::Arc;

use anstyle::{AnsiColor, Effects, Style};
use opendriver::{Answered, Asked, Recorder, Report};

use crate::printer;
use crate::transcript::number;

/// Writes to standard error while things happen, and passes them on.
pub(crate) struct Watch {
    trace: bool,
    quiet: bool,
    colour: bool,
    next: Option<Arc<dyn Recorder>>,
}

impl Watch {
    /// Watches for `next`, too.
    pub(crate) fn new(trace: bool, quiet: bool, next: Option<Arc<dyn Recorder>>) -> Self {
        let colour = printer::allows_colour(&io::stderr());
        Self {
            trace,
            quiet,
            colour,
            next,
        }
    }

    fn say(&self, style: Style, label: &str, what: &dyn Display) {
        let label = printer::paint(self.colour, style, label);
        // A standard error that cannot be written to leaves nobody to tell.
        let _ = writeln!(io::stderr(), "{label} {what}");
    }

    fn dim(&self, label: &str, what: &dyn Display) {
        self.say(Style::new().effects(Effects::DIMMED), label, what);
    }
}

impl Recorder for Watch {
    fn begin(&self, asked: &Asked<'_>) {
        if self.trace {
            let p1 = asked
                .text
                .map_or_else(|| number(asked.param1 as i64), |text| format!("{text:?}"));
            let p2 = number(asked.param2 as i64);
            let Asked {
                seq,
                module,
                handle,
                message,
                ..
            } = asked;
            self.dim(
                "trace:",
                &format_args!("#{seq} {module} {handle} {message}({p1}, {p2})"),
            );
        }
        if let Some(next) = &self.next {
            next.begin(asked);
        }
    }

    fn end(&self, answered: &Answered<'_>) {
        if self.trace {
            let seq = answered.seq;
            match answered.answer {
                Ok(answer) => self.dim(
                    "trace:",
                    &format_args!("#{seq} = {}", number(answer as i64)),
                ),
                Err(fault) => self.dim("trace:", &format_args!("#{seq} broke: {fault}")),
            }
        }
        if let Some(next) = &self.next {
            next.end(answered);
        }
    }

    fn report(&self, report: &Report) {
        match report.kind {
            // What Windows drivers call, say to a debugger and write to the console: much, and mostly about themselves.
            "call" | "debug" | "output" if self.trace => {
                self.dim("trace:", &format_args!("  {}", report.text.trim_end()));
            }
            "call" | "debug" | "output" => {}
            _ if self.quiet => {}
            kind => self.say(
                AnsiColor::Yellow.on_default().bold(),
                "note:",
                &format_args!("{}: {}", report.module, told(kind, &report.text)),
            ),
        }
        if let Some(next) = &self.next {
            next.report(report);
        }
    }
}

/// What is told, after the kind of thing that it is: most reports begin with that word themselves.
fn told(kind: &str, text: &str) -> String {
    if text.starts_with(kind) {
        text.to_owned()
    } else {
        format!("{kind}: {text}")
    }
}
