//! `Path...`: taking paths apart and putting them together, in buffers of `MAX_PATH`.

use crate::cx::Cx;
use crate::disk::Place;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::trap::Trap;

/// `MAX_PATH`: what every buffer has room for.
const LONGEST: u64 = 260;

shims! {
    pub(super) static SHIMS = "shlwapi.dll", stdcall;

    /// Answers where the name after the last backslash begins.
    fn PathFindFileNameA(cx, path: Addr) -> Addr { place(cx, Ansi, path, file_name) }

    /// Answers where the name after the last backslash begins.
    fn PathFindFileNameW(cx, path: Addr) -> Addr { place(cx, Wide, path, file_name) }

    /// Answers where the extension begins, with its dot, or the end.
    fn PathFindExtensionA(cx, path: Addr) -> Addr { place(cx, Ansi, path, extension) }

    /// Answers where the extension begins, with its dot, or the end.
    fn PathFindExtensionW(cx, path: Addr) -> Addr { place(cx, Wide, path, extension) }

    /// Takes the extension away.
    fn PathRemoveExtensionA(cx, path: Addr) { change(cx, Ansi, path, |path| Some(path[..extension(path)].to_owned())).map(drop) }

    /// Takes the extension away.
    fn PathRemoveExtensionW(cx, path: Addr) { change(cx, Wide, path, |path| Some(path[..extension(path)].to_owned())).map(drop) }

    /// Puts another extension in place of the one that is there.
    fn PathRenameExtensionA(cx, path: Addr, new: Addr) -> bool {
        let new = Ansi.read(cx, new)?;
        change(cx, Ansi, path, |path| Some(path[..extension(path)].to_owned() + &new))
    }

    /// Puts another extension in place of the one that is there.
    fn PathRenameExtensionW(cx, path: Addr, new: Addr) -> bool {
        let new = Wide.read(cx, new)?;
        change(cx, Wide, path, |path| Some(path[..extension(path)].to_owned() + &new))
    }

    /// Takes the last name and the backslash before it away.
    fn PathRemoveFileSpecA(cx, path: Addr) -> bool { change(cx, Ansi, path, |path| parent(path).map(str::to_owned)) }

    /// Takes the last name and the backslash before it away.
    fn PathRemoveFileSpecW(cx, path: Addr) -> bool { change(cx, Wide, path, |path| parent(path).map(str::to_owned)) }

    /// Takes everything before the last name away.
    fn PathStripPathA(cx, path: Addr) { change(cx, Ansi, path, |path| Some(path[file_name(path)..].to_owned())).map(drop) }

    /// Takes everything before the last name away.
    fn PathStripPathW(cx, path: Addr) { change(cx, Wide, path, |path| Some(path[file_name(path)..].to_owned())).map(drop) }

    /// Adds a backslash at the end; answers the end.
    fn PathAddBackslashA(cx, path: Addr) -> Addr { add_backslash(cx, Ansi, path) }

    /// Adds a backslash at the end; answers the end.
    fn PathAddBackslashW(cx, path: Addr) -> Addr { add_backslash(cx, Wide, path) }

    /// Adds a name to a path.
    fn PathAppendA(cx, path: Addr, more: Addr) -> bool { append(cx, Ansi, path, more) }

    /// Adds a name to a path.
    fn PathAppendW(cx, path: Addr, more: Addr) -> bool { append(cx, Wide, path, more) }

    /// Joins a directory and a name.
    fn PathCombineA(cx, to: Addr, directory: Addr, name: Addr) -> Addr { combine(cx, Ansi, to, directory, name) }

    /// Joins a directory and a name.
    fn PathCombineW(cx, to: Addr, directory: Addr, name: Addr) -> Addr { combine(cx, Wide, to, directory, name) }

    /// Resolves the dots of a path.
    fn PathCanonicalizeA(cx, to: Addr, from: Addr) -> bool {
        let path = Ansi.read(cx, from)?;
        put(cx, Ansi, to, &canonical(&path))
    }

    /// Resolves the dots of a path.
    fn PathCanonicalizeW(cx, to: Addr, from: Addr) -> bool {
        let path = Wide.read(cx, from)?;
        put(cx, Wide, to, &canonical(&path))
    }

    /// Tells whether there is a file or a directory.
    fn PathFileExistsA(cx, path: Addr) -> bool { exists(cx, Ansi, path, false) }

    /// Tells whether there is a file or a directory.
    fn PathFileExistsW(cx, path: Addr) -> bool { exists(cx, Wide, path, false) }

    /// Tells whether there is a directory.
    fn PathIsDirectoryA(cx, path: Addr) -> bool { exists(cx, Ansi, path, true) }

    /// Tells whether there is a directory.
    fn PathIsDirectoryW(cx, path: Addr) -> bool { exists(cx, Wide, path, true) }

    /// Tells whether a path starts from the current directory.
    fn PathIsRelativeA(cx, path: Addr) -> bool { ask(cx, Ansi, path, is_relative) }

    /// Tells whether a path starts from the current directory.
    fn PathIsRelativeW(cx, path: Addr) -> bool { ask(cx, Wide, path, is_relative) }

    /// Tells whether a path leads to another machine.
    fn PathIsUNCA(cx, path: Addr) -> bool { ask(cx, Ansi, path, is_network) }

    /// Tells whether a path leads to another machine.
    fn PathIsUNCW(cx, path: Addr) -> bool { ask(cx, Wide, path, is_network) }

    /// Tells whether a path is that of a drive or of a shared directory itself.
    fn PathIsRootA(cx, path: Addr) -> bool { ask(cx, Ansi, path, |path| root(path) == path.len() && !path.is_empty()) }

    /// Tells whether a path is that of a drive or of a shared directory itself.
    fn PathIsRootW(cx, path: Addr) -> bool { ask(cx, Wide, path, |path| root(path) == path.len() && !path.is_empty()) }

    /// Puts quotation marks around a path with spaces.
    fn PathQuoteSpacesA(cx, path: Addr) -> bool { change(cx, Ansi, path, |path| path.contains(' ').then(|| format!("\"{path}\""))) }

    /// Puts quotation marks around a path with spaces.
    fn PathQuoteSpacesW(cx, path: Addr) -> bool { change(cx, Wide, path, |path| path.contains(' ').then(|| format!("\"{path}\""))) }

    /// Takes quotation marks around a path away.
    fn PathUnquoteSpacesA(cx, path: Addr) -> bool { change(cx, Ansi, path, |path| Some(path.strip_prefix('"')?.strip_suffix('"')?.to_owned())) }

    /// Takes quotation marks around a path away.
    fn PathUnquoteSpacesW(cx, path: Addr) -> bool { change(cx, Wide, path, |path| Some(path.strip_prefix('"')?.strip_suffix('"')?.to_owned())) }
}

