//! Samples of every depth, as bytes and as numbers.

/// How one sample of one channel is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// 8 bits, unsigned: silence is 128.
    U8,
    /// 16 bits, signed.
    I16,
    /// 24 bits, signed.
    I24,
    /// 32 bits, signed.
    I32,
    /// A floating-point number of 32 bits, from -1 to 1 and beyond.
    F32,
    /// The same in 64 bits.
    F64,
}

/// One and a half times 2^52. A number below 2^51 that this is added to has no place for a fraction left, so that the addition rounds
/// it to the nearest whole number, of two as near ones the even one, and leaves that in its lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

impl Depth {
    pub(crate) const ALL: [Self; 6] = [
        Self::U8,
        Self::I16,
        Self::I24,
        Self::I32,
        Self::F32,
        Self::F64,
    ];

    /// How many bytes a sample takes.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    pub(crate) const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Turns bytes into numbers from -1 to 1, as many as both have room for. Every value of every depth has its own number.
    pub(crate) fn decode(self, bytes: &[u8], numbers: &mut [f64]) {
        match self {
            Self::U8 => {
                let samples = bytes.iter().map(|&byte| (f64::from(byte) - 128.0) / 128.0);
                numbers.iter_mut().zip(samples).for_each(set);
            }
            Self::I16 => {
                let samples = bytes.as_chunks().0.iter();
                let samples = samples.map(|&sample| f64::from(i16::from_le_bytes(sample)));
                let samples = samples.map(|sample| sample / 32_768.0);
                numbers.iter_mut().zip(samples).for_each(set);
            }
            Self::I24 => {
                let samples = bytes.as_chunks().0.iter();
                let samples = samples.map(|&[low, middle, high]| whole([0, low, middle, high]));
                numbers.iter_mut().zip(samples).for_each(set);
            }
            Self::I32 => {
                let samples = bytes.as_chunks().0.iter().map(|&sample| whole(sample));
                numbers.iter_mut().zip(samples).for_each(set);
            }
            Self::F32 => {
                let samples = bytes.as_chunks().0.iter();
                let samples = samples.map(|&sample| f64::from(f32::from_le_bytes(sample)));
                numbers.iter_mut().zip(samples).for_each(set);
            }
            Self::F64 => {
                let samples = bytes.as_chunks().0.iter();
                let samples = samples.map(|&sample| f64::from_le_bytes(sample));
                numbers.iter_mut().zip(samples).for_each(set);
            }
        }
    }

    /// Turns numbers into bytes, as many as both have room for. Whole numbers are rounded to the nearest, and what is louder than they
    /// can say becomes the loudest; what is no number becomes silence.
    pub(crate) fn encode(self, numbers: &[f64], bytes: &mut [u8]) {
        let numbers = numbers.iter().copied();
        match self {
            Self::U8 => {
                let samples = numbers.map(|number| (rounded::<8>(number) + 128) as u8);
                bytes.iter_mut().zip(samples).for_each(set);
            }
            Self::I16 => {
                let samples = numbers.map(|number| (rounded::<16>(number) as i16).to_le_bytes());
                bytes
                    .as_chunks_mut()
                    .0
                    .iter_mut()
                    .zip(samples)
                    .for_each(set);
            }
            Self::I24 => {
                let samples = numbers.map(|number| {
                    let [low, middle, high, _] = rounded::<24>(number).to_le_bytes();
                    [low, middle, high]
                });
                bytes
                    .as_chunks_mut()
                    .0
                    .iter_mut()
                    .zip(samples)
                    .for_each(set);
            }
            Self::I32 => {
                let samples = numbers.map(|number| rounded::<32>(number).to_le_bytes());
                bytes
                    .as_chunks_mut()
                    .0
                    .iter_mut()
                    .zip(samples)
                    .for_each(set);
            }
            Self::F32 => {
                let samples = numbers.map(|number| (number as f32).to_le_bytes());
                bytes
                    .as_chunks_mut()
                    .0
                    .iter_mut()
                    .zip(samples)
                    .for_each(set);
            }
            Self::F64 => {
                let samples = numbers.map(f64::to_le_bytes);
                bytes
                    .as_chunks_mut()
                    .0
                    .iter_mut()
                    .zip(samples)
                    .for_each(set);
            }
        }
    }
}

