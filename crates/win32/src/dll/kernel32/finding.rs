//! What is in a directory: `FindFirstFile` and its kin.

use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex};

use crate::cx::Cx;
use crate::disk::{ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, Place, windows_entries};
use crate::dll::kernel32::directories::{DIRECTORY, attributes};
use crate::dll::kernel32::files::times;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_NO_MORE_FILES: u32 = 18;

/// What a search has still to tell.
struct Search {
    left: Mutex<VecDeque<Entry>>,
}

struct Entry {
    name: String,
    attributes: u32,
    times: [u64; 3],
    size: u64,
}

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Finds the first entry that a pattern fits.
    fn FindFirstFileA(cx, pattern: Addr, data: Addr) -> Handle { first(cx, Ansi, pattern, data) }

    /// Finds the first entry that a pattern fits.
    fn FindFirstFileW(cx, pattern: Addr, data: Addr) -> Handle { first(cx, Wide, pattern, data) }

    /// Finds the first entry that a pattern fits.
    fn FindFirstFileExA(cx, pattern: Addr, level: u32, data: Addr, search: u32, filter: Addr, flags: u32) -> Handle {
        first(cx, Ansi, pattern, data)
    }

    /// Finds the first entry that a pattern fits.
    fn FindFirstFileExW(cx, pattern: Addr, level: u32, data: Addr, search: u32, filter: Addr, flags: u32) -> Handle {
        first(cx, Wide, pattern, data)
    }

    /// Finds the next entry.
    fn FindNextFileA(cx, search: Handle, data: Addr) -> bool { next(cx, Ansi, search, data) }

    /// Finds the next entry.
    fn FindNextFileW(cx, search: Handle, data: Addr) -> bool { next(cx, Wide, search, data) }

    /// Ends a search.
    fn FindClose(cx, search: Handle) -> bool {
        let handles = cx.process().handles();
        if handles.get::<Search>(search).is_some() && handles.close(search) {
            Ok(true)
        } else {
            cx.fail(ERROR_INVALID_HANDLE, false)
        }
    }
}

fn first(cx: &Cx<'_>, letters: Letters, pattern: Addr, data: Addr) -> Result<Handle, Trap> {
    let path = letters.read(cx, pattern)?;
    let (directory, pattern) = match path.rfind(['\\', '/', ':']) {
        Some(at) => path.split_at(at + 1),
        None => ("", path.as_str()),
    };
    let directory = if directory.is_empty() { "." } else { directory };
    let entries = match cx.process().locate(directory) {
        Ok(Place::Host(path)) => host_entries(&path),
        Ok(Place::WindowsDirectory) => {
            let full = cx.process().full_path(directory).unwrap_or_default();
            Some(
                windows_entries(&full)
                    .into_iter()
                    .map(Entry::of_windows)
                    .collect(),
            )
        }
        _ => None,
    };
    let Some(entries) = entries else {
        return cx.fail(ERROR_PATH_NOT_FOUND, Handle::INVALID);
    };
    let mut left: VecDeque<Entry> = entries
        .into_iter()
        .filter(|entry| fits(&entry.name, pattern))
        .collect();
    let Some(entry) = left.pop_front() else {
        return cx.fail(ERROR_FILE_NOT_FOUND, Handle::INVALID);
    };
    put(cx, letters, data, &entry)?;
    Ok(cx.process().handles().insert(Arc::new(Search {
        left: Mutex::new(left),
    })))
}

fn next(cx: &Cx<'_>, letters: Letters, search: Handle, data: Addr) -> Result<bool, Trap> {
    let Some(search) = cx.process().handles().get::<Search>(search) else {
        return cx.fail(ERROR_INVALID_HANDLE, false);
    };
    let entry = search.left.lock().expect("no holder panics").pop_front();
    match entry {
        Some(entry) => put(cx, letters, data, &entry).map(|()| true),
        None => cx.fail(ERROR_NO_MORE_FILES, false),
    }
}

fn host_entries(directory: &std::path::Path) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    if directory.parent().is_some() {
        for name in [".", ".."] {
            entries.extend(Entry::of_host(name, &directory.join(name)));
        }
    }
    let listed = fs::read_dir(directory).ok()?;
    let mut listed: Vec<Entry> = listed
        .flatten()
        .filter_map(|entry| Entry::of_host(&entry.file_name().to_string_lossy(), &entry.path()))
        .collect();
    listed.sort_by_key(|entry| entry.name.to_uppercase());
    entries.append(&mut listed);
    Some(entries)
}

impl Entry {
    fn of_host(name: &str, path: &std::path::Path) -> Option<Self> {
        let found = fs::metadata(path)
            .or_else(|_| fs::symlink_metadata(path))
            .ok()?;
        let size = if found.is_dir() { 0 } else { found.len() };
        Some(Self {
            name: name.to_owned(),
            attributes: attributes(&found),
            times: times(&found),
            size,
        })
    }

