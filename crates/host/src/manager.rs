//! The system: loads drivers, creates and destroys instances, sends every message.

use std::sync::Arc;

use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use crate::backend::{Backend, Linked};
use crate::engine::Engine;
use crate::errands::Param2;
use crate::{
    Blocks, Builder, Error, Instance, InstanceInfo, ModuleInfo, OpenOptions, Registry, System,
    World,
};

/// Loads drivers, creates and destroys instances, sends every message.
///
/// Clones are the same manager. When the last one is dropped, the manager shuts down: every instance is told
/// `DRV_EXITSESSION` and then closed, newest first.
#[derive(Clone, Debug)]
pub struct Manager {
    shared: Arc<Shared>,
}

/// What only managers share, so that the last one to go shuts down though instances are left.
#[derive(Debug)]
struct Shared {
    engine: Arc<Engine>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.engine.shut_down();
    }
}

/// How an application ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// `DRVEA_NORMALEXIT`
    Normal,
    /// `DRVEA_ABNORMALEXIT`
    Abnormal,
}

/// What a driver wants done after it was configured, installed or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Configured {
    /// `DRVCNF_CANCEL`: nothing was changed; for `DRV_INSTALL` and `DRV_REMOVE` a veto.
    Cancel,
    /// `DRVCNF_OK`: done.
    Ok,
    /// `DRVCNF_RESTART`: done, and takes effect when the driver is loaded again.
    Restart,
    /// An answer that is not documented; it counts as done.
    Other(LResult),
}

impl From<LResult> for Configured {
    fn from(answer: LResult) -> Self {
        match answer {
            0 => Self::Cancel,
            1 => Self::Ok,
            2 => Self::Restart,
            other => Self::Other(other),
        }
    }
}

/// A registry entry to be: an alias for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installation<'a> {
    /// The alias.
    pub alias: &'a str,
    /// The section to write it in; `Drivers32` where none is given.
    pub section: Option<&'a str>,
    /// The file that the alias is to name.
    pub file: &'a str,
    /// The parameter text that `DRV_OPEN` is to carry; empty for none.
    pub params: &'a str,
}

