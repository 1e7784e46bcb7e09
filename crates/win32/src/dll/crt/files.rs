//! Files by name: what is there, what it is, and what becomes of it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::aliases;
use super::descriptors::Descriptors;
use super::runtime::{errno, fail, invalid_parameter, refuse};
use super::text::{Text, allocate, put_string};
use crate::cx::Cx;
use crate::shim::{Addr, VarArgs, shims};
use crate::trap::Trap;

/// The number of an error in `<errno.h>`.
pub(super) fn error_number(error: &io::Error) -> i32 {
    match error.kind() {
        io::ErrorKind::NotFound => errno::ENOENT,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => errno::EACCES,
        io::ErrorKind::AlreadyExists => errno::EEXIST,
        io::ErrorKind::StorageFull => errno::ENOSPC,
        io::ErrorKind::NotADirectory => errno::ENOTDIR,
        io::ErrorKind::IsADirectory => errno::EISDIR,
        io::ErrorKind::DirectoryNotEmpty => errno::ENOTEMPTY,
        io::ErrorKind::OutOfMemory => errno::ENOMEM,
        _ => match error.raw_os_error() {
            Some(libc::EBADF) => errno::EBADF,
            Some(libc::EMFILE | libc::ENFILE) => errno::EMFILE,
            _ => errno::EINVAL,
        },
    }
}

/// What the process keeps about names.
#[derive(Default)]
struct Names {
    /// Files that go when the process does.
    temporary: Temporary,
    /// Searches that are under way, by handle.
    searches: Mutex<Vec<Option<Vec<Entry>>>>,
    /// Counts the names of temporary files.
    counter: std::sync::atomic::AtomicU32,
}

#[derive(Default)]
struct Temporary(Mutex<Vec<PathBuf>>);

impl Drop for Temporary {
    fn drop(&mut self) {
        for path in self.0.get_mut().expect("no holder panics").drain(..) {
            // Nobody is left to tell when it cannot be removed.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Removes a file when the process goes.
pub(super) fn remove_later(cx: &Cx<'_>, path: PathBuf) {
    cx.state::<Names>()
        .temporary
        .0
        .lock()
        .expect("no holder panics")
        .push(path);
}

/// Removes the temporary files now; answers how many there were.
pub(super) fn remove_temporary(cx: &Cx<'_>) -> i32 {
    let paths = std::mem::take(
        &mut *cx
            .state::<Names>()
            .temporary
            .0
            .lock()
            .expect("no holder panics"),
    );
    paths
        .iter()
        .filter(|path| std::fs::remove_file(path).is_ok())
        .count() as i32
}

/// A name that no file has, in the directory for temporary files, as the driver spells it.
pub(super) fn temporary_name(cx: &Cx<'_>, prefix: &str) -> String {
    loop {
        let count = cx
            .state::<Names>()
            .counter
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("{prefix}{}.{count}", std::process::id()));
        if !path.exists() {
            return format!("Z:{}", path.to_string_lossy().replace('/', "\\"));
        }
    }
}

/// Where relative paths start, as the driver spells it.
pub(super) fn current_directory(_: &Cx<'_>) -> String {
    let path = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    format!("Z:{}", path.to_string_lossy().replace('/', "\\"))
}

/// The file that a path of the driver's stands for; letters' case does not matter.
pub(super) fn host_path(cx: &Cx<'_>, path: &str) -> PathBuf {
    let path = cx
        .process()
        .host_path(path)
        .unwrap_or_else(|| PathBuf::from(path));
    if path.exists() {
        path
    } else {
        ignoring_case(&path)
    }
}

/// The path with each step as it is spelt where only its case is wrong.
fn ignoring_case(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for step in path.components() {
        let exact = found.join(step);
        if exact.exists() {
            found = exact;
            continue;
        }
        let wanted = step.as_os_str().to_string_lossy().to_lowercase();
        let here = if found.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &found
        };
        let entries = std::fs::read_dir(here).into_iter().flatten().flatten();
        let same = entries
            .map(|entry| entry.file_name())
            .find(|name| name.to_string_lossy().to_lowercase() == wanted);
        found = same.map_or(exact, |name| found.join(name));
    }
    found
}

/// The text at an address.
pub(super) fn text_of<C: Text>(cx: &Cx<'_>, at: Addr) -> Result<String, Trap> {
    if C::WIDE {
        cx.text_w(at)
    } else {
        cx.text_a(at)
    }
}

/// The file that a path at an address stands for.
pub(super) fn path_of<C: Text>(cx: &Cx<'_>, at: Addr) -> Result<PathBuf, Trap> {
    Ok(host_path(cx, &text_of::<C>(cx, at)?))
}

/// Text as units of some kind.
pub(super) fn encode<C: Text>(cx: &Cx<'_>, text: &str) -> Vec<C> {
    if C::WIDE {
        text.encode_utf16()
            .filter_map(|unit| C::from_u32(unit.into()))
            .collect()
    } else {
        cx.process()
            .string_to_ansi(text)
            .into_iter()
            .map(C::from)
            .collect()
    }
}

/// Does something with a file by its name; 0, or -1 with `errno`.
fn named<C: Text>(
    cx: &mut Cx<'_>,
    path: Addr,
    run: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<i32, Trap> {
    if path.is_null() {
        return invalid_parameter(cx, "a function of files", errno::EINVAL, -1);
    }
    match run(&path_of::<C>(cx, path)?) {
        Ok(()) => Ok(0),
        Err(error) => fail(cx, error_number(&error), -1),
    }
}

/// Whether a file may be used so: 2 asks for writing, 4 for reading.
fn check(path: &Path, mode: i32) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if mode & 2 != 0 && metadata.permissions().readonly() && metadata.is_file() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}

fn rename<C: Text>(cx: &mut Cx<'_>, from: Addr, to: Addr) -> Result<i32, Trap> {
    let to = path_of::<C>(cx, to)?;
    named::<C>(cx, from, |from| {
        // Unlike C on other systems, this one never overwrites.
        if to.exists() {
            Err(io::ErrorKind::AlreadyExists.into())
        } else {
            std::fs::rename(from, to)
        }
    })
}

/// Sets whether a file may be written; 0x80 says that it may.
fn permit(path: &Path, mode: i32) -> io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    let bits = permissions.mode();
    permissions.set_mode(if mode & 0x80 != 0 {
        bits | 0o200
    } else {
        bits & !0o222
    });
    std::fs::set_permissions(path, permissions)
}

