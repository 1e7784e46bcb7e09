//! Video codecs: drivers of Video for Windows (`vidc.*`).
//!
//! An author writes a [`Codec`], which says what it is and which formats it takes, a [`Decoder`] and an [`Encoder`], each with a function
//! for one frame. [`Vfw`] makes a driver of them: it reads and answers the messages, for applications of 32 and of 64 bits.
//!
//! ```
//! use std::sync::Arc;
//!
//! use opendriver_sdk::vfw::{
//!     BitmapFormat, Codec, Decoder, Encoder, Frame, FrameKind, FrameWish, Info, Refusal, Settings, Vfw,
//! };
//! use opendriver_sdk::{Bench, Host, Refused, builtin};
//!
//! /// Grey pictures of 8 bits, in which runs of equal pixels become a count and the pixel.
//! struct Runs;
//!
//! impl Codec for Runs {
//!     type Decoder = Self;
//!     type Encoder = Self;
//!
//!     fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
//!         Ok(Self)
//!     }
//!
//!     fn info(&self) -> Info {
//!         Info::new(*b"RUNS", "Runs", "Grey pictures as runs of pixels")
//!     }
//!
//!     fn decompresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
//!         let runs = BitmapFormat::coded(*b"RUNS", 8, input.width, input.height);
//!         let grey = BitmapFormat::rgb(8, input.width, input.height);
//!         if input.is_like(&runs) { vec![grey] } else { vec![] }
//!     }
//!
//!     fn decoder(&self, input: &BitmapFormat, output: &BitmapFormat) -> Result<Self, Refusal> {
//!         let known = self.decompresses(input);
//!         let fits = known.iter().any(|known| known.is_like(output));
//!         fits.then_some(Self).ok_or(Refusal::BadFormat)
//!     }
//!
//!     fn compresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
//!         let runs = BitmapFormat::coded(*b"RUNS", 8, input.width, input.height);
//!         if self.decoder(&runs, input).is_ok() { vec![runs] } else { vec![] }
//!     }
//!
//!     fn encoder(
//!         &self,
//!         input: &BitmapFormat,
//!         output: &BitmapFormat,
//!         _settings: &Settings,
//!     ) -> Result<Self, Refusal> {
//!         self.decoder(output, input)
//!     }
//! }
//!
//! impl Encoder for Runs {
//!     fn frame(
//!         &mut self,
//!         picture: &[u8],
//!         _wish: &FrameWish,
//!         frame: &mut Vec<u8>,
//!     ) -> Result<FrameKind, Refusal> {
//!         for run in picture.chunk_by(|one, next| one == next) {
//!             for piece in run.chunks(255) {
//!                 frame.extend([piece.len() as u8, piece[0]]);
//!             }
//!         }
//!         Ok(FrameKind::Key)
//!     }
//! }
//!
//! impl Decoder for Runs {
//!     fn frame(&mut self, frame: &Frame<'_>, picture: &mut [u8]) -> Result<(), Refusal> {
//!         let (runs, _) = frame.data.as_chunks();
//!         let pixels = runs.iter().flat_map(|&[count, pixel]| [pixel].repeat(count.into()));
//!         picture.iter_mut().zip(pixels).for_each(|(place, pixel)| *place = pixel);
//!         Ok(())
//!     }
//! }
//!
//! // `opendriver_sdk::export_driver!(Vfw<Runs>);` makes a shared object of it.
//!
//! let application = Bench::new(builtin::<Vfw<Runs>>("runs")).vfw().unwrap();
//! let grey = BitmapFormat::rgb(8, 4, 2);
//! let runs = application.compress_format(&grey).unwrap();
//! let packets = application.compress(&grey, &runs, &[&[1, 1, 1, 1, 1, 9, 9, 9]]).unwrap();
//! assert_eq!(packets[0].data, [5, 1, 3, 9]);
//! let pictures = application.decompress(&runs, &grey, &[&packets[0].data]).unwrap();
//! assert_eq!(pictures, [[1, 1, 1, 1, 1, 9, 9, 9]]);
//! ```
//!
//! # What happens behind it
//!
//! `DRV_OPEN` brings an `ICOPEN` whose kind is `vidc`, or nothing, which only wants to configure. After that, applications ask, and then
//! send frames one by one. The answer is `ICERR_OK`, a size where one is asked for, or an `ICERR_*` below zero.
//!
//! | message | what it wants | asks |
//! | --- | --- | --- |
//! | `ICM_GETINFO` | what the codec is | [`Codec::info`] |
//! | `ICM_DECOMPRESS_GET_FORMAT`, `ICM_COMPRESS_GET_FORMAT` | which format an input becomes | [`Codec::decompresses`], [`Codec::compresses`]: the first |
//! | `ICM_DECOMPRESS_GET_PALETTE` | the colours of pictures of 8 bits | [`Codec::decompresses`]: the first with a palette |
//! | `ICM_DECOMPRESS_QUERY`, `ICM_COMPRESS_QUERY` | whether an input can become an output | [`Codec::decoder`], [`Codec::encoder`] |
//! | `ICM_DECOMPRESS_BEGIN`, `ICM_COMPRESS_BEGIN` | that it begins | the same |
//! | `ICM_DECOMPRESS` | one picture | [`Decoder::frame`] |
//! | `ICM_DECOMPRESSEX` and its kin | one picture with rectangles | the same, where the whole picture comes to the whole output |
//! | `ICM_COMPRESS_GET_SIZE` | how much room a frame takes | [`Codec::largest_frame`] |
//! | `ICM_COMPRESS_FRAMES_INFO` | what frames are to keep to | comes to [`Codec::encoder`] in [`Settings`] |
//! | `ICM_COMPRESS` | one frame | [`Encoder::frame`] |
//! | `ICM_DECOMPRESS_END`, `ICM_COMPRESS_END` | that it ends | drops the decoder or encoder |
//! | `ICM_GETQUALITY`, `ICM_SETQUALITY`, `ICM_GETDEFAULTQUALITY` | the quality | [`Info::default_quality`]; what is set comes in [`FrameWish`] |
//! | `ICM_GETDEFAULTKEYFRAMERATE` | how far apart key frames are | [`Info::key_every`] |
//! | `ICM_GETSTATE`, `ICM_SETSTATE` | the codec's own settings | [`Codec::default_state`], [`Codec::takes_state`]; they come in [`Settings`] |
//!
//! All else (`ICM_DRAW_*`, `ICM_CONFIGURE`, `ICM_ABOUT` ...) comes to [`Codec::message`] and is answered with `ICERR_UNSUPPORTED` there,
//! as Video for Windows expects. A frame that comes without a beginning begins by itself. Every address in a message goes through a
//! [`Claim`](crate::Claim), and one that is no good becomes `ICERR_BADPARAM`.

mod codec;

mod bitmap;
mod info;

mod driver;

mod questions;
mod settings;

mod compressing;
mod decompressing;

mod claims;

mod application;

pub use application::{Application, Packet};
pub use bitmap::BitmapFormat;
pub use codec::{Codec, Decoder, Encoder, Frame, FrameKind, FrameWish, Never, Refusal};
pub use driver::{Instance, Vfw};
pub use info::{Info, Settings};
