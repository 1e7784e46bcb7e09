//! Whole files through codecs: each stream decoded, encoded, copied or left out.
//!
//! A [`Conversion`] is negotiated first, so that a refusal costs no file: which [`Track`]s there are, what becomes of each, and by which
//! drivers. Then it runs into an [`Output`](crate::file::Output), frame by frame in the order of the source, in bounded memory. A [`Listener`] hears of each
//! frame and each warning; a flag stops it between two frames, and what was converted until then is a whole file.
//!
//! ```no_run
//! use std::fs::File;
//! use std::sync::atomic::AtomicBool;
//!
//! use opendriver::Manager;
//! use opendriver_codec::convert::{Conversion, Kind, Source, Wishes};
//! use opendriver_codec::file::{Input, Output};
//!
//! let manager = Manager::builder().search_path("drivers").trust_foreign_code().build();
//! let wishes = Wishes {
//!     drivers: vec!["msadp32.acm".to_owned()],
//!     ..Wishes::default()
//! };
//! let source = Source::open(Input::file(File::open("call.wav")?)?)?;
//! let conversion = Conversion::open(&manager, source, Kind::Wav, &wishes, &mut ())?;
//! let done = conversion.run(Output::file(File::create("call16.wav")?), &mut (), &AtomicBool::new(false))?;
//! assert!(done.is_whole());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod conversion;

mod wishes;

mod kind;

mod track;

mod listener;

mod run;

mod source;

mod target;

mod pictures;

mod sound;

mod span;

mod error;

pub use conversion::Conversion;
pub use error::Error;
pub use kind::{Kind, UnknownKind};
pub use listener::{Listener, Piece, Warning};
pub use run::{Done, End, Written};
pub use source::Source;
pub use target::Sink;
pub use track::{Format, Step, Track};
pub use wishes::{FrameRange, NoRange, PictureWishes, SoundWishes, Way, Wishes};
