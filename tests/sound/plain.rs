//! Plain samples of equal rates: with our converter, and with the one that Wine has built in.
//!
//! Both give the same wherever nothing is lost: deeper samples, one channel to two. They differ in what they do with what is lost, each
//! in one way, and every sample is held to it:
//!
//! | | we | Wine |
//! | --- | --- | --- |
//! | fewer bits | the nearest value, so that the error is half a step at most and has no bias | cuts off, a step at most, always downwards |
//! | two channels to one | their mean, which is never too loud | their sum, cut at the loudest value |
//! | the same of 24 bits | as above | their sum, which wraps around where it is too loud |
//!
//! Where rates differ, nothing is compared: Wine repeats and drops frames, we filter.

use std::fs;

use opendriver::Width;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Flags, Stream};
use opendriver_tests::compilers;
use opendriver_tests::wine::{Wine, windows_path};

use crate::manager;

#[test]
fn every_sample_is_that_of_wine_or_differs_as_said() {
    let system = System::new();
    let (mut same, mut different) = (0, 0);
    for from in [8, 16, 24] {
        for to in [8, 16] {
            for channels in [[1, 1], [1, 2], [2, 1], [2, 2]] {
                let bits = [from, to];
                let source = samples(from, channels[0]);
                let formats = [0, 1].map(|side| WaveFormat::pcm(channels[side], 8000, bits[side]));
                let bytes = to_bytes(&source, from);
                let ours = from_bytes(&ours(&formats, &bytes), to);
                let wine = from_bytes(&system.convert(&formats, &bytes), to);
                let frames: Vec<&[i64]> = source.chunks_exact(channels[0].into()).collect();
                let each = |rule: fn(&[i64], [u16; 2]) -> i64| -> Vec<i64> {
                    let values = frames.iter().flat_map(|frame| match channels {
                        [2, 2] => frame.chunks(1).collect(),
                        [_, count] => vec![*frame; count.into()],
                    });
                    values.map(|parts| rule(parts, bits)).collect()
                };
                let what = format!("{} to {}", formats[0], formats[1]);
                assert!(ours == each(nearest_mean), "{what}: ours");
                assert!(wine == each(cut_sum), "{what}: Wine's");
                if to >= from && channels != [2, 1] {
                    assert!(ours == wine, "{what}: nothing is lost");
                    same += 1;
                } else {
                    assert!(ours != wine, "{what}: the table is out of date");
                    different += 1;
                }
            }
        }
    }
    assert_eq!((same, different), (9, 15));
}

/// What we do: the mean of a frame's parts, at the depth of the destination the nearest value, of two as near ones the even.
fn nearest_mean(parts: &[i64], [from, to]: [u16; 2]) -> i64 {
    let one = parts.len() as i64 * (1 << from);
    let scaled = parts.iter().sum::<i64>() * (1 << to);
    let (below, rest) = (scaled.div_euclid(one), scaled.rem_euclid(one));
    let up = 2 * rest > one || 2 * rest == one && below % 2 != 0;
    (below + i64::from(up)).min((1 << (to - 1)) - 1)
}

/// What Wine does: the sum, cut off to the depth of the destination and at its loudest value.
fn cut_sum(parts: &[i64], [from, to]: [u16; 2]) -> i64 {
    let sum = parts.iter().sum::<i64>();
    let cut = (sum * (1 << to)).div_euclid(1 << from);
    let half = 1 << (to - 1);
    match from {
        24 => (cut + half).rem_euclid(2 * half) - half,
        _ => cut.clamp(-half, half - 1),
    }
}

/// Every value there is, or of 24 bits many; of two channels, all pairs of the outermost ones and many others.
fn samples(bits: u16, channels: u16) -> Vec<i64> {
    let half = 1_i64 << (bits - 1);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut chance = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as i64 % half
    };
    if channels == 1 && bits < 24 {
        return (-half..half).collect();
    }
    let edges = [-half, 1 - half, -2, -1, 0, 1, 2, half - 2, half - 1];
    let pairs = edges
        .iter()
        .flat_map(|&left| edges.map(|right| [left, right]));
    let mut samples: Vec<i64> = pairs.flatten().collect();
    samples.extend((0..20_000).map(|_| chance()));
    samples
}

/// Samples as a file has them: 8 bits are unsigned.
fn to_bytes(samples: &[i64], bits: u16) -> Vec<u8> {
    let silence = if bits == 8 { 128 } else { 0 };
    let bytes = usize::from(bits / 8);
    let each = samples
        .iter()
        .map(|sample| (sample + silence).to_le_bytes());
    each.flat_map(|sample| sample.into_iter().take(bytes))
        .collect()
}

fn from_bytes(bytes: &[u8], bits: u16) -> Vec<i64> {
    let each = bytes.chunks_exact(usize::from(bits / 8));
    each.map(|sample| match *sample {
        [byte] => i64::from(byte) - 128,
        [low, high] => i16::from_le_bytes([low, high]).into(),
        _ => unreachable!("8 and 16 bits are compared"),
    })
    .collect()
}

fn ours([from, to]: &[WaveFormat; 2], bytes: &[u8]) -> Vec<u8> {
    let manager = manager(Width::HOST);
    let driver = Driver::open(&manager, "pcm").expect("it is linked in");
    let mut stream = Stream::open(&driver, from, to, None).expect("it takes plain samples");
    let mut out = Vec::new();
    let flags = Flags {
        start: true,
        end: true,
        block_align: false,
    };
    let used = stream.convert(bytes, flags, &mut out);
    assert_eq!(used.expect("it converts"), bytes.len());
    out
}

/// Wine, with a program that converts as applications do that name no driver.
struct System {
    wine: Wine,
    folder: tempfile::TempDir,
}

impl System {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        let program = folder.path().join("converter.exe");
        compilers::mingw(&["tests/oracle/converter.c"], &program, &["-lmsacm32"]);
        let wine = Wine::prepared();
        Self { wine, folder }
    }

    fn convert(&self, formats: &[WaveFormat; 2], bytes: &[u8]) -> Vec<u8> {
        let folder = self.folder.path();
        let [input, output] = ["in", "out"].map(|name| folder.join(name));
        fs::write(&input, bytes).expect("the folder is ours");
        let words = formats.iter().flat_map(|format| {
            let numbers = [
                format.channels().into(),
                format.rate(),
                format.bits().into(),
            ];
            numbers.map(|number| number.to_string())
        });
        let arguments: Vec<String> = [&input, &output]
            .map(|path| windows_path(path))
            .into_iter()
            .chain(words)
            .collect();
        let program = folder.join("converter.exe");
        let (status, said) = self.wine.run(folder, program, &arguments);
        let expected = format!("Wine PCM converter used {}", bytes.len());
        assert!(
            status.success() && said.trim() == expected,
            "{arguments:?}: {status}: {said}"
        );
        fs::read(&output).expect("the program wrote it")
    }
}
