//! Open files: `CreateFile`, reading, writing, positions, sizes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;

use crate::calendar;
use crate::cx::Cx;
use crate::disk::{self, ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, Place};
use crate::dll::kernel32::directories::attributes;
use crate::dll::kernel32::sync;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::station::Report;
use crate::structures::Overlapped;
use crate::trap::Trap;

const ERROR_INVALID_FUNCTION: u32 = 1;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_HANDLE_EOF: u32 = 38;
const ERROR_FILE_EXISTS: u32 = 80;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_NEGATIVE_SEEK: u32 = 131;
const ERROR_ALREADY_EXISTS: u32 = 183;
const STATUS_END_OF_FILE: u64 = 0xC000_0011;
/// `FILE_FLAG_BACKUP_SEMANTICS`: directories may be opened.
const BACKUP: u32 = 0x0200_0000;
/// `FILE_FLAG_DELETE_ON_CLOSE`.
const DELETE_ON_CLOSE: u32 = 0x0400_0000;
/// As much as is moved at once.
const CHUNK: u64 = 1 << 20;

/// What the handle of a file stands for.
pub(crate) struct OpenFile {
    stream: Stream,
    /// The file of the host, where it is one, and whether it goes when it is closed.
    host: Option<PathBuf>,
    delete: bool,
    /// Writes go to the end.
    append: bool,
}

