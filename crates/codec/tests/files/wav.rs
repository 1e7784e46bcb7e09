//! WAV files.

mod broken;
mod corpus;
mod foreign;
mod large;
mod round;
