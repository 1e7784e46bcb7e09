//! Loads installable drivers and runs many instances of each.

pub mod backend;
pub mod registry;

mod fault;
mod memory;

pub use fault::Fault;
pub use memory::Memory;