/// Where bytes come from and go to.
pub(crate) enum Stream {
    /// A file, a directory, or an end of a pipe.
    Host(File),
    /// Nothing.
    Null,
    /// What would be seen on a console: it is reported.
    Console,
}

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Opens or makes a file.
    fn CreateFileA(cx, name: Addr, access: u32, share: u32, security: Addr, disposition: u32, flags: u32, template: Handle) -> Handle {
        let name = Ansi.read(cx, name)?;
        open(cx, &name, access, disposition, flags)
    }

    /// Opens or makes a file.
    fn CreateFileW(cx, name: Addr, access: u32, share: u32, security: Addr, disposition: u32, flags: u32, template: Handle) -> Handle {
        let name = Wide.read(cx, name)?;
        open(cx, &name, access, disposition, flags)
    }

    /// Opens or makes a file.
    fn CreateFile2(cx, name: Addr, access: u32, share: u32, disposition: u32, parameters: Addr) -> Handle {
        let name = Wide.read(cx, name)?;
        let flags = if parameters.is_null() { 0 } else { cx.read::<u32>(parameters.offset(8))? };
        open(cx, &name, access, disposition, flags)
    }

    /// Reads bytes; answers fewer at the end of the file.
    fn ReadFile(cx, file: Handle, buffer: Addr, count: u32, done: Addr, overlapped: Addr) -> bool {
        transfer(cx, file, done, overlapped, |cx, file, position| file.read(cx, buffer, count, position))
    }

    /// Writes bytes.
    fn WriteFile(cx, file: Handle, buffer: Addr, count: u32, done: Addr, overlapped: Addr) -> bool {
        transfer(cx, file, done, overlapped, |cx, file, position| file.write(cx, buffer, count, position))
    }

    /// Moves the position; answers its lower half.
    fn SetFilePointer(cx, file: Handle, distance: i32, high: Addr, from: u32) -> u32 {
        let distance = if high.is_null() {
            i64::from(distance)
        } else {
            i64::from(cx.read::<i32>(high)?) << 32 | i64::from(distance as u32)
        };
        let Some(position) = seek(cx, file, distance, from) else { return Ok(u32::MAX) };
        cx.write_unless_null(high, (position >> 32) as u32)?;
        cx.fail(0, position as u32)
    }

    /// Moves the position.
    fn SetFilePointerEx(cx, file: Handle, distance: i64, position: Addr, from: u32) -> bool {
        let Some(found) = seek(cx, file, distance, from) else { return Ok(false) };
        cx.write_unless_null(position, found)?;
        Ok(true)
    }

    /// Answers the lower half of a file's size.
    fn GetFileSize(cx, file: Handle, high: Addr) -> u32 {
        let Some(size) = metadata(cx, file).map(|found| found.len()) else { return Ok(u32::MAX) };
        cx.write_unless_null(high, (size >> 32) as u32)?;
        cx.fail(0, size as u32)
    }

    /// Writes a file's size.
    fn GetFileSizeEx(cx, file: Handle, size: Addr) -> bool {
        let Some(found) = metadata(cx, file) else { return Ok(false) };
        cx.write(size, found.len())?;
        Ok(true)
    }

    /// Ends a file at the position.
    fn SetEndOfFile(cx, file: Handle) -> bool {
        on_host(cx, file, |mut file| {
            let position = file.stream_position()?;
            file.set_len(position)
        })
    }

    /// Brings what was written to the disk.
    fn FlushFileBuffers(cx, file: Handle) -> bool {
        match cx.process().handles().get::<OpenFile>(file) {
            Some(open) if matches!(open.stream, Stream::Host(_)) => on_host(cx, file, |file| file.sync_all()),
            Some(_) => Ok(true),
            None => cx.fail(ERROR_INVALID_HANDLE, false),
        }
    }

    /// Tells a file on disk (1) from a device (2) and a pipe (3).
    fn GetFileType(cx, file: Handle) -> u32 {
        use std::os::unix::fs::FileTypeExt;
        let Some(open) = open_file(cx, file) else { return Ok(0) };
        cx.set_last_error(0);
        let Stream::Host(host) = &open.stream else { return Ok(2) };
        Ok(match host.metadata().map(|found| found.file_type()) {
            Ok(kind) if kind.is_char_device() => 2,
            Ok(kind) if kind.is_fifo() || kind.is_socket() => 3,
            _ => 1,
        })
    }

    /// Writes when a file was made, read and written.
    fn GetFileTime(cx, file: Handle, made: Addr, read: Addr, written: Addr) -> bool {
        let Some(found) = metadata(cx, file) else { return Ok(false) };
        for (to, time) in [made, read, written].into_iter().zip(times(&found)) {
            cx.write_unless_null(to, time)?;
        }
        Ok(true)
    }

    /// Sets when a file was read and written.
    fn SetFileTime(cx, file: Handle, made: Addr, read: Addr, written: Addr) -> bool {
        let mut times = fs::FileTimes::new();
        if let Some(time) = given_time(cx, read)? {
            times = times.set_accessed(time);
        }
        if let Some(time) = given_time(cx, written)? {
            times = times.set_modified(time);
        }
        on_host(cx, file, |file| file.set_times(times))
    }

    /// Describes a file.
    fn GetFileInformationByHandle(cx, file: Handle, info: Addr) -> bool {
        let Some(found) = metadata(cx, file) else { return Ok(false) };
        let [made, read, written] = times(&found);
        let mut fields = cx.fields(info);
        fields.put(attributes(&found))?;
        for time in [made, read, written] {
            fields.put(time as u32)?.put((time >> 32) as u32)?;
        }
        fields.put(found.dev() as u32)?.put((found.len() >> 32) as u32)?.put(found.len() as u32)?;
        fields.put(found.nlink() as u32)?.put((found.ino() >> 32) as u32)?.put(found.ino() as u32)?;
        Ok(true)
    }

    /// Describes a file: its times (0), or its size (1).
    fn GetFileInformationByHandleEx(cx, file: Handle, class: u32, info: Addr, size: u32) -> bool {
        let Some(found) = metadata(cx, file) else { return Ok(false) };
        let [made, read, written] = times(&found);
        let mut fields = cx.fields(info);
        match (class, size) {
            (0, 40..) => {
                fields.put(made)?.put(read)?.put(written)?.put(written)?.put(attributes(&found))?;
            }
            (1, 24..) => {
                fields.put(found.blocks() * 512)?.put(found.len())?.put(found.nlink() as u32)?;
                fields.put(0_u8)?.put(u8::from(found.is_dir()))?;
            }
            (0 | 1, _) => return cx.fail(24, false),
            _ => return cx.fail(ERROR_INVALID_PARAMETER, false),
        }
        Ok(true)
    }

    /// Writes the path of an open file.
    fn GetFinalPathNameByHandleA(cx, file: Handle, buffer: Addr, room: u32, flags: u32) -> u32 { final_path(cx, Ansi, file, buffer, room) }

    /// Writes the path of an open file.
    fn GetFinalPathNameByHandleW(cx, file: Handle, buffer: Addr, room: u32, flags: u32) -> u32 { final_path(cx, Wide, file, buffer, room) }

    /// Locks a part of a file; nobody else is there.
    fn LockFile(cx, file: Handle, low: u32, high: u32, count: u32, count_high: u32) -> bool { Ok(true) }

    /// Unlocks a part of a file.
    fn UnlockFile(cx, file: Handle, low: u32, high: u32, count: u32, count_high: u32) -> bool { Ok(true) }

    /// Locks a part of a file; nobody else is there.
    fn LockFileEx(cx, file: Handle, flags: u32, reserved: u32, count: u32, count_high: u32, overlapped: Addr) -> bool { Ok(true) }

    /// Unlocks a part of a file.
    fn UnlockFileEx(cx, file: Handle, reserved: u32, count: u32, count_high: u32, overlapped: Addr) -> bool { Ok(true) }

    /// Talks to a device, of which there is none.
    fn DeviceIoControl(cx, device: Handle, code: u32, input: Addr, input_size: u32, output: Addr, output_size: u32, done: Addr, overlapped: Addr) -> bool {
        cx.fail(ERROR_INVALID_FUNCTION, false)
    }

    /// Writes how an operation with a position of its own ended; ours end before they return.
    fn GetOverlappedResult(cx, file: Handle, overlapped: Addr, done: Addr, wait: bool) -> bool {
        let Overlapped { status, count, .. } = Overlapped::read(cx, overlapped)?;
        cx.write(done, count.0 as u32)?;
        if status.0 == STATUS_END_OF_FILE { cx.fail(ERROR_HANDLE_EOF, false) } else { Ok(true) }
    }

    /// Gives up operations of this thread; none is under way.
    fn CancelIo(cx, file: Handle) -> bool { Ok(true) }

    /// Gives up operations; none is under way.
    fn CancelIoEx(cx, file: Handle, overlapped: Addr) -> bool { cx.fail(1168, false) }

    /// Opens a file as Windows 3 did.
    fn _lopen(cx, name: Addr, mode: i32) -> Handle {
        let name = Ansi.read(cx, name)?;
        let access = match mode & 3 {
            0 => 0x8000_0000,
            1 => 0x4000_0000,
            _ => 0xC000_0000,
        };
        open(cx, &name, access, 3, 0)
    }

    /// Makes a file as Windows 3 did.
    fn _lcreat(cx, name: Addr, attribute: i32) -> Handle {
        let name = Ansi.read(cx, name)?;
        open(cx, &name, 0xC000_0000, 2, 0)
    }

    /// Closes a file as Windows 3 did; answers 0.
    fn _lclose(cx, file: Handle) -> u32 {
        if cx.process().handles().close(file) { Ok(0) } else { cx.fail(ERROR_INVALID_HANDLE, u32::MAX) }
    }

    /// Reads bytes as Windows 3 did; answers how many, or all ones.
    fn _lread(cx, file: Handle, buffer: Addr, count: u32) -> u32 { plain(cx, file, |cx, file| file.read(cx, buffer, count, None)) }

    /// Writes bytes as Windows 3 did; answers how many, or all ones.
    fn _lwrite(cx, file: Handle, buffer: Addr, count: u32) -> u32 { plain(cx, file, |cx, file| file.write(cx, buffer, count, None)) }

    /// Reads bytes as Windows 3 did; answers how many, or all ones.
    fn _hread(cx, file: Handle, buffer: Addr, count: u32) -> u32 { plain(cx, file, |cx, file| file.read(cx, buffer, count, None)) }

    /// Writes bytes as Windows 3 did; answers how many, or all ones.
    fn _hwrite(cx, file: Handle, buffer: Addr, count: u32) -> u32 { plain(cx, file, |cx, file| file.write(cx, buffer, count, None)) }

    /// Moves the position as Windows 3 did; answers it.
    fn _llseek(cx, file: Handle, distance: i32, from: i32) -> u32 {
        Ok(seek(cx, file, distance.into(), from as u32).map_or(u32::MAX, |position| position as u32))
    }
}

