//! What the author of a codec of sound writes, in values rather than messages.

use std::sync::Arc;

use opendriver_abi::LResult;
use opendriver_abi::answer::{
    ACMERR_BUSY, ACMERR_NOTPOSSIBLE, MMSYSERR_ERROR, MMSYSERR_INVALFLAG, MMSYSERR_INVALHANDLE,
    MMSYSERR_INVALPARAM, MMSYSERR_NOTSUPPORTED,
};

use super::suggest::suggested;
use super::{Details, Tag, WaveFormat, Wish};
use crate::{BadClaim, Call, Host, Refused};

/// A codec or converter of sound: one value of this type lives from `DRV_LOAD` to `DRV_FREE`, and several threads may ask it at the same
/// time.
pub trait Codec: Sized + Send + Sync + 'static {
    /// One conversion.
    type Stream: Stream;

    /// `DRV_LOAD`: makes the codec. Keep `host` to reach settings later.
    ///
    /// # Errors
    /// [`Refused`] unloads the module at once.
    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused>;

    /// What it says of itself.
    fn details(&self) -> Details;

    /// The kinds of formats that it knows, and those of each kind that an application may choose from. Asked once, at `DRV_LOAD`.
    fn tags(&self) -> Vec<Tag>;

    /// Makes a stream that converts the source to the destination. Also asked, and the stream dropped, where an application only wants to
    /// know whether that could be done.
    ///
    /// # Errors
    /// [`Refusal::NotPossible`] where the codec cannot do that.
    fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Self::Stream, Refusal>;

    /// What people call a format. By default, a format that is listed has a name like `44.100 kHz, 16 Bit, Stereo`, and no other is known.
    ///
    /// # Errors
    /// [`Refusal::NotPossible`] where the codec cannot do anything with the format.
    fn describe(&self, format: &WaveFormat) -> Result<String, Refusal> {
        let known = self.tags().iter().any(|tag| tag.formats.contains(format));
        known
            .then(|| format.to_string())
            .ok_or(Refusal::NotPossible)
    }

    /// A format that the source can be converted to, with the wishes of the application. By default, the listed one that is nearest to the
    /// source and that [`open`](Self::open) can convert it to.
    ///
    /// # Errors
    /// [`Refusal::NotPossible`] where there is none with these wishes.
    fn suggest(&self, source: &WaveFormat, wish: Wish) -> Result<WaveFormat, Refusal> {
        suggested(self, source, wish)
    }

    /// Any message but those of the life cycle and of the audio compression manager: `DRV_CONFIGURE`, private ones.
    fn message(&self, call: &Call<'_>) -> LResult {
        call.default_answer()
    }
}

/// One conversion, buffer by buffer. Where each block of the source becomes one of the destination, [`Blocks`](super::Blocks) is all that
/// is needed.
pub trait Stream: Send + 'static {
    /// Bytes that so many bytes of the source become at most. None if they cannot become any.
    fn destination_size(&self, source: usize) -> Option<usize>;

    /// Bytes of the source that fill so many bytes. None if there are none.
    fn source_size(&self, destination: usize) -> Option<usize>;

    /// Converts as much of the source as there is room for.
    ///
    /// What is not used comes again, with what follows it. The buffer may be smaller than the one of the application, and come again
    /// without any source where all of the room was used: what is left goes there.
    ///
    /// # Errors
    /// [`Refusal::Failed`] where the source is broken and nothing can be made of it.
    fn convert(
        &mut self,
        source: &[u8],
        destination: &mut [u8],
        flags: Flags,
    ) -> Result<Converted, Refusal>;

    /// Forgets what was converted.
    fn reset(&mut self) {}
}

/// Where in its stream a buffer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// It is the first: whatever came before belongs to another sound.
    pub start: bool,
    /// It is the last: what the stream has held back comes now.
    pub end: bool,
}

/// How many bytes a conversion took, and how many it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// Bytes of the source.
    pub used: usize,
    /// Bytes of the destination.
    pub written: usize,
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `ACMERR_NOTPOSSIBLE`
    #[error("the codec cannot do this")]
    NotPossible,
    /// `MMSYSERR_ERROR`
    #[error("the sound is broken")]
    Failed,
    /// `MMSYSERR_NOTSUPPORTED`
    #[error("the codec does not know the message")]
    NotSupported,
    /// `MMSYSERR_INVALPARAM`
    #[error("a parameter, or what it points at, is wrong")]
    BadParameter,
    /// `MMSYSERR_INVALFLAG`
    #[error("a flag is not known")]
    BadFlag,
    /// `MMSYSERR_INVALHANDLE`
    #[error("there is no such stream")]
    BadHandle,
    /// `ACMERR_BUSY`
    #[error("another thread uses the stream")]
    Busy,
}

impl Refusal {
    /// What the application hears.
    pub fn answer(self) -> LResult {
        match self {
            Self::NotPossible => ACMERR_NOTPOSSIBLE,
            Self::Failed => MMSYSERR_ERROR,
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
