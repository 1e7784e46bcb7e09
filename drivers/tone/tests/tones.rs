//! What the tones sound like, measured.

use std::f64::consts::TAU;

use opendriver_sdk::answer::MMSYSERR_INVALPARAM;
use opendriver_sdk::{Bench, Instance, Message};
use opendriver_tone::{FILL, FREQUENCY, RATE, SET_FREQUENCY, SET_VOLUME, VOLUME, driver};

fn fill(bench: &Bench, tone: &Instance, samples: usize) -> Vec<i16> {
    let place = bench.lend(&vec![0x55; samples * 2]);
    let length = (samples * 2).cast_signed();
    assert_eq!(tone.send(FILL, place, length), length);
    let bytes = bench.lent(place);
    let samples = bytes.chunks_exact(2);
    samples
        .map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]))
        .collect()
}

/// How often the samples go up through 0.
fn crossings(samples: &[i16]) -> usize {
    samples
        .windows(2)
        .filter(|pair| pair[0] < 0 && pair[1] >= 0)
        .count()
}

/// How much of a frequency there is in the samples, 1 for a sine as loud as can be.
fn part(samples: &[i16], turns_a_sample: f64) -> f64 {
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (at, &sample) in samples.iter().enumerate() {
        let angle = at as f64 * turns_a_sample * TAU;
        sine += f64::from(sample) * angle.sin();
        cosine += f64::from(sample) * angle.cos();
    }
    sine.hypot(cosine) * 2.0 / samples.len() as f64 / f64::from(i16::MAX)
}

#[test]
fn every_shape_turns_as_often_as_it_is_told_to() {
    let bench = Bench::new(driver());
    for shape in ["sine", "square", "triangle", "saw"] {
        for frequency in [1, 50, 440, 999] {
            let tone = bench.open(&format!("{frequency},{shape},8000"), 0).unwrap();
            let heard = crossings(&fill(&bench, &tone, 8000));
            assert!(
                heard.abs_diff(frequency) <= 1,
                "{frequency} {shape}: {heard}"
            );
        }
    }
}

#[test]
fn shapes_sound_as_they_are_called() {
    let bench = Bench::new(driver());
    // How loud the first and the third harmonic are, by Fourier.
    for (shape, first, third) in [
        ("sine", 1.0, 0.0),
        ("square", 4.0 / TAU * 2.0, 4.0 / TAU * 2.0 / 3.0),
        (
            "triangle",
            16.0 / TAU / TAU * 2.0,
            16.0 / TAU / TAU * 2.0 / 9.0,
        ),
        ("saw", 4.0 / TAU, 4.0 / TAU / 3.0),
    ] {
        let tone = bench.open(&format!("100,{shape},48000"), 0).unwrap();
        let samples = fill(&bench, &tone, 48000);
        let heard = [1.0, 3.0].map(|harmonic| part(&samples, harmonic * 100.0 / 48000.0));
        assert!((heard[0] - first).abs() < 0.01, "{shape}: {heard:?}");
        assert!((heard[1] - third).abs() < 0.01, "{shape}: {heard:?}");
    }
}

#[test]
fn buffers_of_any_length_are_one_tone() {
    let bench = Bench::new(driver());
    let (whole, parts) = (
        bench.open("440", 0).unwrap(),
        bench.open("440,sine,44100", 0).unwrap(),
    );
    let lengths = [1, 2, 3, 0, 2047, 2048, 2049, 5000, 1];
    let mut heard = Vec::new();
    for length in lengths {
        heard.extend(fill(&bench, &parts, length));
    }
    assert_eq!(heard, fill(&bench, &whole, heard.len()));
}

#[test]
fn nothing_clicks_where_the_frequency_changes() {
    let bench = Bench::new(driver());
    let tone = bench.open("100,sine,48000", 0).unwrap();
    let mut samples = fill(&bench, &tone, 123);
    for hertz in [200, 150, 10, 199] {
        assert_eq!(tone.send(SET_FREQUENCY, hertz * 1000, 0), 1);
        samples.extend(fill(&bench, &tone, 777));
    }
    // No sine of 200 Hz moves faster than this.
    let most = (200.0 / 48000.0 * TAU * f64::from(i16::MAX)) as i32 + 1;
    let step = samples
        .windows(2)
        .map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs());
    assert!(step.max().unwrap() <= most);
}

