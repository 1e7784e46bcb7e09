//! Files: ours read by others, those of others read by us, and what is left of broken ones.

mod ffmpeg;
mod pictures;
mod place;
mod wav;