/// What reading or writing came to, or the Windows code of the failure; a trap where the buffer is bad.
type Transfer = Result<Result<u32, u32>, Trap>;

impl OpenFile {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            host: None,
            delete: false,
            append: false,
        }
    }

    /// The file of the host.
    pub(crate) fn host(&self) -> Option<&File> {
        match &self.stream {
            Stream::Host(file) => Some(file),
            _ => None,
        }
    }

    /// Whether it is a console.
    pub(crate) fn is_console(&self) -> bool {
        matches!(self.stream, Stream::Console)
    }

    pub(crate) fn read(
        &self,
        cx: &Cx<'_>,
        buffer: Addr,
        count: u32,
        position: Option<u64>,
    ) -> Transfer {
        let Stream::Host(file) = &self.stream else {
            return Ok(Ok(0));
        };
        let mut done = 0;
        let mut chunk = vec![0; CHUNK.min(count.into()) as usize];
        while done < u64::from(count) {
            let wanted = CHUNK.min(u64::from(count) - done) as usize;
            let part = &mut chunk[..wanted];
            let read = match position {
                Some(position) => file.read_at(part, position + done),
                None => (&*file).read(part),
            };
            match read {
                Ok(0) => break,
                Ok(length) => {
                    cx.put(buffer.offset(done), &part[..length])?;
                    done += length as u64;
                    if length < wanted {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(disk::code(&error))),
            }
        }
        Ok(Ok(done as u32))
    }

    pub(crate) fn write(
        &self,
        cx: &Cx<'_>,
        buffer: Addr,
        count: u32,
        position: Option<u64>,
    ) -> Transfer {
        let file = match &self.stream {
            Stream::Host(file) => file,
            Stream::Null => return Ok(Ok(count)),
            Stream::Console => {
                let text = cx
                    .process()
                    .ansi_to_string(&cx.bytes(buffer, count.into())?);
                cx.report(Report::Output(text));
                return Ok(Ok(count));
            }
        };
        let mut done = 0;
        while done < u64::from(count) {
            let part = cx.bytes(buffer.offset(done), CHUNK.min(u64::from(count) - done))?;
            let written = match position.filter(|_| !self.append) {
                Some(position) => file.write_all_at(&part, position + done),
                None => (&*file).write_all(&part),
            };
            if let Err(error) = written {
                return Ok(Err(disk::code(&error)));
            }
            done += part.len() as u64;
        }
        Ok(Ok(count))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let Some(host) = self.host.as_ref().filter(|_| self.delete) {
            // As on Windows, nobody is told.
            let _ = fs::remove_file(host);
        }
    }
}

