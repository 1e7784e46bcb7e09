//! Writes a project, wholly or not at all: it is made beside its place and takes its name at the end.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::templates::Written;

/// Writes files into a new folder; those above it are made where they are missing.
///
/// # Errors
/// Something is there already, or cannot be written. Nothing has changed then.
pub(super) fn write(folder: &Path, files: &[Written]) -> Result<(), Error> {
    check(folder)?;
    let (base, missing) = missing(folder);
    // What is missing comes into being with one rename, however many folders it is.
    let mut parts = missing.components();
    let Some(top) = parts.next() else {
        unreachable!("a name has a last part")
    };
    let unwritable = |source| Error::Unwritable {
        path: folder.to_owned(),
        source,
    };
    let beside = tempfile::Builder::new()
        .prefix(".drv-new-")
        .permissions(Permissions::from_mode(0o777))
        .tempdir_in(&base)
        .map_err(unwritable)?;
    let inside = beside.path().join(parts.as_path());
    files
        .iter()
        .try_for_each(|file| create(&inside.join(file.path), &file.text))
        .map_err(unwritable)?;
    match fs::rename(beside.path(), base.join(top)) {
        Ok(()) => {
            // It has another name now: there is nothing to remove.
            let _ = beside.keep();
            Ok(())
        }
        Err(error) => match error.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                Err(Error::NotEmpty {
                    path: folder.to_owned(),
                })
            }
            io::ErrorKind::NotADirectory => Err(Error::NoFolder {
                path: folder.to_owned(),
            }),
            _ => Err(unwritable(error)),
        },
    }
}

/// Makes sure that nothing is at the place, or an empty folder.
fn check(folder: &Path) -> Result<(), Error> {
    let unwritable = |source| Error::Unwritable {
        path: folder.to_owned(),
        source,
    };
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unwritable(error)),
        Ok(found) if !found.is_dir() => Err(Error::NoFolder {
            path: folder.to_owned(),
        }),
        Ok(_) => match fs::read_dir(folder).map_err(unwritable)?.next() {
            None => Ok(()),
            Some(_) => Err(Error::NotEmpty {
                path: folder.to_owned(),
            }),
        },
    }
}

/// The nearest folder above that is there, and what is missing below it.
fn missing(folder: &Path) -> (PathBuf, PathBuf) {
    let name = folder.file_name().map(Path::new);
    let mut missing = name.unwrap_or(folder).to_owned();
    let mut above = folder.parent();
    loop {
        match above {
            None => return (PathBuf::from("."), missing),
            Some(path) if path.as_os_str().is_empty() => return (PathBuf::from("."), missing),
            Some(path) => match (path.symlink_metadata(), path.file_name()) {
                (Err(error), Some(part)) if error.kind() == io::ErrorKind::NotFound => {
                    missing = Path::new(part).join(missing);
                    above = path.parent();
                }
                _ => return (path.to_owned(), missing),
            },
        }
    }
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create_new(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> [Written; 2] {
        let file = |path| Written {
            path,
            text: "text\n".to_owned(),
        };
        [file("README.md"), file("src/lib.rs")]
    }

    /// What is in a folder.
    fn listing(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_missing_is_made_and_what_is_empty_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/driver");
        write(&deep, &files()).unwrap();
        assert_eq!(listing(&deep), ["README.md", "src"]);
        assert_eq!(
            fs::read_to_string(deep.join("src/lib.rs")).unwrap(),
            "text\n"
        );
        let empty = folder.path().join("empty");
        fs::create_dir(&empty).unwrap();
        write(&empty, &files()).unwrap();
        assert_eq!(listing(&empty), ["README.md", "src"]);
        assert_eq!(listing(folder.path()), ["a", "empty"]);
        // Others may look into it, as far as this user lets them into what he makes.
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        let ordinary = folder.path().join("ordinary");
        fs::create_dir(&ordinary).unwrap();
        assert_eq!(mode(&empty), mode(&ordinary));
    }

    /// The name that it has while it is made is not longer than the longest.
    #[test]
    fn a_folder_may_have_the_longest_name() {
        let folder = tempfile::tempdir().unwrap();
        let longest = "a".repeat(255);
        write(&folder.path().join(&longest).join("driver"), &files()).unwrap();
        assert_eq!(listing(folder.path()), [longest]);
        let longer = folder.path().join("a".repeat(256)).join("driver");
        assert!(matches!(
            write(&longer, &files()),
            Err(Error::Unwritable { .. })
        ));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("full")).unwrap();
        fs::write(at("full/notes"), "mine").unwrap();
        fs::write(at("file"), "mine").unwrap();
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        assert!(matches!(
            write(&at("full"), &files()),
            Err(Error::NotEmpty { .. })
        ));
        assert!(matches!(
            write(&at("file"), &files()),
            Err(Error::NoFolder { .. })
        ));
        assert!(matches!(
            write(&at("link"), &files()),
            Err(Error::NoFolder { .. })
        ));
        assert!(matches!(
            write(&at("file/x"), &files()),
            Err(Error::Unwritable { .. })
        ));
        assert!(matches!(
            write(&at("link/x"), &files()),
            Err(Error::Unwritable { .. })
        ));
        assert_eq!(listing(&at("full")), ["notes"]);
        assert_eq!(listing(folder.path()), ["file", "full", "link"]);
    }

    #[test]
    fn half_a_project_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        // A file where the second one needs a folder.
        let [first, second] = files();
        let clash = Written {
            path: "src",
            text: String::new(),
        };
        let error = write(&folder.path().join("a/driver"), &[first, clash, second]).unwrap_err();
        assert!(matches!(error, Error::Unwritable { .. }), "{error:?}");
        assert!(listing(folder.path()).is_empty());
    }
}
