//! `shlwapi.dll`: paths as text, and texts compared and found.

use std::ops::Range;

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Dll, shims};
use crate::trap::Trap;

pub(super) static SHLWAPI: Dll = Dll {
    name: "shlwapi.dll",
    tables: &[PATHS, TEXTS],
    data: &[],
    also: &[],
    names: &[],
    ordinals: &[],
};

/// The room that functions without a size count on.
const MAX_PATH: u64 = 260;

shims! {
    static PATHS = "shlwapi.dll", stdcall;

    /// Answers where the extension of a path starts, else where the path ends.
    fn PathFindExtensionA(cx, path: Addr) -> Addr {
        part(cx, Ansi, path, extension)
    }

    /// Answers where the extension of a path starts, else where the path ends.
    fn PathFindExtensionW(cx, path: Addr) -> Addr {
        part(cx, Wide, path, extension)
    }

    /// Answers where the name of the file in a path starts.
    fn PathFindFileNameA(cx, path: Addr) -> Addr {
        part(cx, Ansi, path, file_name)
    }

    /// Answers where the name of the file in a path starts.
    fn PathFindFileNameW(cx, path: Addr) -> Addr {
        part(cx, Wide, path, file_name)
    }

    /// Cuts the name of the file off a path.
    fn PathRemoveFileSpecA(cx, path: Addr) -> bool {
        cut(cx, Ansi, path, |path| path.rfind(['\\', '/']).unwrap_or(0))
    }

    /// Cuts the name of the file off a path.
    fn PathRemoveFileSpecW(cx, path: Addr) -> bool {
        cut(cx, Wide, path, |path| path.rfind(['\\', '/']).unwrap_or(0))
    }

    /// Cuts the extension off a path.
    fn PathRemoveExtensionA(cx, path: Addr) {
        cut(cx, Ansi, path, extension).map(drop)
    }

    /// Cuts the extension off a path.
    fn PathRemoveExtensionW(cx, path: Addr) {
        cut(cx, Wide, path, extension).map(drop)
    }

    /// Leaves nothing but the name of the file.
    fn PathStripPathA(cx, path: Addr) {
        let text = cx.text_a(path)?;
        Ansi.put(cx, path, &text[file_name(&text)..])
    }

    /// Leaves nothing but the name of the file.
    fn PathStripPathW(cx, path: Addr) {
        let text = cx.text_w(path)?;
        Wide.put(cx, path, &text[file_name(&text)..])
    }

    /// Adds a backslash where there is none at the end; answers where the path ends.
    fn PathAddBackslashA(cx, path: Addr) -> Addr {
        backslash(cx, Ansi, path)
    }

    /// Adds a backslash where there is none at the end; answers where the path ends.
    fn PathAddBackslashW(cx, path: Addr) -> Addr {
        backslash(cx, Wide, path)
    }

    /// Adds a name to a path.
    fn PathAppendA(cx, path: Addr, more: Addr) -> bool {
        let joined = join(&cx.text_a(path)?, cx.text_a(more)?.trim_start_matches('\\'));
        Ansi.put_cut(cx, path, &joined, MAX_PATH).map(|_| true)
    }

    /// Adds a name to a path.
    fn PathAppendW(cx, path: Addr, more: Addr) -> bool {
        let joined = join(&cx.text_w(path)?, cx.text_w(more)?.trim_start_matches('\\'));
        Wide.put_cut(cx, path, &joined, MAX_PATH).map(|_| true)
    }

    /// Joins a folder and a name.
    fn PathCombineA(cx, result: Addr, folder: Addr, name: Addr) -> Addr {
        combine(cx, Ansi, result, folder, name)
    }

    /// Joins a folder and a name.
    fn PathCombineW(cx, result: Addr, folder: Addr, name: Addr) -> Addr {
        combine(cx, Wide, result, folder, name)
    }

    /// Tells whether something is at a path.
    fn PathFileExistsA(cx, path: Addr) -> bool {
        let path = cx.text_a(path)?;
        Ok(exists(cx, &path))
    }

    /// Tells whether something is at a path.
    fn PathFileExistsW(cx, path: Addr) -> bool {
        let path = cx.text_w(path)?;
        Ok(exists(cx, &path))
    }

    /// Tells whether a path starts at no drive and no root.
    fn PathIsRelativeA(cx, path: Addr) -> bool {
        Ok(is_relative(&cx.text_a(path)?))
    }

    /// Tells whether a path starts at no drive and no root.
    fn PathIsRelativeW(cx, path: Addr) -> bool {
        Ok(is_relative(&cx.text_w(path)?))
    }
}

