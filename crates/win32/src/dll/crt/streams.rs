//! `<stdio.h>`: streams.
//!
//! A `FILE` in the driver's memory is a name for what the process keeps here; its fields hold what
//! old programs look at by themselves: the flags, the number of the file, and a count of zero, so
//! that their own `getc` and `putc` ask the runtime for each character.

pub(in crate::dll) mod values;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::aliases;
use super::descriptors::{self, Descriptors, place, show};
use super::files::{self, encode, error_number, path_of};
use super::runtime::{errno, fail, invalid_parameter, refuse, windows};
use super::startup::{lock, unlock};
use super::text::{Text, put_string, string};
use crate::crt::streams::{Descriptor, Mode, Stream, Target};
use crate::crt::unit::convert;
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::trap::Trap;

/// The streams of the process, by the address of their `FILE`.
#[derive(Default)]
struct Streams {
    open: Mutex<HashMap<Addr, Open>>,
}

impl Drop for Streams {
    fn drop(&mut self) {
        for open in self.open.get_mut().expect("no holder panics").values() {
            let mut stream = open.stream.lock().expect("no holder panics");
            // Nobody is left to tell when it cannot be written.
            let _ = stream.flush(&mut open.file.lock().expect("no holder panics"));
        }
    }
}

/// An open stream.
#[derive(Clone)]
struct Open {
    number: i32,
    file: descriptors::Shared,
    stream: Arc<Mutex<Stream>>,
}

/// `_IOREAD`, `_IOWRT`, `_IOEOF`, `_IOERR`, `_IORW` of a `FILE`.
mod flag {
    pub(super) const READ: i32 = 0x01;
    pub(super) const WRITE: i32 = 0x02;
    pub(super) const END: i32 = 0x10;
    pub(super) const ERROR: i32 = 0x20;
    pub(super) const BOTH: i32 = 0x80;
}

/// Bytes of a `FILE`: pointer, count, base, four numbers, a name.
const fn file_bytes(pointer: u64) -> u64 {
    if pointer == 8 { 48 } else { 32 }
}

const STANDARD: u64 = 3;
const ARRAY: usize = 20 * 48;

/// The array that `stdin`, `stdout` and `stderr` are the first of.
pub(in crate::dll) static DATA: &[Data] = &[Data {
    name: "_iob",
    size: ARRAY,
    fill: |cx, at| fill_array(cx, at),
}];

fn fill_array(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    for number in 0..STANDARD {
        let file = at.offset(number * file_bytes(cx.pointer_size()));
        let flags = if number == 0 { flag::READ } else { flag::WRITE };
        put_fields(cx, file, flags, number as i32)?;
    }
    Ok(())
}

fn array(cx: &Cx<'_>) -> Addr {
    cx.process().variable("msvcrt.dll", &DATA[0])
}

fn flags_at(cx: &Cx<'_>, file: Addr) -> Addr {
    file.offset(3 * cx.pointer_size())
}

fn put_fields(cx: &Cx<'_>, file: Addr, flags: i32, number: i32) -> Result<(), Trap> {
    cx.fill(file, 0, file_bytes(cx.pointer_size()))?;
    let at = flags_at(cx, file);
    cx.write(at, flags)?;
    cx.write(at.offset(4), number)
}

/// The stream that a `FILE` stands for.
fn find(cx: &Cx<'_>, file: Addr) -> Option<Open> {
    let streams = cx.state::<Streams>();
    let mut open = streams.open.lock().expect("no holder panics");
    if let Some(found) = open.get(&file) {
        return Some(found.clone());
    }
    let first = array(cx);
    let index = file.0.checked_sub(first.0)?;
    let bytes = file_bytes(cx.pointer_size());
    if index % bytes != 0 || index / bytes >= STANDARD {
        return None;
    }
    let number = (index / bytes) as i32;
    let found = Open {
        number,
        file: cx.state::<Descriptors>().get(number)?,
        stream: Arc::new(Mutex::new(Stream::new(number == 2))),
    };
    open.insert(file, found.clone());
    Some(found)
}

