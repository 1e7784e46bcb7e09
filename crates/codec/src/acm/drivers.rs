//! The audio codecs that there are, in the order in which they are asked, and the search among them.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use opendriver::{Manager, Message, OpenOptions, registry};

use super::priority::{self, Choice};
use super::{Driver, Error, Feed, Pace, Refusal, Stream, Support, WaveFilter, Wish};
use crate::WaveFormat;

/// The section in which audio codecs are installed.
const SECTION: &str = "Drivers32";

/// What their aliases start with.
const PREFIX: &str = "msacm.";

/// Rates that codecs are made for, from that of music to that of speech.
const RATES: [u32; 7] = [44_100, 48_000, 32_000, 22_050, 16_000, 11_025, 8000];

/// The audio codecs that there are, in the order in which they are asked.
///
/// None is opened before it is needed. One that cannot be opened is passed over, and named when a search is in vain.
///
/// ```no_run
/// use opendriver::Manager;
/// use opendriver_codec::{WaveFormat, acm::{Drivers, Wish}};
///
/// # let registry = opendriver::Registry::in_memory();
/// let manager = Manager::builder().registry(registry).trust_foreign_code().build();
/// let drivers = Drivers::installed(&manager, &["pcm"])?;
/// let mp3 = WaveFormat::parse(&std::fs::read("format.bin").unwrap()).unwrap();
/// let format = drivers.suggest(&mp3, &Wish::pcm())?;
/// let stream = drivers.stream(&mp3, &format, None)?;
/// # Ok::<(), opendriver_codec::acm::Error>(())
/// ```
///
/// A clone is another list of the same drivers: what one has open, the other has.
#[derive(Clone, Debug)]
pub struct Drivers {
    manager: Manager,
    candidates: Vec<Candidate>,
}

/// One of the [`Drivers`].
#[derive(Clone, Debug)]
pub struct Candidate {
    name: Arc<str>,
    section: Option<&'static str>,
    enabled: bool,
    local: bool,
    driver: Arc<Opened>,
}

impl Candidate {
    fn new(name: &str, section: Option<&'static str>) -> Self {
        Self {
            name: name.into(),
            section,
            enabled: true,
            local: false,
            driver: Arc::default(),
        }
    }

    /// An entry that leads to no file: it is in the list, and says so when it is asked.
    fn broken(name: &str, error: registry::Error) -> Self {
        Self {
            driver: Arc::new(Opened {
                found: OnceLock::from(Err(Arc::new(error.into()))),
                ..Opened::default()
            }),
            ..Self::new(name, Some(SECTION))
        }
    }

    /// The name that it is opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The section that holds its alias; none of a driver that was named, which may be a file.
    pub fn section(&self) -> Option<&'static str> {
        self.section
    }

    /// Whether searches ask it.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether the program added it for itself.
    pub fn is_local(&self) -> bool {
        self.local
    }

    fn driver(&self, manager: &Manager) -> Result<&Driver, Arc<Error>> {
        let opened = match self.driver.found.get() {
            Some(opened) => opened,
            None => {
                let inside = self.driver.enter().ok_or_else(|| self.asks_for_itself())?;
                let options = OpenOptions {
                    section: self.section,
                    ..OpenOptions::new(&self.name)
                };
                // No lock is held while the driver runs: it may ask for the list, and so may who listens to its messages.
                let found = Driver::open_with(manager, options).map_err(Arc::new);
                drop(inside);
                self.driver.found.get_or_init(|| found)
            }
        };
        opened.as_ref().map_err(Arc::clone)
    }

    /// A driver that asks for itself while it is opened would do so for ever.
    fn asks_for_itself(&self) -> Arc<Error> {
        Arc::new(Error::Unopened {
            driver: self.name.to_string(),
            answer: None,
            source: opendriver::Error::InsideLifeCycle {
                module: self.name.to_string(),
                during: Message::DRV_OPEN,
            },
        })
    }
}

/// What became of a candidate when it was first asked.
#[derive(Debug, Default)]
struct Opened {
    found: OnceLock<Result<Driver, Arc<Error>>>,
    /// The threads that are opening it.
    by: Mutex<Vec<ThreadId>>,
}

impl Opened {
    fn by(&self) -> MutexGuard<'_, Vec<ThreadId>> {
        self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this thread is opening it, until the answer is dropped; none where it is at it already.
    fn enter(&self) -> Option<Inside<'_>> {
        let this = thread::current().id();
        let mut by = self.by();
        if by.contains(&this) {
            return None;
        }
        by.push(this);
        Some(Inside(self, this))
    }
}

