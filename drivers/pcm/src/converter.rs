//! What the converter offers: its formats, and which becomes which.

use std::sync::Arc;

use opendriver_sdk::acm::{Codec, Details, Kind, Refusal, Tag, WaveFormat, Wish};
use opendriver_sdk::{Host, Refused};

use crate::channels::usual_speakers;
use crate::format::{self, EXTENSIBLE, FLOAT, Format, PCM};
use crate::sample::Depth;
use crate::stream::Conversion;

/// The converter, as a codec that converts plain samples into each other.
pub struct Converter(());

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
    /// Ordered as Windows orders them: by rate, then depth, then channels.
    fn formats(&self) -> Vec<WaveFormat> {
        let mut formats = Vec::new();
        for &rate in self.rates {
            for &depth in self.depths {
                for &channels in self.channels {
                    let speakers = self.is_extensible.then(|| usual_speakers(channels));
                    let format = Format {
                        depth,
                        channels,
                        rate,
                        speakers,
                    };
                    formats.push(format.wave());
                }
            }
        }
        formats
    }
}

fn known(format: &WaveFormat) -> Result<Format, Refusal> {
    Format::parse(format).ok_or(Refusal::NotPossible)
}

impl Codec for Converter {
    type Stream = Conversion;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self(()))
    }

    fn details(&self) -> Details {
        Details {
            copyright: "Copyright the opendriver authors",
            licensing: "MIT or Apache-2.0",
            features: "Converts rate, channels and depth of PCM and floating-point samples",
            kind: Kind::Converter,
            ..Details::new("opendriver PCM", "opendriver converter of plain samples")
        }
    }

    fn tags(&self) -> Vec<Tag> {
        vec![
            Tag::new(PCM, "PCM", WHOLE.formats()),
            Tag::new(FLOAT, "IEEE Float", FLOATING.formats()),
            Tag::new(EXTENSIBLE, "Extensible", SURROUND.formats()),
        ]
    }

    fn describe(&self, format: &WaveFormat) -> Result<String, Refusal> {
        let plain = Format {
            speakers: None,
            ..known(format)?
        };
        Ok(plain.wave().to_string())
    }

    /// What is not wished for is kept, except that whole numbers are suggested for all.
    fn suggest(&self, source: &WaveFormat, wish: Wish) -> Result<WaveFormat, Refusal> {
        let given = source;
        let source = known(given)?;
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
        let suggested = suggested.wave();
        // Whatever the wishes were, it must be a format that can be converted to.
        self.open(given, &suggested)?;
        Ok(suggested)
    }

    fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Conversion, Refusal> {
        Conversion::new(known(source)?, known(destination)?).ok_or(Refusal::NotPossible)
    }
}
