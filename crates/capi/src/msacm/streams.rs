//! Conversions: opening, asking and closing them.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use std::sync::Arc;

use opendriver::Message;
use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Feed, Pace, WaveFilter};

use super::drivers::{is_own, opened};
use super::error::{Error, given, known};
use super::fields::{filter, format};
use super::installed::{Id, Installed};
use super::notice::{Listener, Notice, TYPE_MASK};
use super::stream::{OpenStream, Work};
use super::uses::Use;
use crate::claim;
use crate::door::doors;
use crate::handles::BadHandle;
use crate::process::process;

/// `ACM_STREAMOPENF_*`
const QUERY: u32 = 1;
const ASYNC: u32 = 2;
const NONREALTIME: u32 = 4;

/// `ACM_STREAMSIZEF_DESTINATION`
const DESTINATION: u32 = 1;

/// What a program wants converted, and how.
struct Order {
    source: WaveFormat,
    destination: WaveFormat,
    filter: Option<WaveFilter>,
    pace: Pace,
}

impl Order {
    fn read(formats: [usize; 3], flags: u32) -> Result<Self, Error> {
        let [source, destination, with] = formats;
        let source = format("pwfxSrc", source, usize::MAX)?;
        let destination = format("pwfxDst", destination, usize::MAX)?;
        let filter = match with {
            0 => None,
            _ if source != destination => {
                let expected = "null, where the formats differ";
                return Err(Error::parameter("pwfltr", expected, "a filter"));
            }
            with => Some(filter("pwfltr", with)?),
        };
        Ok(Self {
            source,
            destination,
            filter,
            pace: match flags & NONREALTIME {
                0 => Pace::Hurried,
                _ => Pace::Unhurried,
            },
        })
    }

    /// Opens it with the driver of a handle, or where there is none with the first that takes it.
    fn feed(&self, had: usize) -> Result<(Feed, usize, [Option<Use>; 2]), Error> {
        let Self {
            source,
            destination,
            filter,
            pace,
        } = self;
        let gone = |handle| BadHandle::Unknown { handle };
        if had != 0 {
            let open = opened(had)?;
            let in_use = open.uses.begin().ok_or_else(|| gone(had))?;
            let feed = Feed::open(&open.driver, source, destination, filter.as_ref(), *pace)?;
            return Ok((feed, open.id, [Some(in_use), None]));
        }
        let installed = Installed::now()?;
        let list = &installed.list;
        let feed = list.feed(source, destination, filter.as_ref(), *pace)?;
        let id = installed
            .id_of_driver(feed.driver())
            .ok_or_else(|| gone(0))?;
        let known = process().handles.get::<Id>(id)?;
        let in_use = known.uses.begin().ok_or_else(|| gone(id))?;
        Ok((feed, id, [None, Some(in_use)]))
    }

    /// Asks for it, and opens nothing.
    fn query(&self, had: usize) -> Result<(), Error> {
        let Self {
            source,
            destination,
            filter,
            pace,
        } = self;
        if had == 0 {
            let list = Installed::now()?.list;
            return Ok(list.query(source, destination, filter.as_ref(), *pace)?);
        }
        let driver = &opened(had)?.driver;
        let filter = filter.as_ref();
        Ok(Feed::query(driver, source, destination, filter, *pace)?)
    }
}

fn open(
    phas: usize,
    had: usize,
    formats: [usize; 3],
    callback: usize,
    instance: usize,
    flags: u32,
) -> Result<u32, Error> {
    known("fdwOpen", flags, QUERY | ASYNC | NONREALTIME | TYPE_MASK)?;
    if flags & QUERY == 0 {
        claim::writable(given("phas", phas)?, size_of::<usize>())?;
    }
    let order = Order::read(formats, flags)?;
    if flags & QUERY != 0 {
        order.query(had)?;
        return Ok(0);
    }
    // Only who does not wait for conversions is told of them.
    let listener = match flags & ASYNC {
        0 => Listener::Nobody,
        _ => Listener::new(callback, flags)?,
    };
    let (feed, id, uses) = order.feed(had)?;
    let stream = Arc::new(OpenStream::new(feed, id, uses, listener, instance));
    let handles = &process().handles;
    let has = handles.insert(Arc::clone(&stream));
    if let Err(error) = claim::write(phas, &has.to_ne_bytes()) {
        handles.remove::<OpenStream>(has)?;
        return Err(error.into());
    }
    stream.tell(has, Notice::Open, 0);
    Ok(0)
}

