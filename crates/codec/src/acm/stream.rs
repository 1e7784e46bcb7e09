//! A conversion from one format to another by one driver.

use opendriver_abi::Message;

use super::feed::{Buffer, Converted, Feed};
use super::opening::Pace;
use super::{Driver, Error, Overrun, WaveFilter};
use crate::WaveFormat;

/// `ACM_STREAMCONVERTF_BLOCKALIGN`
const BLOCKALIGN: u32 = 0x4;
/// `ACM_STREAMCONVERTF_START`
const START: u32 = 0x10;
/// `ACM_STREAMCONVERTF_END`
const END: u32 = 0x20;

/// How many bytes of source are given to a driver at once, at most, but for a block that is longer.
const PIECE: usize = 64 * 1024;

/// The most that a driver may want for the other side of a piece.
const LARGEST: u32 = 64 << 20;

/// How often in a row a driver may write and take nothing, before it is said to go on for ever.
const PATIENCE: u32 = 64;

/// What a piece of sound is to the whole (`ACM_STREAMCONVERTF_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Whole blocks only; what is left of the source comes again with the next piece.
    pub block_align: bool,
    /// It is the first.
    pub start: bool,
    /// It is the last.
    pub end: bool,
}

impl Flags {
    pub(super) fn bits(self) -> u32 {
        let flag = |set, flag| if set { flag } else { 0 };
        flag(self.block_align, BLOCKALIGN) | flag(self.start, START) | flag(self.end, END)
    }
}

/// A conversion from one format to another by one driver.
///
/// It holds one buffer for each side, in the driver's memory, prepared once; converting allocates nothing but what the output needs to
/// grow. It closes when it is dropped.
#[derive(Debug)]
pub struct Stream {
    feed: Feed,
    from: WaveFormat,
    to: WaveFormat,
    filter: Option<WaveFilter>,
    buffer: Option<Buffer>,
    /// How many bytes of source the buffer takes.
    piece: usize,
    /// How much source a block of the destination takes.
    smallest: usize,
    calls: u64,
    watched: [bool; 3],
    overruns: Vec<Overrun>,
}

impl Stream {
    /// Asks whether the driver would convert, and opens nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason where it would not.
    pub fn query(
        driver: &Driver,
        source: &WaveFormat,
        destination: &WaveFormat,
        filter: Option<&WaveFilter>,
    ) -> Result<(), Error> {
        Feed::query(driver, source, destination, filter, Pace::Unhurried)
    }

    /// Opens a conversion, and prepares its buffers.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason where the driver does not convert between these formats.
    pub fn open(
        driver: &Driver,
        source: &WaveFormat,
        destination: &WaveFormat,
        filter: Option<&WaveFilter>,
    ) -> Result<Self, Error> {
        let feed = Feed::open(driver, source, destination, filter, Pace::Unhurried)?;
        let align = usize::from(source.block_align()).max(1);
        let piece = (PIECE / align * align).max(align);
        let room = feed.destination_size(piece as u32)?;
        if room > LARGEST {
            let what = format!("{room} bytes for {piece} of source are too many");
            let connection = driver.connection();
            return Err(connection.nonsense(Message::ACMDM_STREAM_SIZE, what));
        }
        // A driver that cannot count backwards converts all the same.
        let block = feed.source_size(destination.block_align().into());
        let smallest = block.map_or(0, |block| block as usize).clamp(align, piece);
        let buffer = feed.prepare(piece as u32, room)?;
        Ok(Self {
            feed,
            from: source.clone(),
            to: destination.clone(),
            filter: filter.cloned(),
            buffer: Some(buffer),
            piece,
            smallest,
            calls: 0,
            watched: [true; 3],
            overruns: Vec::new(),
        })
    }

    /// Converts `source`, in as many pieces as it takes, and puts what comes out behind `out`. Answers how many bytes of the source were
    /// used: all of them, but for less than a block, which is to come again in front of the next ones.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not go on, [`Error::Unsent`] where it breaks, [`Error::Nonsense`] where it says to have
    /// used or written more than there was. What was converted before is in `out`.
    pub fn convert(
        &mut self,
        source: &[u8],
        flags: Flags,
        out: &mut Vec<u8>,
    ) -> Result<usize, Error> {
        if flags.block_align && source.len() < self.smallest {
            return Ok(0);
        }
        let (mut used, mut idle, mut start) = (0, 0, flags.start);
        loop {
            let rest = &source[used..];
            let piece = &rest[..rest.len().min(self.piece)];
            let last = piece.len() == rest.len();
            let now = Flags {
                block_align: flags.block_align || !last,
                start,
                end: flags.end && last,
            };
            let (took, gave) = self.piece(piece, now, out)?;
            used += took;
            start = false;
            idle = if took == 0 { idle + 1 } else { 0 };
            // What makes no block any more is not offered: some drivers refuse it, where they are to use nothing.
            if source.len() - used < self.smallest.max(1) || (took, gave) == (0, 0) {
                return Ok(used);
            }
            if idle > PATIENCE {
                let what = "it writes on and on, and takes nothing".to_owned();
                return Err(self.feed.nonsense(what));
            }
        }
    }

