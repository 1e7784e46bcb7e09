//! What a codec of sound is, in values rather than messages.

use opendriver_sdk::answer::{
    ACMERR_BUSY, ACMERR_NOTPOSSIBLE, MMSYSERR_INVALFLAG, MMSYSERR_INVALHANDLE, MMSYSERR_INVALPARAM,
    MMSYSERR_NOTSUPPORTED,
};
use opendriver_sdk::{BadClaim, LResult};

/// A codec or converter of sound, in values.
///
/// Formats are bytes: a `WAVEFORMATEX` and what follows it, as the application holds them.
pub(crate) trait Codec: Send + Sync + 'static {
    /// One conversion.
    type Stream: Stream;

    /// What it says of itself.
    fn details(&self) -> Details;

    /// The kinds of formats that it knows.
    fn tags(&self) -> &[Tag];

    /// A format of the list that each kind has, if there are so many.
    fn format(&self, tag: u16, index: usize) -> Option<Vec<u8>>;

    /// The kind that a format is of, and what people call it.
    ///
    /// # Errors
    /// The codec cannot do anything with the format.
    fn describe(&self, format: &[u8]) -> Result<(u16, String), Refusal>;

    /// A format that the source can be converted to.
    ///
    /// # Errors
    /// There is none with these wishes.
    fn suggest(&self, source: &[u8], wish: Wish) -> Result<Vec<u8>, Refusal>;

    /// Makes a stream that converts the source to the destination.
    ///
    /// # Errors
    /// The codec cannot do that.
    fn open(&self, source: &[u8], destination: &[u8]) -> Result<Self::Stream, Refusal>;
}

/// One conversion, buffer by buffer.
pub(crate) trait Stream: Send + 'static {
    /// Bytes that so many bytes of the source become at most.
    fn destination_size(&self, source: usize) -> Option<usize>;

    /// Bytes of the source that fill so many bytes.
    fn source_size(&self, destination: usize) -> Option<usize>;

    /// Converts as much of the source as there is room for.
    fn convert(&mut self, source: &[u8], destination: &mut [u8], flags: Flags) -> Converted;

    /// Forgets what was converted.
    fn reset(&mut self);
}

/// What a codec says of itself.
pub(crate) struct Details {
    pub(crate) short_name: &'static str,
    pub(crate) long_name: &'static str,
    pub(crate) copyright: &'static str,
    pub(crate) licensing: &'static str,
    pub(crate) features: &'static str,
    /// Major, minor, build.
    pub(crate) version: (u8, u8, u16),
}

/// A kind of formats.
pub(crate) struct Tag {
    /// `WAVE_FORMAT_*`
    pub(crate) tag: u16,
    pub(crate) name: &'static str,
    /// Bytes in the largest format of this kind.
    pub(crate) size: u32,
    /// How many formats are listed.
    pub(crate) formats: u32,
}

/// What a suggested format is to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) tag: Option<u16>,
    pub(crate) channels: Option<u16>,
    pub(crate) rate: Option<u32>,
    pub(crate) bits: Option<u16>,
}

/// Where in its stream a buffer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// It is the first.
    pub(crate) start: bool,
    /// It is the last.
    pub(crate) end: bool,
}

/// How many bytes a conversion took, and how many it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Converted {
    pub(crate) used: usize,
    pub(crate) written: usize,
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The codec cannot do this.
    NotPossible,
    /// The codec does not know the message.
    NotSupported,
    /// A parameter, or what it points at, is wrong.
    BadParameter,
    /// A flag is not known.
    BadFlag,
    /// There is no such stream.
    BadHandle,
    /// Another thread uses the stream.
    Busy,
}

impl Refusal {
    pub(super) fn answer(self) -> LResult {
        match self {
            Self::NotPossible => ACMERR_NOTPOSSIBLE,
            Self::NotSupported => MMSYSERR_NOTSUPPORTED,
            Self::BadParameter => MMSYSERR_INVALPARAM,
            Self::BadFlag => MMSYSERR_INVALFLAG,
            Self::BadHandle => MMSYSERR_INVALHANDLE,
            Self::Busy => ACMERR_BUSY,
        }
    }
}

impl From<BadClaim> for Refusal {
    fn from(_: BadClaim) -> Self {
        Self::BadParameter
    }
}
