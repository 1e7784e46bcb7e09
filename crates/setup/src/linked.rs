//! The drivers that are linked into every program of ours.

use opendriver_sdk::BuiltIn;

/// The audio codecs among the drivers that are linked in, in the order in which they are asked, behind those that are installed.
pub const LINKED_AUDIO: &[&str] = &["flac", "pcm"];

/// The drivers that are linked in: they open by their names, without a file and without a registry.
pub fn linked() -> Vec<BuiltIn> {
    vec![
        echo::driver(),
        flac::driver(),
        pcm::driver(),
        serial::driver(),
        tone::driver(),
    ]
}
