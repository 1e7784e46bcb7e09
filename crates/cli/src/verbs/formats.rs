//! `drv formats`: which formats codecs have, and what they do with each.

use anstyle::{Effects, Style};
use opendriver::{Manager, OpenOptions};
use opendriver_codec::{acm, vfw};
use opendriver_setup::LINKED_AUDIO;
use serde::Serialize;

use crate::args;
use crate::describe::{Audio, Formats, Video, VideoCode};
use crate::report::{Exit, Failure};
use crate::session::Session;
use crate::table::{Align, render};

/// A codec as JSON has it.
#[derive(Serialize)]
struct Row<'a> {
    driver: &'a str,
    #[serde(flatten)]
    formats: Option<&'a Formats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
}

pub(super) fn run(formats: &args::Formats, session: &Session) -> Result<Exit, Failure> {
    let manager = session.manager(None);
    let Some(driver) = &formats.driver else {
        return all(&manager, session);
    };
    let found = Formats::ask(&manager, OpenOptions::new(driver))?;
    let Some(found) = found else {
        let error = format!("\"{driver}\" is neither an audio codec nor a video codec");
        return Err(
            Failure::new(Exit::Refused, error).hint(format!("`drv info {driver}` says what it is"))
        );
    };
    print(session, driver, Ok(&found))?;
    Ok(Exit::Done)
}

/// Asks every codec that is installed, and the one that is linked in. One that cannot be asked stops nothing.
fn all(manager: &Manager, session: &Session) -> Result<Exit, Failure> {
    let audio = acm::Drivers::installed(manager, LINKED_AUDIO)
        .map_err(|error| Failure::new(Exit::Unasked, error))?;
    let video =
        vfw::Codecs::installed(manager).map_err(|error| Failure::new(Exit::Unasked, error))?;
    let audio = audio.iter().map(|driver| (driver.name(), driver.section()));
    let video = video
        .iter()
        .map(|codec| (codec.alias.as_str(), codec.section));
    for (name, section) in audio.chain(video) {
        let options = OpenOptions {
            section,
            ..OpenOptions::new(name)
        };
        match Formats::ask(manager, options) {
            Ok(Some(found)) => print(session, name, Ok(&found))?,
            Ok(None) => print(session, name, Err("it answers as no codec".to_owned()))?,
            Err(unasked) => {
                let causes = Failure::from(unasked).causes();
                print(session, name, Err(causes.join(": ")))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn print(session: &Session, driver: &str, found: Result<&Formats, String>) -> Result<(), Failure> {
    let row = Row {
        driver,
        formats: found.as_ref().ok().copied(),
        why_not: found.err(),
    };
    session.printer.row(&row, |row| {
        let heading = Style::new().effects(Effects::BOLD);
        session.printer.paint(heading, row.driver) + "\n" + &text(row)
    })?;
    Ok(())
}

fn text(row: &Row<'_>) -> String {
    match (row.formats, &row.why_not) {
        (Some(Formats::Acm(audio)), _) => audio_text(audio),
        (Some(Formats::Vfw(video)), _) => video_text(video),
        (None, why_not) => format!("  no: {}\n", why_not.as_deref().unwrap_or_default()),
    }
}

fn audio_text(audio: &Audio) -> String {
    let word = |said: Option<bool>| match said {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let mut rows = Vec::new();
    for tag in &audio.tags {
        let start = [format!("  {:#06x}", tag.tag), tag.name.clone()];
        if tag.formats.is_empty() {
            let [tag, name] = start.clone();
            let none = String::new;
            rows.push([
                tag,
                name,
                "none listed".to_owned(),
                none(),
                none(),
                none(),
                none(),
            ]);
        }
        rows.extend(tag.formats.iter().map(|format| {
            let [tag, name] = start.clone();
            [
                tag,
                name,
                format.name.clone(),
                format.bytes_per_second.to_string(),
                format.block.to_string(),
                word(format.decodes).to_owned(),
                word(format.encodes).to_owned(),
            ]
        }));
    }
    let head = [
        "  tag", "name", "format", "bytes/s", "block", "decodes", "encodes",
    ];
    let mut align = [Align::Left; 7];
    (align[3], align[4]) = (Align::Right, Align::Right);
    render(align, head, &rows)
}

fn video_text(video: &Video) -> String {
    let table = |codes: &[VideoCode], way: &str| {
        let rows: Vec<[String; 3]> = codes
            .iter()
            .map(|code| {
                [
                    format!("  {}", code.code),
                    depths(&code.bits),
                    code.pixels.join(", "),
                ]
            })
            .collect();
        render([Align::Left; 3], ["  code", "bits", way], &rows)
    };
    let (down, up) = (&video.decompresses, &video.compresses);
    table(down, "decompresses to") + &table(up, "compresses from")
}

fn depths(bits: &[u16]) -> String {
    let bits: Vec<String> = bits.iter().map(ToString::to_string).collect();
    bits.join(", ")
}
