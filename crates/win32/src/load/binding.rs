//! Imports bound to other images, to shims, or to gates that say what is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opendriver_pe::{self as pe, ImportKind, Symbol, Target, Width};

use super::{Image, LoadError, ModuleRef};
use crate::dll;
use crate::gate::Missing;
use crate::process::Process;
use crate::shim::Dll;
use crate::thread::Thread;

/// How many forwards of forwards are followed.
const FORWARDS: u32 = 16;

impl Process {
    /// Binds everything that an image imports at its start; delayed imports bind themselves.
    pub(super) fn bind(
        &self,
        thread: &Thread,
        image: &Arc<Image>,
        file: &pe::File<'_>,
    ) -> Result<(), LoadError> {
        let imports = file.imports().map_err(|source| LoadError::Image {
            path: image.path().to_owned(),
            source,
        })?;
        for dll in imports
            .iter()
            .filter(|dll| !matches!(dll.kind, ImportKind::Delay { .. }))
        {
            let module = self.resolve(thread, image, dll.name)?;
            for entry in &dll.entries {
                let symbol = entry.symbol;
                let address = self.symbol_address(thread, &module, symbol, FORWARDS);
                let address = match (address, &module) {
                    (Some(address), _) => address,
                    (None, ModuleRef::Image(_)) => {
                        return Err(LoadError::Symbol {
                            path: image.path().to_owned(),
                            dll: dll.name.to_owned(),
                            symbol: symbol.to_string(),
                        });
                    }
                    (None, _) => self
                        .missing(dll.name, symbol)
                        .ok_or_else(|| LoadError::Room {
                            path: image.path().to_owned(),
                        })?,
                };
                image
                    .with_mapping_mut(|mapping| mapping.write_pointer(entry.slot_rva, address))
                    .map_err(|source| LoadError::Image {
                        path: image.path().to_owned(),
                        source,
                    })?;
            }
        }
        Ok(())
    }

    /// The gate that faults with the name of a function that nobody implements.
    pub(crate) fn missing(&self, dll: &str, symbol: Symbol<'_>) -> Option<u64> {
        let name = symbol.to_string();
        self.gates().missing(Missing {
            dll: dll.to_owned(),
            name,
        })
    }

    /// Finds the module that an image asks for by name, and keeps it for the image's life.
    pub(crate) fn resolve(
        &self,
        thread: &Thread,
        image: &Arc<Image>,
        name: &str,
    ) -> Result<ModuleRef, LoadError> {
        if let Some(module) = self.without_file(name) {
            return Ok(module);
        }
        if let Some(known) = self.images().by_name(&dll::file_name(name)) {
            // An image that is still starting waits for this one: holding it would be a circle.
            if known.is_started() && !image.depends_on(&known) {
                known.retain();
                image.add_dependency(known.clone());
            }
            return Ok(ModuleRef::Image(known));
        }
        let beside = image.path().parent().map(Path::to_owned);
        if let Some(path) = self.find_file(beside.as_deref(), name) {
            let loaded =
                self.load_image(thread, &path)
                    .map_err(|source| LoadError::BrokenDependency {
                        path: image.path().to_owned(),
                        dependency: name.to_owned(),
                        source: Box::new(source),
                    })?;
            image.add_dependency(loaded.clone());
            return Ok(ModuleRef::Image(loaded));
        }
        if dll::is_part_of_windows(name) {
            return Ok(ModuleRef::Absent(dll::file_name(name).into()));
        }
        Err(LoadError::Dependency {
            path: image.path().to_owned(),
            dependency: name.to_owned(),
        })
    }

    /// The DLL of shims of this name.
    pub(crate) fn without_file(&self, name: &str) -> Option<ModuleRef> {
        dll::find(name).map(ModuleRef::Shims)
    }

    /// Looks for a DLL's file: beside the image that needs it, then in the search path.
    pub(crate) fn find_file(&self, beside: Option<&Path>, name: &str) -> Option<PathBuf> {
        let name = dll::file_name(name);
        let search = self.config().search.iter().map(PathBuf::as_path);
        beside
            .into_iter()
            .chain(search)
            .find_map(|directory| find_ignoring_case(directory, &name))
    }

    /// The address of what a module exports under a name or an ordinal.
    pub(crate) fn symbol_address(
        &self,
        thread: &Thread,
        module: &ModuleRef,
        symbol: Symbol<'_>,
        forwards: u32,
    ) -> Option<u64> {
        match module {
            ModuleRef::Shims(dll) => self.shim_address(dll, symbol),
            ModuleRef::Absent(_) | ModuleRef::Program => None,
            ModuleRef::Image(image) => {
                let target = image.with_exports(|exports| {
                    exports
                        .find(symbol)
                        .map(|export| Found::from(export.target))
                })?;
                match target {
                    Found::Rva(rva) => Some(image.base() + u64::from(rva)),
                    Found::Forward { dll, name } => {
                        let forwards = forwards.checked_sub(1)?;
                        let module = self.resolve(thread, image, &dll).ok()?;
                        let symbol = match &name {
                            Ok(name) => Symbol::Name(name),
                            Err(ordinal) => Symbol::Ordinal(*ordinal),
                        };
                        self.symbol_address(thread, &module, symbol, forwards)
                    }
                }
            }
        }
    }

    /// The address of a function of ours, as an import of it is bound.
    pub(crate) fn symbol_of(&self, dll: &str, name: &str) -> Option<u64> {
        self.shim_address(dll::find(dll)?, Symbol::Name(name))
    }

    fn shim_address(&self, dll: &'static Dll, symbol: Symbol<'_>) -> Option<u64> {
        let (shim, name) = match symbol {
            Symbol::Name(name) => (dll.find(self.width(), name), Some(name)),
            Symbol::Ordinal(ordinal) => (dll.find_ordinal(self.width(), ordinal), None),
        };
        match shim {
            Some(shim) => self.gates().shim(shim),
            None => match dll.find_data(name?) {
                Some(data) => Some(self.variable(dll.name, data).0),
                None if self.width() == Width::Bits32 => {
                    self.code_address(dll.find_code(name?)?.name)
                }
                None => None,
            },
        }
    }
}

/// Where an export leads, kept beyond the look at the mapping.
enum Found {
    Rva(u32),
    Forward {
        dll: String,
        name: Result<String, u16>,
    },
}

impl From<Target<'_>> for Found {
    fn from(target: Target<'_>) -> Self {
        match target {
            Target::Rva(rva) => Self::Rva(rva),
            Target::Forward { dll, symbol } => Self::Forward {
                dll: dll.to_owned(),
                name: match symbol {
                    Symbol::Name(name) => Ok(name.to_owned()),
                    Symbol::Ordinal(ordinal) => Err(ordinal),
                },
            },
        }
    }
}

/// The file of this name in a directory, in whatever case it is spelled there.
pub(crate) fn find_ignoring_case(directory: &Path, name: &str) -> Option<PathBuf> {
    let exact = directory.join(name);
    if exact.is_file() {
        return Some(exact);
    }
    let entries = fs::read_dir(directory).ok()?;
    let found = entries.flatten().find(|entry| {
        entry
            .file_name()
            .to_str()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    });
    found
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
}