/// Runs something on a stream; `bad` and `EINVAL` when there is none.
fn with<T>(
    cx: &mut Cx<'_>,
    file: Addr,
    bad: T,
    run: impl FnOnce(&mut Cx<'_>, &mut Stream, &mut Descriptor) -> Result<T, Trap>,
) -> Result<T, Trap> {
    let Some(open) = find(cx, file) else {
        return invalid_parameter(cx, "a function of streams", errno::EINVAL, bad);
    };
    let mut stream = open.stream.lock().expect("no holder panics");
    let mut descriptor = open.file.lock().expect("no holder panics");
    let answer = run(cx, &mut stream, &mut descriptor);
    let at = flags_at(cx, file);
    let before: i32 = cx.read(at)?;
    let ended = if stream.ended { flag::END } else { 0 };
    let failed = if stream.failed { flag::ERROR } else { 0 };
    let now = (before & !(flag::END | flag::ERROR)) | ended | failed;
    if now != before {
        cx.write(at, now)?;
    }
    answer
}

/// Takes what a stream did, or marks it as broken.
fn done<T>(
    cx: &Cx<'_>,
    stream: &mut Stream,
    result: std::io::Result<T>,
    bad: T,
) -> Result<T, Trap> {
    result.or_else(|error| {
        stream.failed = true;
        fail(cx, error_number(&error), bad)
    })
}

fn write(cx: &mut Cx<'_>, file: Addr, bytes: &[u8]) -> Result<bool, Trap> {
    with(cx, file, false, |cx, stream, descriptor| {
        let written = stream.put(descriptor, bytes).map(|()| true);
        show(cx, descriptor, false);
        done(cx, stream, written, false)
    })
}

/// Writes wide characters: bytes of the locale into a text, themselves into anything else.
fn write_wide(cx: &mut Cx<'_>, file: Addr, text: &[u16]) -> Result<bool, Trap> {
    let is_text = with(cx, file, true, |_, _, descriptor| Ok(descriptor.text))?;
    if !is_text {
        let bytes: Vec<u8> = text.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        return write(cx, file, &bytes);
    }
    match convert::<u16, u8>(text) {
        Some(bytes) => write(cx, file, &bytes),
        None => fail(cx, errno::EILSEQ, false),
    }
}

fn read_byte(cx: &mut Cx<'_>, file: Addr) -> Result<Option<u8>, Trap> {
    with(cx, file, None, |cx, stream, descriptor| {
        let next = stream.next(descriptor);
        done(cx, stream, next, None)
    })
}

fn read_wide(cx: &mut Cx<'_>, file: Addr) -> Result<Option<u16>, Trap> {
    with(cx, file, None, |cx, stream, descriptor| {
        let next = stream.next(descriptor);
        let Some(low) = done(cx, stream, next, None)? else {
            return Ok(None);
        };
        if descriptor.text {
            return Ok(Some(low.into()));
        }
        let next = stream.next(descriptor);
        let high = done(cx, stream, next, None)?;
        Ok(high.map(|high| u16::from_le_bytes([low, high])))
    })
}

/// A mode at an address, of either width.
fn mode_of<C: Text>(cx: &Cx<'_>, mode: Addr) -> Result<Option<Mode>, Trap> {
    let text: Vec<u8> = convert(&string::<C>(cx, mode)?).unwrap_or_default();
    Ok(Mode::parse(&text))
}

/// Bytes of a `CRITICAL_SECTION`.
const SECTION: u64 = 40;

/// A `FILE` outside the array, and the lock behind it that programs built by mingw take themselves.
fn allocate(cx: &mut Cx<'_>) -> Result<Addr, Trap> {
    let bytes = file_bytes(cx.pointer_size());
    let at = cx.allocate_zeroed(Size(bytes + SECTION));
    windows(
        cx,
        "kernel32.dll",
        "InitializeCriticalSection",
        &[at.offset(bytes).0],
    )?;
    Ok(at)
}

/// Gives an open file a stream at `at`, or at a `FILE` of its own.
fn adopt(cx: &mut Cx<'_>, at: Option<Addr>, number: i32, mode: Mode) -> Result<Addr, Trap> {
    let Some(file) = cx.state::<Descriptors>().get(number) else {
        return Ok(Addr::NULL);
    };
    let at = match at {
        Some(at) => at,
        None => allocate(cx)?,
    };
    let flags = match (mode.read, mode.write) {
        (true, true) => flag::BOTH,
        (true, false) => flag::READ,
        _ => flag::WRITE,
    };
    put_fields(cx, at, flags, number)?;
    let open = Open {
        number,
        file,
        stream: Arc::default(),
    };
    cx.state::<Streams>()
        .open
        .lock()
        .expect("no holder panics")
        .insert(at, open);
    Ok(at)
}

fn open_at(
    cx: &mut Cx<'_>,
    at: Option<Addr>,
    path: &std::path::Path,
    mode: Mode,
) -> Result<Addr, Trap> {
    let file = match mode.open(path) {
        Ok(file) if file.metadata().is_ok_and(|metadata| metadata.is_dir()) => {
            return fail(cx, errno::EACCES, Addr::NULL);
        }
        Ok(file) => file,
        Err(error) => return fail(cx, error_number(&error), Addr::NULL),
    };
    let default_text = true;
    let descriptor = Descriptor::new(
        Target::File(file),
        mode.text.unwrap_or(default_text),
        mode.append,
    );
    let Some(number) = cx
        .state::<Descriptors>()
        .insert(Arc::new(Mutex::new(descriptor)))
    else {
        return fail(cx, errno::EMFILE, Addr::NULL);
    };
    if mode.temporary {
        files::remove_later(cx, path.to_owned());
    }
    adopt(cx, at, number, mode)
}

fn open<C: Text>(cx: &mut Cx<'_>, at: Option<Addr>, path: Addr, mode: Addr) -> Result<Addr, Trap> {
    if path.is_null() || mode.is_null() {
        return invalid_parameter(cx, "fopen", errno::EINVAL, Addr::NULL);
    }
    let Some(mode) = mode_of::<C>(cx, mode)? else {
        return invalid_parameter(cx, "fopen", errno::EINVAL, Addr::NULL);
    };
    let path = path_of::<C>(cx, path)?;
    open_at(cx, at, &path, mode)
}

fn open_into<C: Text>(cx: &mut Cx<'_>, place: Addr, path: Addr, mode: Addr) -> Result<i32, Trap> {
    if place.is_null() {
        return refuse(cx, "fopen_s", errno::EINVAL);
    }
    let file = open::<C>(cx, None, path, mode)?;
    store(cx, place, file)
}

fn last_error(cx: &Cx<'_>) -> Result<i32, Trap> {
    cx.read(super::runtime::slot(cx, super::runtime::Slot::Errno)?)
}

/// Closes a stream but leaves its `FILE`; false when there is none.
fn shut(cx: &mut Cx<'_>, file: Addr) -> Result<bool, Trap> {
    let Some(open) = find(cx, file) else {
        return Ok(false);
    };
    let flushed = flush(cx, file)?;
    cx.state::<Streams>()
        .open
        .lock()
        .expect("no holder panics")
        .remove(&file);
    cx.state::<Descriptors>().remove(open.number);
    Ok(flushed)
}

fn is_standard(cx: &Cx<'_>, file: Addr) -> bool {
    file.0.wrapping_sub(array(cx).0) < ARRAY as u64
}

fn close(cx: &mut Cx<'_>, file: Addr) -> Result<i32, Trap> {
    if find(cx, file).is_none() {
        return invalid_parameter(cx, "fclose", errno::EINVAL, -1);
    }
    let closed = shut(cx, file)?;
    if !is_standard(cx, file) {
        let lock = file.offset(file_bytes(cx.pointer_size()));
        windows(cx, "kernel32.dll", "DeleteCriticalSection", &[lock.0])?;
        cx.free(file);
    }
    Ok(if closed { 0 } else { -1 })
}

fn reopen<C: Text>(cx: &mut Cx<'_>, path: Addr, mode: Addr, file: Addr) -> Result<Addr, Trap> {
    if find(cx, file).is_none() {
        return invalid_parameter(cx, "freopen", errno::EINVAL, Addr::NULL);
    }
    shut(cx, file)?;
    open::<C>(cx, Some(file), path, mode)
}

/// Stores a stream that was opened, or null, and answers `errno` as the safe functions do.
fn store(cx: &mut Cx<'_>, place: Addr, file: Addr) -> Result<i32, Trap> {
    cx.write_addr(place, file)?;
    if file.is_null() {
        last_error(cx)
    } else {
        Ok(0)
    }
}

/// Gives an open file a stream.
fn give_stream(cx: &mut Cx<'_>, number: i32, mode: Option<Mode>) -> Result<Addr, Trap> {
    let Some(mode) = mode else {
        return invalid_parameter(cx, "_fdopen", errno::EINVAL, Addr::NULL);
    };
    let Some(file) = cx.state::<Descriptors>().get(number) else {
        return invalid_parameter(cx, "_fdopen", errno::EBADF, Addr::NULL);
    };
    if let Some(text) = mode.text {
        file.lock().expect("no holder panics").text = text;
    }
    adopt(cx, None, number, mode)
}

fn flush(cx: &mut Cx<'_>, file: Addr) -> Result<bool, Trap> {
    with(cx, file, false, |cx, stream, descriptor| {
        let flushed = stream.flush(descriptor).map(|()| true);
        show(cx, descriptor, true);
        done(cx, stream, flushed, false)
    })
}

fn all(cx: &Cx<'_>) -> Vec<Addr> {
    cx.state::<Streams>()
        .open
        .lock()
        .expect("no holder panics")
        .keys()
        .copied()
        .collect()
}

pub(super) fn flush_all(cx: &mut Cx<'_>) -> Result<i32, Trap> {
    let files = all(cx);
    for file in &files {
        flush(cx, *file)?;
    }
    Ok(files.len() as i32)
}

fn read_into(cx: &mut Cx<'_>, at: Addr, width: u64, count: u64, file: Addr) -> Result<u64, Trap> {
    let wanted = width.saturating_mul(count);
    if wanted == 0 {
        return Ok(0);
    }
    let bytes = with(cx, file, Vec::new(), |cx, stream, descriptor| {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < wanted {
            let next = stream.next(descriptor);
            match done(cx, stream, next, None)? {
                Some(byte) => bytes.push(byte),
                None => break,
            }
        }
        Ok(bytes)
    })?;
    cx.put(at, &bytes)?;
    Ok(bytes.len() as u64 / width)
}

fn seek(cx: &mut Cx<'_>, file: Addr, offset: i64, from: i32) -> Result<i32, Trap> {
    let Some(to) = place(offset, from) else {
        return invalid_parameter(cx, "fseek", errno::EINVAL, -1);
    };
    with(cx, file, -1, |cx, stream, descriptor| {
        let moved = stream.seek(descriptor, to).map(|_| 0);
        moved.or_else(|error| fail(cx, error_number(&error), -1))
    })
}

fn tell(cx: &mut Cx<'_>, file: Addr) -> Result<i64, Trap> {
    with(cx, file, -1, |cx, stream, descriptor| {
        let place = stream.tell(descriptor).map(|place| place as i64);
        place.or_else(|error| fail(cx, error_number(&error), -1))
    })
}

/// `fgets` and `fgetws`: a line with its end, as far as there is room.
fn line<C: Text>(
    cx: &mut Cx<'_>,
    at: Addr,
    room: i32,
    file: Addr,
    next: fn(&mut Cx<'_>, Addr) -> Result<Option<C>, Trap>,
) -> Result<Addr, Trap> {
    if at.is_null() || room <= 0 {
        return invalid_parameter(cx, "fgets", errno::EINVAL, Addr::NULL);
    }
    let mut text = Vec::new();
    while (text.len() as i32) < room - 1 {
        match next(cx, file)? {
            Some(unit) => text.push(unit),
            None if text.is_empty() => return Ok(Addr::NULL),
            None => break,
        }
        if text.last().is_some_and(|unit| unit.ascii() == b'\n') {
            break;
        }
    }
    put_string(cx, at, &text)?;
    Ok(at)
}

/// `gets`: a line of standard input without its end.
fn line_of_input<C: Text>(
    cx: &mut Cx<'_>,
    at: Addr,
    next: fn(&mut Cx<'_>, Addr) -> Result<Option<C>, Trap>,
) -> Result<Addr, Trap> {
    let input = array(cx);
    let mut text = Vec::new();
    while let Some(unit) = next(cx, input)?
        && unit.ascii() != b'\n'
    {
        text.push(unit);
    }
    if text.is_empty() {
        return Ok(Addr::NULL);
    }
    put_string(cx, at, &text)?;
    Ok(at)
}

fn standard(cx: &Cx<'_>, number: u64) -> Addr {
    array(cx).offset(number * file_bytes(cx.pointer_size()))
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers the standard streams.
    fn __iob_func(cx) -> Addr { Ok(array(cx)) }

    /// Answers one of the standard streams.
    fn __acrt_iob_func(cx, number: u32) -> Addr { Ok(standard(cx, number.into())) }

    /// Opens a stream.
    fn fopen(cx, path: Addr, mode: Addr) -> Addr { open::<u8>(cx, None, path, mode) }

    /// Opens a stream and stores it.
    fn fopen_s(cx, place: Addr, path: Addr, mode: Addr) -> i32 { open_into::<u8>(cx, place, path, mode) }

    /// Opens a stream, to be shared or not.
    fn _fsopen(cx, path: Addr, mode: Addr, share: i32) -> Addr { open::<u8>(cx, None, path, mode) }

    /// Opens another file in a stream.
    fn freopen(cx, path: Addr, mode: Addr, file: Addr) -> Addr { reopen::<u8>(cx, path, mode, file) }

    /// Opens another file in a stream and stores it.
    fn freopen_s(cx, place: Addr, path: Addr, mode: Addr, file: Addr) -> i32 {
        let opened = reopen::<u8>(cx, path, mode, file)?;
        store(cx, place, opened)
    }

    /// Gives an open file a stream.
    fn _fdopen(cx, number: i32, mode: Addr) -> Addr {
        let mode = mode_of::<u8>(cx, mode)?;
        give_stream(cx, number, mode)
    }

    /// Opens a stream by wide path.
    fn _wfopen(cx, path: Addr, mode: Addr) -> Addr { open::<u16>(cx, None, path, mode) }

    /// Opens a stream by wide path and stores it.
    fn _wfopen_s(cx, place: Addr, path: Addr, mode: Addr) -> i32 {
        open_into::<u16>(cx, place, path, mode)
    }

    /// Opens a stream by wide path, to be shared or not.
    fn _wfsopen(cx, path: Addr, mode: Addr, share: i32) -> Addr { open::<u16>(cx, None, path, mode) }

    /// Opens another file by wide path in a stream.
    fn _wfreopen(cx, path: Addr, mode: Addr, file: Addr) -> Addr { reopen::<u16>(cx, path, mode, file) }

    /// Opens another file by wide path in a stream and stores it.
    fn _wfreopen_s(cx, place: Addr, path: Addr, mode: Addr, file: Addr) -> i32 {
        let opened = reopen::<u16>(cx, path, mode, file)?;
        store(cx, place, opened)
    }

    /// Gives an open file a stream by wide mode.
    fn _wfdopen(cx, number: i32, mode: Addr) -> Addr {
        let mode = mode_of::<u16>(cx, mode)?;
        give_stream(cx, number, mode)
    }

    /// Closes a stream.
    fn fclose(cx, file: Addr) -> i32 { close(cx, file) }

    /// Closes all streams but the standard ones.
    fn _fcloseall(cx) -> i32 {
        let mut closed = 0;
        for file in all(cx) {
            if !is_standard(cx, file) {
                close(cx, file)?;
                closed += 1;
            }
        }
        Ok(closed)
    }

    /// Writes what waits in a stream, or in all.
    fn fflush(cx, file: Addr) -> i32 {
        if file.is_null() {
            flush_all(cx)?;
            return Ok(0);
        }
        Ok(if flush(cx, file)? { 0 } else { -1 })
    }

    /// Writes what waits in all streams.
    fn _flushall(cx) -> i32 { flush_all(cx) }

    /// Reads elements.
    fn fread(cx, at: Addr, width: Size, count: Size, file: Addr) -> Size {
        read_into(cx, at, width.0, count.0, file).map(Size)
    }

    /// Reads elements into a buffer of known size.
    fn fread_s(cx, at: Addr, room: Size, width: Size, count: Size, file: Addr) -> Size {
        if width.0.saturating_mul(count.0) > room.0 {
            cx.fill(at, 0, room.0)?;
            return invalid_parameter(cx, "fread_s", errno::ERANGE, Size(0));
        }
        read_into(cx, at, width.0, count.0, file).map(Size)
    }

    /// Writes elements.
    fn fwrite(cx, at: Addr, width: Size, count: Size, file: Addr) -> Size {
        let bytes = cx.bytes(at, width.0.saturating_mul(count.0))?;
        if bytes.is_empty() {
            return Ok(Size(0));
        }
        Ok(if write(cx, file, &bytes)? { count } else { Size(0) })
    }

    /// Reads a byte, or `EOF`.
    fn fgetc(cx, file: Addr) -> i32 { Ok(read_byte(cx, file)?.map_or(-1, i32::from)) }

    /// Reads a wide character, or `WEOF`.
    fn fgetwc(cx, file: Addr) -> u16 { Ok(read_wide(cx, file)?.unwrap_or(u16::MAX)) }

    /// Reads a byte of standard input, or `EOF`.
    fn getchar(cx) -> i32 {
        let input = array(cx);
        Ok(read_byte(cx, input)?.map_or(-1, i32::from))
    }

    /// Reads a wide character of standard input, or `WEOF`.
    fn getwchar(cx) -> u16 {
        let input = array(cx);
        Ok(read_wide(cx, input)?.unwrap_or(u16::MAX))
    }

    /// Writes a byte.
    fn fputc(cx, byte: i32, file: Addr) -> i32 {
        Ok(if write(cx, file, &[byte as u8])? { byte & 0xff } else { -1 })
    }

    /// Writes a wide character.
    fn fputwc(cx, unit: u16, file: Addr) -> u16 {
        Ok(if write_wide(cx, file, &[unit])? { unit } else { u16::MAX })
    }

    /// Writes a byte to standard output.
    fn putchar(cx, byte: i32) -> i32 {
        let output = standard(cx, 1);
        Ok(if write(cx, output, &[byte as u8])? { byte & 0xff } else { -1 })
    }

    /// Writes a wide character to standard output.
    fn putwchar(cx, unit: u16) -> u16 {
        let output = standard(cx, 1);
        Ok(if write_wide(cx, output, &[unit])? { unit } else { u16::MAX })
    }

    /// Reads a byte for a program whose own buffer is empty.
    fn _filbuf(cx, file: Addr) -> i32 {
        cx.write(file.offset(cx.pointer_size()), 0)?;
        Ok(read_byte(cx, file)?.map_or(-1, i32::from))
    }

    /// Writes a byte for a program whose own buffer is full.
    fn _flsbuf(cx, byte: i32, file: Addr) -> i32 {
        // The program has counted down already; the count stays zero, so that it asks again.
        cx.write(file.offset(cx.pointer_size()), 0)?;
        Ok(if write(cx, file, &[byte as u8])? { byte & 0xff } else { -1 })
    }

    /// Gives a byte back.
    fn ungetc(cx, byte: i32, file: Addr) -> i32 {
        if byte == -1 {
            return Ok(-1);
        }
        with(cx, file, -1, |_, stream, _| {
            stream.push_back(byte as u8);
            Ok(byte & 0xff)
        })
    }

    /// Gives a wide character back.
    fn ungetwc(cx, unit: u16, file: Addr) -> u16 {
        if unit == u16::MAX {
            return Ok(unit);
        }
        with(cx, file, u16::MAX, |_, stream, descriptor| {
            let [low, high] = unit.to_le_bytes();
            if !descriptor.text {
                stream.push_back(high);
            }
            stream.push_back(low);
            Ok(unit)
        })
    }

    /// Reads a line.
    fn fgets(cx, at: Addr, room: i32, file: Addr) -> Addr { line::<u8>(cx, at, room, file, read_byte) }

    /// Reads a wide line.
    fn fgetws(cx, at: Addr, room: i32, file: Addr) -> Addr { line::<u16>(cx, at, room, file, read_wide) }

    /// Reads a line of standard input.
    fn gets(cx, at: Addr) -> Addr { line_of_input::<u8>(cx, at, read_byte) }

    /// Reads a wide line of standard input.
    fn _getws(cx, at: Addr) -> Addr { line_of_input::<u16>(cx, at, read_wide) }

    /// Reads a line of standard input into a buffer of known size.
    fn gets_s(cx, at: Addr, room: Size) -> Addr { line_of_input::<u8>(cx, at, read_byte) }

    /// Writes a string.
    fn fputs(cx, text: Addr, file: Addr) -> i32 {
        let text = string::<u8>(cx, text)?;
        Ok(if write(cx, file, &text)? { 0 } else { -1 })
    }

    /// Writes a wide string.
    fn fputws(cx, text: Addr, file: Addr) -> i32 {
        let text = string::<u16>(cx, text)?;
        Ok(if write_wide(cx, file, &text)? { 0 } else { -1 })
    }

    /// Writes a line to standard output.
    fn puts(cx, text: Addr) -> i32 {
        let mut text = string::<u8>(cx, text)?;
        text.push(b'\n');
        let output = standard(cx, 1);
        Ok(if write(cx, output, &text)? { 0 } else { -1 })
    }

    /// Writes a wide line to standard output.
    fn _putws(cx, text: Addr) -> i32 {
        let mut text = string::<u16>(cx, text)?;
        text.push(u16::from(b'\n'));
        let output = standard(cx, 1);
        Ok(if write_wide(cx, output, &text)? { 0 } else { -1 })
    }

    /// Writes a string to the console.
    fn _cputs(cx, text: Addr) -> i32 {
        let text = string::<u8>(cx, text)?;
        let output = standard(cx, 1);
        Ok(if write(cx, output, &text)? { 0 } else { -1 })
    }

    /// Moves the place in a stream.
    fn fseek(cx, file: Addr, offset: i32, from: i32) -> i32 { seek(cx, file, offset.into(), from) }

    /// Moves the place in a stream, 64 bits.
    fn _fseeki64(cx, file: Addr, offset: i64, from: i32) -> i32 { seek(cx, file, offset, from) }

    /// Answers the place in a stream.
    fn ftell(cx, file: Addr) -> i32 { tell(cx, file).map(|place| place as i32) }

    /// Answers the place in a stream, 64 bits.
    fn _ftelli64(cx, file: Addr) -> i64 { tell(cx, file) }

    /// Moves the place in a stream to the start and forgets its errors.
    fn rewind(cx, file: Addr) {
        seek(cx, file, 0, 0)?;
        with(cx, file, (), |_, stream, _| {
            stream.failed = false;
            Ok(())
        })
    }

    /// Stores the place in a stream.
    fn fgetpos(cx, file: Addr, at: Addr) -> i32 {
        let place = tell(cx, file)?;
        if place < 0 {
            return Ok(-1);
        }
        cx.write(at, place)?;
        Ok(0)
    }

    /// Moves the place in a stream to one that was stored.
    fn fsetpos(cx, file: Addr, at: Addr) -> i32 {
        let place: i64 = cx.read(at)?;
        seek(cx, file, place, 0)
    }

    /// Tells whether the end was met.
    fn feof(cx, file: Addr) -> i32 {
        with(cx, file, 0, |_, stream, _| Ok(if stream.ended { flag::END } else { 0 }))
    }

    /// Tells whether something failed.
    fn ferror(cx, file: Addr) -> i32 {
        with(cx, file, 0, |_, stream, _| Ok(if stream.failed { flag::ERROR } else { 0 }))
    }

    /// Forgets the end and the errors.
    fn clearerr(cx, file: Addr) {
        with(cx, file, (), |_, stream, _| {
            (stream.ended, stream.failed) = (false, false);
            Ok(())
        })
    }

    /// Forgets the end and the errors, and answers 0.
    fn clearerr_s(cx, file: Addr) -> i32 {
        with(cx, file, errno::EINVAL, |_, stream, _| {
            (stream.ended, stream.failed) = (false, false);
            Ok(0)
        })
    }

    /// Answers the number of a stream's file.
    fn _fileno(cx, file: Addr) -> i32 {
        match find(cx, file) {
            Some(open) => Ok(open.number),
            None => invalid_parameter(cx, "_fileno", errno::EINVAL, -1),
        }
    }

    /// Says how a stream is buffered: `_IONBF` is 4.
    fn setvbuf(cx, file: Addr, buffer: Addr, mode: i32, size: Size) -> i32 {
        with(cx, file, -1, |_, stream, _| {
            stream.unbuffered = mode == 4;
            Ok(0)
        })
    }

    /// Gives a stream a buffer, or none.
    fn setbuf(cx, file: Addr, buffer: Addr) {
        with(cx, file, (), |_, stream, _| {
            stream.unbuffered = buffer.is_null();
            Ok(())
        })
    }

    /// Opens a file that goes when it is closed.
    fn tmpfile(cx) -> Addr {
        let name = files::temporary_name(cx, "t");
        let path = files::host_path(cx, &name);
        let mode = Mode { read: true, write: true, create: true, text: Some(false), temporary: true, ..Mode::default() };
        open_at(cx, None, &path, mode)
    }

    /// Opens a file that goes when it is closed, and stores it.
    fn tmpfile_s(cx, place: Addr) -> i32 {
        let name = files::temporary_name(cx, "t");
        let path = files::host_path(cx, &name);
        let mode = Mode { read: true, write: true, create: true, text: Some(false), temporary: true, ..Mode::default() };
        let file = open_at(cx, None, &path, mode)?;
        store(cx, place, file)
    }

    /// Makes a name that no file has.
    fn tmpnam(cx, at: Addr) -> Addr {
        let name = encode::<u8>(cx, &files::temporary_name(cx, "s"));
        if at.is_null() {
            return super::runtime::block(cx, "tmpnam", |cx| super::text::allocate(cx, &name));
        }
        put_string(cx, at, &name)?;
        Ok(at)
    }

    /// Makes a name that no file has, in a block of its own.
    fn _tempnam(cx, directory: Addr, prefix: Addr) -> Addr {
        let prefix = if prefix.is_null() { String::new() } else { files::text_of::<u8>(cx, prefix)? };
        let name = encode::<u8>(cx, &files::temporary_name(cx, &prefix));
        super::text::allocate(cx, &name)
    }

    /// Makes a wide name that no file has.
    fn _wtmpnam(cx, at: Addr) -> Addr {
        let name = encode::<u16>(cx, &files::temporary_name(cx, "s"));
        if at.is_null() {
            return super::runtime::block(cx, "_wtmpnam", |cx| super::text::allocate(cx, &name));
        }
        put_string(cx, at, &name)?;
        Ok(at)
    }

    /// Makes a wide name that no file has, in a block of its own.
    fn _wtempnam(cx, directory: Addr, prefix: Addr) -> Addr {
        let prefix = if prefix.is_null() { String::new() } else { files::text_of::<u16>(cx, prefix)? };
        let name = encode::<u16>(cx, &files::temporary_name(cx, &prefix));
        super::text::allocate(cx, &name)
    }

    /// Removes the temporary files.
    fn _rmtmp(cx) -> i32 { Ok(files::remove_temporary(cx)) }

    /// Reads an `int`.
    fn _getw(cx, file: Addr) -> i32 {
        let mut bytes = [0; 4];
        for byte in &mut bytes {
            match read_byte(cx, file)? {
                Some(next) => *byte = next,
                None => return Ok(-1),
            }
        }
        Ok(i32::from_le_bytes(bytes))
    }

    /// Writes an `int`.
    fn _putw(cx, value: i32, file: Addr) -> i32 {
        Ok(if write(cx, file, &value.to_le_bytes())? { value } else { -1 })
    }

    /// Answers how many streams may be open.
    fn _getmaxstdio(cx) -> i32 { Ok(512) }

    /// Says how many streams may be open.
    fn _setmaxstdio(cx, most: i32) -> i32 { Ok(most) }

    /// Takes the lock of a stream.
    fn _lock_file(cx, file: Addr) {
        lock(cx, file.0);
        Ok(())
    }

    /// Gives the lock of a stream back.
    fn _unlock_file(cx, file: Addr) {
        unlock(cx, file.0);
        Ok(())
    }

    /// Tells that nobody has pressed a key.
    fn _kbhit(cx) -> i32 { Ok(0) }

    /// Reads a key of the console; nobody presses one.
    fn _getch(cx) -> i32 { Ok(-1) }

    /// Answers where the pointers of a stream's buffer lie.
    fn _get_stream_buffer_pointers(cx, file: Addr, base: Addr, pointer: Addr, count: Addr) -> i32 {
        if file.is_null() {
            return refuse(cx, "_get_stream_buffer_pointers", errno::EINVAL);
        }
        let width = cx.pointer_size();
        cx.write_addr_unless_null(base, file.offset(2 * width))?;
        cx.write_addr_unless_null(pointer, file)?;
        cx.write_addr_unless_null(count, file.offset(width))?;
        Ok(0)
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "fclose" as "_fclose_nolock",
        "fflush" as "_fflush_nolock",
        "fgetc" as "_fgetc_nolock",
        "fgetc" as "_getc_nolock",
        "fgetc" as "getc",
        "fgetwc" as "getwc",
        "fgetwc" as "_fgetwc_nolock",
        "fgetwc" as "_getwc_nolock",
        "fputc" as "_fputc_nolock",
        "fputc" as "_putc_nolock",
        "fputc" as "putc",
        "fputwc" as "putwc",
        "fputwc" as "_fputwc_nolock",
        "fputwc" as "_putwc_nolock",
        "fread" as "_fread_nolock",
        "fread_s" as "_fread_nolock_s",
        "fwrite" as "_fwrite_nolock",
        "fseek" as "_fseek_nolock",
        "_fseeki64" as "_fseeki64_nolock",
        "ftell" as "_ftell_nolock",
        "_ftelli64" as "_ftelli64_nolock",
        "ungetc" as "_ungetc_nolock",
        "ungetwc" as "_ungetwc_nolock",
        "getchar" as "_fgetchar",
        "getwchar" as "_fgetwchar",
        "putchar" as "_fputchar",
        "putwchar" as "_fputwchar",
        "putchar" as "_putch",
        "putwchar" as "_putwch",
        "_fileno" as "fileno",
        "_fdopen" as "fdopen",
        "_fcloseall" as "fcloseall",
        "_flushall" as "flushall",
        "_tempnam" as "tempnam",
        "_getw" as "getw",
        "_putw" as "putw",
        "_getch" as "_getche",
        "__iob_func" as "__p__iob";
}
