//! The functions of msacm32: audio codecs, their formats and filters, and conversions.

mod drivers;

mod metrics;

mod format_tags;

mod formats;

mod suggestions;

mod filter_tags;

mod filters;

mod dialogs;

mod streams;

mod headers;

mod stream;

mod notice;

mod installed;

mod uses;

mod fields;

mod error;

pub use dialogs::*;
pub use drivers::*;
pub use filter_tags::*;
pub use filters::*;
pub use format_tags::*;
pub use formats::*;
pub use headers::*;
pub use installed::List;
pub use metrics::*;
pub use streams::*;
pub use suggestions::*;

pub(crate) use error::Error;
pub(crate) use installed::{program_ends, session_ended};
