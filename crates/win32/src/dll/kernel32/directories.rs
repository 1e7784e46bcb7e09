//! Names of files and directories: attributes, making, moving, deleting, drives.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::cx::Cx;
use crate::disk::{self, ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, Place};
use crate::dll::kernel32::environment;
use crate::dll::kernel32::files::{making, missing, times};
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::trap::Trap;

const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_DIRECTORY: u32 = 267;
const ERROR_ALREADY_EXISTS: u32 = 183;
const ERROR_FILE_EXISTS: u32 = 80;
const READ_ONLY: u32 = 0x01;
/// `FILE_ATTRIBUTE_DIRECTORY`.
pub(super) const DIRECTORY: u32 = 0x10;
const ARCHIVE: u32 = 0x20;
/// `MOVEFILE_REPLACE_EXISTING`.
const REPLACE: u32 = 1;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the attributes of a file, all ones when there is none.
    fn GetFileAttributesA(cx, name: Addr) -> u32 { get_attributes(cx, Ansi, name) }

    /// Answers the attributes of a file, all ones when there is none.
    fn GetFileAttributesW(cx, name: Addr) -> u32 { get_attributes(cx, Wide, name) }

    /// Writes attributes, times and size of a file.
    fn GetFileAttributesExA(cx, name: Addr, level: u32, data: Addr) -> bool { get_attributes_ex(cx, Ansi, name, data) }

    /// Writes attributes, times and size of a file.
    fn GetFileAttributesExW(cx, name: Addr, level: u32, data: Addr) -> bool { get_attributes_ex(cx, Wide, name, data) }

    /// Sets whether a file may be written to; other attributes are not kept.
    fn SetFileAttributesA(cx, name: Addr, value: u32) -> bool { set_attributes(cx, Ansi, name, value) }

    /// Sets whether a file may be written to; other attributes are not kept.
    fn SetFileAttributesW(cx, name: Addr, value: u32) -> bool { set_attributes(cx, Wide, name, value) }

    /// Makes a directory.
    fn CreateDirectoryA(cx, name: Addr, security: Addr) -> bool { change(cx, Ansi, name, make_directory) }

    /// Makes a directory.
    fn CreateDirectoryW(cx, name: Addr, security: Addr) -> bool { change(cx, Wide, name, make_directory) }

    /// Removes an empty directory.
    fn RemoveDirectoryA(cx, name: Addr) -> bool { change(cx, Ansi, name, remove_directory) }

    /// Removes an empty directory.
    fn RemoveDirectoryW(cx, name: Addr) -> bool { change(cx, Wide, name, remove_directory) }

    /// Deletes a file.
    fn DeleteFileA(cx, name: Addr) -> bool { change(cx, Ansi, name, delete) }

    /// Deletes a file.
    fn DeleteFileW(cx, name: Addr) -> bool { change(cx, Wide, name, delete) }

    /// Moves a file where none is.
    fn MoveFileA(cx, from: Addr, to: Addr) -> bool { pair(cx, Ansi, from, to, |from, to| rename(from, to, false)) }

    /// Moves a file where none is.
    fn MoveFileW(cx, from: Addr, to: Addr) -> bool { pair(cx, Wide, from, to, |from, to| rename(from, to, false)) }

    /// Moves a file, also over another one.
    fn MoveFileExA(cx, from: Addr, to: Addr, flags: u32) -> bool { pair(cx, Ansi, from, to, |from, to| rename(from, to, flags & REPLACE != 0)) }

    /// Moves a file, also over another one.
    fn MoveFileExW(cx, from: Addr, to: Addr, flags: u32) -> bool { pair(cx, Wide, from, to, |from, to| rename(from, to, flags & REPLACE != 0)) }

    /// Copies a file.
    fn CopyFileA(cx, from: Addr, to: Addr, keep: bool) -> bool { pair(cx, Ansi, from, to, |from, to| copy(from, to, keep)) }

    /// Copies a file.
    fn CopyFileW(cx, from: Addr, to: Addr, keep: bool) -> bool { pair(cx, Wide, from, to, |from, to| copy(from, to, keep)) }

    /// Writes the whole path that one means.
    fn GetFullPathNameA(cx, name: Addr, room: u32, buffer: Addr, file: Addr) -> u32 { full_path(cx, Ansi, name, room, buffer, file) }

    /// Writes the whole path that one means.
    fn GetFullPathNameW(cx, name: Addr, room: u32, buffer: Addr, file: Addr) -> u32 { full_path(cx, Wide, name, room, buffer, file) }

    /// Writes the path of a file that exists, with long names.
    fn GetLongPathNameA(cx, name: Addr, buffer: Addr, room: u32) -> u32 { same_path(cx, Ansi, name, buffer, room) }

    /// Writes the path of a file that exists, with long names.
    fn GetLongPathNameW(cx, name: Addr, buffer: Addr, room: u32) -> u32 { same_path(cx, Wide, name, buffer, room) }

    /// Writes the path of a file that exists; no short names are made up.
    fn GetShortPathNameA(cx, name: Addr, buffer: Addr, room: u32) -> u32 { same_path(cx, Ansi, name, buffer, room) }

    /// Writes the path of a file that exists; no short names are made up.
    fn GetShortPathNameW(cx, name: Addr, buffer: Addr, room: u32) -> u32 { same_path(cx, Wide, name, buffer, room) }

    /// Writes the directory for temporary files, with a final backslash.
    fn GetTempPathA(cx, room: u32, buffer: Addr) -> u32 { Ansi.fill(cx, buffer, room, &temporary(cx)) }

    /// Writes the directory for temporary files, with a final backslash.
    fn GetTempPathW(cx, room: u32, buffer: Addr) -> u32 { Wide.fill(cx, buffer, room, &temporary(cx)) }

    /// Writes the directory for temporary files, with a final backslash.
    fn GetTempPath2W(cx, room: u32, buffer: Addr) -> u32 { Wide.fill(cx, buffer, room, &temporary(cx)) }

    /// Makes up a name in a directory, and the file where no number is given; answers the number.
    fn GetTempFileNameA(cx, directory: Addr, prefix: Addr, number: u32, buffer: Addr) -> u32 { temporary_file(cx, Ansi, directory, prefix, number, buffer) }

    /// Makes up a name in a directory, and the file where no number is given; answers the number.
    fn GetTempFileNameW(cx, directory: Addr, prefix: Addr, number: u32, buffer: Addr) -> u32 { temporary_file(cx, Wide, directory, prefix, number, buffer) }

    /// Looks for a file in a list of directories, or in the usual ones.
    fn SearchPathA(cx, path: Addr, name: Addr, extension: Addr, room: u32, buffer: Addr, file: Addr) -> u32 { search(cx, Ansi, path, name, extension, room, buffer, file) }

    /// Looks for a file in a list of directories, or in the usual ones.
    fn SearchPathW(cx, path: Addr, name: Addr, extension: Addr, room: u32, buffer: Addr, file: Addr) -> u32 { search(cx, Wide, path, name, extension, room, buffer, file) }

    /// Writes the current directory.
    fn GetCurrentDirectoryA(cx, room: u32, buffer: Addr) -> u32 { Ansi.fill(cx, buffer, room, &cx.process().current_directory()) }

    /// Writes the current directory.
    fn GetCurrentDirectoryW(cx, room: u32, buffer: Addr) -> u32 { Wide.fill(cx, buffer, room, &cx.process().current_directory()) }

    /// Changes the current directory.
    fn SetCurrentDirectoryA(cx, name: Addr) -> bool { set_current(cx, Ansi, name) }

    /// Changes the current directory.
    fn SetCurrentDirectoryW(cx, name: Addr) -> bool { set_current(cx, Wide, name) }

    /// Answers the kind of a drive: 1 for none, 3 for a fixed disk.
    fn GetDriveTypeA(cx, root: Addr) -> u32 { drive_type(cx, Ansi, root) }

    /// Answers the kind of a drive: 1 for none, 3 for a fixed disk.
    fn GetDriveTypeW(cx, root: Addr) -> u32 { drive_type(cx, Wide, root) }

    /// Answers the letters of drives, one a bit.
    fn GetLogicalDrives(cx) -> u32 {
        let letters = cx.process().drives().into_iter();
        Ok(letters.filter(char::is_ascii_uppercase).fold(0, |bits, letter| bits | 1 << (letter as u32 - 65)))
    }

    /// Writes the roots of all drives.
    fn GetLogicalDriveStringsA(cx, room: u32, buffer: Addr) -> u32 { drive_strings(cx, Ansi, room, buffer) }

    /// Writes the roots of all drives.
    fn GetLogicalDriveStringsW(cx, room: u32, buffer: Addr) -> u32 { drive_strings(cx, Wide, room, buffer) }

    /// Describes the file system of a drive.
    fn GetVolumeInformationA(cx, root: Addr, name: Addr, name_room: u32, serial: Addr, longest: Addr, flags: Addr, system: Addr, system_room: u32) -> bool {
        volume(cx, Ansi, root, (name, name_room), [serial, longest, flags], (system, system_room))
    }

    /// Describes the file system of a drive.
    fn GetVolumeInformationW(cx, root: Addr, name: Addr, name_room: u32, serial: Addr, longest: Addr, flags: Addr, system: Addr, system_room: u32) -> bool {
        volume(cx, Wide, root, (name, name_room), [serial, longest, flags], (system, system_room))
    }

    /// Writes how much room a drive has, in clusters.
    fn GetDiskFreeSpaceA(cx, root: Addr, sectors: Addr, bytes: Addr, free: Addr, all: Addr) -> bool { clusters(cx, Ansi, root, [sectors, bytes, free, all]) }

    /// Writes how much room a drive has, in clusters.
    fn GetDiskFreeSpaceW(cx, root: Addr, sectors: Addr, bytes: Addr, free: Addr, all: Addr) -> bool { clusters(cx, Wide, root, [sectors, bytes, free, all]) }

    /// Writes how much room a drive has, in bytes.
    fn GetDiskFreeSpaceExA(cx, directory: Addr, available: Addr, all: Addr, free: Addr) -> bool { space(cx, Ansi, directory, available, all, free) }

    /// Writes how much room a drive has, in bytes.
    fn GetDiskFreeSpaceExW(cx, directory: Addr, available: Addr, all: Addr, free: Addr) -> bool { space(cx, Wide, directory, available, all, free) }

    /// Shows 32-bit programs the real system directory, which they see anyway.
    fn Wow64DisableWow64FsRedirection(cx, old: Addr) -> bool { cx.fail(ERROR_INVALID_PARAMETER, false) }

    /// Ends what `Wow64DisableWow64FsRedirection` began.
    fn Wow64RevertWow64FsRedirection(cx, old: Addr) -> bool { cx.fail(ERROR_INVALID_PARAMETER, false) }
}

