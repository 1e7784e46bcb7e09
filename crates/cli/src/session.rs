//! The manager of one run of `drv`: its registry, its search path, its built-in drivers, who listens to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io, iter, slice};

use opendriver::registry::{self, Entry};
use opendriver::{Builder, Manager, Recorder, Registry};
use opendriver_setup::{DEFAULT_SECTIONS, Owner, Setup, linked};

use crate::args::Global;
use crate::printer::Printer;
use crate::report::Failure;
use crate::watch::Watch;

/// What every verb works with.
pub(crate) struct Session {
    pub(crate) printer: Arc<Printer>,
    pub(crate) registry: Registry,
    setup: Setup,
    trace: bool,
    pub(crate) quiet: bool,
}

impl Session {
    /// Reads what the library does not: the command line and the environment.
    pub(crate) fn new(global: &Global) -> Self {
        let folders = global.path.iter().cloned();
        let setup = Setup::from_environment(global.registry.as_deref(), folders);
        Self {
            printer: Arc::new(Printer::new(global)),
            registry: setup.registry().clone(),
            setup,
            trace: global.trace,
            quiet: global.quiet,
        }
    }

    /// A manager that `recorder` listens to.
    ///
    /// Naming a driver on the command line is what says that its code may run.
    pub(crate) fn manager(&self, recorder: Option<Arc<dyn Recorder>>) -> Manager {
        self.builder(recorder).build()
    }

    /// A manager that only finds out what a driver is. What a driver says to that, which is opened as nobody opens it, is not told.
    pub(crate) fn asking(&self) -> Manager {
        self.watched_by(Watch::new(self.trace, true, None)).build()
    }

    /// The manager before it is built, for a verb with wishes of its own.
    pub(crate) fn builder(&self, recorder: Option<Arc<dyn Recorder>>) -> Builder {
        self.watched_by(Watch::new(self.trace, self.quiet, recorder))
    }

    fn watched_by(&self, watch: Watch) -> Builder {
        self.setup
            .builder(self.trace)
            .recorder(Arc::new(watch))
            // One manager a process: no handle of another can come in, and the same command prints the same transcript.
            .predictable_handles(true)
            .trust_foreign_code()
    }

    /// The files of the registry, the lowest layer first, and whose each is.
    pub(crate) fn registries(&self) -> &[(Owner, PathBuf)] {
        self.setup.registries()
    }

    /// The folders that a bare file name is looked for in, after the current one.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        self.setup.folders()
    }

    /// The entry that a name has in a section, or in those that are looked in where none is named.
    ///
    /// # Errors
    /// A registry that cannot be read.
    pub(crate) fn entry(
        &self,
        name: &str,
        section: Option<&str>,
    ) -> Result<Option<Entry>, Failure> {
        let sections = section
            .as_ref()
            .map_or(DEFAULT_SECTIONS.as_slice(), slice::from_ref);
        for section in sections {
            match self.registry.alias(section, name) {
                Ok(None) | Err(registry::Error::BadName { .. }) => {}
                found => return Ok(found?),
            }
        }
        Ok(None)
    }

    /// The entries of a section, and beside them the names of those that are none, with the reason.
    ///
    /// # Errors
    /// A registry that cannot be read.
    pub(crate) fn entries(&self, section: &str) -> Result<(Vec<Entry>, Vec<NoEntry>), Failure> {
        let (mut entries, mut broken) = (Vec::new(), Vec::new());
        for (name, _) in self.registry.values(section)? {
            match self.registry.alias(section, &name) {
                Ok(entry) => entries.extend(entry),
                Err(error) => broken.push((name, error)),
            }
        }
        Ok((entries, broken))
    }

    /// What a driver's name stands for, when no code is to run.
    ///
    /// # Errors
    /// A registry that cannot be read.
    pub(crate) fn locate(&self, name: &str, section: Option<&str>) -> Result<Located, Failure> {
        let entry = self.entry(name, section)?;
        Ok(self.locate_file(entry.as_ref().map_or(name, |entry| &entry.file)))
    }

    /// The error for a name that stands for nothing: no such file, or no such driver.
    pub(crate) fn nowhere(name: &str) -> Failure {
        if name.is_empty() {
            return opendriver::Error::EmptyName.into();
        }
        if !name.contains('/') {
            return opendriver::Error::NotInstalled {
                name: name.to_owned(),
            }
            .into();
        }
        let source = match fs::metadata(name) {
            Ok(_) => io::ErrorKind::IsADirectory.into(),
            Err(error) => error,
        };
        let file = PathBuf::from(name);
        opendriver::Error::Unreadable { file, source }.into()
    }

    /// What the name of a file stands for, whatever is installed.
    pub(crate) fn locate_file(&self, name: &str) -> Located {
        if linked()
            .iter()
            .any(|driver| name.eq_ignore_ascii_case(driver.name()))
        {
            return Located::BuiltIn(name.to_ascii_lowercase());
        }
        let here = PathBuf::new();
        let bare = !name.contains('/');
        let folders = iter::once(&here).chain(self.folders().iter().filter(|_| bare));
        folders
            .filter_map(|folder| find(folder, name))
            .next()
            .map_or(Located::Nowhere, Located::File)
    }
}

/// A name in a section that leads to no file, and why.
pub(crate) type NoEntry = (String, registry::Error);

/// What a driver's name stands for.
pub(crate) enum Located {
    /// A driver that is linked in, by its name.
    BuiltIn(String),
    /// A file.
    File(PathBuf),
    /// Nothing that is there.
    Nowhere,
}

impl Located {
    /// Whether both are one driver: the same file, by whatever path.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::BuiltIn(one), Self::BuiltIn(other)) => one == other,
            (Self::File(one), Self::File(other)) => {
                match (one.canonicalize(), other.canonicalize()) {
                    (Ok(one), Ok(other)) => one == other,
                    _ => one == other,
                }
            }
            _ => false,
        }
    }
}

/// The file of this name in `folder`; letter case does not matter where no file has it exactly.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let exact = folder.join(name);
    if exact.is_file() {
        return Some(exact);
    }
    let (parent, file) = (exact.parent()?, exact.file_name()?.to_str()?);
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    fs::read_dir(parent)
        .ok()?
        .filter_map(Result::ok)
        .find(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|found| found.eq_ignore_ascii_case(file))
        })
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
}
