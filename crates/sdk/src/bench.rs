//! A host in miniature, for a driver's own unit tests.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opendriver_abi::structures::Structure;
use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

use crate::{BuiltIn, Call, Guest, Host, Refused, Setting};

/// Plays the host for one driver: sends the messages of the life cycle in their order, holds
/// settings, and lends memory. It needs no files and no unsafe code, so tests run under miri too.
#[derive(Clone)]
pub struct Bench {
    driver: BuiltIn,
    state: Arc<State>,
}

/// What the driver may reach through [`Host`].
#[derive(Default)]
struct State {
    module: Mutex<Module>,
    settings: Mutex<HashMap<String, Setting>>,
    memory: Mutex<Vec<(usize, Vec<u8>)>>,
    reports: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Module {
    guest: Option<Arc<Guest>>,
    open: usize,
    handles: u32,
}

impl Bench {
    /// Puts a driver on the bench. Nothing is sent to it before the first [`open`](Self::open).
    pub fn new(driver: BuiltIn) -> Self {
        Self {
            driver,
            state: Arc::default(),
        }
    }

    /// Sets one of the driver's settings.
    #[must_use]
    pub fn with_setting(self, name: &str, value: Setting) -> Self {
        self.state.set_setting(name, &value);
        self
    }

    /// Opens an instance: `DRV_LOAD` and `DRV_ENABLE` if it is the first, then `DRV_OPEN`.
    ///
    /// # Errors
    /// [`Refused`] when the driver refuses `DRV_LOAD` or `DRV_OPEN`.
    pub fn open(&self, text: &str, param2: LParam) -> Result<Instance, Refused> {
        let (handle, loaded) = {
            let mut module = lock(&self.state.module);
            module.handles += 1;
            let handle = Hdrvr::new(module.handles).ok_or(Refused)?;
            (handle, module.guest.clone())
        };
        let guest = match loaded {
            Some(guest) => guest,
            None => self.load(handle)?,
        };
        let call = Call::new(DriverId(0), handle, Message::DRV_OPEN, 0, param2);
        let id = guest.call(&call.with_text(text));
        if id == 0 {
            self.unload_unused(handle);
            return Err(Refused);
        }
        lock(&self.state.module).open += 1;
        let id = DriverId(id.cast_unsigned());
        Ok(Instance {
            bench: self.clone(),
            guest,
            id,
            handle,
            open: true,
        })
    }

    /// Lends memory to the driver: its address may go into a parameter.
    pub fn lend(&self, bytes: &[u8]) -> LParam {
        let mut memory = lock(&self.state.memory);
        // Far from 0 and apart from each other, so that a wrong address hits no block.
        let last = memory
            .last()
            .map_or(0, |(start, bytes)| start + bytes.len());
        let address = (last + 1).next_multiple_of(0x10000);
        memory.push((address, bytes.to_vec()));
        address.cast_signed()
    }

    /// What the lent memory at an address holds now; nothing if none was lent there.
    pub fn lent(&self, address: LParam) -> Vec<u8> {
        let memory = lock(&self.state.memory);
        let block = memory
            .iter()
            .find(|(start, _)| start.cast_signed() == address);
        block.map_or_else(Vec::new, |(_, bytes)| bytes.clone())
    }

    /// Lends memory that holds a structure.
    pub fn lend_structure<S: Structure>(&self, value: &S) -> LParam {
        let mut bytes = vec![0; S::SIZE];
        value
            .write(&mut bytes)
            .expect("the bytes are as many as the structure takes");
        self.lend(&bytes)
    }

    /// What the structure that was lent at an address holds now.
    ///
    /// # Panics
    /// If no memory was lent there, or less than the structure takes.
    pub fn lent_structure<S: Structure>(&self, address: LParam) -> S {
        S::read(&self.lent(address)).expect("a structure was lent at this address")
    }

    /// One of the driver's settings.
    pub fn setting(&self, name: &str) -> Option<Setting> {
        self.state.setting(name)
    }

    /// What the driver reported, panics included.
    pub fn reports(&self) -> Vec<String> {
        lock(&self.state.reports).clone()
    }

