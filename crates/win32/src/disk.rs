//! The path space: drive letters, Windows' own directory, letters of any case.
//!
//! Each configured drive stands for a directory of the host. Where no drive `C:` is configured, and also where what is
//! asked for is not on it, there is a Windows directory with the DLLs that are made of shims: it can be seen, not read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::dll;
use crate::process::Process;

pub(crate) const ERROR_FILE_NOT_FOUND: u32 = 2;
pub(crate) const ERROR_PATH_NOT_FOUND: u32 = 3;
pub(crate) const ERROR_ACCESS_DENIED: u32 = 5;
const ERROR_INVALID_DRIVE: u32 = 15;
const ERROR_BAD_NETPATH: u32 = 53;
const ERROR_INVALID_NAME: u32 = 123;

/// What a path of the driver's stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file or directory of the host, there or to be made.
    Host(PathBuf),
    /// A directory of Windows' own.
    WindowsDirectory,
    /// A file of Windows' own.
    WindowsFile,
    /// Nothing, which takes all and gives none.
    Null,
    /// The console, to read from or to write to.
    Console,
}

/// The directory that relative paths start from, as the driver spells it.
#[derive(Default)]
pub(crate) struct CurrentDirectory {
    path: Mutex<Option<String>>,
}

/// The directories that every Windows has, in lower case.
const DIRECTORIES: &[&str] = &[
    "c:",
    r"c:\windows",
    r"c:\windows\system32",
    r"c:\windows\system32\drivers",
    r"c:\windows\temp",
];

impl Process {
    /// The current directory, without a final backslash unless it is a root.
    pub(crate) fn current_directory(&self) -> String {
        let state = self.state::<CurrentDirectory>();
        let mut path = state.path.lock().expect("no holder panics");
        path.get_or_insert_with(|| {
            let host = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
            self.dos_path(&host)
        })
        .clone()
    }

    /// Changes the current directory to one that exists.
    pub(crate) fn set_current_directory(&self, path: &str) -> Result<(), u32> {
        let full = self.full_path(path)?;
        let is_directory = match self.locate_full(&full)? {
            Place::Host(host) => host.is_dir(),
            Place::WindowsDirectory => true,
            _ => false,
        };
        if !is_directory {
            return Err(ERROR_PATH_NOT_FOUND);
        }
        let state = self.state::<CurrentDirectory>();
        *state.path.lock().expect("no holder panics") = Some(full);
        Ok(())
    }

