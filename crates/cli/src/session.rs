//! The manager of one run of `drv`: its registry, its search path, its built-in drivers, who listens to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs, io, iter, slice};

use etcetera::BaseStrategy as _;
use opendriver::backend::windows::Windows;
use opendriver::registry::{self, Entry, Layer};
use opendriver::{Builder, Manager, Recorder, Registry};

use crate::args::Global;
use crate::printer::Printer;
use crate::report::Failure;
use crate::watch::Watch;

/// Where the registry of the machine is.
const SYSTEM_REGISTRY: &str = "/etc/opendriver/registry.toml";

/// Sections that an alias is looked up in where none is named.
pub(crate) const DEFAULT_SECTIONS: [&str; 2] = ["Drivers32", "drivers"];

/// Sections that hold drivers.
pub(crate) const SECTIONS: [&str; 4] = [DEFAULT_SECTIONS[0], DEFAULT_SECTIONS[1], "MCI32", "MCI"];

/// What every verb works with.
pub(crate) struct Session {
    pub(crate) printer: Arc<Printer>,
    pub(crate) registry: Registry,
    registries: Vec<(&'static str, PathBuf)>,
    folders: Vec<PathBuf>,
    trace: bool,
    pub(crate) quiet: bool,
}

impl Session {
    /// Reads what the library does not: the command line and the environment.
    pub(crate) fn new(global: &Global) -> Self {
        let listed = env::var_os("OPENDRIVER_PATH").unwrap_or_default();
        let folders = global
            .path
            .iter()
            .cloned()
            .chain(env::split_paths(&listed))
            // An empty name between two colons means the current folder to a shell, which is looked in anyway.
            .filter(|folder| !folder.as_os_str().is_empty())
            .collect();
        let registries = registries(global.registry.as_deref());
        Self {
            printer: Arc::new(Printer::new(global)),
            registry: open_registry(&registries),
            registries,
            folders,
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

    /// The manager before it is built, for a verb with wishes of its own.
    pub(crate) fn builder(&self, recorder: Option<Arc<dyn Recorder>>) -> Builder {
        let watch = Watch::new(self.trace, self.quiet, recorder);
        let windows = self.folders.iter().fold(
            Windows::new(self.registry.clone()).trace(self.trace),
            |windows, folder| windows.search_path(folder),
        );
        let builder = Manager::builder()
            .builtin(echo::driver())
            .builtin(pcm::driver())
            .provider(windows)
            .registry(self.registry.clone())
            .recorder(Arc::new(watch))
            // One manager a process: no handle of another can come in, and the same command prints the same transcript.
            .predictable_handles(true)
            .trust_foreign_code();
        self.folders
            .iter()
            .fold(builder, |builder, folder| builder.search_path(folder))
    }

    /// The files of the registry, the lowest layer first, and whose each is.
    pub(crate) fn registries(&self) -> &[(&'static str, PathBuf)] {
        &self.registries
    }

    /// The folders that a bare file name is looked for in, after the current one.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
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
        let linked = [echo::driver(), pcm::driver()];
        if linked
            .iter()
            .any(|driver| name.eq_ignore_ascii_case(driver.name()))
        {
            return Located::BuiltIn(name.to_ascii_lowercase());
        }
        let here = PathBuf::new();
        let bare = !name.contains('/');
        let folders = iter::once(&here).chain(self.folders.iter().filter(|_| bare));
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

/// Names of the layers of the registry.
const SYSTEM: &str = "system";
const USER: &str = "user";
const NAMED: &str = "file";

/// Where the registry is: the machine's, the user's, and what the command line names.
fn registries(named: Option<&Path>) -> Vec<(&'static str, PathBuf)> {
    let user = etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|folders| folders.config_dir().join("opendriver/registry.toml"));
    iter::once((SYSTEM, PathBuf::from(SYSTEM_REGISTRY)))
        .chain(user.map(|file| (USER, file)))
        .chain(named.map(|file| (NAMED, file.to_owned())))
        .collect()
}

fn open_registry(files: &[(&'static str, PathBuf)]) -> Registry {
    Registry::open(files.iter().map(|(name, file)| match *name {
        SYSTEM => Layer::system(file),
        USER => Layer::user(file),
        _ => Layer::file(file),
    }))
}
