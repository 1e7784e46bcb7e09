//! Drivers of both widths in one process: each way to cross between them, and any sequence of crossings.

mod crossings;
mod random;
