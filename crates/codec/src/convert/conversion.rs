//! What becomes of each stream of a source, decided before anything is written.

use opendriver::{Blame, Manager};
use opendriver_abi::structures::FourCc;

use super::listener::{Listener, Warning};
use super::pictures::{About, Pictures, Trouble};
use super::run::Watch;
use super::sound::Sound;
use super::source::Source;
use super::span::Moment;
use super::track::{Format, Track};
use super::{Error, FrameRange, Kind, Way, Wishes};
use crate::Pixel;
use crate::acm::{self, Drivers};
use crate::vfw::{Codec, Codecs, Mode};

/// A source, and what becomes of each of its streams.
///
/// See [the module](super) for an example.
#[derive(Debug)]
pub struct Conversion {
    pub(super) source: Source,
    pub(super) kind: Kind,
    pub(super) tracks: Vec<Track>,
    pub(super) lanes: Vec<Lane>,
    /// The pixels that are wished.
    pub(super) pixel: Option<Pixel>,
    pub(super) frames: FrameRange,
    pub(super) strict: bool,
    pub(super) warned: u64,
}

/// What works on a stream.
#[derive(Debug)]
pub(super) enum Lane {
    Drop,
    /// Neither pictures nor sound, as it comes.
    Copy,
    Pictures(Box<Pictures>),
    Sound(Box<Sound>),
}

impl Conversion {
    /// Opens a driver for each stream that is to be converted, and settles on formats.
    ///
    /// # Errors
    /// A driver that is named cannot be opened, none takes a stream or what is wished of it, or no stream goes into a file of this kind.
    pub fn open(
        manager: &Manager,
        source: Source,
        kind: Kind,
        wishes: &Wishes,
        listener: &mut dyn Listener,
    ) -> Result<Self, Error> {
        let formats = source.formats();
        let named = Named::open(manager, wishes, &codes(&source, wishes))?;
        let mut made = Self {
            kind,
            tracks: Vec::with_capacity(formats.len()),
            lanes: Vec::with_capacity(formats.len()),
            pixel: wishes.pictures.pixel,
            frames: wishes.frames,
            strict: wishes.strict,
            warned: 0,
            source,
        };
        let mut watch = Watch::new(listener, made.strict);
        let ways = ways(&formats, kind, wishes)?;
        for (stream, (from, way)) in formats.into_iter().zip(ways).enumerate() {
            let lane = made.lane(stream, &from, way, &named, wishes)?;
            made.settle(stream, from, way, lane);
        }
        for driver in named.unused(&made.tracks) {
            watch.warn(Warning::Unused { driver })?;
        }
        Ok(made)
    }

    /// What becomes of each stream.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// How many frames there will be, or samples where there are no pictures, as far as the source says.
    pub fn expected(&self) -> Option<u64> {
        let pictures = self
            .tracks
            .iter()
            .find(|track| track.way != Way::Drop && matches!(track.from, Format::Pictures(_)))?;
        let end = pictures.length?.min(self.frames.end);
        Some(end.saturating_sub(self.frames.start))
    }

    /// The settings of the video codec that was put to work, as it began; empty where it has none.
    pub fn state(&self) -> Option<&[u8]> {
        self.lanes.iter().find_map(|lane| match lane {
            Lane::Pictures(pictures) => pictures.state(),
            _ => None,
        })
    }

    fn lane(
        &self,
        stream: usize,
        from: &Format,
        way: Way,
        named: &Named,
        wishes: &Wishes,
    ) -> Result<Lane, Error> {
        match from {
            _ if way == Way::Drop => Ok(Lane::Drop),
            Format::Other(_) => Ok(Lane::Copy),
            Format::Sound(format) => {
                let mut wishes = wishes.sound;
                wishes.way = way;
                let sound = Sound::open(&named.sound, format, &wishes);
                let mut sound = sound.map_err(|source| Error::Sound {
                    stream,
                    source: Box::new(source),
                })?;
                if self.frames != FrameRange::ALL {
                    let (start, end) = self.moments(format.rate());
                    sound.cut(start, end);
                }
                Ok(Lane::Sound(Box::new(sound)))
            }
            Format::Pictures(format) => {
                let about = self.source.about(stream);
                let pictures =
                    Pictures::open(&named.pictures, format, about, &wishes.pictures, way);
                let pictures = pictures.map_err(|trouble| match trouble {
                    Trouble::Codec(source) => Error::Pictures {
                        stream,
                        source: Box::new(source),
                    },
                    Trouble::Wish(what) => Error::Wish { stream, what },
                })?;
                Ok(Lane::Pictures(Box::new(pictures)))
            }
        }
    }

    fn settle(&mut self, stream: usize, from: Format, way: Way, lane: Lane) {
        let (to, steps) = match &lane {
            Lane::Drop | Lane::Copy => (from.clone(), Vec::new()),
            Lane::Pictures(pictures) => (
                Format::Pictures(pictures.to().clone()),
                pictures.steps().to_vec(),
            ),
            Lane::Sound(sound) => (Format::Sound(sound.to().clone()), sound.steps()),
        };
        self.tracks.push(Track {
            stream,
            way,
            from,
            to,
            length: self.source.length(stream),
            is_whole: self.frames == FrameRange::ALL,
            steps,
        });
        self.lanes.push(lane);
    }

