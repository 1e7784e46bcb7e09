//! Which formats a codec has, and what it does with each.

mod audio;

mod video;

use opendriver::{Manager, OpenOptions};
use opendriver_abi::Class;
use serde::Serialize;

use super::Unasked;

pub(crate) use audio::Audio;
pub(crate) use video::{Video, VideoCode};

/// Which formats a codec has.
#[derive(Debug, Serialize)]
#[serde(tag = "class", rename_all = "lowercase")]
pub(crate) enum Formats {
    /// Of an audio codec.
    Acm(Audio),
    /// Of a video codec.
    Vfw(Video),
}

impl Formats {
    /// Asks a driver, as an audio codec and then as a video codec; `None` where it is neither.
    ///
    /// # Errors
    /// Where it cannot be opened at all, and where it breaks.
    pub(crate) fn ask(manager: &Manager, driver: OpenOptions<'_>) -> Result<Option<Self>, Unasked> {
        if let Some(audio) = audio::ask(manager, driver).map_err(Unasked::as_a(Class::Acm))? {
            return Ok(Some(Self::Acm(audio)));
        }
        let video = video::ask(manager, driver).map_err(Unasked::as_a(Class::Vfw))?;
        Ok(video.map(Self::Vfw))
    }
}
