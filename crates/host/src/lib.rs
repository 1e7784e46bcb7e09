//! Loads installable drivers and runs many instances of each.

mod manager;

mod builder;

mod open;

mod instance;

mod system;

mod listing;

mod transcript;

pub mod registry;

pub mod backend;

mod lifecycle;

mod errands;

mod engine;

mod resolve;

mod loading;

mod broadcast;

mod configure;

mod module;

mod handles;

mod calls;

mod waiting;

mod fence;

mod book;

mod sync;

mod memory;

mod error;

mod fault;

#[cfg(all(test, loom))]
mod races;

pub use backend::{Backend, Provider, Text, Width};
pub use builder::Builder;
pub use error::{Blame, Error};
pub use fault::{Fault, FaultDetails};
pub use instance::{CloseError, Instance};
pub use listing::{InstanceInfo, InstanceState, ModuleInfo, ModuleState};
pub use manager::{Configured, Exit, Installation, Manager};
pub use memory::{Block, Blocks, Heap, Memory, Overrun};
pub use open::OpenOptions;
pub use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};
pub use registry::Registry;
pub use system::System;
pub use transcript::{Answered, Asked, Outcome, Record, Recorder, Report, Transcript};
