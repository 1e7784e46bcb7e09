//! From a name to a driver: an alias, the name of a linked driver, or a file.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::backend::{Linked, name_of};
use crate::module::{Identity, Origin};
use crate::registry::{Entry, KeyPath};
use crate::sync::{Mutex, lock};
use crate::{Error, OpenOptions, Registry, registry};

/// The sections in which an alias is looked up when none is named.
const SECTIONS: [&str; 2] = ["Drivers32", "drivers"];

/// Where names are looked up.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) registry: Registry,
    linked: Mutex<LinkedDrivers>,
    folders: Vec<PathBuf>,
    /// The sections in which an alias is looked up when none is named.
    sections: Vec<KeyPath>,
}

/// The drivers that are part of the program. The number of each is never another's, so that what is known of one that is gone is not
/// taken for a later one's.
#[derive(Debug, Default)]
struct LinkedDrivers {
    list: Vec<(usize, Arc<Linked>)>,
    counted: usize,
}

impl LinkedDrivers {
    fn add(&mut self, linked: Arc<Linked>) {
        self.list.push((self.counted, linked));
        self.counted += 1;
    }

    fn place(&self, name: &str) -> Option<usize> {
        let named = |(_, linked): &(usize, Arc<Linked>)| linked.name.eq_ignore_ascii_case(name);
        self.list.iter().position(named)
    }
}

/// What a name leads to.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) identity: Identity,
    pub(crate) origin: Origin,
    /// The parameter text.
    pub(crate) params: String,
    /// The section whose entry led here.
    pub(crate) section: Option<String>,
}

impl Target {
    /// The driver's name: its file's, or its built-in one.
    pub(crate) fn name(&self) -> String {
        match &self.origin {
            Origin::Linked(linked) => linked.name.clone(),
            Origin::File(path) => name_of(path),
        }
    }
}

impl Names {
    pub(crate) fn new(registry: Registry, linked: Vec<Arc<Linked>>, folders: Vec<PathBuf>) -> Self {
        let sections = SECTIONS
            .iter()
            .filter_map(|section| section.parse().ok())
            .collect();
        let mut drivers = LinkedDrivers::default();
        linked.into_iter().for_each(|linked| drivers.add(linked));
        Self {
            registry,
            linked: Mutex::new(drivers),
            folders,
            sections,
        }
    }

    /// Adds a driver of the program under its name.
    pub(crate) fn link(&self, driver: Linked) -> Result<(), Error> {
        if driver.name.is_empty() {
            return Err(Error::EmptyName);
        }
        let mut linked = lock(&self.linked);
        if linked.place(&driver.name).is_some() {
            return Err(Error::AlreadyLinked { name: driver.name });
        }
        linked.add(Arc::new(driver));
        Ok(())
    }

    /// Takes a driver of the program out.
    pub(crate) fn unlink(&self, name: &str) -> Result<(), Error> {
        let mut linked = lock(&self.linked);
        let place = linked.place(name).ok_or_else(|| Error::NotInstalled {
            name: name.to_owned(),
        })?;
        linked.list.remove(place);
        Ok(())
    }

    /// Looks a name up: an entry of the registry wins over a file, and its value is a file, never another alias.
    pub(crate) fn resolve(&self, options: OpenOptions<'_>) -> Result<Target, Error> {
        let OpenOptions { name, section, .. } = options;
        if name.is_empty() {
            return Err(Error::EmptyName);
        }
        let (file, params, section) = match self.entry(name, section)? {
            Some(entry) => (entry.file, entry.params, Some(entry.section)),
            None => (name.to_owned(), String::new(), None),
        };
        let (identity, origin) = self.find(&file, section.is_some())?;
        Ok(Target {
            identity,
            origin,
            params,
            section,
        })
    }

    /// The section that has an entry of this name.
    pub(crate) fn section_of(
        &self,
        name: &str,
        section: Option<&str>,
    ) -> Result<Option<String>, Error> {
        Ok(self.entry(name, section)?.map(|entry| entry.section))
    }

