//! Paths taken apart and put together: `_splitpath`, `_makepath`, `_fullpath`.

use super::runtime::{errno, refuse};
use super::text::{Text, allocate, put_string, string};
use crate::crt::unit::Unit;
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// Drive with its colon, directory with its last separator, name, and extension with its point.
struct Parts<'a, C> {
    drive: &'a [C],
    directory: &'a [C],
    name: &'a [C],
    extension: &'a [C],
}

fn is_separator<C: Unit>(unit: &C) -> bool {
    matches!(unit.ascii(), b'/' | b'\\')
}

fn split<C: Unit>(path: &[C]) -> Parts<'_, C> {
    let has_drive = path.get(1).is_some_and(|unit| unit.ascii() == b':');
    let (drive, rest) = path.split_at(if has_drive { 2 } else { 0 });
    let (directory, file) = rest.split_at(
        rest.iter()
            .rposition(is_separator)
            .map_or(0, |last| last + 1),
    );
    let point = file
        .iter()
        .rposition(|unit| unit.ascii() == b'.')
        .unwrap_or(file.len());
    let (name, extension) = file.split_at(point);
    Parts {
        drive,
        directory,
        name,
        extension,
    }
}

fn join<C: Unit>(drive: &[C], directory: &[C], name: &[C], extension: &[C]) -> Vec<C> {
    let mut path = Vec::new();
    if let Some(letter) = drive.first() {
        path.extend([*letter, C::from(b':')]);
    }
    path.extend(directory);
    if directory.last().is_some_and(|last| !is_separator(last)) {
        path.push(C::from(b'\\'));
    }
    path.extend(name);
    if extension.first().is_some_and(|first| first.ascii() != b'.') {
        path.push(C::from(b'.'));
    }
    path.extend(extension);
    path
}

/// A path without `.` and `..`, from its drive on; `current` is where a relative one starts.
fn absolute<C: Unit>(path: &[C], current: &[C]) -> Vec<C> {
    let parts = split(path);
    let rest = &path[parts.drive.len()..];
    let shared = path.len() >= 2 && path[..2].iter().all(is_separator);
    if shared {
        return path
            .iter()
            .map(|unit| {
                if is_separator(unit) {
                    C::from(b'\\')
                } else {
                    *unit
                }
            })
            .collect();
    }
    let drive = if parts.drive.is_empty() {
        &current[..current.len().min(2)]
    } else {
        parts.drive
    };
    let rooted = rest.first().is_some_and(is_separator);
    let start: &[C] = if rooted || !parts.drive.is_empty() {
        &[]
    } else {
        &current[drive.len()..]
    };
    let mut steps: Vec<&[C]> = Vec::new();
    for step in start.split(is_separator).chain(rest.split(is_separator)) {
        let dots = step.iter().all(|unit| unit.ascii() == b'.');
        match step.len() {
            0 => {}
            1 if dots => {}
            2 if dots => {
                steps.pop();
            }
            _ => steps.push(step),
        }
    }
    let mut whole = drive.to_vec();
    for step in &steps {
        whole.push(C::from(b'\\'));
        whole.extend(*step);
    }
    if steps.is_empty() || (rest.last().is_some_and(is_separator)) {
        whole.push(C::from(b'\\'));
    }
    whole
}

/// Where a relative path starts, in the path space of the process.
fn current<C: Unit>(cx: &Cx<'_>) -> Vec<C> {
    let text = super::files::current_directory(cx);
    if C::WIDE {
        text.encode_utf16()
            .filter_map(|unit| C::from_u32(unit.into()))
            .collect()
    } else {
        cx.process()
            .string_to_ansi(&text)
            .into_iter()
            .map(C::from)
            .collect()
    }
}

/// A buffer and its room, where the caller says.
type Buffer = (Addr, Option<u64>);

fn split_into<C: Text>(cx: &mut Cx<'_>, path: Addr, buffers: [Buffer; 4]) -> Result<i32, Trap> {
    if path.is_null()
        || buffers
            .iter()
            .any(|(at, room)| at.is_null() != (room.unwrap_or(u64::from(!at.is_null())) == 0))
    {
        return refuse(cx, "_splitpath_s", errno::EINVAL);
    }
    let path = string::<C>(cx, path)?;
    let Parts {
        drive,
        directory,
        name,
        extension,
    } = split(&path);
    let parts = [drive, directory, name, extension];
    for ((at, room), part) in buffers.iter().zip(parts) {
        if !at.is_null() && room.is_some_and(|room| part.len() as u64 >= room) {
            for (at, _) in buffers.iter().filter(|(at, _)| !at.is_null()) {
                put_string::<C>(cx, *at, &[])?;
            }
            return refuse(cx, "_splitpath_s", errno::ERANGE);
        }
    }
    for ((at, _), part) in buffers.iter().zip(parts) {
        if !at.is_null() {
            put_string(cx, *at, part)?;
        }
    }
    Ok(0)
}

fn text<C: Text>(cx: &Cx<'_>, at: Addr) -> Result<Vec<C>, Trap> {
    if at.is_null() {
        Ok(Vec::new())
    } else {
        string(cx, at)
    }
}

