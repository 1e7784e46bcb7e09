//! What the converter offers: its formats, and which becomes which.

use crate::acm::{Codec, Details, Refusal, Tag, Wish};
use crate::channels::usual_speakers;
use crate::format::{self, EXTENSIBLE, FLOAT, Format, PCM};
use crate::sample::Depth;
use crate::stream::Conversion;

/// The converter.
pub(crate) struct Converter;

/// The formats that are listed of one kind; all others can be converted too.
struct List {
    rates: &'static [u32],
    depths: &'static [Depth],
    channels: &'static [u16],
    is_extensible: bool,
}

const RATES: [u32; 11] = [
    8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000,
];

const WHOLE: List = List {
    rates: &RATES,
    depths: &[Depth::U8, Depth::I16, Depth::I24, Depth::I32],
    channels: &[1, 2],
    is_extensible: false,
};

const FLOATING: List = List {
    depths: &[Depth::F32, Depth::F64],
    ..WHOLE
};

/// What only an extensible format can say: which of more than two channels is which.
const SURROUND: List = List {
    rates: &[44_100, 48_000, 96_000, 192_000],
    depths: &[Depth::I16, Depth::I24, Depth::I32, Depth::F32],
    channels: &[6, 8],
    is_extensible: true,
};

impl List {
    const fn length(&self) -> usize {
        self.rates.len() * self.depths.len() * self.channels.len()
    }

    /// Ordered as Windows orders them: by rate, then depth, then channels.
    fn format(&self, index: usize) -> Option<Format> {
        let (depths, channels) = (self.depths.len(), self.channels.len());
        let format = Format {
            rate: *self.rates.get(index / channels / depths)?,
            depth: self.depths[index / channels % depths],
            channels: self.channels[index % channels],
            speakers: None,
        };
        let speakers = self.is_extensible.then(|| usual_speakers(format.channels));
        Some(Format { speakers, ..format })
    }
}

const fn tag(tag: u16, name: &'static str, size: u32, list: &List) -> Tag {
    Tag {
        tag,
        name,
        size,
        formats: list.length() as u32,
    }
}

const TAGS: [Tag; 3] = [
    tag(PCM, "PCM", 18, &WHOLE),
    tag(FLOAT, "IEEE Float", 18, &FLOATING),
    tag(EXTENSIBLE, "Extensible", 40, &SURROUND),
];

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

    fn format(&self, tag: u16, index: usize) -> Option<Vec<u8>> {
        let list = match tag {
            PCM => WHOLE,
            FLOAT => FLOATING,
            EXTENSIBLE => SURROUND,
            _ => return None,
        };
        list.format(index).map(Format::to_bytes)
    }

    fn describe(&self, format: &[u8]) -> Result<(u16, String), Refusal> {
        let format = known(format)?;
        let tag = match format.speakers {
            None => format.tag(),
            Some(_) => EXTENSIBLE,
        };
        Ok((tag, format.name()))
    }

    /// What is not wished for is kept, except that whole numbers are suggested for all.
    fn suggest(&self, source: &[u8], wish: Wish) -> Result<Vec<u8>, Refusal> {
        let source = known(source)?;
        let (tag, speakers) = match wish.tag {
            None => (PCM, None),
            Some(EXTENSIBLE) => (source.tag(), source.speakers.or(Some(0))),
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
            speakers: speakers.map(|mask| match mask {
                mask if mask != 0 && channels == source.channels => mask,
                _ => usual_speakers(channels),
            }),
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
