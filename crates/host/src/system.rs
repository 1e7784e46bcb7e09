//! The way up: what a driver may ask the manager for.

use std::sync::{Arc, Weak};

use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use crate::engine::Engine;
use crate::{Error, ModuleInfo, OpenOptions, Registry, Report};

/// The manager as its drivers see it, by handles. Holding one keeps nothing open: after shutdown every request is an error.
#[derive(Clone, Debug)]
pub struct System {
    engine: Weak<Engine>,
}

impl System {
    pub(crate) fn new(engine: Weak<Engine>) -> Self {
        Self { engine }
    }

    fn engine(&self) -> Result<Arc<Engine>, Error> {
        self.engine.upgrade().ok_or(Error::ShutDown)
    }

    /// Opens an instance that its handle owns: [`close`](Self::close) it, or shutdown does.
    ///
    /// # Errors
    /// As [`Manager::open_with`](crate::Manager::open_with).
    pub fn open(&self, options: OpenOptions<'_>) -> Result<Hdrvr, Error> {
        self.engine()?.open(options)
    }

    /// Sends a message to the instance of a handle.
    ///
    /// # Errors
    /// As [`Manager::send`](crate::Manager::send).
    pub fn send(
        &self,
        handle: u32,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Result<LResult, Error> {
        self.engine()?.send(handle, message, param1, param2)
    }

    /// Closes the instance of a handle in good order.
    ///
    /// # Errors
    /// As [`Manager::close`](crate::Manager::close).
    pub fn close(&self, handle: u32, param1: LParam, param2: LParam) -> Result<LResult, Error> {
        self.engine()?.close(handle, param1, param2)
    }

    /// Tells which module the instance of a handle is of.
    ///
    /// # Errors
    /// The handle may be closed, or none of this manager's.
    pub fn module_of(&self, handle: u32) -> Result<ModuleInfo, Error> {
        self.engine()?.module_of(handle)
    }

    /// The registry, where drivers keep their settings.
    ///
    /// # Errors
    /// There is none after shutdown.
    pub fn registry(&self) -> Result<Registry, Error> {
        Ok(self.engine()?.names.registry.clone())
    }

    /// Hands something to the recorder that a person should hear of.
    pub fn report(&self, report: &Report) {
        if let Ok(engine) = self.engine() {
            engine.report(report);
        }
    }
}
