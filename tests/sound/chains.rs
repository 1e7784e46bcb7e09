//! Chains of codecs with the converter of plain samples in between.

use opendriver::Width;
use opendriver_abi::structures::WaveFormatEx;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Drivers, Wish};
use opendriver_tests::example::shared_object;
use opendriver_tests::media::{self, Sound, Tone};
use opendriver_tests::real;

use crate::signal::{samples, signal_to_noise};
use crate::{manager, read, through, with_both_widths, write};

/// The codecs, and the converter behind them.
const NAMES: [&str; 5] = [
    "msgsm32.acm",
    "imaadp32.acm",
    "msadp32.acm",
    "msg711.acm",
    "pcm",
];

const SPEECH: Tone = Tone {
    channels: 1,
    rate: 8000,
    samples: 40_000,
};

const MUSIC: Tone = Tone {
    channels: 2,
    rate: 44_100,
    samples: 100_000,
};

/// A sound in one format, converted to another in one chain; and how many drivers that took.
fn converted(from: &WaveFormat, to: &WaveFormat, sound: &[u8]) -> (Vec<u8>, usize) {
    with_both_widths(|manager| {
        let drivers = Drivers::named(manager, &NAMES);
        let mut chain = drivers.chain(from, to).expect("there is a way");
        let in_pieces = through(&mut chain, sound);
        // GSM goes on from the sound before, so this shows that it is forgotten, too.
        chain.reset().expect("it starts anew");
        let mut at_once = Vec::new();
        let used = chain.convert(sound, true, &mut at_once);
        assert_eq!(used.expect("it converts"), sound.len());
        assert!(in_pieces == at_once, "{from} to {to}: the pieces are heard");
        (in_pieces, chain.steps().len())
    })
}

#[test]
fn gsm_becomes_stereo_of_another_rate() {
    let gsm = media::sound(Sound::Gsm, SPEECH);
    let (format, sound) = read(&gsm);
    let (player, steps) = converted(&format, &WaveFormat::pcm(2, 44_100, 16), &sound);
    assert_eq!(steps, 2);
    let decoded = samples(&media::ffmpeg_samples(&gsm));
    let (frames, rest) = player.as_chunks::<4>();
    // From 8000 to 44,100 Hz, and rounded.
    let expected = (decoded.len() * 441 + 40) / 80;
    assert_eq!((frames.len(), rest.len()), (expected, 0));
    assert!(frames.iter().all(|frame| frame[..2] == frame[2..]));
    // Resamplers differ in where below half the rate they begin to filter, and this sound goes up to there: the two that ffmpeg has are
    // 39 dB from each other. A delay of one sample, or the wrong speed, would leave nothing of that.
    let file = gsm.to_str().expect("target/ has a UTF-8 name");
    let resample = ["-ar", "44100", "-f", "s16le", "-"];
    let theirs = samples(&media::ffmpeg(&[&["-i", file][..], &resample].concat()));
    let ours: Vec<i16> = samples(&player).into_iter().step_by(2).collect();
    assert_eq!(ours.len(), theirs.len());
    let ratio = signal_to_noise(&theirs, &ours);
    assert!(ratio > 40.0, "{ratio} dB");
}

#[test]
fn music_becomes_gsm_as_ffmpeg_would_encode_it() {
    let (player, sound) = read(&media::sound(Sound::Pcm, MUSIC));
    let wish = Wish {
        rate: Some(8000),
        ..Wish::tag(0x31)
    };
    let gsm = with_both_widths(|manager| {
        let drivers = Drivers::named(manager, &NAMES);
        drivers.target(&player, &wish).expect("there is a way")
    });
    let (encoded, steps) = converted(&player, &gsm, &sound);
    assert_eq!(steps, 2);
    // The same, but that ffmpeg encodes what the converter makes.
    let narrow = WaveFormat::pcm(1, 8000, 16);
    let (plain, _) = converted(&player, &narrow, &sound);
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let [from, to] = ["narrow.wav", "gsm.wav"].map(|name| folder.path().join(name));
    write(&from, &narrow, &plain);
    let [input, output] = [&from, &to].map(|path| path.to_str().expect("the folder is ASCII"));
    media::ffmpeg(&["-i", input, "-c:a", "libgsm_ms", output]);
    assert!(read(&to).1 == encoded);
}

