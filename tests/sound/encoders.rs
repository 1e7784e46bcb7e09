//! What drivers encode, ffmpeg decodes: within the error of the codec.
//!
//! A bound in decibels holds what a driver makes against what ffmpeg's own encoder makes of the same sound, since how near a codec can
//! come depends on the sound.

use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Drivers, Error, Stream, Wish};
use opendriver_tests::media::{self, Sound, Tone};

use crate::signal::{samples, signal_to_noise};
use crate::{decoded_by_ffmpeg, read, through, with_both_widths};

/// A sound as a driver encodes it.
#[derive(PartialEq)]
struct Encoded {
    format: WaveFormat,
    bytes: Vec<u8>,
    /// Bytes of the source that made no whole block.
    unused: usize,
}

fn encoded(driver: &str, tag: u16, plain: &WaveFormat, sound: &[u8]) -> Encoded {
    with_both_widths(|manager| {
        let drivers = Drivers::named(manager, &[driver]);
        let format = drivers.suggest(plain, &Wish::tag(tag)).expect("it encodes");
        let mut chain = drivers.chain(plain, &format).expect("it encodes");
        let bytes = through(&mut chain, sound);
        Encoded {
            format,
            bytes,
            unused: chain.unused(),
        }
    })
}

fn tone(channels: u16, rate: u32, samples: u32) -> Tone {
    Tone {
        channels,
        rate,
        samples,
    }
}

/// Every sample of 16 bits is within a step of the scale on which it is encoded, which is the nearer the softer it is: G.711 has steps
/// of 1/16 to 1/32 of a sample, and not below 16 (A-law) or 8 (mu-law). The nearest value would be within half a step; these encoders
/// cut off.
#[test]
fn g711_is_within_a_step_for_every_sample() {
    /// What is added to a sample of 16 bits before its logarithm is taken, and the shortest step.
    const LAWS: [(u16, u32, u32); 2] = [(6, 0, 16), (7, 132, 8)];
    /// The loudest sample that mu-law has.
    const LOUDEST: u32 = 32_635;
    let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    let bytes: Vec<u8> = all.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    for (tag, bias, shortest) in LAWS {
        let encoded = encoded("msg711.acm", tag, &WaveFormat::pcm(1, 8000, 16), &bytes);
        assert_eq!((encoded.bytes.len(), encoded.unused), (all.len(), 0));
        let found = decoded_by_ffmpeg(&encoded.format, &encoded.bytes);
        assert_eq!(found.len(), all.len());
        for (&sample, &found) in all.iter().zip(&found) {
            // Of two values with different steps, the larger one is meant.
            let loud = u32::from(sample.unsigned_abs().max(found.unsigned_abs()));
            let step = ((1 << (loud.min(LOUDEST) + bias).max(1).ilog2()) >> 4).max(shortest);
            let off = i32::from(sample).abs_diff(found.into());
            let cut = u32::from(sample.unsigned_abs()).saturating_sub(LOUDEST);
            assert!(off <= step + cut, "tag {tag}: {sample} became {found}");
        }
    }
}

#[test]
fn g711_is_as_near_to_music_as_with_ffmpeg() {
    for (sound, tag) in [(Sound::ALaw, 6), (Sound::MuLaw, 7)] {
        for tone in [tone(1, 8000, 40_000), tone(2, 44_100, 50_001)] {
            let (plain, pcm) = read(&media::sound(Sound::Pcm, tone));
            let encoded = encoded("msg711.acm", tag, &plain, &pcm);
            let found = decoded_by_ffmpeg(&encoded.format, &encoded.bytes);
            let ratio = signal_to_noise(&samples(&pcm), &found);
            let theirs = ffmpegs(sound, tone, &pcm);
            // Of cutting off, louder samples of a step are a little further than of rounding. 8 bits on such a scale reach 36 dB and more,
            // whatever the loudness.
            assert!(
                ratio > 36.0 && ratio > theirs - 0.2,
                "{sound:?}, {tone:?}: {ratio} dB, with ffmpeg {theirs} dB"
            );
        }
    }
}

/// ADPCM has four bits for the difference to what was foretold: it is nearer the slower a sound changes. Encoders may choose other steps,
/// and these two come out within a tenth of a decibel of each other.
#[test]
fn ima_adpcm_is_as_near_as_with_ffmpeg() {
    for tone in [
        tone(1, 8000, 40_000),
        tone(1, 11_025, 33_333),
        tone(2, 22_050, 50_001),
        tone(2, 44_100, 100_000),
    ] {
        let (plain, pcm) = read(&media::sound(Sound::Pcm, tone));
        let encoded = encoded("imaadp32.acm", 0x11, &plain, &pcm);
        let found = decoded_by_ffmpeg(&encoded.format, &encoded.bytes);
        // The driver makes whole blocks only: the last one ends in silence.
        let block = usize::from(encoded.format.block_align());
        assert_eq!((encoded.bytes.len() % block, encoded.unused), (0, 0));
        let added = (found.len() * 2).checked_sub(pcm.len());
        assert!(added.is_some_and(|added| added < 4 * block), "{tone:?}");
        let ratio = signal_to_noise(&samples(&pcm), &found);
        let theirs = ffmpegs(Sound::ImaAdpcm, tone, &pcm);
        assert!(
            ratio > 18.0 && ratio > theirs - 0.1,
            "{tone:?}: {ratio} dB, with ffmpeg {theirs} dB"
        );
    }
}

/// GSM encodes how a voice is formed, so that a distance of samples says nothing. The standard has exact arithmetic instead, and both
/// encoders follow it to the bit, also for a last block that is filled up.
#[test]
fn gsm_is_what_ffmpegs_encoder_makes() {
    for tone in [tone(1, 8000, 40_000), tone(1, 8000, 3333), tone(1, 8000, 1)] {
        let (plain, pcm) = read(&media::sound(Sound::Pcm, tone));
        let encoded = encoded("msgsm32.acm", 0x31, &plain, &pcm);
        let (_, theirs) = read(&media::sound(Sound::Gsm, tone));
        assert_eq!(encoded.unused, 0);
        assert!(encoded.bytes == theirs, "{tone:?}");
    }
}

#[test]
fn what_only_decodes_refuses_to_encode() {
    for (name, tag) in [("msadp32.acm", 2), ("l3codeca.acm", 0x55)] {
        let formats = with_both_widths(|manager| {
            let driver = Driver::open(manager, name).expect("it opens");
            let formats = driver.formats(tag, None).expect("it lists what it decodes");
            let formats = formats.into_iter().map(|listed| listed.format);
            let refused = formats.map(|format| {
                let plain = WaveFormat::pcm(format.channels(), format.rate(), 16);
                let opened = Stream::open(&driver, &plain, &format, None);
                assert!(matches!(opened, Err(Error::Refused { .. })), "{format}");
                format
            });
            refused.collect::<Vec<_>>()
        });
        assert_eq!(formats.is_empty(), name == "l3codeca.acm", "{name}");
    }
}

/// How near ffmpeg's own encoder and decoder come to a sound.
fn ffmpegs(sound: Sound, tone: Tone, pcm: &[u8]) -> f64 {
    let decoded = media::ffmpeg_samples(&media::sound(sound, tone));
    signal_to_noise(&samples(pcm), &samples(&decoded))
}