impl Manager {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self {
            shared: Arc::new(Shared { engine }),
        }
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.shared.engine
    }

    /// Starts to say what a manager knows and may do.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Adds a driver that is part of the program, as [`Builder::linked`] does, while the manager is in use.
    ///
    /// # Errors
    /// [`Error::AlreadyLinked`] where a driver of the program has the name.
    pub fn link<B: Backend + 'static>(
        &self,
        name: &str,
        load: impl Fn(&System) -> B + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.engine().names.link(Linked {
            name: name.to_owned(),
            load: Box::new(move |system| Box::new(load(system))),
        })
    }

    /// Takes a driver that is part of the program out: its name opens it no more. Instances that are open stay so.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where no driver of the program has the name.
    pub fn unlink(&self, name: &str) -> Result<(), Error> {
        self.engine().names.unlink(name)
    }

    /// Opens an instance of the driver of this name.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn open(&self, name: &str) -> Result<Instance, Error> {
        self.open_with(OpenOptions::new(name))
    }

    /// Opens an instance of a driver.
    ///
    /// # Errors
    /// The name may lead nowhere, the file may be no driver, the driver may refuse or break. Nothing stays behind then.
    pub fn open_with(&self, options: OpenOptions<'_>) -> Result<Instance, Error> {
        let handle = self.engine().open(options)?;
        Ok(Instance::new(Arc::clone(self.engine()), handle))
    }

    /// Opens an instance of a driver with a `lParam2` that is made for the driver's world: most classes pass the address of a
    /// structure, which has to lie where the driver can reach it and be laid out as wide as its addresses.
    ///
    /// `prepare` runs behind `DRV_LOAD` and `DRV_ENABLE`, right before `DRV_OPEN`, and takes the place of the options' own value. It
    /// keeps the block that it makes, to read what the driver wrote into it. It is not run where the open ends earlier.
    ///
    /// ```
    /// # use opendriver::{Manager, OpenOptions};
    /// # use opendriver_sdk::{BuiltIn, Call};
    /// # let driver = BuiltIn::procedure("d", |_| Box::new(|_: &Call<'_>| 1));
    /// # let manager = Manager::builder().builtin(driver).build();
    /// let mut kept = None;
    /// let instance = manager.open_preparing(OpenOptions::new("d"), &mut |world| {
    ///     let block = kept.insert(world.memory().copy_of(b"what the driver is to know")?);
    ///     Ok(block.address())
    /// })?;
    /// # drop(instance);
    /// # Ok::<(), opendriver::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with), and those of `prepare`.
    pub fn open_preparing(
        &self,
        options: OpenOptions<'_>,
        prepare: &mut dyn FnMut(&World<'_>) -> Result<LParam, Error>,
    ) -> Result<Instance, Error> {
        let handle = self.engine().open_by(options, Param2::Prepared(prepare))?;
        Ok(Instance::new(Arc::clone(self.engine()), handle))
    }

    /// The manager as its drivers see it, by handles.
    pub fn system(&self) -> System {
        self.engine().system()
    }

    /// Sends a message to the instance of a handle.
    ///
    /// # Errors
    /// The handle may be closed or none of this manager's, and otherwise as [`Instance::send`].
    pub fn send(
        &self,
        handle: u32,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Result<LResult, Error> {
        self.engine().send(handle, message, param1, param2)
    }

    /// Closes the instance of a handle in good order. The answer is the driver's own, which is not 0.
    ///
    /// # Errors
    /// The driver may refuse, and the handle may be closed or none of this manager's.
    pub fn close(&self, handle: u32, param1: LParam, param2: LParam) -> Result<LResult, Error> {
        self.engine().close(handle, param1, param2)
    }

    /// Tells which module the instance of a handle is of.
    ///
    /// # Errors
    /// The handle may be closed, or none of this manager's.
    pub fn module_of(&self, handle: u32) -> Result<ModuleInfo, Error> {
        self.engine().module_of(handle)
    }

    /// Memory whose addresses are good in the world of the driver of a handle. Blocks of it outlive the instance.
    ///
    /// # Errors
    /// The handle may be closed, or none of this manager's.
    pub fn memory_of(&self, handle: u32) -> Result<Blocks, Error> {
        self.engine().memory(handle)
    }

    /// Lists the drivers that are in memory, in the order in which they were loaded.
    pub fn modules(&self) -> Vec<ModuleInfo> {
        self.engine().modules()
    }

    /// Lists the instances, in the order in which they were opened.
    pub fn instances(&self) -> Vec<InstanceInfo> {
        self.engine().instances()
    }

    /// The registry in which aliases are looked up.
    pub fn registry(&self) -> &Registry {
        &self.engine().names.registry
    }

    /// Tells every instance that the session ends (`DRV_EXITSESSION`), and then closes them by force, newest first.
    pub fn end_session(&self) {
        self.engine().end_session();
    }

    /// Ends the session as [`end_session`](Self::end_session) does, and waits for nobody: drivers that some thread is inside of are
    /// left alone. For the end of a process, where such a thread may never come back.
    pub fn end_session_of_idle(&self) {
        self.engine().end_session_of_idle();
    }

    /// Tells every instance that an application ended (`DRV_EXITAPPLICATION`).
    pub fn end_application(&self, exit: Exit) {
        self.engine().end_application(exit);
    }

    /// Tells every instance of a change of power (`DRV_POWER`), and collects the answers.
    pub fn power(&self, param1: LParam, param2: LParam) -> Vec<(Hdrvr, Result<LResult, Error>)> {
        self.engine().broadcast(Message::DRV_POWER, param1, param2)
    }

    /// Asks the driver of an alias whether it has anything to configure (`DRV_QUERYCONFIGURE`).
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with), and as [`Instance::send`].
    pub fn query_configure(&self, alias: &str, section: Option<&str>) -> Result<bool, Error> {
        self.engine().query_configure(alias, section)
    }

    /// Has the driver of an alias configure itself (`DRV_CONFIGURE`), with `window` as the parent of its dialog.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with), and as [`Instance::send`].
    pub fn configure(
        &self,
        alias: &str,
        section: Option<&str>,
        window: LParam,
    ) -> Result<Configured, Error> {
        self.engine().configure(alias, section, window)
    }

    /// Sends the instance of a handle `DRV_CONFIGURE`, `DRV_INSTALL` or `DRV_REMOVE` with a `DRVCONFIGINFO` of this section and alias, laid
    /// out for its driver. Answers what the driver answers.
    ///
    /// # Errors
    /// As [`Instance::send`].
    pub fn send_config_info(
        &self,
        handle: u32,
        message: Message,
        window: LParam,
        section: &str,
        alias: &str,
    ) -> Result<LResult, Error> {
        self.engine()
            .send_config_info(handle, message, window, section, alias)
    }

    /// Writes an entry and tells the driver (`DRV_INSTALL`). A driver that vetoes, refuses or breaks leaves no entry.
    ///
    /// # Errors
    /// The registry may not be writable, and otherwise as [`open_with`](Self::open_with) and [`Instance::send`].
    pub fn install(&self, installation: Installation<'_>) -> Result<Configured, Error> {
        self.engine().install(installation)
    }

    /// Tells the driver of an alias (`DRV_REMOVE`) and takes its entry out. A driver that vetoes keeps its entry.
    ///
    /// # Errors
    /// The registry may not be writable, and otherwise as [`open_with`](Self::open_with) and [`Instance::send`].
    pub fn remove(&self, alias: &str, section: Option<&str>) -> Result<Configured, Error> {
        self.engine().remove(alias, section)
    }
}