shims! {
    static TEXTS = "shlwapi.dll", stdcall;

    /// Finds a text in another one.
    fn StrStrA(cx, text: Addr, wanted: Addr) -> Addr {
        find(cx, Ansi, text, wanted, false)
    }

    /// Finds a text in another one.
    fn StrStrW(cx, text: Addr, wanted: Addr) -> Addr {
        find(cx, Wide, text, wanted, false)
    }

    /// Finds a text in another one, whatever the case of its letters.
    fn StrStrIA(cx, text: Addr, wanted: Addr) -> Addr {
        find(cx, Ansi, text, wanted, true)
    }

    /// Finds a text in another one, whatever the case of its letters.
    fn StrStrIW(cx, text: Addr, wanted: Addr) -> Addr {
        find(cx, Wide, text, wanted, true)
    }

    /// Compares the starts of two texts, whatever the case of their letters.
    fn StrCmpNIA(cx, first: Addr, second: Addr, count: i32) -> i32 {
        let start = |text: String| text.chars().take(count.max(0) as usize).collect::<String>().to_lowercase();
        Ok(start(cx.text_a(first)?).cmp(&start(cx.text_a(second)?)) as i32)
    }

    /// Compares the starts of two texts, whatever the case of their letters.
    fn StrCmpNIW(cx, first: Addr, second: Addr, count: i32) -> i32 {
        let start = |text: String| text.chars().take(count.max(0) as usize).collect::<String>().to_lowercase();
        Ok(start(cx.text_w(first)?).cmp(&start(cx.text_w(second)?)) as i32)
    }

    /// Compares two texts, whatever the case of their letters.
    fn StrCmpIW(cx, first: Addr, second: Addr) -> i32 {
        Ok(cx.text_w(first)?.to_lowercase().cmp(&cx.text_w(second)?.to_lowercase()) as i32)
    }

    /// Compares two texts.
    fn StrCmpW(cx, first: Addr, second: Addr) -> i32 {
        Ok(cx.text_w(first)?.cmp(&cx.text_w(second)?) as i32)
    }

    /// Reads a number at the start of a text.
    fn StrToIntA(cx, text: Addr) -> i32 {
        Ok(number(&cx.text_a(text)?))
    }

    /// Reads a number at the start of a text.
    fn StrToIntW(cx, text: Addr) -> i32 {
        Ok(number(&cx.text_w(text)?))
    }
}

fn file_name(path: &str) -> usize {
    // A separator at the very end starts no name, as on Windows.
    let within = path.trim_end_matches(['\\', '/']);
    within.rfind(['\\', '/', ':']).map_or(0, |at| at + 1)
}

fn extension(path: &str) -> usize {
    let name = path.rfind(['\\', '/']).map_or(0, |at| at + 1);
    path[name..]
        .rfind(['.', ' '])
        .map(|at| name + at)
        .filter(|&at| path[at..].starts_with('.'))
        .unwrap_or(path.len())
}

fn part(cx: &Cx<'_>, letters: Letters, path: Addr, start: fn(&str) -> usize) -> Result<Addr, Trap> {
    let text = letters.read(cx, path)?;
    let before = &text[..start(&text)];
    Ok(path.offset(letters.length(cx, before) * letters.bytes()))
}

fn cut(cx: &Cx<'_>, letters: Letters, path: Addr, end: fn(&str) -> usize) -> Result<bool, Trap> {
    let text = letters.read(cx, path)?;
    let mut end = end(&text);
    // The backslash of a drive's root stays.
    if end == 2 && text[..end].ends_with(':') {
        end = 3;
    }
    let kept = &text[..end.min(text.len())];
    letters.put(cx, path, kept)?;
    Ok(kept.len() != text.len())
}

fn backslash(cx: &Cx<'_>, letters: Letters, path: Addr) -> Result<Addr, Trap> {
    let mut text = letters.read(cx, path)?;
    if !text.is_empty() && !text.ends_with('\\') {
        text.push('\\');
        letters.put_cut(cx, path, &text, MAX_PATH)?;
    }
    Ok(path.offset(letters.length(cx, &text) * letters.bytes()))
}

fn join(folder: &str, name: &str) -> String {
    if !is_relative(name) && !name.starts_with('\\') || folder.is_empty() {
        return name.to_owned();
    }
    format!("{}\\{}", folder.trim_end_matches('\\'), name)
}

fn combine(
    cx: &Cx<'_>,
    letters: Letters,
    result: Addr,
    folder: Addr,
    name: Addr,
) -> Result<Addr, Trap> {
    let folder = letters.optional(cx, folder)?.unwrap_or_default();
    let name = letters.optional(cx, name)?.unwrap_or_default();
    let joined = if name.is_empty() {
        folder
    } else {
        join(&folder, &name)
    };
    letters.put_cut(cx, result, &joined, MAX_PATH)?;
    Ok(result)
}

fn exists(cx: &Cx<'_>, path: &str) -> bool {
    match cx.process().locate(path) {
        Ok(crate::disk::Place::Host(host)) => host.exists(),
        Ok(_) => true,
        Err(_) => false,
    }
}

