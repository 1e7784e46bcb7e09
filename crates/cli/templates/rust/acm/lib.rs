//! {{name}}: an audio codec.
//!
//! Of each sample of 16 bits it keeps the sign and the root, in one byte, so that quiet sound loses least. Your own codec takes the
//! place of [`encode`] and [`decode`], and of what is said about their formats.
#![forbid(unsafe_code)]

use std::sync::Arc;

use opendriver_sdk::acm::{Acm, Blocks, Codec, Details, Refusal, Tag, WaveFormat};
use opendriver_sdk::{BuiltIn, Host, Refused, builtin};

/// What the codec is called.
const NAME: &str = "{{name}}";

/// The number of the format in files. One of your own is had from Microsoft; `WAVE_FORMAT_DEVELOPMENT` is for the time until then.
pub const TAG: u16 = 0xffff;

/// What the codec offers; it takes other rates too.
const RATES: [u32; 4] = [8000, 11_025, 22_050, 44_100];

/// The driver, for a program that links it in.
pub fn driver() -> BuiltIn {
    builtin::<Acm<Roots>>(NAME)
}

// The driver, as a shared object.
#[cfg(feature = "export")]
opendriver_sdk::export_driver!(Acm<Roots>);

/// The codec, from `DRV_LOAD` to `DRV_FREE`.
pub struct Roots;

impl Codec for Roots {
    type Stream = Blocks;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn details(&self) -> Details {
        Details::new(NAME, "The root of every sample")
    }

    fn tags(&self) -> Vec<Tag> {
        let formats = |make: fn(u16, u32) -> WaveFormat| {
            let pairs = RATES.iter().flat_map(|&rate| [(1, rate), (2, rate)]);
            pairs.map(|(channels, rate)| make(channels, rate)).collect()
        };
        vec![
            Tag::new(WaveFormat::PCM, "PCM", formats(plain)),
            Tag::new(TAG, NAME, formats(encoded)),
        ]
    }

    fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Blocks, Refusal> {
        let plain = plain(source.channels, source.rate);
        let encoded = encoded(source.channels, source.rate);
        // One sample after the other, whatever channel it is of.
        if (source, destination) == (&plain, &encoded) {
            Ok(Blocks::new(2, 1, |from, to| {
                to[0] = encode(i16::from_le_bytes([from[0], from[1]]));
            }))
        } else if (source, destination) == (&encoded, &plain) {
            Ok(Blocks::new(1, 2, |from, to| {
                to.copy_from_slice(&decode(from[0]).to_le_bytes());
            }))
        } else {
            Err(Refusal::NotPossible)
        }
    }
}

fn plain(channels: u16, rate: u32) -> WaveFormat {
    WaveFormat::pcm(channels, rate, 16)
}

fn encoded(channels: u16, rate: u32) -> WaveFormat {
    WaveFormat::plain(TAG, channels, rate, 8)
}

/// One sample in one byte: silence is 128.
pub fn encode(sample: i16) -> u8 {
    let root = (sample.unsigned_abs() / 2).isqrt().min(127) as u8;
    if sample < 0 { 128 - root } else { 128 + root }
}

/// The sample that a byte stands for.
pub fn decode(byte: u8) -> i16 {
    let root = i32::from(byte) - 128;
    // The lowest is the lowest of 16 bits.
    (2 * root * root.abs()) as i16
}

#[cfg(test)]
mod tests {
    use opendriver_sdk::Bench;
    use opendriver_sdk::acm::Wish;
    use opendriver_sdk::answer::ACMERR_NOTPOSSIBLE;

    use super::*;

    #[test]
    fn it_goes_there_and_back() {
        // A bench plays the host, and an application on top of it.
        let application = Bench::new(driver()).acm().unwrap();
        let (plain, encoded) = (plain(1, 8000), encoded(1, 8000));
        let samples = [0, 2, -2, 8, -18, 1000, -1000, i16::MAX, i16::MIN];
        let bytes = samples.map(i16::to_le_bytes).concat();
        let packed = application.convert(&plain, &encoded, &bytes).unwrap();
        assert_eq!(packed, [128, 129, 127, 130, 125, 150, 106, 255, 1]);
        let expected = [0, 2, -2, 8, -18, 968, -968, 32_258, -32_258];
        let unpacked = application.convert(&encoded, &plain, &packed).unwrap();
        assert_eq!(unpacked, expected.map(i16::to_le_bytes).concat());
    }

    #[test]
    fn every_byte_comes_back_as_itself() {
        for byte in 1..=u8::MAX {
            assert_eq!(encode(decode(byte)), byte);
        }
        assert_eq!(decode(0), i16::MIN);
    }

    #[test]
    fn it_suggests_the_other_side() {
        let application = Bench::new(driver()).acm().unwrap();
        let suggested = application.suggest(&plain(2, 22_050), Wish::default());
        assert_eq!(suggested, Ok(encoded(2, 22_050)));
    }

    #[test]
    fn it_refuses_what_it_does_not_know() {
        let application = Bench::new(driver()).acm().unwrap();
        let deep = WaveFormat::pcm(1, 8000, 32);
        let refused = application.query(&deep, &encoded(1, 8000));
        assert_eq!(refused, Err(ACMERR_NOTPOSSIBLE));
    }
}
