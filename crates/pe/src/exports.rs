//! What an image offers to others, by name and by number.

use object::LittleEndian as LE;
use object::pod::slice_from_all_bytes;
use object::{U16, U32, pe};

use crate::{Directory, Error, Image, Symbol};

/// Ordinals have 16 bits.
const MOST_EXPORTS: u32 = 65_536;

/// The table of what an image offers.
#[derive(Clone, Debug)]
pub struct Exports<'data> {
    image: Image<'data>,
    directory: (u32, u32),
    name: Option<&'data str>,
    base: u32,
    functions: &'data [U32<LE>],
    names: &'data [U32<LE>],
    ordinals: &'data [U16<LE>],
}

/// One thing that an image offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export<'data> {
    /// Its name, unless it has only a number or was found by it.
    pub name: Option<&'data str>,
    /// Its number.
    pub ordinal: u32,
    /// Where it is.
    pub target: Target<'data>,
}

/// Where an export leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'data> {
    /// Into the image, relative to its base.
    Rva(u32),
    /// To an export of another DLL.
    Forward {
        /// The DLL, mostly without `.dll`.
        dll: &'data str,
        /// What is meant there.
        symbol: Symbol<'data>,
    },
}

pub(crate) fn read<'data>(image: &Image<'data>) -> Result<Exports<'data>, Error> {
    let Some(directory) = image.directory(Directory::Export) else {
        return Ok(Exports {
            image: image.clone(),
            directory: (0, 0),
            name: None,
            base: 0,
            functions: &[],
            names: &[],
            ordinals: &[],
        });
    };
    let table: pe::ImageExportDirectory = image.read("export directory", directory.0)?;
    let functions = table.number_of_functions.get(LE);
    let names = table.number_of_names.get(LE);
    if functions.max(names) > MOST_EXPORTS {
        return Err(Error::TooMany {
            what: "exports",
            limit: MOST_EXPORTS as usize,
        });
    }
    let list = |what, rva: u32, count: u32, size: u32| match count {
        0 => Ok(&[][..]),
        _ => image.bytes(what, rva, count * size),
    };
    let functions = list(
        "table of exported addresses",
        table.address_of_functions.get(LE),
        functions,
        4,
    )?;
    let ordinals = list(
        "table of exported ordinals",
        table.address_of_name_ordinals.get(LE),
        names,
        2,
    )?;
    let names = list(
        "table of exported names",
        table.address_of_names.get(LE),
        names,
        4,
    )?;
    Ok(Exports {
        image: image.clone(),
        directory,
        name: image.text("own name", table.name.get(LE)).ok(),
        base: table.base.get(LE),
        functions: slice_from_all_bytes(functions).unwrap_or_default(),
        names: slice_from_all_bytes(names).unwrap_or_default(),
        ordinals: slice_from_all_bytes(ordinals).unwrap_or_default(),
    })
}

impl<'data> Exports<'data> {
    /// What the image calls itself.
    pub fn name(&self) -> Option<&'data str> {
        self.name
    }

    /// How many things it offers at most; the table may have gaps.
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether it offers nothing.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Finds an export by its exact name, as Windows does: the table is sorted. An entry that leads out of the image is
    /// none.
    pub fn by_name(&self, name: &str) -> Option<Export<'data>> {
        let at = self
            .names
            .binary_search_by(|rva| {
                let found = self
                    .image
                    .text("exported name", rva.get(LE))
                    .unwrap_or_default();
                found.as_bytes().cmp(name.as_bytes())
            })
            .ok()?;
        self.named(at)
    }

    /// Finds an export by its number; its name, if it has one, is [`Exports::name_of`].
    pub fn by_ordinal(&self, ordinal: u32) -> Option<Export<'data>> {
        let index = ordinal.checked_sub(self.base)? as usize;
        Some(Export {
            name: None,
            ordinal,
            target: self.target(index)?,
        })
    }

    /// The first name of a number.
    pub fn name_of(&self, ordinal: u32) -> Option<&'data str> {
        let index = ordinal.checked_sub(self.base)? as usize;
        let mut ordinals = self.ordinals.iter();
        let at = ordinals.position(|found| usize::from(found.get(LE)) == index)?;
        self.text(at)
    }

    /// Finds an export by name or number.
    pub fn find(&self, symbol: Symbol<'_>) -> Option<Export<'data>> {
        match symbol {
            Symbol::Name(name) => self.by_name(name),
            Symbol::Ordinal(ordinal) => self.by_ordinal(ordinal.into()),
        }
    }

    /// Everything that is offered: what has a name in the order of names, then what has only a number.
    pub fn iter(&self) -> impl Iterator<Item = Export<'data>> {
        let mut unnamed = vec![true; self.functions.len()];
        for index in self.ordinals {
            if let Some(unnamed) = unnamed.get_mut(usize::from(index.get(LE))) {
                *unnamed = false;
            }
        }
        let numbered = (0..self.functions.len()).filter(move |&index| unnamed[index]);
        let numbered = numbered.filter_map(|index| {
            let ordinal = self.base.checked_add(index as u32)?;
            Some(Export {
                name: None,
                ordinal,
                target: self.target(index)?,
            })
        });
        (0..self.names.len())
            .filter_map(|at| self.named(at))
            .chain(numbered)
    }

    fn named(&self, at: usize) -> Option<Export<'data>> {
        let index = usize::from(self.ordinals.get(at)?.get(LE));
        Some(Export {
            name: Some(self.text(at)?),
            ordinal: self.base.checked_add(index as u32)?,
            target: self.target(index)?,
        })
    }

    fn text(&self, at: usize) -> Option<&'data str> {
        self.image
            .text("exported name", self.names.get(at)?.get(LE))
            .ok()
    }

    fn target(&self, index: usize) -> Option<Target<'data>> {
        let rva = self.functions.get(index)?.get(LE);
        if rva == 0 || rva >= self.image.image_size() {
            return None;
        }
        let (start, size) = self.directory;
        // What would lead into the table itself is the name of an export elsewhere.
        if rva < start || rva - start >= size {
            return Some(Target::Rva(rva));
        }
        let (dll, symbol) = self
            .image
            .text("forwarded export", rva)
            .ok()?
            .rsplit_once('.')?;
        let symbol = match symbol.strip_prefix('#') {
            Some(ordinal) => Symbol::Ordinal(ordinal.parse().ok()?),
            None => Symbol::Name(symbol),
        };
        Some(Target::Forward { dll, symbol })
    }
}