fn directory<C: Text>(cx: &mut Cx<'_>, at: Addr, room: i32) -> Result<Addr, Trap> {
    let text = encode::<C>(cx, &current_directory(cx));
    if at.is_null() {
        return allocate(cx, &text);
    }
    if text.len() as i64 >= i64::from(room) {
        return fail(cx, errno::ERANGE, Addr::NULL);
    }
    put_string(cx, at, &text)?;
    Ok(at)
}

/// Widths of time and size in a structure that tells about a file.
#[derive(Clone, Copy)]
struct Widths {
    long_time: bool,
    long_size: bool,
}

const TIME32: Widths = Widths {
    long_time: false,
    long_size: false,
};
const TIME32_SIZE64: Widths = Widths {
    long_time: false,
    long_size: true,
};
const TIME64_SIZE32: Widths = Widths {
    long_time: true,
    long_size: false,
};
const TIME64: Widths = Widths {
    long_time: true,
    long_size: true,
};

fn put_time(cx: &Cx<'_>, at: Addr, time: i64, long: bool) -> Result<Addr, Trap> {
    if long {
        cx.write(at, time)?;
        Ok(at.offset(8))
    } else {
        cx.write(at, time as i32)?;
        Ok(at.offset(4))
    }
}

/// `struct _stat`: device, inode, mode, links, owner, device, size, three times.
fn put_status(
    cx: &Cx<'_>,
    at: Addr,
    file: &Metadata,
    executable: bool,
    widths: Widths,
) -> Result<(), Trap> {
    let kind = if file.is_dir() {
        0x4000
    } else if file.is_file() {
        0x8000
    } else {
        0x2000
    };
    let writable = if file.permissions().readonly() {
        0
    } else {
        0o222
    };
    let runs = if file.is_dir() || executable {
        0o111
    } else {
        0
    };
    cx.fill(at, 0, 24)?;
    cx.write(at.offset(6), (kind | 0o444 | writable | runs) as u16)?;
    cx.write(at.offset(8), 1_i16)?;
    let size = if file.is_dir() { 0 } else { file.len() };
    let mut next = if widths.long_size {
        cx.write(at.offset(24), size)?;
        at.offset(32)
    } else {
        cx.write(at.offset(20), size as u32)?;
        at.offset(24)
    };
    for time in [file.atime(), file.mtime(), file.ctime()] {
        next = put_time(cx, next, time, widths.long_time)?;
    }
    Ok(())
}

