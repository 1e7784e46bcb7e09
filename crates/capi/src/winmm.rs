//! The driver functions of winmm.

mod drivers;

mod walk;

mod callback;

mod structures;

pub use callback::{DriverCallback, notify};
pub use drivers::*;
pub use walk::{GetDriverInfo, GetNextDriver};

pub(crate) use drivers::{handle, open, send};
pub(crate) use structures::send_config_info;
