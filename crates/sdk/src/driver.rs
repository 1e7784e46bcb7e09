//! What a driver's author writes: one type for the module, one for its instances.

use std::sync::Arc;

use opendriver_abi::{LResult, Message};

use crate::instances::Instances;
use crate::{Call, DriverId, Host, Open, Procedure};

/// A driver: one value of this type lives from `DRV_LOAD` to `DRV_FREE`.
///
/// Messages to one instance may arrive from several threads at the same time. A panic in any of
/// these functions is caught and reported, and the message is answered with 0, or as
/// [`answer_to_panic`](Self::answer_to_panic) says.
pub trait Driver: Sized + Send + Sync + 'static {
    /// What one instance is: a value of this type lives from `DRV_OPEN` to `DRV_CLOSE`.
    type Instance: Send + Sync + 'static;

    /// `DRV_LOAD`: makes the driver. Keep `host` to reach settings or other drivers later.
    ///
    /// # Errors
    /// [`Refused`] unloads the module at once; it gets no further message.
    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused>;

    /// `DRV_ENABLE`: the driver may touch its hardware from here on.
    fn enable(&self) {}

    /// `DRV_OPEN`: makes an instance.
    ///
    /// # Errors
    /// [`Refused`] fails this open and touches no other instance.
    fn open(&self, open: &Open<'_>) -> Result<Self::Instance, Refused>;

    /// Any message but the six of the life cycle: `DRV_CONFIGURE`, those of a class, custom ones.
    fn message(&self, instance: &Self::Instance, call: &Call<'_>) -> LResult {
        let _ = instance;
        call.default_answer()
    }

    /// `DRV_CLOSE`: the instance's value is dropped when this succeeds and the last message that
    /// is still running has returned.
    ///
    /// # Errors
    /// [`Refused`] keeps the instance open, unless its owner is gone: then the value lives on
    /// unreachable until `DRV_FREE`.
    fn close(&self, instance: &Self::Instance, call: &Call<'_>) -> Result<(), Refused> {
        let _ = (instance, call);
        Ok(())
    }

    /// What an application hears where [`message`](Self::message) panicked. By default 0; a class in which 0 is success has another answer.
    fn answer_to_panic(message: Message) -> LResult {
        let _ = message;
        0
    }

    /// `DRV_DISABLE`: the driver must leave its hardware alone and stop its threads before it
    /// returns. `DRV_FREE` follows and drops the driver.
    fn disable(&self) {}
}

/// The driver says no: the message is answered with 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the driver refused")]
pub struct Refused;

/// Turns messages into calls of a [`Driver`].
pub(crate) struct Typed<D: Driver> {
    host: Arc<dyn Host>,
    loaded: std::sync::Mutex<Loaded<D>>,
    instances: Instances<Live<D>>,
}

/// The driver and how often it was loaded: a shared object is one module in memory even where two
/// managers of one process load it.
struct Loaded<D> {
    driver: Option<Arc<D>>,
    times: usize,
}

/// What one identifier stands for. It holds the driver itself, so that a message reaches it
/// without touching anything that messages to other instances touch.
struct Live<D: Driver> {
    driver: Arc<D>,
    instance: D::Instance,
}

impl<D: Driver> Typed<D> {
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        let loaded = Loaded {
            driver: None,
            times: 0,
        };
        Self {
            host,
            loaded: loaded.into(),
            instances: Instances::new(),
        }
    }

    fn driver(&self) -> Option<Arc<D>> {
        self.lock().driver.clone()
    }

    fn load(&self) -> Result<(), Refused> {
        // Made outside the lock: a driver may call its host while it loads.
        let made = match self.driver() {
            Some(driver) => driver,
            None => Arc::new(D::load(&self.host)?),
        };
        let mut loaded = self.lock();
        loaded.driver.get_or_insert(made);
        loaded.times += 1;
        Ok(())
    }

    fn free(&self) {
        let mut loaded = self.lock();
        loaded.times = loaded.times.saturating_sub(1);
        if loaded.times > 0 {
            return;
        }
        let driver = loaded.driver.take();
        // The author's `Drop` may call the host, so it runs outside the lock.
        drop(loaded);
        self.instances.clear();
        drop(driver);
    }

    fn open(&self, call: &Call<'_>) -> Option<DriverId> {
        let driver = self.driver()?;
        let instance = driver.open(&Open::new(call)).ok()?;
        self.instances
            .insert(call.handle, Live { driver, instance })
    }

    fn close(&self, call: &Call<'_>) -> Option<()> {
        let open = self.instances.find(call.id, call.handle)?;
        open.driver.close(&open.instance, call).ok()?;
        self.instances.remove(call.id, call.handle);
        Some(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Loaded<D>> {
        self.loaded
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<D: Driver> Procedure for Typed<D> {
    fn call(&self, call: &Call<'_>) -> LResult {
        match call.message {
            Message::DRV_LOAD => self.load().is_ok().into(),
            Message::DRV_FREE => {
                self.free();
                1
            }
            Message::DRV_ENABLE | Message::DRV_DISABLE => {
                let Some(driver) = self.driver() else {
                    return 0;
                };
                match call.message {
                    Message::DRV_ENABLE => driver.enable(),
                    _ => driver.disable(),
                }
                1
            }
            Message::DRV_OPEN => self.open(call).map_or(0, |id| id.0.cast_signed()),
            Message::DRV_CLOSE => self.close(call).is_some().into(),
            _ => match self.instances.find(call.id, call.handle) {
                Some(open) => open.driver.message(&open.instance, call),
                None => 0,
            },
        }
    }

    fn answer_to_panic(&self, message: Message) -> LResult {
        match message {
            Message::DRV_LOAD
            | Message::DRV_ENABLE
            | Message::DRV_OPEN
            | Message::DRV_CLOSE
            | Message::DRV_DISABLE
            | Message::DRV_FREE => 0,
            _ => D::answer_to_panic(message),
        }
    }
}
