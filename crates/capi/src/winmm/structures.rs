//! Structures of the application that are laid out anew for a driver: what it is opened and configured with.
//!
//! A 32-bit driver can neither reach the application's memory nor read its layout. What `DRV_OPEN` points at in the known classes, and
//! `DRVCONFIGINFO`, are told by their first fields; all else a program lays out itself, in memory of `opendriver_alloc`.

use opendriver::{Block, Error, Message, Width, World};
use opendriver_abi::structures::{AcmDrvOpenDesc, DrvConfigInfo, FourCc, IcOpen, Structure};

use crate::claim::{self, BadPointer};
use crate::door::Failure;
use crate::misuse::Misuse;
use crate::process::process;
use crate::text::Encoding;

/// Numbers up to here are no addresses.
const LOWEST: isize = 0x1_0000;

/// What `lParam2` of `DRV_OPEN` points at, where it is one of those that codecs are opened with.
pub(super) struct OpenStructure {
    address: usize,
    kind: Kind,
    placed: Vec<Block>,
}

enum Kind {
    Audio(AcmDrvOpenDesc<u64>, [Option<String>; 2]),
    Video(IcOpen<u64>),
}

impl OpenStructure {
    /// The structure at an address, if one of those is there.
    pub(super) fn at(param2: isize) -> Option<Self> {
        if (0..LOWEST).contains(&param2) {
            return None;
        }
        let address = param2 as usize;
        let kind = audio(address).or_else(|| video(address))?;
        Some(Self {
            address,
            kind,
            placed: Vec::new(),
        })
    }

    /// Lays it out in a driver's world. 64-bit drivers are given the application's own.
    pub(super) fn place(&mut self, world: &World<'_>) -> Result<isize, Error> {
        if world.width() == Width::HOST {
            return Ok(self.address.cast_signed());
        }
        let memory = world.memory();
        let block = match &self.kind {
            Kind::Audio(given, texts) => {
                let mut addresses = [0; 2];
                for (text, address) in texts.iter().zip(&mut addresses) {
                    if let Some(text) = text {
                        let block = memory.copy_of(&opendriver::Text::Utf16.encode(text))?;
                        *address = block.address() as u32;
                        self.placed.push(block);
                    }
                }
                memory.copy_of(&bytes(&AcmDrvOpenDesc::<u32> {
                    size: AcmDrvOpenDesc::<u32>::SIZE as u32,
                    kind: given.kind,
                    component: given.component,
                    version: given.version,
                    flags: given.flags,
                    error: given.error,
                    section: addresses[0],
                    alias: addresses[1],
                    device_node: given.device_node,
                }))?
            }
            Kind::Video(given) => memory.copy_of(&bytes(&IcOpen::<u32> {
                size: IcOpen::<u32>::SIZE as u32,
                kind: given.kind,
                handler: given.handler,
                version: given.version,
                flags: given.flags,
                error: given.error as u32,
                reserved1: 0,
                reserved2: 0,
                device_node: given.device_node,
            }))?,
        };
        let address = block.address();
        // The structure itself comes last.
        self.placed.push(block);
        Ok(address)
    }

    /// Writes what the driver said into the application's structure: why it refuses.
    pub(super) fn give_back(&self) -> Result<(), BadPointer> {
        let Some(block) = self.placed.last() else {
            return Ok(());
        };
        match &self.kind {
            Kind::Audio(given, _) => match AcmDrvOpenDesc::<u32>::read(block) {
                Some(told) => claim::set_structure(
                    self.address,
                    &AcmDrvOpenDesc {
                        error: told.error,
                        ..*given
                    },
                ),
                None => Ok(()),
            },
            Kind::Video(given) => match IcOpen::<u32>::read(block) {
                Some(told) => claim::set_structure(
                    self.address,
                    &IcOpen {
                        error: i64::from(told.error.cast_signed()).cast_unsigned(),
                        ..*given
                    },
                ),
                None => Ok(()),
            },
        }
    }
}

fn audio(address: usize) -> Option<Kind> {
    let given: AcmDrvOpenDesc<u64> = claim::structure(address).ok()?;
    let (size, kind) = (given.size as usize, given.kind);
    let is_one = size >= AcmDrvOpenDesc::<u64>::SIZE && kind == FourCc::AUDC;
    if !is_one {
        return None;
    }
    let text = |claimed: u64| Encoding::Wide.read(claimed as usize).ok();
    Some(Kind::Audio(
        given,
        [text(given.section)?, text(given.alias)?],
    ))
}

fn video(address: usize) -> Option<Kind> {
    let given: IcOpen<u64> = claim::structure(address).ok()?;
    let kinds = [*b"vidc", *b"VIDC"].map(FourCc::new);
    let is_one = given.size as usize >= IcOpen::<u64>::SIZE && kinds.contains(&given.kind);
    is_one.then_some(Kind::Video(given))
}

/// Whether `lParam2` of a message is the address of a `DRVCONFIGINFO`.
pub(super) fn has_config_info(message: Message) -> bool {
    matches!(message, Message::DRV_CONFIGURE | Message::DRV_INSTALL)
}

/// Sends a message with a `DRVCONFIGINFO` of the application, as the driver reads it.
#[cold]
pub(crate) fn send_config_info(
    hdrvr: u32,
    message: Message,
    window: isize,
    address: usize,
) -> Result<isize, Failure> {
    let given = claim::number(address)?;
    if (given as usize) < DrvConfigInfo::<u64>::SIZE {
        return Err(Failure::from(Misuse::Parameter {
            what: "DRVCONFIGINFO.dwDCISize",
            expected: format!("{} or more", DrvConfigInfo::<u64>::SIZE),
            found: given.to_string(),
        }));
    }
    let given: DrvConfigInfo<u64> = claim::structure(address)?;
    let text = |claimed: u64| Encoding::Wide.read(claimed as usize);
    let section = text(given.section)?.unwrap_or_default();
    let alias = text(given.alias)?.unwrap_or_default();
    let manager = &process().manager;
    Ok(manager.send_config_info(hdrvr, message, window, &section, &alias)?)
}

/// A structure as it lies in memory.
fn bytes<S: Structure>(structure: &S) -> Vec<u8> {
    let mut bytes = vec![0; S::SIZE];
    structure.write(&mut bytes);
    bytes
}
