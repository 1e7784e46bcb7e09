//! The formats that an audio codec lists, and whether it decodes or encodes each.

use std::fmt::Write as _;

use opendriver::{Error, Manager, OpenOptions};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{self, Driver, Stream, Wish};
use serde::Serialize;

use crate::describe::acm::not_refused;

/// What an audio codec handles.
#[derive(Debug, Serialize)]
pub(crate) struct Audio {
    pub(crate) tags: Vec<AudioTag>,
}

/// A kind of format.
#[derive(Debug, Serialize)]
pub(crate) struct AudioTag {
    pub(crate) tag: u16,
    pub(crate) name: String,
    /// The formats that it lists of this kind; others may do as well.
    pub(crate) formats: Vec<AudioFormat>,
}

/// A format.
#[derive(Debug, Serialize)]
pub(crate) struct AudioFormat {
    pub(crate) name: String,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) bits: u16,
    pub(crate) bytes_per_second: u32,
    pub(crate) block: u16,
    /// The whole WAVEFORMATEX, two hex digits a byte.
    pub(crate) format: String,
    /// Whether it becomes plain samples; not said of plain samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decodes: Option<bool>,
    /// Whether plain samples become this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encodes: Option<bool>,
}

/// Asks a driver as an audio codec; `None` where it is none.
pub(super) fn ask(manager: &Manager, options: OpenOptions<'_>) -> Result<Option<Audio>, Error> {
    match Driver::open_with(manager, options).and_then(|driver| describe(&driver)) {
        Ok(audio) => Ok(Some(audio)),
        Err(error) => not_refused(error),
    }
}

fn describe(driver: &Driver) -> Result<Audio, acm::Error> {
    let mut tags = Vec::new();
    for tag in driver.format_tags()? {
        let mut formats = Vec::new();
        for listed in driver.formats(tag.tag, None)? {
            formats.push(format(driver, listed)?);
        }
        tags.push(AudioTag {
            tag: tag.tag,
            name: tag.name,
            formats,
        });
    }
    Ok(Audio { tags })
}

fn format(driver: &Driver, listed: acm::Format) -> Result<AudioFormat, acm::Error> {
    let format = listed.format;
    let plain = matches!(format.inner_tag(), WaveFormat::PCM | WaveFormat::FLOAT);
    let (decodes, encodes) = match plain {
        true => (None, None),
        false => (
            Some(decodes(driver, &format)?),
            Some(encodes(driver, &format)?),
        ),
    };
    let mut hex = String::new();
    for byte in format.as_bytes() {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(AudioFormat {
        name: listed.name,
        channels: format.channels(),
        rate: format.rate(),
        bits: format.bits(),
        bytes_per_second: format.bytes_per_second(),
        block: format.block_align(),
        format: hex,
        decodes,
        encodes,
    })
}

fn decodes(driver: &Driver, format: &WaveFormat) -> Result<bool, acm::Error> {
    let suggested = driver.suggest(format, &Wish::pcm());
    yes(suggested.and_then(|plain| Stream::query(driver, format, &plain, None)))
}

fn encodes(driver: &Driver, format: &WaveFormat) -> Result<bool, acm::Error> {
    for bits in [16, 8] {
        let plain = WaveFormat::pcm(format.channels(), format.rate(), bits);
        if yes(Stream::query(driver, &plain, format, None))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the driver said yes; a driver that broke said nothing.
fn yes(answer: Result<(), acm::Error>) -> Result<bool, acm::Error> {
    match answer {
        Ok(()) => Ok(true),
        Err(error @ acm::Error::Unsent { .. }) => Err(error),
        Err(_) => Ok(false),
    }
}
