//! `<io.h>`: files by number.

use std::io::SeekFrom;
use std::sync::{Arc, Mutex};

use super::aliases;
use super::files::{self, error_number, path_of};
use super::runtime::{errno, fail, invalid_parameter, refuse, set_errno};
use super::text::Text;
use crate::crt::streams::{Descriptor, Mode, Target};
use crate::cx::Cx;
use crate::shim::{Addr, VarArgs, shims};
use crate::station::Report;
use crate::trap::Trap;

/// A descriptor that several streams, or several numbers, may share.
pub(super) type Shared = Arc<Mutex<Descriptor>>;

/// The open files of the process, by number.
pub(super) struct Descriptors {
    open: Mutex<Vec<Option<Shared>>>,
}

/// Standard input, output and error.
const STANDARD: i32 = 3;
/// More files than this a runtime does not open.
const MOST: usize = 2048;

impl Default for Descriptors {
    fn default() -> Self {
        let standard = [
            Target::Nothing,
            Target::Screen(Vec::new()),
            Target::Screen(Vec::new()),
        ];
        let open =
            standard.map(|target| Some(Arc::new(Mutex::new(Descriptor::new(target, true, false)))));
        Self {
            open: Mutex::new(open.into()),
        }
    }
}

impl Descriptors {
    /// Gives a file the lowest free number.
    pub(super) fn insert(&self, file: Shared) -> Option<i32> {
        let mut open = self.open.lock().expect("no holder panics");
        let free = open.iter().position(Option::is_none).unwrap_or(open.len());
        if free >= MOST {
            return None;
        }
        if free == open.len() {
            open.push(None);
        }
        open[free] = Some(file);
        i32::try_from(free).ok()
    }

    /// The file with a number.
    pub(super) fn get(&self, number: i32) -> Option<Shared> {
        let open = self.open.lock().expect("no holder panics");
        open.get(usize::try_from(number).ok()?)?.clone()
    }

    /// Takes a file's number away.
    pub(super) fn remove(&self, number: i32) -> Option<Shared> {
        let mut open = self.open.lock().expect("no holder panics");
        open.get_mut(usize::try_from(number).ok()?)?.take()
    }

    fn replace(&self, number: i32, file: Shared) -> bool {
        let Ok(index) = usize::try_from(number) else {
            return false;
        };
        let mut open = self.open.lock().expect("no holder panics");
        if index >= MOST {
            return false;
        }
        if open.len() <= index {
            open.resize(index + 1, None);
        }
        open[index] = Some(file);
        true
    }
}

/// Tells a person what was written for one.
pub(super) fn show(cx: &Cx<'_>, file: &mut Descriptor, whole: bool) {
    if let Some(lines) = file.take_screen(whole) {
        let text = cx.process().ansi_to_string(&lines);
        cx.report(Report::Output(text.trim_end_matches('\n').to_owned()));
    }
}

