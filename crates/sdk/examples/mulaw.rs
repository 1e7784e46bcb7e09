//! Mu-law, the telephone sound of North America and Japan, as a codec in a shared object or a Windows DLL of its own.
//!
//! `cargo build --release -p opendriver-sdk --example mulaw` makes `libmulaw.so`.
#![forbid(unsafe_code)]

use std::sync::Arc;

use opendriver_sdk::acm::{Acm, Blocks, Codec, Details, Refusal, Tag, WaveFormat};
use opendriver_sdk::{Host, Refused};

/// `WAVE_FORMAT_MULAW`
const MULAW: u16 = 7;

/// Bytes of mu-law to samples of 16 bits and back, of one channel or two.
struct MuLaw;

fn mulaw(channels: u16, rate: u32) -> WaveFormat {
    WaveFormat::plain(MULAW, channels, rate, 8)
}

impl Codec for MuLaw {
    type Stream = Blocks;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn details(&self) -> Details {
        Details {
            features: "Compresses 16 bits to 8 bits, and decompresses them",
            ..Details::new("mu-law example", "opendriver example: mu-law (G.711)")
        }
    }

    fn tags(&self) -> Vec<Tag> {
        let listed = |format: fn(u16, u32) -> WaveFormat| {
            let rates = [8000, 11_025, 22_050, 44_100];
            rates
                .map(|rate| [format(1, rate), format(2, rate)])
                .concat()
        };
        vec![
            Tag::new(MULAW, "mu-law", listed(mulaw)),
            Tag::new(
                WaveFormat::PCM,
                "PCM",
                listed(|channels, rate| WaveFormat::pcm(channels, rate, 16)),
            ),
        ]
    }

    fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Blocks, Refusal> {
        let plain = WaveFormat::pcm(source.channels, source.rate, 16);
        let mulaw = mulaw(source.channels, source.rate);
        let is = |format: &WaveFormat, wanted: &WaveFormat| {
            // Files of mu-law have extra bytes or none, and some say any number of bytes a second.
            let bytes_per_second = wanted.bytes_per_second;
            let extra = Vec::new();
            WaveFormat {
                bytes_per_second,
                extra,
                ..format.clone()
            } == *wanted
        };
        if is(source, &mulaw) && is(destination, &plain) {
            Ok(Blocks::new(1, 2, |from, to| {
                to.copy_from_slice(&decoded(from[0]).to_le_bytes());
            }))
        } else if is(source, &plain) && is(destination, &mulaw) {
            Ok(Blocks::new(2, 1, |from, to| {
                to[0] = encoded(i16::from_le_bytes([from[0], from[1]]));
            }))
        } else {
            Err(Refusal::NotPossible)
        }
    }
}

/// What G.711 adds to a magnitude, so that each segment begins at a power of two.
const BIAS: i32 = 0x84;

fn decoded(byte: u8) -> i16 {
    let byte = !byte;
    let (segment, step) = (byte >> 4 & 7, i32::from(byte & 0xf));
    let magnitude = (((step << 3) + BIAS) << segment) - BIAS;
    let sample = if byte & 0x80 != 0 {
        -magnitude
    } else {
        magnitude
    };
    sample as i16
}

fn encoded(sample: i16) -> u8 {
    const LOUDEST: i32 = 32_635;
    let magnitude = i32::from(sample).abs().min(LOUDEST) + BIAS;
    let segment = magnitude.ilog2() - 7;
    let step = magnitude >> (segment + 3) & 0xf;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (segment << 4) as u8 | step as u8)
}

opendriver_sdk::export_driver!(Acm<MuLaw>);
