//! `drv registry`: the tree, read and changed.

use std::fmt::Write as _;
use std::path::Path;

use opendriver::registry::{KeyPath, Scope, Value, utf16_file};
use serde::Serialize;

use crate::args::{self, RegistryAction, ValueKind};
use crate::report::{Exit, Failure};
use crate::request::nearest;
use crate::session::Session;
use crate::table::{Align, render};

pub(super) fn run(registry: &args::Registry, session: &Session) -> Result<Exit, Failure> {
    match &registry.action {
        RegistryAction::Get { key, name } => get(session, &path(key), name),
        RegistryAction::Set {
            key,
            name,
            value,
            kind,
        } => {
            session
                .registry
                .set_value(&path(key), name, parse(*kind, value)?)?;
            Ok(Exit::Done)
        }
        RegistryAction::Delete { key, name } => delete(session, &path(key), name.as_deref()),
        RegistryAction::List { key, recursive } => list(session, key.as_deref(), *recursive),
        RegistryAction::Import { from, all } => import(session, from, *all),
        RegistryAction::Export { key, utf16 } => export(session, key.as_deref(), *utf16),
    }
}

/// A key as the registry spells it: shells make backslashes awkward, so slashes do where there are none.
fn path(key: &str) -> String {
    if key.contains('\\') {
        return key.to_owned();
    }
    key.replace('/', "\\")
}

/// A value as JSON has it.
#[derive(Serialize)]
struct Row {
    key: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    value: serde_json::Value,
}

impl Row {
    fn new(key: &str, name: &str, value: &Value) -> Self {
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            kind: kind(value),
            value: json(value),
        }
    }
}

fn get(session: &Session, key: &str, name: &str) -> Result<Exit, Failure> {
    let Some(value) = session.registry.value(key, name)? else {
        return Err(missing_value(session, key, name)?);
    };
    session
        .printer
        .row(&Row::new(key, name, &value), |_| text(&value) + "\n")?;
    Ok(Exit::Done)
}

fn delete(session: &Session, key: &str, name: Option<&str>) -> Result<Exit, Failure> {
    let deleted = match name {
        Some(name) => session.registry.delete_value(key, name)?,
        None => session.registry.delete_key(key)?,
    };
    match name {
        _ if deleted => Ok(Exit::Done),
        Some(name) => Err(missing_value(session, key, name)?),
        None => Err(missing_key(key)),
    }
}

fn list(session: &Session, key: Option<&str>, recursive: bool) -> Result<Exit, Failure> {
    let keys = match key {
        Some(key) => vec![existing(session, key)?],
        None => session.registry.roots()?,
    };
    for key in keys {
        list_key(session, &key, recursive)?;
    }
    Ok(Exit::Done)
}

/// Prints a key with its values, and the names of the keys below or what they hold.
fn list_key(session: &Session, key: &str, recursive: bool) -> Result<(), Failure> {
    let shown = key.parse::<KeyPath>()?.to_string();
    let values = session.registry.values(key)?;
    let below = session.registry.subkeys(key)?;
    if session.printer.is_text() {
        let rows: Vec<[String; 3]> = values
            .iter()
            .map(|(name, value)| [format!("  {}", shown_name(name)), kind(value), text(value)])
            .collect();
        let mut lines = format!("{shown}\n");
        for row in render([Align::Left; 3], ["", "", ""], &rows)
            .lines()
            .skip(1)
        {
            // Writing into a String cannot fail.
            let _ = writeln!(lines, "{row}");
        }
        if !recursive {
            lines.extend(below.iter().map(|name| format!("  {name}\\\n")));
        }
        session.printer.text(&lines)?;
    } else {
        for (name, value) in &values {
            session.printer.json(&Row::new(&shown, name, value))?;
        }
        if !recursive {
            for name in &below {
                session
                    .printer
                    .json(&serde_json::json!({ "key": format!("{shown}\\{name}") }))?;
            }
        }
    }
    if recursive {
        for name in below {
            list_key(session, &format!("{key}\\{name}"), true)?;
        }
    }
    Ok(())
}

/// Takes over what another system has, and says what was left out.
fn import(session: &Session, from: &Path, all: bool) -> Result<Exit, Failure> {
    let scope = if all { Scope::All } else { Scope::Drivers };
    let import = session.registry.import(from, scope)?;
    let (taken, left) = (import.changes.len(), import.skipped.len());
    if session.printer.is_text() {
        let mut lines: String = import
            .skipped
            .iter()
            .map(|skipped| {
                format!(
                    "left out: {}:{}: {skipped}\n",
                    skipped.file.display(),
                    skipped.line
                )
            })
            .collect();
        lines += &format!("{taken} taken over, {left} left out\n");
        session.printer.text(&lines)?;
    } else {
        for skipped in &import.skipped {
            session.printer.json(&serde_json::json!({
                "file": skipped.file.display().to_string(),
                "line": skipped.line,
                "what": skipped.what,
                "why": skipped.why,
            }))?;
        }
        session
            .printer
            .json(&serde_json::json!({ "taken": taken, "left_out": left }))?;
    }
    Ok(Exit::Done)
}

