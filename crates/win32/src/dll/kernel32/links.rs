//! Rarer doings with files: links, pipes looked into, sizes on disk, changes by handle.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use crate::calendar;
use crate::cx::Cx;
use crate::disk;
use crate::dll::crt::aliases;
use crate::dll::kernel32::directories::{copy, host, pair};
use crate::dll::kernel32::files::{OpenFile, making};
use crate::dll::kernel32::strings;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

const ERROR_INVALID_FUNCTION: u32 = 1;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_BAD_LENGTH: u32 = 24;
const ERROR_INVALID_PARAMETER: u32 = 87;
/// `COPY_FILE_FAIL_IF_EXISTS`.
const KEEP: u32 = 1;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Copies a file; who wants to hear of the progress hears nothing.
    fn CopyFileExA(cx, from: Addr, to: Addr, progress: Addr, data: Addr, cancel: Addr, flags: u32) -> bool { pair(cx, Ansi, from, to, |from, to| copy(from, to, flags & KEEP != 0)) }

    /// Copies a file; who wants to hear of the progress hears nothing.
    fn CopyFileExW(cx, from: Addr, to: Addr, progress: Addr, data: Addr, cancel: Addr, flags: u32) -> bool { pair(cx, Wide, from, to, |from, to| copy(from, to, flags & KEEP != 0)) }

    /// Gives a file another name beside its own.
    fn CreateHardLinkA(cx, link: Addr, file: Addr, security: Addr) -> bool { pair(cx, Ansi, link, file, |link, file| fs::hard_link(file, &link).map_err(|error| making(&link, &error))) }

    /// Gives a file another name beside its own.
    fn CreateHardLinkW(cx, link: Addr, file: Addr, security: Addr) -> bool { pair(cx, Wide, link, file, |link, file| fs::hard_link(file, &link).map_err(|error| making(&link, &error))) }

    /// Makes a name that leads to another one.
    fn CreateSymbolicLinkA(cx, link: Addr, file: Addr, flags: u32) -> bool { pair(cx, Ansi, link, file, |link, file| std::os::unix::fs::symlink(file, &link).map_err(|error| making(&link, &error))) }

    /// Makes a name that leads to another one.
    fn CreateSymbolicLinkW(cx, link: Addr, file: Addr, flags: u32) -> bool { pair(cx, Wide, link, file, |link, file| std::os::unix::fs::symlink(file, &link).map_err(|error| making(&link, &error))) }

    /// Answers the lower half of what a file takes on disk.
    fn GetCompressedFileSizeA(cx, name: Addr, high: Addr) -> u32 { on_disk(cx, Ansi, name, high) }

    /// Answers the lower half of what a file takes on disk.
    fn GetCompressedFileSizeW(cx, name: Addr, high: Addr) -> u32 { on_disk(cx, Wide, name, high) }

    /// Writes the root of the drive that a path is on.
    fn GetVolumePathNameA(cx, name: Addr, buffer: Addr, room: u32) -> bool { volume(cx, Ansi, name, buffer, room) }

    /// Writes the root of the drive that a path is on.
    fn GetVolumePathNameW(cx, name: Addr, buffer: Addr, room: u32) -> bool { volume(cx, Wide, name, buffer, room) }

    /// Tells how much there is in a pipe, without taking it out.
    fn PeekNamedPipe(cx, pipe: Handle, buffer: Addr, size: u32, read: Addr, available: Addr, left: Addr) -> bool {
        let open = cx.process().handles().get::<OpenFile>(pipe);
        let Some(host) = open.as_ref().and_then(|open| open.host()) else { return cx.fail(ERROR_INVALID_HANDLE, false) };
        let mut count: libc::c_int = 0;
        // SAFETY: the number is ours, and this request writes one.
        if unsafe { libc::ioctl(host.as_raw_fd(), libc::FIONREAD, &raw mut count) } != 0 {
            return cx.fail(ERROR_INVALID_FUNCTION, false);
        }
        if !buffer.is_null() && size != 0 {
            // What a pipe of the host holds can only be seen by taking it out.
            return cx.fail(ERROR_INVALID_FUNCTION, false);
        }
        cx.write_unless_null(read, 0_u32)?;
        cx.write_unless_null(available, count as u32)?;
        cx.write_unless_null(left, 0_u32)?;
        Ok(true)
    }

    /// Changes an open file: its times (0), or where it ends (6).
    fn SetFileInformationByHandle(cx, file: Handle, class: u32, info: Addr, size: u32) -> bool { set_information(cx, file, class, info, size) }
}

aliases! {
    pub(super) static ALIASES;
    strings::SHIMS =>
        "lstrlenA" as "lstrlen",
        "lstrcpyA" as "lstrcpy",
        "lstrcpynA" as "lstrcpyn",
        "lstrcatA" as "lstrcat",
        "lstrcmpA" as "lstrcmp",
        "lstrcmpiA" as "lstrcmpi";
}