/// Attributes of a file of the host.
pub(super) fn attributes(found: &fs::Metadata) -> u32 {
    let kind = if found.is_dir() { DIRECTORY } else { ARCHIVE };
    kind | if found.permissions().readonly() {
        READ_ONLY
    } else {
        0
    }
}

/// A file of the host, or why it cannot be one.
pub(super) fn host(
    cx: &Cx<'_>,
    letters: Letters,
    name: Addr,
) -> Result<Result<PathBuf, u32>, Trap> {
    let name = letters.read(cx, name)?;
    Ok(match cx.process().locate(&name) {
        Ok(Place::Host(path)) => Ok(path),
        Ok(_) => Err(ERROR_ACCESS_DENIED),
        Err(error) => Err(error),
    })
}

fn answer(cx: &Cx<'_>, done: Result<(), u32>) -> Result<bool, Trap> {
    match done {
        Ok(()) => Ok(true),
        Err(error) => cx.fail(error, false),
    }
}

fn change(
    cx: &Cx<'_>,
    letters: Letters,
    name: Addr,
    run: impl FnOnce(PathBuf) -> Result<(), u32>,
) -> Result<bool, Trap> {
    let done = host(cx, letters, name)?.and_then(run);
    answer(cx, done)
}

pub(super) fn pair(
    cx: &Cx<'_>,
    letters: Letters,
    from: Addr,
    to: Addr,
    run: impl FnOnce(PathBuf, PathBuf) -> Result<(), u32>,
) -> Result<bool, Trap> {
    let (from, to) = (host(cx, letters, from)?, host(cx, letters, to)?);
    let done = from.and_then(|from| run(from, to?));
    answer(cx, done)
}