fn export(session: &Session, key: Option<&str>, utf16: bool) -> Result<Exit, Failure> {
    let keys = match key {
        Some(key) => vec![existing(session, key)?],
        None => session.registry.roots()?,
    };
    let mut text = String::new();
    for key in keys {
        let part = session.registry.export(&key)?;
        // Each part has the head of a whole file; one is enough.
        let part = match part.split_once("\r\n\r\n") {
            Some((_, body)) if !text.is_empty() => body.to_owned(),
            _ => part,
        };
        text += &part;
    }
    if utf16 {
        session.printer.bytes(&utf16_file(&text))?;
    } else {
        session.printer.text(&text)?;
    }
    Ok(Exit::Done)
}

/// The key as the registry spells it, if it is there.
fn existing(session: &Session, key: &str) -> Result<String, Failure> {
    let key = path(key);
    if session.registry.has_key(&key)? {
        Ok(key)
    } else {
        Err(missing_key(&key))
    }
}

/// The default value of a key has no name.
fn shown_name(name: &str) -> &str {
    if name.is_empty() { "(default)" } else { name }
}

fn missing_key(key: &str) -> Failure {
    Failure::new(Exit::Unasked, format!("there is no key \"{key}\""))
        .hint("`drv registry list --recursive` shows the tree")
}

fn missing_value(session: &Session, key: &str, name: &str) -> Result<Failure, Failure> {
    if !session.registry.has_key(key)? {
        return Ok(missing_key(key));
    }
    let failure = Failure::new(
        Exit::Unasked,
        format!("there is no value \"{name}\" in \"{key}\""),
    );
    let names: Vec<String> = session
        .registry
        .values(key)?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    Ok(match nearest(name, names.iter().map(String::as_str)) {
        Some(meant) => failure.hint(format!("did you mean \"{meant}\"?")),
        None => failure.hint(format!("`drv registry list '{key}'` shows what there is")),
    })
}

/// Reads a value as it is typed.
fn parse(kind: ValueKind, typed: &str) -> Result<Value, Failure> {
    let wrong =
        |expected: &str| Failure::new(Exit::Unasked, format!("\"{typed}\" is not {expected}"));
    let number = || {
        let (digits, radix) = match typed.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            None => (typed, 10),
        };
        u64::from_str_radix(digits, radix).ok()
    };
    Ok(match kind {
        ValueKind::Text => Value::Text(typed.to_owned()),
        ValueKind::Expand => Value::Expand(typed.to_owned()),
        ValueKind::Integer => number()
            .and_then(|number| u32::try_from(number).ok())
            .map(Value::Integer)
            .ok_or_else(|| wrong("a number of 32 bits (decimal, or hex with 0x)"))?,
        ValueKind::Long => number()
            .map(Value::Long)
            .ok_or_else(|| wrong("a number of 64 bits (decimal, or hex with 0x)"))?,
        ValueKind::Binary => bytes(typed)
            .map(Value::Binary)
            .ok_or_else(|| wrong("bytes of two hex digits each"))?,
        ValueKind::List => Value::List(typed.split(',').map(str::to_owned).collect()),
    })
}

/// Bytes of two hex digits each, with or without spaces or commas between them.
fn bytes(typed: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = typed
        .chars()
        .filter(|c| !matches!(c, ' ' | ','))
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, odd) = digits.as_chunks::<2>();
    odd.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The type by its documented name, or by its number.
fn kind(value: &Value) -> String {
    value
        .kind_name()
        .map_or_else(|| format!("type {}", value.kind()), str::to_owned)
}

/// A value for people, and for `$(drv registry get ...)`: what was typed to set it.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Expand(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::List(texts) => texts.join(","),
        other => hex(&other.to_windows()),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Integer(number) => (*number).into(),
        Value::Long(number) => (*number).into(),
        Value::List(texts) => texts.clone().into(),
        other => text(other).into(),
    }
}

#[cfg(test)]
mod tests {
    use opendriver::registry::Value;

    use super::{parse, text};
    use crate::args::ValueKind;

    #[test]
    fn what_is_typed_is_what_is_shown() {
        for (kind, typed) in [
            (ValueKind::Text, "a, b"),
            (ValueKind::Expand, "%TEMP%\\x"),
            (ValueKind::Integer, "4294967295"),
            (ValueKind::Long, "18446744073709551615"),
            (ValueKind::Binary, "00 ff 7a"),
            (ValueKind::List, "fast,small"),
        ] {
            let value = parse(kind, typed).expect(typed);
            assert_eq!(text(&value), typed);
        }
        assert_eq!(
            parse(ValueKind::Binary, "0,0Ff").ok(),
            Some(Value::Binary(vec![0, 0xff]))
        );
    }

    #[test]
    fn a_value_that_does_not_fit_its_kind_is_refused() {
        for (kind, typed) in [
            (ValueKind::Integer, "4294967296"),
            (ValueKind::Integer, "five"),
            (ValueKind::Long, "-1"),
            (ValueKind::Binary, "123"),
            (ValueKind::Binary, "zz"),
        ] {
            assert!(parse(kind, typed).is_err(), "{typed}");
        }
    }
}
