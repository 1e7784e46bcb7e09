//! The conformance suite and the tests that need several crates.
//!
//! [`suite`] says what every backend must do, once; [`kind`] says how the logging driver gets into
//! a manager by each of them; `tests/conformance.rs` mounts the one on the other.
//! `behaviours.md` tells which test holds which of the documented behaviours.

pub mod suite;

pub mod house;

pub mod kind;

pub mod board;

pub mod logging;

pub mod fixtures;

mod widths;

pub mod command;
pub mod compilers;
pub mod example;
pub mod library;
pub mod media;
pub mod page;
pub mod real;
pub mod wine;

use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// The folder for what is built, downloaded and written by tests.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The Rust of the README compiles and does what it says.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So does that of the pages for authors of drivers.
#[cfg(doctest)]
#[doc = include_str!("../../docs/writing-drivers.md")]
struct WritingDrivers;

#[cfg(doctest)]
#[doc = include_str!("../../docs/acm-drivers.md")]
struct AcmDrivers;

#[cfg(doctest)]
#[doc = include_str!("../../docs/vfw-drivers.md")]
struct VfwDrivers;

/// So does the Rust of the book.
#[cfg(doctest)]
#[doc = include_str!("../../docs/hosting-rust.md")]
struct HostingFromRust;
