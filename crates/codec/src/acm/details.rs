//! What an audio codec says of itself and of the formats that it handles.

use std::fmt;

use bitflags::bitflags;

use crate::WaveFormat;

/// What an audio codec says of itself (`ACMDRIVERDETAILS`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// The maker's number (`MM_*` of `mmreg.h`).
    pub maker: u16,
    /// The maker's number of the product.
    pub product: u16,
    /// The version of the manager that the codec is for.
    pub manager_version: Version,
    /// The codec's own version.
    pub version: Version,
    /// What it can do.
    pub support: Support,
    /// How many format tags it says to have.
    pub format_tags: u32,
    /// How many filter tags it says to have.
    pub filter_tags: u32,
    /// Its name, short.
    pub short_name: String,
    /// Its name, long.
    pub long_name: String,
    /// Copyright.
    pub copyright: String,
    /// Licence.
    pub licensing: String,
    /// Features.
    pub features: String,
}

/// A version as the audio compression manager packs it: `0xAABBCCCC`, major, minor, build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(packed) = self;
        write!(
            f,
            "{}.{}.{}",
            packed >> 24,
            packed >> 16 & 0xff,
            packed & 0xffff
        )
    }
}

bitflags! {
    /// What a driver can do, as a whole or with one tag (`ACMDRIVERDETAILS_SUPPORTF_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Support: u32 {
        /// It converts between two tags.
        const CODEC = 0x1;
        /// It converts between two formats of one tag.
        const CONVERTER = 0x2;
        /// It filters.
        const FILTER = 0x4;
        /// It plays and records by hardware of its own.
        const HARDWARE = 0x8;
        /// It converts in the background.
        const ASYNC = 0x10;
        /// It was added by an application, for itself.
        const LOCAL = 0x4000_0000;
        /// It is disabled.
        const DISABLED = 0x8000_0000;
        const _ = !0;
    }
}

/// A kind of format that an audio codec handles (`ACMFORMATTAGDETAILS`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormatTag {
    /// The tag.
    pub tag: u16,
    /// Its place in the codec's list.
    pub index: u32,
    /// Its name, as the codec tells it.
    pub name: String,
    /// Bytes in the largest format of this tag.
    pub format_size: u32,
    /// What the codec can do with it.
    pub support: Support,
    /// How many formats of this tag it lists.
    pub standard_formats: u32,
}

/// A format that an audio codec lists (`ACMFORMATDETAILS`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Format {
    /// The format.
    pub format: WaveFormat,
    /// Its place in the list of its tag; 0 where it is not of a list.
    pub index: u32,
    /// What the codec can do with it.
    pub support: Support,
    /// Its name: the codec's, or what the manager makes of the numbers where the codec leaves it out.
    pub name: String,
}

/// The name of a format as the manager makes it: `8.000 kHz, 8 Bit, Mono`.
pub(super) fn name(format: &WaveFormat) -> String {
    let (rate, bits) = (format.rate(), format.bits());
    let mut name = format!("{}.{:03} kHz, ", rate / 1000, rate % 1000);
    if bits > 0 {
        name += &format!("{bits} Bit, ");
    }
    name + &match format.channels() {
        1 => "Mono".to_owned(),
        2 => "Stereo".to_owned(),
        channels => format!("{channels} Channels"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_the_numbers() {
        assert_eq!(name(&WaveFormat::pcm(1, 8000, 8)), "8.000 kHz, 8 Bit, Mono");
        assert_eq!(
            name(&WaveFormat::pcm(2, 11_025, 16)),
            "11.025 kHz, 16 Bit, Stereo"
        );
        assert_eq!(
            name(&WaveFormat::pcm(6, 48_000, 0)),
            "48.000 kHz, 6 Channels"
        );
    }

    #[test]
    fn versions_are_packed() {
        assert_eq!(Version(0x0332_0001).to_string(), "3.50.1");
    }
}
