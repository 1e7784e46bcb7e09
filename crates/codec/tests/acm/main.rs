//! Audio codecs at work: the real ones of Wine, through this crate alone.

mod real;

mod questions;
