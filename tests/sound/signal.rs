//! Samples, and how far they are from each other.

/// Samples of 16 bits.
pub(crate) fn samples(bytes: &[u8]) -> Vec<i16> {
    let (samples, rest) = bytes.as_chunks();
    assert!(rest.is_empty(), "half a sample is left over");
    samples
        .iter()
        .map(|&sample| i16::from_le_bytes(sample))
        .collect()
}

/// How far the difference of two sounds is below the first, in decibels. What the longer one has more is not compared.
pub(crate) fn signal_to_noise(expected: &[i16], found: &[i16]) -> f64 {
    let square = |sample: f64| sample * sample;
    let count = expected.len().min(found.len());
    let signal: f64 = expected[..count].iter().map(|&s| square(s.into())).sum();
    let pairs = expected.iter().zip(found);
    let noise: f64 = pairs
        .map(|(&a, &b)| square(f64::from(a) - f64::from(b)))
        .sum();
    10.0 * (signal / noise).log10()
}