fn ask(
    cx: &Cx<'_>,
    letters: Letters,
    path: Addr,
    answer: impl FnOnce(&str) -> bool,
) -> Result<bool, Trap> {
    Ok(letters
        .optional(cx, path)?
        .is_some_and(|path| answer(&path)))
}

/// Answers the address of a place in a path.
fn place(
    cx: &Cx<'_>,
    letters: Letters,
    path: Addr,
    find: impl FnOnce(&str) -> usize,
) -> Result<Addr, Trap> {
    let Some(text) = letters.optional(cx, path)? else {
        return Ok(path);
    };
    let before = letters.length(cx, &text[..find(&text)]);
    Ok(path.offset(before * letters.bytes()))
}

/// Writes what a path becomes, where it becomes anything.
fn change(
    cx: &Cx<'_>,
    letters: Letters,
    path: Addr,
    new: impl FnOnce(&str) -> Option<String>,
) -> Result<bool, Trap> {
    let Some(text) = letters.optional(cx, path)? else {
        return Ok(false);
    };
    match new(&text) {
        Some(new) if new != text => put(cx, letters, path, &new),
        _ => Ok(false),
    }
}

/// Writes a path if it is not longer than buffers are.
fn put(cx: &Cx<'_>, letters: Letters, to: Addr, path: &str) -> Result<bool, Trap> {
    if letters.length(cx, path) >= LONGEST {
        return Ok(false);
    }
    letters.put(cx, to, path).map(|()| true)
}

