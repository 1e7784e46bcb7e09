//! The functions of msvfw32, called as a program calls them, over Wine's codecs of both widths and over functions of this program.
//!
//! The library has one manager a process, which it makes of the environment: each test runs in a process of its own.

#[macro_use]
mod house;

mod allocation;
mod asking;
mod bad_input;
mod compressing;
mod films;
mod functions;
mod installing;
mod overlong;
mod telling;
