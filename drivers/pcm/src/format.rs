//! The formats that the converter takes: plain samples.

use opendriver_sdk::structures::{Structure as _, WaveFormatEx};

use crate::sample::Depth;

/// `WAVE_FORMAT_PCM`
pub(crate) const PCM: u16 = 1;
/// `WAVE_FORMAT_IEEE_FLOAT`
pub(crate) const FLOAT: u16 = 3;
/// `WAVE_FORMAT_EXTENSIBLE`
pub(crate) const EXTENSIBLE: u16 = 0xfffe;

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
    /// Takes a `PCMWAVEFORMAT`, `WAVEFORMATEX` or `WAVEFORMATEXTENSIBLE`; none if its samples are not plain, or if it contradicts itself.
    ///
    /// `nAvgBytesPerSec` may say anything: files are full of wrong ones, and the right one follows from the rest.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        const SHORTEST: usize = 16;
        let mut head = [0; WaveFormatEx::SIZE];
        let there = bytes.len().min(head.len());
        head[..there].copy_from_slice(&bytes[..there]);
        let header = WaveFormatEx::read(&head).filter(|_| there >= SHORTEST)?;
        let (tag, speakers) = match header.tag {
            EXTENSIBLE => {
                let extra = bytes.get(WaveFormatEx::SIZE..)?.first_chunk::<EXTRA>()?;
                let [_, _, s0, s1, s2, s3, t0, t1, rest @ ..] = *extra;
                let speakers = u32::from_le_bytes([s0, s1, s2, s3]);
                if usize::from(header.extra) < EXTRA || rest != TAGGED {
                    return None;
                }
                (u16::from_le_bytes([t0, t1]), Some(speakers))
            }
            tag => (tag, None),
        };
        let depth = depth(tag, header.bits_per_sample)?;
        let format = Self {
            depth,
            channels: header.channels,
            rate: header.samples_per_second,
            speakers,
        };
        let sound = (1..=MOST_CHANNELS).contains(&format.channels)
            && format.rate > 0
            && format.frame() == usize::from(header.block_align);
        sound.then_some(format)
    }

    /// The format in bytes: a `WAVEFORMATEX`, or a `WAVEFORMATEXTENSIBLE`.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let tag = self.tag();
        let header = WaveFormatEx {
            tag: if self.speakers.is_some() {
                EXTENSIBLE
            } else {
                tag
            },
            channels: self.channels,
            samples_per_second: self.rate,
            bytes_per_second: self.rate.saturating_mul(self.frame() as u32),
            block_align: self.frame() as u16,
            bits_per_sample: self.bits(),
            extra: if self.speakers.is_some() {
                EXTRA as u16
            } else {
                0
            },
        };
        let mut bytes = vec![0; WaveFormatEx::SIZE];
        header.write(&mut bytes);
        if let Some(speakers) = self.speakers {
            bytes.extend(self.bits().to_le_bytes());
            bytes.extend(speakers.to_le_bytes());
            bytes.extend(tag.to_le_bytes());
            bytes.extend(TAGGED);
        }
        bytes
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

    /// What people call it, as Windows writes it: `44.100 kHz, 16 Bit, Stereo`.
    pub(crate) fn name(self) -> String {
        let (thousands, rest) = (self.rate / 1000, self.rate % 1000);
        let bits = self.bits();
        let float = if self.depth.is_float() { " Float" } else { "" };
        match self.channels {
            1 => format!("{thousands}.{rest:03} kHz, {bits} Bit{float}, Mono"),
            2 => format!("{thousands}.{rest:03} kHz, {bits} Bit{float}, Stereo"),
            more => format!("{thousands}.{rest:03} kHz, {bits} Bit{float}, {more} Channels"),
        }
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
                assert_eq!(Format::parse(&format.to_bytes()), Some(format));
            }
        }
    }

    #[test]
    fn the_short_form_of_old_files_is_enough() {
        let format = stereo(Depth::I16);
        assert_eq!(Format::parse(&format.to_bytes()[..16]), Some(format));
        assert_eq!(Format::parse(&format.to_bytes()[..15]), None);
        assert_eq!(Format::parse(&[]), None);
    }

    #[test]
    fn formats_that_contradict_themselves_are_none() {
        let good = stereo(Depth::I16).to_bytes();
        for (at, byte) in [(0, 2), (2, 0), (2, 3), (4, 0), (12, 3), (14, 12), (14, 0)] {
            let mut bad = good.clone();
            bad[at] = byte;
            if at == 4 {
                bad[4..8].fill(0);
            }
            assert_eq!(Format::parse(&bad), None, "byte {at} as {byte}");
        }
        let speakers = Some(3);
        let extensible = Format {
            speakers,
            ..stereo(Depth::F32)
        }
        .to_bytes();
        for at in [16, 24, 39] {
            let mut bad = extensible.clone();
            bad[at] ^= 0x15;
            assert_eq!(Format::parse(&bad), None, "byte {at}");
        }
        assert_eq!(Format::parse(&extensible[..39]), None);
    }

    #[test]
    fn names_are_those_of_windows() {
        assert_eq!(stereo(Depth::I16).name(), "44.100 kHz, 16 Bit, Stereo");
        let odd = Format {
            channels: 6,
            rate: 8,
            ..stereo(Depth::F32)
        };
        assert_eq!(odd.name(), "0.008 kHz, 32 Bit Float, 6 Channels");
    }
}
