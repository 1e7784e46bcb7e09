//! What the author of a video codec writes, in values rather than messages.

use std::sync::Arc;

use opendriver_abi::answer::{
    ICERR_BADFORMAT, ICERR_BADPARAM, ICERR_BADSIZE, ICERR_ERROR, ICERR_INTERNAL, ICERR_UNSUPPORTED,
};
use opendriver_abi::{LResult, Message};

use super::{BitmapFormat, Info, Settings};
use crate::{BadClaim, Call, Host, Refused};

/// A video codec: one value of this type lives from `DRV_LOAD` to `DRV_FREE`, and several threads may ask it at the same time.
///
/// A codec that only decompresses says `type Encoder = Never;`, one that only compresses `type Decoder = Never;`.
pub trait Codec: Sized + Send + Sync + 'static {
    /// One decompression.
    type Decoder: Decoder;

    /// One compression.
    type Encoder: Encoder;

    /// `DRV_LOAD`: makes the codec. Keep `host` to reach settings later.
    ///
    /// # Errors
    /// [`Refused`] unloads the module at once.
    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused>;

    /// What it says of itself.
    fn info(&self) -> Info;

    /// The formats that pictures of a format can be decompressed to, the best first. By default none.
    fn decompresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        let _ = input;
        Vec::new()
    }

    /// Makes a decoder. Also asked, and the decoder dropped, where an application only wants to know whether that could be done.
    ///
    /// # Errors
    /// [`Refusal::BadFormat`] where the codec cannot do that, which is the default.
    fn decoder(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
    ) -> Result<Self::Decoder, Refusal> {
        let _ = (input, output);
        Err(Refusal::BadFormat)
    }

    /// The formats that pictures of a format can be compressed to, the best first. By default none.
    fn compresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        let _ = input;
        Vec::new()
    }

    /// Makes an encoder. Also asked, and the encoder dropped, where an application only wants to know whether that could be done.
    ///
    /// # Errors
    /// [`Refusal::BadFormat`] where the codec cannot do that, which is the default.
    fn encoder(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        settings: &Settings,
    ) -> Result<Self::Encoder, Refusal> {
        let _ = (input, output, settings);
        Err(Refusal::BadFormat)
    }

    /// How many bytes a compressed frame takes at most: as much room as the application makes. By default twice as many as a picture.
    fn largest_frame(&self, input: &BitmapFormat, output: &BitmapFormat) -> usize {
        let _ = output;
        input.picture_size().saturating_mul(2)
    }

    /// The settings that an instance starts with, in a form of the codec's own. By default it has none.
    fn default_state(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Whether these can be its settings: those that an application gives, which may be any bytes. By default, they are as many as those
    /// that an instance starts with.
    fn takes_state(&self, state: &[u8]) -> bool {
        state.len() == self.default_state().len()
    }

    /// Any message that has no function here: `DRV_CONFIGURE`, `ICM_ABOUT`, private ones. By default, `ICM_*` and private ones are
    /// answered with `ICERR_UNSUPPORTED`, others as `DefDriverProc` does.
    fn message(&self, call: &Call<'_>) -> LResult {
        match call.message < Message::ICM_USER {
            true => call.default_answer(),
            false => ICERR_UNSUPPORTED,
        }
    }
}

/// One decompression, frame by frame.
pub trait Decoder: Send + 'static {
    /// Decompresses a frame into the picture, which holds the one before: at first nothing but zeros.
    ///
    /// # Errors
    /// [`Refusal::Failed`] where the frame is broken. What has become of the picture is shown nevertheless.
    fn frame(&mut self, frame: &Frame<'_>, picture: &mut [u8]) -> Result<(), Refusal>;
}

/// A frame that is to be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// Its bytes: whatever a file holds.
    pub data: &'a [u8],
    /// Whether it is a key frame, as far as the application knows.
    pub key: bool,
    /// It is not to be shown, and only comes before one that is.
    pub preroll: bool,
    /// It comes too late: it need not be drawn, but the frames that follow may build on it.
    pub hurry_up: bool,
}

/// One compression, picture by picture.
pub trait Encoder: Send + 'static {
    /// Compresses a picture into a frame, which is empty. Whatever it needs of the picture before it keeps itself.
    ///
    /// # Errors
    /// [`Refusal::Failed`] where that cannot be done.
    fn frame(
        &mut self,
        picture: &[u8],
        wish: &FrameWish,
        frame: &mut Vec<u8>,
    ) -> Result<FrameKind, Refusal>;
}

/// What one frame is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameWish {
    /// Its number, from 0.
    pub number: u32,
    /// It is to be a key frame.
    pub key: bool,
    /// How many bytes it may take; none where there is no such limit.
    pub size: Option<u32>,
    /// Its quality from 0 to 10000.
    pub quality: u32,
}

/// What a frame has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// It can be decompressed without those before.
    Key,
    /// It builds on the one before.
    Delta,
}

/// The decoder or encoder of a codec that has none: there is no value of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Decoder for Never {
    fn frame(&mut self, _: &Frame<'_>, _: &mut [u8]) -> Result<(), Refusal> {
        match *self {}
    }
}

impl Encoder for Never {
    fn frame(&mut self, _: &[u8], _: &FrameWish, _: &mut Vec<u8>) -> Result<FrameKind, Refusal> {
        match *self {}
    }
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `ICERR_BADFORMAT`
    #[error("the codec cannot handle the format")]
    BadFormat,
    /// `ICERR_ERROR`
    #[error("the frame is broken")]
    Failed,
    /// `ICERR_UNSUPPORTED`
    #[error("the codec does not know how to do that")]
    Unsupported,
    /// `ICERR_BADPARAM`
    #[error("a parameter, or what it points at, is wrong")]
    BadParameter,
    /// `ICERR_BADSIZE`
    #[error("a size is wrong")]
    BadSize,
    /// `ICERR_INTERNAL`
    #[error("the codec made a frame larger than it said that any could be")]
    TooLarge,
}

impl Refusal {
    /// What the application hears.
    pub fn answer(self) -> LResult {
        match self {
            Self::BadFormat => ICERR_BADFORMAT,
            Self::Failed => ICERR_ERROR,
            Self::Unsupported => ICERR_UNSUPPORTED,
            Self::BadParameter => ICERR_BADPARAM,
            Self::BadSize => ICERR_BADSIZE,
            Self::TooLarge => ICERR_INTERNAL,
        }
    }
}

impl From<BadClaim> for Refusal {
    fn from(_: BadClaim) -> Self {
        Self::BadParameter
    }
}
