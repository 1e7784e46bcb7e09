//! Where a person's drivers are: what every door of opendriver reads from the environment.
//!
//! The library `opendriver` is told what it needs. Programs that people run have to find it: the files of the registry, the folders
//! that a bare file name is looked for in, the drivers that come with the program. `drv` and `libopendriver` both start here, so
//! that what one of them installs is what the other opens.
//!
//! | what | where |
//! | --- | --- |
//! | registry of the machine | `/etc/opendriver/registry.toml` |
//! | registry of the user | `$XDG_CONFIG_HOME/opendriver/registry.toml` (`~/.config/...`) |
//! | one more registry, above both | `$OPENDRIVER_REGISTRY` |
//! | folders of drivers | `$OPENDRIVER_PATH`, colons between them |
#![forbid(unsafe_code)]

mod linked;

pub use linked::{LINKED_AUDIO, linked};

use std::path::{Path, PathBuf};
use std::{env, iter};

use etcetera::BaseStrategy as _;
use opendriver::backend::windows::Windows;
use opendriver::registry::Layer;
use opendriver::{Builder, Manager, Registry};

/// Where the registry of the machine is.
const SYSTEM_REGISTRY: &str = "/etc/opendriver/registry.toml";

/// Sections that an alias is looked up in where none is named.
pub const DEFAULT_SECTIONS: [&str; 2] = ["Drivers32", "drivers"];

/// Sections that hold drivers.
pub const SECTIONS: [&str; 4] = [DEFAULT_SECTIONS[0], DEFAULT_SECTIONS[1], "MCI32", "MCI"];

/// Where a person's drivers are.
#[derive(Clone, Debug)]
pub struct Setup {
    registry: Registry,
    registries: Vec<(Owner, PathBuf)>,
    folders: Vec<PathBuf>,
}

/// Whose a file of the registry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The machine's.
    System,
    /// The user's.
    User,
    /// One that the environment, the command line or the program names.
    Named,
}

impl Owner {
    /// The owner's name in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Named => "file",
        }
    }
}

impl Setup {
    /// Reads the environment. `registry` takes the place of `$OPENDRIVER_REGISTRY`, and `folders` come before those of
    /// `$OPENDRIVER_PATH`. No file is read before it is needed.
    pub fn from_environment(
        registry: Option<&Path>,
        folders: impl IntoIterator<Item = PathBuf>,
    ) -> Self {
        let named = registry.map(Path::to_owned).or_else(|| {
            let variable = env::var_os("OPENDRIVER_REGISTRY");
            variable
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        });
        let listed = env::var_os("OPENDRIVER_PATH").unwrap_or_default();
        let folders = folders
            .into_iter()
            .chain(env::split_paths(&listed))
            // An empty name between two colons means the current folder to a shell, which is looked in anyway.
            .filter(|folder| !folder.as_os_str().is_empty())
            .collect();
        let registries = registries(named);
        Self {
            registry: open(&registries),
            registries,
            folders,
        }
    }

    /// The registry, all of its layers.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The files of the registry, the lowest layer first, and whose each is.
    pub fn registries(&self) -> &[(Owner, PathBuf)] {
        &self.registries
    }

    /// The folders that a bare file name is looked for in, after the current one.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// A manager that knows all this, with the drivers that are linked in. `trace` reports what Windows drivers call.
    ///
    /// It opens drivers from files only where [`trust_foreign_code`](Builder::trust_foreign_code) follows.
    pub fn builder(&self, trace: bool) -> Builder {
        let windows = Windows::new(self.registry.clone()).trace(trace);
        let folders = self.folders.iter();
        let windows = folders.fold(windows, |windows, folder| windows.search_path(folder));
        let builder = Manager::builder()
            .provider(windows)
            .registry(self.registry.clone());
        let builder = linked().into_iter().fold(builder, Builder::builtin);
        let folders = self.folders.iter();
        folders.fold(builder, |builder, folder| builder.search_path(folder))
    }
}

/// The machine's, the user's, and the one that somebody names.
fn registries(named: Option<PathBuf>) -> Vec<(Owner, PathBuf)> {
    let user = etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|folders| folders.config_dir().join("opendriver/registry.toml"));
    iter::once((Owner::System, PathBuf::from(SYSTEM_REGISTRY)))
        .chain(user.map(|file| (Owner::User, file)))
        .chain(named.map(|file| (Owner::Named, file)))
        .collect()
}

fn open(files: &[(Owner, PathBuf)]) -> Registry {
    Registry::open(files.iter().map(|(owner, file)| match owner {
        Owner::System => Layer::system(file),
        Owner::User => Layer::user(file),
        Owner::Named => Layer::file(file),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_lies_above_what_a_person_has() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("registry.toml");
        std::fs::write(&file, "[Drivers32]\n\"msacm.mine\" = \"mine.acm\"\n").unwrap();
        let setup = Setup::from_environment(Some(&file), [folder.path().to_owned()]);
        let (owner, last) = setup.registries().last().unwrap();
        assert_eq!((*owner, last.as_path()), (Owner::Named, file.as_path()));
        assert_eq!(setup.registries()[0].0, Owner::System);
        assert_eq!(setup.folders()[0], folder.path());
        let alias = setup.registry().alias("Drivers32", "msacm.mine").unwrap();
        assert_eq!(alias.unwrap().file, "mine.acm");
    }

    #[test]
    fn drivers_that_are_linked_in_open_without_any_trust() {
        let none = Path::new("/nonexistent/registry.toml");
        let setup = Setup::from_environment(Some(none), []);
        let names: Vec<String> = linked().iter().map(|it| it.name().to_owned()).collect();
        for name in &names {
            let manager = setup.builder(false).build();
            match manager.open(name) {
                Ok(_) => {}
                // It opens ports, and none is named.
                Err(opendriver::Error::Refused { .. }) if name == "serial" => {}
                Err(error) => panic!("{name}: {error}"),
            }
        }
        assert!(
            LINKED_AUDIO
                .iter()
                .all(|name| names.iter().any(|it| it == name))
        );
    }
}
