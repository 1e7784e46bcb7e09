//! What is wished of a format that a codec is to suggest.

use std::fmt;

use opendriver_abi::structures::{Structure as _, WaveFormatEx};

use crate::WaveFormat;

/// What is wished of a format that a codec is to suggest; what is left out is the codec's to choose.
///
/// ```
/// use opendriver_codec::{WaveFormat, acm::Wish};
///
/// let wish = Wish { channels: Some(2), ..Wish::pcm() };
/// assert!(wish.matches(&WaveFormat::pcm(2, 44_100, 16)));
/// assert!(!wish.matches(&WaveFormat::pcm(1, 44_100, 16)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The format tag.
    pub tag: Option<u16>,
    /// How many channels.
    pub channels: Option<u16>,
    /// Samples of each channel in a second.
    pub rate: Option<u32>,
    /// Bits in a sample of one channel.
    pub bits: Option<u16>,
    /// Bytes in a second, to the kilobit. A codec cannot be asked for that, but its list can be looked through.
    pub bytes_per_second: Option<u32>,
}

/// `ACM_FORMATSUGGESTF_WFORMATTAG`
const TAG: u32 = 0x1_0000;
/// `ACM_FORMATSUGGESTF_NCHANNELS`
const CHANNELS: u32 = 0x2_0000;
/// `ACM_FORMATSUGGESTF_NSAMPLESPERSEC`
const RATE: u32 = 0x4_0000;
/// `ACM_FORMATSUGGESTF_WBITSPERSAMPLE`
const BITS: u32 = 0x8_0000;

impl Wish {
    /// Plain samples of any kind.
    pub fn pcm() -> Self {
        Self::tag(WaveFormat::PCM)
    }

    /// Any format of this tag.
    pub fn tag(tag: u16) -> Self {
        Self {
            tag: Some(tag),
            ..Self::default()
        }
    }

    /// Whether a format is as wished.
    pub fn matches(&self, format: &WaveFormat) -> bool {
        let kilobits = |bytes: u32| bytes / 125;
        self.fields_match(format)
            && self
                .bytes_per_second
                .is_none_or(|bytes| kilobits(bytes) == kilobits(format.bytes_per_second()))
    }

    /// Whether those fields of a format are as wished that a codec can be asked for.
    pub(super) fn fields_match(&self, format: &WaveFormat) -> bool {
        self.tag.is_none_or(|tag| tag == format.tag())
            && self
                .channels
                .is_none_or(|channels| channels == format.channels())
            && self.rate.is_none_or(|rate| rate == format.rate())
            && self.bits.is_none_or(|bits| bits == format.bits())
    }

    /// The flags that tell a codec which fields are given.
    pub(super) fn flags(&self) -> u32 {
        let flag = |given, flag| if given { flag } else { 0 };
        flag(self.tag.is_some(), TAG)
            | flag(self.channels.is_some(), CHANNELS)
            | flag(self.rate.is_some(), RATE)
            | flag(self.bits.is_some(), BITS)
    }

    /// A format with the fields that are given, and 0 elsewhere.
    pub(super) fn header(&self) -> WaveFormatEx {
        WaveFormatEx {
            tag: self.tag.unwrap_or_default(),
            channels: self.channels.unwrap_or_default(),
            samples_per_second: self.rate.unwrap_or_default(),
            bits_per_sample: self.bits.unwrap_or_default(),
            ..WaveFormatEx::zeroed()
        }
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.tag.map(|tag| format!("format {tag:#06x}")),
            self.channels.map(|channels| format!("{channels} channels")),
            self.rate.map(|rate| format!("{rate} Hz")),
            self.bits.map(|bits| format!("{bits} bits")),
            self.bytes_per_second
                .map(|bytes| format!("{bytes} bytes/s")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => f.write_str("any format"),
            false => f.write_str(&parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_fields_go_together() {
        let wish = Wish {
            rate: Some(8000),
            ..Wish::pcm()
        };
        assert_eq!(wish.flags(), TAG | RATE);
        let header = wish.header();
        assert_eq!((header.tag, header.channels), (1, 0));
        assert_eq!({ header.samples_per_second }, 8000);
        assert_eq!(wish.to_string(), "format 0x0001, 8000 Hz");
        assert_eq!(
            (Wish::default().flags(), Wish::default().to_string()),
            (0, "any format".into())
        );
    }
}