    /// When the range of frames begins and ends. Without pictures, samples are counted.
    fn moments(&self, samples: u32) -> (Moment, Moment) {
        let formats = self.source.formats();
        let pictures = formats
            .iter()
            .position(|format| matches!(format, Format::Pictures(_)));
        let (scale, rate) = match pictures {
            Some(stream) => {
                let About { scale, rate, .. } = self.source.about(stream);
                (scale, rate)
            }
            None => (1, samples),
        };
        let moment = |frame: u64| Moment {
            count: frame.saturating_mul(scale.into()),
            rate: rate.max(1).into(),
        };
        (moment(self.frames.start), moment(self.frames.end))
    }
}

/// What becomes of each stream: a file that holds one gets the first that goes into it.
fn ways(formats: &[Format], kind: Kind, wishes: &Wishes) -> Result<Vec<Way>, Error> {
    let mut is_full = false;
    let ways: Vec<Way> = formats
        .iter()
        .map(|format| {
            let way = match format {
                Format::Pictures(_) if kind.holds_pictures() => wishes.pictures.way,
                Format::Sound(_) if kind.holds_sound() => wishes.sound.way,
                Format::Other(_) if kind == Kind::Avi => Way::Copy,
                _ => Way::Drop,
            };
            if way == Way::Drop || (is_full && kind != Kind::Avi) {
                return Way::Drop;
            }
            is_full = true;
            way
        })
        .collect();
    if is_full {
        return Ok(ways);
    }
    let found: Vec<String> = formats.iter().map(ToString::to_string).collect();
    Err(Error::Nothing {
        kind,
        found: match found.is_empty() {
            true => "none".to_owned(),
            false => found.join("; "),
        },
    })
}

/// The codes that a video codec may be known by: those of the source's streams, and the one that is wished.
fn codes(source: &Source, wishes: &Wishes) -> Vec<FourCc> {
    let mut codes = Vec::new();
    for (stream, format) in source.formats().iter().enumerate() {
        if let Format::Pictures(format) = format {
            codes.extend([source.about(stream).handler, format.compression()]);
        }
    }
    codes.extend(wishes.pictures.codec);
    // Smaller numbers are kinds of plain pixels.
    codes.retain(|code| code.0 > u32::from(u8::MAX));
    codes
}

/// The drivers to use: those that were named for a class, else those that are installed.
struct Named {
    sound: Drivers,
    pictures: Codecs,
    /// The names, and whether each is of an audio codec.
    names: Vec<(String, bool)>,
}

impl Named {
    /// Opens what is named once, to see what it is: video codecs by the `codes` that they may insist on.
    fn open(manager: &Manager, wishes: &Wishes, codes: &[FourCc]) -> Result<Self, Error> {
        let mut names = Vec::new();
        for driver in &wishes.drivers {
            names.push((driver.clone(), is_sound(manager, driver, codes)?));
        }
        let of_class = |sound: bool| -> Vec<&str> {
            let named = names.iter().filter(|(_, is_sound)| *is_sound == sound);
            named.map(|(name, _)| name.as_str()).collect()
        };
        let (sound, pictures) = (of_class(true), of_class(false));
        let linked: Vec<&str> = wishes.linked.iter().map(String::as_str).collect();
        let sound = match sound.is_empty() {
            true => Drivers::installed(manager, &linked).map_err(|source| Error::Drivers {
                source: Box::new(source),
            })?,
            false => Drivers::named(manager, &[sound, linked].concat()),
        };
        let pictures = match pictures.is_empty() {
            true => Codecs::installed(manager).map_err(|source| Error::Codecs {
                source: Box::new(source),
            })?,
            false => Codecs::named(manager, &pictures),
        };
        Ok(Self {
            sound,
            pictures,
            names,
        })
    }

    /// Those of the names that no stream needs.
    fn unused(&self, tracks: &[Track]) -> Vec<String> {
        let wants = |sound: bool| {
            tracks.iter().any(|track| {
                track.way == Way::Convert && matches!(track.from, Format::Sound(_)) == sound
            })
        };
        let unused = self.names.iter().filter(|(_, is_sound)| !wants(*is_sound));
        unused.map(|(name, _)| name.clone()).collect()
    }
}

/// Whether a driver is an audio codec; else it is a video codec.
fn is_sound(manager: &Manager, driver: &str, codes: &[FourCc]) -> Result<bool, Error> {
    let sound = match acm::Driver::open(manager, driver) {
        Ok(_) => return Ok(true),
        // What cannot be loaded cannot be loaded as a codec of another class either.
        Err(acm::Error::Unopened { source, .. }) if source.blame() != Blame::Refused => {
            return Err(Error::Driver(source));
        }
        Err(error) => error,
    };
    let open = |code: FourCc| Codec::open(manager, driver, code, Mode::Query);
    if codes.iter().any(|&code| open(code).is_ok()) {
        return Ok(false);
    }
    match open(FourCc(0)) {
        Ok(_) => Ok(false),
        Err(pictures) => Err(Error::NoCodec {
            driver: driver.to_owned(),
            sound: Box::new(sound),
            pictures: Box::new(pictures),
        }),
    }
}
