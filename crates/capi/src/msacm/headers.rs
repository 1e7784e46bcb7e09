//! Buffers: preparing them, converting, and giving them up.
//!
//! A conversion goes through a pair of buffers in the driver's memory, so that a driver that writes too much, or reads on, does so
//! there. The header of the program keeps which pair is its own, in the part that is the system's: programs of managed languages hand
//! a copy of theirs to each function, at another address.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_codec::acm::Flags;
use slotmap::{DefaultKey, Key as _, KeyData};

use super::error::{Error, known};
use super::fields::{probe, size};
use super::notice::Notice;
use super::stream::{OpenStream, Prepared, Work};
use crate::claim;
use crate::door::doors;
use crate::process::process;

/// How long an ACMSTREAMHEADER is.
const LEN: usize = 124;

/// Where its fields are.
const STATUS: usize = 4;
const SOURCE: usize = 16;
const SOURCE_LEN: usize = 24;
const SOURCE_USED: usize = 28;
const DESTINATION: usize = 40;
const DESTINATION_LEN: usize = 48;
const DESTINATION_USED: usize = 52;
const RESERVED: usize = 64;

/// `ACMSTREAMHEADER_STATUSF_*`
const DONE: u32 = 0x1_0000;
const PREPARED: u32 = 0x2_0000;
const IN_QUEUE: u32 = 0x10_0000;

/// `ACM_STREAMCONVERTF_*`
const BLOCK_ALIGN: u32 = 0x4;
const START: u32 = 0x10;
const END: u32 = 0x20;

/// An ACMSTREAMHEADER of the program, as it was when it was read.
struct Header {
    address: usize,
    bytes: [u8; LEN],
}

impl Header {
    fn read(address: usize) -> Result<Self, Error> {
        size("pash", address, LEN)?;
        let mut bytes = [0; LEN];
        claim::read(address, &mut bytes)?;
        Ok(Self { address, bytes })
    }

    fn number(&self, at: usize) -> u32 {
        u32::from_ne_bytes(*self.field(at))
    }

    fn wide(&self, at: usize) -> u64 {
        u64::from_ne_bytes(*self.field(at))
    }

    fn field<const N: usize>(&self, at: usize) -> &[u8; N] {
        self.bytes[at..]
            .first_chunk()
            .expect("a field lies within the header")
    }

    fn source(&self) -> (usize, u32) {
        (self.wide(SOURCE) as usize, self.number(SOURCE_LEN))
    }

    fn destination(&self) -> (usize, u32) {
        (
            self.wide(DESTINATION) as usize,
            self.number(DESTINATION_LEN),
        )
    }

    fn key(&self) -> DefaultKey {
        KeyData::from_ffi(self.wide(RESERVED)).into()
    }

    /// Whether the system has it, as its status says and as is known.
    fn is_prepared(&self, work: &Work) -> bool {
        self.number(STATUS) & PREPARED != 0 && work.buffers.contains_key(self.key())
    }

    fn set(&self, at: usize, value: u32) -> Result<(), Error> {
        Ok(claim::write(
            self.address.wrapping_add(at),
            &value.to_ne_bytes(),
        )?)
    }

    fn set_key(&self, key: DefaultKey) -> Result<(), Error> {
        let bytes = key.data().as_ffi().to_ne_bytes();
        Ok(claim::write(self.address.wrapping_add(RESERVED), &bytes)?)
    }
}

fn prepare(has: usize, pash: usize, flags: u32) -> Result<u32, Error> {
    let stream = process().handles.get::<OpenStream>(has)?;
    let header = Header::read(pash)?;
    known("fdwPrepare", flags, 0)?;
    let mut at_work = stream.begin()?;
    let work = at_work.work(has)?;
    if header.is_prepared(work) {
        return Ok(0);
    }
    let (source, destination) = (header.source(), header.destination());
    probe("pbSrc", source.0, source.1)?;
    probe("pbDst", destination.0, destination.1)?;
    let buffer = work.feed.prepare(source.1, destination.1)?;
    let key = work.buffers.insert(Prepared {
        buffer,
        source,
        destination,
    });
    header.set_key(key)?;
    header.set(STATUS, PREPARED)?;
    Ok(0)
}

