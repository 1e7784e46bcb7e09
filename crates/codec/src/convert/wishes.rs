//! What a conversion is to do with each kind of stream.

use std::str::FromStr;

use opendriver_abi::structures::FourCc;

use crate::Pixel;

/// What a conversion is to do.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Drivers to use for the streams whose class they answer, by alias or file. Where none answers, the installed ones are asked.
    pub drivers: Vec<String>,
    /// Drivers of the program's own that also convert sound, behind the others.
    pub linked: Vec<String>,
    /// What becomes of pictures.
    pub pictures: PictureWishes,
    /// What becomes of sound.
    pub sound: SoundWishes,
    /// Which frames, and the sound of their time.
    pub frames: FrameRange,
    /// Whether the first warning is an error.
    pub strict: bool,
}

/// What becomes of the streams of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Way {
    /// They are decoded, and encoded where a codec is wished.
    #[default]
    Convert,
    /// They go into the target bit for bit.
    Copy,
    /// They are left out.
    Drop,
}

/// What becomes of pictures; what is not wished is the driver's own choice.
#[derive(Clone, Debug, Default)]
pub struct PictureWishes {
    /// Converted, copied, left out.
    pub way: Way,
    /// Compressed by the codec of this code; uncompressed without.
    pub codec: Option<FourCc>,
    /// How uncompressed pixels are to lie.
    pub pixel: Option<Pixel>,
    /// From 0 to 10000 (`ICQUALITY_HIGH`).
    pub quality: Option<u32>,
    /// The most frames from one key frame to the next.
    pub key_every: Option<u32>,
    /// Bytes in a second.
    pub data_rate: Option<u32>,
    /// What the codec is given as its state (`ICM_SETSTATE`).
    pub state: Option<Vec<u8>>,
}

/// What becomes of sound; what is not wished is as in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoundWishes {
    /// Converted, copied, left out.
    pub way: Way,
    /// A format tag; PCM without.
    pub tag: Option<u16>,
    /// Samples of each channel in a second.
    pub rate: Option<u32>,
    /// How many channels.
    pub channels: Option<u16>,
    /// Bits in a sample; 16 of PCM without.
    pub bits: Option<u16>,
    /// Bytes in a second of what a codec makes, to the kilobit.
    pub bytes_per_second: Option<u32>,
}

impl SoundWishes {
    /// Whether rate, channels, depth and bytes are to be as in the source.
    pub(super) fn is_only_a_tag(&self) -> bool {
        (self.rate, self.channels) == (None, None)
            && (self.bits, self.bytes_per_second) == (None, None)
    }
}

/// Frames from one, which is among them, to one that is not. Counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameRange {
    /// The first.
    pub start: u64,
    /// The first that is not among them; `u64::MAX` where all that follow are.
    pub end: u64,
}

impl FrameRange {
    /// All frames.
    pub const ALL: Self = Self {
        start: 0,
        end: u64::MAX,
    };
}

impl Default for FrameRange {
    fn default() -> Self {
        Self::ALL
    }
}

/// A text that is no range of frames.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no range of frames, such as 10..20, 10.. or ..20")]
pub struct NoRange(String);

impl FromStr for FrameRange {
    type Err = NoRange;

    fn from_str(text: &str) -> Result<Self, NoRange> {
        let range = || {
            let (start, end) = text.split_once("..")?;
            let number = |digits: &str, none: u64| match digits {
                "" => Some(none),
                digits => digits.parse().ok(),
            };
            let (start, end) = (number(start, 0)?, number(end, u64::MAX)?);
            (start < end).then_some(Self { start, end })
        };
        range().ok_or_else(|| NoRange(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_end_of_a_range_may_be_left_out() {
        let range = |start, end| Ok(FrameRange { start, end });
        assert_eq!("10..20".parse(), range(10, 20));
        assert_eq!("10..".parse(), range(10, u64::MAX));
        assert_eq!("..20".parse(), range(0, 20));
        assert_eq!("..".parse(), Ok(FrameRange::ALL));
        for text in ["", "5", "5..5", "6..5", "a..b", "-1..5", "1...5"] {
            assert!(text.parse::<FrameRange>().is_err(), "{text}");
        }
    }
}
