//! Programs in other languages, which know nothing of opendriver but the library's Windows names.

mod exports;

mod installed;

mod stage;

mod conversions;

mod signals;

mod wine;

mod pages;
