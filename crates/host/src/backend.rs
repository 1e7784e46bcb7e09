//! What a loaded driver is to the manager: something that carries one message.

use std::sync::Arc;

use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

/// One message on its way to a driver.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The driver's identifier of the instance; 0 where the instance has none yet or none any more.
    pub id: DriverId,
    /// The system's handle of the instance.
    pub handle: Hdrvr,
    /// The message.
    pub message: Message,
    /// First parameter.
    pub param1: LParam,
    /// Second parameter.
    pub param2: LParam,
}

/// How wide the addresses of a driver are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// 32 bits.
    W32,
    /// 64 bits.
    W64,
}

/// How a driver reads text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// UTF-8, ended by one zero byte (native and built-in drivers).
    Utf8,
    /// UTF-16 of the machine's byte order, ended by a zero unit (Windows drivers).
    Utf16,
}

/// One loaded driver module. Dropping it unloads the module.
///
/// A backend carries one message; only the manager knows the order of messages.
pub trait Backend: Send + Sync {
    /// Calls `DriverProc` once and returns its answer verbatim.
    ///
    /// # Errors
    /// A [`Fault`](crate::Fault) when the driver broke instead of answering.
    fn call(&self, call: &Call) -> Result<LResult, crate::Fault>;

    /// Memory whose addresses are good in the driver's world.
    fn memory(&self) -> Arc<dyn crate::Memory>;

    /// How the driver reads text.
    fn text(&self) -> Text;

    /// How wide the driver's addresses are.
    fn width(&self) -> Width;
}
