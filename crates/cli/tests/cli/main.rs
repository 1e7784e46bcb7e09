//! `drv` from outside: what it prints, where, and how it ends.

mod station;

mod batch;
mod convert;
mod doctor;
mod exits;
mod formats;
mod new;
mod pages;
mod places;
mod probe;
mod schedulers;
mod streams;
mod transcripts;
mod widths;
