//! The formats of a sound: plain samples, and a `STREAMINFO` that says what they are.

use opendriver_sdk::acm::{Refusal, WaveFormat};

use crate::FLAC;

/// Bytes of a `STREAMINFO`. First come the least and the most samples of a frame, 16 bits each.
const STREAMINFO: usize = 34;
/// Where rate, channels and bits of a sample stand in it: 20, 3 and 5 bits, and 4 that are of something else.
const SOUND: usize = 10;

/// The plain samples that a format stands for, unless it is neither they nor FLAC, or contradicts itself.
pub(crate) fn plain(format: &WaveFormat) -> Result<WaveFormat, Refusal> {
    let plain = match (format.tag, format.extra.get(SOUND..)) {
        (FLAC, Some(&[a, b, c, d, ..])) if format.extra.len() >= STREAMINFO => {
            let packed = u32::from_be_bytes([a, b, c, d]);
            let [channels, bits] = [packed >> 9 & 0x7, packed >> 4 & 0x1f];
            WaveFormat::pcm(channels as u16 + 1, packed >> 12, bits as u16 + 1)
        }
        _ => format.clone(),
    };
    let same = plain == WaveFormat::pcm(format.channels, format.rate, plain.bits);
    let known = same && matches!(plain.bits, 16 | 24) && matches!(plain.channels, 1..=8);
    let plain = (known && plain.rate > 0).then_some(plain);
    plain.ok_or(Refusal::NotPossible)
}

/// Plain samples in FLAC.
pub(crate) fn flac(plain: &WaveFormat) -> WaveFormat {
    // As many samples as encoders of FLAC are used to. What is not known yet, as the length of the whole, is 0.
    let mut extra = 4096_u16.to_be_bytes().repeat(2);
    extra.resize(STREAMINFO, 0);
    let (channels, bits) = (u32::from(plain.channels - 1), u32::from(plain.bits - 1));
    let packed = plain.rate << 12 | channels << 9 | bits << 4;
    extra[SOUND..][..4].copy_from_slice(&packed.to_be_bytes());
    WaveFormat {
        tag: FLAC,
        block_align: 1,
        extra,
        ..plain.clone()
    }
}

/// The most samples of a channel in a frame.
pub(crate) fn block(flac: &WaveFormat) -> usize {
    u16::from_be_bytes([flac.extra[2], flac.extra[3]]).into()
}

/// The plain samples that an application may choose from.
pub(crate) fn usual() -> Vec<WaveFormat> {
    let rates = [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000];
    let kinds = [(1, 16), (2, 16), (1, 24), (2, 24)];
    let each = |rate| kinds.map(|(channels, bits)| WaveFormat::pcm(channels, rate, bits));
    rates.map(each).concat()
}
