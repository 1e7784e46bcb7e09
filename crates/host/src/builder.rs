//! What a manager knows and may do, said before it is built.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use opendriver_sdk::BuiltIn;

use crate::backend::{Backend, Linked, Provider};
use crate::book::Book;
use crate::calls::Threads;
use crate::engine::{Engine, Modules};
use crate::fence::Fences;
use crate::handles::Handles;
use crate::lifecycle::Switches;
use crate::resolve::Names;
use crate::sync::{AtomicBool, AtomicU64, Mutex};
use crate::waiting::WaitingRoom;
use crate::{Manager, Recorder, Registry, System};

/// Says what a manager knows and may do.
///
/// ```
/// use opendriver::{Manager, Registry};
///
/// let registry = Registry::in_memory();
/// registry.set_value("Drivers32", "msacm.msadpcm", "msadp32.acm")?;
/// let manager = Manager::builder()
///     .registry(registry)
///     .search_path("/usr/lib/drivers")
///     .trust_foreign_code()
///     .build();
/// assert!(manager.modules().is_empty());
/// # Ok::<(), opendriver::registry::Error>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct Builder {
    linked: Vec<Arc<Linked>>,
    providers: Vec<Arc<dyn Provider>>,
    search_path: Vec<PathBuf>,
    registry: Option<Registry>,
    recorder: Option<Arc<dyn Recorder>>,
    trust_foreign_code: bool,
    session_instance: bool,
    probe_message: bool,
    guarded_blocks: bool,
    predictable_handles: bool,
}

impl Builder {
    /// Adds a driver that is linked into this program, under the name that it carries. Opening it is safe.
    pub fn builtin(self, driver: BuiltIn) -> Self {
        let name = driver.name().to_owned();
        self.link(name, move |system| {
            Box::new(crate::backend::BuiltinBackend::new(&driver, system))
        })
    }

    /// Adds a driver that is part of this program in some way of its own, under a name that opens it. `load` makes it anew for each
    /// life from `DRV_LOAD` to `DRV_FREE`.
    pub fn linked<B: Backend + 'static>(
        self,
        name: &str,
        load: impl Fn(&System) -> B + Send + Sync + 'static,
    ) -> Self {
        self.link(name.to_owned(), move |system| Box::new(load(system)))
    }

    fn link(
        mut self,
        name: String,
        load: impl Fn(&System) -> Box<dyn Backend> + Send + Sync + 'static,
    ) -> Self {
        self.linked.push(Arc::new(Linked {
            name,
            load: Box::new(load),
        }));
        self
    }

    /// Adds a way in. Files are offered to the providers in the order in which they were added, and then to those for shared objects
    /// and for Windows images, which a manager has from the start. A `native` or `windows` provider that is added takes the place of that one.
    pub fn provider(mut self, provider: impl Provider + 'static) -> Self {
        self.providers.push(Arc::new(provider));
        self
    }

    /// Looks aliases up in this registry, and lets drivers keep their settings there. Without one, the manager has an empty one in memory.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Adds a folder in which bare file names are looked for, after the current one.
    pub fn search_path(mut self, folder: impl Into<PathBuf>) -> Self {
        self.search_path.push(folder.into());
        self
    }

    /// Allows drivers that come from files.
    ///
    /// Code from a file runs in this process with all of its rights, and nothing can prove that it keeps to its own memory: a fault in
    /// it is caught and named where possible, but what it overwrote before stays overwritten. Calling this is a promise that
    /// the files which the registry and the callers of `open` name deserve that trust.
    pub fn trust_foreign_code(mut self) -> Self {
        self.trust_foreign_code = true;
        self
    }

    /// Opens a hidden first instance with 0 as `lParam2` where the application gave another value, as Wine does.
    pub fn session_instance(mut self, on: bool) -> Self {
        self.session_instance = on;
        self
    }

    /// Sends message 0 before `DRV_LOAD`, as Windows 3.1 does.
    pub fn probe_message(mut self, on: bool) -> Self {
        self.probe_message = on;
        self
    }

    /// Watches the bytes behind each block that a driver is given, so that [`Block::check`](crate::Block::check) tells of an overrun.
    /// Behind those bytes comes a page that nobody may touch, where the driver's memory has such: a driver that gets that far breaks,
    /// and the [`Fault`](crate::Fault) says which block it was.
    pub fn guarded_blocks(mut self, on: bool) -> Self {
        self.guarded_blocks = on;
        self
    }

    /// Gives out the same handles in every run, counting up. Otherwise handles start anywhere, so that those of another manager are
    /// foreign to this one.
    pub fn predictable_handles(mut self, on: bool) -> Self {
        self.predictable_handles = on;
        self
    }

    /// Shows every message to a recorder. Without one, nothing is spent on it.
    pub fn recorder(mut self, recorder: Arc<dyn Recorder>) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Builds the manager.
    pub fn build(self) -> Manager {
        let salt = if self.predictable_handles {
            0
        } else {
            RandomState::new().hash_one(0_u8) as u32
        };
        let registry = self.registry.unwrap_or_else(Registry::in_memory);
        #[cfg_attr(
            not(any(feature = "native", feature = "windows")),
            expect(unused_mut, reason = "features add to it")
        )]
        let mut providers = self.providers;
        #[cfg(feature = "native")]
        if !providers.iter().any(|provider| provider.kind() == "native") {
            providers.push(Arc::new(crate::backend::native::Native::new()));
        }
        #[cfg(feature = "windows")]
        if !providers
            .iter()
            .any(|provider| provider.kind() == "windows")
        {
            let windows = crate::backend::windows::Windows::new(registry.clone());
            let folders = self.search_path.iter();
            providers.push(Arc::new(
                folders.fold(windows, |windows, folder| windows.search_path(folder)),
            ));
        }
        Manager::new(Arc::new_cyclic(|this| Engine {
            names: Names::new(registry, self.linked, self.search_path),
            providers,
            switches: Switches {
                session: self.session_instance,
                probe: self.probe_message,
            },
            trust_foreign_code: self.trust_foreign_code,
            guards: self.guarded_blocks.then(Arc::default),
            recorder: self.recorder,
            seq: AtomicU64::new(0),
            handles: Handles::new(salt),
            threads: Arc::new(Threads::default()),
            fences: Fences::new(),
            room: WaitingRoom::new(),
            modules: Mutex::new(Modules::default()),
            book: Mutex::new(Book::default()),
            shut: AtomicBool::new(false),
            this: this.clone(),
        }))
    }
}
