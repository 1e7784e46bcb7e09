//! A stream that a driver has open, before the first conversion: what it was told, and what it says of sizes.

use opendriver::Block;
use opendriver_abi::answer::{MMSYSERR_NOERROR, MMSYSERR_NOTSUPPORTED};
use opendriver_abi::structures::{AcmDrvStreamSize, Structure as _};
use opendriver_abi::{LResult, Message};

use super::layout::{Opening, Place};
use super::{Driver, Error, WaveFilter};
use crate::WaveFormat;

/// `ACM_STREAMOPENF_QUERY`
const QUERY: u32 = 1;
/// `ACM_STREAMOPENF_NONREALTIME`
const NONREALTIME: u32 = 4;

/// The formats of a stream, and the filter, where there is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub(super) source: &'a WaveFormat,
    pub(super) destination: &'a WaveFormat,
    pub(super) filter: Option<&'a WaveFilter>,
    pub(super) pace: Pace,
}

/// Whether sound has to come out as fast as it is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// It has; some codecs take less care then, and those that cannot keep up refuse.
    Hurried,
    /// It has not, and a codec may take its time (`ACM_STREAMOPENF_NONREALTIME`).
    #[default]
    Unhurried,
}

impl Pace {
    fn flags(self) -> u32 {
        match self {
            Self::Hurried => 0,
            Self::Unhurried => NONREALTIME,
        }
    }
}

/// Terms in the driver's own memory; it keeps the addresses, so the blocks live as long as the stream.
#[derive(Debug)]
struct Told {
    source: Block,
    destination: Block,
    filter: Option<Block>,
    instance: Block,
}

impl Told {
    fn new(driver: &Driver, terms: Terms<'_>, flags: u32) -> Result<Self, Error> {
        const OPEN: Message = Message::ACMDM_STREAM_OPEN;
        let connection = driver.connection();
        let source = connection.block(OPEN, terms.source.as_bytes())?;
        let destination = connection.block(OPEN, terms.destination.as_bytes())?;
        let filter = terms
            .filter
            .map(|filter| connection.block(OPEN, filter.as_bytes()))
            .transpose()?;
        let opening = Opening {
            source: Place::of(&source),
            destination: Place::of(&destination),
            filter: filter.as_ref().map(Place::of).unwrap_or_default(),
            flags,
            // The manager's handle is an address of its own; all that a driver can do with it is to tell streams apart.
            handle: source.address(),
        };
        Ok(Self {
            instance: connection.block(OPEN, &driver.layout().stream(opening))?,
            source,
            destination,
            filter,
        })
    }

    /// Sends `ACMDM_STREAM_OPEN`.
    fn open(&self, driver: &Driver) -> Result<(), Error> {
        const OPEN: Message = Message::ACMDM_STREAM_OPEN;
        let connection = driver.connection();
        let answer = connection.expect(OPEN, self.instance.address(), 0);
        connection.watch(&self.source, "source format", OPEN);
        connection.watch(&self.destination, "destination format", OPEN);
        connection.watch(&self.instance, "stream instance", OPEN);
        if let Some(filter) = &self.filter {
            connection.watch(filter, "filter", OPEN);
        }
        answer
    }
}

/// Asks whether the driver would convert, and opens nothing.
pub(super) fn query(driver: &Driver, terms: Terms<'_>) -> Result<(), Error> {
    Told::new(driver, terms, QUERY | terms.pace.flags())?.open(driver)
}

/// A stream that a driver has open. It is closed when it is dropped.
#[derive(Debug)]
pub(super) struct OpenStream {
    pub(super) driver: Driver,
    told: Told,
    is_open: bool,
}

/// Which side's length is given (`ACM_STREAMSIZEF_*`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Source = 0,
    Destination = 1,
}

impl OpenStream {
    pub(super) fn new(driver: &Driver, terms: Terms<'_>) -> Result<Self, Error> {
        let told = Told::new(driver, terms, terms.pace.flags())?;
        told.open(driver)?;
        Ok(Self {
            driver: driver.clone(),
            told,
            is_open: true,
        })
    }

    /// Closes the stream, the first time that it is asked to.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        const CLOSE: Message = Message::ACMDM_STREAM_CLOSE;
        if !std::mem::take(&mut self.is_open) {
            return Ok(());
        }
        match self.send(CLOSE, 0)? {
            MMSYSERR_NOERROR => Ok(()),
            answer => Err(self.driver.connection().refused(CLOSE, answer)),
        }
    }

    pub(super) fn send(&self, message: Message, param2: isize) -> Result<LResult, Error> {
        let instance = self.told.instance.address();
        self.driver.connection().send(message, instance, param2)
    }

    /// Sends a message that a driver need not know: most have nothing to prepare and nothing to forget.
    pub(super) fn tell(&self, message: Message, param2: isize) -> Result<(), Error> {
        match self.send(message, param2)? {
            MMSYSERR_NOERROR | MMSYSERR_NOTSUPPORTED => Ok(()),
            answer => Err(self.driver.connection().refused(message, answer)),
        }
    }

    /// How long the other side is, where one has `len` bytes.
    pub(super) fn size(&self, given: Side, len: u32) -> Result<u32, Error> {
        const SIZE: Message = Message::ACMDM_STREAM_SIZE;
        let mut fields = AcmDrvStreamSize {
            size: AcmDrvStreamSize::SIZE as u32,
            flags: given as u32,
            ..AcmDrvStreamSize::zeroed()
        };
        match given {
            Side::Source => fields.source_length = len,
            Side::Destination => fields.destination_length = len,
        }
        let mut question = [0; AcmDrvStreamSize::SIZE];
        fields.write(&mut question);
        let connection = self.driver.connection();
        let block = connection.block(SIZE, &question)?;
        connection.expect(SIZE, self.told.instance.address(), block.address())?;
        connection.watch(&block, "size", SIZE);
        let filled = AcmDrvStreamSize::read(&block).unwrap_or(fields);
        Ok(match given {
            Side::Source => filled.destination_length,
            Side::Destination => filled.source_length,
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        // A driver that refuses to be done with a stream is not asked again; `Stream::close` tells who wants to know.
        let _ = self.close();
    }
}
