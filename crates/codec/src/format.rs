//! Formats of sound and pictures, as codecs and files carry them.

mod bitmap;

mod pixel;

mod wave;

pub use bitmap::BitmapFormat;
pub use pixel::Pixel;
pub use wave::WaveFormat;

/// Bytes that are no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} bytes are no {what}, which takes at least {needed}")]
#[non_exhaustive]
pub struct BrokenFormat {
    /// What was expected, by its name in C.
    pub what: &'static str,
    /// How many bytes that takes.
    pub needed: usize,
    /// How many there were.
    pub found: usize,
}
