//! The converter of plain samples that Windows has built in, as an ACM driver.
//!
//! It stands between codecs: telephone sound of 8000 Hz becomes the 44,100 Hz in stereo that a player wants. And it is meant to be read by
//! whoever writes an ACM driver: the messages of the audio compression manager are in `acm.rs`, what this driver does in `converter.rs` and
//! `stream.rs`, and neither knows much of the other.
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
//! # How an ACM driver works
//!
//! `DRV_OPEN` brings an `ACMDRVOPENDESC` whose kind is `audc`, or nothing, which only wants to configure. After that, the system asks and
//! converts with messages of two parameters. All are answered with 0 for success, an `MMSYSERR_*` or `ACMERR_*` otherwise.
//!
//! | message | first parameter | second | the driver |
//! | --- | --- | --- | --- |
//! | `ACMDM_DRIVER_DETAILS` | `ACMDRIVERDETAILS` | | says what it is: `CODEC` where tags differ, `CONVERTER` where not |
//! | `ACMDM_FORMATTAG_DETAILS` | `ACMFORMATTAGDETAILS` | flags | tells a kind of formats by its place in the list, by tag, or the largest |
//! | `ACMDM_FORMAT_DETAILS` | `ACMFORMATDETAILS` | flags | writes a format of its list to `pwfx`, or says whether it takes the one there |
//! | `ACMDM_FORMAT_SUGGEST` | `ACMDRVFORMATSUGGEST` | | completes a destination of which some fields are given |
//! | `ACMDM_STREAM_OPEN` | `ACMDRVSTREAMINSTANCE` | | makes a stream and leaves its number in `dwDriver`; a query makes none |
//! | `ACMDM_STREAM_SIZE` | the same | `ACMDRVSTREAMSIZE` | computes one length from the other: enough for all that may come |
//! | `ACMDM_STREAM_CONVERT` | the same | `ACMDRVSTREAMHEADER` | converts, and says how much of both sides it used |
//! | `ACMDM_STREAM_RESET` | the same | | forgets what it keeps from buffer to buffer |
//! | `ACMDM_STREAM_CLOSE` | the same | | forgets the stream |
//!
//! What else there is may be answered with `MMSYSERR_NOTSUPPORTED`: filters, `ACMDM_STREAM_PREPARE` and `UNPREPARE` for buffers that need
//! nothing, an about box.
//!
//! Four things are easily done wrong:
//!
//! - A structure begins with its size, and an older application has a shorter one. Write no byte more than it says.
//! - A `PCMWAVEFORMAT` has 16 bytes: `cbSize` is not there to be read or written.
//! - A buffer may hold less than the other side takes, or end within a block. Use what fits, and say so; the rest comes again.
//! - What a codec holds back comes out with `ACM_STREAMCONVERTF_END`, and is forgotten at `ACM_STREAMCONVERTF_START`.
//!
//! All addresses come from the application: here, each goes through a [`Claim`](opendriver_sdk::Claim), and one that is no good becomes
//! `MMSYSERR_INVALPARAM`.
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

mod acm;

mod format;
mod sample;

mod channels;
mod resample;
mod stream;

use std::sync::Arc;

use opendriver_sdk::{BuiltIn, Call, Driver, Host, LResult, Open, Refused};

use acm::Acm;
use converter::Converter;

/// The driver, linked in: `Manager::builder().builtin(opendriver_pcm::driver())`.
pub fn driver() -> BuiltIn {
    opendriver_sdk::builtin::<Pcm>("pcm")
}

/// The driver, from `DRV_LOAD` to `DRV_FREE`.
pub struct Pcm(());

/// One instance, from `DRV_OPEN` to `DRV_CLOSE`.
pub struct Instance(Acm<Converter>);

impl Driver for Pcm {
    type Instance = Instance;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self(()))
    }

    fn open(&self, open: &Open<'_>) -> Result<Instance, Refused> {
        match acm::is_asked_for(open) {
            true => Ok(Instance(Acm::new(Converter))),
            false => Err(Refused),
        }
    }

    fn message(&self, instance: &Instance, call: &Call<'_>) -> LResult {
        instance
            .0
            .message(call)
            .unwrap_or_else(|| call.default_answer())
    }
}
