//! Audio codecs at work: the real ones of Wine, through this crate alone.

mod halves;

mod real;

mod questions;

mod streams;

mod feeding;

mod chains;

mod filters;

mod mischief;

mod random;
