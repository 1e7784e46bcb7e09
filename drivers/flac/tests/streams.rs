//! Streams of every kind of sound, in buffers that end anywhere.

use std::sync::Arc;

use opendriver_flac::{FLAC, FlacCodec};
use opendriver_sdk::NoHost;
use opendriver_sdk::acm::{Codec, Flags, Refusal, Stream, WaveFormat, Wish};

fn codec() -> FlacCodec {
    FlacCodec::load(&(Arc::new(NoHost) as _)).unwrap()
}

/// The format in FLAC of plain samples, with so many of them in a frame.
fn flac(plain: &WaveFormat, block: u16) -> WaveFormat {
    let mut flac = codec().suggest(plain, Wish::default()).unwrap();
    flac.extra[2..4].copy_from_slice(&block.to_be_bytes());
    flac
}

/// Something like music, loud and quiet, and in it what is as loud as can be, for so many samples of each channel.
fn music(format: &WaveFormat, samples: usize) -> Vec<u8> {
    let most = f64::from(1 << (format.bits - 1)) - 1.0;
    let mut noise = 1_u32;
    let mut bytes = Vec::new();
    for at in 0..samples {
        for channel in 0..format.channels {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let angle = at as f64 * (0.03 + f64::from(channel) * 0.01);
            let loud = (at as f64 / 500.0).sin() * 0.9;
            let sample = match at % 1000 {
                7 => most as i32,
                8 => -1 - most as i32,
                _ => (angle.sin() * loud * most) as i32 + (noise >> 28) as i32,
            };
            bytes.extend_from_slice(&sample.to_le_bytes()[..usize::from(format.bits / 8)]);
        }
    }
    bytes
}

/// Converts all, in buffers of a length and rooms of another, as an application does: what is not used comes again.
fn convert(
    stream: &mut impl Stream,
    source: &[u8],
    [length, room]: [usize; 2],
) -> Result<Vec<u8>, Refusal> {
    let (mut used, mut out) = (0, Vec::new());
    let mut room = vec![0; room];
    loop {
        let piece = &source[used..][..length.min(source.len() - used)];
        let flags = Flags {
            start: used == 0 && out.is_empty(),
            end: used + piece.len() == source.len(),
        };
        let done = stream.convert(piece, &mut room, flags)?;
        assert!(done.used <= piece.len() && done.written <= room.len());
        used += done.used;
        out.extend_from_slice(&room[..done.written]);
        if used == source.len() && done.written < room.len() {
            return Ok(out);
        }
        assert!(done.used + done.written > 0, "it goes on");
    }
}

fn encoded(plain: &WaveFormat, block: u16, samples: &[u8]) -> Vec<u8> {
    let mut encoder = codec().open(plain, &flac(plain, block)).unwrap();
    convert(&mut encoder, samples, [1 << 16, 1 << 16]).unwrap()
}

fn decoder(plain: &WaveFormat) -> impl Stream {
    codec().open(&flac(plain, 4096), plain).unwrap()
}

#[test]
fn every_sound_comes_back_to_the_bit() {
    for bits in [16, 24] {
        for (channels, rate) in [
            (1, 8000),
            (2, 44_100),
            (2, 96_000),
            (1, 37_001),
            (6, 48_000),
            (8, 16_000),
        ] {
            let plain = WaveFormat::pcm(channels, rate, bits);
            let samples = music(&plain, 10_000);
            let small = encoded(&plain, 4096, &samples);
            assert!(bits == 24 || small.len() < samples.len(), "{plain}");
            let back = convert(&mut decoder(&plain), &small, [1 << 16, 1 << 16]);
            assert!(back.unwrap() == samples, "{plain}");
        }
    }
}

#[test]
fn buffers_may_end_anywhere() {
    let plain = WaveFormat::pcm(2, 44_100, 16);
    let samples = music(&plain, 3001);
    let whole = encoded(&plain, 256, &samples);
    for lengths in [
        [1, 1 << 16],
        [1 << 16, 1],
        [3, 5],
        [1023, 1025],
        [1024, 7],
        [5000, 999],
    ] {
        let mut encoder = codec().open(&plain, &flac(&plain, 256)).unwrap();
        let small = convert(&mut encoder, &samples, lengths).unwrap();
        assert!(small == whole, "{lengths:?}");
        let back = convert(&mut decoder(&plain), &small, lengths);
        assert!(back.unwrap() == samples, "{lengths:?}");
    }
}

