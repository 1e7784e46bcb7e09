//! Which of the installed codecs take a stream.

use opendriver::Manager;
use opendriver_abi::structures::FourCc;
use opendriver_codec::acm::{self, Driver, Wish};
use opendriver_codec::vfw::{self, Codecs};
use opendriver_codec::{BitmapFormat, WaveFormat};

use super::contents::{Content, Opener, Refuser, Stream};
use opendriver_setup::LINKED_AUDIO;

use crate::report::{Exit, Failure};

/// All codecs that are installed, and the one that is linked in.
pub(super) struct Installed<'a> {
    manager: &'a Manager,
    audio: acm::Drivers,
    video: Codecs,
}

impl<'a> Installed<'a> {
    /// # Errors
    /// The registry cannot be read.
    pub(super) fn list(manager: &'a Manager) -> Result<Self, Failure> {
        let audio = acm::Drivers::installed(manager, LINKED_AUDIO)
            .map_err(|error| Failure::new(Exit::Unasked, error))?;
        let video =
            Codecs::installed(manager).map_err(|error| Failure::new(Exit::Unasked, error))?;
        Ok(Self {
            manager,
            audio,
            video,
        })
    }

    /// Asks each of them.
    pub(super) fn ask(&self, stream: &mut Stream) {
        let answers = match &stream.content {
            Content::Pictures(format, handler) if stream.needs_driver => {
                self.pictures(format, *handler)
            }
            Content::Sound(format) => self.sound(format),
            _ => return,
        };
        for (driver, answer) in answers {
            match answer {
                Ok(to) => stream.opened_by.push(Opener { driver, to }),
                Err(why) => stream.refused_by.push(Refuser { driver, why }),
            }
        }
    }

    fn sound(&self, format: &WaveFormat) -> Vec<(String, Result<String, String>)> {
        let answer = |candidate: &acm::Candidate| {
            if !candidate.is_enabled() {
                return Err("it is switched off".to_owned());
            }
            let driver = self
                .audio
                .driver(candidate.name())
                .map_err(|error| told(&error))?;
            decoded(driver, format)
                .map(|to| to.to_string())
                .map_err(|error| told(&error))
        };
        let candidates = self.audio.iter();
        candidates
            .map(|candidate| (candidate.name().to_owned(), answer(candidate)))
            .collect()
    }

    fn pictures(
        &self,
        format: &BitmapFormat,
        handler: FourCc,
    ) -> Vec<(String, Result<String, String>)> {
        let answer = |alias: &str| {
            let codec = Codecs::named(self.manager, &[alias]).for_decompressing(format, handler);
            let codec = codec.map_err(|error| match error {
                vfw::Error::NoCodec { refusals, .. } => {
                    let reasons: Vec<String> = refusals
                        .iter()
                        .map(|refusal| told(&refusal.reason))
                        .collect();
                    reasons.join(", ")
                }
                error => told(&error),
            })?;
            let to = codec.decompress_format(format);
            Ok(to.map_or_else(|error| told(&error), |to| to.to_string()))
        };
        let broken = self.video.broken().iter();
        let broken = broken.map(|refusal| (refusal.name.clone(), Err(told(&refusal.reason))));
        let codecs = self.video.iter();
        codecs
            .map(|codec| (codec.alias.clone(), answer(&codec.alias)))
            .chain(broken)
            .collect()
    }
}

/// The plain samples that a driver decodes a format to.
fn decoded(driver: &Driver, format: &WaveFormat) -> Result<WaveFormat, acm::Error> {
    driver.format_tag(format.tag())?;
    let to = match driver.suggest(format, &Wish::pcm()) {
        Err(refusal @ acm::Error::Refused { .. }) => {
            // Some drivers have no suggestion, and a list.
            let listed = driver.formats(WaveFormat::PCM, Some(format))?;
            let mut formats = listed.into_iter().map(|listed| listed.format);
            formats
                .find(|to| acm::Stream::query(driver, format, to, None).is_ok())
                .ok_or(refusal)?
        }
        suggested => suggested?,
    };
    acm::Stream::query(driver, format, &to, None)?;
    Ok(to)
}

/// An error with its causes on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
