//! The formats that the converter takes: plain samples.

use opendriver_sdk::acm::WaveFormat;

use crate::sample::Depth;

pub(crate) const PCM: u16 = WaveFormat::PCM;
pub(crate) const FLOAT: u16 = WaveFormat::FLOAT;
pub(crate) const EXTENSIBLE: u16 = WaveFormat::EXTENSIBLE;

/// What follows the first two bytes of `SubFormat`, which hold the tag, as `ksmedia.h` gives it.
const TAGGED: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// Bytes of a `WAVEFORMATEXTENSIBLE` behind its `WAVEFORMATEX`.
const EXTRA: usize = 22;

/// More channels than any layout of speakers has.
pub(crate) const MOST_CHANNELS: u16 = 64;

/// Plain samples: how deep, how many beside each other, how many in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) depth: Depth,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    /// Of a `WAVEFORMATEXTENSIBLE`, where its channels are played (`dwChannelMask`).
    pub(crate) speakers: Option<u32>,
}

impl Format {
    /// None if its samples are not plain, or if it contradicts itself.
    ///
    /// `nAvgBytesPerSec` may say anything: files are full of wrong ones, and the right one follows from the rest.
    pub(crate) fn parse(format: &WaveFormat) -> Option<Self> {
        let (tag, speakers) = match format.tag {
            EXTENSIBLE => {
                let [_, _, s0, s1, s2, s3, t0, t1, rest @ ..] =
                    *format.extra.first_chunk::<EXTRA>()?;
                let speakers = u32::from_le_bytes([s0, s1, s2, s3]);
                if rest != TAGGED {
                    return None;
                }
                (u16::from_le_bytes([t0, t1]), Some(speakers))
            }
            tag => (tag, None),
        };
        let parsed = Self {
            depth: depth(tag, format.bits)?,
            channels: format.channels,
            rate: format.rate,
            speakers,
        };
        let sound = (1..=MOST_CHANNELS).contains(&parsed.channels)
            && parsed.rate > 0
            && parsed.frame() == usize::from(format.block_align);
        sound.then_some(parsed)
    }

    /// The format as an application knows it: a `WAVEFORMATEX`, or a `WAVEFORMATEXTENSIBLE`.
    pub(crate) fn wave(self) -> WaveFormat {
        let plain = WaveFormat::plain(self.tag(), self.channels, self.rate, self.bits());
        let Some(speakers) = self.speakers else {
            return plain;
        };
        let mut extra = Vec::with_capacity(EXTRA);
        extra.extend(self.bits().to_le_bytes());
        extra.extend(speakers.to_le_bytes());
        extra.extend(self.tag().to_le_bytes());
        extra.extend(TAGGED);
        WaveFormat {
            tag: EXTENSIBLE,
            extra,
            ..plain
        }
    }

    /// What kind it is, whether or not an extensible format says so.
    pub(crate) fn tag(self) -> u16 {
        if self.depth.is_float() { FLOAT } else { PCM }
    }

    /// Bits in a sample of one channel.
    pub(crate) fn bits(self) -> u16 {
        self.depth.bytes() as u16 * 8
    }

    /// Bytes in a frame: one sample of each channel.
    pub(crate) fn frame(self) -> usize {
        self.depth.bytes() * usize::from(self.channels)
    }
}

/// The depth that a kind of format has with so many bits.
pub(crate) fn depth(tag: u16, bits: u16) -> Option<Depth> {
    let float = match tag {
        PCM => false,
        FLOAT => true,
        _ => return None,
    };
    Depth::ALL
        .into_iter()
        .find(|depth| depth.is_float() == float && depth.bytes() * 8 == usize::from(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &[u8]) -> Option<Format> {
        Format::parse(&WaveFormat::parse(bytes)?)
    }

    fn stereo(depth: Depth) -> Format {
        Format {
            depth,
            channels: 2,
            rate: 44_100,
            speakers: None,
        }
    }

    #[test]
    fn formats_survive_the_way_through_bytes() {
        for depth in Depth::ALL {
            for speakers in [None, Some(3)] {
                let format = Format {
                    speakers,
                    ..stereo(depth)
                };
                assert_eq!(parsed(&format.wave().to_bytes()), Some(format));
            }
        }
    }

    #[test]
    fn formats_that_contradict_themselves_are_none() {
        let good = stereo(Depth::I16).wave().to_bytes();
        for (at, byte) in [(0, 2), (2, 0), (2, 3), (4, 0), (12, 3), (14, 12), (14, 0)] {
            let mut bad = good.clone();
            bad[at] = byte;
            if at == 4 {
                bad[4..8].fill(0);
            }
            assert_eq!(parsed(&bad), None, "byte {at} as {byte}");
        }
        let speakers = Some(3);
        let extensible = Format {
            speakers,
            ..stereo(Depth::F32)
        }
        .wave()
        .to_bytes();
        for at in [16, 24, 39] {
            let mut bad = extensible.clone();
            bad[at] ^= 0x15;
            assert_eq!(parsed(&bad), None, "byte {at}");
        }
        assert_eq!(parsed(&extensible[..39]), None);
    }
}