#[test]
fn the_last_frame_is_as_short_as_it_has_to_be() {
    let plain = WaveFormat::pcm(2, 44_100, 24);
    for count in [0, 1, 2, 15, 31, 32, 33, 255, 256, 257, 4095, 4097] {
        let samples = music(&plain, count);
        let small = encoded(&plain, 256, &samples);
        let back = convert(&mut decoder(&plain), &small, [1 << 16, 1 << 16]);
        assert_eq!(back.unwrap(), samples, "{count}");
    }
    // What is no whole sample of each channel is left out.
    let samples = music(&plain, 3);
    let small = encoded(&plain, 256, &samples[..17]);
    let back = convert(&mut decoder(&plain), &small, [1 << 16, 1 << 16]);
    assert_eq!(back.unwrap(), samples[..12]);
}

#[test]
fn noise_becomes_hardly_larger() {
    for bits in [16, 24] {
        let plain = WaveFormat::pcm(2, 44_100, bits);
        let mut noise = 1_u64;
        let samples: Vec<u8> = (0..60_000)
            .map(|_| {
                noise = noise
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (noise >> 56) as u8
            })
            .collect();
        let small = encoded(&plain, 1024, &samples);
        assert!(
            small.len() < samples.len() + samples.len() / 50,
            "{}",
            small.len()
        );
        let back = convert(&mut decoder(&plain), &small, [1 << 16, 1 << 16]);
        assert!(back.unwrap() == samples);
    }
}

#[test]
fn the_loudest_sound_there_is_loses_nothing() {
    for bits in [16, 24] {
        for channels in [1, 2] {
            let plain = WaveFormat::pcm(channels, 44_100, bits);
            let most = (1 << (bits - 1)) - 1;
            let mut noise = 1_u64;
            let mut samples = Vec::new();
            for at in 0..40_000 {
                // Longer and longer runs, so that every way to predict is wrong somewhere, by as much as can be.
                if at % (1 + at / 4000) == 0 {
                    noise = noise
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                }
                let sample = [most, -1 - most, most - 1, 0][(noise >> 62) as usize];
                samples.extend_from_slice(&i32::to_le_bytes(sample)[..usize::from(bits / 8)]);
            }
            let small = encoded(&plain, 4096, &samples);
            let back = convert(&mut decoder(&plain), &small, [1 << 16, 1 << 16]);
            assert!(back.unwrap() == samples, "{plain}");
        }
    }
}

#[test]
fn silence_becomes_long_in_rooms_that_are_small() {
    let plain = WaveFormat::pcm(2, 48_000, 16);
    let silence = vec![0; 1 << 20];
    let small = encoded(&plain, 4096, &silence);
    assert!(small.len() < 2000, "{}", small.len());
    let room = decoder(&plain).destination_size(100).unwrap();
    for room in [100, 4096, room] {
        let back = convert(&mut decoder(&plain), &small, [100, room]);
        assert!(back.unwrap() == silence, "{room}");
    }
}

#[test]
fn a_buffer_of_the_size_that_is_told_holds_music() {
    let plain = WaveFormat::pcm(2, 44_100, 16);
    let samples = music(&plain, 20_000);
    let small = encoded(&plain, 4096, &samples);
    let mut encoder = codec().open(&plain, &flac(&plain, 4096)).unwrap();
    let all = Flags {
        start: true,
        end: true,
    };
    let mut room = vec![0; encoder.destination_size(samples.len()).unwrap()];
    let done = encoder.convert(&samples, &mut room, all).unwrap();
    assert_eq!(
        (done.used, &room[..done.written]),
        (samples.len(), &small[..])
    );

    let mut decoder = decoder(&plain);
    let mut room = vec![0; decoder.destination_size(small.len()).unwrap()];
    let done = decoder.convert(&small, &mut room, all).unwrap();
    assert_eq!(done.used, small.len());
    assert!(room[..done.written] == samples);
    let fits = encoder.source_size(1 << 20).unwrap();
    assert!(encoder.destination_size(fits).unwrap() <= 1 << 20);
}

