//! The one manager of the process, made at first use.

use std::sync::OnceLock;

use opendriver::Manager;
use opendriver_setup::Setup;

use crate::handles::Handles;

/// What all functions of the library share.
#[derive(Debug)]
pub struct Process {
    /// The manager that opens and sends.
    pub manager: Manager,
    /// Handles of codecs and streams. Those of drivers are the manager's own.
    pub handles: Handles,
}

/// What all functions share. The first of them to ask finds out where the drivers are.
#[inline]
pub fn process() -> &'static Process {
    static PROCESS: OnceLock<Process> = OnceLock::new();
    PROCESS.get_or_init(|| {
        let setup = Setup::from_environment(None, []);
        Process {
            // Who installed a driver, or names its file, says that its code may run.
            manager: setup.builder(false).trust_foreign_code().build(),
            handles: Handles::default(),
        }
    })
}
