//! The drivers that there are, and their handles.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use opendriver::OpenOptions;
use opendriver_codec::acm::{self, Candidate, Driver, Drivers};
use opendriver_setup::LINKED_AUDIO;

use super::error::Error;
use super::stream::OpenStream;
use super::uses::{Use, Uses};
use crate::handles::BadHandle;
use crate::process::process;

/// The drivers in their order, and the handle of each, by its name.
///
/// The list is read at its first use, as Windows does: what is installed later is seen by programs that start later, or that add it
/// themselves.
#[derive(Clone, Debug)]
pub(crate) struct Installed {
    pub(super) list: Drivers,
    ids: Arc<HashMap<String, usize>>,
}

/// Where the process keeps them.
#[derive(Debug, Default)]
pub struct List(RwLock<Option<Installed>>);

/// What an `HACMDRIVERID` stands for.
#[derive(Debug)]
pub(super) struct Id {
    pub(super) name: String,
    /// How often the driver is open for the application, and in streams.
    pub(super) uses: Arc<Uses>,
    /// Whether the program's own procedure is behind it.
    pub(super) linked: bool,
}

/// What an `HACMDRIVER` stands for.
#[derive(Debug)]
pub(super) struct OpenDriver {
    pub(super) id: usize,
    pub(super) driver: Driver,
    /// How many streams use it.
    pub(super) uses: Arc<Uses>,
    _use: Use,
}

impl Installed {
    /// The drivers as they are now.
    pub(super) fn now() -> Result<Self, Error> {
        let List(current) = &process().audio;
        if let Some(installed) = &*current.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(installed.clone());
        }
        Self::change(|_| Ok(())).map(|((), installed)| installed)
    }

    /// Changes the list; all functions see it as it was, or as it is behind the change.
    pub(super) fn change<T>(
        change: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<(T, Self), Error> {
        let List(current) = &process().audio;
        let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
        let mut installed = match &*current {
            Some(installed) => installed.clone(),
            None => Self::read()?,
        };
        let changed = change(&mut installed)?;
        let before = current.replace(installed.clone());
        drop(current);
        // Drivers that are in the list no more close here, where they may ask for it.
        drop(before);
        Ok((changed, installed))
    }

    /// Forgets which drivers are open. Answers the list as it was, where there was one: with it, what is still open closes.
    fn forget_open() -> Option<Self> {
        let List(current) = &process().audio;
        let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
        let before = current.clone();
        if let Some(installed) = &mut *current {
            installed.list.forget_open();
        }
        before
    }

    fn read() -> Result<Self, Error> {
        let list = Drivers::installed(&process().manager, LINKED_AUDIO)?;
        let ids = list
            .iter()
            .map(|candidate| handle_of(candidate.name(), false));
        Ok(Self {
            ids: Arc::new(ids.collect()),
            list,
        })
    }

    /// Gives a driver that was added to the list its handle; one that has one keeps it.
    pub(super) fn name(&mut self, name: &str, linked: bool) -> usize {
        let ids = Arc::make_mut(&mut self.ids);
        if let Some(id) = ids.get(&key(name)) {
            return *id;
        }
        let (key, id) = handle_of(name, linked);
        ids.insert(key, id);
        id
    }

    /// Takes a driver out of the list. Its handle is dead behind that.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), Error> {
        self.list.remove(name)?;
        Arc::make_mut(&mut self.ids).remove(&key(name));
        Ok(())
    }

    /// The driver of a name.
    pub(super) fn candidate(&self, name: &str) -> Option<&Candidate> {
        self.list
            .iter()
            .find(|candidate| candidate.name().eq_ignore_ascii_case(name))
    }

    /// The drivers with their handles, in the order in which they are asked.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Candidate)> {
        let with_id = |candidate| Some((self.id_of(candidate)?, candidate));
        self.list.iter().filter_map(with_id)
    }

    /// The drivers that are enabled and open, with their handles, in the order in which they are asked. Others are passed over.
    pub(super) fn open(&self) -> impl Iterator<Item = (usize, &Driver)> {
        let enabled = self.all().filter(|(_, candidate)| candidate.is_enabled());
        enabled.filter_map(|(id, candidate)| Some((id, self.list.driver(candidate.name()).ok()?)))
    }

    fn id_of(&self, candidate: &Candidate) -> Option<usize> {
        self.ids.get(&key(candidate.name())).copied()
    }

    /// The handle of the driver that a search found.
    pub(super) fn id_of_driver(&self, driver: &Driver) -> Option<usize> {
        self.ids.get(&key(driver.name())).copied()
    }
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn handle_of(name: &str, linked: bool) -> (String, usize) {
    let id = Id {
        name: name.to_owned(),
        uses: Uses::new(),
        linked,
    };
    (key(name), process().handles.insert(Arc::new(id)))
}

/// Forgets which drivers of the list are open: the end of a session has closed them.
pub(crate) fn session_ended() {
    drop(Installed::forget_open());
}

/// Forgets which drivers of the list are open, at the end of the program. One that a thread is inside of is open still, and closing it
/// would wait for that thread.
pub(crate) fn program_ends() {
    std::mem::forget(Installed::forget_open());
}

/// What the list says of a driver's flags: what the driver says, whether it is local, whether it is disabled.
pub(super) fn support(candidate: &Candidate, said: acm::Support) -> u32 {
    let mut support = said;
    support.set(acm::Support::LOCAL, candidate.is_local());
    support.set(acm::Support::DISABLED, !candidate.is_enabled());
    support.bits()
}

/// Opens an instance of its own for the application.
pub(super) fn open(hadid: usize) -> Result<usize, Error> {
    let handles = &process().handles;
    let id = handles.get::<Id>(hadid)?;
    let gone = BadHandle::Unknown { handle: hadid };
    let installed = Installed::now()?;
    let candidate = installed.candidate(&id.name).ok_or(gone)?;
    if !candidate.is_enabled() {
        let name = id.name.clone();
        return Err(Error::NotEnabled { name });
    }
    let in_use = id.uses.begin().ok_or(gone)?;
    let options = OpenOptions {
        section: candidate.section(),
        ..OpenOptions::new(&id.name)
    };
    let driver = Driver::open_with(&process().manager, options)?;
    let open = OpenDriver {
        id: hadid,
        driver,
        uses: Uses::new(),
        _use: in_use,
    };
    Ok(handles.insert(Arc::new(open)))
}

/// The driver that a handle of either kind leads to, and its identifier: questions take both, but for disabled drivers.
pub(super) fn driver_of(handle: usize) -> Result<(usize, Driver), Error> {
    let handles = &process().handles;
    if let Ok(open) = handles.get::<OpenDriver>(handle) {
        return Ok((open.id, open.driver.clone()));
    }
    let id = handles.get::<Id>(handle)?;
    let installed = Installed::now()?;
    let enabled = installed
        .candidate(&id.name)
        .is_some_and(Candidate::is_enabled);
    if !enabled {
        let name = id.name.clone();
        return Err(Error::NotEnabled { name });
    }
    Ok((handle, installed.list.driver(&id.name)?.clone()))
}

/// The identifier behind a handle of any kind.
pub(super) fn id_behind(hao: usize) -> Result<usize, Error> {
    let handles = &process().handles;
    if let Ok(open) = handles.get::<OpenDriver>(hao) {
        return Ok(open.id);
    }
    if let Ok(stream) = handles.get::<OpenStream>(hao) {
        return Ok(stream.id);
    }
    handles.get::<Id>(hao)?;
    Ok(hao)
}