#[test]
fn one_codec_becomes_another() {
    let tone = Tone {
        rate: 22_050,
        ..MUSIC
    };
    let (ima, sound) = read(&media::sound(Sound::ImaAdpcm, tone));
    let telephone = WaveFormatEx {
        tag: 6,
        ..WaveFormat::pcm(1, 8000, 8).header()
    };
    let telephone = WaveFormat::new(telephone, &[]);
    let (encoded, steps) = converted(&ima, &telephone, &sound);
    assert_eq!(steps, 3);
    // The chain is its steps, one after the other.
    let [stereo, mono] =
        [(2, 22_050), (1, 8000)].map(|(channels, rate)| WaveFormat::pcm(channels, rate, 16));
    let (decoded, _) = converted(&ima, &stereo, &sound);
    let (narrow, _) = converted(&stereo, &mono, &decoded);
    assert!(converted(&mono, &telephone, &narrow).0 == encoded);
    assert_eq!(encoded.len(), (decoded.len() / 4 * 8000 + 11_025) / 22_050);
}

/// Drivers of 32 and of 64 bits at work on one sound, in one process.
#[test]
fn a_chain_goes_over_drivers_of_both_widths() {
    let (gsm, sound) = read(&media::sound(Sound::Gsm, SPEECH));
    let ima = WaveFormatEx {
        tag: 0x11,
        block_align: 512,
        bytes_per_second: 11_100,
        ..WaveFormat::pcm(1, 22_050, 4).header()
    };
    let ima = WaveFormat::new(ima, &1017_u16.to_le_bytes());
    let (expected, _) = converted(&gsm, &ima, &sound);
    let manager = manager(Width::HOST);
    let both = [Width::W32, Width::W64];
    for [gsm_width, ima_width] in [both, [Width::W64, Width::W32]] {
        let codecs = [("msgsm32.acm", gsm_width), ("imaadp32.acm", ima_width)];
        let codecs = codecs.map(|(name, width)| real::folder(width).join(name));
        let [gsm_name, ima_name] = codecs
            .each_ref()
            .map(|path| path.to_str().expect("target/ has a UTF-8 name"));
        let drivers = Drivers::named(&manager, &[gsm_name, ima_name, "pcm"]);
        let mut chain = drivers.chain(&gsm, &ima).expect("there is a way");
        let steps = chain
            .steps()
            .iter()
            .map(|step| step.driver().module().width);
        assert_eq!(
            steps.collect::<Vec<_>>(),
            [gsm_width, Width::HOST, ima_width]
        );
        assert!(through(&mut chain, &sound) == expected);
    }
}

#[test]
fn a_codec_becomes_floating_point_of_six_channels() {
    let tone = Tone {
        rate: 22_050,
        ..MUSIC
    };
    let (adpcm, sound) = read(&media::sound(Sound::MsAdpcm, tone));
    let manager = manager(Width::W64);
    let drivers = Drivers::named(&manager, &NAMES);
    let wish = Wish {
        channels: Some(6),
        bits: Some(32),
        ..Wish::tag(0xfffe)
    };
    let surround = drivers.suggest(&WaveFormat::float(2, 48_000, 32), &wish);
    let surround = surround.expect("the converter knows extensible formats");
    assert_eq!(surround.inner_tag(), WaveFormat::FLOAT);
    let (wide, steps) = converted(&adpcm, &surround, &sound);
    assert_eq!(steps, 2);
    // The first two channels are those that there were, the others are silent.
    let (frames, _) = wide.as_chunks::<24>();
    assert!(frames.iter().all(|frame| frame[8..] == [0; 16]));
    let stereo: Vec<u8> = frames
        .iter()
        .flat_map(|frame| &frame[..8])
        .copied()
        .collect();
    let (expected, _) = converted(&adpcm, &WaveFormat::float(2, 48_000, 32), &sound);
    assert!(stereo == expected);
}

#[test]
fn the_converter_is_the_same_as_a_shared_object() {
    let (player, sound) = read(&media::sound(Sound::Pcm, MUSIC));
    let object = shared_object("opendriver-pcm", "pcm");
    let manager = manager(Width::W64);
    let target = WaveFormat::pcm(1, 48_000, 24);
    let [linked, loaded] =
        ["pcm", object.to_str().expect("target/ has a UTF-8 name")].map(|name| {
            let drivers = Drivers::named(&manager, &[name]);
            let mut chain = drivers.chain(&player, &target).expect("it converts");
            through(&mut chain, &sound)
        });
    assert!(linked == loaded);
}
