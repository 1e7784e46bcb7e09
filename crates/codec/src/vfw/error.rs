//! Why a video codec could not do what it was asked.

use std::fmt;

use opendriver::{Blame, registry};
use opendriver_abi::structures::FourCc;
use opendriver_abi::{Class, Message, answer};

/// Why a video codec could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The driver could not be opened as a codec.
    #[error("cannot open \"{name}\" as a video codec{}{}", wanted(.handler), because(.code))]
    Open {
        /// The name that it was opened by.
        name: String,
        /// The codec that it was asked for; 0 for any.
        handler: FourCc,
        /// What the driver wrote as its reason.
        code: Option<Code>,
        /// Why not.
        source: opendriver::Error,
    },
    /// The driver opens, and is something else.
    #[error("\"{driver}\" does not say that it is a video codec")]
    NotACodec {
        /// The driver.
        driver: String,
    },
    /// The codec said no.
    #[error("\"{driver}\" refused {}{}: {code}", .message.named(Class::Vfw), at(.frame))]
    Refused {
        /// The driver.
        driver: String,
        /// What it refused.
        message: Message,
        /// The frame that it was at, from 0.
        frame: Option<u64>,
        /// What it answered.
        code: Code,
    },
    /// The codec could not be asked: it broke, or was closed.
    #[error("\"{driver}\" failed{}", at(.frame))]
    Failed {
        /// The driver.
        driver: String,
        /// The frame that it was at, from 0.
        frame: Option<u64>,
        /// What happened.
        source: opendriver::Error,
    },
    /// What the codec answered cannot be.
    #[error("\"{driver}\" answered {}{} with {found} bytes, where {most} is the most", .message.named(Class::Vfw), at(.frame))]
    Answer {
        /// The driver.
        driver: String,
        /// What it answered.
        message: Message,
        /// The frame that it was at, from 0.
        frame: Option<u64>,
        /// How many bytes it said.
        found: u64,
        /// How many there can be.
        most: u64,
    },
    /// No installed codec takes the format.
    #[error("no installed codec {purpose}{}", refused(.refusals))]
    NoCodec {
        /// What was wanted of it (`decompresses IV50, 320x240`).
        purpose: String,
        /// Which codecs were asked, and why each would not.
        refusals: Vec<Refusal>,
    },
    /// A picture has to be as long as its format says.
    #[error("a picture of {expected} bytes was expected, found {found}")]
    Length {
        /// How long it has to be.
        expected: usize,
        /// How long it is.
        found: usize,
    },
    /// The format tells of pictures that nothing holds.
    #[error("{what} of {size} bytes is too large: {most} is the most")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it would be.
        size: u64,
        /// How large it may be.
        most: u64,
    },
    /// The list of installed codecs could not be read.
    #[error("cannot read which codecs are installed")]
    Registry(#[from] registry::Error),
}

impl Error {
    /// Says whose fault the error is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Open { source, .. } | Self::Failed { source, .. } => source.blame(),
            Self::Refused { .. } | Self::NoCodec { .. } => Blame::Refused,
            Self::NotACodec { .. } | Self::Length { .. } | Self::TooLarge { .. } => Blame::Caller,
            Self::Answer { .. } => Blame::Broke,
            Self::Registry(_) => Blame::System,
        }
    }

    /// Whether the codec answered that it does not know the message.
    pub(super) fn is_unsupported(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == Code::UNSUPPORTED)
    }
}

/// What a codec answers: `ICERR_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub i32);

impl Code {
    /// `ICERR_OK`
    pub const OK: Self = Self(answer::ICERR_OK as i32);
    /// `ICERR_DONTDRAW`: the frame need not be shown.
    pub const DONT_DRAW: Self = Self(answer::ICERR_DONTDRAW as i32);
    /// `ICERR_NEWPALETTE`: the palette of the output changed.
    pub const NEW_PALETTE: Self = Self(answer::ICERR_NEWPALETTE as i32);
    /// `ICERR_UNSUPPORTED`: the codec does not know the message.
    pub const UNSUPPORTED: Self = Self(answer::ICERR_UNSUPPORTED as i32);
    /// `ICERR_BADFORMAT`: the codec does not take the format.
    pub const BAD_FORMAT: Self = Self(answer::ICERR_BADFORMAT as i32);

    /// Takes the answer of a codec of either width: one of 32 bits may have left the upper half of a negative number empty.
    pub(super) fn of(answer: isize) -> Self {
        Self(answer as i32)
    }

    /// Whether the codec said no.
    pub fn is_error(self) -> bool {
        self.0 < 0
    }
}

/// The documented name, or the number; what is below `ICERR_CUSTOM` is the codec's own.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let custom = answer::ICERR_CUSTOM as i32;
        match answer::video_name(self.0 as isize) {
            Some(name) => f.write_str(name),
            None if self.0 < custom => write!(f, "ICERR_CUSTOM-{}", custom.abs_diff(self.0)),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A codec that would not, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The name that the codec is installed by.
    pub name: String,
    /// Why not.
    pub reason: Error,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)?;
        let mut source = std::error::Error::source(&self.reason);
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

fn wanted(handler: &FourCc) -> String {
    match handler.0 {
        0 => String::new(),
        _ => format!(" for \"{handler}\""),
    }
}

fn because(code: &Option<Code>) -> String {
    code.map_or_else(String::new, |code| format!(" ({code})"))
}

fn at(frame: &Option<u64>) -> String {
    frame.map_or_else(String::new, |frame| format!(" at frame {frame}"))
}

fn refused(refusals: &[Refusal]) -> String {
    let list: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    match list.as_slice() {
        [] => String::new(),
        list => format!(" ({})", list.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_32_bits_keeps_its_sign() {
        assert_eq!(Code::of(0xffff_fffe), Code::BAD_FORMAT);
        assert_eq!(Code::of(-2), Code::BAD_FORMAT);
        assert!(Code::of(0xffff_ffff).is_error() && !Code::of(1).is_error());
    }
}