    fn entry(&self, name: &str, section: Option<&str>) -> Result<Option<Entry>, Error> {
        let Some(section) = section else {
            // These paths are walked with every open.
            for section in &self.sections {
                let entry = self.registry.alias_at(section, name)?;
                if entry.is_some() {
                    return Ok(entry);
                }
            }
            return Ok(None);
        };
        match self.registry.alias(section, name) {
            // What cannot name a section or a value has no entry; the name may still be a file's.
            Err(registry::Error::BadName { .. }) => Ok(None),
            found => Ok(found?),
        }
    }

    /// Finds what a file name stands for.
    pub(crate) fn find(&self, file: &str, installed: bool) -> Result<(Identity, Origin), Error> {
        let linked = lock(&self.linked);
        if let Some((number, linked)) = linked.place(file).map(|place| &linked.list[place]) {
            return Ok((
                Identity::Linked(*number),
                Origin::Linked(Arc::clone(linked)),
            ));
        }
        drop(linked);
        let path = Path::new(file);
        let is_bare = path.components().count() == 1 && path.file_name().is_some();
        if let Some(identity) = identity_of(path) {
            return Ok((identity, Origin::File(path.to_owned())));
        }
        let folders = self
            .folders
            .iter()
            .filter(|_| is_bare)
            .map(|folder| folder.join(path));
        let candidates: Vec<PathBuf> = [path.to_owned()].into_iter().chain(folders).collect();
        let identified = |path: PathBuf| identity_of(&path).map(|identity| (identity, path));
        let exact = candidates.iter().skip(1).cloned().find_map(identified);
        let found = exact.or_else(|| {
            candidates
                .iter()
                .filter_map(|path| ignoring_case(path))
                .find_map(identified)
        });
        match found {
            Some((identity, path)) => Ok((identity, Origin::File(path))),
            None if installed || !is_bare => Err(unreadable(path)),
            None => Err(Error::NotInstalled {
                name: file.to_owned(),
            }),
        }
    }
}

/// What the system knows a file by; none for what is not there. A folder is no driver, but it is there: loading it says so.
#[cfg(unix)]
fn identity_of(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some(Identity::File {
        device: metadata.dev(),
        node: metadata.ino(),
    })
}

#[cfg(not(unix))]
fn identity_of(path: &Path) -> Option<Identity> {
    fs::canonicalize(path).ok().map(Identity::File)
}

/// The file of that name in other letter case. Drivers come from a system that does not tell them apart.
fn ignoring_case(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let same = |name: &OsStr| {
        name.to_str()
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    };
    let mut alike: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| same(&entry.file_name()))
        .map(|entry| entry.path())
        .collect();
    alike.sort();
    alike.into_iter().next()
}

