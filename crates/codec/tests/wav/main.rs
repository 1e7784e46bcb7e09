//! WAV files: ours read by others, those of others read by us, and what is left of broken ones.

mod broken;
mod ffmpeg;
mod foreign;
mod large;
mod place;
mod round;
