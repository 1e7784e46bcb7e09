//! A file that appears under its name when it is whole, and not before.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::scratch::Scratch;
use crate::digest::NUMBERED;
use crate::report::{Exit, Failure};

/// Where what is written goes.
pub(super) enum To {
    /// A file that can be gone back in.
    File(File),
    /// What takes bytes as they come.
    Pipe(File),
    /// Files that are named after this one.
    Pictures(PathBuf),
}

/// A file that is being written beside the place that it is for.
pub(super) struct Target {
    path: PathBuf,
    place: Place,
    scratch: Scratch,
}

enum Place {
    /// A file of its own, with another name for the time being.
    Beside(NamedTempFile),
    /// A folder of pictures, each named after the place.
    Pictures(TempDir),
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
        let named = path;
        let unwritable = |source| Unwritable::new(named, source);
        // Through a link, it is the file behind it that is to be replaced.
        let path = match path.is_symlink() {
            true => fs::canonicalize(path).map_err(unwritable)?,
            false => path.to_owned(),
        };
        let place = match fs::metadata(&path) {
            Ok(there) if there.is_dir() => {
                return Err(unwritable(io::ErrorKind::IsADirectory.into()));
            }
            Ok(there) if !there.is_file() => {
                let file = fs::OpenOptions::new().write(true).open(&path);
                Place::Direct(file.map_err(unwritable)?)
            }
            _ => {
                let file = tempfile::Builder::new()
                    .prefix(&prefix(&path))
                    .permissions(Permissions::from_mode(0o666))
                    .tempfile_in(folder(&path));
                let file = file.map_err(unwritable)?;
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

    /// Begins pictures that are to be at `path`, but for a number behind the name: `path-000000.png`.
    pub(super) fn create_pictures(path: &Path, scratch: &Scratch) -> Result<Self, Unwritable> {
        let folder = tempfile::Builder::new()
            .prefix(&prefix(path))
            .tempdir_in(folder(path));
        let folder = folder.map_err(|source| Unwritable::new(path, source))?;
        scratch.note(folder.path());
        Ok(Self {
            path: path.to_owned(),
            place: Place::Pictures(folder),
            scratch: scratch.clone(),
        })
    }

    /// Writes a file, whole or not at all.
    pub(super) fn write(
        path: &Path,
        scratch: &Scratch,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Unwritable> {
        let target = Self::create(path, scratch)?;
        let file = match &target.place {
            Place::Beside(file) => file.as_file(),
            Place::Direct(file) => file,
            Place::Pictures(_) => unreachable!("one file was begun"),
        };
        let mut to = io::BufWriter::new(file);
        let written = write(&mut to).and_then(|()| to.flush());
        drop(to);
        written.map_err(|source| Unwritable::new(path, source))?;
        target.commit().map(drop)
    }

    /// Where to write.
    pub(super) fn to(&self) -> Result<To, Unwritable> {
        let (file, is_ordinary) = match &self.place {
            Place::Pictures(folder) => {
                let name = self.path.file_name().unwrap_or_default();
                return Ok(To::Pictures(folder.path().join(name)));
            }
            Place::Beside(file) => (file.as_file(), true),
            Place::Direct(file) => (file, false),
        };
        let file = file.try_clone();
        let file = file.map_err(|source| Unwritable::new(&self.path, source))?;
        Ok(match is_ordinary {
            true => To::File(file),
            false => To::Pipe(file),
        })
    }

    /// Puts the file in its place, and what was there is gone. Answers where that is.
    pub(super) fn commit(self) -> Result<PathBuf, Unwritable> {
        self.settle(Claim::Replace)
    }

    /// Puts the file in its place where nothing is there, and else beside it. Answers where.
    pub(super) fn commit_to_free_place(self) -> Result<PathBuf, Unwritable> {
        self.settle(Claim::IfFree)
    }

    /// Puts the file beside its place, as a part of what should be there. Answers where.
    pub(super) fn commit_part(self) -> Result<PathBuf, Unwritable> {
        self.settle(Claim::Part)
    }

    fn settle(self, claim: Claim) -> Result<PathBuf, Unwritable> {
        let Self {
            path,
            place,
            scratch,
        } = self;
        let unwritable = |source| Unwritable::new(&path, source);
        let (temporary, named) = match place {
            Place::Direct(_) => return Ok(path),
            Place::Beside(file) => {
                // A name must not lead to bytes that a crash of the machine would take away.
                file.as_file().sync_all().map_err(unwritable)?;
                let temporary = file.path().to_owned();
                (temporary, settle_file(file, &path, claim))
            }
            Place::Pictures(folder) => {
                let temporary = folder.path().to_owned();
                (temporary, settle_pictures(&folder, &path, claim))
            }
        };
        scratch.forget(&temporary);
        // A folder that cannot be synced has the file all the same.
        let _ = File::open(folder(&path)).and_then(|folder| folder.sync_all());
        named.map_err(unwritable)
    }
}

/// Which name something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// Its own, whoever has it.
    Replace,
    /// Its own if nobody has it, else that of a part.
    IfFree,
    /// That of a part.
    Part,
}

fn settle_file(file: NamedTempFile, path: &Path, claim: Claim) -> io::Result<PathBuf> {
    let file = match claim {
        Claim::Replace => return Ok(file.persist(path).map(|_| path.to_owned())?),
        Claim::Part => file,
        Claim::IfFree => match file.persist_noclobber(path) {
            Ok(_) => return Ok(path.to_owned()),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => taken.file,
            Err(error) => return Err(error.error),
        },
    };
    let partial = partial(path);
    Ok(file.persist(&partial).map(|_| partial)?)
}

/// Gives all pictures of a folder their names. Answers them with `%06d` for the number.
fn settle_pictures(pictures: &TempDir, path: &Path, claim: Claim) -> io::Result<PathBuf> {
    let numbered = |path: &Path, number: &str| {
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(number);
        path.with_file_name(name)
    };
    let is_taken = || numbered(path, "-000000.png").exists();
    let path = match claim {
        Claim::Replace => path.to_owned(),
        Claim::IfFree if !is_taken() => path.to_owned(),
        Claim::IfFree | Claim::Part => partial(path),
    };
    rustix::fs::syncfs(File::open(pictures.path())?)?;
    for picture in fs::read_dir(pictures.path())? {
        let picture = picture?.path();
        let name = picture.file_name().unwrap_or_default().to_string_lossy();
        // The name ends with the number, whatever it begins with.
        let number = name.rfind('-').map_or("", |at| &name[at..]);
        fs::rename(&picture, numbered(&path, number))?;
    }
    Ok(numbered(&path, NUMBERED))
}

/// How the name of something begins that is beside its place for the time being.
fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".drv-");
    prefix
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
        let To::File(mut file) = target.to().unwrap() else {
            panic!("an ordinary file is one");
        };
        file.write_all(text.as_bytes()).unwrap();
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
    fn pictures_take_their_names_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.png");
        let pictures = |text: &str| {
            let target = Target::create_pictures(&path, &Scratch::default()).unwrap();
            let To::Pictures(to) = target.to().unwrap() else {
                panic!("pictures are files");
            };
            for number in ["-000000", "-000001"] {
                let name = to.with_file_name(format!("out{number}.png"));
                fs::write(name, text).unwrap();
            }
            target
        };
        let places = [
            pictures("first").commit_to_free_place().unwrap(),
            pictures("second").commit_to_free_place().unwrap(),
            pictures("third").commit().unwrap(),
        ];
        assert!(places[0].ends_with("out-%06d.png") && places[1].ends_with("out.partial-%06d.png"));
        let names = ["out-000000.png", "out-000001.png"].map(|name| named(name, "third"));
        let parts = ["out.partial-000000.png", "out.partial-000001.png"];
        let all = [names, parts.map(|name| named(name, "second"))].concat();
        assert_eq!(listing(folder.path()), all);
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
