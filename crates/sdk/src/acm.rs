//! Codecs of sound: drivers of the audio compression manager (`msacm.*`).
//!
//! An author writes a [`Codec`], which says what it is and lists its formats, and a [`Stream`], which converts. [`Acm`] makes a driver of
//! them: it reads and answers the messages, for applications of 32 and of 64 bits.
//!
//! ```
//! use std::sync::Arc;
//!
//! use opendriver_sdk::acm::{Acm, Blocks, Codec, Details, Refusal, Tag, WaveFormat};
//! use opendriver_sdk::{Bench, Host, Refused, builtin};
//!
//! /// Each sample, but not its lower half: a codec that makes sound half as large.
//! struct Coarse;
//!
//! const COARSE: u16 = 0xfff0;
//!
//! fn coarse(rate: u32) -> WaveFormat {
//!     WaveFormat::plain(COARSE, 1, rate, 8)
//! }
//!
//! impl Codec for Coarse {
//!     type Stream = Blocks;
//!
//!     fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
//!         Ok(Self)
//!     }
//!
//!     fn details(&self) -> Details {
//!         Details::new("coarse", "The upper half of every sample")
//!     }
//!
//!     fn tags(&self) -> Vec<Tag> {
//!         let rates = [8000, 44_100];
//!         let plain = rates.map(|rate| WaveFormat::pcm(1, rate, 16));
//!         vec![
//!             Tag::new(COARSE, "Coarse", rates.map(coarse).into()),
//!             Tag::new(WaveFormat::PCM, "PCM", plain.into()),
//!         ]
//!     }
//!
//!     fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Blocks, Refusal> {
//!         let plain = WaveFormat::pcm(1, source.rate, 16);
//!         let coarse = coarse(source.rate);
//!         if (source, destination) == (&plain, &coarse) {
//!             Ok(Blocks::new(2, 1, |from, to| to[0] = from[1]))
//!         } else if (source, destination) == (&coarse, &plain) {
//!             Ok(Blocks::new(1, 2, |from, to| to.copy_from_slice(&[0, from[0]])))
//!         } else {
//!             Err(Refusal::NotPossible)
//!         }
//!     }
//! }
//!
//! // `opendriver_sdk::export_driver!(Acm<Coarse>);` makes a shared object of it.
//!
//! let application = Bench::new(builtin::<Acm<Coarse>>("coarse")).acm().unwrap();
//! let plain = WaveFormat::pcm(1, 8000, 16);
//! assert_eq!(application.convert(&plain, &coarse(8000), &[1, 2, 3, 4]), Ok(vec![2, 4]));
//! ```
//!
//! # What happens behind it
//!
//! `DRV_OPEN` brings an `ACMDRVOPENDESC` whose kind is `audc`, or nothing, which only wants to configure. After that, the system asks and
//! converts with messages of two parameters. All are answered with 0 for success, an `MMSYSERR_*` or `ACMERR_*` otherwise.
//!
//! | message | what it wants | asks |
//! | --- | --- | --- |
//! | `ACMDM_DRIVER_DETAILS` | what the driver is | [`Codec::details`] |
//! | `ACMDM_FORMATTAG_DETAILS` | a kind of formats by its place in the list, by tag, or the largest | [`Codec::tags`], once, when the driver is loaded |
//! | `ACMDM_FORMAT_DETAILS` | a format of the list, or whether one is known, and its name | [`Codec::describe`] |
//! | `ACMDM_FORMAT_SUGGEST` | a destination of which some fields are given | [`Codec::suggest`] |
//! | `ACMDM_STREAM_OPEN` | a stream; a query wants none | [`Codec::open`] |
//! | `ACMDM_STREAM_SIZE` | one length from the other: enough for all that may come | [`Stream::destination_size`], [`Stream::source_size`] |
//! | `ACMDM_STREAM_CONVERT` | a buffer converted, and how much of both sides was used | [`Stream::convert`] |
//! | `ACMDM_STREAM_RESET` | nothing kept from buffer to buffer | [`Stream::reset`] |
//! | `ACMDM_STREAM_CLOSE` | the stream gone | its `Drop` |
//!
//! `ACMDM_DRIVER_NOTIFY` is taken note of. What else the manager has (an about box, `ACMDM_STREAM_PREPARE` for buffers that need nothing)
//! is answered with `MMSYSERR_NOTSUPPORTED`, as it expects. Every address in a message goes through a [`Claim`](crate::Claim), and one
//! that is no good becomes `MMSYSERR_INVALPARAM`.

mod codec;

mod details;
mod wave;

mod blocks;
mod suggest;

mod driver;

mod questions;

mod streams;

mod buffer;

mod claims;

mod application;

pub use application::{Application, OpenStream};
pub use blocks::Blocks;
pub use codec::{Codec, Converted, Flags, Refusal, Stream};
pub use details::{Details, Kind, Tag, Wish};
pub use driver::{Acm, Instance};
pub use wave::WaveFormat;
