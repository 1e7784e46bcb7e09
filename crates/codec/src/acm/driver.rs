//! One audio codec, open: what it is, which formats and filters it has, what it suggests.

use std::sync::{Arc, Mutex, PoisonError};

use opendriver::{Block, Instance, Manager, ModuleInfo, OpenOptions, World};
use opendriver_abi::Message;
use opendriver_abi::answer::MMSYSERR_NOERROR;
use opendriver_abi::structures::{
    AcmFilterTagDetails, AcmFormatTagDetails, Structure, WaveFormatEx,
};

use super::connection::Connection;
use super::layout::{Layout, Listed, Place, layout, layout_of};
use super::{
    Answer, Details, Error, Filter, FilterTag, Format, FormatTag, Overrun, Stream, Support,
    WaveFilter, Wish, details,
};
use crate::WaveFormat;

/// No codec has more tags; a driver that claims so is not asked for ever.
const MOST_TAGS: u32 = 256;

/// No tag has more formats or filters.
const MOST_LISTED: u32 = 4096;

/// The longest format there can be: the extra bytes are counted in 16 bits.
const LONGEST_FORMAT: u32 = WaveFormatEx::SIZE as u32 + u16::MAX as u32;

/// A driver of another class may take what it is opened with for a longer structure.
const ROOM: usize = 4096;

/// Where in that room the names stand.
const NAMES: usize = 1024;