fn make_directory(path: PathBuf) -> Result<(), u32> {
    match fs::create_dir(&path) {
        // Here it is always the way that is missing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(disk::ERROR_PATH_NOT_FOUND),
        done => done.map_err(|error| disk::code(&error)),
    }
}

fn remove_directory(path: PathBuf) -> Result<(), u32> {
    match fs::remove_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(ERROR_DIRECTORY),
        done => done.map_err(|error| making(&path, &error)),
    }
}

fn delete(path: PathBuf) -> Result<(), u32> {
    if path.is_dir() {
        return Err(ERROR_ACCESS_DENIED);
    }
    fs::remove_file(&path).map_err(|error| making(&path, &error))
}

fn rename(from: PathBuf, to: PathBuf, replace: bool) -> Result<(), u32> {
    if !from.exists() {
        return Err(missing(&from));
    }
    // A change of letters only is a move onto itself.
    let is_same = from.canonicalize().ok() == to.canonicalize().ok();
    if !replace && !is_same && to.exists() {
        return Err(ERROR_ALREADY_EXISTS);
    }
    match fs::rename(&from, &to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices && from.is_file() => {
            copy(from.clone(), to, false).and_then(|()| delete(from))
        }
        done => done.map_err(|error| making(&to, &error)),
    }
}

