//! What can be typed after `drv new`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;

/// Write a project for a new driver: code that builds, its test, a README
///
/// NAME is the folder to make; its last part is the name of the driver, in lower-case letters, digits, - and _. A folder that is not empty is left as it is.
#[derive(Args, Debug)]
pub(crate) struct New {
    /// Folder to make, named as the driver
    #[arg(value_name = "NAME", value_hint = ValueHint::DirPath)]
    pub(crate) name: PathBuf,

    /// Language to write the driver in
    #[arg(long, value_enum, default_value_t)]
    pub(crate) lang: Lang,

    /// What the driver is for
    #[arg(long, value_enum, default_value_t)]
    pub(crate) class: Kind,

    /// Build with the SDK in this folder, a checkout of opendriver [default: the one that is published]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) sdk: Option<PathBuf>,
}

/// Languages that there are projects in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lang {
    /// Safe Rust, over opendriver-sdk
    #[default]
    Rust,
    /// C, which also becomes a Windows driver
    C,
}

/// Classes that there are projects for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A driver with messages of its own
    #[default]
    Plain,
    /// A codec of sound (ACM)
    Acm,
    /// A codec of pictures (VfW)
    Vfw,
}
