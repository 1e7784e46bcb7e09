//! What a codec says of itself, and what it is to keep to.

use opendriver_abi::structures::FourCc;

/// What a codec says of itself.
///
/// ```
/// use opendriver_sdk::vfw::Info;
///
/// let info = Info {
///     default_quality: Some(8000),
///     ..Info::new(*b"PACK", "Pack", "Pictures, packed")
/// };
/// assert_eq!(info.key_every, None); // all frames are key frames
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its code, which stands in the formats of its pictures.
    pub handler: FourCc,
    /// A name for lists, of at most 15 characters.
    pub name: &'static str,
    /// A name for a person, of at most 127.
    pub description: &'static str,
    /// As the codec counts.
    pub version: u32,
    /// The quality from 0 to 10000 that it compresses with where nobody says another; none where it knows no quality.
    pub default_quality: Option<u32>,
    /// How far apart key frames are where nobody says otherwise; none where all frames are key frames.
    pub key_every: Option<u32>,
    /// Whether it compresses a frame to a size.
    pub crunches: bool,
}

impl Info {
    /// A codec whose frames are all key frames, without quality.
    pub const fn new(code: [u8; 4], name: &'static str, description: &'static str) -> Self {
        Self {
            handler: FourCc::new(code),
            name,
            description,
            version: 1,
            default_quality: None,
            key_every: None,
            crunches: false,
        }
    }

    /// `VIDCF_*`. Other frames than key frames are compressed and decompressed without the application's help, since both sides keep the
    /// last picture.
    pub(super) fn flags(&self) -> u32 {
        const QUALITY: u32 = 0x01;
        const CRUNCH: u32 = 0x02;
        const TEMPORAL: u32 = 0x04;
        const FAST_COMPRESSION: u32 = 0x20;
        const FAST_DECOMPRESSION: u32 = 0x80;
        let bit = |on: bool, bits: u32| if on { bits } else { 0 };
        let temporal = TEMPORAL | FAST_COMPRESSION | FAST_DECOMPRESSION;
        bit(self.default_quality.is_some(), QUALITY)
            | bit(self.crunches, CRUNCH)
            | bit(self.key_every.is_some(), temporal)
    }
}

/// What a whole compression is to keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The codec's own settings, in a form of its own: what [`Codec::default_state`](super::Codec::default_state) told, or an application
    /// gave since.
    pub state: Vec<u8>,
    /// From one key frame to the next, where the application says so: it then asks for them itself.
    pub key_every: Option<u32>,
    /// Bytes in a second, where the application says so.
    pub data_rate: Option<u32>,
    /// Frames in a second, as scale and rate: `rate / scale`. Where the application says nothing, both are 0.
    pub frames_per_second: (u32, u32),
}
