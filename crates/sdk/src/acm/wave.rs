//! A format of sound, as a value.

use std::fmt;

use opendriver_abi::structures::{Structure as _, WaveFormatEx};

/// A format of sound: the fields of a `WAVEFORMATEX`, and the bytes that follow it.
///
/// ```
/// use opendriver_sdk::acm::WaveFormat;
///
/// let music = WaveFormat::pcm(2, 44_100, 16);
/// assert_eq!((music.block_align, music.bytes_per_second), (4, 176_400));
/// assert_eq!(music.to_string(), "44.100 kHz, 16 Bit, Stereo");
///
/// // A compressed format says how many bytes a block has, and what else its decoder must know.
/// let blocks = WaveFormat {
///     tag: 0x11,
///     block_align: 512,
///     bytes_per_second: 22_311,
///     bits: 4,
///     extra: 1017_u16.to_le_bytes().to_vec(),
///     ..WaveFormat::pcm(1, 44_100, 16)
/// };
/// assert_eq!(WaveFormat::parse(&blocks.to_bytes()), Some(blocks));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WaveFormat {
    /// What kind of format it is (`WAVE_FORMAT_*`).
    pub tag: u16,
    /// How many channels.
    pub channels: u16,
    /// Frames in a second: a frame is one sample of each channel.
    pub rate: u32,
    /// Bytes in a second, on average. Files are full of wrong ones: what can be computed from the rest is better computed.
    pub bytes_per_second: u32,
    /// Bytes in the smallest piece that can be converted.
    pub block_align: u16,
    /// Bits in a sample of one channel; 0 where a compressed format has no such number.
    pub bits: u16,
    /// What follows the `WAVEFORMATEX`.
    pub extra: Vec<u8>,
}

impl WaveFormat {
    /// `WAVE_FORMAT_PCM`: whole numbers.
    pub const PCM: u16 = 1;
    /// `WAVE_FORMAT_IEEE_FLOAT`: floating-point numbers.
    pub const FLOAT: u16 = 3;
    /// `WAVE_FORMAT_EXTENSIBLE`: what it is stands in [`extra`](Self::extra).
    pub const EXTENSIBLE: u16 = 0xfffe;

    /// Plain samples: `bits` is 8 (unsigned), 16, 24 or 32 (signed).
    pub fn pcm(channels: u16, rate: u32, bits: u16) -> Self {
        Self::plain(Self::PCM, channels, rate, bits)
    }

    /// Floating-point samples of 32 or 64 bits, from -1 to 1.
    pub fn float(channels: u16, rate: u32, bits: u16) -> Self {
        Self::plain(Self::FLOAT, channels, rate, bits)
    }

    /// A format whose frames stand behind each other, each as large as its bits say.
    pub fn plain(tag: u16, channels: u16, rate: u32, bits: u16) -> Self {
        let block_align = channels.saturating_mul(bits.div_ceil(8));
        Self {
            tag,
            channels,
            rate,
            bytes_per_second: rate.saturating_mul(block_align.into()),
            block_align,
            bits,
            extra: Vec::new(),
        }
    }

    /// Takes the bytes of a `WAVEFORMATEX` and what follows it, or of a `PCMWAVEFORMAT`, which ends before the count of that.
    /// None if there are fewer than 16, or fewer than it counts.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        const SHORTEST: usize = 16;
        let mut head = [0; WaveFormatEx::SIZE];
        let there = bytes.len().min(head.len());
        head[..there].copy_from_slice(&bytes[..there]);
        let header = WaveFormatEx::read(&head).filter(|_| there >= SHORTEST)?;
        let behind = bytes.get(head.len()..).unwrap_or_default();
        Some(Self {
            tag: header.tag,
            channels: header.channels,
            rate: header.samples_per_second,
            bytes_per_second: header.bytes_per_second,
            block_align: header.block_align,
            bits: header.bits_per_sample,
            extra: behind.get(..header.extra.into())?.to_vec(),
        })
    }

    /// The format in bytes: a `WAVEFORMATEX`, and what follows it.
    ///
    /// # Panics
    /// When more than 65,535 bytes follow, which a format cannot count.
    pub fn to_bytes(&self) -> Vec<u8> {
        let extra = self.extra.len().try_into();
        let header = WaveFormatEx {
            tag: self.tag,
            channels: self.channels,
            samples_per_second: self.rate,
            bytes_per_second: self.bytes_per_second,
            block_align: self.block_align,
            bits_per_sample: self.bits,
            extra: extra.expect("a format counts what follows it in 16 bits"),
        };
        let mut bytes = vec![0; WaveFormatEx::SIZE];
        header.write(&mut bytes);
        bytes.extend_from_slice(&self.extra);
        bytes
    }

    /// How many bytes [`to_bytes`](Self::to_bytes) makes.
    pub fn size(&self) -> usize {
        WaveFormatEx::SIZE + self.extra.len()
    }
}

/// As Windows writes it: `44.100 kHz, 16 Bit, Stereo`.
impl fmt::Display for WaveFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} kHz", self.rate / 1000, self.rate % 1000)?;
        match (self.bits, self.tag) {
            (0, _) => {}
            (bits, Self::FLOAT) => write!(f, ", {bits} Bit Float")?,
            (bits, _) => write!(f, ", {bits} Bit")?,
        }
        match self.channels {
            1 => f.write_str(", Mono"),
            2 => f.write_str(", Stereo"),
            more => write!(f, ", {more} Channels"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_of_plain_samples_is_enough() {
        let format = WaveFormat::pcm(2, 22_050, 8);
        let bytes = format.to_bytes();
        assert_eq!(WaveFormat::parse(&bytes[..16]), Some(format));
        assert_eq!(WaveFormat::parse(&bytes[..15]), None);
    }

    #[test]
    fn a_format_that_counts_more_bytes_than_there_are_is_none() {
        let format = WaveFormat {
            extra: vec![1, 2, 3],
            ..WaveFormat::pcm(1, 8000, 16)
        };
        let mut bytes = format.to_bytes();
        assert_eq!(WaveFormat::parse(&bytes[..20]), None);
        bytes.push(4);
        assert_eq!(WaveFormat::parse(&bytes), Some(format));
    }

    #[test]
    fn names_are_those_of_windows() {
        let name = |format: WaveFormat| format.to_string();
        assert_eq!(name(WaveFormat::pcm(1, 8000, 8)), "8.000 kHz, 8 Bit, Mono");
        assert_eq!(
            name(WaveFormat::float(6, 8, 32)),
            "0.008 kHz, 32 Bit Float, 6 Channels"
        );
        let without_depth = WaveFormat {
            bits: 0,
            ..WaveFormat::pcm(2, 44_100, 16)
        };
        assert_eq!(name(without_depth), "44.100 kHz, Stereo");
    }
}