    /// A path of the host as the driver sees it: on the drive that holds the most of it.
    pub(crate) fn dos_path(&self, host: &Path) -> String {
        let drives = self.config().drives.iter();
        let below =
            drives.filter_map(|(letter, root)| Some((letter, host.strip_prefix(root).ok()?)));
        let closest = below.min_by_key(|(_, rest)| rest.as_os_str().len());
        match closest {
            Some((letter, rest)) => {
                format!(r"{letter}:\{}", rest.to_string_lossy().replace('/', r"\"))
            }
            None => format!(r"?:{}", host.to_string_lossy().replace('/', r"\")),
        }
    }

    /// The whole path that one means: with a drive, backslashes, and no dots.
    pub(crate) fn full_path(&self, path: &str) -> Result<String, u32> {
        let path = path.replace('/', r"\");
        let path = ["\\\\?\\", "\\??\\", "\\\\.\\"]
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix))
            .unwrap_or(&path);
        if path.is_empty() || path.contains('\0') {
            return Err(ERROR_INVALID_NAME);
        }
        if path.starts_with(r"\\") {
            return Err(ERROR_BAD_NETPATH);
        }
        let current = self.current_directory();
        let (drive, rest) = match path.split_once(':') {
            Some((drive, rest)) if drive.len() == 1 => (drive.to_ascii_uppercase(), rest),
            Some(_) => return Err(ERROR_INVALID_NAME),
            None => (current.split(':').next().unwrap_or("Z").to_owned(), path),
        };
        let mut parts: Vec<&str> = Vec::new();
        let start = current.split_once(':').filter(|(on, _)| *on == drive);
        if !rest.starts_with('\\')
            && let Some((_, below)) = start
        {
            parts.extend(below.split('\\').filter(|part| !part.is_empty()));
        }
        for part in rest.split('\\') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        // Windows drops dots and spaces at the end of a name.
        if let Some(last) = parts.last_mut() {
            *last = last.trim_end_matches(['.', ' ']);
        }
        Ok(format!(r"{drive}:\{}", parts.join(r"\")))
    }

    /// What a path stands for, whatever the case of its letters.
    pub(crate) fn locate(&self, path: &str) -> Result<Place, u32> {
        let name = path.rsplit(['\\', '/']).next().unwrap_or(path);
        match name.trim_end_matches(':').to_ascii_uppercase().as_str() {
            "NUL" => return Ok(Place::Null),
            "CON" | "CONIN$" | "CONOUT$" => return Ok(Place::Console),
            _ => {}
        }
        self.locate_full(&self.full_path(path)?)
    }

    fn locate_full(&self, full: &str) -> Result<Place, u32> {
        let windows = windows_place(full);
        let (drive, rest) = full.split_once(':').ok_or(ERROR_INVALID_NAME)?;
        let drives = self.config().drives.iter();
        let root = drives
            .into_iter()
            .find(|(letter, _)| drive.eq_ignore_ascii_case(letter.encode_utf8(&mut [0; 4])));
        let Some((_, root)) = root else {
            return match windows {
                Some(place) => Ok(place),
                None if drive.eq_ignore_ascii_case("c") => Err(missing(full)),
                None => Err(ERROR_INVALID_DRIVE),
            };
        };
        let host = host_path(root, rest);
        match windows {
            Some(place) if !host.exists() => Ok(place),
            _ => Ok(Place::Host(host)),
        }
    }

    /// The drives that there are, by letter.
    pub(crate) fn drives(&self) -> Vec<char> {
        let mut drives: Vec<char> = vec!['C'];
        drives.extend(
            self.config()
                .drives
                .iter()
                .map(|(letter, _)| letter.to_ascii_uppercase()),
        );
        drives.sort_unstable();
        drives.dedup();
        drives
    }
}

/// What is in the part of Windows that no host directory stands for.
fn windows_place(full: &str) -> Option<Place> {
    let lower = full.trim_end_matches('\\').to_ascii_lowercase();
    if DIRECTORIES.contains(&lower.as_str()) {
        return Some(Place::WindowsDirectory);
    }
    let name = lower.strip_prefix(r"c:\windows\system32\")?;
    (!name.contains('\\')
        && dll::ALL
            .iter()
            .any(|dll| dll.name == name || dll.names.contains(&name)))
    .then_some(Place::WindowsFile)
}

/// The files of Windows' own in a directory of its own, or its directories.
pub(crate) fn windows_entries(directory: &str) -> Vec<(String, bool)> {
    let lower = directory.trim_end_matches('\\').to_ascii_lowercase();
    let below = DIRECTORIES
        .iter()
        .filter_map(|known| known.rsplit_once('\\'));
    let mut entries: Vec<(String, bool)> = below
        .filter(|(parent, _)| *parent == lower)
        .map(|(_, name)| (name.to_owned(), true))
        .collect();
    if lower == r"c:\windows\system32" {
        entries.extend(dll::ALL.iter().map(|dll| (dll.name.to_owned(), false)));
    }
    entries
}

/// Whether it is the file or the way to it that is missing.
fn missing(full: &str) -> u32 {
    let parent = full.rsplit_once('\\').map_or("", |(parent, _)| parent);
    match windows_place(parent) {
        Some(Place::WindowsDirectory) => ERROR_FILE_NOT_FOUND,
        _ => ERROR_PATH_NOT_FOUND,
    }
}

/// Follows a path below a directory; a name that is not there as spelled is looked for in other letters.
fn host_path(root: &Path, rest: &str) -> PathBuf {
    let exact: PathBuf = root.join(rest.trim_start_matches('\\').replace('\\', "/"));
    if exact.symlink_metadata().is_ok() {
        return exact;
    }
    let mut path = root.to_owned();
    for part in rest.split('\\').filter(|part| !part.is_empty()) {
        let next = path.join(part);
        path = match next.symlink_metadata() {
            Ok(_) => next,
            Err(_) => spelled_otherwise(&path, part).unwrap_or(next),
        };
    }
    path
}

/// The entry of a directory with this name in other letters.
fn spelled_otherwise(directory: &Path, name: &str) -> Option<PathBuf> {
    let name = name.to_lowercase();
    let mut entries = fs::read_dir(directory).ok()?.flatten();
    let found = entries.find(|entry| entry.file_name().to_string_lossy().to_lowercase() == name);
    found.map(|entry| entry.path())
}

/// An error of the host as Windows numbers it.
pub(crate) fn code(error: &io::Error) -> u32 {
    match error.raw_os_error() {
        Some(libc::ENOENT) => ERROR_FILE_NOT_FOUND,
        Some(libc::ENOTDIR | libc::ELOOP) => ERROR_PATH_NOT_FOUND,
        Some(libc::EMFILE | libc::ENFILE) => 4,
        Some(libc::EACCES | libc::EPERM | libc::EISDIR | libc::EROFS) => ERROR_ACCESS_DENIED,
        Some(libc::EBADF) => 6,
        Some(libc::ENOMEM) => 8,
        Some(libc::EXDEV) => 17,
        Some(libc::EBUSY | libc::ETXTBSY) => 32,
        Some(libc::EEXIST) => 183,
        Some(libc::EINVAL) => 87,
        Some(libc::ENOSPC | libc::EDQUOT) => 112,
        Some(libc::ENAMETOOLONG) => 206,
        Some(libc::ENOTEMPTY) => 145,
        Some(libc::EPIPE) => 109,
        Some(libc::ESPIPE) => 25,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::Place;
    use crate::Config;
    use crate::bench::Bench;

    fn bench(name: &str) -> (PathBuf, Bench) {
        let root =
            std::env::temp_dir().join(format!("opendriver-disk-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("Sub Folder")).unwrap();
        fs::write(root.join("Sub Folder/File.TXT"), b"x").unwrap();
        let mut config = Config::default();
        config.drives.push(('D', root.clone()));
        (root, Bench::with(config))
    }

    #[test]
    fn a_path_is_found_on_its_drive_in_any_case() {
        let (root, bench) = bench("case");
        let place = |path| bench.process.locate(path);
        let file = Place::Host(root.join("Sub Folder/File.TXT"));
        assert_eq!(place(r"D:\sub folder\file.txt"), Ok(file.clone()));
        assert_eq!(place(r"d:/Sub Folder/./x/../File.TXT"), Ok(file.clone()));
        assert_eq!(place(r"\\?\D:\Sub Folder\File.TXT"), Ok(file));
        let new = Place::Host(root.join("Sub Folder/New.txt"));
        assert_eq!(place(r"D:\SUB FOLDER\New.txt"), Ok(new));
        assert_eq!(place(r"Z:\"), Ok(Place::Host(PathBuf::from("/"))));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_path_cannot_climb_out_of_its_drive() {
        let (root, bench) = bench("climb");
        let place = bench.process.locate(r"D:\..\..\etc\passwd");
        assert_eq!(place, Ok(Place::Host(root.join("etc/passwd"))));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn windows_is_there_though_no_directory_is() {
        let bench = Bench::new();
        let place = |path| bench.process.locate(path);
        assert_eq!(place(r"C:\WINDOWS\System32"), Ok(Place::WindowsDirectory));
        assert_eq!(
            place(r"C:\windows\system32\KERNEL32.dll"),
            Ok(Place::WindowsFile)
        );
        assert_eq!(place(r"C:\windows\win.ini"), Err(2));
        assert_eq!(place(r"C:\nowhere\file"), Err(3));
        assert_eq!(place(r"Q:\file"), Err(15));
        assert_eq!(place(r"\\server\share"), Err(53));
        assert_eq!(place("nul"), Ok(Place::Null));
    }

    #[test]
    fn relative_paths_start_from_the_current_directory() {
        let (root, bench) = bench("current");
        let process = &bench.process;
        assert_eq!(process.set_current_directory(r"D:\nowhere"), Err(3));
        process.set_current_directory(r"D:\sub folder").unwrap();
        assert_eq!(process.full_path("a.txt").unwrap(), r"D:\sub folder\a.txt");
        assert_eq!(process.full_path("d:b").unwrap(), r"D:\sub folder\b");
        assert_eq!(process.full_path(r"..\c. ").unwrap(), r"D:\c");
        assert_eq!(process.full_path(r"\c").unwrap(), r"D:\c");
        assert_eq!(process.full_path("Z:").unwrap(), r"Z:\");
        assert_eq!(process.dos_path(&root.join("x/y")), r"D:\x\y");
        fs::remove_dir_all(root).unwrap();
    }
}