fn unprepare(has: usize, pash: usize, flags: u32) -> Result<u32, Error> {
    let stream = process().handles.get::<OpenStream>(has)?;
    let header = Header::read(pash)?;
    known("fdwUnprepare", flags, 0)?;
    let mut at_work = stream.begin()?;
    let work = at_work.work(has)?;
    ready(&header, work)?;
    let key = header.key();
    let kept = work.buffers.get(key).ok_or(Error::Unprepared)?;
    for (what, given, kept) in [
        ("the source", header.source(), kept.source),
        ("the destination", header.destination(), kept.destination),
    ] {
        if given != kept {
            return Err(other(what, kept, given));
        }
    }
    let prepared = work.buffers.remove(key).ok_or(Error::Unprepared)?;
    header.set(STATUS, header.number(STATUS) & !PREPARED)?;
    header.set_key(DefaultKey::default())?;
    work.feed.unprepare(prepared.buffer)?;
    Ok(0)
}

fn other(what: &'static str, kept: (usize, u32), given: (usize, u32)) -> Error {
    let said = |(address, len): (usize, u32)| format!("{len} bytes at {address:#x}");
    Error::parameter(what, format!("{}, as prepared", said(kept)), said(given))
}

/// Refuses a header that is not prepared, or that says to be in use.
fn ready(header: &Header, work: &Work) -> Result<(), Error> {
    if !header.is_prepared(work) {
        return Err(Error::Unprepared);
    }
    match header.number(STATUS) & IN_QUEUE {
        0 => Ok(()),
        _ => Err(Error::Busy { what: "the header" }),
    }
}

fn convert(has: usize, pash: usize, flags: u32) -> Result<u32, Error> {
    let stream = process().handles.get::<OpenStream>(has)?;
    let header = Header::read(pash)?;
    known("fdwConvert", flags, BLOCK_ALIGN | START | END)?;
    let mut at_work = stream.begin()?;
    convert_one(at_work.work(has)?, &header, flags)?;
    drop(at_work);
    stream.tell(has, Notice::Done, pash);
    Ok(0)
}

fn convert_one(work: &mut Work, header: &Header, flags: u32) -> Result<(), Error> {
    ready(header, work)?;
    let Work { buffers, feed, .. } = work;
    let kept = buffers.get_mut(header.key()).ok_or(Error::Unprepared)?;
    let (source, destination) = (header.source(), header.destination());
    for (what, given, kept) in [
        ("the source", source, kept.source),
        ("the destination", destination, kept.destination),
    ] {
        if given.0 != kept.0 || given.1 > kept.1 {
            return Err(other(what, kept, given));
        }
    }
    let lens = (source.1 as usize, destination.1 as usize);
    claim::read(source.0, &mut kept.buffer.source_mut()[..lens.0])?;
    let flags = Flags {
        block_align: flags & BLOCK_ALIGN != 0,
        start: flags & START != 0,
        end: flags & END != 0,
    };
    let done = feed.convert(&mut kept.buffer, lens.0, lens.1, flags)?;
    kept.buffer.check()?;
    claim::write(destination.0, &kept.buffer.destination()[..done.written])?;
    header.set(SOURCE_USED, done.used as u32)?;
    header.set(DESTINATION_USED, done.written as u32)?;
    header.set(STATUS, header.number(STATUS) | DONE)
}

doors! {
    broken MMSYSERR_ERROR as i64;

    /// `acmStreamPrepareHeader`: makes a pair of buffers known, so that they can be converted. A second time it does nothing.
    fn acmStreamPrepareHeader(has: usize, pash: usize, flags: u32) -> u32 {
        Ok(prepare(has, pash, flags)?)
    }

    /// `acmStreamUnprepareHeader`: gives a pair of buffers up.
    fn acmStreamUnprepareHeader(has: usize, pash: usize, flags: u32) -> u32 {
        Ok(unprepare(has, pash, flags)?)
    }

    /// `acmStreamConvert`: converts the source of a pair of buffers into its destination, with one message to the driver.
    fn acmStreamConvert(has: usize, pash: usize, flags: u32) -> u32 {
        Ok(convert(has, pash, flags)?)
    }
}
