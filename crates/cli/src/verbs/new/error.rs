//! Why no project was written.

use std::io;
use std::path::PathBuf;

use crate::report::{Exit, Failure};

/// Why no project was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("\"{}\" ends with no name that a driver could have", path.display())]
    NoName { path: PathBuf },
    #[error("\"{}\" is not UTF-8", path.display())]
    NotUtf8 { path: PathBuf },
    #[error("{name:?} cannot be a driver's name: character {position} is {character:?}")]
    BadCharacter {
        name: String,
        character: char,
        position: usize,
        better: String,
    },
    #[error("{name:?} cannot be a driver's name: it begins with {character:?}")]
    BadStart {
        name: String,
        character: char,
        better: String,
    },
    #[error("\"{name}\" cannot be a driver's name: it has {} characters, {most} are allowed", name.len())]
    TooLong { name: String, most: usize },
    #[error("\"{name}\" is {by}")]
    Taken {
        name: String,
        by: &'static str,
        better: String,
    },
    #[error("\"{}\" is there already, and not empty", path.display())]
    NotEmpty { path: PathBuf },
    #[error("\"{}\" is there already, and no folder", path.display())]
    NoFolder { path: PathBuf },
    #[error("\"{}\" cannot be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("there is no opendriver-sdk in \"{}\"", path.display())]
    NoSdk {
        path: PathBuf,
        source: Option<io::Error>,
    },
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