/// A thread that is opening a candidate.
struct Inside<'a>(&'a Opened, ThreadId);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.by().retain(|thread| *thread != self.1);
    }
}

/// What the audio compression manager counts (`acmMetrics`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Drivers that are enabled.
    pub drivers: usize,
    /// Drivers that are not.
    pub disabled: usize,
    /// Enabled drivers that cannot be opened.
    pub broken: usize,
    /// Enabled drivers that convert between tags.
    pub codecs: usize,
    /// Enabled drivers that convert within a tag.
    pub converters: usize,
    /// Enabled drivers that filter.
    pub filters: usize,
    /// Enabled drivers with hardware of their own.
    pub hardware: usize,
    /// Bytes in the largest format of all enabled drivers.
    pub format_size: u32,
    /// Bytes in the largest filter of all enabled drivers.
    pub filter_size: u32,
}

impl Drivers {
    /// Closes what is open, and opens it anew when it is asked again: behind the end of a session all of it is closed anyway.
    pub fn forget_open(&mut self) {
        for candidate in &mut self.candidates {
            if matches!(candidate.driver.found.get(), Some(Ok(_))) {
                candidate.driver = Arc::default();
            }
        }
    }

    /// Lists what is installed: the `msacm.*` of `Drivers32`, as a person ordered them, then in the registry's order; and behind them the
    /// drivers of the program's own that `linked` names.
    ///
    /// # Errors
    /// [`Error::Registry`] where the registry cannot be read. An entry that is no good stays in the list and says so when it is asked.
    pub fn installed(manager: &Manager, linked: &[&str]) -> Result<Self, Error> {
        let registry = manager.registry();
        let mut candidates = Vec::new();
        for (name, _) in registry.values(SECTION)? {
            let is_codec = name.get(..PREFIX.len());
            if !is_codec.is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
                continue;
            }
            match registry.alias(SECTION, &name) {
                Ok(None) => {}
                Ok(Some(_)) => candidates.push(Candidate::new(&name, Some(SECTION))),
                Err(error) => candidates.push(Candidate::broken(&name, error)),
            }
        }
        candidates.extend(linked.iter().map(|name| Candidate::new(name, None)));
        let mut drivers = Self {
            manager: manager.clone(),
            candidates,
        };
        drivers.order(&priority::read(registry)?);
        Ok(drivers)
    }

    /// Lists drivers by name, the first to be asked first, whatever is installed.
    pub fn named(manager: &Manager, names: &[&str]) -> Self {
        Self {
            manager: manager.clone(),
            candidates: names
                .iter()
                .map(|name| Candidate::new(name, None))
                .collect(),
        }
    }

    /// Adds a driver of the program's own, which it is asked before all others. [`save`](Self::save) does not keep it. One that has the name
    /// already stays, where it is.
    pub fn add_local(&mut self, name: &str) {
        if self.place_of(name).is_err() {
            let mut candidate = Candidate::new(name, None);
            candidate.local = true;
            self.candidates.insert(0, candidate);
        }
    }

    /// Adds an alias of the registry that came into it later, behind those that are there. One that is listed stays, where it is.
    pub fn add_installed(&mut self, name: &str) {
        if self.place_of(name).is_err() {
            self.candidates.push(Candidate::new(name, Some(SECTION)));
        }
    }

    /// Takes a driver out of the list. It stays installed.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where the list has no such name.
    pub fn remove(&mut self, name: &str) -> Result<(), Error> {
        self.candidates.remove(self.place_of(name)?);
        Ok(())
    }

    /// Moves a driver to a place in the order, 0 for the first to be asked. [`save`](Self::save) keeps that.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where the list has no such name.
    pub fn set_priority(&mut self, name: &str, place: usize) -> Result<(), Error> {
        let candidate = self.candidates.remove(self.place_of(name)?);
        let place = place.min(self.candidates.len());
        self.candidates.insert(place, candidate);
        Ok(())
    }

    /// Says whether searches ask a driver. [`save`](Self::save) keeps that.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where the list has no such name.
    pub fn set_enabled(&mut self, name: &str, enabled: bool) -> Result<(), Error> {
        let place = self.place_of(name)?;
        self.candidates[place].enabled = enabled;
        Ok(())
    }

    /// Writes the order into the registry, where the audio compression manager of Windows keeps it.
    ///
    /// # Errors
    /// [`Error::Registry`] where it cannot be written.
    pub fn save(&self) -> Result<(), Error> {
        let kept = self.candidates.iter().filter(|candidate| !candidate.local);
        let choices = kept.map(|candidate| Choice {
            name: candidate.name.to_string(),
            enabled: candidate.enabled,
        });
        Ok(priority::write(self.manager.registry(), choices)?)
    }

    /// The drivers in the order in which they are asked, those that are not asked included.
    pub fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter()
    }

    /// The driver of a name, opened when it was not.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where the list has no such name, and why it cannot be opened.
    pub fn driver(&self, name: &str) -> Result<&Driver, Arc<Error>> {
        let place = self.place_of(name).map_err(Arc::new)?;
        self.candidates[place].driver(&self.manager)
    }

    /// Opens a conversion with the first driver that takes it, as `acmStreamOpen` does when no driver is named: those are asked that know
    /// the tags of both formats, in order.
    ///
    /// # Errors
    /// [`Error::NoDriver`] with what each driver said.
    pub fn stream(
        &self,
        source: &WaveFormat,
        destination: &WaveFormat,
        filter: Option<&WaveFilter>,
    ) -> Result<Stream, Error> {
        let tags = [source.tag(), destination.tag()];
        self.search(source, destination, |driver| {
            for tag in tags {
                driver.format_tag(tag)?;
            }
            Stream::open(driver, source, destination, filter)
        })
    }

    /// Opens a conversion, as [`stream`](Self::stream) does, that is fed buffer by buffer.
    ///
    /// # Errors
    /// [`Error::NoDriver`] with what each driver said.
    pub fn feed(
        &self,
        source: &WaveFormat,
        destination: &WaveFormat,
        filter: Option<&WaveFilter>,
        pace: Pace,
    ) -> Result<Feed, Error> {
        let tags = [source.tag(), destination.tag()];
        self.search(source, destination, |driver| {
            for tag in tags {
                driver.format_tag(tag)?;
            }
            Feed::open(driver, source, destination, filter, pace)
        })
    }

    /// Asks whether a driver would convert, and opens nothing.
    ///
    /// # Errors
    /// [`Error::NoDriver`] with what each driver said.
    pub fn query(
        &self,
        source: &WaveFormat,
        destination: &WaveFormat,
        filter: Option<&WaveFilter>,
        pace: Pace,
    ) -> Result<(), Error> {
        let tags = [source.tag(), destination.tag()];
        self.search(source, destination, |driver| {
            for tag in tags {
                driver.format_tag(tag)?;
            }
            Feed::query(driver, source, destination, filter, pace)
        })
    }

    /// Asks the enabled drivers in order until one has an answer.
    ///
    /// # Errors
    /// What each driver said.
    pub fn first<T>(&self, ask: impl Fn(&Driver) -> Result<T, Error>) -> Result<T, Vec<Refusal>> {
        let mut refusals = Vec::new();
        for candidate in self.candidates.iter().filter(|candidate| candidate.enabled) {
            let asked = candidate
                .driver(&self.manager)
                .and_then(|driver| ask(driver).map_err(Arc::new));
            match asked {
                Ok(found) => return Ok(found),
                Err(reason) => refusals.push(Refusal {
                    driver: candidate.name.to_string(),
                    reason,
                }),
            }
        }
        Err(refusals)
    }

    /// What the first driver that has an answer would convert `source` to, as wished. Of a driver that suggests nothing, or only the
    /// beginning of a format, it is a listed format that it converts `source` to: the one most like the source and the suggestion.
    ///
    /// # Errors
    /// [`Error::NoDriver`] with what each driver said.
    pub fn suggest(&self, source: &WaveFormat, wish: &Wish) -> Result<WaveFormat, Error> {
        self.search(source, wish, |driver| {
            driver.format_tag(source.tag())?;
            let suggested = match (driver.suggest(source, wish), wish.tag) {
                (Ok(format), Some(tag)) if !is_whole(driver, tag, &format)? => Ok(format),
                (Ok(format), _) if wish.matches(&format) => return Ok(format),
                (Err(error), None) => return Err(error),
                (suggested, _) => suggested,
            };
            let refused = matches!(suggested, Ok(_) | Err(Error::Refused { .. }));
            let Some(tag) = wish.tag.filter(|_| refused) else {
                return suggested;
            };
            let listed = driver.formats(tag, Some(source))?;
            let listed = listed.into_iter().map(|listed| listed.format);
            let bytes = suggested.as_ref().map_or(0, WaveFormat::bytes_per_second);
            let nearest = listed
                .filter(|format| wish.matches(format))
                .min_by_key(|format| {
                    (
                        format.rate() != source.rate(),
                        format.channels() != source.channels(),
                        format.bytes_per_second().abs_diff(bytes),
                    )
                });
            match (nearest, suggested) {
                (Some(format), _) => Ok(format),
                (None, Ok(format)) if !wish.matches(&format) => Err(driver.has_only(wish, &format)),
                (None, suggested) => suggested,
            }
        })
    }

    /// A format as wished that a [`chain`](Self::chain) from `source` leads to, as near to it as can be: where no driver has one for the
    /// very sound, one for sound with fewer channels, and then of another rate.
    ///
    /// # Errors
    /// [`Error::NoDriver`] with what each driver said of `source` itself.
    pub fn target(&self, source: &WaveFormat, wish: &Wish) -> Result<WaveFormat, Error> {
        let error = match self.suggest(source, wish) {
            Ok(format) => return Ok(format),
            Err(error) => error,
        };
        let rates = [source.rate()].into_iter().chain(wish.rate).chain(RATES);
        let channels = [source.channels(), 2, 1];
        let plain =
            rates.flat_map(|rate| channels.map(|channels| WaveFormat::pcm(channels, rate, 16)));
        let mut reached = plain
            .filter_map(|plain| self.suggest(&plain, wish).ok())
            .filter(|format| self.chain(source, format).is_ok());
        reached.next().ok_or(error)
    }

    /// Counts the drivers that are installed, and what they do. Opens those that are enabled.
    pub fn metrics(&self) -> Metrics {
        self.count(false)
    }

    /// Counts the drivers that the program added for itself, and what they do. Opens those that are enabled.
    pub fn local_metrics(&self) -> Metrics {
        self.count(true)
    }

    fn count(&self, local: bool) -> Metrics {
        let mut metrics = Metrics::default();
        for candidate in self.candidates.iter().filter(|it| it.local == local) {
            if !candidate.enabled {
                metrics.disabled += 1;
                continue;
            }
            metrics.drivers += 1;
            let asked = candidate.driver(&self.manager).map(|driver| {
                let sizes = driver.sizes().unwrap_or_default();
                (driver.details().support, sizes)
            });
            let Ok((support, sizes)) = asked else {
                metrics.broken += 1;
                continue;
            };
            metrics.codecs += usize::from(support.contains(Support::CODEC));
            metrics.converters += usize::from(support.contains(Support::CONVERTER));
            metrics.filters += usize::from(support.contains(Support::FILTER));
            metrics.hardware += usize::from(support.contains(Support::HARDWARE));
            metrics.format_size = metrics.format_size.max(sizes.format);
            metrics.filter_size = metrics.filter_size.max(sizes.filter);
        }
        metrics
    }

    /// Asks the enabled drivers in order until one does it.
    fn search<T>(
        &self,
        source: &WaveFormat,
        wanted: impl ToString,
        ask: impl Fn(&Driver) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.first(ask).map_err(|refusals| Error::NoDriver {
            from: source.clone(),
            to: wanted.to_string(),
            refusals,
        })
    }

    /// Puts the drivers that `choices` name first, in that order.
    fn order(&mut self, choices: &[Choice]) {
        let mut ordered = Vec::with_capacity(self.candidates.len());
        for choice in choices {
            if let Ok(place) = self.place_of(&choice.name) {
                let mut candidate = self.candidates.remove(place);
                candidate.enabled = choice.enabled;
                ordered.push(candidate);
            }
        }
        ordered.append(&mut self.candidates);
        self.candidates = ordered;
    }

    fn place_of(&self, name: &str) -> Result<usize, Error> {
        let place = self
            .candidates
            .iter()
            .position(|candidate| candidate.name.eq_ignore_ascii_case(name));
        place.ok_or_else(|| Error::NotInstalled {
            name: name.to_owned(),
        })
    }
}

/// Whether a suggested format has all the bytes that formats of its tag have: some drivers leave out what follows the first 18.
fn is_whole(driver: &Driver, tag: u16, format: &WaveFormat) -> Result<bool, Error> {
    Ok(format.as_bytes().len() >= driver.format_tag(tag)?.format_size as usize)
}