fn unreadable(path: &Path) -> Error {
    let source = fs::metadata(path)
        .err()
        .unwrap_or_else(|| std::io::ErrorKind::NotFound.into());
    Error::Unreadable {
        file: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Linked;

    fn names(registry: Registry, folders: &[&Path]) -> Names {
        let load = Box::new(|_: &crate::System| -> Box<dyn crate::Backend> {
            unreachable!("nothing is loaded here")
        });
        let linked = vec![Arc::new(Linked {
            name: "Echo".to_owned(),
            load,
        })];
        let folders = folders.iter().map(|&folder| folder.to_owned()).collect();
        Names::new(registry, linked, folders)
    }

    fn path_of(target: Target) -> PathBuf {
        match target.origin {
            Origin::File(path) => path,
            Origin::Linked(linked) => panic!("found the linked driver {}", linked.name),
        }
    }

    #[test]
    fn an_entry_wins_over_a_file_and_carries_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("real.drv");
        fs::write(&file, "").unwrap();
        fs::write(folder.path().join("wave"), "").unwrap();
        let registry = Registry::in_memory();
        registry
            .set_value("Drivers32", "wave", "real.drv com1  fast")
            .unwrap();
        let names = names(registry, &[folder.path()]);
        let target = names.resolve(OpenOptions::new("WAVE")).unwrap();
        assert_eq!(target.params, "com1  fast");
        assert_eq!(path_of(target), file);
    }

    #[test]
    fn the_section_selects_the_entry_and_the_old_section_comes_second() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.drv", "b.drv", "c.drv"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let registry = Registry::in_memory();
        registry.set_value("Drivers32", "wave", "a.drv").unwrap();
        registry.set_value("drivers", "wave", "b.drv").unwrap();
        registry.set_value("drivers", "old", "c.drv").unwrap();
        let names = names(registry, &[folder.path()]);
        let file = |options| {
            path_of(names.resolve(options).unwrap())
                .file_name()
                .unwrap()
                .to_owned()
        };
        assert_eq!(file(OpenOptions::new("wave")), "a.drv");
        assert_eq!(file(OpenOptions::new("wave").section("drivers")), "b.drv");
        assert_eq!(file(OpenOptions::new("old")), "c.drv");
        assert_eq!(file(OpenOptions::new("a.drv").section("mci")), "a.drv");
    }

    #[test]
    fn an_entry_s_value_is_never_another_alias() {
        let registry = Registry::in_memory();
        registry.set_value("Drivers32", "one", "two").unwrap();
        registry.set_value("Drivers32", "two", "echo").unwrap();
        let names = names(registry, &[]);
        assert!(matches!(
            names.resolve(OpenOptions::new("one")),
            Err(Error::Unreadable { .. })
        ));
        assert!(names.resolve(OpenOptions::new("two")).is_ok());
    }

    #[test]
    fn a_linked_driver_is_found_in_any_letter_case() {
        let names = names(Registry::in_memory(), &[]);
        let target = names.resolve(OpenOptions::new("eCHO")).unwrap();
        assert_eq!(
            (target.name(), target.identity),
            ("Echo".to_owned(), Identity::Linked(0))
        );
    }

    #[test]
    fn a_driver_that_comes_later_is_never_taken_for_one_that_went() {
        let names = names(Registry::in_memory(), &[]);
        let identity = || names.find("Echo", false).map(|(identity, _)| identity);
        let linked = || Linked {
            name: "ECHO".to_owned(),
            load: Box::new(|_| unreachable!("nothing is loaded here")),
        };
        let taken = names.link(linked()).unwrap_err();
        assert!(matches!(taken, Error::AlreadyLinked { name } if name == "ECHO"));
        names.unlink("echo").unwrap();
        assert!(identity().is_err() && names.unlink("echo").is_err());
        names.link(linked()).unwrap();
        assert_eq!(identity().unwrap(), Identity::Linked(1));
    }

    #[test]
    fn a_file_is_found_in_other_letter_case_but_an_exact_name_wins() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("CODEC.DLL"), "").unwrap();
        fs::write(folder.path().join("Codec.dll"), "").unwrap();
        let names = names(Registry::in_memory(), &[folder.path()]);
        let file = |name: &str| path_of(names.resolve(OpenOptions::new(name)).unwrap());
        assert_eq!(file("Codec.dll"), folder.path().join("Codec.dll"));
        assert_eq!(file("codec.dll"), folder.path().join("CODEC.DLL"));
        let whole = folder.path().join("cODEC.dll");
        assert_eq!(
            file(whole.to_str().unwrap()),
            folder.path().join("CODEC.DLL")
        );
    }

    #[test]
    #[cfg(unix)]
    fn two_names_of_one_file_are_one_driver() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.drv"), folder.path().join("b.drv"));
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let names = names(Registry::in_memory(), &[folder.path()]);
        let identity = |name: &str| names.resolve(OpenOptions::new(name)).unwrap().identity;
        assert_eq!(identity("a.drv"), identity(link.to_str().unwrap()));
    }

    #[test]
    fn a_name_that_leads_nowhere_is_told_apart_from_a_missing_file() {
        let registry = Registry::in_memory();
        registry.set_value("Drivers32", "gone", "gone.drv").unwrap();
        let names = names(registry, &[]);
        let error = |name: &str| names.resolve(OpenOptions::new(name)).unwrap_err();
        assert!(matches!(error(""), Error::EmptyName));
        assert!(matches!(error("nobody.drv"), Error::NotInstalled { .. }));
        assert!(matches!(
            error("/nowhere/nobody.drv"),
            Error::Unreadable { .. }
        ));
        assert!(
            matches!(error("gone"), Error::Unreadable { file, .. } if file == Path::new("gone.drv"))
        );
    }
}
