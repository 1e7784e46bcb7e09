//! Why a function of msacm32 did not do what it was asked, and which number that is.

use std::sync::Arc;

use opendriver::Blame;
use opendriver_abi::answer::*;
use opendriver_codec::{BrokenFormat, acm};

use crate::claim::BadPointer;
use crate::door::Failure;
use crate::handles::BadHandle;
use crate::text::BadText;
use crate::verdict::Code;

/// Why a function of msacm32 did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// What the codecs say.
    #[error(transparent)]
    Codec(#[from] acm::Error),
    /// What a codec of the list said when it was opened.
    #[error(transparent)]
    Listed(#[from] Arc<acm::Error>),
    /// No codec has an answer.
    #[error("no driver {0}")]
    NoneCan(&'static str),
    /// No codec suggests a format, which is another number.
    #[error("no driver suggests a format")]
    NoSuggestion(#[source] acm::Error),
    #[error(transparent)]
    Handle(#[from] BadHandle),
    #[error(transparent)]
    Pointer(#[from] BadPointer),
    #[error(transparent)]
    Text(#[from] BadText),
    /// A format, or a filter, that is none.
    #[error(transparent)]
    Format(#[from] BrokenFormat),
    /// A program's own procedure cannot be linked.
    #[error(transparent)]
    Link(opendriver::Error),
    #[error("{what} is {found}: expected {expected}")]
    Parameter {
        what: &'static str,
        expected: String,
        found: String,
    },
    #[error("{what} has flags that are not known, or exclude each other: {flags:#x}")]
    Flags { what: &'static str, flags: u32 },
    /// A driver wrote behind its buffers.
    #[error(transparent)]
    Overrun(#[from] opendriver::Overrun),
    #[error("there is no metric {metric}, or not of this object")]
    NoMetric { metric: u32 },
    #[error("{what} is in use")]
    Busy { what: &'static str },
    #[error("the header is not prepared for this stream")]
    Unprepared,
    #[error("the driver \"{name}\" is disabled")]
    NotEnabled { name: String },
    #[error("{what} is local, and has no priority")]
    NoPriority { what: String },
    #[error("there is no screen for the dialog, which counts as cancelled")]
    NoScreen,
    #[error("{0} is not there on Linux")]
    NotHere(&'static str),
}

impl Error {
    /// A parameter is not what it has to be.
    pub(super) fn parameter(
        what: &'static str,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Self::Parameter {
            what,
            expected: expected.into(),
            found: found.to_string(),
        }
    }

    /// A parameter may not be null.
    pub(super) fn null(what: &'static str) -> Self {
        Self::parameter(what, "an address", "null")
    }

    /// Its documented number.
    fn answer(&self) -> i64 {
        let answer = match self {
            Self::Codec(error) => codec(error),
            Self::Listed(error) => codec(error),
            Self::NoneCan(_) => ACMERR_NOTPOSSIBLE,
            Self::NoSuggestion(_) => MMSYSERR_NODRIVER,
            Self::Handle(_) => MMSYSERR_INVALHANDLE,
            Self::Pointer(_)
            | Self::Text(_)
            | Self::Format(_)
            | Self::Link(_)
            | Self::Parameter { .. }
            | Self::NotHere(_) => MMSYSERR_INVALPARAM,
            Self::Flags { .. } => MMSYSERR_INVALFLAG,
            Self::NoMetric { .. } | Self::NoPriority { .. } => MMSYSERR_NOTSUPPORTED,
            Self::Busy { .. } => ACMERR_BUSY,
            Self::Unprepared => ACMERR_UNPREPARED,
            Self::NotEnabled { .. } => MMSYSERR_NOTENABLED,
            Self::NoScreen => ACMERR_CANCELED,
            Self::Overrun(_) => MMSYSERR_ERROR,
        };
        answer as i64
    }

    /// The error of another room that this one is.
    pub(crate) fn inner(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Codec(error) | Self::NoSuggestion(error) => Some(error),
            Self::Listed(error) => Some(&**error),
            Self::Handle(error) => Some(error),
            Self::Pointer(error) => Some(error),
            Self::Text(error) => Some(error),
            Self::Link(error) => Some(error),
            _ => None,
        }
    }

    /// Its code, where it is not another room's.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Busy { .. } => Code::Busy,
            Self::NotHere(_) | Self::NoScreen | Self::NoMetric { .. } | Self::NoPriority { .. } => {
                Code::NotSupported
            }
            Self::NotEnabled { .. } | Self::NoneCan(_) => Code::Refused,
            Self::Overrun(_) => Code::Overrun,
            _ => Code::Parameter,
        }
    }
}

/// The number for what codecs say; a refusal is the driver's own.
fn codec(error: &acm::Error) -> isize {
    match error {
        acm::Error::Refused { answer, .. } => answer.0,
        acm::Error::UnknownTag { .. } | acm::Error::NoDriver { .. } => ACMERR_NOTPOSSIBLE,
        acm::Error::Unopened {
            answer: Some(answer),
            ..
        } => answer.0,
        acm::Error::Unopened { .. }
        | acm::Error::NotACodec { .. }
        | acm::Error::NotInstalled { .. } => MMSYSERR_NODRIVER,
        acm::Error::Unsent {
            source: opendriver::Error::Memory { .. },
            ..
        } => MMSYSERR_NOMEM,
        error if error.blame() == Blame::Caller => MMSYSERR_INVALPARAM,
        _ => MMSYSERR_ERROR,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.answer(), error)
    }
}

/// Refuses flags that are not known.
pub(super) fn known(what: &'static str, flags: u32, known: u32) -> Result<(), Error> {
    match flags & !known {
        0 => Ok(()),
        _ => Err(Error::Flags { what, flags }),
    }
}

/// Refuses a null address.
pub(super) fn given(what: &'static str, address: usize) -> Result<usize, Error> {
    match address {
        0 => Err(Error::null(what)),
        address => Ok(address),
    }
}