fn status<C: Text>(cx: &mut Cx<'_>, path: Addr, at: Addr, widths: Widths) -> Result<i32, Trap> {
    if path.is_null() || at.is_null() {
        return invalid_parameter(cx, "_stat", errno::EINVAL, -1);
    }
    let path = path_of::<C>(cx, path)?;
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match std::fs::metadata(&path) {
        Ok(file) => {
            let executable = ["exe", "com", "bat", "cmd"].contains(&extension.as_str());
            put_status(cx, at, &file, executable, widths)?;
            Ok(0)
        }
        Err(error) => fail(cx, error_number(&error), -1),
    }
}

fn status_of_open(cx: &mut Cx<'_>, number: i32, at: Addr, widths: Widths) -> Result<i32, Trap> {
    let Some(file) = cx.state::<Descriptors>().get(number) else {
        return invalid_parameter(cx, "_fstat", errno::EBADF, -1);
    };
    let metadata = file
        .lock()
        .expect("no holder panics")
        .file()
        .map(std::fs::File::metadata);
    match metadata {
        Some(Ok(metadata)) => put_status(cx, at, &metadata, false, widths)?,
        Some(Err(error)) => return fail(cx, error_number(&error), -1),
        None => {
            // A standard file is a device.
            cx.fill(at, 0, 24)?;
            cx.write(at.offset(6), 0x2000_u16)?;
        }
    }
    Ok(0)
}

/// A file that a search found.
struct Entry {
    name: String,
    attributes: u32,
    size: u64,
    /// When it was made, last read and last written.
    times: [i64; 3],
}

impl Entry {
    fn new(name: String, file: &Metadata) -> Self {
        let hidden = if name.starts_with('.') && name != "." && name != ".." {
            2
        } else {
            0
        };
        let read_only = u32::from(file.permissions().readonly());
        let kind = if file.is_dir() { 0x10 } else { 0x20 };
        let size = if file.is_dir() { 0 } else { file.len() };
        Self {
            name,
            attributes: hidden | read_only | kind,
            size,
            times: [file.ctime(), file.atime(), file.mtime()],
        }
    }

    /// `struct _finddata_t`: attributes, three times, size, name.
    fn put<C: Text>(&self, cx: &Cx<'_>, at: Addr, widths: Widths) -> Result<(), Trap> {
        cx.write(at, self.attributes)?;
        let mut next = at.offset(if widths.long_time { 8 } else { 4 });
        for time in self.times {
            next = put_time(cx, next, time, widths.long_time)?;
        }
        let name = if widths.long_size {
            cx.write(next, self.size)?;
            next.offset(8)
        } else {
            cx.write(next, self.size as u32)?;
            next.offset(4)
        };
        let mut text = encode::<C>(cx, &self.name);
        text.truncate(259);
        put_string(cx, name, &text)
    }
}

/// Whether a name fits a pattern with `*` and `?`; case does not matter.
fn fits(pattern: &[char], name: &[char]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some('*'), _) => {
            fits(&pattern[1..], name) || (!name.is_empty() && fits(pattern, &name[1..]))
        }
        (Some('?'), Some(_)) => fits(&pattern[1..], &name[1..]),
        (Some(wanted), Some(found)) => {
            wanted.to_lowercase().eq(found.to_lowercase()) && fits(&pattern[1..], &name[1..])
        }
        _ => false,
    }
}

