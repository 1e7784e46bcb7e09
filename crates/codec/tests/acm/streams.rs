//! Conversions by one driver and by several.

use opendriver::Width;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Chain, Driver, Drivers, Error, Flags, Stream, Wish};
use proptest::prelude::*;

use crate::halves::{self, BLOCK, Mischief, halved};
use crate::real;

/// A tone with a little of everything, one channel, 16 bits.
pub(crate) fn tone(samples: usize, rate: f64) -> Vec<u8> {
    (0..samples)
        .flat_map(|at| {
            let time = at as f64 / rate * std::f64::consts::TAU;
            let value = (time * 440.0).sin() * 9000.0 + (time * 1250.0).sin() * 3000.0;
            (value as i16).to_le_bytes()
        })
        .collect()
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes
        .chunks_exact(2)
        .map(|sample| i16::from_le_bytes([sample[0], sample[1]]))
        .collect()
}

/// How strong the difference of two sounds is, of their strength.
fn error(one: &[i16], other: &[i16]) -> f64 {
    let power =
        |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let pairs = one.iter().zip(other);
    let noise = power(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
    (noise / power(&mut one.iter().map(|a| f64::from(*a)))).sqrt()
}

/// Converts all of a sound, in pieces.
pub(crate) fn convert(chain: &mut Chain, source: &[u8], piece: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for part in source.chunks(piece) {
        assert_eq!(chain.convert(part, false, &mut out).unwrap(), part.len());
    }
    chain.convert(&[], true, &mut out).unwrap();
    assert_eq!(chain.take_overruns(), []);
    out
}

#[test]
fn what_is_encoded_is_decoded_to_much_the_same() {
    for manager in real::managers() {
        let drivers = Drivers::named(&manager, &real::DRIVERS);
        let plain = WaveFormat::pcm(1, 8000, 16);
        let sound = tone(16_000, 8000.0);
        for (tag, most) in [(6, 0.03), (7, 0.03), (0x11, 0.1), (0x31, 0.4)] {
            let target = drivers.suggest(&plain, &Wish::tag(tag)).unwrap();
            let mut there = drivers.chain(&plain, &target).unwrap();
            let mut back = drivers.chain(&target, &plain).unwrap();
            assert_eq!((there.steps().len(), back.steps().len()), (1, 1));
            let encoded = convert(&mut there, &sound, 10_000);
            assert!(
                encoded.len() * 2 <= sound.len(),
                "{target}: {} bytes",
                encoded.len()
            );
            let decoded = convert(&mut back, &encoded, 10_000);
            // Nothing is lost at the end, where silence completes the last block.
            let block = there.steps()[0].block();
            let more = decoded.len().checked_sub(sound.len());
            assert!(
                more.is_some_and(|more| more < block),
                "{target}: {} bytes",
                decoded.len()
            );
            let found = error(&samples(&sound), &samples(&decoded));
            assert!(found < most, "{target}: {found}");
        }
    }
}

#[test]
fn sizes_are_told_both_ways() {
    for manager in real::managers() {
        let driver = Driver::open(&manager, "msgsm32.acm").unwrap();
        let plain = WaveFormat::pcm(1, 8000, 16);
        let gsm = driver.formats(0x31, Some(&plain)).unwrap().remove(0).format;
        let stream = Stream::open(&driver, &gsm, &plain, None).unwrap();
        assert_eq!(stream.destination_size(650).unwrap(), 6400);
        assert_eq!(stream.source_size(6400).unwrap(), 650);
        stream.close().unwrap();
    }
}

#[test]
fn a_search_in_vain_names_each_driver_and_its_reason() {
    for manager in real::managers() {
        let drivers = Drivers::named(&manager, &["msg711.acm", "imaadp32.acm", "none.acm"]);
        let error = drivers
            .stream(
                &WaveFormat::pcm(1, 8000, 16),
                &WaveFormat::pcm(1, 44_100, 16),
                None,
            )
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no driver converts PCM, 8000 Hz, mono, 16 bits to PCM, 44100 Hz, mono, 16 bits: \
             \"msg711.acm\" answers ACMDM_STREAM_OPEN with MMSYSERR_NOTSUPPORTED; \
             \"imaadp32.acm\" answers ACMDM_STREAM_OPEN with MMSYSERR_NOTSUPPORTED; \
             cannot open \"none.acm\" as an audio codec: no driver named \"none.acm\" is installed"
        );
        let Error::NoDriver { refusals, .. } = error else {
            panic!("{error}");
        };
        let named: Vec<&str> = refusals
            .iter()
            .map(|refusal| refusal.driver.as_str())
            .collect();
        assert_eq!(named, ["msg711.acm", "imaadp32.acm", "none.acm"]);
    }
}

#[test]
fn equal_formats_are_passed_through() {
    for manager in real::managers() {
        let plain = WaveFormat::pcm(2, 44_100, 16);
        let mut chain = Drivers::named(&manager, &[]).chain(&plain, &plain).unwrap();
        assert_eq!(
            convert(&mut chain, b"whatever there is", 5),
            b"whatever there is"
        );
    }
}

