//! What a driver is, and what it says of itself when it is asked.
//!
//! Knows nothing of the command line: the tools for codecs build on the same questions.

mod class;

mod file;
mod kind;

mod acm;
mod mci;
mod vfw;

mod formats;

mod flags;

pub(crate) use acm::Acm;
pub(crate) use class::{Answers, Unasked, ask};
pub(crate) use file::{Facts, VersionFacts};
pub(crate) use formats::{Audio, Formats, Video, VideoCode};
pub(crate) use kind::Kind;
pub(crate) use mci::Mci;
pub(crate) use vfw::Vfw;
