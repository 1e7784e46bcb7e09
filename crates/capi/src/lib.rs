//! `libopendriver`: the functions that programs in C, C# and Python look for in `winmm`, `msacm32` and `msvfw32`.
//!
//! Each does what its documentation on Windows says, with structures laid out as there in 64 bits; why one failed is had from
//! `opendriver_last_error`. Nothing is decided here: the manager and the codecs do, and this crate turns pointers into values and
//! errors into documented answers.
//!
//! - [`door`] is what every exported function goes through: a panic, a bad pointer and an error become an answer;
//! - [`claim`] and [`text`] read and write the application's memory, which may not be there;
//! - [`handles`] gives out handles that know what they are of, and when that is closed;
//! - [`lent`] is memory that the application is given and frees;
//! - [`process`] holds the one manager of the process, made at first use;
//! - [`winmm`] and its like hold the functions, a room for each library of Windows.

pub mod winmm;

pub mod msacm;

pub mod msvfw;

pub mod own;

pub mod door;

pub mod last_error;

pub mod verdict;

pub mod misuse;

pub mod process;

pub mod ending;

pub mod watching;

pub mod handles;

pub mod lent;

pub mod claim;

pub mod event;

pub mod text;