fn set<T>((place, value): (&mut T, T)) {
    *place = value;
}

/// A signed sample that fills 32 bits.
fn whole(bytes: [u8; 4]) -> f64 {
    f64::from(i32::from_le_bytes(bytes)) / 2_147_483_648.0
}

/// The whole number of `BITS` bits, sign included, that is nearest to a number from -1 to 1.
fn rounded<const BITS: u32>(number: f64) -> i32 {
    let most = (1_u64 << (BITS - 1)) as f64;
    let number = if number.is_nan() { 0.0 } else { number };
    let number = (number * most).max(-most).min(most - 1.0);
    (number + ROUND).to_bits() as i32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn converted(from: Depth, bytes: &[u8], to: Depth) -> Vec<u8> {
        let count = bytes.len() / from.bytes();
        let (mut numbers, mut converted) = (vec![0.0; count], vec![0; count * to.bytes()]);
        from.decode(bytes, &mut numbers);
        to.encode(&numbers, &mut converted);
        converted
    }

    fn narrowed(samples: &[i16]) -> Vec<u8> {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        converted(Depth::I16, &bytes, Depth::U8)
    }

    proptest! {
        #[test]
        fn a_deeper_form_keeps_every_value(bytes in proptest::collection::vec(any::<u8>(), 0..400), from in 0..4_usize, to in 0..6_usize) {
            let (from, to) = (Depth::ALL[from], Depth::ALL[to]);
            // A mantissa of 24 bits holds samples of 24, not of 32.
            let deeper = to.bytes() >= from.bytes() && (from, to) != (Depth::I32, Depth::F32);
            if deeper {
                let bytes = &bytes[..bytes.len() / from.bytes() * from.bytes()];
                let back = converted(to, &converted(from, bytes, to), from);
                prop_assert_eq!(back, bytes);
            }
        }

        #[test]
        fn a_shallower_form_is_off_by_half_a_step_at_most(sample: i32) {
            for (to, bits) in [(Depth::U8, 8), (Depth::I16, 16), (Depth::I24, 24)] {
                let there = converted(Depth::I32, &sample.to_le_bytes(), to);
                let back = converted(to, &there, Depth::I32);
                let back = i32::from_le_bytes(back.try_into().unwrap());
                let step = 1_i64 << (32 - bits);
                let loudest = i64::from(i32::MAX) + 1 - step;
                let off = (i64::from(back) - i64::from(sample).min(loudest)).abs();
                prop_assert!(off <= step / 2, "{sample} became {back} by way of {bits} bits");
            }
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let samples = [0, 127, 128, 129, 384, -127, -128, -129, -384];
        assert_eq!(
            narrowed(&samples),
            [128, 128, 128, 129, 130, 128, 128, 127, 126]
        );
    }

    #[test]
    fn what_is_too_loud_becomes_the_loudest() {
        assert_eq!(narrowed(&[i16::MAX, i16::MIN]), [255, 0]);
        let numbers = [
            2.0,
            -2.0,
            1.0,
            -1.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
        ];
        let mut bytes = [0; 14];
        Depth::I16.encode(&numbers, &mut bytes);
        let samples: Vec<i16> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|&s| i16::from_le_bytes(s))
            .collect();
        let (most, least) = (i16::MAX, i16::MIN);
        assert_eq!(samples, [most, least, most, least, most, least, most]);
        let mut bytes = [0; 4];
        Depth::I32.encode(&[1.0], &mut bytes);
        assert_eq!(i32::from_le_bytes(bytes), i32::MAX);
    }

    #[test]
    fn what_is_no_number_becomes_silence() {
        for (depth, silence) in [
            (Depth::U8, 128),
            (Depth::I16, 0),
            (Depth::I24, 0),
            (Depth::I32, 0),
        ] {
            let mut bytes = [7; 4];
            depth.encode(&[f64::NAN], &mut bytes[..depth.bytes()]);
            assert!(bytes[..depth.bytes()].iter().all(|&byte| byte == silence));
        }
    }
}
