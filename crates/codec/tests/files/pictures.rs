//! Pictures from one form into another, and into files that others read.

mod forms;
mod written;
