//! Audio codecs: what an application has from the audio compression manager (msacm32), as typed Rust.
//!
//! A [`Driver`] is one open codec: it can be asked for its details, formats and filters. A [`Stream`] converts with one driver, a
//! [`Chain`] with as many as it takes. [`Drivers`] is the list of those that are installed, in the order in which they are asked.
//!
//! ```
//! use opendriver::Manager;
//! use opendriver_codec::{WaveFormat, acm::{Drivers, Wish}};
//!
//! // Codecs come from the registry; the converter of plain samples is linked in.
//! let manager = Manager::builder().builtin(pcm::driver()).build();
//! let drivers = Drivers::installed(&manager, &["pcm"])?;
//!
//! let call = WaveFormat::pcm(1, 8000, 16);
//! let wish = Wish { rate: Some(44_100), channels: Some(2), ..Wish::pcm() };
//! let disc = drivers.suggest(&call, &wish)?;
//! assert_eq!(disc.to_string(), "PCM, 44100 Hz, stereo, 16 bits");
//!
//! let mut chain = drivers.chain(&call, &disc)?;
//! let mut sound = Vec::new();
//! chain.convert(&[0; 1600], false, &mut sound)?; // A tenth of a second, and more to come,
//! chain.convert(&[0; 1600], true, &mut sound)?; // and the last one.
//! assert_eq!(sound.len(), 44_100 / 5 * 4);
//! # Ok::<(), opendriver_codec::acm::Error>(())
//! ```

mod driver;

mod details;

mod formats;

mod wish;

mod filter;

mod stream;

mod feed;

mod opening;

mod drivers;

mod priority;

mod chain;

mod error;

mod connection;

mod asked;

mod layout;

pub use chain::Chain;
pub use details::{Details, Format, FormatTag, Support, Version};
pub use driver::{Driver, Sizes};
pub use drivers::{Candidate, Drivers, Metrics};
pub use error::{Answer, Error, Overrun, Refusal};
pub use feed::{Buffer, Converted, Feed};
pub use filter::{Filter, FilterTag, WaveFilter};
pub use layout::MANAGER_VERSION;
pub use opening::Pace;
pub use stream::{Flags, Stream};
pub use wish::Wish;
