//! Audio and video codecs of Windows as safe, typed Rust, and the files that they are for.
//!
//! An audio codec (ACM) and a video codec (VfW) are installable drivers that answer the messages of their class. This crate
//! speaks those messages over [`opendriver::Instance`]: formats go in and out as values, buffers lie where the driver can reach
//! them, and what a driver refuses or breaks comes back as an error that names it.
#![forbid(unsafe_code)]

mod format;

pub mod acm;

pub mod vfw;

pub mod file;

pub mod convert;

pub use format::{BitmapFormat, BrokenFormat, Pixel, WaveFormat};
