//! Wine's codecs on whole files: with us, with an application's calls under Wine, and beside ffmpeg's own decoders.
//!
//! With us and under Wine, the same driver gives the same bytes. ffmpeg's decoders are other programs: how far they are from the
//! drivers is measured, and stands in `docs/codecs.md`.

mod sound;

mod pictures;

mod difference;

mod convert;

mod broken;

mod long;

mod stage;
