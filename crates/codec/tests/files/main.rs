//! Files: ours read by others, those of others read by us, and what is left of broken ones.

mod avi;
#[path = "../../../../fuzz/src/avi_reader.rs"]
#[expect(unreachable_pub, reason = "the fuzzer calls it from another crate")]
mod avi_reader;
mod ffmpeg;
mod pictures;
mod place;
mod sparse;
mod wav;
#[path = "../../../../fuzz/src/wav_reader.rs"]
#[expect(unreachable_pub, reason = "the fuzzer calls it from another crate")]
mod wav_reader;