pub(super) fn copy(from: PathBuf, to: PathBuf, keep: bool) -> Result<(), u32> {
    if keep && to.exists() {
        return Err(ERROR_FILE_EXISTS);
    }
    if !from.is_file() {
        return Err(if from.is_dir() {
            ERROR_ACCESS_DENIED
        } else {
            missing(&from)
        });
    }
    fs::copy(&from, &to)
        .map(drop)
        .map_err(|error| making(&to, &error))
}

fn get_attributes(cx: &Cx<'_>, letters: Letters, name: Addr) -> Result<u32, Trap> {
    let name = letters.read(cx, name)?;
    match cx.process().locate(&name) {
        Ok(Place::Host(path)) => match fs::metadata(&path) {
            Ok(found) => Ok(attributes(&found)),
            Err(error) => cx.fail(making(&path, &error), u32::MAX),
        },
        Ok(Place::WindowsDirectory) => Ok(DIRECTORY),
        Ok(_) => Ok(ARCHIVE),
        Err(error) => cx.fail(error, u32::MAX),
    }
}

fn get_attributes_ex(cx: &Cx<'_>, letters: Letters, name: Addr, data: Addr) -> Result<bool, Trap> {
    let found = match host(cx, letters, name)? {
        Ok(path) => fs::metadata(&path).map_err(|error| making(&path, &error)),
        Err(ERROR_ACCESS_DENIED) => {
            let kind = get_attributes(cx, letters, name)?;
            cx.fill(data, 0, 36)?;
            cx.write(data, kind)?;
            return Ok(true);
        }
        Err(error) => Err(error),
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return cx.fail(error, false),
    };
    let mut fields = cx.fields(data);
    fields.put(attributes(&found))?;
    for time in times(&found) {
        fields.put(time as u32)?.put((time >> 32) as u32)?;
    }
    let size = if found.is_dir() { 0 } else { found.len() };
    fields.put((size >> 32) as u32)?.put(size as u32)?;
    Ok(true)
}

