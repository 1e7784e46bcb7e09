//! Write installable drivers in safe Rust.
//!
//! A driver is a type that implements [`Driver`]: one value from `DRV_LOAD` to `DRV_FREE`, and one
//! value of [`Driver::Instance`] for each instance from `DRV_OPEN` to `DRV_CLOSE`.
//!
//! ```
//! use opendriver_sdk::{Bench, Call, Driver, Host, LResult, Message, Open, Refused, builtin};
//! use std::sync::Arc;
//!
//! struct Adder;
//!
//! impl Driver for Adder {
//!     type Instance = ();
//!
//!     fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
//!         Ok(Self)
//!     }
//!
//!     fn open(&self, _open: &Open<'_>) -> Result<(), Refused> {
//!         Ok(())
//!     }
//!
//!     fn message(&self, _instance: &(), call: &Call<'_>) -> LResult {
//!         match call.message {
//!             Message::DRV_USER => call.param1 + call.param2,
//!             _ => call.default_answer(),
//!         }
//!     }
//! }
//!
//! // A bench plays the host, so that a driver can be tested without one.
//! let bench = Bench::new(builtin::<Adder>("adder"));
//! let instance = bench.open("", 0).unwrap();
//! assert_eq!(instance.send(Message::DRV_USER, 5, 7), 12);
//! ```
//!
//! The same type goes two ways into a host: linked in, as the [`BuiltIn`] that [`builtin`] makes,
//! or as a shared object of its own, by [`export_driver!`].

mod driver;

mod call;
mod claim;

mod host;

pub mod acm;
pub mod vfw;

mod builtin;
mod instances;

mod bench;

#[doc(hidden)]
pub mod export;

pub use bench::{Bench, Instance};
pub use builtin::{BuiltIn, Guest, Procedure, builtin};
pub use call::{Call, Open};
pub use claim::{BadClaim, Claim};
pub use driver::{Driver, Refused};
pub use host::{Host, NoHost, Setting};
pub use opendriver_abi::{Class, DriverId, Hdrvr, LParam, LResult, Message, answer, structures};
