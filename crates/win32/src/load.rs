//! From a file to an image that runs: dependencies, imports, thread-local storage, `DllMain`.
//!
//! As on Windows one lock, which a thread may take again, is held while images come and go and while
//! their `DllMain` runs. Calls into loaded images never take it.

mod binding;
mod images;
mod tls;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opendriver_pe as pe;

use crate::module::Module;
use crate::process::Process;
use crate::thread::Thread;
use crate::trap::Fault;
use crate::x86;
use crate::x86::trial::Tried;

pub(crate) use binding::find_ignoring_case;
pub(crate) use images::{Image, Images, ModuleRef};

/// Why an image was not loaded. Nothing of it stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read \"{}\"", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not an image that can be mapped.
    #[error("\"{}\" cannot be loaded", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pe::Error,
    },
    /// The image is for another processor.
    #[error("\"{}\" is for {found}, expected {expected}", path.display())]
    Machine {
        /// The file.
        path: PathBuf,
        /// What it is for.
        found: String,
        /// What the process runs.
        expected: String,
    },
    /// A program, not a library.
    #[error("\"{}\" is a program, not a DLL", path.display())]
    Program {
        /// The file.
        path: PathBuf,
    },
    /// An assembly for .NET, which holds no machine code.
    #[error("\"{}\" is a .NET assembly without machine code", path.display())]
    Managed {
        /// The file.
        path: PathBuf,
    },
    /// A DLL that the image needs is neither a part of Windows nor found.
    #[error("\"{}\" needs \"{dependency}\", which is not beside it nor in the search path", path.display())]
    Dependency {
        /// The file.
        path: PathBuf,
        /// The DLL that it needs.
        dependency: String,
    },
    /// A DLL that the image needs could not be loaded either.
    #[error("\"{}\" needs \"{dependency}\"", path.display())]
    BrokenDependency {
        /// The file.
        path: PathBuf,
        /// The DLL that it needs.
        dependency: String,
        /// Why that one was not loaded.
        source: Box<LoadError>,
    },
    /// A DLL that the image needs is there, but lacks a function.
    #[error("\"{}\" needs {dll}!{symbol}, which \"{dll}\" does not export", path.display())]
    Symbol {
        /// The file.
        path: PathBuf,
        /// The DLL that should have it.
        dll: String,
        /// The function's name, or `#` and its ordinal.
        symbol: String,
    },
    /// The image lacks the function that it was loaded for.
    #[error("\"{}\" exports no {symbol}", path.display())]
    Export {
        /// The file.
        path: PathBuf,
        /// The function.
        symbol: String,
        /// An export that looks as if it was meant.
        similar: Option<String>,
    },
    /// The image's own start refused.
    #[error("DllMain of \"{}\" refused to start", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
    },
    /// The image's own start broke.
    #[error("DllMain of \"{}\" broke", path.display())]
    Broke {
        /// The file.
        path: PathBuf,
        /// How.
        source: Fault,
    },
    /// The calling thread cannot run it.
    #[error("\"{}\" cannot run on this thread", path.display())]
    Thread {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Fault,
    },
    /// There is no address space below 4 GiB for what 32-bit code needs.
    #[error("\"{}\" is 32-bit, and there is no address space below 4 GiB for it", path.display())]
    LowMemory {
        /// The file.
        path: PathBuf,
    },
    /// 32-bit code cannot run here.
    #[error("\"{}\" is 32-bit, and 32-bit code cannot run here", path.display())]
    Segments {
        /// The file.
        path: PathBuf,
        /// What was tried.
        source: Tried,
    },
    /// A process has room for 8192 functions of ours and 256 images with thread-local storage.
    #[error("\"{}\" needs more functions or thread-local storage than a process has room for", path.display())]
    Room {
        /// The file.
        path: PathBuf,
    },
}

impl LoadError {
    /// Whether nothing is wrong with the file, but the system does not let its code run.
    pub fn is_refusal_of_system(&self) -> bool {
        matches!(
            self,
            Self::Segments { .. }
                | Self::Image {
                    source: pe::Error::System { .. },
                    ..
                }
        )
    }

