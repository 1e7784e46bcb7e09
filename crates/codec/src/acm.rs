//! Audio codecs: what an application has from the audio compression manager (msacm32), as typed Rust.
//!
//! A [`Driver`] is one open codec: it can be asked for its details, formats and filters. A [`Stream`] converts with one driver, a
//! [`Chain`] with as many as it takes. [`Drivers`] is the list of those that are installed, in the order in which they are asked.

mod driver;

mod details;

mod wish;

mod filter;

mod stream;

mod drivers;

mod priority;

mod chain;

mod error;

mod connection;

mod layout;

pub use chain::Chain;
pub use details::{Details, Format, FormatTag, Support, Version};
pub use driver::{Driver, Sizes};
pub use drivers::{Candidate, Drivers, Metrics};
pub use error::{Answer, Error, Overrun, Refusal};
pub use filter::{Filter, FilterTag, WaveFilter};
pub use stream::{Flags, Stream};
pub use wish::Wish;
