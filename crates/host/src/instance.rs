//! One successful open of a driver, closed when dropped.
#![expect(unsafe_code, reason = "takes an instance apart without dropping it")]

use std::mem::ManuallyDrop;
use std::sync::Arc;

use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use crate::engine::Engine;
use crate::{Blocks, Error, ModuleInfo};

/// One open instance of a driver. Dropping it closes it, whatever the driver answers.
///
/// ```
/// use opendriver::{Error, Manager, Message};
/// use opendriver_sdk::{BuiltIn, Call};
///
/// // A driver that does not want to be closed without its word.
/// let driver = BuiltIn::procedure("stubborn", |_| {
///     Box::new(|call: &Call<'_>| match call.message {
///         Message::DRV_CLOSE => call.param1,
///         _ => 1,
///     })
/// });
/// let manager = Manager::builder().builtin(driver).build();
/// let instance = manager.open("stubborn")?;
///
/// let refused = instance.close(0, 0).unwrap_err();
/// assert!(matches!(refused.error, Error::Refused { .. }));
/// let instance = refused.instance; // still open
/// assert_eq!(instance.close(7, 0)?, 7);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Instance {
    engine: Arc<Engine>,
    handle: Hdrvr,
}

impl Instance {
    pub(crate) fn new(engine: Arc<Engine>, handle: Hdrvr) -> Self {
        Self { engine, handle }
    }

    /// Sends a message and returns the driver's answer verbatim.
    ///
    /// # Errors
    /// The messages of the life cycle are not the application's to send, and a driver that broke is not called any more.
    #[inline]
    pub fn send(&self, message: Message, param1: LParam, param2: LParam) -> Result<LResult, Error> {
        self.engine.send(self.handle.raw(), message, param1, param2)
    }

    /// Closes the instance in good order: the driver may refuse.
    ///
    /// The answer is the driver's own value, which is not 0.
    ///
    /// # Errors
    /// [`CloseError`] gives the instance back.
    pub fn close(self, param1: LParam, param2: LParam) -> Result<LResult, CloseError> {
        match self.engine.close(self.handle.raw(), param1, param2) {
            Ok(answer) => {
                self.into_handle();
                Ok(answer)
            }
            Err(error) => Err(CloseError {
                instance: self,
                error,
            }),
        }
    }

    /// Leaves the instance open and gives its handle: the manager closes it at shutdown, if nobody does before.
    pub fn into_handle(self) -> Hdrvr {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never used again, so that the reference is moved out of it once.
        drop(unsafe { std::ptr::read(&raw const this.engine) });
        this.handle
    }

    /// The system's handle of the instance.
    pub fn handle(&self) -> Hdrvr {
        self.handle
    }

    /// Memory whose addresses are good in the driver's world.
    ///
    /// # Errors
    /// The instance may have been closed by its handle, or by shutdown.
    pub fn memory(&self) -> Result<Blocks, Error> {
        self.engine.memory(self.handle.raw())
    }

    /// The module that the instance is of.
    ///
    /// # Errors
    /// The instance may have been closed by its handle, or by shutdown.
    pub fn module(&self) -> Result<ModuleInfo, Error> {
        self.engine.module_of(self.handle.raw())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.engine.close_by_force(self.handle);
    }
}

/// An orderly close that did not close.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct CloseError {
    /// The instance, open as before. Dropping it closes it by force.
    pub instance: Instance,
    /// Why it is still open.
    pub error: Error,
}

impl From<CloseError> for Error {
    fn from(refused: CloseError) -> Self {
        refused.error
    }
}
