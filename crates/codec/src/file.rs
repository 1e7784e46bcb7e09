//! Files of sound and pictures, read and written as streams.

mod input;

mod output;

mod warning;

mod error;

mod riff;

mod signature;

pub mod avi;

pub mod wav;

pub mod picture;

pub mod y4m;

pub mod raw;

pub mod png;

pub use error::Error;
pub use input::Input;
pub use output::Output;
pub use signature::{SIGNATURE, signature};
pub use warning::{Warning, Warnings};
