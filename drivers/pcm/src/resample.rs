//! Another number of frames in a second, by way of the spectrum.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

/// The shorter of the two transforms is at least so long. The filter's slope is a part of that length, so that more than nine tenths
/// of the band are left untouched.
const SHORTEST: usize = 512;

/// Over all channels, no period that two rates share is longer than this, and no transform longer than twice this: that bounds memory.
/// Any two rates up to 131 kHz share a shorter one where there are two channels.
const LONGEST: usize = 1 << 18;

/// The widest ratio of two rates.
const WIDEST: u32 = 256;

/// Turns frames of one rate into frames of another.
///
/// The source is collected until it fills a transform. The result depends on where the stream starts and on nothing else, be it cut as it
/// may. It is late by half a transform, which is dropped at its start; [`finish`](Self::finish) fetches what is then missing at its end.
pub(crate) struct Resampler {
    inner: Fft<f64>,
    rates: [u64; 2],
    /// One list a channel, as long as the transforms.
    source: Vec<Vec<f64>>,
    filled: usize,
    result: Vec<Vec<f64>>,
    /// Which frames of the result are still to be given out.
    ready: std::ops::Range<usize>,
    /// How many frames at the start are still to be dropped.
    late: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// None where the rates are too far from each other.
    pub(crate) fn new(source: u32, destination: u32, channels: usize) -> Option<Self> {
        let (low, high) = (source.min(destination), source.max(destination));
        if low.saturating_mul(WIDEST) < high {
            return None;
        }
        let longest = LONGEST / channels.max(2);
        let [from, to] = ratio(source, destination, longest as u64);
        // An even number of periods, so that half a transform is whole frames on both sides.
        let wanted = SHORTEST.div_ceil(from.min(to)).next_multiple_of(2);
        let times = wanted.min(2 * (longest / from.max(to)));
        let inner = Fft::new_custom(
            from,
            to,
            from * times,
            1,
            channels,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        );
        let inner = inner.ok()?;
        Some(Self {
            rates: [source.into(), destination.into()],
            source: vec![vec![0.0; inner.input_frames_max()]; channels],
            filled: 0,
            result: vec![vec![0.0; inner.output_frames_max()]; channels],
            ready: 0..0,
            late: inner.output_delay(),
            taken: 0,
            given: 0,
            inner,
        })
    }

    /// Forgets everything, as for a new stream.
    pub(crate) fn reset(&mut self) {
        self.inner.reset();
        self.filled = 0;
        self.ready = 0..0;
        self.late = self.inner.output_delay();
        self.taken = 0;
        self.given = 0;
    }

    /// How many frames can be taken: none while there is a result to be given out.
    pub(crate) fn room(&self) -> usize {
        match self.ready.is_empty() {
            true => self.inner.input_frames_max() - self.filled,
            false => 0,
        }
    }

    /// Takes frames, their channels beside each other, and answers how many.
    pub(crate) fn take(&mut self, frames: &[f64]) -> usize {
        let channels = self.source.len();
        let count = self.room().min(frames.len() / channels);
        if count == 0 {
            return 0;
        }
        for (channel, list) in self.source.iter_mut().enumerate() {
            let samples = frames[channel..].iter().step_by(channels);
            // What is no number would spread over a whole transform.
            let samples = samples.map(|sample| if sample.is_finite() { *sample } else { 0.0 });
            let places = &mut list[self.filled..][..count];
            places
                .iter_mut()
                .zip(samples)
                .for_each(|(place, sample)| *place = sample);
        }
        self.filled += count;
        self.taken += count as u64;
        if self.filled == self.inner.input_frames_max() {
            self.transform();
        }
        count
    }

    /// Gives frames out, their channels beside each other, and answers how many.
    pub(crate) fn give(&mut self, frames: &mut [f64]) -> usize {
        let channels = self.result.len();
        let count = self.ready.len().min(frames.len() / channels);
        for (channel, list) in self.result.iter().enumerate() {
            let places = frames[channel..].iter_mut().step_by(channels);
            let samples = &list[self.ready.start..][..count];
            places
                .zip(samples)
                .for_each(|(place, sample)| *place = *sample);
        }
        self.ready.start += count;
        self.given += count as u64;
        count
    }

    /// How many frames more there will be, if `more` frames are taken before the stream ends.
    pub(crate) fn missing(&self, more: usize) -> u64 {
        length(self.taken + more as u64, self.rates).saturating_sub(self.given)
    }