/// Opens or makes a file; the last error tells how that went.
pub(crate) fn open(
    cx: &Cx<'_>,
    name: &str,
    access: u32,
    disposition: u32,
    flags: u32,
) -> Result<Handle, Trap> {
    let file = match cx.process().locate(name) {
        Ok(Place::Host(path)) => match open_host(path, access, disposition, flags) {
            Ok((file, existed)) => {
                // Making what exists succeeds and says so; those who care look.
                let is_news = existed && matches!(disposition, 2 | 4);
                cx.set_last_error(if is_news { ERROR_ALREADY_EXISTS } else { 0 });
                file
            }
            Err(error) => return cx.fail(error, Handle::INVALID),
        },
        Ok(Place::Null) => OpenFile::new(Stream::Null),
        Ok(Place::Console) => OpenFile::new(Stream::Console),
        Ok(Place::WindowsDirectory | Place::WindowsFile) => {
            return cx.fail(ERROR_ACCESS_DENIED, Handle::INVALID);
        }
        Err(error) => return cx.fail(error, Handle::INVALID),
    };
    Ok(cx.process().handles().insert(Arc::new(file)))
}

/// Opens a file of the host; tells whether it was there before.
fn open_host(
    path: PathBuf,
    access: u32,
    disposition: u32,
    flags: u32,
) -> Result<(OpenFile, bool), u32> {
    let append = access & 0x4000_0004 == 4;
    let writes = access & 0x5000_0002 != 0 || append;
    let reads = access & 0xB000_0001 != 0 || !writes;
    let existed = path.exists();
    let mut options = OpenOptions::new();
    options.read(reads).write(writes).append(append);
    match disposition {
        1 if existed => return Err(ERROR_FILE_EXISTS),
        3 | 5 if !existed => return Err(missing(&path)),
        3 => {}
        // Files are made even where nothing is to be written to them yet.
        1 | 2 | 4 if !existed => {
            File::create_new(&path).map_err(|error| making(&path, &error))?;
        }
        2 | 5 => {
            options.write(true).truncate(true);
        }
        4 => {}
        _ => return Err(ERROR_INVALID_PARAMETER),
    }
    if path.is_dir() && (flags & BACKUP == 0 || writes) {
        return Err(ERROR_ACCESS_DENIED);
    }
    let file = options.open(&path).map_err(|error| disk::code(&error))?;
    let delete = flags & DELETE_ON_CLOSE != 0;
    Ok((
        OpenFile {
            stream: Stream::Host(file),
            host: Some(path),
            delete,
            append,
        },
        existed,
    ))
}

