//! Why a codec did not do what it was asked.

use std::fmt;
use std::sync::Arc;

use opendriver::{Blame, registry};
use opendriver_abi::answer::multimedia_name;
use opendriver_abi::{Class, LResult, Message};

use crate::{BrokenFormat, WaveFormat};

/// What a codec answered that was not `MMSYSERR_NOERROR`; it prints as its documented name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer(pub LResult);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match multimedia_name(self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a codec did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The driver could not be opened as an audio codec.
    #[error("cannot open \"{driver}\" as an audio codec{}", because(.answer))]
    Unopened {
        /// The name that it was to be opened by.
        driver: String,
        /// What the driver gave as its reason, where it gave one.
        answer: Option<Answer>,
        /// What became of the open.
        source: opendriver::Error,
    },
    /// The driver opens, and then does not answer as an audio codec does.
    #[error("\"{driver}\" is no audio codec: it does not fill ACMDRIVERDETAILS")]
    NotACodec {
        /// The driver.
        driver: String,
    },
    /// The message did not come to its end: the driver broke, or memory ran out.
    #[error("cannot send {} to \"{driver}\"", named(.message))]
    Unsent {
        /// The driver.
        driver: String,
        /// The message.
        message: Message,
        /// Why not.
        source: opendriver::Error,
    },
    /// The driver said no.
    #[error("\"{driver}\" answers {} with {answer}", named(.message))]
    Refused {
        /// The driver.
        driver: String,
        /// What it was asked.
        message: Message,
        /// What it answered.
        answer: Answer,
    },
    /// The driver does not list this format tag.
    #[error("\"{driver}\" does not know format {tag:#06x}")]
    UnknownTag {
        /// The driver.
        driver: String,
        /// The tag.
        tag: u16,
    },
    /// What the driver answered cannot be.
    #[error("\"{driver}\" makes no sense in its answer to {}: {what}", named(.message))]
    Nonsense {
        /// The driver.
        driver: String,
        /// What it was asked.
        message: Message,
        /// What was expected and what was found.
        what: String,
    },
    /// No driver takes both formats.
    #[error("no driver converts {from} to {to}{}", listed(.refusals))]
    NoDriver {
        /// The source.
        from: WaveFormat,
        /// The destination, or what is wished of it.
        to: String,
        /// What each driver said, in the order in which they were asked.
        refusals: Vec<Refusal>,
    },
    /// The list of drivers has no such name.
    #[error("no audio codec named \"{name}\" is installed")]
    NotInstalled {
        /// The name.
        name: String,
    },
    /// The driver gave bytes that are no format.
    #[error("\"{driver}\" gives a format that is none")]
    BrokenFormat {
        /// The driver.
        driver: String,
        /// What is wrong with it.
        source: BrokenFormat,
    },
    /// The registry could not be read or written.
    #[error(transparent)]
    Registry(Box<registry::Error>),
}

impl Error {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unopened { source, .. } | Self::Unsent { source, .. } => source.blame(),
            Self::Refused { .. } | Self::UnknownTag { .. } | Self::NotACodec { .. } => {
                Blame::Refused
            }
            Self::Nonsense { .. } | Self::BrokenFormat { .. } => Blame::Broke,
            Self::NoDriver { refusals, .. } => {
                let broke = |refusal: &Refusal| refusal.reason.blame() == Blame::Broke;
                match refusals.iter().any(broke) {
                    true => Blame::Broke,
                    false => Blame::Refused,
                }
            }
            Self::NotInstalled { .. } => Blame::Caller,
            Self::Registry(_) => Blame::System,
        }
    }
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        Self::Registry(Box::new(error))
    }
}

/// Why a driver was passed over in a search.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The driver, as the list has it.
    pub driver: String,
    /// Why.
    pub reason: Arc<Error>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        let mut cause = std::error::Error::source(&*self.reason);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// A driver wrote behind one of the blocks that it was given. Only guarded blocks tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{driver}\" wrote behind the {what} while handling {} number {call}", named(.message))]
#[non_exhaustive]
pub struct Overrun {
    /// The driver.
    pub driver: String,
    /// Which block it was.
    pub what: &'static str,
    /// What the driver was asked.
    pub message: Message,
    /// The how manieth message of this kind it was, from 0.
    pub call: u64,
    /// Where.
    pub source: opendriver::Overrun,
}

fn named(message: &Message) -> impl fmt::Display {
    message.named(Class::Acm)
}

fn because(answer: &Option<Answer>) -> String {
    answer.map_or_else(String::new, |answer| format!(": {answer}"))
}

fn listed(refusals: &[Refusal]) -> String {
    if refusals.is_empty() {
        return ": none is installed".to_owned();
    }
    let listed: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    format!(": {}", listed.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_in_vain_says_who_refused_and_why() {
        let refusal = |driver: &str, reason| Refusal {
            driver: driver.to_owned(),
            reason: Arc::new(reason),
        };
        let error = Error::NoDriver {
            from: WaveFormat::pcm(1, 8000, 16),
            to: WaveFormat::pcm(2, 44_100, 16).to_string(),
            refusals: vec![
                refusal(
                    "msacm.msgsm610",
                    Error::Refused {
                        driver: "msgsm32.acm".to_owned(),
                        message: Message::ACMDM_STREAM_OPEN,
                        answer: Answer(512),
                    },
                ),
                refusal(
                    "msacm.msg711",
                    Error::UnknownTag {
                        driver: "msg711.acm".to_owned(),
                        tag: 0x31,
                    },
                ),
            ],
        };
        assert_eq!(
            error.to_string(),
            "no driver converts PCM, 8000 Hz, mono, 16 bits to PCM, 44100 Hz, stereo, 16 bits: \
             \"msgsm32.acm\" answers ACMDM_STREAM_OPEN with ACMERR_NOTPOSSIBLE; \
             \"msg711.acm\" does not know format 0x0031"
        );
        assert_eq!(error.blame(), Blame::Refused);
    }
}