    /// Makes ready what is missing at the end of the stream, a transform at a time; `false` when nothing is.
    pub(crate) fn finish(&mut self) -> bool {
        let missing = self.missing(0);
        if missing > 0 && self.ready.is_empty() {
            self.source
                .iter_mut()
                .for_each(|list| list[self.filled..].fill(0.0));
            self.transform();
        }
        let missing = missing.try_into().unwrap_or(usize::MAX);
        self.ready.end = self.ready.end.min(self.ready.start.saturating_add(missing));
        missing > 0
    }

    /// The most frames that are not yet given out, of those that follow from what was taken.
    pub(crate) fn most_held(&self) -> usize {
        self.inner.output_frames_max() + self.inner.output_delay() + 2
    }

    fn transform(&mut self) {
        let (channels, source, result) = (
            self.source.len(),
            self.inner.input_frames_max(),
            self.inner.output_frames_max(),
        );
        let from = SequentialSliceOfVecs::new(&self.source, channels, source);
        let to = SequentialSliceOfVecs::new_mut(&mut self.result, channels, result);
        let (Ok(from), Ok(mut to)) = (from, to) else {
            unreachable!("the lists are as long as the transforms");
        };
        self.inner
            .process_into_buffer(&from, &mut to, None::<&Indexing>)
            .expect("the lists are as long as the transforms");
        self.filled = 0;
        let dropped = self.late.min(result);
        self.late -= dropped;
        self.ready = dropped..result;
    }
}

/// How many frames a stream of so many has at another rate: the nearest whole number, of two as near the larger.
pub(crate) fn length(frames: u64, [source, destination]: [u64; 2]) -> u64 {
    let (frames, source) = (u128::from(frames), u128::from(source));
    let length = (2 * frames * u128::from(destination) + source) / (2 * source);
    length.try_into().unwrap_or(u64::MAX)
}

