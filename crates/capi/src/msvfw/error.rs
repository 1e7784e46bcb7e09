//! Why a function of msvfw32 failed, and the `ICERR_*` that says so.

use opendriver::registry;
use opendriver_abi::answer::{
    ICERR_ABORT, ICERR_BADHANDLE, ICERR_BADIMAGESIZE, ICERR_BADPARAM, ICERR_BADSIZE, ICERR_ERROR,
    ICERR_INTERNAL, ICERR_MEMORY, ICERR_UNSUPPORTED,
};
use opendriver_abi::structures::FourCc;
use opendriver_codec::vfw;

use crate::claim::BadPointer;
use crate::door::Failure;
use crate::handles::BadHandle;
use crate::misuse::Misuse;
use crate::text::BadText;

/// Why a function of msvfw32 failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Handle(#[from] BadHandle),
    #[error(transparent)]
    Pointer(#[from] BadPointer),
    #[error(transparent)]
    Text(#[from] BadText),
    #[error(transparent)]
    Codec(#[from] vfw::Error),
    #[error(transparent)]
    Driver(#[from] opendriver::Error),
    #[error(transparent)]
    Registry(#[from] registry::Error),
    #[error("{what} is null")]
    Null { what: &'static str },
    #[error("{value:#x} does not fit the 32 bits that \"{driver}\" has for it")]
    Wide { value: usize, driver: String },
    #[error(transparent)]
    Overrun(#[from] opendriver::Overrun),
    #[error("{size} bytes are too many: {most} is the most")]
    TooLarge { size: u64, most: u64 },
    #[error("\"{driver}\" answered with {found} bytes, where {most} is the most")]
    Answer {
        driver: String,
        found: usize,
        most: usize,
    },
    #[error("a driver of Windows cannot call a function of this program")]
    Callback,
    #[error("there is no screen to ask a person on, and nothing is chosen yet")]
    NoScreen,
    #[error("the sequence is not started")]
    NotStarted,
    #[error("\"{code}\" is no kind of codec: \"vidc\" is")]
    Kind { code: FourCc },
    #[error("{mode} is no mode to look for a codec by")]
    Mode { mode: u32 },
    #[error("a function is installed for \"{handler}\" already")]
    Installed { handler: FourCc },
    #[error("{flags:#x} is no way to install a codec")]
    Flags { flags: u32 },
    #[error("{found} bytes are no {what}, which takes at least {needed}")]
    Short {
        what: &'static str,
        needed: usize,
        found: usize,
    },
}

impl Error {
    /// What a function answers that answers with `ICERR_*`.
    pub(super) fn code(&self) -> isize {
        match self {
            Self::Handle(_) => ICERR_BADHANDLE,
            Self::Codec(vfw::Error::Refused { code, .. }) => code.0 as isize,
            Self::Codec(vfw::Error::TooLarge { .. }) => ICERR_BADIMAGESIZE,
            Self::Codec(vfw::Error::Failed { source, .. }) | Self::Driver(source) => of(source),
            Self::TooLarge { .. } | Self::Short { .. } => ICERR_BADSIZE,
            Self::Answer { .. } | Self::Overrun(_) => ICERR_INTERNAL,
            Self::Callback => ICERR_UNSUPPORTED,
            Self::NoScreen => ICERR_ABORT,
            Self::Pointer(_)
            | Self::Text(_)
            | Self::Null { .. }
            | Self::NotStarted
            | Self::Wide { .. }
            | Self::Kind { .. }
            | Self::Mode { .. }
            | Self::Flags { .. } => ICERR_BADPARAM,
            Self::Codec(_) | Self::Registry(_) | Self::Installed { .. } => ICERR_ERROR,
        }
    }

    /// The failure of a function that answers null or `FALSE`.
    pub(super) fn nothing(self) -> Failure {
        Failure::new(0, self.reason())
    }

    /// The error itself, where it is another room's.
    fn reason(self) -> Box<dyn std::error::Error + Send + Sync> {
        match self {
            Self::Handle(error) => error.into(),
            Self::Pointer(error) => error.into(),
            Self::Text(error) => error.into(),
            Self::Codec(error) => error.into(),
            Self::Driver(error) => error.into(),
            Self::Registry(error) => error.into(),
            Self::Overrun(overrun) => Misuse::from(overrun).into(),
            own => own.into(),
        }
    }
}

fn of(error: &opendriver::Error) -> isize {
    match error {
        opendriver::Error::Memory { .. } => ICERR_MEMORY,
        opendriver::Error::NotAHandle { .. }
        | opendriver::Error::Closed { .. }
        | opendriver::Error::Closing { .. } => ICERR_BADHANDLE,
        opendriver::Error::TooWide { .. } | opendriver::Error::LifeCycleMessage { .. } => {
            ICERR_BADPARAM
        }
        _ => ICERR_INTERNAL,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.code() as i64, error.reason())
    }
}
