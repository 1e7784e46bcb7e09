//! `drv install` and `drv remove`: an entry in the registry, and the driver's word on it.

use std::path::Path;
use std::slice;

use opendriver::registry::{self, Entry, join_entry};
use opendriver::{Configured, Installation, OpenOptions};

use crate::args;
use crate::describe::{Answers, Facts, ask};
use crate::report::{Exit, Failure};
use opendriver_setup::{DEFAULT_SECTIONS, SECTIONS};

use crate::session::{Located, Session};

pub(super) fn install(install: &args::Install, session: &Session) -> Result<Exit, Failure> {
    let located = session.locate_file(&install.file);
    let file = match &located {
        Located::BuiltIn(name) => name.clone(),
        Located::File(file) => absolute(file)?,
        Located::Nowhere => return Err(Session::nowhere(&install.file)),
    };
    let facts = match &located {
        Located::File(file) => Facts::read(file).ok(),
        _ => None,
    };
    // With an alias, it may well be a driver that opens with its parameter text only.
    let asking = match &install.alias {
        Some(_) => session.asking(),
        None => session.manager(None),
    };
    let answers = ask(&asking, OpenOptions::new(&file), facts.as_ref());
    drop(asking);
    let unsearched = answers.as_ref().is_ok_and(is_codec);
    let (alias, unsearched) = match &install.alias {
        Some(alias) => (alias.clone(), unsearched && !is_searched(alias)),
        None => (alias_of(&answers?, &file), false),
    };
    if let Some(entry) = session.registry.alias(&install.section, &alias)?
        && !install.force
    {
        let error = format!(
            "\"{alias}\" is taken in {}: it is {}",
            entry.section, entry.file
        );
        return Err(Failure::new(Exit::Unasked, error)
            .hint("`--force` replaces the entry, `--alias` gives another name"));
    }
    let params = install.params.as_deref().unwrap_or_default();
    let answer = session.manager(None).install(Installation {
        alias: &alias,
        section: Some(&install.section),
        file: &file,
        params,
    })?;
    if answer == Configured::Cancel {
        return Err(Failure::new(Exit::Refused, "the driver vetoed DRV_INSTALL")
            .hint("nothing was left in the registry"));
    }
    let entry = join_entry(&file, params);
    let mut done = format!("installed {alias} = {entry} in {}", install.section);
    if unsearched {
        done += "; who looks for a codec asks msacm.* and vidc.* only, this one is for --driver";
    }
    said(session, &done, answer)?;
    Ok(Exit::Done)
}

pub(super) fn remove(remove: &args::Remove, session: &Session) -> Result<Exit, Failure> {
    let alias = &remove.alias;
    if let Some(section) = nameless(session, alias, remove.section.as_deref())? {
        session.registry.delete_value(section, alias)?;
        let done =
            format!("removed {alias} from {section}; it named no file, so no driver was told");
        said(session, &done, Configured::Ok)?;
        return Ok(Exit::Done);
    }
    let entry = session
        .entry(alias, remove.section.as_deref())?
        .ok_or_else(|| opendriver::Error::NotInstalled {
            name: alias.clone(),
        })?;
    let section = &entry.section;
    let done = format!("removed {alias} from {section}");
    // A driver hears of its removal when its last entry goes, as with the control panel of Windows.
    if others(session, &entry)? > 0 {
        session.registry.delete_value(section, alias)?;
        said(session, &done, Configured::Ok)?;
        return Ok(Exit::Done);
    }
    let answer = session.manager(None).remove(alias, Some(section))?;
    if answer == Configured::Cancel {
        return Err(
            Failure::new(Exit::Refused, "the driver vetoed DRV_REMOVE").hint("it stays installed")
        );
    }
    said(session, &done, answer)?;
    Ok(Exit::Done)
}

/// The section in which the alias stands, but names no file.
fn nameless<'a>(
    session: &Session,
    alias: &str,
    section: Option<&'a str>,
) -> Result<Option<&'a str>, Failure> {
    let sections = section
        .as_ref()
        .map_or(DEFAULT_SECTIONS.as_slice(), slice::from_ref);
    for section in sections {
        match session.registry.alias(section, alias) {
            Ok(None) | Err(registry::Error::BadName { .. }) => {}
            Err(registry::Error::NoFile { .. }) => return Ok(Some(section)),
            Ok(Some(_)) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// How many other entries lead to the file of this one.
fn others(session: &Session, entry: &Entry) -> Result<usize, Failure> {
    let file = session.locate_file(&entry.file);
    let mut others = 0;
    for section in SECTIONS {
        let (entries, _) = session.entries(section)?;
        others += entries
            .iter()
            .filter(|other| (&other.section, &other.name) != (&entry.section, &entry.name))
            .filter(|other| {
                other.file == entry.file || session.locate_file(&other.file).is_same(&file)
            })
            .count();
    }
    Ok(others)
}

/// Tells what was done, and that the driver wants a restart.
pub(super) fn said(session: &Session, what: &str, answer: Configured) -> Result<(), Failure> {
    let restart = answer == Configured::Restart;
    if session.printer.is_text() {
        let note = if restart {
            "\nthe driver asks for a restart"
        } else {
            ""
        };
        session.printer.text(&format!("{what}{note}\n"))?;
    } else {
        session
            .printer
            .json(&serde_json::json!({ "done": what, "restart": restart }))?;
    }
    Ok(())
}

/// The file as the registry should keep it: good from every folder.
fn absolute(file: &Path) -> Result<String, Failure> {
    let path = std::path::absolute(file).map_err(|source| opendriver::Error::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    path.into_os_string().into_string().map_err(|path| {
        Failure::new(
            Exit::Unasked,
            format!(
                "\"{}\" cannot be kept in the registry: it is not UTF-8",
                path.display()
            ),
        )
    })
}

/// Whether the driver is one that searches for codecs are for.
fn is_codec(answers: &Answers) -> bool {
    answers.acm.is_some() || answers.vfw.is_some()
}

/// Whether searches for codecs look at entries of this name.
fn is_searched(alias: &str) -> bool {
    let alias = alias.to_ascii_lowercase();
    alias.starts_with("msacm.") || alias.starts_with("vidc.")
}

/// The name that a driver goes by, from what it says of itself.
fn alias_of(answers: &Answers, file: &str) -> String {
    let stem = Path::new(file)
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    match (&answers.vfw, &answers.acm) {
        (Some(vfw), _) => format!("vidc.{}", vfw.handler.trim_end().to_ascii_lowercase()),
        (_, Some(_)) => format!("msacm.{stem}"),
        _ => stem,
    }
}