    /// The file that could not be loaded.
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. }
            | Self::Image { path, .. }
            | Self::Machine { path, .. }
            | Self::Program { path }
            | Self::Managed { path }
            | Self::Dependency { path, .. }
            | Self::BrokenDependency { path, .. }
            | Self::Symbol { path, .. }
            | Self::Export { path, .. }
            | Self::Refused { path }
            | Self::Broke { path, .. }
            | Self::Thread { path, .. }
            | Self::LowMemory { path }
            | Self::Segments { path, .. }
            | Self::Room { path } => path,
        }
    }
}

const ATTACH: u64 = 1;
const DETACH: u64 = 0;

impl Process {
    /// Loads a DLL and what it needs, or finds it loaded already.
    ///
    /// # Errors
    /// A [`LoadError`] that names the file and the reason.
    pub fn load(self: &Arc<Self>, path: &Path) -> Result<Module, LoadError> {
        self.check_crossing(path)?;
        let image = self
            .with_cx(|cx| self.load_image(cx.thread(), path))
            .map_err(|source| no_thread(path, source))??;
        Ok(Module::new(self.clone(), image))
    }

    /// Loads a DLL for the sake of one export, under any of these names; without it nothing of the DLL runs.
    ///
    /// # Errors
    /// A [`LoadError`] that names the file and the reason; it speaks of the first name.
    pub fn load_for(self: &Arc<Self>, path: &Path, names: &[&str]) -> Result<Module, LoadError> {
        self.check_crossing(path)?;
        let image = self
            .with_cx(|cx| self.load_checked(cx.thread(), path, names))
            .map_err(|source| no_thread(path, source))??;
        Ok(Module::new(self.clone(), image))
    }

    /// Makes sure that the code of a process can run, before a thread enters it for the first time.
    fn check_crossing(&self, path: &Path) -> Result<(), LoadError> {
        if self.width() == pe::Width::Bits64 {
            return Ok(());
        }
        let path = path.to_owned();
        match x86::trial::choose(self.config().segments) {
            Err(source) => Err(LoadError::Segments { path, source }),
            Ok(_) if !x86::stub::prepare() => Err(LoadError::LowMemory { path }),
            Ok(_) => Ok(()),
        }
    }

    /// Loads a DLL, or takes one more reference to it.
    pub(crate) fn load_image(&self, thread: &Thread, path: &Path) -> Result<Arc<Image>, LoadError> {
        self.load_checked(thread, path, &[])
    }

    fn load_checked(
        &self,
        thread: &Thread,
        path: &Path,
        exports: &[&str],
    ) -> Result<Arc<Image>, LoadError> {
        let _lock = self.images().lock();
        let read_error = |source| LoadError::Read {
            path: path.to_owned(),
            source,
        };
        let path = &fs::canonicalize(path).map_err(read_error)?;
        let metadata = fs::metadata(path).map_err(read_error)?;
        let identity = (metadata.dev(), metadata.ino());
        if let Some(image) = self.images().by_identity(identity) {
            image.check_export(exports)?;
            image.retain();
            return Ok(image);
        }
        let data = fs::read(path).map_err(read_error)?;
        let image_error = |source| LoadError::Image {
            path: path.clone(),
            source,
        };
        let file = pe::File::parse(&data).map_err(image_error)?;
        let machine = match self.width() {
            pe::Width::Bits32 => pe::Machine::X86,
            pe::Width::Bits64 => pe::Machine::X86_64,
        };
        if file.machine() != machine {
            return Err(LoadError::Machine {
                path: path.clone(),
                found: file.machine().to_string(),
                expected: machine.to_string(),
            });
        }
        if !file.is_dll() {
            return Err(LoadError::Program { path: path.clone() });
        }
        if file.is_managed().map_err(image_error)? {
            return Err(LoadError::Managed { path: path.clone() });
        }
        check_export(path, &file, exports)?;
        let mapping = pe::map(&file, pe::Placement::Anywhere).map_err(|source| match source {
            pe::Error::NoRoom { .. } if self.width() == pe::Width::Bits32 => {
                LoadError::LowMemory { path: path.clone() }
            }
            source => image_error(source),
        })?;
        let image = Arc::new(Image::new(path.clone(), identity, &file, mapping));
        self.images().add(image.clone());
        match self.start(thread, &image, &file) {
            Ok(()) => Ok(image),
            Err(error) => {
                self.discard(&image);
                Err(error)
            }
        }
    }