/// Whether it is the file or the way to it that is missing.
pub(super) fn missing(path: &std::path::Path) -> u32 {
    match path.parent() {
        Some(parent) if !parent.is_dir() => disk::ERROR_PATH_NOT_FOUND,
        _ => ERROR_FILE_NOT_FOUND,
    }
}

/// Why something could not be made.
pub(super) fn making(path: &std::path::Path, error: &io::Error) -> u32 {
    match error.kind() {
        io::ErrorKind::NotFound => missing(path),
        _ => disk::code(error),
    }
}

pub(in crate::dll) fn open_file(cx: &Cx<'_>, file: Handle) -> Option<Arc<OpenFile>> {
    let open = cx.process().handles().get::<OpenFile>(file);
    if open.is_none() {
        cx.set_last_error(ERROR_INVALID_HANDLE);
    }
    open
}

/// Reads or writes, with a position of its own where one is given.
fn transfer(
    cx: &mut Cx<'_>,
    file: Handle,
    done: Addr,
    overlapped: Addr,
    run: impl FnOnce(&Cx<'_>, &OpenFile, Option<u64>) -> Transfer,
) -> Result<bool, Trap> {
    cx.write_unless_null(done, 0_u32)?;
    let Some(open) = open_file(cx, file) else {
        return Ok(false);
    };
    if overlapped.is_null() {
        return match run(cx, &open, None)? {
            Ok(count) => cx.write_unless_null(done, count).map(|()| true),
            Err(error) => cx.fail(error, false),
        };
    }
    let given = Overlapped::read(cx, overlapped)?;
    let position = u64::from(given.position_high) << 32 | u64::from(given.position);
    let result = run(cx, &open, Some(position))?;
    let is_at_end = result == Ok(0);
    let count = result.unwrap_or(0);
    let status = if is_at_end { STATUS_END_OF_FILE } else { 0 };
    cx.write_addr(Overlapped::status(cx, overlapped), Addr(status))?;
    cx.write_addr(Overlapped::count(cx, overlapped), Addr(count.into()))?;
    cx.write_unless_null(done, count)?;
    if given.event != Handle::NULL {
        sync::set_event(cx, Handle(given.event.0 & !1), true)?;
    }
    match result {
        Ok(_) if is_at_end => cx.fail(ERROR_HANDLE_EOF, false),
        Ok(_) => Ok(true),
        Err(error) => cx.fail(error, false),
    }
}

fn plain(
    cx: &Cx<'_>,
    file: Handle,
    run: impl FnOnce(&Cx<'_>, &OpenFile) -> Transfer,
) -> Result<u32, Trap> {
    let Some(open) = open_file(cx, file) else {
        return Ok(u32::MAX);
    };
    match run(cx, &open)? {
        Ok(count) => Ok(count),
        Err(error) => cx.fail(error, u32::MAX),
    }
}

/// Moves the position; none, with the last error set, where that cannot be.
fn seek(cx: &Cx<'_>, file: Handle, distance: i64, from: u32) -> Option<u64> {
    let open = open_file(cx, file)?;
    let Some(mut host) = open.host() else {
        cx.set_last_error(ERROR_INVALID_FUNCTION);
        return None;
    };
    let to = match from {
        0 => u64::try_from(distance).ok().map(SeekFrom::Start),
        1 => Some(SeekFrom::Current(distance)),
        2 => Some(SeekFrom::End(distance)),
        _ => {
            cx.set_last_error(ERROR_INVALID_PARAMETER);
            return None;
        }
    };
    let moved = to.map(|to| host.seek(to));
    match moved {
        Some(Ok(position)) => Some(position),
        Some(Err(error)) if error.raw_os_error() != Some(libc::EINVAL) => {
            cx.set_last_error(disk::code(&error));
            None
        }
        _ => {
            cx.set_last_error(ERROR_NEGATIVE_SEEK);
            None
        }
    }
}

fn metadata(cx: &Cx<'_>, file: Handle) -> Option<fs::Metadata> {
    let open = open_file(cx, file)?;
    let found = open.host().and_then(|file| file.metadata().ok());
    if found.is_none() {
        cx.set_last_error(ERROR_INVALID_FUNCTION);
    }
    found
}

fn on_host(
    cx: &Cx<'_>,
    file: Handle,
    run: impl FnOnce(&File) -> io::Result<()>,
) -> Result<bool, Trap> {
    let Some(open) = open_file(cx, file) else {
        return Ok(false);
    };
    let Some(host) = open.host() else {
        return cx.fail(ERROR_INVALID_FUNCTION, false);
    };
    match run(host) {
        Ok(()) => Ok(true),
        Err(error) => cx.fail(disk::code(&error), false),
    }
}

/// When a file was made (as far as that is known), read and written, as `FILETIME`s.
pub(super) fn times(found: &fs::Metadata) -> [u64; 3] {
    let written = found.modified().map_or(0, calendar::from_system);
    let made = found.created().map_or(written, calendar::from_system);
    [
        made,
        found.accessed().map_or(written, calendar::from_system),
        written,
    ]
}

/// A time to set; zero and all ones mean that it stays.
fn given_time(cx: &Cx<'_>, at: Addr) -> Result<Option<std::time::SystemTime>, Trap> {
    if at.is_null() {
        return Ok(None);
    }
    let time: u64 = cx.read(at)?;
    Ok(if matches!(time, 0 | u64::MAX) {
        None
    } else {
        calendar::to_system(time)
    })
}

fn final_path(
    cx: &Cx<'_>,
    letters: Letters,
    file: Handle,
    buffer: Addr,
    room: u32,
) -> Result<u32, Trap> {
    let Some(open) = open_file(cx, file) else {
        return Ok(0);
    };
    let Some(host) = open.host.as_ref().and_then(|host| host.canonicalize().ok()) else {
        return cx.fail(ERROR_FILE_NOT_FOUND, 0);
    };
    letters.fill(
        cx,
        buffer,
        room,
        &format!(r"\\?\{}", cx.process().dos_path(&host)),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";
    const READ: u64 = 0x8000_0000;
    const WRITE: u64 = 0x4000_0000;
    const INVALID: u64 = u64::MAX;

    /// A directory of its own, as the driver spells it.
    fn place(name: &str) -> (std::path::PathBuf, String) {
        let root =
            std::env::temp_dir().join(format!("opendriver-files-{}-{name}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let dos = format!("Z:{}", root.to_str().unwrap().replace('/', "\\"));
        (root, dos)
    }

    fn error(bench: &Bench) -> u64 {
        bench.ask(DLL, "GetLastError", &[])
    }

    #[test]
    fn a_file_is_made_written_read_and_cut() {
        let bench = Bench::new();
        let (root, dos) = place("made");
        let name = bench.wide(&format!(r"{dos}\Settings.bin"));
        let file = bench.ask(DLL, "CreateFileW", &[name, READ | WRITE, 0, 0, 1, 0x80, 0]);
        assert_ne!(file, INVALID);
        let (data, done) = (bench.bytes(b"0123456789"), bench.bytes(&[0xaa; 4]));
        assert_eq!(bench.ask(DLL, "WriteFile", &[file, data, 10, done, 0]), 1);
        assert_eq!(bench.read(done, 4), [10, 0, 0, 0]);
        assert_eq!(
            bench.ask(DLL, "SetFilePointer", &[file, -4_i64 as u64, 0, 2]),
            6
        );
        let buffer = bench.bytes(&[0xaa; 8]);
        assert_eq!(bench.ask(DLL, "ReadFile", &[file, buffer, 8, done, 0]), 1);
        assert_eq!(
            (bench.read(done, 1), bench.read(buffer, 5)),
            (vec![4], b"6789\xaa".to_vec())
        );
        assert_eq!(bench.ask(DLL, "ReadFile", &[file, buffer, 8, done, 0]), 1);
        assert_eq!(bench.read(done, 1), [0], "the end is no error");
        assert_eq!(bench.ask(DLL, "SetFilePointer", &[file, 3, 0, 0]), 3);
        assert_eq!(bench.ask(DLL, "SetEndOfFile", &[file]), 1);
        assert_eq!(bench.ask(DLL, "GetFileSize", &[file, 0]), 3);
        assert_eq!(
            bench.ask(DLL, "SetFilePointer", &[file, -1_i64 as u64, 0, 0]) as u32,
            u32::MAX
        );
        assert_eq!(error(&bench), 131);
        assert_eq!(bench.ask(DLL, "CloseHandle", &[file]), 1);
        assert_eq!(bench.ask(DLL, "GetFileSize", &[file, 0]) as u32, u32::MAX);
        assert_eq!(fs::read(root.join("Settings.bin")).unwrap(), b"012");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn each_way_of_opening_minds_what_is_there() {
        let bench = Bench::new();
        let (root, dos) = place("ways");
        let name = bench.text(&format!(r"{dos}\a.txt"));
        let open =
            |disposition| bench.ask(DLL, "CreateFileA", &[name, WRITE, 0, 0, disposition, 0, 0]);
        assert_eq!((open(3), error(&bench)), (INVALID, 2));
        assert_eq!((open(5), error(&bench)), (INVALID, 2));
        assert_ne!(open(4), INVALID);
        assert_eq!(error(&bench), 0);
        fs::write(root.join("a.txt"), b"text").unwrap();
        assert_ne!(open(4), INVALID);
        assert_eq!(error(&bench), 183);
        assert_eq!((open(1), error(&bench)), (INVALID, 80));
        assert_eq!(fs::read(root.join("a.txt")).unwrap(), b"text");
        assert_ne!(open(2), INVALID);
        assert_eq!(error(&bench), 183);
        assert_eq!(fs::read(root.join("a.txt")).unwrap(), b"");
        let nowhere = bench.text(&format!(r"{dos}\none\a.txt"));
        assert_eq!(
            bench.ask(DLL, "CreateFileA", &[nowhere, WRITE, 0, 0, 2, 0, 0]),
            INVALID
        );
        assert_eq!(error(&bench), 3);
        let directory = bench.text(&dos);
        assert_eq!(
            bench.ask(DLL, "CreateFileA", &[directory, READ, 0, 0, 3, 0, 0]),
            INVALID
        );
        assert_eq!(error(&bench), 5);
        assert_ne!(
            bench.ask(
                DLL,
                "CreateFileA",
                &[directory, READ, 0, 0, 3, 0x0200_0000, 0]
            ),
            INVALID
        );
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_position_of_its_own_leaves_the_files_alone() {
        let bench = Bench::new();
        let (root, dos) = place("own");
        fs::write(root.join("a"), b"0123456789").unwrap();
        let name = bench.text(&format!(r"{dos}\a"));
        let file = bench.ask(DLL, "CreateFileA", &[name, READ, 0, 0, 3, 0, 0]);
        let overlapped = bench.bytes(&[&[0; 16][..], &[7, 0, 0, 0, 0, 0, 0, 0], &[0; 8]].concat());
        let (buffer, done) = (bench.bytes(&[0; 8]), bench.bytes(&[0; 4]));
        assert_eq!(
            bench.ask(DLL, "ReadFile", &[file, buffer, 8, 0, overlapped]),
            1
        );
        assert_eq!(bench.read(buffer, 4), b"789\0");
        assert_eq!(
            bench.ask(DLL, "GetOverlappedResult", &[file, overlapped, done, 1]),
            1
        );
        assert_eq!(bench.read(done, 1), [3]);
        assert_eq!(bench.ask(DLL, "SetFilePointer", &[file, 0, 0, 1]), 0);
        let beyond = bench.bytes(&[&[0; 16][..], &[99, 0, 0, 0, 0, 0, 0, 0], &[0; 8]].concat());
        assert_eq!(bench.ask(DLL, "ReadFile", &[file, buffer, 8, 0, beyond]), 0);
        assert_eq!(error(&bench), 38);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_file_may_go_when_it_is_closed() {
        let bench = Bench::new();
        let (root, dos) = place("goes");
        let name = bench.text(&format!(r"{dos}\t.tmp"));
        let file = bench.ask(DLL, "CreateFileA", &[name, WRITE, 0, 0, 2, 0x0400_0000, 0]);
        assert!(root.join("t.tmp").exists());
        assert_eq!(bench.ask(DLL, "CloseHandle", &[file]), 1);
        assert!(!root.join("t.tmp").exists());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_bad_buffer_is_the_drivers_fault() {
        let bench = Bench::new();
        let (root, dos) = place("bad");
        fs::write(root.join("a"), b"0123456789").unwrap();
        let name = bench.text(&format!(r"{dos}\a"));
        let file = bench.ask(DLL, "CreateFileA", &[name, READ, 0, 0, 3, 0, 0]);
        assert!(bench.call(DLL, "ReadFile", &[file, 0x10, 4, 0, 0]).is_err());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn nothing_takes_all_and_gives_none() {
        let bench = Bench::new();
        let name = bench.text("NUL");
        let file = bench.ask(DLL, "CreateFileA", &[name, READ | WRITE, 0, 0, 3, 0, 0]);
        let (data, done) = (bench.bytes(b"12"), bench.bytes(&[0xaa; 4]));
        assert_eq!(bench.ask(DLL, "WriteFile", &[file, data, 2, done, 0]), 1);
        assert_eq!(bench.read(done, 1), [2]);
        assert_eq!(bench.ask(DLL, "ReadFile", &[file, data, 2, done, 0]), 1);
        assert_eq!(bench.read(done, 1), [0]);
        assert_eq!(bench.ask(DLL, "GetFileType", &[file]), 2);
    }
}
