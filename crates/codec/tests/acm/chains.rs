//! Conversions that take more than one driver.

use opendriver::Manager;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Chain, Drivers, Error, Wish};

use crate::real;
use crate::streams::{convert, tone};

/// The codecs of Wine, and the converter that links them.
fn drivers(manager: &Manager) -> Drivers {
    let names: Vec<&str> = real::DRIVERS.into_iter().chain(["pcm"]).collect();
    Drivers::named(manager, &names)
}

fn names(chain: &Chain) -> Vec<&str> {
    chain
        .steps()
        .iter()
        .map(|step| step.driver().name())
        .collect()
}

/// How often a second the sound goes from below zero to above, in one channel of `channels`.
fn pitch(plain: &[u8], channels: usize, rate: u32) -> f64 {
    let frames: Vec<i16> = plain
        .chunks_exact(2 * channels)
        .map(|frame| i16::from_le_bytes([frame[0], frame[1]]))
        .collect();
    let crossings = frames
        .windows(2)
        .filter(|pair| pair[0] < 0 && pair[1] >= 0)
        .count();
    crossings as f64 * f64::from(rate) / frames.len() as f64
}

#[test]
fn telephone_sound_becomes_that_of_a_disc_and_back() {
    for manager in real::managers() {
        let drivers = drivers(&manager);
        let plain = WaveFormat::pcm(1, 8000, 16);
        let disc = WaveFormat::pcm(2, 44_100, 16);
        let gsm = drivers.suggest(&plain, &Wish::tag(0x31)).unwrap();
        let sound: Vec<u8> = tone(16_000, 8000.0);
        let mut encode = drivers.chain(&plain, &gsm).unwrap();
        let telephone = convert(&mut encode, &sound, 4000);

        let mut chain = drivers.chain(&gsm, &disc).unwrap();
        assert_eq!(names(&chain), ["msgsm32.acm", "pcm"]);
        let played = convert(&mut chain, &telephone, 1000);
        assert_eq!(played.len(), 16_000 * 441 / 80 * 4);
        assert!((pitch(&played, 2, 44_100) - pitch(&sound, 1, 8000)).abs() < 20.0);
        assert_eq!(
            convert(&mut drivers.chain(&gsm, &disc).unwrap(), &telephone, 7),
            played
        );

        let mut chain = drivers.chain(&disc, &gsm).unwrap();
        assert_eq!(names(&chain), ["pcm", "msgsm32.acm"]);
        let called = convert(&mut chain, &played, 10_000);
        // The last frames of a rate that does not divide make no block any more.
        assert!(
            called.len().abs_diff(telephone.len()) <= 65,
            "{} bytes",
            called.len()
        );
    }
}

#[test]
fn one_codec_leads_to_another_over_plain_samples() {
    for manager in real::managers() {
        let drivers = drivers(&manager);
        let stereo = WaveFormat::pcm(2, 22_050, 16);
        let ima = drivers.suggest(&stereo, &Wish::tag(0x11)).unwrap();
        let wish = Wish {
            rate: Some(8000),
            ..Wish::tag(6)
        };
        let a_law = drivers
            .suggest(&WaveFormat::pcm(1, 8000, 16), &wish)
            .unwrap();
        let mut chain = drivers.chain(&ima, &a_law).unwrap();
        assert_eq!(names(&chain), ["imaadp32.acm", "pcm", "msg711.acm"]);
        let mut encode = drivers.chain(&stereo, &ima).unwrap();
        let packed = convert(&mut encode, &tone(44_100, 44_100.0), 5000);
        let called = convert(&mut chain, &packed, 900);
        let seconds = packed.len() as f64 / f64::from(ima.bytes_per_second());
        assert!((called.len() as f64 / 8000.0 - seconds).abs() < 0.1);
    }
}

#[test]
fn a_target_is_reached_from_sound_that_no_codec_takes() {
    for manager in real::managers() {
        let drivers = drivers(&manager);
        let disc = WaveFormat::pcm(6, 96_000, 24);
        let gsm = drivers.target(&disc, &Wish::tag(0x31)).unwrap();
        assert_eq!((gsm.tag(), gsm.channels(), gsm.rate()), (0x31, 1, 96_000));
        assert_eq!(
            names(&drivers.chain(&disc, &gsm).unwrap()),
            ["pcm", "msgsm32.acm"]
        );
        let wish = Wish {
            rate: Some(11_025),
            channels: Some(1),
            ..Wish::tag(0x11)
        };
        let ima = drivers.target(&disc, &wish).unwrap();
        assert_eq!((ima.rate(), ima.channels(), ima.bits()), (11_025, 1, 4));
        let error = drivers.target(&disc, &Wish::tag(0x4242)).unwrap_err();
        assert!(
            error.to_string().contains("does not know format 0x4242"),
            "{error}"
        );
    }
}

#[test]
fn what_makes_no_block_at_the_end_is_said() {
    for manager in real::managers() {
        let drivers = drivers(&manager);
        let plain = WaveFormat::pcm(1, 8000, 16);
        let gsm = drivers.suggest(&plain, &Wish::tag(0x31)).unwrap();
        let mut chain = drivers.chain(&gsm, &plain).unwrap();
        let mut out = Vec::new();
        chain.convert(&[0xd0; 65 * 3 + 20], true, &mut out).unwrap();
        assert_eq!((out.len(), chain.unused()), (3 * 640, 20));
    }
}

#[test]
fn a_chain_that_lacks_its_middle_says_so() {
    for manager in real::managers() {
        let drivers = Drivers::named(&manager, &real::DRIVERS);
        let plain = WaveFormat::pcm(1, 8000, 16);
        let gsm = drivers.suggest(&plain, &Wish::tag(0x31)).unwrap();
        let Err(Error::NoDriver { from, to, refusals }) =
            drivers.chain(&gsm, &WaveFormat::pcm(2, 44_100, 16))
        else {
            panic!("there is no converter of plain samples");
        };
        assert_eq!(
            (from, to.as_str()),
            (plain, "PCM, 44100 Hz, stereo, 16 bits")
        );
        assert_eq!(refusals.len(), real::DRIVERS.len());
    }
}
