//! `drv new`: a project for a driver that is still to be written.

mod name;

mod templates;

mod sdk;

mod place;

mod error;

use serde_json::json;

use self::error::Error;
use self::name::Name;
use self::templates::{Facts, files};
use crate::args::{Kind, Lang, New};
use crate::report::{Exit, Failure};
use crate::session::Session;

pub(super) fn run(new: &New, session: &Session) -> Result<Exit, Failure> {
    let name = Name::of(&new.name, new.lang)?;
    let sdk = match (&new.sdk, new.lang) {
        (None, _) => sdk::published(),
        (Some(folder), Lang::Rust) => sdk::below(folder)?,
        (Some(_), Lang::C) => return Err(Error::NoSdkWanted.into()),
    };
    let facts = Facts {
        name: &name,
        sdk: &sdk,
    };
    let files = files(new.lang, new.class, &facts);
    place::write(&new.name, &files)?;

    let folder = new.name.display();
    let paths: Vec<_> = files.iter().map(|file| file.path).collect();
    let row = json!({
        "folder": folder.to_string(), "name": name.as_str(), "lang": new.lang, "class": new.class, "files": paths,
    });
    session.printer.row(&row, |_| {
        let what = match new.class {
            Kind::Plain => "a driver",
            Kind::Acm => "a codec of sound",
            Kind::Vfw => "a codec of pictures",
        };
        let (language, test) = match new.lang {
            Lang::Rust => ("Rust", "cargo test"),
            Lang::C => ("C", "make test"),
        };
        format!(
            "made {name}, {what} in {language}: {}\nnext: cd {} && {test}; README.md says more\n",
            paths.join(", "),
            pasted(&folder.to_string()),
        )
    })?;
    Ok(Exit::Done)
}

/// A word as a shell takes it for one.
fn pasted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_can_be_pasted() {
        assert_eq!(pasted("drivers/my-codec"), "drivers/my-codec");
        assert_eq!(pasted("my drivers/x"), "'my drivers/x'");
        assert_eq!(pasted("it's/x"), r"'it'\''s/x'");
    }
}
