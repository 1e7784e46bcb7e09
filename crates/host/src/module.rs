//! A driver: loaded at most once, whatever names lead to it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

use crate::backend::{Backend, Call, Linked};
use crate::lifecycle::Life;
use crate::sync::{AtomicBool, Mutex};
use crate::{Error, Fault};

/// What makes two names the same driver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// A driver that is part of the program, by its place among these.
    Linked(usize),
    /// A file, by what the system knows it by.
    #[cfg(unix)]
    File { device: u64, node: u64 },
    /// A file, by its canonical path.
    #[cfg(not(unix))]
    File(PathBuf),
}

/// Where a driver's code comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Linked(Arc<Linked>),
    File(PathBuf),
}

impl Origin {
    /// The same, whatever becomes of the current folder.
    pub(crate) fn absolute(&self) -> Self {
        match self {
            Self::File(path) => {
                Self::File(std::path::absolute(path).unwrap_or_else(|_| path.clone()))
            }
            linked @ Self::Linked(_) => linked.clone(),
        }
    }
}

/// A driver, in memory or on its way in or out.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) identity: Identity,
    /// Its file's name, or its built-in name.
    pub(crate) name: Arc<str>,
    pub(crate) origin: Origin,
    /// Modules are numbered in the order in which they were first wanted.
    pub(crate) number: usize,
    pub(crate) standing: Mutex<Standing>,
}

/// What changes in the life of a driver. Its lock is held for looking and noting only, never while the driver runs.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) life: Life,
    /// The thread that starts or stops the driver.
    pub(crate) mover: Option<u64>,
    /// The message that it last sent for that.
    pub(crate) during: Message,
    pub(crate) loaded: Option<Arc<Loaded>>,
    /// The hidden instance.
    pub(crate) session: Option<Hdrvr>,
    pub(crate) fault: Option<Arc<Fault>>,
    /// How many opens have found this module and not ended yet; they keep it in the table of modules.
    pub(crate) openers: usize,
    /// The names that it was opened by, so that a million instances share them.
    pub(crate) names: Vec<Arc<str>>,
}

/// A module in memory: what a handle leads to.
pub(crate) struct Loaded {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) module: Arc<Module>,
    pub(crate) kind: &'static str,
    /// Whether the driver's addresses are narrower than those of this process.
    pub(crate) is_narrow: bool,
    /// Set once the driver broke. Then this is never dropped: the circle with its module stays, and the code stays mapped,
    /// because nothing is known any more about who is still using it.
    pub(crate) broken: AtomicBool,
    /// Whether a message goes straight to the backend: it contains panics, no recorder wants to see it, and it has not broken.
    pub(crate) is_plain: AtomicBool,
}

impl Loaded {
    /// Sees to it that nothing is cut off: what a 32-bit driver is given has 32 bits, with a sign or without.
    #[inline]
    pub(crate) fn check(
        &self,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Result<(), Error> {
        if self.is_narrow && (is_wide(param1) || is_wide(param2)) {
            return Err(self.too_wide(message, param1, param2));
        }
        Ok(())
    }

    #[cold]
    fn too_wide(&self, message: Message, param1: LParam, param2: LParam) -> Error {
        let (parameter, value) = if is_wide(param1) {
            (1, param1)
        } else {
            (2, param2)
        };
        Error::TooWide {
            module: self.module.name.to_string(),
            message,
            parameter,
            value,
        }
    }

    /// Calls the driver. A panic stops here: it may be on its way to the frames of another driver.
    pub(crate) fn call(
        &self,
        call: &Call<'_>,
    ) -> Result<Result<LResult, Fault>, Box<dyn Any + Send>> {
        catch_unwind(AssertUnwindSafe(|| self.backend.call(call)))
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("name", &self.module.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Loaded {
    /// The identifier of an instance as its driver holds it: the answer to `DRV_OPEN`, which came with its sign.
    pub(crate) fn identifier(&self, answered: DriverId) -> DriverId {
        if self.is_narrow {
            DriverId(answered.0 & u32::MAX as usize)
        } else {
            answered
        }
    }
}

/// Whether a parameter has more than 32 bits.
pub(crate) fn is_wide(param: LParam) -> bool {
    i32::try_from(param).is_err() && u32::try_from(param).is_err()
}

/// How many names of a module are looked through before one is kept by its instance alone.
const SHARED_NAMES: usize = 16;

impl Module {
    pub(crate) fn new(identity: Identity, name: &str, origin: Origin, number: usize) -> Self {
        let standing = Standing {
            life: Life::default(),
            mover: None,
            during: Message::DRV_LOAD,
            loaded: None,
            session: None,
            fault: None,
            openers: 0,
            names: Vec::new(),
        };
        Self {
            identity,
            name: name.into(),
            origin,
            number,
            standing: Mutex::new(standing),
        }
    }
}

impl Standing {
    /// The name, shared with other instances that were opened by it.
    pub(crate) fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.iter().find(|known| known.as_ref() == name) {
            return Arc::clone(known);
        }
        let name = Arc::from(name);
        if self.names.len() < SHARED_NAMES {
            self.names.push(Arc::clone(&name));
        }
        name
    }
}
