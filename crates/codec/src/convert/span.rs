//! Which bytes of sound belong to a range of frames.

use crate::WaveFormat;

/// A span of a stream of bytes, of which what comes by is cut to what is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Bytes to leave out before the first.
    skip: u64,
    /// Bytes to let through.
    left: u64,
}

impl Span {
    /// All bytes.
    pub(super) const ALL: Self = Self {
        skip: 0,
        left: u64::MAX,
    };

    /// From one offset to another.
    pub(super) fn new(start: u64, end: u64) -> Self {
        Self {
            skip: start,
            left: end.saturating_sub(start),
        }
    }

    /// The part of the next bytes that is inside.
    pub(super) fn cut<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let skipped = clamp(self.skip, bytes.len());
        self.skip -= skipped as u64;
        let bytes = &bytes[skipped..];
        let taken = clamp(self.left, bytes.len());
        if self.left != u64::MAX {
            self.left -= taken as u64;
        }
        &bytes[..taken]
    }

    /// Whether no more bytes are inside.
    pub(super) fn is_over(&self) -> bool {
        self.left == 0
    }
}

fn clamp(count: u64, len: usize) -> usize {
    usize::try_from(count).map_or(len, |count| count.min(len))
}

/// A time from the start of a file, as a number of seconds over another; none for the end of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Seconds, times `rate`.
    pub(super) count: u64,
    /// In how many parts the seconds are counted; not 0.
    pub(super) rate: u64,
}

impl Moment {
    /// The first byte of sound at this moment or behind it, at the start of a block.
    pub(super) fn bytes(self, format: &WaveFormat) -> u64 {
        let block = u64::from(format.block_align().max(1));
        let whole = |numerator: u128| u64::try_from(numerator / u128::from(self.rate.max(1)));
        let count = u128::from(self.count);
        let bytes = if is_plain(format) {
            let samples = whole(count * u128::from(format.rate()));
            samples.map(|samples| samples.saturating_mul(block))
        } else if let Some(samples) = format.samples_per_block().map(u64::from) {
            let number = whole(count * u128::from(format.rate()));
            number.map(|number| (number / samples).saturating_mul(block))
        } else {
            let bytes = whole(count * u128::from(format.bytes_per_second()));
            bytes.map(|bytes| bytes / block * block)
        };
        bytes.unwrap_or(u64::MAX)
    }
}

/// Whether each sample of each channel has bytes of its own, so that sound can be cut anywhere.
pub(super) fn is_plain(format: &WaveFormat) -> bool {
    const A_LAW: u16 = 6;
    const MU_LAW: u16 = 7;
    let tag = format.inner_tag();
    matches!(tag, WaveFormat::PCM | WaveFormat::FLOAT | A_LAW | MU_LAW) && format.block_align() > 0
}

/// How many samples of each channel are in so many bytes, where the format tells.
pub(super) fn samples(format: &WaveFormat, bytes: u64) -> Option<u64> {
    let blocks = bytes.checked_div(format.block_align().into())?;
    if is_plain(format) {
        return Some(blocks);
    }
    Some(blocks.saturating_mul(format.samples_per_block()?.into()))
}

#[cfg(test)]
mod tests {
    use opendriver_abi::structures::WaveFormatEx;

    use super::*;

    #[test]
    fn what_comes_by_is_cut_to_the_span() {
        let mut span = Span::new(3, 8);
        let cut: Vec<&[u8]> = ["ab", "cdef", "ghij", "kl"]
            .map(|bytes| span.cut(bytes.as_bytes()))
            .to_vec();
        assert_eq!(cut, [&b""[..], b"def", b"gh", b""]);
        assert!(span.is_over());
        let mut all = Span::ALL;
        assert_eq!((all.cut(b"xyz"), all.is_over()), (&b"xyz"[..], false));
    }

    #[test]
    fn moments_fall_on_samples_or_blocks() {
        // 10 frames of 25 a second.
        let moment = Moment {
            count: 10,
            rate: 25,
        };
        assert_eq!(moment.bytes(&WaveFormat::pcm(2, 44_100, 16)), 17_640 * 4);
        let header = WaveFormatEx {
            tag: 2,
            block_align: 256,
            ..WaveFormat::pcm(1, 11_025, 4).header()
        };
        let adpcm = WaveFormat::new(header, &[0xf4, 1]);
        // 4410 samples, 500 in a block.
        assert_eq!(moment.bytes(&adpcm), 8 * 256);
        assert_eq!(samples(&adpcm, 1000), Some(3 * 500));
        let late = Moment {
            count: u64::MAX,
            rate: 1,
        };
        assert_eq!(late.bytes(&WaveFormat::pcm(2, 44_100, 16)), u64::MAX);
    }
}
