//! Write installable drivers in safe Rust.
//!
//! | you write | implement | and it is |
//! | --- | --- | --- |
//! | a driver with messages of its own | [`Driver`] | `builtin::<MyDriver>("mine")` |
//! | a codec of sound (`msacm.*`) | [`acm::Codec`] and [`acm::Stream`] | [`builtin::<acm::Acm<MyCodec>>("mine")`](acm::Acm) |
//! | a codec of pictures (`vidc.*`) | [`vfw::Codec`], [`vfw::Decoder`], [`vfw::Encoder`] | [`builtin::<vfw::Vfw<MyCodec>>("mine")`](vfw::Vfw) |
//!
//! # A driver
//!
//! A driver is a type that implements [`Driver`]: one value from `DRV_LOAD` to `DRV_FREE`, and one
//! value of [`Driver::Instance`] for each instance from `DRV_OPEN` to `DRV_CLOSE`.
//!
//! ```
//! use opendriver_sdk::{Bench, Call, Driver, Host, LResult, Message, Open, Refused, builtin};
//! use std::sync::Arc;
//!
//! struct Adder;
//!
//! impl Driver for Adder {
//!     type Instance = ();
//!
//!     fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
//!         Ok(Self)
//!     }
//!
//!     fn open(&self, _open: &Open<'_>) -> Result<(), Refused> {
//!         Ok(())
//!     }
//!
//!     fn message(&self, _instance: &(), call: &Call<'_>) -> LResult {
//!         match call.message {
//!             Message::DRV_USER => call.param1 + call.param2,
//!             _ => call.default_answer(),
//!         }
//!     }
//! }
//!
//! // A bench plays the host, so that a driver can be tested without one.
//! let bench = Bench::new(builtin::<Adder>("adder"));
//! let instance = bench.open("", 0).unwrap();
//! assert_eq!(instance.send(Message::DRV_USER, 5, 7), 12);
//! ```
//!
//! # A codec of sound
//!
//! Formats, and a function that converts: every message of the audio compression manager is answered for you.
//!
//! ```
//! use opendriver_sdk::acm::{Acm, Blocks, Codec, Details, Refusal, Tag, WaveFormat};
//! # use opendriver_sdk::{Bench, Host, Refused, builtin};
//! # use std::sync::Arc;
//!
//! struct Deepen;
//!
//! impl Codec for Deepen {
//!     type Stream = Blocks;
//! #   fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> { Ok(Self) }
//!
//!     fn details(&self) -> Details {
//!         Details::new("Deepen", "8 bits become 16")
//!     }
//!
//!     fn tags(&self) -> Vec<Tag> {
//!         let formats = [8, 16].map(|bits| WaveFormat::pcm(1, 8000, bits));
//!         vec![Tag::new(WaveFormat::PCM, "PCM", formats.into())]
//!     }
//!
//!     fn open(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Blocks, Refusal> {
//!         match (source.bits, destination.bits) {
//!             (8, 16) => Ok(Blocks::new(1, 2, |from, to| to.copy_from_slice(&[0, from[0] ^ 0x80]))),
//!             _ => Err(Refusal::NotPossible),
//!         }
//!     }
//! }
//!
//! let application = Bench::new(builtin::<Acm<Deepen>>("deepen")).acm().unwrap();
//! let [narrow, wide] = [8, 16].map(|bits| WaveFormat::pcm(1, 8000, bits));
//! assert_eq!(application.convert(&narrow, &wide, &[0x81]), Ok(vec![0, 1]));
//! ```
//!
//! # A codec of pictures
//!
//! Which formats become which, and a function for a frame: [`vfw`] has a whole one.
//!
//! # Into a host
//!
//! The same type goes two ways into a host: linked in, as the [`BuiltIn`] that [`builtin`] makes,
//! or as a shared object or a Windows DLL of its own, by [`export_driver!`].

mod driver;

mod call;
mod claim;

mod host;

pub mod acm;
pub mod vfw;

mod builtin;
mod instances;

mod bench;

#[doc(hidden)]
pub mod export;

pub use bench::{Bench, Instance};
pub use builtin::{BuiltIn, Guest, Procedure, builtin};
pub use call::{Call, Open};
pub use claim::{BadClaim, Claim};
pub use driver::{Driver, Refused};
pub use host::{Host, NoHost, Setting};
pub use opendriver_abi::{Class, DriverId, Hdrvr, LParam, LResult, Message, answer, structures};