fn file_name(path: &str) -> usize {
    // A backslash at the very end belongs to the name.
    let inner = path.strip_suffix(['\\', '/']).unwrap_or(path);
    inner.rfind(['\\', '/', ':']).map_or(0, |at| at + 1)
}

fn extension(path: &str) -> usize {
    let name = path.rfind('\\').map_or(0, |at| at + 1);
    match path[name..].rfind('.') {
        Some(at) if !path[name + at..].contains(' ') => name + at,
        _ => path.len(),
    }
}

/// How much of a path is the drive or the shared directory.
fn root(path: &str) -> usize {
    if let Some(rest) = path.strip_prefix(r"\\") {
        let share = rest.match_indices('\\').nth(1);
        return share.map_or(path.len(), |(at, _)| at + 2);
    }
    match path.as_bytes() {
        [_, b':', b'\\', ..] => 3,
        [_, b':', ..] => 2,
        [b'\\', ..] => 1,
        _ => 0,
    }
}

fn parent(path: &str) -> Option<&str> {
    let root = root(path);
    if root == path.len() {
        return None;
    }
    let end = path.rfind('\\').unwrap_or(0).max(root);
    Some(&path[..end])
}

fn is_relative(path: &str) -> bool {
    !path.starts_with('\\') && path.as_bytes().get(1) != Some(&b':')
}

fn is_network(path: &str) -> bool {
    path.starts_with(r"\\") && !path.starts_with(r"\\?\")
}

fn canonical(path: &str) -> String {
    let (root, rest) = path.split_at(root(path));
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('\\') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match root.to_owned() + &parts.join(r"\") {
        path if path.is_empty() => r"\".to_owned(),
        path => path,
    }
}

fn joined(directory: &str, name: &str) -> String {
    if directory.is_empty() || name.is_empty() || directory.ends_with('\\') {
        return format!("{directory}{name}");
    }
    format!(r"{directory}\{name}")
}

fn add_backslash(cx: &Cx<'_>, letters: Letters, path: Addr) -> Result<Addr, Trap> {
    let mut text = letters.read(cx, path)?;
    if !text.is_empty() && !text.ends_with('\\') {
        text.push('\\');
        if !put(cx, letters, path, &text)? {
            return Ok(Addr::NULL);
        }
    }
    Ok(path.offset(letters.length(cx, &text) * letters.bytes()))
}

fn append(cx: &Cx<'_>, letters: Letters, path: Addr, more: Addr) -> Result<bool, Trap> {
    let directory = letters.read(cx, path)?;
    let more = letters.read(cx, more)?;
    let more = if is_network(&more) {
        &more
    } else {
        more.trim_start_matches('\\')
    };
    let whole = if is_relative(more) {
        joined(&directory, more)
    } else {
        more.to_owned()
    };
    put(cx, letters, path, &canonical(&whole))
}

fn combine(
    cx: &Cx<'_>,
    letters: Letters,
    to: Addr,
    directory: Addr,
    name: Addr,
) -> Result<Addr, Trap> {
    let directory = letters.optional(cx, directory)?;
    let name = letters.optional(cx, name)?;
    let whole = match (directory, name) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(directory), Some(name)) if is_relative(&name) => Some(joined(&directory, &name)),
        // A name from the root on stays on the directory's drive.
        (Some(directory), Some(name)) if name.starts_with('\\') && !is_network(&name) => {
            Some(joined(
                &directory[..root(&directory)],
                name.trim_start_matches('\\'),
            ))
        }
        (_, name) => name,
    };
    let is_put = match whole {
        Some(whole) => put(cx, letters, to, &canonical(&whole))?,
        None => false,
    };
    if !is_put && !to.is_null() {
        letters.put(cx, to, "")?;
    }
    Ok(if is_put { to } else { Addr::NULL })
}

