//! WAV files.

mod broken;
mod foreign;
mod large;
mod round;
