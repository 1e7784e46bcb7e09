//! A file that appears under its name when it is whole, and not before.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::scratch::Scratch;
use crate::report::{Exit, Failure};

/// A file that is being written beside the place that it is for.
pub(super) struct Target {
    path: PathBuf,
    place: Place,
    scratch: Scratch,
}

enum Place {
    /// A file of its own, with another name for the time being.
    Beside(NamedTempFile),
    /// What is no ordinary file takes what is written as it comes: a device, or a pipe with a name.
    Direct(File),
}

/// A target could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write \"{}\"", .path.display())]
pub(super) struct Unwritable {
    path: PathBuf,
    source: io::Error,
}

impl From<Unwritable> for Failure {
    fn from(error: Unwritable) -> Self {
        Self::new(Exit::Unasked, error)
    }
}

impl Unwritable {
    pub(super) fn new(path: &Path, source: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            source,
        }
    }
}

impl Target {
    /// Begins a file that is to be at `path`. What is there stays until [`commit`](Self::commit).
    pub(super) fn create(path: &Path, scratch: &Scratch) -> Result<Self, Unwritable> {
        let unwritable = |source| Unwritable::new(path, source);
        // Through a link, it is the file behind it that is to be replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let place = match fs::metadata(&path) {
            Ok(there) if there.is_dir() => {
                return Err(unwritable(io::ErrorKind::IsADirectory.into()));
            }
            Ok(there) if !there.is_file() => {
                let file = fs::OpenOptions::new().write(true).open(&path);
                Place::Direct(file.map_err(unwritable)?)
            }
            _ => {
                let mut prefix = OsString::from(".");
                prefix.push(path.file_name().unwrap_or_default());
                prefix.push(".drv-");
                let file = tempfile::Builder::new()
                    .prefix(&prefix)
                    .permissions(Permissions::from_mode(0o666))
                    .tempfile_in(folder(&path))
                    .map_err(unwritable)?;
                scratch.note(file.path());
                Place::Beside(file)
            }
        };
        Ok(Self {
            path,
            place,
            scratch: scratch.clone(),
        })
    }

    /// The file to write into.
    pub(super) fn file(&self) -> Result<File, Unwritable> {
        let file = match &self.place {
            Place::Beside(file) => file.as_file(),
            Place::Direct(file) => file,
        };
        file.try_clone().map_err(|source| self.unwritable(source))
    }

    /// Whether what is written can be gone back in.
    pub(super) fn is_ordinary(&self) -> bool {
        matches!(self.place, Place::Beside(_))
    }

    /// Puts the file in its place, and what was there is gone. Answers where that is.
    pub(super) fn commit(self) -> Result<PathBuf, Unwritable> {
        self.settle(|file, path| file.persist(path).map(|_| path.to_owned()))
    }

    /// Puts the file in its place where nothing is there, and else beside it. Answers where.
    pub(super) fn commit_to_free_place(self) -> Result<PathBuf, Unwritable> {
        self.settle(|file, path| {
            let taken = match file.persist_noclobber(path) {
                Ok(_) => return Ok(path.to_owned()),
                Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => taken,
                Err(error) => return Err(error),
            };
            let partial = partial(path);
            taken.file.persist(&partial).map(|_| partial)
        })
    }

    /// Puts the file beside its place, as a part of what should be there. Answers where.
    pub(super) fn commit_part(self) -> Result<PathBuf, Unwritable> {
        self.settle(|file, path| {
            let partial = partial(path);
            file.persist(&partial).map(|_| partial)
        })
    }

    fn settle(
        self,
        name: impl FnOnce(NamedTempFile, &Path) -> Result<PathBuf, tempfile::PersistError>,
    ) -> Result<PathBuf, Unwritable> {
        let Self {
            path,
            place,
            scratch,
        } = self;
        let unwritable = |source| Unwritable::new(&path, source);
        let Place::Beside(file) = place else {
            return Ok(path);
        };
        // A name must not lead to bytes that a crash of the machine would take away.
        file.as_file().sync_all().map_err(unwritable)?;
        let temporary = file.path().to_owned();
        let named = name(file, &path).map_err(|error| unwritable(error.error));
        scratch.forget(&temporary);
        // A folder that cannot be synced has the file all the same.
        let _ = File::open(folder(&path)).and_then(|folder| folder.sync_all());
        named
    }

    fn unwritable(&self, source: io::Error) -> Unwritable {
        Unwritable::new(&self.path, source)
    }
}

/// Whether two paths lead to the same ordinary file.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => {
            let special = |file: &fs::Metadata| {
                file.file_type().is_char_device() || file.file_type().is_fifo()
            };
            !special(&one) && (one.dev(), one.ino()) == (other.dev(), other.ino())
        }
        _ => false,
    }
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What a part of a file is called: `name.partial.avi`.
fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_stem().map(OsStr::to_owned).unwrap_or_default();
    name.push(".partial");
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// What is in a folder, names and contents.
    fn listing(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn written(path: &Path, text: &str) -> Target {
        let target = Target::create(path, &Scratch::default()).unwrap();
        target.file().unwrap().write_all(text.as_bytes()).unwrap();
        target
    }

    fn named(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn a_file_takes_its_name_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.avi");
        fs::write(&path, "old").unwrap();
        let target = written(&path, "new");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        target.commit().unwrap();
        assert_eq!(listing(folder.path()), [named("out.avi", "new")]);
        drop(written(&path, "dropped"));
        assert_eq!(listing(folder.path()), [named("out.avi", "new")]);
    }

    #[test]
    fn a_part_takes_the_name_only_where_nothing_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.avi");
        written(&path, "first").commit_to_free_place().unwrap();
        let kept = written(&path, "second").commit_to_free_place().unwrap();
        assert!(kept.ends_with("out.partial.avi"));
        let both = [
            named("out.avi", "first"),
            named("out.partial.avi", "second"),
        ];
        assert_eq!(listing(folder.path()), both);
    }

    #[test]
    fn a_failed_part_never_takes_the_name() {
        let folder = tempfile::tempdir().unwrap();
        written(&folder.path().join("out"), "part")
            .commit_part()
            .unwrap();
        assert_eq!(listing(folder.path()), [named("out.partial", "part")]);
    }
}
