//! The manager of one run of `drv`: its registry, its search path, its built-in drivers, who listens to it.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy as _;
use opendriver::registry::Layer;
use opendriver::{Builder, Manager, Recorder, Registry};

use crate::args::Global;
use crate::printer::Printer;
use crate::watch::Watch;

/// Where the registry of the machine is.
const SYSTEM_REGISTRY: &str = "/etc/opendriver/registry.toml";

/// What every verb works with.
pub(crate) struct Session {
    pub(crate) printer: Arc<Printer>,
    pub(crate) registry: Registry,
    folders: Vec<PathBuf>,
    trace: bool,
    quiet: bool,
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
        Self {
            printer: Arc::new(Printer::new(global)),
            registry: registry(global.registry.as_deref()),
            folders,
            trace: global.trace,
            quiet: global.quiet,
        }
    }

    /// The manager before it is built, listened to by `recorder`.
    ///
    /// Naming a driver on the command line is what says that its code may run.
    pub(crate) fn builder(&self, recorder: Option<Arc<dyn Recorder>>) -> Builder {
        let watch = Watch::new(self.trace, self.quiet, recorder);
        let builder = Manager::builder()
            .registry(self.registry.clone())
            .recorder(Arc::new(watch))
            .trust_foreign_code();
        self.folders
            .iter()
            .fold(builder, |builder, folder| builder.search_path(folder))
    }
}

/// The registry: the machine's, the user's, and the one that the command line names.
fn registry(named: Option<&Path>) -> Registry {
    let user = etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|folders| folders.config_dir().join("opendriver/registry.toml"));
    let layers = [Layer::system(SYSTEM_REGISTRY)]
        .into_iter()
        .chain(user.map(Layer::user))
        .chain(named.map(Layer::file));
    Registry::open(layers)
}
