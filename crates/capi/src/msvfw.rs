//! The functions of msvfw32 for video codecs: `IC*`.
//!
//! - `installed` tells which codecs there are, `opening` opens them, `sending` asks them and puts them to work;
//! - `images` and `sequences` are made of those by way of `pictures`, for one picture and for many; nobody is there for
//!   `choosing`;
//! - `table` says what the parameters of each message point at, and `carry` brings that to the codec and back.

mod installed;

mod opening;

mod sending;

mod pictures;

mod images;

mod sequences;

mod choosing;

mod opened;

mod table;

mod carry;

mod error;

pub use choosing::*;
pub(crate) use error::Error;
pub use images::*;
pub(crate) use installed::Functions;
pub use installed::*;
pub use opening::*;
pub use sending::*;
pub use sequences::*;

/// What a panic of ours answers.
const BROKEN: i64 = opendriver_abi::answer::ICERR_INTERNAL as i64;