fn on_disk(cx: &Cx<'_>, letters: Letters, name: Addr, high: Addr) -> Result<u32, Trap> {
    let found = host(cx, letters, name)?
        .and_then(|path| fs::metadata(&path).map_err(|error| making(&path, &error)));
    match found {
        Ok(found) => {
            let size = found.blocks() * 512;
            cx.write_unless_null(high, (size >> 32) as u32)?;
            cx.fail(0, size as u32)
        }
        Err(error) => cx.fail(error, u32::MAX),
    }
}

fn volume(
    cx: &Cx<'_>,
    letters: Letters,
    name: Addr,
    buffer: Addr,
    room: u32,
) -> Result<bool, Trap> {
    let name = letters.read(cx, name)?;
    let root = match cx.process().full_path(&name) {
        Ok(full) => full
            .split_inclusive('\\')
            .next()
            .unwrap_or_default()
            .to_owned(),
        Err(error) => return cx.fail(error, false),
    };
    if letters.fill(cx, buffer, room, &root)? >= room {
        return cx.fail(206, false);
    }
    Ok(true)
}

fn set_information(
    cx: &Cx<'_>,
    file: Handle,
    class: u32,
    info: Addr,
    size: u32,
) -> Result<bool, Trap> {
    let open = cx.process().handles().get::<OpenFile>(file);
    let Some(host) = open.as_ref().and_then(|open| open.host()) else {
        return cx.fail(ERROR_INVALID_HANDLE, false);
    };
    let done = match (class, size) {
        (0, 40..) => {
            let mut times = fs::FileTimes::new();
            let given = |offset| -> Result<_, Trap> {
                let time: u64 = cx.read(info.offset(offset))?;
                Ok(Some(time)
                    .filter(|time| !matches!(*time, 0 | u64::MAX))
                    .and_then(calendar::to_system))
            };
            if let Some(time) = given(8)? {
                times = times.set_accessed(time);
            }
            if let Some(time) = given(16)? {
                times = times.set_modified(time);
            }
            host.set_times(times)
        }
        (6, 8..) => host.set_len(cx.read(info)?),
        (0 | 6, _) => return cx.fail(ERROR_BAD_LENGTH, false),
        _ => return cx.fail(ERROR_INVALID_PARAMETER, false),
    };
    match done {
        Ok(()) => Ok(true),
        Err(error) => cx.fail(disk::code(&error), false),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_file_is_linked_copied_and_cut_by_its_handle() {
        let bench = Bench::new();
        let root = std::env::temp_dir().join(format!("opendriver-links-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("a"), b"0123456789").unwrap();
        let dos = format!("Z:{}", root.to_str().unwrap().replace('/', "\\"));
        let name = |name| bench.wide(&format!(r"{dos}\{name}"));
        assert_eq!(
            bench.ask(DLL, "CreateHardLinkW", &[name("b"), name("A"), 0]),
            1
        );
        assert_eq!(
            bench.ask(DLL, "CopyFileExW", &[name("a"), name("b"), 0, 0, 0, 1]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 80);
        let file = bench.ask(DLL, "CreateFileW", &[name("b"), 0x4000_0000, 0, 0, 3, 0, 0]);
        let end = bench.bytes(&4_u64.to_le_bytes());
        assert_eq!(
            bench.ask(DLL, "SetFileInformationByHandle", &[file, 6, end, 8]),
            1
        );
        assert_eq!(fs::read(root.join("a")).unwrap(), b"0123");
        assert_eq!(
            bench.ask(DLL, "SetFileInformationByHandle", &[file, 6, end, 4]),
            0
        );
        let buffer = bench.bytes(&[0; 16]);
        assert_eq!(
            bench.ask(DLL, "GetVolumePathNameW", &[name("b"), buffer, 8]),
            1
        );
        assert_eq!(bench.read(buffer, 8), b"Z\0:\0\\\0\0\0");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_pipe_tells_how_much_it_holds() {
        let bench = Bench::new();
        let (ends, count) = (bench.bytes(&[0; 16]), bench.bytes(&[0xaa; 4]));
        bench.ask(DLL, "CreatePipe", &[ends, ends + 8, 0, 0]);
        let end = |at| u64::from_le_bytes(bench.read(ends + at, 8).try_into().unwrap());
        bench.ask(DLL, "WriteFile", &[end(8), bench.text("pipe"), 4, count, 0]);
        assert_eq!(
            bench.ask(DLL, "PeekNamedPipe", &[end(0), 0, 0, 0, count, 0]),
            1
        );
        assert_eq!(bench.read(count, 4), [4, 0, 0, 0]);
        assert_eq!(bench.ask(DLL, "lstrlen", &[bench.text("four")]), 4);
    }
}