fn set_attributes(cx: &Cx<'_>, letters: Letters, name: Addr, value: u32) -> Result<bool, Trap> {
    change(cx, letters, name, |path| {
        let found = fs::metadata(&path).map_err(|error| making(&path, &error))?;
        let mode = found.permissions().mode();
        let mode = if value & READ_ONLY != 0 {
            mode & !0o222
        } else {
            mode | 0o200
        };
        if found.is_dir() || mode == found.permissions().mode() {
            return Ok(());
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
            .map_err(|error| disk::code(&error))
    })
}

fn full_path(
    cx: &Cx<'_>,
    letters: Letters,
    name: Addr,
    room: u32,
    buffer: Addr,
    file: Addr,
) -> Result<u32, Trap> {
    let name = letters.read(cx, name)?;
    match cx.process().full_path(&name) {
        Ok(full) => put_path(cx, letters, &full, room, buffer, file),
        Err(error) => cx.fail(error, 0),
    }
}

/// Writes a path, and where in it the file's name begins.
fn put_path(
    cx: &Cx<'_>,
    letters: Letters,
    path: &str,
    room: u32,
    buffer: Addr,
    file: Addr,
) -> Result<u32, Trap> {
    let length = letters.fill(cx, buffer, room, path)?;
    if length < room && !file.is_null() {
        let (before, name) = path.split_at(path.rfind('\\').map_or(0, |at| at + 1));
        let place = match name {
            "" => Addr::NULL,
            _ => buffer.offset(letters.length(cx, before) * letters.bytes()),
        };
        cx.write_addr(file, place)?;
    }
    Ok(length)
}

/// A path as it was given, if there is something.
fn same_path(
    cx: &Cx<'_>,
    letters: Letters,
    name: Addr,
    buffer: Addr,
    room: u32,
) -> Result<u32, Trap> {
    if get_attributes(cx, letters, name)? == u32::MAX {
        return Ok(0);
    }
    let path = letters.read(cx, name)?;
    letters.fill(cx, buffer, room, &path)
}

fn temporary(cx: &Cx<'_>) -> String {
    let directory = ["TMP", "TEMP"]
        .iter()
        .find_map(|name| environment::variable(cx, name));
    let directory = directory.unwrap_or_else(|| r"C:\windows\temp".to_owned());
    directory.trim_end_matches('\\').to_owned() + "\\"
}

fn temporary_file(
    cx: &Cx<'_>,
    letters: Letters,
    directory: Addr,
    prefix: Addr,
    number: u32,
    buffer: Addr,
) -> Result<u32, Trap> {
    /// Names that were made up in this program, so that two at once differ.
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let directory = letters.read(cx, directory)?;
    let prefix: String = letters
        .optional(cx, prefix)?
        .unwrap_or_default()
        .chars()
        .take(3)
        .collect();
    let name = |number: u32| {
        format!(
            r"{}\{prefix}{number:x}.tmp",
            directory.trim_end_matches('\\')
        )
    };
    if number != 0 {
        letters.put(cx, buffer, &name(number))?;
        return Ok(number);
    }
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(37) ^ std::process::id();
        let number = number & 0xffff;
        if number == 0 {
            continue;
        }
        let path = match cx.process().locate(&name(number)) {
            Ok(Place::Host(path)) => path,
            Ok(_) => return cx.fail(ERROR_ACCESS_DENIED, 0),
            Err(_) => return cx.fail(ERROR_DIRECTORY, 0),
        };
        match fs::File::create_new(&path) {
            Ok(_) => {
                letters.put(cx, buffer, &name(number))?;
                return Ok(number);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return cx.fail(ERROR_DIRECTORY, 0);
            }
            Err(error) => return cx.fail(disk::code(&error), 0),
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "as many as the function of Windows has"
)]
fn search(
    cx: &Cx<'_>,
    letters: Letters,
    path: Addr,
    name: Addr,
    extension: Addr,
    room: u32,
    buffer: Addr,
    file: Addr,
) -> Result<u32, Trap> {
    let mut name = letters.read(cx, name)?;
    let has_extension = name
        .rsplit(['\\', '/'])
        .next()
        .is_some_and(|name| name.contains('.'));
    if let Some(extension) = letters.optional(cx, extension)?
        && !has_extension
    {
        name += &extension;
    }
    let directories = match letters.optional(cx, path)? {
        Some(path) => path,
        None => {
            let usual = environment::variable(cx, "PATH").unwrap_or_default();
            format!(
                r"{};C:\windows\system32;C:\windows;{usual}",
                cx.process().current_directory()
            )
        }
    };
    let is_path = name.contains(['\\', '/', ':']);
    let candidates: Vec<String> = if is_path {
        vec![name]
    } else {
        let directories = directories
            .split(';')
            .filter(|directory| !directory.is_empty());
        directories
            .map(|directory| format!(r"{}\{name}", directory.trim_end_matches('\\')))
            .collect()
    };
    let found = candidates
        .into_iter()
        .find(|candidate| match cx.process().locate(candidate) {
            Ok(Place::Host(path)) => path.exists(),
            Ok(place) => place == Place::WindowsFile,
            Err(_) => false,
        });
    let full = found.and_then(|found| cx.process().full_path(&found).ok());
    match full {
        Some(full) => put_path(cx, letters, &full, room, buffer, file),
        None => cx.fail(ERROR_FILE_NOT_FOUND, 0),
    }
}

fn set_current(cx: &Cx<'_>, letters: Letters, name: Addr) -> Result<bool, Trap> {
    let name = letters.read(cx, name)?;
    answer(cx, cx.process().set_current_directory(&name))
}

fn drive_type(cx: &Cx<'_>, letters: Letters, root: Addr) -> Result<u32, Trap> {
    let root = letters
        .optional(cx, root)?
        .unwrap_or_else(|| r"\".to_owned());
    Ok(match cx.process().locate(&root) {
        Ok(Place::Host(path)) if path.is_dir() => 3,
        Ok(Place::WindowsDirectory) => 3,
        _ => 1,
    })
}

fn drive_strings(cx: &Cx<'_>, letters: Letters, room: u32, buffer: Addr) -> Result<u32, Trap> {
    let drives: Vec<String> = cx
        .process()
        .drives()
        .iter()
        .map(|letter| format!("{letter}:\\\0"))
        .collect();
    letters.fill(cx, buffer, room, &drives.concat())
}

fn volume(
    cx: &Cx<'_>,
    letters: Letters,
    root: Addr,
    (name, name_room): (Addr, u32),
    [serial, longest, flags]: [Addr; 3],
    (system, system_room): (Addr, u32),
) -> Result<bool, Trap> {
    if drive_type(cx, letters, root)? == 1 {
        return cx.fail(disk::ERROR_PATH_NOT_FOUND, false);
    }
    cx.write_unless_null(serial, 0x4f44_5256_u32)?;
    cx.write_unless_null(longest, 255_u32)?;
    // Case is kept, and names are Unicode.
    cx.write_unless_null(flags, 6_u32)?;
    for (at, room, text) in [(name, name_room, ""), (system, system_room, "NTFS")] {
        if !at.is_null() && letters.fill(cx, at, room, text)? >= room {
            return cx.fail(ERROR_INSUFFICIENT_BUFFER, false);
        }
    }
    Ok(true)
}

/// Bytes that are free for us, all, and free altogether, on the disk that a directory is on.
fn room(cx: &Cx<'_>, letters: Letters, directory: Addr) -> Result<Option<[u64; 3]>, Trap> {
    let directory = letters
        .optional(cx, directory)?
        .unwrap_or_else(|| ".".to_owned());
    let path = match cx.process().locate(&directory) {
        Ok(Place::Host(path)) => path,
        Ok(_) => PathBuf::from("/"),
        Err(_) => return Ok(None),
    };
    let Ok(path) = std::ffi::CString::new(path.into_os_string().into_encoded_bytes()) else {
        return Ok(None);
    };
    // SAFETY: all zeros is a valid value of this structure of numbers.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero, and the structure is ours.
    let result = unsafe { libc::statvfs(path.as_ptr(), &raw mut found) };
    let size = found.f_frsize;
    Ok((result == 0)
        .then(|| [found.f_bavail, found.f_blocks, found.f_bfree].map(|count| count * size)))
}

fn clusters(cx: &Cx<'_>, letters: Letters, root: Addr, places: [Addr; 4]) -> Result<bool, Trap> {
    let Some([available, all, _]) = room(cx, letters, root)? else {
        return cx.fail(disk::ERROR_PATH_NOT_FOUND, false);
    };
    let cluster = 8 * 512;
    let count = |bytes: u64| u32::try_from(bytes / cluster).unwrap_or(u32::MAX);
    for (at, value) in places
        .into_iter()
        .zip([8, 512, count(available), count(all)])
    {
        cx.write_unless_null(at, value)?;
    }
    Ok(true)
}

fn space(
    cx: &Cx<'_>,
    letters: Letters,
    directory: Addr,
    available: Addr,
    all: Addr,
    free: Addr,
) -> Result<bool, Trap> {
    let Some(found) = room(cx, letters, directory)? else {
        return cx.fail(disk::ERROR_PATH_NOT_FOUND, false);
    };
    for (at, value) in [available, all, free].into_iter().zip(found) {
        cx.write_unless_null(at, value)?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    fn place(name: &str) -> (std::path::PathBuf, String) {
        let root =
            std::env::temp_dir().join(format!("opendriver-names-{}-{name}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let dos = format!("Z:{}", root.to_str().unwrap().replace('/', "\\"));
        (root, dos)
    }

    fn error(bench: &Bench) -> u64 {
        bench.ask(DLL, "GetLastError", &[])
    }

    #[test]
    fn directories_and_files_are_made_moved_and_deleted() {
        let bench = Bench::new();
        let (root, dos) = place("made");
        let (sub, file) = (
            bench.text(&format!(r"{dos}\sub")),
            bench.text(&format!(r"{dos}\SUB\a")),
        );
        let other = bench.text(&format!(r"{dos}\b"));
        assert_eq!(bench.ask(DLL, "CreateDirectoryA", &[sub, 0]), 1);
        assert_eq!(
            (bench.ask(DLL, "CreateDirectoryA", &[sub, 0]), error(&bench)),
            (0, 183)
        );
        fs::write(root.join("sub/a"), b"a").unwrap();
        assert_eq!(bench.ask(DLL, "GetFileAttributesA", &[sub]), 0x10);
        assert_eq!(bench.ask(DLL, "GetFileAttributesA", &[file]), 0x20);
        assert_eq!(
            (bench.ask(DLL, "RemoveDirectoryA", &[sub]), error(&bench)),
            (0, 145)
        );
        assert_eq!(bench.ask(DLL, "CopyFileA", &[file, other, 1]), 1);
        assert_eq!(
            (
                bench.ask(DLL, "CopyFileA", &[file, other, 1]),
                error(&bench)
            ),
            (0, 80)
        );
        assert_eq!(
            (bench.ask(DLL, "MoveFileA", &[file, other]), error(&bench)),
            (0, 183)
        );
        assert_eq!(bench.ask(DLL, "MoveFileExA", &[file, other, 1]), 1);
        assert_eq!(
            (bench.ask(DLL, "DeleteFileA", &[file]), error(&bench)),
            (0, 2)
        );
        assert_eq!(bench.ask(DLL, "DeleteFileA", &[other]), 1);
        assert_eq!(
            (bench.ask(DLL, "DeleteFileA", &[sub]), error(&bench)),
            (0, 5)
        );
        assert_eq!(bench.ask(DLL, "RemoveDirectoryA", &[sub]), 1);
        assert_eq!(
            bench.ask(DLL, "GetFileAttributesA", &[sub]) as u32,
            u32::MAX
        );
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_temporary_file_is_made_where_no_number_is_given() {
        let bench = Bench::new();
        let (root, dos) = place("temporary");
        let (directory, prefix, buffer) =
            (bench.text(&dos), bench.text("drvx"), bench.bytes(&[0; 260]));
        let number = bench.ask(DLL, "GetTempFileNameA", &[directory, prefix, 0, buffer]);
        assert_ne!(number, 0);
        let name = format!("drv{number:x}.tmp");
        assert!(root.join(&name).exists());
        let expected = format!("{dos}\\{name}\0");
        assert_eq!(
            bench.read(buffer, expected.len() as u64),
            expected.as_bytes()
        );
        assert_eq!(
            bench.ask(DLL, "GetTempFileNameA", &[directory, prefix, 0x12, buffer]),
            0x12
        );
        assert!(!root.join("drv12.tmp").exists());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_whole_path_tells_where_its_name_begins() {
        let bench = Bench::new();
        let (name, buffer) = (bench.wide(r"Z:\a\..\b\c.txt"), bench.bytes(&[0; 64]));
        let file = bench.bytes(&[0; 8]);
        assert_eq!(
            bench.ask(DLL, "GetFullPathNameW", &[name, 32, buffer, file]),
            10
        );
        assert_eq!(bench.read(file, 8), (buffer + 10).to_le_bytes());
        assert_eq!(
            bench.ask(DLL, "GetFullPathNameW", &[name, 10, buffer, file]),
            11
        );
    }

    #[test]
    fn a_file_is_found_in_the_directories_that_are_searched() {
        let bench = Bench::new();
        let (root, dos) = place("search");
        fs::write(root.join("x.acm"), b"").unwrap();
        let (path, name) = (bench.text(&format!(r"Z:\nowhere;{dos}")), bench.text("X"));
        let (extension, buffer) = (bench.text(".acm"), bench.bytes(&[0; 260]));
        let length = bench.ask(DLL, "SearchPathA", &[path, name, extension, 260, buffer, 0]);
        assert_eq!(length as usize, dos.len() + 6);
        let dll = bench.text("winmm.dll");
        assert_eq!(
            bench.ask(DLL, "SearchPathA", &[0, dll, 0, 260, buffer, 0]),
            29
        );
        assert_eq!(bench.read(buffer, 29), br"C:\windows\system32\winmm.dll");
        assert_eq!(
            bench.ask(DLL, "SearchPathA", &[path, dll, 0, 260, buffer, 0]),
            0
        );
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn drives_are_those_of_the_process_and_windows_own() {
        let bench = Bench::new();
        assert_eq!(bench.ask(DLL, "GetLogicalDrives", &[]), 1 << 2 | 1 << 25);
        let buffer = bench.bytes(&[0xaa; 16]);
        assert_eq!(bench.ask(DLL, "GetLogicalDriveStringsA", &[16, buffer]), 8);
        assert_eq!(bench.read(buffer, 9), b"C:\\\0Z:\\\0\0");
        let kind = |root| bench.ask(DLL, "GetDriveTypeA", &[bench.text(root)]);
        assert_eq!((kind(r"Z:\"), kind(r"C:\"), kind(r"Q:\")), (3, 3, 1));
        let bytes = bench.bytes(&[0; 24]);
        let root = bench.text(r"Z:\");
        assert_eq!(
            bench.ask(
                DLL,
                "GetDiskFreeSpaceExA",
                &[root, bytes, bytes + 8, bytes + 16]
            ),
            1
        );
        assert_ne!(bench.read(bytes + 8, 8), [0; 8]);
    }

    #[test]
    fn the_current_directory_is_the_processes_own() {
        let bench = Bench::new();
        let (root, dos) = place("current");
        let (directory, buffer) = (bench.wide(&dos), bench.bytes(&[0; 600]));
        assert_eq!(bench.ask(DLL, "SetCurrentDirectoryW", &[directory]), 1);
        let length = bench.ask(DLL, "GetCurrentDirectoryA", &[300, buffer]);
        assert_eq!(bench.read(buffer, length), dos.as_bytes());
        assert_ne!(std::env::current_dir().unwrap(), root);
        fs::remove_dir_all(root).unwrap();
    }
}
