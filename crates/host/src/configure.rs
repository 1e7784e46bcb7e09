//! Configuring, installing and removing a driver: what a control panel does.

use std::sync::Arc;

use opendriver_abi::structures::{DrvConfigInfo, Structure};
use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use crate::backend::Width;
use crate::engine::Engine;
use crate::errands::Param2;
use crate::handles::State;
use crate::module::Loaded;
use crate::registry::join_entry;
use crate::resolve::Target;
use crate::sync::lock;
use crate::{Block, Blocks, Configured, Error, Installation, OpenOptions};

/// The section of an alias where none is named.
const SECTION: &str = "Drivers32";

/// `DRVCONFIGINFO` with the two texts that it points at, in memory that the driver reaches.
struct ConfigInfo {
    structure: Block,
    _section: Block,
    _alias: Block,
}

impl ConfigInfo {
    fn new(blocks: &Blocks, loaded: &Loaded, section: &str, alias: &str) -> Result<Self, Error> {
        let text = loaded.backend.text();
        let section = blocks.copy_of(&text.encode(section))?;
        let alias = blocks.copy_of(&text.encode(alias))?;
        let bytes = match loaded.backend.width() {
            Width::W64 => bytes(DrvConfigInfo {
                size: DrvConfigInfo::<u64>::SIZE as u32,
                section: section.address() as u64,
                alias: alias.address() as u64,
            }),
            Width::W32 => bytes(DrvConfigInfo {
                size: DrvConfigInfo::<u32>::SIZE as u32,
                section: section.address() as u32,
                alias: alias.address() as u32,
            }),
        };
        Ok(Self {
            structure: blocks.copy_of(&bytes)?,
            _section: section,
            _alias: alias,
        })
    }
}

/// A structure as it lies in memory.
fn bytes<S: Structure>(structure: S) -> Vec<u8> {
    let mut bytes = vec![0; S::SIZE];
    structure.write(&mut bytes);
    bytes
}

impl Engine {
    pub(crate) fn query_configure(
        &self,
        alias: &str,
        section: Option<&str>,
    ) -> Result<bool, Error> {
        let target = self.names.resolve(OpenOptions {
            name: alias,
            section,
            param2: 0,
        })?;
        self.with_instance(&target, alias, |handle| {
            Ok(self.tell(handle.raw(), Message::DRV_QUERYCONFIGURE, 0, 0)? != 0)
        })
    }

    pub(crate) fn configure(
        &self,
        alias: &str,
        section: Option<&str>,
        window: LParam,
    ) -> Result<Configured, Error> {
        let target = self.names.resolve(OpenOptions {
            name: alias,
            section,
            param2: 0,
        })?;
        let section = section
            .unwrap_or(target.section.as_deref().unwrap_or(SECTION))
            .to_owned();
        self.with_instance(&target, alias, |handle| {
            self.ask(handle, Message::DRV_CONFIGURE, window, &section, alias)
        })
    }

    pub(crate) fn install(&self, installation: Installation<'_>) -> Result<Configured, Error> {
        let Installation {
            alias,
            section,
            file,
            params,
        } = installation;
        let section = section.unwrap_or(SECTION);
        let registry = &self.names.registry;
        let earlier = registry.value(section, alias)?;
        registry.set_value(section, alias, join_entry(file, params))?;
        let result = self
            .names
            .resolve(OpenOptions {
                name: alias,
                section: Some(section),
                param2: 0,
            })
            .and_then(|target| {
                self.with_instance(&target, alias, |handle| {
                    self.ask(handle, Message::DRV_INSTALL, 0, section, alias)
                })
            });
        if matches!(result, Ok(Configured::Cancel) | Err(_)) {
            match earlier {
                Some(earlier) => registry.set_value(section, alias, earlier)?,
                None => drop(registry.delete_value(section, alias)?),
            }
        }
        result
    }

    pub(crate) fn remove(&self, alias: &str, section: Option<&str>) -> Result<Configured, Error> {
        let target = self.names.resolve(OpenOptions {
            name: alias,
            section,
            param2: 0,
        });
        let Some(section) = self.names.section_of(alias, section)? else {
            return Err(Error::NotInstalled {
                name: alias.to_owned(),
            });
        };
        // A driver that is gone, or cannot be opened, has no say.
        let result = target.and_then(|target| {
            self.with_instance(&target, alias, |handle| {
                self.ask(handle, Message::DRV_REMOVE, 0, &section, alias)
            })
        });
        let result = match result {
            Ok(Configured::Cancel) => return Ok(Configured::Cancel),
            Ok(answer) => answer,
            Err(_) => Configured::Ok,
        };
        self.names.registry.delete_value(&section, alias)?;
        Ok(result)
    }

    /// Does something with an open instance of a driver: one that is there, or one that is opened for it with 0 as `lParam2`.
    fn with_instance<R>(
        &self,
        target: &Target,
        name: &str,
        f: impl FnOnce(Hdrvr) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if let Some(handle) = self.instance_of(target) {
            return f(handle);
        }
        let handle = self.open_target(target, name, Param2::Given(0))?;
        let result = f(handle);
        self.close_by_force(handle);
        result
    }

    /// An open instance of the driver that a name led to.
    fn instance_of(&self, target: &Target) -> Option<Hdrvr> {
        let module = lock(&self.modules)
            .known
            .get(&target.identity)
            .map(Arc::clone)?;
        let lines = lock(&self.book).in_order();
        let mut handles = lines
            .iter()
            .filter(|(_, line)| Arc::ptr_eq(&line.module, &module))
            .filter_map(|(index, _)| self.handles.at(*index));
        handles.find(|handle| {
            self.handles
                .find(handle.raw())
                .is_ok_and(|found| found.state() == State::Open)
        })
    }

    /// Sends a message with a `DRVCONFIGINFO` as its second parameter, and says what the driver wants.
    fn ask(
        &self,
        handle: Hdrvr,
        message: Message,
        window: LParam,
        section: &str,
        alias: &str,
    ) -> Result<Configured, Error> {
        let answer = self.send_config_info(handle.raw(), message, window, section, alias)?;
        Ok(Configured::from(answer))
    }

    /// Sends a message with a `DRVCONFIGINFO` as its second parameter.
    pub(crate) fn send_config_info(
        &self,
        raw: u32,
        message: Message,
        window: LParam,
        section: &str,
        alias: &str,
    ) -> Result<LResult, Error> {
        let info = self.visit(raw, |loaded, _, _, _| {
            ConfigInfo::new(&self.blocks_for(loaded), loaded, section, alias)
        })?;
        self.send(raw, message, window, info.structure.address())
    }
}
