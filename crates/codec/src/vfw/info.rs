//! What a video codec says of itself.

use opendriver_abi::structures::{FourCc, IcInfo};

/// What a video codec says of itself: `ICM_GETINFO`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Short name.
    pub name: String,
    /// Long name.
    pub description: String,
    /// The file that it believes to be in; most leave it to the system to fill in.
    pub driver: String,
    /// Its code.
    pub handler: FourCc,
    /// What it can do.
    pub flags: Flags,
    /// As the codec counts.
    pub version: u32,
    /// The version of the interface that it is for; 0x104 is the one of Windows 95 and later.
    pub icm_version: u32,
}

impl From<&IcInfo> for Info {
    fn from(info: &IcInfo) -> Self {
        Self {
            name: info.name.to_string(),
            description: info.description.to_string(),
            driver: info.driver.to_string(),
            handler: info.handler,
            flags: Flags::from_bits_retain(info.flags),
            version: info.version,
            icm_version: info.manager_version,
        }
    }
}

bitflags::bitflags! {
    /// What a video codec can do: `VIDCF_*`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Flags: u32 {
        /// `VIDCF_QUALITY`: compresses by a quality.
        const QUALITY = 0x01;
        /// `VIDCF_CRUNCH`: compresses to a size.
        const CRUNCH = 0x02;
        /// `VIDCF_TEMPORAL`: has frames that are no key frames.
        const TEMPORAL = 0x04;
        /// `VIDCF_COMPRESSFRAMES`: wants to hear of all frames first.
        const COMPRESS_FRAMES = 0x08;
        /// `VIDCF_DRAW`: draws.
        const DRAW = 0x10;
        /// `VIDCF_FASTTEMPORALC`: compresses other frames than key frames without being given the one before.
        const FAST_TEMPORAL_COMPRESSION = 0x20;
        /// `VIDCF_QUALITYTIME`: compresses by a quality over time.
        const QUALITY_TIME = 0x40;
        /// `VIDCF_FASTTEMPORALD`: decompresses other frames than key frames without being given the picture before.
        const FAST_TEMPORAL_DECOMPRESSION = 0x80;
    }
}