/// One audio codec, open. Clones are the same instance of the driver, which closes with the last of them and of its streams, or with
/// the manager.
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
    connection: Connection,
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
        Self::of(instance, options.name).map_err(|error| match error {
            Connected::No(source) => unopened(source, 0),
            Connected::Bad(error) => error,
        })
    }

    fn of(instance: Instance, name: &str) -> Result<Self, Connected> {
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

    /// The kinds of formats that it handles, in its order.
    ///
    /// # Errors
    /// [`Error::Unsent`] where the driver breaks. A tag that it refuses to tell is left out.
    pub fn format_tags(&self) -> Result<Vec<FormatTag>, Error> {
        let count = self.details().format_tags.min(MOST_TAGS);
        let tags = (0..count).map(|index| self.format_tag_of(index, 0, TagOf::Index));
        tags.filter_map(Result::transpose).collect()
    }

    /// What it does with one tag.
    ///
    /// # Errors
    /// [`Error::UnknownTag`] where it is not among the driver's, and as [`format_tags`](Self::format_tags).
    pub fn format_tag(&self, tag: u16) -> Result<FormatTag, Error> {
        let found = self.format_tag_of(0, tag, TagOf::Tag)?;
        found
            .filter(|found| found.tag == tag)
            .ok_or_else(|| Error::UnknownTag {
                driver: self.connection().driver.clone(),
                tag,
            })
    }

    /// The formats of one tag that the driver lists; with a template, those of them that it converts the template to.
    ///
    /// # Errors
    /// [`Error::UnknownTag`] where the tag is not among the driver's, [`Error::Unsent`] where it breaks. Formats that it refuses to tell
    /// are left out.
    pub fn formats(&self, tag: u16, template: Option<&WaveFormat>) -> Result<Vec<Format>, Error> {
        let found = self.format_tag(tag)?;
        let mut formats = Vec::new();
        for index in 0..found.standard_formats.min(MOST_LISTED) {
            let Some(format) = self.format(&found, index)? else {
                continue;
            };
            let wanted =
                match template.map(|source| Stream::query(self, source, &format.format, None)) {
                    None | Some(Ok(())) => true,
                    Some(Err(Error::Refused { .. })) => false,
                    Some(Err(error)) => return Err(error),
                };
            if wanted {
                formats.push(format);
            }
        }
        Ok(formats)
    }

    /// What the driver would convert `source` to, as wished.
    ///
    /// # Errors
    /// [`Error::Refused`] where it has no such format, [`Error::Nonsense`] where it suggests another.
    pub fn suggest(&self, source: &WaveFormat, wish: &Wish) -> Result<WaveFormat, Error> {
        const SUGGEST: Message = Message::ACMDM_FORMAT_SUGGEST;
        let connection = self.connection();
        let size = match wish.tag {
            Some(tag) => self.format_tag(tag)?.format_size,
            None => self.sizes()?.format,
        };
        let mut destination = connection.room(SUGGEST, room_for_format(size))?;
        wish.header().write(&mut destination);
        let given = connection.block(SUGGEST, source.as_bytes())?;
        let places = (Place::of(&given), Place::of(&destination));
        let question = self.layout().suggestion(wish.flags(), places.0, places.1);
        connection.ask(SUGGEST, &question, 0)?;
        connection.watch(&destination, "suggested format", SUGGEST);
        let format = self.parse(&destination)?;
        if !wish.matches(&format) {
            let what = format!("wished was {wish}, suggested is {format}");
            return Err(connection.nonsense(SUGGEST, what));
        }
        Ok(format)
    }

    /// The kinds of filters that it has, in its order.
    ///
    /// # Errors
    /// [`Error::Unsent`] where the driver breaks. A tag that it refuses to tell is left out.
    pub fn filter_tags(&self) -> Result<Vec<FilterTag>, Error> {
        let count = self.details().filter_tags.min(MOST_TAGS);
        let tags = (0..count).map(|index| self.filter_tag_of(index, 0, TagOf::Index));
        tags.filter_map(Result::transpose).collect()
    }

    /// The filters of one tag that the driver lists.
    ///
    /// # Errors
    /// [`Error::Unsent`] where the driver breaks. Filters that it refuses to tell are left out.
    pub fn filters(&self, tag: u32) -> Result<Vec<Filter>, Error> {
        let Some(found) = self.filter_tag_of(0, tag, TagOf::Tag)? else {
            return Ok(Vec::new());
        };
        let count = found.standard_filters.min(MOST_LISTED);
        let filters = (0..count).map(|index| self.filter(&found, index));
        filters.filter_map(Result::transpose).collect()
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

    fn format_tag_of(&self, index: u32, tag: u16, of: TagOf) -> Result<Option<FormatTag>, Error> {
        const DETAILS: Message = Message::ACMDM_FORMATTAG_DETAILS;
        let mut question = [0; AcmFormatTagDetails::SIZE];
        let fields = AcmFormatTagDetails {
            size: AcmFormatTagDetails::SIZE as u32,
            index,
            tag: tag.into(),
            ..AcmFormatTagDetails::zeroed()
        };
        fields.write(&mut question);
        let Some(answer) = told(self.connection().ask(DETAILS, &question, of as u32))? else {
            return Ok(None);
        };
        let Some(details) = AcmFormatTagDetails::read(&answer) else {
            return Ok(None);
        };
        // Where there are only 16 bits for it in a format, a wider one is no tag.
        let Ok(tag) = u16::try_from(details.tag) else {
            return Ok(None);
        };
        let name = match { details.name }.to_string() {
            // Codecs leave that of plain samples to the system, which fills it in.
            name if tag == WaveFormat::PCM && name.is_empty() => "PCM".to_owned(),
            name => name,
        };
        Ok(Some(FormatTag {
            tag,
            name,
            format_size: details.format_size,
            support: Support::from_bits_retain(details.support),
            standard_formats: details.standard_formats,
        }))
    }

    fn format(&self, tag: &FormatTag, index: u32) -> Result<Option<Format>, Error> {
        const DETAILS: Message = Message::ACMDM_FORMAT_DETAILS;
        let connection = self.connection();
        let mut room = connection.room(DETAILS, room_for_format(tag.format_size))?;
        let header = WaveFormatEx {
            tag: tag.tag,
            ..WaveFormatEx::zeroed()
        };
        header.write(&mut room);
        let question = self.layout().format(Listed {
            tag: tag.tag.into(),
            index,
            place: Place::of(&room),
        });
        let Some(answer) = told(connection.ask(DETAILS, &question, 0))? else {
            return Ok(None);
        };
        connection.watch(&room, "format", DETAILS);
        let format = self.parse(&room)?;
        Ok(self
            .layout()
            .format_filled(&answer)
            .map(|(support, name)| Format {
                name: match name.is_empty() {
                    true => details::name(&format),
                    false => name,
                },
                support,
                format,
            }))
    }

    fn filter_tag_of(&self, index: u32, tag: u32, of: TagOf) -> Result<Option<FilterTag>, Error> {
        const DETAILS: Message = Message::ACMDM_FILTERTAG_DETAILS;
        let mut question = [0; AcmFilterTagDetails::SIZE];
        let fields = AcmFilterTagDetails {
            size: AcmFilterTagDetails::SIZE as u32,
            index,
            tag,
            ..AcmFilterTagDetails::zeroed()
        };
        fields.write(&mut question);
        let answer = told(self.connection().ask(DETAILS, &question, of as u32))?;
        let details = answer.and_then(|answer| AcmFilterTagDetails::read(&answer));
        Ok(details.map(|details| FilterTag {
            tag: details.tag,
            name: { details.name }.to_string(),
            filter_size: details.filter_size,
            support: Support::from_bits_retain(details.support),
            standard_filters: details.standard_filters,
        }))
    }

    fn filter(&self, tag: &FilterTag, index: u32) -> Result<Option<Filter>, Error> {
        const DETAILS: Message = Message::ACMDM_FILTER_DETAILS;
        let connection = self.connection();
        let empty = WaveFilter::new(tag.tag, 0, &[]);
        let size = tag.filter_size.min(LONGEST_FORMAT) as usize;
        let mut room = connection.room(DETAILS, size.max(empty.as_bytes().len()))?;
        room[..empty.as_bytes().len()].copy_from_slice(empty.as_bytes());
        let question = self.layout().filter(Listed {
            tag: tag.tag,
            index,
            place: Place::of(&room),
        });
        let Some(answer) = told(connection.ask(DETAILS, &question, 0))? else {
            return Ok(None);
        };
        connection.watch(&room, "filter", DETAILS);
        let filter = WaveFilter::parse(&room).map_err(|source| self.broken(source))?;
        Ok(self
            .layout()
            .filter_filled(&answer)
            .map(|(support, name)| Filter {
                filter,
                support,
                name,
            }))
    }

    fn parse(&self, bytes: &[u8]) -> Result<WaveFormat, Error> {
        WaveFormat::parse(bytes).map_err(|source| self.broken(source))
    }

    fn broken(&self, source: crate::BrokenFormat) -> Error {
        Error::BrokenFormat {
            driver: self.connection().driver.clone(),
            source,
        }
    }
}

/// Which tag is asked for (`ACM_FORMATTAGDETAILSF_*`, `ACM_FILTERTAGDETAILSF_*`).
#[derive(Clone, Copy, Debug)]
enum TagOf {
    Index = 0,
    Tag = 1,
    Largest = 2,
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

/// How many bytes to offer for a format of a tag whose largest one has `size`.
fn room_for_format(size: u32) -> usize {
    size.clamp(WaveFormatEx::SIZE as u32, LONGEST_FORMAT) as usize
}

/// A refusal is an answer: there is no such thing.
fn told(answer: Result<Block, Error>) -> Result<Option<Block>, Error> {
    match answer {
        Ok(block) => Ok(Some(block)),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
