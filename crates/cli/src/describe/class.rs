//! Which class a driver is of: found out by asking it, one class after the other.

use opendriver::{Block, Blocks, Error, Instance, Manager, OpenOptions, Width};
use opendriver_abi::structures::{Address, Structure};
use opendriver_abi::{Class, Message};
use serde::Serialize;

use super::{Acm, Facts, Mci, Vfw, acm, mci, vfw};

/// Entry points of the audio drivers, whose work does not go through `DriverProc`.
const WAVE_EXPORTS: [&str; 6] = [
    "wodMessage",
    "widMessage",
    "modMessage",
    "midMessage",
    "auxMessage",
    "mxdMessage",
];

/// A driver reads and writes only its structure in these blocks; one of another class may take it for a longer one.
const ROOM: usize = 4096;

/// What a driver answered.
#[derive(Debug, Serialize)]
pub(crate) struct Answers {
    /// Its class: `acm`, `vfw`, `mci`, `wave` or `plain`.
    pub(crate) class: &'static str,
    /// How that was found out.
    pub(crate) because: String,
    /// Whether it has a configuration dialog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) configurable: Option<bool>,
    /// What an audio codec says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acm: Option<Acm>,
    /// What a video codec says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vfw: Option<Vfw>,
    /// What an MCI driver says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mci: Option<Mci>,
}

impl Answers {
    fn new(class: Class, because: impl Into<String>) -> Self {
        Self {
            class: name(class),
            because: because.into(),
            configurable: None,
            acm: None,
            vfw: None,
            mci: None,
        }
    }
}

/// A driver that could not be asked.
#[derive(Debug)]
pub(crate) struct Unasked {
    /// The class as which it was being asked.
    pub(crate) class: Class,
    /// Why not.
    pub(crate) error: Error,
}

impl Unasked {
    /// For errors that came while a driver was asked as one of `class`.
    pub(super) fn as_a(class: Class) -> impl Fn(Error) -> Self {
        move |error| Self { class, error }
    }
}

/// Asks a driver what it is. `facts` is what its file says, where it has one.
///
/// A driver is opened with nothing first, as a control panel does, and then as each class opens its drivers: a driver refuses what is
/// not meant for it. An answer counts only if the structure that it fills names the class, so a driver that accepts all is plain.
///
/// # Errors
/// Where it cannot be opened at all, and where it breaks.
pub(crate) fn ask(
    manager: &Manager,
    driver: OpenOptions<'_>,
    facts: Option<&Facts>,
) -> Result<Answers, Unasked> {
    let unasked = Unasked::as_a(Class::Plain);
    let plain = manager.open_with(driver.param2(0)).map_err(&unasked)?;
    let configurable = plain
        .send(Message::DRV_QUERYCONFIGURE, 0, 0)
        .map_err(&unasked)?
        != 0;
    let memory = plain.memory().map_err(&unasked)?;
    let width = plain.module().map_err(&unasked)?.width;
    let answers = match (wave(facts), width) {
        (Some(answers), _) => answers,
        (None, Width::W32) => classify::<u32>(manager, driver, &memory)?,
        (None, Width::W64) => classify::<u64>(manager, driver, &memory)?,
    };
    Ok(Answers {
        configurable: Some(configurable),
        ..answers
    })
}

/// What an audio driver is known by: the entry points beside `DriverProc`.
fn wave(facts: Option<&Facts>) -> Option<Answers> {
    let exported: Vec<&str> = WAVE_EXPORTS
        .into_iter()
        .filter(|name| facts.is_some_and(|facts| facts.exports(name)))
        .collect();
    let because = format!("it exports {}", exported.join(", "));
    (!exported.is_empty()).then(|| Answers::new(Class::Wave, because))
}

/// Asks as each class would, with structures whose addresses are as wide as `P`.
fn classify<P: Address>(
    manager: &Manager,
    driver: OpenOptions<'_>,
    memory: &Blocks,
) -> Result<Answers, Unasked> {
    // MCI drivers first: they take what they are given, while codecs look at the code in it.
    if let Some(mci) = as_mci::<P>(manager, driver, memory).map_err(Unasked::as_a(Class::Mci))? {
        return Ok(Answers {
            mci: Some(mci),
            ..Answers::new(Class::Mci, "it names a type of MCI device")
        });
    }
    if let Some(acm) = acm::ask(manager, driver).map_err(Unasked::as_a(Class::Acm))? {
        return Ok(Answers {
            acm: Some(acm),
            ..Answers::new(Class::Acm, "it answers ACMDM_DRIVER_DETAILS")
        });
    }
    if let Some(vfw) = vfw::ask(manager, driver).map_err(Unasked::as_a(Class::Vfw))? {
        return Ok(Answers {
            vfw: Some(vfw),
            ..Answers::new(Class::Vfw, "it answers ICM_GETINFO")
        });
    }
    Ok(Answers::new(
        Class::Plain,
        "it answers as no audio codec, video codec or MCI device",
    ))
}

fn as_mci<P: Address>(
    manager: &Manager,
    driver: OpenOptions<'_>,
    memory: &Blocks,
) -> Result<Option<Mci>, Error> {
    let opened = open(manager, driver, memory, &mci::open::<P>())?;
    Ok(opened.and_then(|(_instance, block)| mci::read::<P>(&block)))
}

/// Opens the driver with a structure; `None` where it refuses. Answers the block, too: a driver writes into it.
fn open(
    manager: &Manager,
    driver: OpenOptions<'_>,
    memory: &Blocks,
    structure: &impl Structure,
) -> Result<Option<(Instance, Block)>, Error> {
    let mut block = memory.allocate(ROOM)?;
    structure.write(&mut block);
    match manager.open_with(driver.param2(block.address())) {
        Ok(instance) => Ok(Some((instance, block))),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn name(class: Class) -> &'static str {
    match class {
        Class::Acm => "acm",
        Class::Vfw => "vfw",
        Class::Mci => "mci",
        Class::Wave => "wave",
        _ => "plain",
    }
}