fn exists(cx: &Cx<'_>, letters: Letters, path: Addr, directory: bool) -> Result<bool, Trap> {
    let Some(path) = letters.optional(cx, path)? else {
        return Ok(false);
    };
    Ok(match cx.process().locate(&path) {
        Ok(Place::Host(host)) => {
            if directory {
                host.is_dir()
            } else {
                host.exists()
            }
        }
        Ok(Place::WindowsDirectory) => true,
        Ok(Place::WindowsFile) => !directory,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{canonical, extension, file_name, parent, root};
    use crate::bench::Bench;

    const DLL: &str = "shlwapi.dll";

    #[test]
    fn a_path_comes_apart_at_its_names() {
        assert_eq!(
            (
                file_name(r"C:\a\b.txt"),
                file_name(r"C:\a\"),
                file_name("x")
            ),
            (5, 3, 0)
        );
        assert_eq!(
            (
                extension(r"C:\a.b\c"),
                extension("c.tar.gz"),
                extension("a. b")
            ),
            (8, 5, 4)
        );
        assert_eq!((root(r"C:\a"), root(r"\\s\d\x"), root("a")), (3, 5, 0));
        assert_eq!(
            (parent(r"C:\a"), parent(r"C:\"), parent(r"a\b"), parent("a")),
            (Some(r"C:\"), None, Some("a"), Some(""))
        );
        assert_eq!(canonical(r"C:\a\.\b\..\..\..\c"), r"C:\c");
        assert_eq!(canonical(r"a\.."), r"\");
    }

    #[test]
    fn paths_are_joined_in_both_forms() {
        let bench = Bench::new();
        let to = bench.bytes(&[0; 520]);
        let combine = |directory: &str, name: &str| {
            let arguments = [to, bench.text(directory), bench.text(name)];
            assert_eq!(bench.ask(DLL, "PathCombineA", &arguments), to);
            bench.with_cx(|cx| cx.text_a(crate::shim::Addr(to)).unwrap())
        };
        assert_eq!(combine(r"C:\a", r"b\..\c"), r"C:\a\c");
        assert_eq!(combine(r"C:\a", r"\c"), r"C:\c");
        assert_eq!(combine(r"C:\a", r"D:\c"), r"D:\c");
        assert_eq!(bench.ask(DLL, "PathCombineW", &[to, 0, 0]), 0);
        let path = bench.bytes(&[b"Z:\\tmp".as_slice(), &[0; 300]].concat());
        assert_eq!(
            bench.ask(DLL, "PathAppendA", &[path, bench.text(r"\x.y")]),
            1
        );
        assert_eq!(bench.ask(DLL, "PathRemoveExtensionA", &[path]), 0);
        assert_eq!(bench.read(path, 9), b"Z:\\tmp\\x\0");
        assert_eq!(bench.ask(DLL, "PathAddBackslashA", &[path]), path + 9);
        let long = bench.text(&"x".repeat(300));
        assert_eq!(bench.ask(DLL, "PathAppendA", &[path, long]), 0);
    }

    #[test]
    fn what_is_there_is_seen() {
        let bench = Bench::new();
        let ask = |name, path| bench.ask(DLL, name, &[bench.wide(path)]);
        assert_eq!(
            (
                ask("PathIsDirectoryW", r"Z:\"),
                ask("PathFileExistsW", r"Z:\none")
            ),
            (1, 0)
        );
        assert_eq!(
            (
                ask("PathIsRelativeW", r"a\b"),
                ask("PathIsRelativeW", r"\a")
            ),
            (1, 0)
        );
        assert_eq!(
            (ask("PathIsUNCW", r"\\s\d"), ask("PathIsRootW", r"C:\")),
            (1, 1)
        );
        assert_eq!(
            bench.ask("kernelbase.dll", "PathIsUNCW", &[bench.wide("x")]),
            0
        );
    }
}