#[test]
fn a_stream_begins_again() {
    let plain = WaveFormat::pcm(1, 8000, 16);
    let samples = music(&plain, 1000);
    let small = encoded(&plain, 64, &samples);
    let mut encoder = codec().open(&plain, &flac(&plain, 64)).unwrap();
    let mut decoder = decoder(&plain);
    for length in [200, 1 << 16] {
        // Half of another sound is in there, and forgotten.
        let cut = Flags {
            start: true,
            end: false,
        };
        encoder.convert(&samples[..300], &mut [0; 9], cut).unwrap();
        decoder.convert(&small[..100], &mut [0; 9], cut).unwrap();
        assert_eq!(
            convert(&mut encoder, &samples, [length, 1000]).unwrap(),
            small
        );
        assert_eq!(
            convert(&mut decoder, &small, [length, 1000]).unwrap(),
            samples
        );
    }
}

#[test]
fn no_byte_can_be_wrong_or_missing_unnoticed() {
    let plain = WaveFormat::pcm(2, 44_100, 16);
    let samples = music(&plain, 300);
    let small = encoded(&plain, 128, &samples);
    for at in 0..small.len() {
        for bit in [0x01, 0x80, 0xff] {
            let mut broken = small.clone();
            broken[at] ^= bit;
            let back = convert(&mut decoder(&plain), &broken, [64, 4096]);
            assert_eq!(back, Err(Refusal::Failed), "byte {at}");
        }
        let back = convert(&mut decoder(&plain), &small[..at], [64, 4096]);
        match back {
            // Between two frames nothing is missing that could be told.
            Ok(back) => assert!(back.len() % (128 * 4) == 0 && samples.starts_with(&back)),
            Err(refusal) => assert_eq!(refusal, Refusal::Failed, "{at} bytes"),
        }
    }
    let mut noise = 1_u64;
    for _ in 0..2000 {
        let junk: Vec<u8> = (0..100)
            .map(|at| {
                noise = noise
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                // Begun as a frame begins, so that it is looked at.
                *[0xff, 0xf8].get(at).unwrap_or(&((noise >> 56) as u8))
            })
            .collect();
        assert!(convert(&mut decoder(&plain), &junk, [64, 4096]).is_err());
    }
}

#[test]
fn a_frame_of_another_sound_is_an_error() {
    let deep = WaveFormat::pcm(2, 44_100, 24);
    let small = encoded(&deep, 4096, &music(&deep, 100));
    for (channels, bits) in [(2, 16), (1, 24)] {
        let plain = WaveFormat::pcm(channels, 44_100, bits);
        let back = convert(&mut decoder(&plain), &small, [1 << 16, 1 << 16]);
        assert_eq!(back, Err(Refusal::Failed));
    }
}

#[test]
fn a_frame_without_an_end_is_given_up() {
    let plain = WaveFormat::pcm(1, 8000, 16);
    let small = encoded(&plain, 4096, &music(&plain, 4096));
    // The head of a frame, and then zeros, in which a number in unary code never ends.
    let mut endless = small[..40].to_vec();
    endless.resize(8 << 20, 0);
    let back = convert(&mut decoder(&plain), &endless, [1 << 20, 1 << 16]);
    assert_eq!(back, Err(Refusal::Failed));
}

#[test]
fn formats_are_listed_in_pairs() {
    let tags = codec().tags();
    assert_eq!(
        tags.iter().map(|tag| tag.tag).collect::<Vec<_>>(),
        [FLAC, WaveFormat::PCM]
    );
    assert_eq!(tags[0].formats.len(), 28);
    for (small, plain) in tags[0].formats.iter().zip(&tags[1].formats) {
        assert_eq!(codec().suggest(plain, Wish::default()).as_ref(), Ok(small));
        assert_eq!(codec().suggest(small, Wish::default()).as_ref(), Ok(plain));
        assert_eq!(codec().describe(small).as_ref(), Ok(&plain.to_string()));
        assert!(codec().open(small, plain).is_ok() && codec().open(plain, small).is_ok());
    }
    let plain = WaveFormat::pcm(2, 44_100, 16);
    for wish in [
        Wish {
            tag: Some(FLAC),
            bits: Some(16),
            rate: Some(44_100),
            channels: Some(2),
        },
        Wish {
            tag: Some(FLAC),
            ..Wish::default()
        },
    ] {
        assert!(codec().suggest(&plain, wish).is_ok());
    }
    for wish in [
        Wish {
            tag: Some(WaveFormat::PCM),
            ..Wish::default()
        },
        Wish {
            bits: Some(24),
            ..Wish::default()
        },
        Wish {
            rate: Some(48_000),
            ..Wish::default()
        },
        Wish {
            channels: Some(1),
            ..Wish::default()
        },
    ] {
        assert_eq!(codec().suggest(&plain, wish), Err(Refusal::NotPossible));
    }
}

