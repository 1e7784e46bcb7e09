//! `drv info`: what the file says, and what the driver says of itself.

use opendriver::{Blame, OpenOptions};
use serde::Serialize;

use crate::args;
use crate::describe::{Acm, Answers, Facts, Kind, Mci, Vfw, ask};
use crate::page::Page;
use crate::printer::Printer;
use crate::report::{Exit, Failure};
use crate::session::{Located, Session};
use crate::table::{Align, render};

/// A driver as JSON has it: what the file says, and what the driver answers.
#[derive(Serialize)]
struct Described<'a> {
    driver: &'a str,
    #[serde(flatten)]
    facts: Option<&'a Facts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(flatten)]
    answers: Option<&'a Answers>,
}

pub(super) fn run(info: &args::Info, session: &Session) -> Result<Exit, Failure> {
    let manager = session.manager(None);
    let options = OpenOptions::new(&info.driver);
    let facts = match session.locate(&info.driver, None)? {
        Located::BuiltIn(_) => None,
        Located::File(file) => Some(
            Facts::read(&file)
                .map_err(|source| Failure::from(opendriver::Error::Unreadable { file, source }))?,
        ),
        Located::Nowhere => return Err(Session::nowhere(&info.driver)),
    };
    let answers = if info.no_open {
        Ok(None)
    } else {
        ask(&manager, options, facts.as_ref()).map(Some)
    };
    let (answers, failure) = match answers {
        Ok(answers) => (answers, None),
        // What is wrong with the file stands on the page.
        Err(unasked) if unasked.error.blame() == Blame::File => {
            (None, Some(Failure::from(unasked).without_hints()))
        }
        Err(unasked) => (None, Some(Failure::from(unasked))),
    };
    let described = Described {
        driver: &info.driver,
        facts: facts.as_ref(),
        kind: facts.is_none().then_some(Kind::BuiltIn),
        answers: answers.as_ref(),
    };
    session
        .printer
        .row(&described, |described| text(described, &session.printer))?;
    failure.map_or(Ok(Exit::Done), Err)
}

fn text(described: &Described<'_>, printer: &Printer) -> String {
    let mut page = Page::new(16, printer);
    page.heading(described.driver);
    match described.facts {
        Some(facts) => file(&mut page, facts),
        None => page.line("kind", "built-in, linked into this program"),
    }
    if let Some(answers) = described.answers {
        page.line(
            "class",
            &format!("{}: {}", long_name(answers.class), answers.because),
        );
        if let Some(configurable) = answers.configurable {
            page.line(
                "configuration",
                if configurable {
                    "has a dialog"
                } else {
                    "has no dialog"
                },
            );
        }
        if let Some(acm) = &answers.acm {
            audio(&mut page, acm);
        }
        if let Some(vfw) = &answers.vfw {
            video(&mut page, vfw);
        }
        if let Some(mci) = &answers.mci {
            device(&mut page, mci);
        }
    }
    page.finish()
}

fn file(page: &mut Page<'_>, facts: &Facts) {
    page.line("file", &facts.file.display().to_string());
    page.line("kind", &facts.kind.to_string());
    page.line("machine", facts.machine.as_deref().unwrap_or_default());
    page.line("exports", &shortened(&facts.exports));
    if let Some(version) = &facts.version {
        page.line("version", version.file.as_deref().unwrap_or_default());
        page.line("made as", version.purpose.unwrap_or_default());
        for (name, value) in &version.texts {
            if matches!(
                name.as_str(),
                "CompanyName"
                    | "FileDescription"
                    | "ProductName"
                    | "LegalCopyright"
                    | "OriginalFilename"
            ) {
                page.line(name, value.trim());
            }
        }
    }
    for problem in &facts.problems {
        page.line("broken", problem);
    }
}

/// The first names of a list, and how many more there are.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown = names
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => format!("{shown} and {} more", count - SHOWN),
        _ => shown,
    }
}

fn long_name(class: &str) -> &'static str {
    match class {
        "acm" => "ACM audio codec",
        "vfw" => "VfW video codec",
        "mci" => "MCI device",
        "wave" => "wave/MIDI driver",
        _ => "plain driver",
    }
}

fn audio(page: &mut Page<'_>, acm: &Acm) {
    page.heading("says of itself");
    page.line("short name", &acm.short_name);
    page.line("long name", &acm.long_name);
    page.line("copyright", &acm.copyright);
    page.line("licensing", &acm.licensing);
    page.line("features", &acm.features);
    page.line(
        "ids",
        &format!("manufacturer {}, product {}", acm.manufacturer, acm.product),
    );
    page.line(
        "version",
        &format!("{} for ACM {}", acm.driver_version, acm.acm_version),
    );
    page.line("supports", &acm.support.join(", "));
    if acm.filter_tags > 0 {
        page.line("filter tags", &acm.filter_tags.to_string());
    }
    let rows: Vec<[String; 4]> = acm
        .format_tags
        .iter()
        .map(|tag| {
            [
                format!("  {:#06x}", tag.tag),
                tag.name.clone(),
                tag.standard_formats.to_string(),
                tag.support.join(", "),
            ]
        })
        .collect();
    let head = ["  tag", "name", "formats", "supports"];
    page.heading("format tags");
    page.lines(&render(
        [Align::Left, Align::Left, Align::Right, Align::Left],
        head,
        &rows,
    ));
}

fn video(page: &mut Page<'_>, vfw: &Vfw) {
    page.heading("says of itself");
    page.line("name", &vfw.name);
    page.line("description", &vfw.description);
    page.line("driver", &vfw.driver);
    page.line("handler", &vfw.handler);
    page.line(
        "version",
        &format!("{:#x} for ICM {:#x}", vfw.version, vfw.icm_version),
    );
    page.line("supports", &vfw.flags.join(", "));
}

fn device(page: &mut Page<'_>, mci: &Mci) {
    page.heading("says of itself");
    page.line("device type", mci.device);
    if let Some(table) = mci.command_table {
        page.line("command table", &format!("resource {table}"));
    }
}
