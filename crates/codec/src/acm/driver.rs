//! One audio codec, open: what it is, which formats and filters it has, what it suggests.

use std::sync::{Arc, Mutex, PoisonError};

use opendriver::{Block, Instance, Manager, ModuleInfo, OpenOptions, World};
use opendriver_abi::Message;
use opendriver_abi::answer::MMSYSERR_NOERROR;

use super::asked::TagOf;
use super::connection::Connection;
use super::layout::{Layout, layout, layout_of};
use super::{Answer, Details, Error, Overrun};

/// A driver of another class may take what it is opened with for a longer structure.
const ROOM: usize = 4096;

/// Where in that room the names stand.
const NAMES: usize = 1024;

/// One audio codec, open. Clones are the same instance of the driver, which closes with the last of them and of its streams, and until
/// then keeps the manager.
///
/// ```no_run
/// use opendriver::Manager;
/// use opendriver_codec::{WaveFormat, acm::{Driver, Wish}};
///
/// let manager = Manager::builder().search_path("/usr/lib/drivers").trust_foreign_code().build();
/// let gsm = Driver::open(&manager, "msgsm32.acm")?;
/// for tag in gsm.format_tags()? {
///     for format in gsm.formats(tag.tag, None)? {
///         println!("{}: {}", tag.name, format.name);
///     }
/// }
/// let target = gsm.suggest(&WaveFormat::pcm(1, 8000, 16), &Wish::tag(0x31))?;
/// # Ok::<(), opendriver_codec::acm::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Driver {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    module: ModuleInfo,
    layout: &'static dyn Layout,
    details: Details,
    // The instance goes before the manager, which would end it by force.
    connection: Connection,
    _manager: Manager,
}

/// The largest formats and filters of a driver, in bytes (`ACM_METRIC_MAX_SIZE_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The largest format; 0 where the driver does not tell.
    pub format: u32,
    /// The largest filter; 0 where the driver has none.
    pub filter: u32,
}

impl Driver {
    /// Opens the driver of this name, an alias of the registry, a linked-in driver or a file, as an audio codec.
    ///
    /// # Errors
    /// [`Error::Unopened`] where it cannot be loaded or refuses, [`Error::NotACodec`] where it is none.
    pub fn open(manager: &Manager, name: &str) -> Result<Self, Error> {
        Self::open_with(manager, OpenOptions::new(name))
    }

    /// Opens a driver as an audio codec, of a section that is named. `lParam2` of `DRV_OPEN` is the codec's own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(manager: &Manager, options: OpenOptions<'_>) -> Result<Self, Error> {
        let mut kept = None;
        let opened = manager.open_preparing(options, &mut |world| {
            let (layout, block) = description(world, options)?;
            let address = block.address();
            kept = Some((layout, block));
            Ok(address)
        });
        let unopened = |source, answer: u32| Error::Unopened {
            driver: options.name.to_owned(),
            answer: (answer != 0).then_some(Answer(answer as isize)),
            source,
        };
        let instance = opened.map_err(|source| {
            // What the driver wrote there is worth reading only where it was asked.
            let asked = matches!(source, opendriver::Error::Refused { .. });
            let kept = kept.as_ref().filter(|_| asked);
            let error = kept.map_or(0, |(layout, block)| layout.open_error(block));
            unopened(source, error)
        })?;
        Self::of(manager, instance, options.name).map_err(|error| match error {
            Connected::No(source) => unopened(source, 0),
            Connected::Bad(error) => error,
        })
    }

    fn of(manager: &Manager, instance: Instance, name: &str) -> Result<Self, Connected> {
        let module = instance.module().map_err(Connected::No)?;
        let layout = layout_of(&module);
        let connection = Connection {
            driver: module.name.clone(),
            memory: instance.memory().map_err(Connected::No)?,
            instance,
            overruns: Mutex::default(),
        };
        let question = connection.block(Message::ACMDM_DRIVER_DETAILS, &layout.details())?;
        let answer = connection.send(Message::ACMDM_DRIVER_DETAILS, question.address(), 0)?;
        let details = layout
            .details_filled(&question)
            .filter(|_| answer == MMSYSERR_NOERROR)
            .ok_or_else(|| Error::NotACodec {
                driver: connection.driver.clone(),
            })?;
        Ok(Self {
            shared: Arc::new(Shared {
                name: name.to_owned(),
                module,
                layout,
                details,
                connection,
                _manager: manager.clone(),
            }),
        })
    }

    /// The name that it was opened by.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Its module, as it was when the driver was opened.
    pub fn module(&self) -> &ModuleInfo {
        &self.shared.module
    }

    /// The instance itself, for messages of the codec's own and for its configuration.
    pub fn instance(&self) -> &Instance {
        &self.shared.connection.instance
    }

    /// What the driver says of itself.
    pub fn details(&self) -> &Details {
        &self.shared.details
    }

    /// How large its formats and filters get (`ACMDM_*TAG_DETAILS` with `LARGESTSIZE`).
    ///
    /// # Errors
    /// [`Error::Unsent`] where the driver breaks.
    pub fn sizes(&self) -> Result<Sizes, Error> {
        let format = self.format_tag_of(0, 0, TagOf::Largest)?;
        let filter = self.filter_tag_of(0, 0, TagOf::Largest)?;
        Ok(Sizes {
            format: format.map_or(0, |tag| tag.format_size),
            filter: filter.map_or(0, |tag| tag.filter_size),
        })
    }

    /// Where the driver wrote behind the blocks of questions since this was last asked. Streams tell of their own.
    pub fn take_overruns(&self) -> Vec<Overrun> {
        let overruns = self.connection().overruns.lock();
        std::mem::take(&mut *overruns.unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.shared.connection
    }

    pub(super) fn layout(&self) -> &'static dyn Layout {
        self.shared.layout
    }

    pub(super) fn broken(&self, source: crate::BrokenFormat) -> Error {
        Error::BrokenFormat {
            driver: self.connection().driver.clone(),
            source,
        }
    }
}

/// Why an open instance did not become a driver.
enum Connected {
    /// The instance is gone.
    No(opendriver::Error),
    Bad(Error),
}

impl From<Error> for Connected {
    fn from(error: Error) -> Self {
        Self::Bad(error)
    }
}

/// What `DRV_OPEN` carries, in the driver's own memory: the structure, and the names that it points at.
fn description(
    world: &World<'_>,
    options: OpenOptions<'_>,
) -> Result<(&'static dyn Layout, Block), opendriver::Error> {
    let layout = layout(world.width());
    let mut block = world.memory().allocate(ROOM)?;
    let mut names = [0; 2];
    // A driver that was not found by an alias has none.
    if !options.name.contains(['/', '\\']) {
        let mut at = NAMES;
        let section = options.section.unwrap_or("Drivers32");
        for (address, name) in names.iter_mut().zip([section, options.name]) {
            *address = block.address() + at as isize;
            at = write_text(&mut block, at, name);
        }
    }
    let bytes = layout.open(names[0], names[1]);
    block[..bytes.len()].copy_from_slice(&bytes);
    Ok((layout, block))
}

/// Writes as much of a text as there is room for, with a zero unit behind it. Answers where the next one may stand.
fn write_text(block: &mut [u8], at: usize, text: &str) -> usize {
    const LONGEST: usize = 500;
    let units = text.encode_utf16().take(LONGEST).chain([0]);
    units.fold(at, |at, unit| {
        block[at..at + 2].copy_from_slice(&unit.to_le_bytes());
        at + 2
    })
}
