//! FLAC through the host: what goes in comes out, and what is in between is ffmpeg's to judge.

use opendriver::Width;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Drivers, Wish};
use opendriver_tests::example::shared_object;
use opendriver_tests::media::{self, Sound, Tone};

use crate::signal::samples;
use crate::{decoded_by_ffmpeg, manager, read, through};

const MUSIC: Tone = Tone {
    channels: 2,
    rate: 44_100,
    samples: 100_000,
};

#[test]
fn sound_comes_back_to_the_bit_whichever_way_the_driver_came_in() {
    let (player, sound) = read(&media::sound(Sound::Pcm, MUSIC));
    let object = shared_object("opendriver-flac", "flac");
    let manager = manager(Width::W64);
    let made = ["flac", object.to_str().expect("target/ has a UTF-8 name")].map(|name| {
        let drivers = Drivers::named(&manager, &[name]);
        let flac = drivers
            .target(&player, &Wish::tag(::flac::FLAC))
            .expect("a format");
        let mut there = drivers.chain(&player, &flac).expect("it encodes");
        let mut back = drivers.chain(&flac, &player).expect("it decodes");
        let small = through(&mut there, &sound);
        assert!(small.len() < sound.len() * 9 / 10, "{}", small.len());
        assert!(through(&mut back, &small) == sound);
        // Once more in the same streams, all at once.
        for (chain, from, to) in [(&mut there, &sound, &small), (&mut back, &small, &sound)] {
            chain.reset().expect("it starts anew");
            let mut out = Vec::new();
            let used = chain.convert(from, true, &mut out).expect("it converts");
            assert!(used == from.len() && out == *to);
        }
        (flac, small)
    });
    assert!(made[0] == made[1]);
    let (flac, small) = &made[0];
    assert!(decoded_by_ffmpeg(flac, small) == samples(&sound));
}

#[test]
fn a_windows_codec_takes_over_from_flac_and_hands_over_to_it() {
    let (player, sound) = read(&media::sound(Sound::Pcm, MUSIC));
    for width in Width::ALL {
        let manager = manager(width);
        let drivers = Drivers::named(&manager, &["imaadp32.acm", "flac", "pcm"]);
        let convert = |from: &WaveFormat, to: &WaveFormat, sound: &[u8]| {
            let mut chain = drivers.chain(from, to).expect("there is a way");
            (through(&mut chain, sound), chain.steps().len())
        };
        let [flac, ima] = [::flac::FLAC, 0x11].map(|tag| {
            let format = drivers.target(&player, &Wish::tag(tag));
            format.expect("a format")
        });
        let (small, _) = convert(&player, &flac, &sound);
        let (direct, _) = convert(&player, &ima, &sound);
        let (over, steps) = convert(&flac, &ima, &small);
        assert_eq!(steps, 2);
        assert!(over == direct, "{width:?}");

        let (plain, _) = convert(&ima, &player, &direct);
        let (kept, steps) = convert(&ima, &flac, &direct);
        assert_eq!(steps, 2);
        assert!(convert(&flac, &player, &kept).0 == plain, "{width:?}");
    }
}

#[test]
fn what_is_broken_is_a_refusal_and_the_next_sound_is_whole() {
    let (player, sound) = read(&media::sound(Sound::Pcm, MUSIC));
    let manager = manager(Width::W64);
    let drivers = Drivers::named(&manager, &["flac"]);
    let flac = drivers
        .target(&player, &Wish::tag(::flac::FLAC))
        .expect("a format");
    let small = through(
        &mut drivers.chain(&player, &flac).expect("it encodes"),
        &sound,
    );
    let mut decode = drivers.chain(&flac, &player).expect("it decodes");
    let mut wrong = small.clone();
    wrong[small.len() / 2] ^= 1;
    for broken in [
        &wrong[..],
        &small[..small.len() - 1],
        &small[1..],
        &[0; 100],
    ] {
        let mut out = Vec::new();
        let refusal = decode.convert(broken, true, &mut out);
        assert!(refusal.is_err_and(|error| error.to_string().contains("MMSYSERR_ERROR")));
        assert!(sound.starts_with(&out), "what was whole is there");
        decode.reset().expect("it starts anew");
        assert!(through(&mut decode, &small) == sound);
        decode.reset().expect("it starts anew");
    }
}