/// Runs something on the file with a number; -1 and `EBADF` when there is none.
fn with<T>(
    cx: &mut Cx<'_>,
    number: i32,
    bad: T,
    run: impl FnOnce(&mut Cx<'_>, &mut Descriptor) -> Result<T, Trap>,
) -> Result<T, Trap> {
    match cx.state::<Descriptors>().get(number) {
        Some(file) => run(cx, &mut file.lock().expect("no holder panics")),
        None => invalid_parameter(cx, "a function of files", errno::EBADF, bad),
    }
}

fn io<T>(cx: &Cx<'_>, result: std::io::Result<T>, bad: T) -> Result<T, Trap> {
    result.or_else(|error| fail(cx, error_number(&error), bad))
}

const O_WRONLY: i32 = 1;
const O_RDWR: i32 = 2;
const O_APPEND: i32 = 8;
const O_TEMPORARY: i32 = 0x40;
const O_CREAT: i32 = 0x100;
const O_TRUNC: i32 = 0x200;
const O_EXCL: i32 = 0x400;
const O_TEXT: i32 = 0x4000;
const O_BINARY: i32 = 0x8000;

/// `_open`: the number of the file, or the error.
fn open<C: Text>(cx: &mut Cx<'_>, path: Addr, flags: i32) -> Result<Result<i32, i32>, Trap> {
    if path.is_null() {
        return Ok(Err(refuse(cx, "_open", errno::EINVAL)?));
    }
    let mode = Mode {
        read: flags & 3 != O_WRONLY,
        write: flags & 3 != 0,
        append: flags & O_APPEND != 0,
        create: flags & O_CREAT != 0,
        truncate: flags & O_TRUNC != 0,
        exclusive: flags & O_EXCL != 0,
        text: Some(flags & O_BINARY == 0),
        temporary: flags & O_TEMPORARY != 0,
    };
    // Creating needs leave to write on this side, which a reader's file does not lose.
    let mode = if flags & 3 == 0 && mode.create {
        Mode {
            write: true,
            ..mode
        }
    } else {
        mode
    };
    let path = path_of::<C>(cx, path)?;
    let file = match mode.open(&path) {
        Ok(file) => file,
        Err(error) => return Ok(Err(error_number(&error))),
    };
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(Err(errno::EACCES));
    }
    let file = Descriptor::new(Target::File(file), mode.text == Some(true), mode.append);
    let number = cx.state::<Descriptors>().insert(Arc::new(Mutex::new(file)));
    if mode.temporary {
        files::remove_later(cx, path);
    }
    Ok(number.ok_or(errno::EMFILE))
}

fn opened(cx: &Cx<'_>, result: Result<i32, i32>) -> Result<i32, Trap> {
    result.or_else(|error| fail(cx, error, -1))
}

fn opened_at(cx: &Cx<'_>, at: Addr, result: Result<i32, i32>) -> Result<i32, Trap> {
    cx.write(at, result.unwrap_or(-1))?;
    match result {
        Ok(_) => Ok(0),
        Err(error) => fail(cx, error, error),
    }
}

/// Where `_lseek` and `fseek` go; none for a wrong word.
pub(super) fn place(offset: i64, from: i32) -> Option<SeekFrom> {
    match from {
        0 => u64::try_from(offset).ok().map(SeekFrom::Start),
        1 => Some(SeekFrom::Current(offset)),
        2 => Some(SeekFrom::End(offset)),
        _ => None,
    }
}

fn seek(cx: &mut Cx<'_>, number: i32, offset: i64, from: i32) -> Result<i64, Trap> {
    let Some(to) = place(offset, from) else {
        return invalid_parameter(cx, "_lseek", errno::EINVAL, -1);
    };
    with(cx, number, -1, |cx, file| {
        let place = file.seek(to).map(|place| place as i64);
        io(cx, place, -1)
    })
}

fn length(cx: &mut Cx<'_>, number: i32) -> Result<i64, Trap> {
    with(cx, number, -1, |cx, file| {
        match file.file().map(std::fs::File::metadata) {
            Some(metadata) => io(cx, metadata.map(|metadata| metadata.len() as i64), -1),
            None => fail(cx, errno::EBADF, -1),
        }
    })
}