    fn start(
        &self,
        thread: &Thread,
        image: &Arc<Image>,
        file: &pe::File<'_>,
    ) -> Result<(), LoadError> {
        let path = image.path();
        self.bind(thread, image, file)?;
        let image_error = |source| LoadError::Image {
            path: path.to_owned(),
            source,
        };
        self.give_blocks(image, file)?;
        image.protect().map_err(image_error)?;
        self.peb().add(
            self.heap(),
            image.base(),
            image.size(),
            image.entry(),
            &image.dos_path(),
        );
        self.station().mapped(path, image.base());
        image.set_started();
        match self.notify(thread, image, ATTACH) {
            Ok(true) => Ok(()),
            Ok(false) => {
                // As on Windows: a DLL that refuses to attach is told to detach.
                let _ = self.notify(thread, image, DETACH);
                Err(LoadError::Refused {
                    path: path.to_owned(),
                })
            }
            Err(trap) => Err(LoadError::Broke {
                path: path.to_owned(),
                source: self.fault_of(trap),
            }),
        }
    }

    /// Calls the image's TLS callbacks and its `DllMain`, in the order that the reason asks for.
    pub(crate) fn notify(
        &self,
        thread: &Thread,
        image: &Image,
        reason: u64,
    ) -> Result<bool, crate::trap::Trap> {
        let arguments = [image.base(), reason, 0];
        for callback in image.tls_callbacks() {
            self.call_nested(thread, callback, &arguments)?;
        }
        match image.entry() {
            0 => Ok(true),
            entry => {
                Ok(self.call_nested(thread, entry, &arguments)? as u32 != 0 || reason != ATTACH)
            }
        }
    }

    /// Gives up one reference; the last one detaches and unmaps.
    pub(crate) fn unload_image(&self, thread: &Thread, image: &Arc<Image>) -> Result<(), Fault> {
        let _lock = self.images().lock();
        if !image.release() {
            return Ok(());
        }
        let answer = self.notify(thread, image, DETACH);
        self.discard(image);
        answer.map(drop).map_err(|trap| self.fault_of(trap))
    }

    /// Gives up one reference without telling `DllMain`, which cannot be trusted any more.
    pub(crate) fn abandon_image(&self, image: &Arc<Image>) {
        let _lock = self.images().lock();
        if image.release() {
            self.discard(image);
        }
    }

    /// Forgets an image that nobody uses, and what it needed.
    fn discard(&self, image: &Arc<Image>) {
        self.images().remove(image);
        self.peb().remove(self.heap(), image.base());
        self.take_blocks(image);
        for dependency in image.take_dependencies() {
            // What a dependency says on its way out is its own matter.
            let _ = self.with_thread(|thread| self.unload_image(thread, &dependency));
        }
    }
}

fn no_thread(path: &Path, source: Fault) -> LoadError {
    LoadError::Thread {
        path: path.to_owned(),
        source,
    }
}

/// Looks for the export that an image is loaded for.
/// Finds one of these names among the exports; where none is asked for, any image will do.
fn check_export(path: &Path, image: &pe::Image<'_>, names: &[&str]) -> Result<(), LoadError> {
    let Some(symbol) = names.first() else {
        return Ok(());
    };
    let exports = image.exports().map_err(|source| LoadError::Image {
        path: path.to_owned(),
        source,
    })?;
    if names.iter().any(|name| exports.by_name(name).is_some()) {
        return Ok(());
    }
    let meant = |name: &&str| {
        let bare = name
            .trim_start_matches('_')
            .split('@')
            .next()
            .unwrap_or(name);
        bare.eq_ignore_ascii_case(symbol)
    };
    let similar = exports.iter().filter_map(|export| export.name).find(meant);
    Err(LoadError::Export {
        path: path.to_owned(),
        symbol: (*symbol).to_owned(),
        similar: similar.map(str::to_owned),
    })
}
