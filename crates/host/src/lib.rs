//! Loads installable drivers and runs many instances of each.

pub mod backend;

mod fault;
mod memory;

pub use fault::Fault;
pub use memory::Memory;