fn is_relative(path: &str) -> bool {
    !path.starts_with('\\') && path.as_bytes().get(1) != Some(&b':')
}

fn find(
    cx: &Cx<'_>,
    letters: Letters,
    text_at: Addr,
    wanted: Addr,
    folds: bool,
) -> Result<Addr, Trap> {
    let (text, wanted) = (letters.read(cx, text_at)?, letters.read(cx, wanted)?);
    let case = |range: Range<usize>| {
        if folds {
            text[range].to_lowercase()
        } else {
            text[range].to_owned()
        }
    };
    let wanted = if folds { wanted.to_lowercase() } else { wanted };
    let starts = text.char_indices().map(|(at, _)| at);
    let found = starts
        .into_iter()
        .find(|&at| case(at..text.len()).starts_with(&wanted))
        .filter(|_| !wanted.is_empty());
    Ok(found.map_or(Addr::NULL, |at| {
        text_at.offset(letters.length(cx, &text[..at]) * letters.bytes())
    }))
}

fn number(text: &str) -> i32 {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1_i32, rest),
        None => (1, text),
    };
    let digits = digits.chars().map_while(|c| c.to_digit(10));
    digits
        .fold(0_i32, |number, digit| {
            number.wrapping_mul(10).wrapping_add(digit as i32)
        })
        .wrapping_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    const DLL: &str = "shlwapi.dll";

    fn changed(bench: &Bench, name: &str, path: &str, more: Option<&str>) -> String {
        let buffer = bench.bytes(&[path.as_bytes(), &[0; 300]].concat());
        let arguments: Vec<u64> = [buffer]
            .into_iter()
            .chain(more.map(|more| bench.text(more)))
            .collect();
        bench.ask(DLL, name, &arguments);
        bench.with_cx(|cx| cx.text_a(Addr(buffer)).unwrap())
    }

    #[test]
    fn parts_of_paths_are_found() {
        let bench = Bench::new();
        for (path, name, dot) in [
            (r"C:\a.b\file.ext", 7, 11),
            (r"C:\a.b\file", 7, 11),
            ("file.tar.gz", 0, 8),
            ("", 0, 0),
        ] {
            let (ansi, wide) = (bench.text(path), bench.wide(path));
            assert_eq!(
                bench.ask(DLL, "PathFindFileNameA", &[ansi]) - ansi,
                name,
                "{path}"
            );
            assert_eq!(
                bench.ask(DLL, "PathFindFileNameW", &[wide]) - wide,
                name * 2,
                "{path}"
            );
            assert_eq!(
                bench.ask(DLL, "PathFindExtensionA", &[ansi]) - ansi,
                dot,
                "{path}"
            );
        }
    }

    #[test]
    fn paths_are_cut_and_joined() {
        let bench = Bench::new();
        assert_eq!(
            changed(&bench, "PathRemoveFileSpecA", r"C:\a\b.dll", None),
            r"C:\a"
        );
        assert_eq!(
            changed(&bench, "PathRemoveFileSpecA", r"C:\b.dll", None),
            r"C:\"
        );
        assert_eq!(
            changed(&bench, "PathRemoveExtensionA", r"C:\a.b\c.dll", None),
            r"C:\a.b\c"
        );
        assert_eq!(
            changed(&bench, "PathStripPathA", r"C:\a\b.dll", None),
            "b.dll"
        );
        assert_eq!(
            changed(&bench, "PathAddBackslashA", r"C:\a", None),
            r"C:\a\"
        );
        assert_eq!(
            changed(&bench, "PathAppendA", r"C:\a", Some(r"\b")),
            r"C:\a\b"
        );
        assert_eq!(join(r"C:\a\", r"D:\x"), r"D:\x");
        assert_eq!(bench.ask(DLL, "PathIsRelativeA", &[bench.text("a\\b")]), 1);
        assert_eq!(bench.ask(DLL, "PathFileExistsA", &[bench.text(r"Z:\")]), 1);
        assert_eq!(
            bench.ask(DLL, "PathFileExistsA", &[bench.text(r"Z:\no such file")]),
            0
        );
    }

    #[test]
    fn texts_are_found_compared_and_read_as_numbers() {
        let bench = Bench::new();
        let text = bench.wide("one TWO three");
        assert_eq!(
            bench.ask(DLL, "StrStrIW", &[text, bench.wide("two")]),
            text + 8
        );
        assert_eq!(bench.ask(DLL, "StrStrW", &[text, bench.wide("two")]), 0);
        assert_eq!(
            bench.ask(DLL, "StrCmpNIA", &[bench.text("ABC"), bench.text("abd"), 2]),
            0
        );
        assert_eq!(
            bench.ask(DLL, "StrToIntA", &[bench.text(" -12x")]) as i32,
            -12
        );
    }
}