/// The entries that a pattern names, in the order of their names.
fn search(cx: &Cx<'_>, pattern: &str) -> Vec<Entry> {
    let (directory, name) = match pattern.rfind(['\\', '/', ':']) {
        Some(at) => pattern.split_at(at + 1),
        None => (".\\", pattern),
    };
    // `*.*` names every file, also one without a point.
    let wanted: Vec<char> = if name == "*.*" {
        vec!['*']
    } else {
        name.chars().collect()
    };
    let directory = host_path(cx, directory);
    let mut found: Vec<Entry> = Vec::new();
    let specials = [".", ".."].map(|name| (name.to_owned(), directory.join(name)));
    let listed = std::fs::read_dir(&directory)
        .into_iter()
        .flatten()
        .flatten();
    let listed = listed.map(|entry| {
        (
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        )
    });
    for (name, path) in specials.into_iter().chain(listed) {
        if fits(&wanted, &name.chars().collect::<Vec<_>>())
            && let Ok(file) = std::fs::metadata(path)
        {
            found.push(Entry::new(name, &file));
        }
    }
    found.sort_by(|one, other| other.name.cmp(&one.name));
    found
}

fn find_first<C: Text>(
    cx: &mut Cx<'_>,
    pattern: Addr,
    at: Addr,
    widths: Widths,
) -> Result<Addr, Trap> {
    if pattern.is_null() || at.is_null() {
        return invalid_parameter(cx, "_findfirst", errno::EINVAL, Addr(u64::MAX));
    }
    let mut found = search(cx, &text_of::<C>(cx, pattern)?);
    let Some(first) = found.pop() else {
        return fail(cx, errno::ENOENT, Addr(u64::MAX));
    };
    first.put::<C>(cx, at, widths)?;
    let names = cx.state::<Names>();
    let mut searches = names.searches.lock().expect("no holder panics");
    let free = searches
        .iter()
        .position(Option::is_none)
        .unwrap_or(searches.len());
    if free == searches.len() {
        searches.push(None);
    }
    searches[free] = Some(found);
    Ok(Addr(free as u64 + 1))
}

