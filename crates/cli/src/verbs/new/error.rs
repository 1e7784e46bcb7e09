//! Why no project was written.

use std::io;
use std::path::PathBuf;

use crate::report::{Exit, Failure};

/// Why no project was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The path ends with `..`, or is the root: there is no name to call the driver.
    #[error("\"{}\" ends with no name that a driver could have", path.display())]
    NoName { path: PathBuf },
    /// The path holds bytes that are no text, which a project could not have in its files.
    #[error("\"{}\" is not UTF-8", path.display())]
    NotUtf8 { path: PathBuf },
    /// A character that names of crates, files or drivers do not have everywhere.
    #[error("{name:?} cannot be a driver's name: character {position} is {character:?}")]
    BadCharacter {
        name: String,
        character: char,
        position: usize,
        better: String,
    },
    /// A name begins with a letter.
    #[error("{name:?} cannot be a driver's name: it begins with {character:?}")]
    BadStart {
        name: String,
        character: char,
        better: String,
    },
    /// A registry of crates takes no longer name.
    #[error("\"{name}\" cannot be a driver's name: it has {} characters, {most} are allowed", name.len())]
    TooLong { name: String, most: usize },
    /// The name means something else already: to Rust, to Windows, or to `drv`.
    #[error("\"{name}\" is {by}")]
    Taken {
        name: String,
        by: &'static str,
        better: String,
    },
    /// Nothing is overwritten.
    #[error("\"{}\" is there already, and not empty", path.display())]
    NotEmpty { path: PathBuf },
    /// Nothing is overwritten: there is a file, or a link.
    #[error("\"{}\" is there already, and no folder", path.display())]
    NoFolder { path: PathBuf },
    /// The folder, or a file in it, could not be made.
    #[error("\"{}\" cannot be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// What `--sdk` names is neither the SDK nor a checkout that has it.
    #[error("there is no opendriver-sdk in \"{}\"", path.display())]
    NoSdk {
        path: PathBuf,
        source: Option<io::Error>,
    },
    /// `--sdk` is for what depends on the SDK.
    #[error("--sdk is for projects in Rust: one in C carries its headers")]
    NoSdkWanted,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = match &error {
            Error::NoName { .. } => Some("for example `drv new my-driver`".to_owned()),
            Error::BadCharacter { better, .. } | Error::BadStart { better, .. } => Some(format!(
                "lower-case letters, digits, - and _ can, after a letter: {better}"
            )),
            Error::Taken { better, .. } => Some(format!("another name is free: {better}")),
            Error::NotEmpty { .. } | Error::NoFolder { .. } => {
                Some("nothing was changed; another name makes another folder".to_owned())
            }
            Error::Unwritable { .. } => Some("nothing was left behind".to_owned()),
            Error::NoSdk { .. } => Some(
                "--sdk takes a checkout of opendriver, or the folder crates/sdk in it".to_owned(),
            ),
            Error::NotUtf8 { .. } | Error::TooLong { .. } | Error::NoSdkWanted => None,
        };
        let failure = Self::new(Exit::Unasked, error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
