//! What a caller can get wrong that only this library can tell.

use crate::verdict::Code;

/// What a caller got wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A parameter may not be null.
    #[error("{what} is null")]
    Null {
        /// The parameter.
        what: &'static str,
    },
    /// A parameter is none of those that are known.
    #[error("{what} is {found}: expected {expected}")]
    Parameter {
        /// The parameter.
        what: &'static str,
        /// What was expected.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The first use was before.
    #[error("{what} can be said before the first use only")]
    TooLate {
        /// What was to be set.
        what: &'static str,
    },
    /// This version cannot do it.
    #[error("{what} is not supported by this version")]
    NotSupported {
        /// What was wanted.
        what: &'static str,
    },
    /// There is no such block.
    #[error("{address:#x} is no block of opendriver_alloc, or a freed one")]
    NoBlock {
        /// The address.
        address: usize,
    },
    /// A driver wrote behind a block.
    #[error(transparent)]
    Overrun(#[from] opendriver::Overrun),
    /// The driver vetoes.
    #[error("the driver vetoes {what}")]
    Vetoed {
        /// What was wanted.
        what: &'static str,
    },
}

impl Misuse {
    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Self::Null { .. } | Self::NoBlock { .. } => Code::Pointer,
            Self::Parameter { .. } => Code::Parameter,
            Self::TooLate { .. } => Code::TooLate,
            Self::NotSupported { .. } => Code::NotSupported,
            Self::Overrun(_) => Code::Overrun,
            Self::Vetoed { .. } => Code::Refused,
        }
    }
}
