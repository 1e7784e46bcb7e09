//! The way up: what a driver may ask the manager for.

use std::sync::{Arc, Weak};

use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use crate::{Blocks, Error, ModuleInfo, OpenOptions, Report};

/// The manager as its drivers see it, by handles. Holding one keeps nothing open: after shutdown every request is an error.
#[derive(Clone, Debug)]
pub struct System {
    inner: Weak<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {}

impl System {
    pub(crate) fn new(inner: &Arc<Inner>) -> Self {
        Self {
            inner: Arc::downgrade(inner),
        }
    }

    fn inner(&self) -> Result<Arc<Inner>, Error> {
        self.inner.upgrade().ok_or(Error::ShutDown)
    }

    /// Opens an instance that its handle owns: [`close`](Self::close) it, or shutdown does.
    ///
    /// # Errors
    /// As [`Manager::open_with`](crate::Manager::open_with).
    pub fn open(&self, options: OpenOptions<'_>) -> Result<Hdrvr, Error> {
        self.inner()?;
        Err(Error::NotInstalled {
            name: options.name.to_owned(),
        })
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
        self.inner()?;
        let _ = (message, param1, param2);
        Err(Error::NotAHandle { raw: handle })
    }

    /// Closes the instance of a handle in good order.
    ///
    /// # Errors
    /// As [`Manager::close`](crate::Manager::close).
    pub fn close(&self, handle: u32, param1: LParam, param2: LParam) -> Result<LResult, Error> {
        self.inner()?;
        let _ = (param1, param2);
        Err(Error::NotAHandle { raw: handle })
    }

    /// Tells which module the instance of a handle is of.
    ///
    /// # Errors
    /// The handle may be closed, or none of this manager's.
    pub fn module_of(&self, handle: u32) -> Result<ModuleInfo, Error> {
        self.inner()?;
        Err(Error::NotAHandle { raw: handle })
    }

    /// Hands something to the recorder that a person should hear of.
    pub fn report(&self, report: &Report) {
        let _ = report;
    }

    pub(crate) fn memory(&self, handle: u32) -> Result<Blocks, Error> {
        self.inner()?;
        Err(Error::NotAHandle { raw: handle })
    }

    pub(crate) fn close_by_force(&self, handle: Hdrvr) {
        let _ = handle;
    }
}