/// The ratio of two rates in whole numbers of which neither is above `most`: the ratio itself where it can be said so, otherwise the last
/// of its continued fraction that can, which is off by less than a frame in `most` of them.
fn ratio(source: u32, destination: u32, most: u64) -> [usize; 2] {
    let (mut last, mut this) = ([0, 1], [1, 0]);
    let (mut numerator, mut denominator) = (u64::from(source), u64::from(destination));
    while denominator > 0 {
        let whole = numerator / denominator;
        let next = [0, 1].map(|i| whole.saturating_mul(this[i]).saturating_add(last[i]));
        if next.iter().any(|&number| number > most) {
            break;
        }
        (last, this) = (this, next);
        (numerator, denominator) = (denominator, numerator % denominator);
    }
    this.map(|number| number.max(1) as usize)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    /// Everything that comes of frames, taken in pieces of these lengths.
    fn resampled(rates: [u32; 2], channels: usize, frames: &[f64], pieces: &[usize]) -> Vec<f64> {
        let mut resampler =
            Resampler::new(rates[0], rates[1], channels).expect("the rates are near");
        let (mut result, mut room) = (Vec::new(), vec![0.0; 100 * channels]);
        let mut give = |resampler: &mut Resampler| {
            let given = resampler.give(&mut room);
            result.extend_from_slice(&room[..given * channels]);
            given > 0
        };
        let (mut left, mut pieces) = (frames, pieces.iter().cycle());
        while !left.is_empty() {
            let piece = (pieces.next().expect("there are pieces") * channels).min(left.len());
            let taken = resampler.take(&left[..piece]);
            left = &left[taken * channels..];
            while give(&mut resampler) {}
        }
        while resampler.finish() {
            give(&mut resampler);
        }
        result
    }

    fn sine(frequency: f64, rate: u32, count: usize) -> Vec<f64> {
        let step = TAU * frequency / f64::from(rate);
        (0..count).map(|n| 0.5 * (n as f64 * step).sin()).collect()
    }

    /// How far the noise is below the signal, in decibels, away from the ends.
    fn signal_to_noise(expected: &[f64], found: &[f64]) -> f64 {
        let inner = expected.len() / 4..expected.len() * 3 / 4;
        let power = |samples: &mut dyn Iterator<Item = f64>| samples.map(|s| s * s).sum::<f64>();
        let signal = power(&mut expected[inner.clone()].iter().copied());
        let pairs = expected[inner.clone()].iter().zip(&found[inner]);
        let noise = power(&mut pairs.map(|(a, b)| a - b));
        10.0 * (signal / noise).log10()
    }

    const RATES: [[u32; 2]; 10] = [
        [8000, 44_100],
        [44_100, 8000],
        [11_025, 48_000],
        [22_050, 44_100],
        [44_100, 48_000],
        [48_000, 44_100],
        [8000, 11_127],
        [192_000, 8000],
        [8000, 192_000],
        [44_101, 44_100],
    ];

    #[test]
    fn a_sine_comes_out_as_the_same_sine_at_the_same_time() {
        for rates in RATES {
            let seconds = |rate: u32| rate as usize * 4;
            let lower = f64::from(rates[0].min(rates[1]));
            for part in [0.01, 0.11, 0.31, 0.44] {
                let found = resampled(
                    rates,
                    1,
                    &sine(lower * part, rates[0], seconds(rates[0])),
                    &[1000],
                );
                let expected = sine(lower * part, rates[1], seconds(rates[1]));
                assert_eq!(found.len(), expected.len());
                let ratio = signal_to_noise(&expected, &found);
                assert!(
                    ratio > 130.0,
                    "{rates:?} at {part} of the rate: {ratio:.1} dB"
                );
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_say_is_silent() {
        for rates in [[44_100, 8000], [48_000, 44_100], [192_000, 44_100]] {
            let above = f64::from(rates[1]) * 0.52;
            let found = resampled(rates, 1, &sine(above, rates[0], 100_000), &[4096]);
            let loudest = found[found.len() / 4..found.len() / 2]
                .iter()
                .fold(0.0, |most, s| s.abs().max(most));
            assert!(loudest < 1e-5, "{rates:?}: {loudest}");
        }
    }

    #[test]
    fn rates_without_a_short_period_are_as_good_as_kept() {
        assert_eq!(ratio(44_100, 48_000, 4096), [147, 160]);
        assert_eq!(ratio(131_071, 131_070, 1 << 17), [131_071, 131_070]);
        let [from, to] = ratio(4_000_000_007, 3_999_999_979, 1 << 17);
        assert!((from as f64 / to as f64 - 4_000_000_007.0 / 3_999_999_979.0).abs() < 1e-7);
        let found = resampled(
            [1_000_003, 999_983],
            1,
            &sine(1000.0, 1_000_003, 400_000),
            &[5000],
        );
        let expected = sine(1000.0, 999_983, found.len());
        assert_eq!(found.len() as u64, length(400_000, [1_000_003, 999_983]));
        assert!(signal_to_noise(&expected, &found) > 60.0);
    }

    #[test]
    fn rates_too_far_from_each_other_are_refused() {
        assert!(Resampler::new(1, 256, 1).is_some());
        assert!(Resampler::new(1, 257, 1).is_none());
        assert!(Resampler::new(u32::MAX, 1, 1).is_none());
        assert!(Resampler::new(256_000_000, 1_000_000, 64).is_some());
    }

    #[test]
    fn a_reset_resampler_starts_anew() {
        let frames = sine(440.0, 8000, 3000);
        let mut resampler = Resampler::new(8000, 44_100, 1).unwrap();
        let first_of = |resampler: &mut Resampler| {
            let mut room = vec![0.0; 2000];
            let mut left = &frames[..];
            while resampler.ready.is_empty() {
                left = &left[resampler.take(left)..];
            }
            resampler.give(&mut room);
            room
        };
        let once = first_of(&mut resampler);
        resampler.reset();
        assert_eq!(first_of(&mut resampler), once);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_length_is_exact_and_no_cut_is_heard(
            rates in proptest::sample::select(&RATES[..]),
            channels in 1..4_usize,
            count in 0..5000_usize,
            pieces in proptest::collection::vec(1..1500_usize, 1..10),
        ) {
            let frames: Vec<f64> = (0..count * channels).map(|n| ((n * n) as f64).sin()).collect();
            let whole = resampled(rates, channels, &frames, &[count.max(1)]);
            let expected = (count as f64 * f64::from(rates[1]) / f64::from(rates[0])).round() as usize;
            prop_assert_eq!(whole.len(), expected * channels);
            prop_assert!(whole == resampled(rates, channels, &frames, &pieces));
        }
    }
}
