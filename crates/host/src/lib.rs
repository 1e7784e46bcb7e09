//! Loads installable drivers and runs many instances of each.
//!
//! A driver is a module with one entry point, `DriverProc`, to which the system sends numbered messages. A [`Manager`] loads it once,
//! whatever names lead to it, opens any number of [`Instance`]s, sends every message, and unloads it behind the last close.
//!
//! ```
//! use opendriver::{Manager, Message};
//! use opendriver_sdk::{BuiltIn, Call};
//!
//! // A driver that is linked in: it is safe to open. It adds, and takes all else well.
//! let adder = BuiltIn::procedure("adder", |_| {
//!     Box::new(|call: &Call<'_>| match call.message {
//!         Message::DRV_USER => call.param1 + call.param2,
//!         _ => 1,
//!     })
//! });
//!
//! let manager = Manager::builder().builtin(adder).build();
//! let instance = manager.open("adder")?; // DRV_LOAD, DRV_ENABLE, DRV_OPEN
//! assert_eq!(instance.send(Message::DRV_USER, 5, 7)?, 12);
//! instance.close(0, 0)?; // DRV_CLOSE, DRV_DISABLE, DRV_FREE
//! # Ok::<(), opendriver::Error>(())
//! ```
//!
//! Shared objects (feature `native`) and Windows images (feature `windows`) come in through the same `open`, once
//! [`Builder::trust_foreign_code`] says that they may; a [`Provider`] adds further ways in.
//!
//! # Threads
//!
//! Everything may be called from every thread, and from inside a driver. No lock is held while a driver runs: one that blocks stops
//! nobody else. A close waits until the messages in flight have ended. A wait that could never end, because it waits for the
//! thread that waits, is an error at once ([`Error::InsideMessage`], [`Error::InsideLifeCycle`], [`Error::Deadlock`]); a forced close is then
//! put off until the last message has ended. What the manager cannot see it cannot tell: a driver that waits for a thread of its own, or
//! drivers of two managers that wait for each other.
//!
//! # Where to read on
//!
//! `lifecycle.rs` says which message follows which, and nothing else does. `errands.rs` runs an open or a close by it. `engine.rs` has the way of a
//! message, `calls.rs` and `handles.rs` what makes that short and safe, `waiting.rs` why nobody waits for ever. The races are played
//! through by loom: `RUSTFLAGS="--cfg loom" cargo test -p opendriver --release --lib loom_`. Two managers share nothing but a
//! list that each thread keeps of its own records, in `calls.rs`, in which every entry says whose it is.

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
pub use fault::{Behind, Fault, FaultDetails};
pub use instance::{CloseError, Instance};
pub use listing::{InstanceInfo, InstanceState, ModuleInfo, ModuleState};
pub use manager::{Configured, Exit, Installation, Manager};
pub use memory::{Block, Blocks, Heap, Memory, Overrun};
pub use open::{OpenOptions, World};
pub use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};
pub use registry::Registry;
pub use system::System;
pub use transcript::{Answered, Asked, Outcome, Record, Recorder, Report, Transcript};

/// The Rust of the README compiles and does what it says.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
