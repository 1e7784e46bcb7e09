//! What the converter offers: its formats, and which becomes which.

use opendriver_sdk::structures::Structure as _;
use opendriver_sdk::structures::WaveFormatEx;

use crate::acm::{Codec, Details, Refusal, Tag, Wish};
use crate::format::{self, EXTENSIBLE, FLOAT, Format, PCM};
use crate::sample::Depth;
use crate::stream::Conversion;

/// The converter.
pub(crate) struct Converter;

/// The rates that are listed; every other can be converted too.
const RATES: [u32; 11] = [
    8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000,
];

/// The depths that are listed, by kind.
const WHOLE: [Depth; 4] = [Depth::U8, Depth::I16, Depth::I24, Depth::I32];
const FLOATING: [Depth; 2] = [Depth::F32, Depth::F64];

/// Mono and stereo are listed; every other number can be converted too.
const CHANNELS: [u16; 2] = [1, 2];

const fn tag(tag: u16, name: &'static str, depths: &[Depth]) -> Tag {
    Tag {
        tag,
        name,
        size: WaveFormatEx::SIZE as u32,
        formats: (RATES.len() * depths.len() * CHANNELS.len()) as u32,
    }
}

const TAGS: [Tag; 2] = [tag(PCM, "PCM", &WHOLE), tag(FLOAT, "IEEE Float", &FLOATING)];

fn known(bytes: &[u8]) -> Result<Format, Refusal> {
    Format::parse(bytes).ok_or(Refusal::NotPossible)
}

impl Codec for Converter {
    type Stream = Conversion;

    fn details(&self) -> Details {
        Details {
            short_name: "opendriver PCM",
            long_name: "opendriver converter of plain samples",
            copyright: "Copyright the opendriver authors",
            licensing: "MIT or Apache-2.0",
            features: "Converts rate, channels and depth of PCM and floating-point samples",
            version: (1, 0, 0),
        }
    }

    fn tags(&self) -> &[Tag] {
        &TAGS
    }

    /// Ordered as Windows orders them: by rate, then depth, then channels.
    fn format(&self, tag: u16, index: usize) -> Option<Vec<u8>> {
        let depths: &[Depth] = match tag {
            PCM => &WHOLE,
            FLOAT => &FLOATING,
            _ => return None,
        };
        let of_rate = depths.len() * CHANNELS.len();
        let format = Format {
            depth: depths[index % of_rate / CHANNELS.len()],
            channels: CHANNELS[index % CHANNELS.len()],
            rate: *RATES.get(index / of_rate)?,
            speakers: None,
        };
        Some(format.to_bytes())
    }

    fn describe(&self, format: &[u8]) -> Result<(u16, String), Refusal> {
        let format = known(format)?;
        Ok((format.tag(), format.name()))
    }

    /// What is not wished for is kept, except that whole numbers are suggested for all.
    fn suggest(&self, source: &[u8], wish: Wish) -> Result<Vec<u8>, Refusal> {
        let source = known(source)?;
        let (tag, speakers) = match wish.tag {
            None => (PCM, None),
            Some(EXTENSIBLE) => (source.tag(), Some(source.speakers.unwrap_or(0))),
            Some(tag) => (tag, None),
        };
        let channels = wish.channels.unwrap_or(source.channels);
        let bits = wish.bits.unwrap_or(match tag {
            _ if tag == source.tag() => source.bits(),
            FLOAT => 32,
            _ => 16,
        });
        let suggested = Format {
            depth: format::depth(tag, bits).ok_or(Refusal::NotPossible)?,
            channels,
            rate: wish.rate.unwrap_or(source.rate),
            // The mask is of other channels where their number changes.
            speakers: speakers.map(|mask| if channels == source.channels { mask } else { 0 }),
        };
        let bytes = suggested.to_bytes();
        // Whatever the wishes were, it must be a format that can be converted to.
        self.open(&source.to_bytes(), &bytes)?;
        Ok(bytes)
    }

    fn open(&self, source: &[u8], destination: &[u8]) -> Result<Conversion, Refusal> {
        Conversion::new(known(source)?, known(destination)?).ok_or(Refusal::NotPossible)
    }
}
