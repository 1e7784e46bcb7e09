//! What an image imports, and what of it is there.

use std::path::Path;

use opendriver_pe::{self as pe, ImportKind, Symbol, Width};

use crate::dll;
use crate::load::{LoadError, find_ignoring_case};

/// What an image imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imports {
    /// How wide its addresses are: what is there depends on it.
    pub width: Width,
    /// Each import, in the image's own order.
    pub entries: Vec<Import>,
}

/// One import of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The DLL as the image names it.
    pub dll: String,
    /// The function's or variable's name, or `#` and its ordinal.
    pub symbol: String,
    /// Whether it is bound only when it is first called.
    pub is_delayed: bool,
    /// Where it comes from.
    pub source: Source,
}

/// Where an import comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// From a function or variable of ours.
    Shim,
    /// From a DLL beside the image or in the search path.
    File,
    /// From nowhere: calling it is a fault.
    Missing,
}

/// Lists what an image imports, and what of it is there for images of its width.
///
/// DLLs that are neither ours nor a part of Windows are looked for beside the image and then in
/// `search`, as when it is loaded.
///
/// # Errors
/// When the file cannot be read or is no image.
pub fn imports(path: &Path, search: &[&Path]) -> Result<Imports, LoadError> {
    let data = std::fs::read(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    let image_error = |source| LoadError::Image {
        path: path.to_owned(),
        source,
    };
    let file = pe::File::parse(&data).map_err(image_error)?;
    let mut entries = Vec::new();
    for dll in file.imports().map_err(image_error)? {
        let provider = Provider::find(file.width(), path, search, dll.name);
        entries.extend(dll.entries.iter().map(|entry| Import {
            dll: dll.name.to_owned(),
            symbol: entry.symbol.to_string(),
            is_delayed: matches!(dll.kind, ImportKind::Delay { .. }),
            source: provider.source(entry.symbol),
        }));
    }
    Ok(Imports {
        width: file.width(),
        entries,
    })
}

/// Who provides a DLL.
enum Provider {
    Shims(&'static crate::Dll, Width),
    File(Vec<u8>),
    Nobody,
}

impl Provider {
    fn find(width: Width, path: &Path, search: &[&Path], name: &str) -> Self {
        if let Some(shims) = dll::find(name) {
            return Self::Shims(shims, width);
        }
        let beside = path.parent().into_iter().chain(search.iter().copied());
        let file = beside
            .filter_map(|place| find_ignoring_case(place, &dll::file_name(name)))
            .next();
        file.and_then(|file| std::fs::read(file).ok())
            .map_or(Self::Nobody, Self::File)
    }

    fn source(&self, symbol: Symbol<'_>) -> Source {
        match self {
            Self::Shims(dll, width) if dll.has(*width, symbol) => Source::Shim,
            Self::File(data) if exports(data, symbol) => Source::File,
            _ => Source::Missing,
        }
    }
}

/// Tells whether an image exports a symbol; where a forward leads is not followed.
fn exports(data: &[u8], symbol: Symbol<'_>) -> bool {
    let file = pe::File::parse(data);
    let exports = file.as_ref().ok().and_then(|file| file.exports().ok());
    exports.and_then(|exports| exports.find(symbol)).is_some()
}