    fn load(&self, handle: Hdrvr) -> Result<Arc<Guest>, Refused> {
        let host: Arc<dyn Host> = Arc::new(Seat(Arc::downgrade(&self.state)));
        let guest = Arc::new(self.driver.load(host));
        if guest.call(&Call::new(DriverId(0), handle, Message::DRV_LOAD, 0, 0)) == 0 {
            return Err(Refused);
        }
        guest.call(&Call::new(DriverId(0), handle, Message::DRV_ENABLE, 0, 0));
        lock(&self.state.module).guest = Some(Arc::clone(&guest));
        Ok(guest)
    }

    fn unload_unused(&self, handle: Hdrvr) {
        let guest = {
            let mut module = lock(&self.state.module);
            if module.open > 0 {
                return;
            }
            module.guest.take()
        };
        let Some(guest) = guest else { return };
        for message in [Message::DRV_DISABLE, Message::DRV_FREE] {
            guest.call(&Call::new(DriverId(0), handle, message, 0, 0));
        }
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench")
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}

/// An open instance of the driver on a [`Bench`]; dropping it closes it by force.
pub struct Instance {
    bench: Bench,
    guest: Arc<Guest>,
    id: DriverId,
    handle: Hdrvr,
    open: bool,
}

impl Instance {
    /// Sends a message and returns the driver's answer.
    pub fn send(&self, message: Message, param1: LParam, param2: LParam) -> LResult {
        self.guest
            .call(&Call::new(self.id, self.handle, message, param1, param2))
    }

    /// The handle that the driver sees.
    pub fn handle(&self) -> Hdrvr {
        self.handle
    }

    /// Closes the instance; if it is the last, `DRV_DISABLE` and `DRV_FREE` follow.
    ///
    /// # Errors
    /// Gives the instance back when the driver refuses.
    pub fn close(mut self, param1: LParam, param2: LParam) -> Result<LResult, Self> {
        match self.send(Message::DRV_CLOSE, param1, param2) {
            0 => Err(self),
            answer => {
                self.closed();
                Ok(answer)
            }
        }
    }

    fn closed(&mut self) {
        self.open = false;
        lock(&self.bench.state.module).open -= 1;
        self.bench.unload_unused(self.handle);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if self.open {
            self.send(Message::DRV_CLOSE, 0, 0);
            self.closed();
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}

/// The bench as the driver sees it; weak, since the bench holds the driver.
struct Seat(std::sync::Weak<State>);

impl Host for Seat {
    fn setting(&self, name: &str) -> Option<Setting> {
        self.0.upgrade()?.setting(name)
    }

    fn set_setting(&self, name: &str, value: &Setting) -> bool {
        self.0
            .upgrade()
            .is_some_and(|state| state.set_setting(name, value))
    }

    fn read(&self, address: usize, into: &mut [u8]) -> bool {
        self.0.upgrade().is_some_and(|state| {
            state.with_bytes(address, into.len(), |bytes| into.copy_from_slice(bytes))
        })
    }

    fn write(&self, address: usize, from: &[u8]) -> bool {
        self.0.upgrade().is_some_and(|state| {
            state.with_bytes(address, from.len(), |bytes| bytes.copy_from_slice(from))
        })
    }

    fn report(&self, text: &str) {
        if let Some(state) = self.0.upgrade() {
            lock(&state.reports).push(text.to_owned());
        }
    }
}

impl State {
    fn setting(&self, name: &str) -> Option<Setting> {
        lock(&self.settings).get(&name.to_lowercase()).cloned()
    }

    fn set_setting(&self, name: &str, value: &Setting) -> bool {
        lock(&self.settings).insert(name.to_lowercase(), value.clone());
        true
    }

    /// Runs `access` on lent memory; `false` if any byte of it was not lent.
    fn with_bytes(&self, address: usize, length: usize, access: impl FnOnce(&mut [u8])) -> bool {
        let mut memory = lock(&self.memory);
        let bytes = memory.iter_mut().find_map(|(start, bytes)| {
            let offset = address.checked_sub(*start)?;
            bytes.get_mut(offset..offset.checked_add(length)?)
        });
        bytes.map(access).is_some()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