fn resize(cx: &mut Cx<'_>, number: i32, size: i64) -> Result<i32, Trap> {
    with(cx, number, errno::EBADF, |cx, file| match file.file() {
        Some(file) => match file.set_len(size.max(0) as u64) {
            Ok(()) => Ok(0),
            Err(error) => fail(cx, error_number(&error), error_number(&error)),
        },
        None => fail(cx, errno::EBADF, errno::EBADF),
    })
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Opens a file.
    fn _open(cx, path: Addr, flags: i32, rest: VarArgs) -> i32 {
        let opened_file = open::<u8>(cx, path, flags)?;
        opened(cx, opened_file)
    }

    /// Opens a file, to be shared or not.
    fn _sopen(cx, path: Addr, flags: i32, share: i32, rest: VarArgs) -> i32 {
        let opened_file = open::<u8>(cx, path, flags)?;
        opened(cx, opened_file)
    }

    /// Opens a file and stores its number.
    fn _sopen_s(cx, at: Addr, path: Addr, flags: i32, share: i32, permission: i32) -> i32 {
        let opened_file = open::<u8>(cx, path, flags)?;
        opened_at(cx, at, opened_file)
    }

    /// Opens a file and stores its number, for the other functions that open.
    fn _sopen_dispatch(cx, path: Addr, flags: i32, share: i32, permission: i32, at: Addr, secure: i32) -> i32 {
        let opened_file = open::<u8>(cx, path, flags)?;
        opened_at(cx, at, opened_file)
    }

    /// Makes a file.
    fn _creat(cx, path: Addr, permission: i32) -> i32 {
        let opened_file = open::<u8>(cx, path, O_RDWR | O_CREAT | O_TRUNC | O_TEXT)?;
        opened(cx, opened_file)
    }

    /// Opens a file by wide path.
    fn _wopen(cx, path: Addr, flags: i32, rest: VarArgs) -> i32 {
        let opened_file = open::<u16>(cx, path, flags)?;
        opened(cx, opened_file)
    }

    /// Opens a file by wide path, to be shared or not.
    fn _wsopen(cx, path: Addr, flags: i32, share: i32, rest: VarArgs) -> i32 {
        let opened_file = open::<u16>(cx, path, flags)?;
        opened(cx, opened_file)
    }

    /// Opens a file by wide path and stores its number.
    fn _wsopen_s(cx, at: Addr, path: Addr, flags: i32, share: i32, permission: i32) -> i32 {
        let opened_file = open::<u16>(cx, path, flags)?;
        opened_at(cx, at, opened_file)
    }

    /// Opens a file by wide path and stores its number, for the other functions that open.
    fn _wsopen_dispatch(cx, path: Addr, flags: i32, share: i32, permission: i32, at: Addr, secure: i32) -> i32 {
        let opened_file = open::<u16>(cx, path, flags)?;
        opened_at(cx, at, opened_file)
    }

    /// Makes a file by wide path.
    fn _wcreat(cx, path: Addr, permission: i32) -> i32 {
        let opened_file = open::<u16>(cx, path, O_RDWR | O_CREAT | O_TRUNC | O_TEXT)?;
        opened(cx, opened_file)
    }

    /// Closes a file.
    fn _close(cx, number: i32) -> i32 {
        match cx.state::<Descriptors>().remove(number) {
            Some(file) => {
                show(cx, &mut file.lock().expect("no holder panics"), true);
                Ok(0)
            }
            None => invalid_parameter(cx, "_close", errno::EBADF, -1),
        }
    }

    /// Reads bytes; 0 at the end.
    fn _read(cx, number: i32, at: Addr, count: u32) -> i32 {
        with(cx, number, -1, |cx, file| match file.read(count as usize) {
            Ok(bytes) => {
                cx.put(at, &bytes)?;
                Ok(bytes.len() as i32)
            }
            Err(error) => fail(cx, error_number(&error), -1),
        })
    }

    /// Writes bytes.
    fn _write(cx, number: i32, at: Addr, count: u32) -> i32 {
        let bytes = cx.bytes(at, count.into())?;
        with(cx, number, -1, |cx, file| match file.write(&bytes) {
            Ok(()) => {
                show(cx, file, false);
                Ok(count as i32)
            }
            Err(error) => fail(cx, error_number(&error), -1),
        })
    }

    /// Moves the place in a file.
    fn _lseek(cx, number: i32, offset: i32, from: i32) -> i32 {
        seek(cx, number, offset.into(), from).map(|place| place as i32)
    }

    /// Moves the place in a file, 64 bits.
    fn _lseeki64(cx, number: i32, offset: i64, from: i32) -> i64 { seek(cx, number, offset, from) }

    /// Answers the place in a file.
    fn _tell(cx, number: i32) -> i32 { seek(cx, number, 0, 1).map(|place| place as i32) }

    /// Answers the place in a file, 64 bits.
    fn _telli64(cx, number: i32) -> i64 { seek(cx, number, 0, 1) }

    /// Tells whether the place is at the end.
    fn _eof(cx, number: i32) -> i32 {
        let end = length(cx, number)?;
        if end < 0 {
            return Ok(-1);
        }
        Ok(i32::from(seek(cx, number, 0, 1)? >= end))
    }

    /// Answers the length of a file.
    fn _filelength(cx, number: i32) -> i32 { length(cx, number).map(|length| length as i32) }

    /// Answers the length of a file, 64 bits.
    fn _filelengthi64(cx, number: i32) -> i64 { length(cx, number) }

    /// Sets the length of a file.
    fn _chsize(cx, number: i32, size: i32) -> i32 {
        resize(cx, number, size.into()).map(|error| if error == 0 { 0 } else { -1 })
    }

    /// Sets the length of a file, 64 bits.
    fn _chsize_s(cx, number: i32, size: i64) -> i32 { resize(cx, number, size) }

    /// Brings what was written to the disk.
    fn _commit(cx, number: i32) -> i32 {
        with(cx, number, -1, |cx, file| match file.file() {
            Some(file) => io(cx, file.sync_all().map(|()| 0), -1),
            None => Ok(0),
        })
    }

    /// Gives a file another number.
    fn _dup(cx, number: i32) -> i32 {
        let open = cx.state::<Descriptors>();
        match open.get(number).map(|file| open.insert(file)) {
            Some(Some(number)) => Ok(number),
            Some(None) => fail(cx, errno::EMFILE, -1),
            None => invalid_parameter(cx, "_dup", errno::EBADF, -1),
        }
    }

    /// Gives a file a number of choice.
    fn _dup2(cx, number: i32, wanted: i32) -> i32 {
        let open = cx.state::<Descriptors>();
        match open.get(number) {
            Some(file) if open.replace(wanted, file.clone()) => Ok(0),
            _ => invalid_parameter(cx, "_dup2", errno::EBADF, -1),
        }
    }

    /// Tells whether a file is a terminal; none is.
    fn _isatty(cx, number: i32) -> i32 {
        if cx.state::<Descriptors>().get(number).is_none() {
            set_errno(cx, errno::EBADF)?;
        }
        Ok(0)
    }

    /// Says whether line ends are translated, and answers what was said.
    fn _setmode(cx, number: i32, mode: i32) -> i32 {
        if !matches!(mode, O_TEXT | O_BINARY | 0x1_0000 | 0x2_0000 | 0x4_0000) {
            return invalid_parameter(cx, "_setmode", errno::EINVAL, -1);
        }
        with(cx, number, -1, |_, file| {
            let before = std::mem::replace(&mut file.text, mode != O_BINARY);
            Ok(if before { O_TEXT } else { O_BINARY })
        })
    }

    /// Answers the Windows handle of a file; files of the runtime have none here.
    fn _get_osfhandle(cx, number: i32) -> Addr {
        if (0..STANDARD).contains(&number) {
            // Standard files of a program without a console.
            return Ok(Addr(-2_i64 as u64));
        }
        fail(cx, errno::EBADF, Addr(u64::MAX))
    }

    /// Makes a file of a Windows handle; the runtime and the system keep theirs apart here.
    fn _open_osfhandle(cx, handle: Addr, flags: i32) -> i32 { fail(cx, errno::EBADF, -1) }

    /// Locks bytes of a file; nobody else is there to mind.
    fn _locking(cx, number: i32, mode: i32, count: i32) -> i32 { with(cx, number, -1, |_, _| Ok(0)) }

    /// Says which permissions new files lack, and answers what was said.
    fn _umask(cx, mode: i32) -> i32 { Ok(0) }

    /// Says which permissions new files lack, and stores what was said.
    fn _umask_s(cx, mode: i32, before: Addr) -> i32 {
        cx.write_unless_null(before, 0)?;
        Ok(0)
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_open" as "open",
        "_close" as "close",
        "_read" as "read",
        "_write" as "write",
        "_lseek" as "lseek",
        "_isatty" as "isatty",
        "_setmode" as "setmode",
        "_dup" as "dup",
        "_dup2" as "dup2",
        "_creat" as "creat",
        "_sopen" as "sopen",
        "_tell" as "tell",
        "_eof" as "eof",
        "_umask" as "umask",
        "_chsize" as "chsize",
        "_filelength" as "filelength";
}