    fn of_windows((name, is_directory): (String, bool)) -> Self {
        let attributes = if is_directory { DIRECTORY } else { 0x20 };
        Self {
            name,
            attributes,
            times: [0; 3],
            size: 0,
        }
    }
}

/// Writes a `WIN32_FIND_DATA`.
fn put(cx: &Cx<'_>, letters: Letters, data: Addr, entry: &Entry) -> Result<(), Trap> {
    let unit = letters.bytes();
    cx.fill(data, 0, 44 + 274 * unit)?;
    let mut fields = cx.fields(data);
    fields.put(entry.attributes)?;
    for time in entry.times {
        fields.put(time as u32)?.put((time >> 32) as u32)?;
    }
    fields
        .put((entry.size >> 32) as u32)?
        .put(entry.size as u32)?;
    letters.put_cut(cx, data.offset(44), &entry.name, 260)?;
    Ok(())
}

/// Whether a name fits a pattern: `*` stands for any letters, `?` for one; `*.*` fits every name.
fn fits(name: &str, pattern: &str) -> bool {
    let pattern = if matches!(pattern, "*.*" | "") {
        "*"
    } else {
        pattern
    };
    let name: Vec<char> = name.to_uppercase().chars().collect();
    let pattern: Vec<char> = pattern.to_uppercase().chars().collect();
    // Where the last star stood, and how much of the name it has taken: enough to go back to, once a letter differs.
    let (mut at, mut next, mut star) = (0, 0, None);
    while at < name.len() {
        match pattern.get(next) {
            Some('*') => {
                star = Some((next, at));
                next += 1;
            }
            Some(&letter) if letter == '?' || letter == name[at] => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((stood, taken)) = star else {
                    return false;
                };
                star = Some((stood, taken + 1));
                (next, at) = (stood + 1, taken + 1);
            }
        }
    }
    // A dot and stars at the end stand for nothing, too.
    pattern[next.min(pattern.len())..]
        .iter()
        .all(|letter| matches!(letter, '*' | '.'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::fits;
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn patterns_fit_as_in_dos() {
        assert!(fits("driver.acm", "*.ACM") && fits("driver.acm", "d?iver.*"));
        assert!(fits("README", "*.*") && fits("README", "readme."));
        assert!(!fits("driver.acm", "*.drv") && !fits("driver.acm", "driver"));
        assert!(fits("a.b.c", "*.c") && fits("aaab", "*a*b") && !fits("", "?"));
        assert!(!fits(&"a".repeat(3000), &("a*".repeat(1000) + "b")));
    }

    fn names(bench: &Bench, pattern: &str) -> Vec<String> {
        let (pattern, data) = (bench.wide(pattern), bench.bytes(&[0xaa; 592]));
        let mut names = Vec::new();
        let search = bench.ask(DLL, "FindFirstFileW", &[pattern, data]);
        if search == u64::MAX {
            return names;
        }
        loop {
            let name = bench.read(data + 44, 520);
            let units = name
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&unit| u16::from_le_bytes(unit));
            let name: Vec<u16> = units.take_while(|&unit| unit != 0).collect();
            names.push(String::from_utf16(&name).unwrap());
            if bench.ask(DLL, "FindNextFileW", &[search, data]) == 0 {
                break;
            }
        }
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 18);
        assert_eq!(bench.ask(DLL, "FindClose", &[search]), 1);
        assert_eq!(bench.ask(DLL, "FindClose", &[search]), 0);
        names
    }

    #[test]
    fn a_directory_tells_its_entries_in_order() {
        let bench = Bench::new();
        let root = std::env::temp_dir().join(format!("opendriver-find-{}", std::process::id()));
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("B.txt"), b"12345").unwrap();
        fs::write(root.join("a.txt"), b"").unwrap();
        let dos = format!("Z:{}", root.to_str().unwrap().replace('/', "\\"));
        assert_eq!(
            names(&bench, &format!(r"{dos}\*.*")),
            [".", "..", "a.txt", "B.txt", "sub"]
        );
        assert_eq!(names(&bench, &format!(r"{dos}\*.TXT")), ["a.txt", "B.txt"]);
        assert_eq!(names(&bench, &format!(r"{dos}\*.dll")), [""; 0]);
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 2);
        let (pattern, data) = (bench.text(&format!(r"{dos}\b.*")), bench.bytes(&[0; 320]));
        assert_ne!(bench.ask(DLL, "FindFirstFileA", &[pattern, data]), u64::MAX);
        assert_eq!(
            (bench.read(data, 1), bench.read(data + 32, 1)),
            (vec![0x20], vec![5])
        );
        assert_eq!(bench.read(data + 44, 6), b"B.txt\0");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn windows_own_directory_tells_its_dlls() {
        let bench = Bench::new();
        assert!(names(&bench, r"C:\windows\*").contains(&"system32".to_owned()));
        assert_eq!(
            names(&bench, r"C:\Windows\System32\kernel*.dll"),
            ["kernel32.dll"]
        );
    }
}
