//! What a codec says of itself and of its formats.

use super::WaveFormat;

/// What a codec says of itself.
///
/// ```
/// use opendriver_sdk::acm::{Details, Kind};
///
/// let details = Details {
///     copyright: "Copyright the authors",
///     ..Details::new("mu-law", "Telephone sound of North America and Japan")
/// };
/// assert_eq!((details.kind, details.version), (Kind::Codec, (1, 0, 0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Details {
    /// A name for lists, of at most 31 characters.
    pub short_name: &'static str,
    /// A name for a person, of at most 127.
    pub long_name: &'static str,
    /// Whose it is, in at most 79.
    pub copyright: &'static str,
    /// On which terms, in at most 127.
    pub licensing: &'static str,
    /// What it can do, in at most 511.
    pub features: &'static str,
    /// Major, minor, build.
    pub version: (u8, u8, u16),
    /// What it converts.
    pub kind: Kind,
    /// The maker and product that Microsoft gave numbers to.
    pub maker: (u16, u16),
}

impl Details {
    /// A codec, version 1.0, of no maker that has a number.
    pub const fn new(short_name: &'static str, long_name: &'static str) -> Self {
        /// `MM_UNMAPPED`
        const UNMAPPED: u16 = 0xffff;
        Self {
            short_name,
            long_name,
            copyright: "",
            licensing: "",
            features: "",
            version: (1, 0, 0),
            kind: Kind::Codec,
            maker: (UNMAPPED, UNMAPPED),
        }
    }
}

/// What a driver converts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Formats of one tag into those of another: it compresses, decompresses or both.
    Codec,
    /// Formats of one tag into others of the same.
    Converter,
    /// Either.
    Both,
}

impl Kind {
    /// `ACMDRIVERDETAILS_SUPPORTF_*`
    pub(super) fn support(self) -> u32 {
        const CODEC: u32 = 1;
        const CONVERTER: u32 = 2;
        match self {
            Self::Codec => CODEC,
            Self::Converter => CONVERTER,
            Self::Both => CODEC | CONVERTER,
        }
    }
}

/// A kind of formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// `WAVE_FORMAT_*`
    pub tag: u16,
    /// What people call the kind, in at most 47 characters.
    pub name: &'static str,
    /// Bytes in the largest format of this kind.
    pub size: usize,
    /// The formats that an application may choose from. A codec may convert others too.
    pub formats: Vec<WaveFormat>,
}

impl Tag {
    /// A kind of which no format is larger than those that are listed.
    pub fn new(tag: u16, name: &'static str, formats: Vec<WaveFormat>) -> Self {
        let largest = formats.iter().map(WaveFormat::size).max();
        Self {
            tag,
            name,
            size: largest.unwrap_or(18),
            formats,
        }
    }
}

/// What a suggested format is to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Its kind.
    pub tag: Option<u16>,
    /// Its number of channels.
    pub channels: Option<u16>,
    /// Its frames in a second.
    pub rate: Option<u32>,
    /// Its bits in a sample.
    pub bits: Option<u16>,
}

impl Wish {
    /// Whether a format has all that is wished for.
    pub fn is_met_by(&self, format: &WaveFormat) -> bool {
        self.tag.is_none_or(|tag| tag == format.tag)
            && self
                .channels
                .is_none_or(|channels| channels == format.channels)
            && self.rate.is_none_or(|rate| rate == format.rate)
            && self.bits.is_none_or(|bits| bits == format.bits)
    }
}