    /// Forgets what was converted so far. The driver is told, and opens the stream anew: that message is there to get buffers back, and
    /// some that answer it, or do not know it, still remember the sound before it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`Error::Refused`] where the driver does not stop.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.feed.reset()?;
        let mut fresh = Self::open(
            self.feed.driver(),
            &self.from,
            &self.to,
            self.filter.as_ref(),
        )?;
        fresh.calls = self.calls;
        fresh.watched = self.watched;
        fresh.overruns.append(&mut self.overruns);
        *self = fresh;
        Ok(())
    }

    /// Closes the stream, and says whether the driver did.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not close it, [`Error::Unsent`] where it breaks.
    pub fn close(mut self) -> Result<(), Error> {
        self.unprepare()?;
        self.feed.open.close()
    }

    /// How many bytes of destination `source` bytes may need.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not know.
    pub fn destination_size(&self, source: u32) -> Result<u32, Error> {
        self.feed.destination_size(source)
    }

    /// How many bytes of source are the most that fit into `destination` bytes.
    ///
    /// # Errors
    /// [`Error::Refused`] where the driver does not know.
    pub fn source_size(&self, destination: u32) -> Result<u32, Error> {
        self.feed.source_size(destination)
    }

    /// How many bytes of source a block takes, of the source or of the destination, whichever is more: what [`convert`](Self::convert)
    /// does not use of whole blocks is less.
    pub fn block(&self) -> usize {
        self.smallest
    }

    /// The driver that converts.
    pub fn driver(&self) -> &Driver {
        self.feed.driver()
    }

    /// What it converts from.
    pub fn source(&self) -> &WaveFormat {
        &self.from
    }

    /// What it converts to.
    pub fn destination(&self) -> &WaveFormat {
        &self.to
    }

    /// Where the driver wrote behind blocks since this was last asked: those of the stream, of each the first time only, and those of
    /// questions to the driver.
    pub fn take_overruns(&mut self) -> Vec<Overrun> {
        let mut overruns = self.feed.driver().take_overruns();
        overruns.append(&mut self.overruns);
        overruns
    }

    /// Converts what fits into one buffer. Answers how many bytes were used and written.
    fn piece(
        &mut self,
        piece: &[u8],
        flags: Flags,
        out: &mut Vec<u8>,
    ) -> Result<(usize, usize), Error> {
        let Some(buffer) = &mut self.buffer else {
            return Ok((0, 0));
        };
        buffer.source[..piece.len()].copy_from_slice(piece);
        let room = buffer.destination.len();
        let converted = self.feed.convert(buffer, piece.len(), room, flags);
        self.watch();
        self.calls += 1;
        let Converted { used, written } = converted?;
        if let Some(buffer) = &self.buffer {
            out.extend_from_slice(&buffer.destination()[..written]);
        }
        Ok((used, written))
    }

    /// Notes where the driver wrote behind the blocks that change.
    fn watch(&mut self) {
        let Some(buffer) = &self.buffer else {
            return;
        };
        let blocks = [
            (&buffer.source, "source"),
            (&buffer.destination, "destination"),
            (&buffer.header, "stream header"),
        ];
        for ((block, what), watched) in blocks.into_iter().zip(&mut self.watched) {
            let Some(source) = block.check().err().filter(|_| *watched) else {
                continue;
            };
            *watched = false;
            self.overruns.push(Overrun {
                driver: self.feed.driver().connection().driver.clone(),
                what,
                message: Message::ACMDM_STREAM_CONVERT,
                call: self.calls,
                source,
            });
        }
    }

    /// Takes the buffers back from the driver, the first time that it is asked to.
    fn unprepare(&mut self) -> Result<(), Error> {
        match self.buffer.take() {
            Some(buffer) => self.feed.unprepare(buffer),
            None => Ok(()),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // The stream closes behind this; `close` tells who wants to know what the driver says.
        let _ = self.unprepare();
    }
}