#[test]
fn what_ffmpeg_says_of_deep_sound_is_understood() {
    // It has 16 bits in the header of any sound, and two bytes a channel in a block; the truth is behind it.
    let plain = WaveFormat::pcm(1, 48_000, 24);
    let theirs = WaveFormat {
        bits: 16,
        block_align: 2,
        bytes_per_second: 16_000,
        ..flac(&plain, 4608)
    };
    assert_eq!(codec().suggest(&theirs, Wish::default()), Ok(plain.clone()));
    assert_eq!(
        codec().describe(&theirs).unwrap(),
        "48.000 kHz, 24 Bit, Mono"
    );
    assert!(codec().open(&theirs, &plain).is_ok());
}

#[test]
fn formats_that_contradict_themselves_are_refused() {
    let plain = WaveFormat::pcm(2, 44_100, 16);
    let small = flac(&plain, 4096);
    let with = |change: fn(&mut WaveFormat)| {
        let mut changed = small.clone();
        change(&mut changed);
        changed
    };
    for bad in [
        with(|it| it.channels = 1),
        with(|it| it.rate = 48_000),
        with(|it| it.tag = 7),
        with(|it| it.extra.truncate(33)),
        with(|it| it.extra.clear()),
        with(|it| it.extra[12] ^= 0x0e),
        with(|it| it.extra[13] = 0),
        with(|it| it.extra.fill(0)),
        with(|it| it.extra.fill(0xff)),
    ] {
        assert_eq!(
            codec().open(&bad, &plain).err(),
            Some(Refusal::NotPossible),
            "{bad:?}"
        );
        assert_eq!(
            codec().open(&plain, &bad).err(),
            Some(Refusal::NotPossible),
            "{bad:?}"
        );
        assert_eq!(codec().describe(&bad), Err(Refusal::NotPossible));
        assert_eq!(
            codec().suggest(&bad, Wish::default()),
            Err(Refusal::NotPossible)
        );
    }
    for plain in [
        WaveFormat::pcm(2, 44_100, 8),
        WaveFormat::pcm(2, 44_100, 32),
        WaveFormat::pcm(0, 44_100, 16),
        WaveFormat::pcm(9, 44_100, 16),
        WaveFormat::pcm(2, 0, 16),
        WaveFormat::pcm(2, 1 << 20, 16),
        WaveFormat::pcm(2, u32::MAX, 16),
        WaveFormat::float(2, 44_100, 32),
        WaveFormat {
            block_align: 3,
            ..WaveFormat::pcm(2, 44_100, 16)
        },
        WaveFormat {
            extra: vec![0; 34],
            ..WaveFormat::pcm(2, 44_100, 16)
        },
    ] {
        assert_eq!(
            codec().suggest(&plain, Wish::default()),
            Err(Refusal::NotPossible),
            "{plain:?}"
        );
    }
    // The encoder has its limits; what is there already is read.
    let fast = WaveFormat::pcm(2, 192_000, 24);
    let mut of_fast = flac(&WaveFormat::pcm(2, 96_000, 24), 4096);
    of_fast.rate = 192_000;
    of_fast.extra[10..13].copy_from_slice(&[0x2e, 0xe0, 0x03]);
    assert!(codec().open(&of_fast, &fast).is_ok());
    assert!(codec().open(&fast, &of_fast).is_err());
    for block in [0, 16, 31, 32_768, 65_535] {
        assert!(codec().open(&plain, &flac(&plain, block)).is_err());
        assert!(codec().open(&flac(&plain, block), &plain).is_ok());
    }
    assert!(codec().open(&plain, &plain).is_err() && codec().open(&small, &small).is_err());
}