#[test]
fn a_closed_stream_is_closed_and_a_query_opens_none() {
    let manager = halves::manager(Mischief::Nothing);
    let driver = Driver::open(&manager, "halves").unwrap();
    let (plain, half) = (WaveFormat::pcm(1, 8000, 16), halves::format(8000));
    Stream::query(&driver, &plain, &half, None).unwrap();
    let error = Stream::query(&driver, &half, &plain, None).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }));
    // The codec of this test refuses to close what is not open.
    let stream = Stream::open(&driver, &plain, &half, None).unwrap();
    stream.close().unwrap();
}

#[test]
fn a_reset_stream_has_forgotten_what_it_kept_back() {
    let manager = halves::manager(Mischief::Nothing);
    let driver = Driver::open(&manager, "halves").unwrap();
    let (plain, half) = (WaveFormat::pcm(1, 8000, 16), halves::format(8000));
    let mut stream = Stream::open(&driver, &plain, &half, None).unwrap();
    let mut out = Vec::new();
    let flags = Flags {
        block_align: true,
        ..Flags::default()
    };
    assert_eq!(stream.convert(&[1; 20], flags, &mut out).unwrap(), 16);
    assert_eq!(out, [1; 4]);
    stream.reset().unwrap();
    let last = Flags {
        end: true,
        ..Flags::default()
    };
    assert_eq!(stream.convert(&[2; 6], last, &mut out).unwrap(), 6);
    assert_eq!(out[4..], [2; 3]);
}

#[test]
fn the_driver_that_comes_first_is_the_one_that_converts() {
    let registry = opendriver::Registry::in_memory();
    for alias in ["msacm.one", "msacm.two", "vidc.none"] {
        registry.set_value("Drivers32", alias, "halves").unwrap();
    }
    registry.set_value("Drivers32", "msacm.broken", "").unwrap();
    let manager = opendriver::Manager::builder()
        .registry(registry)
        .builtin(halves::driver(Mischief::Nothing))
        .build();
    let (plain, half) = (WaveFormat::pcm(1, 8000, 16), halves::format(8000));
    let chosen = |drivers: &Drivers| {
        let stream = drivers.stream(&plain, &half, None).unwrap();
        stream.driver().name().to_owned()
    };
    let mut drivers = Drivers::installed(&manager, &["halves"]).unwrap();
    let names: Vec<&str> = drivers.iter().map(|candidate| candidate.name()).collect();
    assert_eq!(names, ["msacm.one", "msacm.two", "msacm.broken", "halves"]);
    assert_eq!(chosen(&drivers), "msacm.one");
    drivers.set_priority("msacm.TWO", 0).unwrap();
    drivers.set_enabled("msacm.one", false).unwrap();
    assert_eq!(chosen(&drivers), "msacm.two");
    drivers.save().unwrap();

    let mut again = Drivers::installed(&manager, &["halves"]).unwrap();
    assert_eq!(chosen(&again), "msacm.two");
    again.set_enabled("msacm.two", false).unwrap();
    assert_eq!(chosen(&again), "halves");
    again.set_enabled("halves", false).unwrap();
    let error = again.stream(&plain, &half, None).unwrap_err();
    assert!(error.to_string().contains("names no file"), "{error}");
}

proptest! {
    #[test]
    fn pieces_of_any_size_come_out_as_one(
        sound in prop::collection::vec(any::<u8>(), 0..4096),
        piece in 1..5000_usize,
    ) {
        let manager = halves::manager(Mischief::Nothing);
        let drivers = Drivers::named(&manager, &["halves"]);
        let (plain, half) = (WaveFormat::pcm(1, 8000, 16), halves::format(8000));
        let mut chain = drivers.chain(&plain, &half).unwrap();
        let mut whole = sound.clone();
        whole.resize(sound.len().next_multiple_of(BLOCK), 0);
        prop_assert_eq!(convert(&mut chain, &sound, piece), halved(&whole));
        chain.reset().unwrap();
        prop_assert_eq!(convert(&mut chain, &sound, 100_000), halved(&whole));
    }

    #[test]
    fn no_bytes_of_a_format_bring_a_driver_to_its_knees(
        bytes in prop::collection::vec(any::<u8>(), 14..60),
        tag in prop::sample::select(vec![1_u16, 2, 6, 7, 0x11, 0x31, 0x55, 0xfffe]),
        width in prop::sample::select(&Width::ALL[..]),
    ) {
        let manager = real::manager(width);
        let mut bytes = bytes;
        bytes[..2].copy_from_slice(&tag.to_le_bytes());
        let strange = WaveFormat::parse(&bytes).unwrap();
        let plain = WaveFormat::pcm(1, 8000, 16);
        let drivers = Drivers::named(&manager, &real::DRIVERS);
        for (from, to) in [(&strange, &plain), (&plain, &strange), (&strange, &strange)] {
            if let Ok(mut chain) = drivers.chain(from, to) {
                let mut out = Vec::new();
                let _ = chain.convert(&[0x55; 3000], true, &mut out);
                prop_assert!(out.len() < 64 << 20);
            }
        }
        let _ = drivers.suggest(&strange, &Wish::pcm());
    }
}