fn join_into<C: Text>(cx: &mut Cx<'_>, (at, room): Buffer, parts: [Addr; 4]) -> Result<i32, Trap> {
    if at.is_null() || room == Some(0) {
        return refuse(cx, "_makepath_s", errno::EINVAL);
    }
    let [drive, directory, name, extension] = parts;
    let path = join::<C>(
        &text(cx, drive)?,
        &text(cx, directory)?,
        &text(cx, name)?,
        &text(cx, extension)?,
    );
    if room.is_some_and(|room| path.len() as u64 >= room) {
        put_string::<C>(cx, at, &[])?;
        return refuse(cx, "_makepath_s", errno::ERANGE);
    }
    put_string(cx, at, &path)?;
    Ok(0)
}

fn full<C: Text>(cx: &mut Cx<'_>, at: Addr, path: Addr, room: u64) -> Result<Addr, Trap> {
    let path = text::<C>(cx, path)?;
    let whole = if path.is_empty() {
        current(cx)
    } else {
        absolute(&path, &current(cx))
    };
    if at.is_null() {
        return allocate(cx, &whole);
    }
    if whole.len() as u64 >= room {
        return super::runtime::fail(cx, errno::ERANGE, Addr::NULL);
    }
    put_string(cx, at, &whole)?;
    Ok(at)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Takes a path apart.
    fn _splitpath(cx, path: Addr, drive: Addr, directory: Addr, name: Addr, extension: Addr) {
        split_into::<u8>(cx, path, [(drive, None), (directory, None), (name, None), (extension, None)])?;
        Ok(())
    }

    /// Takes a path apart into buffers of known size.
    fn _splitpath_s(cx, path: Addr, drive: Addr, drive_room: Size, directory: Addr, directory_room: Size, name: Addr, name_room: Size, extension: Addr, extension_room: Size) -> i32 {
        let buffers = [
            (drive, Some(drive_room.0)),
            (directory, Some(directory_room.0)),
            (name, Some(name_room.0)),
            (extension, Some(extension_room.0)),
        ];
        split_into::<u8>(cx, path, buffers)
    }

    /// Puts a path together.
    fn _makepath(cx, at: Addr, drive: Addr, directory: Addr, name: Addr, extension: Addr) {
        join_into::<u8>(cx, (at, None), [drive, directory, name, extension])?;
        Ok(())
    }

    /// Puts a path together in a buffer of known size.
    fn _makepath_s(cx, at: Addr, room: Size, drive: Addr, directory: Addr, name: Addr, extension: Addr) -> i32 {
        join_into::<u8>(cx, (at, Some(room.0)), [drive, directory, name, extension])
    }

    /// Makes a path absolute.
    fn _fullpath(cx, at: Addr, path: Addr, room: Size) -> Addr { full::<u8>(cx, at, path, room.0) }

    /// Takes a wide path apart.
    fn _wsplitpath(cx, path: Addr, drive: Addr, directory: Addr, name: Addr, extension: Addr) {
        split_into::<u16>(cx, path, [(drive, None), (directory, None), (name, None), (extension, None)])?;
        Ok(())
    }

    /// Takes a wide path apart into buffers of known size.
    fn _wsplitpath_s(cx, path: Addr, drive: Addr, drive_room: Size, directory: Addr, directory_room: Size, name: Addr, name_room: Size, extension: Addr, extension_room: Size) -> i32 {
        let buffers = [
            (drive, Some(drive_room.0)),
            (directory, Some(directory_room.0)),
            (name, Some(name_room.0)),
            (extension, Some(extension_room.0)),
        ];
        split_into::<u16>(cx, path, buffers)
    }

    /// Puts a wide path together.
    fn _wmakepath(cx, at: Addr, drive: Addr, directory: Addr, name: Addr, extension: Addr) {
        join_into::<u16>(cx, (at, None), [drive, directory, name, extension])?;
        Ok(())
    }

    /// Puts a wide path together in a buffer of known size.
    fn _wmakepath_s(cx, at: Addr, room: Size, drive: Addr, directory: Addr, name: Addr, extension: Addr) -> i32 {
        join_into::<u16>(cx, (at, Some(room.0)), [drive, directory, name, extension])
    }

    /// Makes a wide path absolute.
    fn _wfullpath(cx, at: Addr, path: Addr, room: Size) -> Addr { full::<u16>(cx, at, path, room.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_apart_and_together() {
        let path = br"c:\one\two.d\file.tar.gz".map(|byte| byte);
        let parts = split(&path[..]);
        assert_eq!(parts.drive, b"c:");
        assert_eq!(parts.directory, br"\one\two.d\");
        assert_eq!(parts.name, b"file.tar");
        assert_eq!(parts.extension, b".gz");
        assert_eq!(
            join(parts.drive, parts.directory, parts.name, parts.extension),
            path
        );
        assert_eq!(
            join::<u8>(b"c", b"dir", b"name", b"ext"),
            br"c:dir\name.ext"
        );
        assert_eq!(split::<u8>(b"name").name, b"name");
        assert_eq!(split::<u8>(br"..\").directory, br"..\");
    }

    #[test]
    fn a_relative_path_starts_at_the_current_directory() {
        let whole = |path: &[u8]| String::from_utf8(absolute(path, br"Z:\home\me")).expect("ASCII");
        assert_eq!(whole(b"a/b"), r"Z:\home\me\a\b");
        assert_eq!(whole(br"..\x.txt"), r"Z:\home\x.txt");
        assert_eq!(whole(br"\x\.\y\..\"), r"Z:\x\");
        assert_eq!(whole(br"c:\x"), r"c:\x");
        assert_eq!(whole(br"c:\.."), r"c:\");
        assert_eq!(whole(br"\\server\share\x"), r"\\server\share\x");
    }
}
