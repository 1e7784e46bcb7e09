//! What a video codec says of itself: `ICM_GETINFO`.

use opendriver::{Error, Manager, OpenOptions};
use opendriver_abi::structures::FourCc;
use opendriver_codec::vfw::{self, Codec, Info, Mode};
use serde::Serialize;

use super::flags::flags;

/// `VIDCF_*`.
const FLAGS: [(u32, &str); 8] = [
    (0x1, "quality"),
    (0x2, "crunch"),
    (0x4, "temporal"),
    (0x8, "compress frames"),
    (0x10, "draw"),
    (0x20, "fast temporal compression"),
    (0x40, "quality over time"),
    (0x80, "fast temporal decompression"),
];

/// What a video codec says of itself.
#[derive(Debug, Serialize)]
pub(crate) struct Vfw {
    pub(crate) name: String,
    pub(crate) description: String,
    /// The file that it believes to be in; most leave it to the system to fill in.
    pub(crate) driver: String,
    /// Its code (`mrle`), or a number where that is no text.
    pub(crate) handler: String,
    pub(crate) flags: Vec<String>,
    /// As the codec counts.
    pub(crate) version: u32,
    /// The version of the interface that it is for; 0x104 is the one of Windows 95 and later.
    pub(crate) icm_version: u32,
}

/// Asks a driver as a video codec; `None` where it is none.
///
/// # Errors
/// Where it breaks, or cannot be opened for a reason that is not its own.
pub(super) fn ask(manager: &Manager, options: OpenOptions<'_>) -> Result<Option<Vfw>, Error> {
    match Codec::open(manager, options, FourCc(0), Mode::Query) {
        Ok(codec) => Ok(Some(Vfw::from(codec.info()))),
        Err(vfw::Error::Open { source, .. } | vfw::Error::Failed { source, .. }) => match source {
            Error::Refused { .. } => Ok(None),
            error => Err(error),
        },
        Err(_) => Ok(None),
    }
}

impl From<&Info> for Vfw {
    fn from(info: &Info) -> Self {
        Self {
            name: info.name.clone(),
            description: info.description.clone(),
            driver: info.driver.clone(),
            handler: info.handler.to_string(),
            flags: flags(info.flags.bits(), &FLAGS),
            version: info.version,
            icm_version: info.icm_version,
        }
    }
}
