//! The converter of plain samples that Windows has built in, as an ACM driver.
//!
//! It stands between codecs: telephone sound of 8000 Hz becomes the 44,100 Hz in stereo that a player wants. And it is meant to be read by
//! whoever writes an ACM driver: what it offers is in `converter.rs`, what it does in `stream.rs`, and the messages of the audio
//! compression manager are left to [`opendriver_sdk::acm`].
//!
//! # What it converts
//!
//! | | |
//! | --- | --- |
//! | tags | `WAVE_FORMAT_PCM`, `WAVE_FORMAT_IEEE_FLOAT`, and either as `WAVE_FORMAT_EXTENSIBLE` |
//! | depth | 8 (unsigned), 16, 24, 32 bits; floating-point 32 and 64 bits |
//! | channels | 1 to 64 |
//! | rate | any, to any that is at most 256 times as high or as low |
//!
//! - *Depth.* A deeper form keeps every value. A shallower one is rounded to the nearest value, of two as near ones to the even; what is
//!   too loud becomes the loudest, what is no number becomes silence. Nothing is dithered.
//! - *Channels.* One becomes two that are the same. Two become their mean. Of more, each keeps its number, and those that have no place
//!   any more are mixed into the first two by the side on which their speakers are.
//! - *Rate.* Equal rates are exact, frame by frame. Otherwise a sine comes out as the same sine at the same time, its noise more than 130
//!   dB below it in floating point; what the lower rate cannot say is silent. Of `n` frames become `n * destination / source`, rounded,
//!   in whatever pieces they come.
//!
//! # Speaking to it
//!
//! ```
//! use opendriver_sdk::structures::{AcmDriverDetails, Structure};
//! use opendriver_sdk::{Bench, Message};
//!
//! // A bench plays the host, and lends memory as an application would.
//! let bench = Bench::new(opendriver_pcm::driver());
//! let instance = bench.open("", 0).unwrap();
//!
//! let mut question = vec![0; AcmDriverDetails::<u64>::SIZE];
//! question[..4].copy_from_slice(&(AcmDriverDetails::<u64>::SIZE as u32).to_le_bytes());
//! let address = bench.lend(&question);
//! assert_eq!(instance.send(Message::ACMDM_DRIVER_DETAILS, address, 0), 0);
//!
//! let details = AcmDriverDetails::<u64>::read(&bench.lent(address)).unwrap();
//! assert_eq!({ details.short_name }.to_string(), "opendriver PCM");
//! ```
#![forbid(unsafe_code)]

mod converter;

mod format;
mod sample;

mod channels;
mod resample;
mod stream;

use opendriver_sdk::BuiltIn;
use opendriver_sdk::acm::Acm;

pub use converter::Converter;

/// The driver, linked in: `Manager::builder().builtin(opendriver_pcm::driver())`.
pub fn driver() -> BuiltIn {
    opendriver_sdk::builtin::<Pcm>("pcm")
}

/// The driver, from `DRV_LOAD` to `DRV_FREE`.
pub type Pcm = Acm<Converter>;