#[test]
fn numbers_come_back_and_bad_ones_change_nothing() {
    let bench = Bench::new(driver());
    let tone = bench.open("", 0).unwrap();
    let ask = || [FREQUENCY, VOLUME, RATE].map(|message| tone.send(message, 0, 0));
    assert_eq!(ask(), [440_000, 0xffff, 44_100]);
    assert_eq!(tone.send(SET_FREQUENCY, 261_626, 0), 1);
    assert_eq!(tone.send(SET_VOLUME, 0x8000, 0), 1);
    assert_eq!(ask(), [261_626, 0x8000, 44_100]);
    for (message, number) in [
        (SET_FREQUENCY, 0),
        (SET_FREQUENCY, -1),
        (SET_FREQUENCY, 22_050_000),
        (SET_FREQUENCY, isize::MIN),
        (SET_VOLUME, -1),
        (SET_VOLUME, 0x10000),
    ] {
        assert_eq!(tone.send(message, number, 0), -MMSYSERR_INVALPARAM);
    }
    assert_eq!(ask(), [261_626, 0x8000, 44_100]);
    assert_eq!(tone.send(Message(0x4100), 0, 0), 0);
    let loudest = fill(&bench, &tone, 1000).into_iter().max().unwrap();
    assert!((16370..=16384).contains(&loudest), "{loudest}");
    assert_eq!(tone.send(SET_VOLUME, 0, 0), 1);
    assert_eq!(fill(&bench, &tone, 10), [0; 10]);
}

#[test]
fn a_buffer_that_is_not_all_there_moves_nothing() {
    let bench = Bench::new(driver());
    let [tone, other] = ["300,saw", "300,saw"].map(|text| bench.open(text, 0).unwrap());
    let place = bench.lend(&[0; 10_000]);
    for (address, length) in [
        (place, 10_002),
        (place, isize::MAX),
        (place, -2),
        (0, 2),
        (-2, 4),
        (place + 2, 10_000),
    ] {
        assert_eq!(tone.send(FILL, address, length), -MMSYSERR_INVALPARAM);
    }
    assert_eq!(tone.send(FILL, place, 1), 0, "no sample fits into a byte");
    assert_eq!(tone.send(FILL, 0, 0), 0);
    assert_eq!(tone.send(FILL, place, 7), 6);
    fill(&bench, &other, 3);
    assert_eq!(fill(&bench, &tone, 500), fill(&bench, &other, 500));
}

#[test]
fn a_text_that_says_no_tone_is_refused_with_a_reason() {
    let bench = Bench::new(driver());
    for (text, reason) in [
        (
            "a",
            "\"a\" is no frequency: expected hertz, like 440 or 261.63",
        ),
        (
            "0",
            "0 Hz is not more than 0 and less than half the rate of 44100",
        ),
        (
            "-5",
            "-5 Hz is not more than 0 and less than half the rate of 44100",
        ),
        (
            "inf",
            "inf Hz is not more than 0 and less than half the rate of 44100",
        ),
        (
            "NaN",
            "NaN Hz is not more than 0 and less than half the rate of 44100",
        ),
        (
            "440,sine,880",
            "440 Hz is not more than 0 and less than half the rate of 880",
        ),
        (
            "440,sinus",
            "\"sinus\" is no shape: expected sine, square, triangle or saw",
        ),
        (
            "440,sine,0",
            "440 Hz is not more than 0 and less than half the rate of 0",
        ),
        (
            "440,sine,44.1k",
            "\"44.1k\" is no rate: expected samples a second, like 44100",
        ),
        (
            "440,sine,44100,8,9",
            "\"8,9\" is too much: expected FREQUENCY,SHAPE,RATE",
        ),
    ] {
        assert!(bench.open(text, 0).is_err(), "{text}");
        assert_eq!(bench.reports().pop().unwrap(), reason);
    }
}

#[test]
fn a_thousand_instances_each_have_their_tone() {
    let bench = Bench::new(driver());
    let tones: Vec<_> = (1..=1000)
        .map(|hertz| bench.open(&format!("{hertz},saw,48000"), 0).unwrap())
        .collect();
    for (tone, hertz) in tones.iter().zip(1..) {
        assert_eq!(tone.send(FREQUENCY, 0, 0), hertz * 1000);
        let second = fill(&bench, tone, 2)[1];
        let expected = (2.0 * hertz as f64 / 48000.0 - 1.0) * f64::from(i16::MAX);
        assert!((f64::from(second) - expected).abs() <= 1.0);
    }
}
