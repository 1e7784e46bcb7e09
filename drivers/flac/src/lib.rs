//! FLAC in WAV, as an ACM driver: sound of 16 or 24 bits that becomes smaller and comes back to the bit.
//!
//! A format has the tag 0xf1ac, and behind it the 34 bytes of a `STREAMINFO`, as ffmpeg writes it into WAV. These say what the sound is;
//! the bits of a sample before them are 16 in files of ffmpeg, whatever they hold, and not believed. The stream is FLAC frames one behind
//! the other, which are found only by decoding them: a block is a byte, and buffers may end anywhere.
//!
//! Nothing is rounded, resampled or mixed; that is what `pcm` does, which `drv convert` puts in front. Decoding is `claxon`'s work and
//! encoding `flacenc`'s, at rates up to 96 kHz, with as many samples in a frame as the destination's `STREAMINFO` wishes.
#![forbid(unsafe_code)]

mod format;

mod frame;
mod stream;

use std::sync::Arc;

use opendriver_sdk::acm::{Acm, Codec, Details, Refusal, Tag, WaveFormat, Wish};
use opendriver_sdk::{BuiltIn, Host, Refused};

use stream::Frames;

/// `WAVE_FORMAT_FLAC`
pub const FLAC: u16 = 0xf1ac;

/// The driver, linked in: `Manager::builder().builtin(opendriver_flac::driver())`.
pub fn driver() -> BuiltIn {
    opendriver_sdk::builtin::<Flac>("flac")
}

/// The driver, from `DRV_LOAD` to `DRV_FREE`.
pub type Flac = Acm<FlacCodec>;

/// What the driver does, in values.
pub struct FlacCodec;

impl Codec for FlacCodec {
    type Stream = Frames;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn details(&self) -> Details {
        Details::new("opendriver FLAC", "Free Lossless Audio Codec")
    }

    fn tags(&self) -> Vec<Tag> {
        let plain = Tag::new(WaveFormat::PCM, "PCM", format::usual());
        let flac = plain.formats.iter().map(format::flac).collect();
        vec![Tag::new(FLAC, "FLAC", flac), plain]
    }

    fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Frames, Refusal> {
        let plain = format::plain(source)?;
        if plain != format::plain(destination)? {
            return Err(Refusal::NotPossible);
        }
        let size = |block| usize::max(block, 1) * usize::from(plain.block_align);
        match (source.tag, destination.tag) {
            (WaveFormat::PCM, FLAC) => {
                let block = format::block(destination);
                let encoder = frame::encoder(&plain, block).ok_or(Refusal::NotPossible)?;
                Ok(Frames::new(
                    encoder,
                    [size(block), size(block) + frame::MORE],
                ))
            }
            (FLAC, WaveFormat::PCM) => {
                let size = size(format::block(source));
                // Silence becomes longer than this, and then comes in more than one buffer.
                Ok(Frames::new(
                    frame::decoder(&plain),
                    [size.div_ceil(8), size],
                ))
            }
            _ => Err(Refusal::NotPossible),
        }
    }

    fn describe(&self, format: &WaveFormat) -> Result<String, Refusal> {
        Ok(format::plain(format)?.to_string())
    }

    /// Any sound has exactly one counterpart, whether it is in the list or not.
    fn suggest(&self, source: &WaveFormat, wish: Wish) -> Result<WaveFormat, Refusal> {
        let counterpart = match (source.tag, format::plain(source)?) {
            (FLAC, plain) => plain,
            (_, plain) => format::flac(&plain),
        };
        let possible = wish.is_met_by(&counterpart) && self.open(source, &counterpart).is_ok();
        possible.then_some(counterpart).ok_or(Refusal::NotPossible)
    }
}
