//! A conversion that is fed buffer by buffer, as an application of Windows does it.

use opendriver::{Block, LParam, LResult, Overrun};
use opendriver_abi::Message;
use opendriver_abi::answer::MMSYSERR_NOERROR;

use super::layout::Place;
use super::opening::{self, OpenStream, Pace, Side, Terms};
use super::stream::Flags;
use super::{Driver, Error, WaveFilter};
use crate::WaveFormat;

/// A conversion that is fed buffer by buffer: one message each, with the lengths that the caller chooses. [`Stream`](super::Stream) is for
/// all who want sound converted, this for who wants to say how.
///
/// ```
/// # use opendriver::Manager;
/// # use opendriver_codec::{WaveFormat, acm::{Driver, Feed, Flags, Pace}};
/// # let manager = Manager::builder().builtin(pcm::driver()).build();
/// # let driver = Driver::open(&manager, "pcm")?;
/// let (from, to) = (WaveFormat::pcm(1, 8000, 16), WaveFormat::pcm(2, 8000, 16));
/// let feed = Feed::open(&driver, &from, &to, None, Pace::Unhurried)?;
/// let mut buffer = feed.prepare(400, feed.destination_size(400)?)?;
/// buffer.source_mut().fill(7);
/// let done = feed.convert(&mut buffer, 200, 800, Flags::default())?;
/// assert_eq!((done.used, done.written), (200, 400));
/// assert_eq!(buffer.destination()[..400], [7; 400]);
/// feed.unprepare(buffer)?;
/// # Ok::<(), opendriver_codec::acm::Error>(())
/// ```
#[derive(Debug)]
pub struct Feed {
    pub(super) open: OpenStream,
}

/// A pair of buffers for a [`Feed`], in the driver's memory: a source and a destination, which the driver has been told of.
#[derive(Debug)]
pub struct Buffer {
    pub(super) header: Block,
    pub(super) source: Block,
    pub(super) destination: Block,
}

/// What became of one buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Converted {
    /// How many bytes of the source were used.
    pub used: usize,
    /// How many bytes of the destination were written.
    pub written: usize,
}

impl Feed {
    /// Asks whether the driver would convert, and opens nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason where it would not.
    pub fn query(
        driver: &Driver,
        source: &WaveFormat,
        destination: &WaveFormat,
        filter: Option<&WaveFilter>,
        pace: Pace,
    ) -> Result<(), Error> {
        let terms = Terms {
            source,
            destination,
            filter,
            pace,
        };
        opening::query(driver, terms)
    }

    /// Opens a conversion.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason where the driver does not convert between these formats.
    pub fn open(
        driver: &Driver,
        source: &WaveFormat,
        destination: &WaveFormat,
        filter: Option<&WaveFilter>,
        pace: Pace,
    ) -> Result<Self, Error> {
        let terms = Terms {
            source,
            destination,
            filter,
            pace,
        };
        let open = OpenStream::new(driver, terms)?;
        Ok(Self { open })
    }

    /// Makes a pair of buffers, and tells the driver of them.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not take them, [`Error::Unsent`] where there is not so much memory.
    pub fn prepare(&self, source_len: u32, destination_len: u32) -> Result<Buffer, Error> {
        const PREPARE: Message = Message::ACMDM_STREAM_PREPARE;
        let connection = self.driver().connection();
        let layout = self.driver().layout();
        let source = connection.room(PREPARE, source_len as usize)?;
        let destination = connection.room(PREPARE, destination_len as usize)?;
        let header = layout.header(Place::of(&source), Place::of(&destination));
        let mut header = connection.block(PREPARE, &header)?;
        self.open.tell(PREPARE, header.address())?;
        layout.set_prepared(&mut header);
        Ok(Buffer {
            header,
            source,
            destination,
        })
    }

    /// Converts the first `source_len` bytes of the source into the first `destination_len` of the destination, by one message.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not, [`Error::Unsent`] where it breaks, [`Error::Nonsense`] where it says to have used or
    /// written more than there was.
    ///
    /// # Panics
    /// When the buffer is shorter.
    pub fn convert(
        &self,
        buffer: &mut Buffer,
        source_len: usize,
        destination_len: usize,
        flags: Flags,
    ) -> Result<Converted, Error> {
        const CONVERT: Message = Message::ACMDM_STREAM_CONVERT;
        assert!(source_len <= buffer.source.len(), "the source is shorter");
        assert!(
            destination_len <= buffer.destination.len(),
            "the destination is shorter"
        );
        let (driver, header) = (self.driver(), &mut buffer.header);
        let lengths = (source_len as u32, destination_len as u32);
        driver.layout().begin(header, lengths, flags.bits());
        let answer = self.open.send(CONVERT, header.address())?;
        let (used, written) = driver.layout().end(header);
        if answer != MMSYSERR_NOERROR {
            return Err(driver.connection().refused(CONVERT, answer));
        }
        let (used, written) = (used as usize, written as usize);
        if used > source_len {
            return Err(self.nonsense(format!("it used {used} of {source_len} bytes")));
        }
        if written > destination_len {
            return Err(self.nonsense(format!("it wrote {written} of {destination_len} bytes")));
        }
        Ok(Converted { used, written })
    }

    /// Takes buffers back from the driver.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not give them, [`Error::Unsent`] where it breaks. They are gone all the same.
    pub fn unprepare(&self, buffer: Buffer) -> Result<(), Error> {
        self.open
            .tell(Message::ACMDM_STREAM_UNPREPARE, buffer.header.address())
    }

    /// Has the driver give all buffers back (`ACMDM_STREAM_RESET`).
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not.
    pub fn reset(&self) -> Result<(), Error> {
        self.open.tell(Message::ACMDM_STREAM_RESET, 0)
    }

    /// Closes the stream, and says whether the driver did.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not close it, [`Error::Unsent`] where it breaks.
    pub fn close(mut self) -> Result<(), Error> {
        self.open.close()
    }

    /// Sends the driver a message of its own, which the manager does not know.
    ///
    /// # Errors
    /// [`Error::Unsent`] where it breaks, or the message is the system's to send.
    pub fn send(&self, message: Message, first: LParam, second: LParam) -> Result<LResult, Error> {
        self.driver().connection().send(message, first, second)
    }

    /// How many bytes of destination `source` bytes may need.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not know.
    pub fn destination_size(&self, source: u32) -> Result<u32, Error> {
        self.open.size(Side::Source, source)
    }

    /// How many bytes of source are the most that fit into `destination` bytes.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not know.
    pub fn source_size(&self, destination: u32) -> Result<u32, Error> {
        self.open.size(Side::Destination, destination)
    }

    /// The driver that converts.
    pub fn driver(&self) -> &Driver {
        &self.open.driver
    }

    pub(super) fn nonsense(&self, what: String) -> Error {
        let connection = self.driver().connection();
        connection.nonsense(Message::ACMDM_STREAM_CONVERT, what)
    }
}

impl Buffer {
    /// Says whether the driver wrote behind the buffers; only guarded ones know.
    ///
    /// # Errors
    /// [`Overrun`] with the first byte that changed.
    pub fn check(&self) -> Result<(), Overrun> {
        self.source.check()?;
        self.destination.check()?;
        self.header.check()
    }

    /// The source, to be filled before a conversion.
    pub fn source_mut(&mut self) -> &mut [u8] {
        &mut self.source
    }

    /// The destination, to be read behind one.
    pub fn destination(&self) -> &[u8] {
        &self.destination
    }
}
