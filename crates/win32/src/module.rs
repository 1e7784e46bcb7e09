//! One loaded DLL, for those outside the process.

use std::path::Path;
use std::sync::Arc;

use opendriver_pe::Symbol;

use crate::load::{Image, ModuleRef};
use crate::process::Process;
use crate::trap::Fault;

/// A loaded DLL. Dropping the last one of an image tells its `DllMain` and unmaps it.
pub struct Module {
    process: Arc<Process>,
    image: Option<Arc<Image>>,
}

impl Module {
    pub(crate) fn new(process: Arc<Process>, image: Arc<Image>) -> Self {
        Self {
            process,
            image: Some(image),
        }
    }

    /// Unloads the DLL and says how its `DllMain` took it.
    ///
    /// # Errors
    /// A [`Fault`] when `DllMain` broke; the DLL is unmapped all the same.
    pub fn unload(mut self) -> Result<(), Fault> {
        self.release()
    }

    /// Unmaps the DLL without telling it: after a fault its own way out cannot be trusted.
    pub fn abandon(mut self) {
        if let Some(image) = self.image.take() {
            self.abandon_image(&image);
        }
    }

    /// The address of an exported function; forwards are followed.
    pub fn export(&self, name: &str) -> Option<u64> {
        let module = ModuleRef::Image(self.image().clone());
        let found = self.process.with_cx(|cx| {
            self.process
                .symbol_address(cx.thread(), &module, Symbol::Name(name), 16)
        });
        found.ok().flatten()
    }

    /// Where it is mapped: its module handle.
    pub fn base(&self) -> u64 {
        self.image().base()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.image().path()
    }

    /// The process that it is loaded in.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    fn image(&self) -> &Arc<Image> {
        self.image.as_ref().expect("held until it is released")
    }

    fn release(&mut self) -> Result<(), Fault> {
        let Some(image) = self.image.take() else {
            return Ok(());
        };
        let unloaded = self
            .process
            .with_cx(|cx| self.process.unload_image(cx.thread(), &image));
        unloaded.unwrap_or_else(|fault| {
            // Its `DllMain` cannot be told on this thread.
            self.abandon_image(&image);
            Err(fault)
        })
    }

    fn abandon_image(&self, image: &Arc<Image>) {
        let abandon = || self.process.abandon_image(image);
        if self.process.with_cx(|_| abandon()).is_err() {
            abandon();
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // Who wants to know calls `unload`.
        let _ = self.release();
    }
}