fn find_next<C: Text>(
    cx: &mut Cx<'_>,
    handle: Addr,
    at: Addr,
    widths: Widths,
) -> Result<i32, Trap> {
    let names = cx.state::<Names>();
    let next = {
        let mut searches = names.searches.lock().expect("no holder panics");
        let search = (handle.0 as usize)
            .checked_sub(1)
            .and_then(|index| searches.get_mut(index)?.as_mut());
        search.map(Vec::pop)
    };
    match next {
        Some(Some(entry)) => {
            entry.put::<C>(cx, at, widths)?;
            Ok(0)
        }
        Some(None) => fail(cx, errno::ENOENT, -1),
        None => invalid_parameter(cx, "_findnext", errno::EINVAL, -1),
    }
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Tells whether a file may be used.
    fn _access(cx, path: Addr, mode: i32) -> i32 { named::<u8>(cx, path, |path| check(path, mode)) }

    /// Tells whether a file may be used, by the number of the error.
    fn _access_s(cx, path: Addr, mode: i32) -> i32 {
        if path.is_null() {
            return refuse(cx, "_access_s", errno::EINVAL);
        }
        match check(&path_of::<u8>(cx, path)?, mode) {
            Ok(()) => Ok(0),
            Err(error) => fail(cx, error_number(&error), error_number(&error)),
        }
    }

    /// Removes a file.
    fn remove(cx, path: Addr) -> i32 { named::<u8>(cx, path, |path| std::fs::remove_file(path)) }

    /// Renames a file.
    fn rename(cx, from: Addr, to: Addr) -> i32 { rename::<u8>(cx, from, to) }

    /// Makes a directory.
    fn _mkdir(cx, path: Addr) -> i32 { named::<u8>(cx, path, |path| std::fs::create_dir(path)) }

    /// Removes an empty directory.
    fn _rmdir(cx, path: Addr) -> i32 { named::<u8>(cx, path, |path| std::fs::remove_dir(path)) }

    /// Says whether a file may be written.
    fn _chmod(cx, path: Addr, mode: i32) -> i32 { named::<u8>(cx, path, |path| permit(path, mode)) }

    /// Changes the directory; a driver cannot take its host elsewhere.
    fn _chdir(cx, path: Addr) -> i32 {
        let wanted = path_of::<u8>(cx, path)?;
        let here = std::env::current_dir().is_ok_and(|here| Some(here) == wanted.canonicalize().ok());
        if here { Ok(0) } else { fail(cx, errno::ENOENT, -1) }
    }

    /// Answers the directory.
    fn _getcwd(cx, at: Addr, room: i32) -> Addr { directory::<u8>(cx, at, room) }

    /// Answers the directory of a drive.
    fn _getdcwd(cx, drive: i32, at: Addr, room: i32) -> Addr { directory::<u8>(cx, at, room) }

    /// Tells about a file, times of 32 bits.
    fn _stat32(cx, path: Addr, at: Addr) -> i32 { status::<u8>(cx, path, at, TIME32) }

    /// Starts a search for files, times of 32 bits.
    fn _findfirst32(cx, pattern: Addr, at: Addr) -> Addr { find_first::<u8>(cx, pattern, at, TIME32) }

    /// Finds the next file, times of 32 bits.
    fn _findnext32(cx, handle: Addr, at: Addr) -> i32 { find_next::<u8>(cx, handle, at, TIME32) }

    /// Tells about an open file, times of 32 bits.
    fn _fstat32(cx, number: i32, at: Addr) -> i32 { status_of_open(cx, number, at, TIME32) }

    /// Tells about a file, times of 32 bits and sizes of 64.
    fn _stat32i64(cx, path: Addr, at: Addr) -> i32 { status::<u8>(cx, path, at, TIME32_SIZE64) }

    /// Starts a search for files, times of 32 bits and sizes of 64.
    fn _findfirst32i64(cx, pattern: Addr, at: Addr) -> Addr {
        find_first::<u8>(cx, pattern, at, TIME32_SIZE64)
    }

    /// Finds the next file, times of 32 bits and sizes of 64.
    fn _findnext32i64(cx, handle: Addr, at: Addr) -> i32 {
        find_next::<u8>(cx, handle, at, TIME32_SIZE64)
    }

    /// Tells about an open file, times of 32 bits and sizes of 64.
    fn _fstat32i64(cx, number: i32, at: Addr) -> i32 { status_of_open(cx, number, at, TIME32_SIZE64) }

    /// Tells about a file, times of 64 bits and sizes of 32.
    fn _stat64i32(cx, path: Addr, at: Addr) -> i32 { status::<u8>(cx, path, at, TIME64_SIZE32) }

    /// Starts a search for files, times of 64 bits and sizes of 32.
    fn _findfirst64i32(cx, pattern: Addr, at: Addr) -> Addr {
        find_first::<u8>(cx, pattern, at, TIME64_SIZE32)
    }

    /// Finds the next file, times of 64 bits and sizes of 32.
    fn _findnext64i32(cx, handle: Addr, at: Addr) -> i32 {
        find_next::<u8>(cx, handle, at, TIME64_SIZE32)
    }

    /// Tells about an open file, times of 64 bits and sizes of 32.
    fn _fstat64i32(cx, number: i32, at: Addr) -> i32 { status_of_open(cx, number, at, TIME64_SIZE32) }

    /// Tells about a file, times and sizes of 64 bits.
    fn _stat64(cx, path: Addr, at: Addr) -> i32 { status::<u8>(cx, path, at, TIME64) }

    /// Starts a search for files, times and sizes of 64 bits.
    fn _findfirst64(cx, pattern: Addr, at: Addr) -> Addr { find_first::<u8>(cx, pattern, at, TIME64) }

    /// Finds the next file, times and sizes of 64 bits.
    fn _findnext64(cx, handle: Addr, at: Addr) -> i32 { find_next::<u8>(cx, handle, at, TIME64) }

    /// Tells about an open file, times and sizes of 64 bits.
    fn _fstat64(cx, number: i32, at: Addr) -> i32 { status_of_open(cx, number, at, TIME64) }

    /// Tells whether a file may be used by wide name.
    fn _waccess(cx, path: Addr, mode: i32) -> i32 { named::<u16>(cx, path, |path| check(path, mode)) }

    /// Tells whether a file may be used by wide name, by the number of the error.
    fn _waccess_s(cx, path: Addr, mode: i32) -> i32 {
        if path.is_null() {
            return refuse(cx, "_access_s", errno::EINVAL);
        }
        match check(&path_of::<u16>(cx, path)?, mode) {
            Ok(()) => Ok(0),
            Err(error) => fail(cx, error_number(&error), error_number(&error)),
        }
    }

    /// Removes a file by wide name.
    fn _wremove(cx, path: Addr) -> i32 { named::<u16>(cx, path, |path| std::fs::remove_file(path)) }

    /// Renames a file by wide name.
    fn _wrename(cx, from: Addr, to: Addr) -> i32 { rename::<u16>(cx, from, to) }

    /// Makes a directory by wide name.
    fn _wmkdir(cx, path: Addr) -> i32 { named::<u16>(cx, path, |path| std::fs::create_dir(path)) }

    /// Removes an empty directory by wide name.
    fn _wrmdir(cx, path: Addr) -> i32 { named::<u16>(cx, path, |path| std::fs::remove_dir(path)) }

    /// Says whether a file may be written by wide name.
    fn _wchmod(cx, path: Addr, mode: i32) -> i32 { named::<u16>(cx, path, |path| permit(path, mode)) }

    /// Changes the directory by wide name; a driver cannot take its host elsewhere.
    fn _wchdir(cx, path: Addr) -> i32 {
        let wanted = path_of::<u16>(cx, path)?;
        let here = std::env::current_dir().is_ok_and(|here| Some(here) == wanted.canonicalize().ok());
        if here { Ok(0) } else { fail(cx, errno::ENOENT, -1) }
    }

    /// Answers the directory by wide name.
    fn _wgetcwd(cx, at: Addr, room: i32) -> Addr { directory::<u16>(cx, at, room) }

    /// Answers the directory of a drive by wide name.
    fn _wgetdcwd(cx, drive: i32, at: Addr, room: i32) -> Addr { directory::<u16>(cx, at, room) }

    /// Tells about a file by wide name, times of 32 bits.
    fn _wstat32(cx, path: Addr, at: Addr) -> i32 { status::<u16>(cx, path, at, TIME32) }

    /// Starts a search for files by wide name, times of 32 bits.
    fn _wfindfirst32(cx, pattern: Addr, at: Addr) -> Addr { find_first::<u16>(cx, pattern, at, TIME32) }

    /// Finds the next file by wide name, times of 32 bits.
    fn _wfindnext32(cx, handle: Addr, at: Addr) -> i32 { find_next::<u16>(cx, handle, at, TIME32) }

    /// Tells about a file by wide name, times of 32 bits and sizes of 64.
    fn _wstat32i64(cx, path: Addr, at: Addr) -> i32 { status::<u16>(cx, path, at, TIME32_SIZE64) }

    /// Starts a search for files by wide name, times of 32 bits and sizes of 64.
    fn _wfindfirst32i64(cx, pattern: Addr, at: Addr) -> Addr {
        find_first::<u16>(cx, pattern, at, TIME32_SIZE64)
    }

    /// Finds the next file by wide name, times of 32 bits and sizes of 64.
    fn _wfindnext32i64(cx, handle: Addr, at: Addr) -> i32 {
        find_next::<u16>(cx, handle, at, TIME32_SIZE64)
    }

    /// Tells about a file by wide name, times of 64 bits and sizes of 32.
    fn _wstat64i32(cx, path: Addr, at: Addr) -> i32 { status::<u16>(cx, path, at, TIME64_SIZE32) }

    /// Starts a search for files by wide name, times of 64 bits and sizes of 32.
    fn _wfindfirst64i32(cx, pattern: Addr, at: Addr) -> Addr {
        find_first::<u16>(cx, pattern, at, TIME64_SIZE32)
    }

    /// Finds the next file by wide name, times of 64 bits and sizes of 32.
    fn _wfindnext64i32(cx, handle: Addr, at: Addr) -> i32 {
        find_next::<u16>(cx, handle, at, TIME64_SIZE32)
    }

    /// Tells about a file by wide name, times and sizes of 64 bits.
    fn _wstat64(cx, path: Addr, at: Addr) -> i32 { status::<u16>(cx, path, at, TIME64) }

    /// Starts a search for files by wide name, times and sizes of 64 bits.
    fn _wfindfirst64(cx, pattern: Addr, at: Addr) -> Addr { find_first::<u16>(cx, pattern, at, TIME64) }

    /// Finds the next file by wide name, times and sizes of 64 bits.
    fn _wfindnext64(cx, handle: Addr, at: Addr) -> i32 { find_next::<u16>(cx, handle, at, TIME64) }

    /// Ends a search.
    fn _findclose(cx, handle: Addr) -> i32 {
        let names = cx.state::<Names>();
        let mut searches = names.searches.lock().expect("no holder panics");
        let search = (handle.0 as usize).checked_sub(1).and_then(|index| searches.get_mut(index)?.take());
        drop(searches);
        if search.is_some() { Ok(0) } else { invalid_parameter(cx, "_findclose", errno::EINVAL, -1) }
    }

    /// Answers the current drive, from A as 1.
    fn _getdrive(cx) -> i32 {
        let drive = current_directory(cx).bytes().next().unwrap_or(b'Z');
        Ok(i32::from(drive.to_ascii_uppercase() - b'A') + 1)
    }

    /// Answers the drives that there are, one bit each.
    fn _getdrives(cx) -> u32 {
        let letters = cx.process().config().drives.iter().map(|(letter, _)| letter.to_ascii_uppercase());
        Ok(letters.filter(char::is_ascii_uppercase).fold(0, |all, letter| all | 1 << (letter as u32 - 65)))
    }

    /// Runs another program; there are none here.
    fn _popen(cx, command: Addr, mode: Addr) -> Addr { fail(cx, errno::ENOENT, Addr::NULL) }

    /// Runs another program; there are none here.
    fn _spawnl(cx, mode: i32, command: Addr, rest: VarArgs) -> Addr {
        fail(cx, errno::ENOENT, Addr(u64::MAX))
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "remove" as "_unlink",
        "_wremove" as "_wunlink",
        "_access" as "access",
        "_mkdir" as "mkdir",
        "_rmdir" as "rmdir",
        "remove" as "unlink",
        "_chdir" as "chdir",
        "_getcwd" as "getcwd",
        "_chmod" as "chmod",
        "_popen" as "_wpopen",
        "_spawnl" as "_spawnv",
        "_spawnl" as "_spawnle",
        "_spawnl" as "_spawnlp",
        "_spawnl" as "_spawnvp",
        "_spawnl" as "_spawnve",
        "_spawnl" as "_spawnvpe",
        "_spawnl" as "_wspawnl",
        "_spawnl" as "_wspawnv",
        "_spawnl" as "_wspawnvp";
}

aliases! {
    pub(in crate::dll) static PLAIN_64;
    SHIMS =>
        "_stat64i32" as "_stat",
        "_stat64" as "_stati64",
        "_findfirst64i32" as "_findfirst",
        "_findnext64i32" as "_findnext",
        "_findfirst64" as "_findfirsti64",
        "_findnext64" as "_findnexti64",
        "_wstat64i32" as "_wstat",
        "_wstat64" as "_wstati64",
        "_wfindfirst64i32" as "_wfindfirst",
        "_wfindnext64i32" as "_wfindnext",
        "_wfindfirst64" as "_wfindfirsti64",
        "_wfindnext64" as "_wfindnexti64",
        "_fstat64i32" as "_fstat",
        "_fstat64" as "_fstati64";
}

aliases! {
    pub(in crate::dll) static PLAIN_32;
    SHIMS =>
        "_stat32" as "_stat",
        "_stat32i64" as "_stati64",
        "_findfirst32" as "_findfirst",
        "_findnext32" as "_findnext",
        "_findfirst32i64" as "_findfirsti64",
        "_findnext32i64" as "_findnexti64",
        "_wstat32" as "_wstat",
        "_wstat32i64" as "_wstati64",
        "_wfindfirst32" as "_wfindfirst",
        "_wfindnext32" as "_wfindnext",
        "_wfindfirst32i64" as "_wfindfirsti64",
        "_wfindnext32i64" as "_wfindnexti64",
        "_fstat32" as "_fstat",
        "_fstat32i64" as "_fstati64";
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_pattern_names_files_in_any_case() {
        let matches = |pattern: &str, name: &str| {
            fits(
                &pattern.chars().collect::<Vec<_>>(),
                &name.chars().collect::<Vec<_>>(),
            )
        };
        assert!(matches("*.TXT", "one.txt"));
        assert!(matches("a?c*", "ABCdef"));
        assert!(!matches("*.txt", "one.text"));
        assert!(!matches("a?c", "ac"));
        assert!(matches("*", ""));
    }
}