fn close(has: usize, flags: u32) -> Result<u32, Error> {
    known("fdwClose", flags, 0)?;
    let handles = &process().handles;
    let stream = handles.get::<OpenStream>(has)?;
    let work = stream.begin()?.end(has)?;
    handles.remove::<OpenStream>(has)?;
    let Work { buffers, feed, .. } = work;
    // The handle is gone, so all of it goes, and the program hears of that and of what went wrong first.
    let mut done = Ok(());
    for (_, prepared) in buffers {
        done = done.and(feed.unprepare(prepared.buffer));
    }
    done = done.and(feed.close());
    stream.tell(has, Notice::Close, 0);
    done?;
    Ok(0)
}

fn size(has: usize, given_: u32, out: usize, flags: u32) -> Result<u32, Error> {
    let stream = process().handles.get::<OpenStream>(has)?;
    given("pdwOutputBytes", out)?;
    known("fdwSize", flags, DESTINATION)?;
    let mut at_work = stream.begin()?;
    let feed = &at_work.work(has)?.feed;
    let size = match flags {
        DESTINATION => feed.source_size(given_)?,
        _ => feed.destination_size(given_)?,
    };
    claim::write(out, &size.to_ne_bytes())?;
    Ok(0)
}

fn reset(has: usize, flags: u32) -> Result<u32, Error> {
    known("fdwReset", flags, 0)?;
    let stream = process().handles.get::<OpenStream>(has)?;
    stream.begin()?.work(has)?.feed.reset()?;
    Ok(0)
}

fn message(has: usize, message: u32, first: isize, second: isize) -> Result<u32, Error> {
    let stream = process().handles.get::<OpenStream>(has)?;
    if !is_own(message) {
        let found = format!("{message:#x}");
        return Err(Error::parameter("uMsg", "ACMDM_USER and above", found));
    }
    let mut at_work = stream.begin()?;
    let feed = &at_work.work(has)?.feed;
    Ok(feed.send(Message(message), first, second)? as u32)
}

doors! {
    broken MMSYSERR_ERROR as i64;

    /// `acmStreamOpen`: opens a conversion, or with `ACM_STREAMOPENF_QUERY` asks whether one would open.
    fn acmStreamOpen(
        phas: usize,
        had: usize,
        source: usize,
        destination: usize,
        filter: usize,
        callback: usize,
        instance: usize,
        flags: u32,
    ) -> u32 {
        Ok(open(phas, had, [source, destination, filter], callback, instance, flags)?)
    }

    /// `acmStreamClose`: closes a conversion, and gives up what is prepared for it.
    fn acmStreamClose(has: usize, flags: u32) -> u32 {
        Ok(close(has, flags)?)
    }

    /// `acmStreamSize`: how many bytes of one side there may be for so many of the other.
    fn acmStreamSize(has: usize, input: u32, output: usize, flags: u32) -> u32 {
        Ok(size(has, input, output, flags)?)
    }

    /// `acmStreamReset`: has the driver give all buffers back.
    fn acmStreamReset(has: usize, flags: u32) -> u32 {
        Ok(reset(has, flags)?)
    }

    /// `acmStreamMessage`: sends the driver of a stream a message of its own. Answers what the driver does.
    fn acmStreamMessage(has: usize, number: u32, first: isize, second: isize) -> u32 {
        Ok(message(has, number, first, second)?)
    }
}
