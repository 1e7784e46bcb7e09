//! What an image wants from other DLLs: at load, bound in advance, or at the first call.

use object::LittleEndian as LE;
use object::pe;

use crate::{Directory, Error, Image, Width};

/// All of an image's imports together; the largest programs have some ten thousand.
const MOST_ENTRIES: usize = 65_536;

/// A DLL that an image wants, and what from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedDll<'data> {
    /// The file name, as the image spells it.
    pub name: &'data str,
    /// When it is wanted.
    pub kind: ImportKind,
    /// What is wanted, in the image's order.
    pub entries: Vec<ImportEntry<'data>>,
}

/// When a DLL is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// Before the image's first instruction.
    Plain,
    /// As plain, and the slots already hold what a certain build of the DLL would give.
    Bound {
        /// The timestamp of that build; all ones when it stands in the bound import table.
        timestamp: u32,
    },
    /// At the first call of one of its functions, by the image's own code.
    Delay {
        /// Where the image keeps the module's handle, relative to its base.
        handle_rva: Option<u32>,
    },
}

/// One function or variable that an image wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportEntry<'data> {
    /// Where its address is to be written, relative to the image base.
    pub slot_rva: u32,
    /// What it is called.
    pub symbol: Symbol<'data>,
}

/// How an image names what it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol<'data> {
    /// By name.
    Name(&'data str),
    /// By number.
    Ordinal(u16),
}

impl std::fmt::Display for Symbol<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ordinal(ordinal) => write!(f, "#{ordinal}"),
        }
    }
}

pub(crate) fn read<'data>(image: &Image<'data>) -> Result<Vec<ImportedDll<'data>>, Error> {
    let mut reader = Reader {
        image,
        left: MOST_ENTRIES,
    };
    let mut dlls = reader.plain()?;
    dlls.append(&mut reader.delayed()?);
    Ok(dlls)
}

struct Reader<'image, 'data> {
    image: &'image Image<'data>,
    left: usize,
}

impl<'data> Reader<'_, 'data> {
    fn plain(&mut self) -> Result<Vec<ImportedDll<'data>>, Error> {
        let what = "import directory";
        let mut dlls = Vec::new();
        let Some((mut rva, _)) = self.image.directory(Directory::Import) else {
            return Ok(dlls);
        };
        loop {
            let descriptor: pe::ImageImportDescriptor = self.image.read(what, rva)?;
            let slots = descriptor.first_thunk.get(LE);
            if descriptor.name.get(LE) == 0 || slots == 0 {
                return Ok(dlls);
            }
            self.spend()?;
            // Old linkers give no table of names beside the slots, or a senseless one.
            let names = descriptor.original_first_thunk.get(LE);
            let plausible = self.image.headers_size()..self.image.image_size();
            let names = if plausible.contains(&names) {
                names
            } else {
                slots
            };
            dlls.push(ImportedDll {
                name: self
                    .image
                    .text("imported DLL's name", descriptor.name.get(LE))?,
                kind: match descriptor.time_date_stamp.get(LE) {
                    0 => ImportKind::Plain,
                    timestamp => ImportKind::Bound { timestamp },
                },
                entries: self.entries(names, slots, 0)?,
            });
            rva = next(what, rva, size_of::<pe::ImageImportDescriptor>() as u32)?;
        }
    }

    fn delayed(&mut self) -> Result<Vec<ImportedDll<'data>>, Error> {
        let what = "delay import directory";
        let mut dlls = Vec::new();
        let Some((mut rva, _)) = self.image.directory(Directory::DelayImport) else {
            return Ok(dlls);
        };
        loop {
            let descriptor: pe::ImageDelayloadDescriptor = self.image.read(what, rva)?;
            if descriptor.dll_name_rva.get(LE) == 0 {
                return Ok(dlls);
            }
            self.spend()?;
            // The first linkers that knew delayed imports wrote absolute addresses, 32 bits wide.
            let base = match descriptor.attributes.get(LE) & 1 {
                0 => self.image.image_base(),
                _ => 0,
            };
            let field = |value: u32| relative(what, base, u64::from(value));
            let handle = descriptor.module_handle_rva.get(LE);
            let names = field(descriptor.import_name_table_rva.get(LE))?;
            let slots = field(descriptor.import_address_table_rva.get(LE))?;
            dlls.push(ImportedDll {
                name: self.image.text(
                    "delayed DLL's name",
                    field(descriptor.dll_name_rva.get(LE))?,
                )?,
                kind: ImportKind::Delay {
                    handle_rva: (handle != 0).then(|| field(handle)).transpose()?,
                },
                entries: self.entries(names, slots, base)?,
            });
            rva = next(what, rva, size_of::<pe::ImageDelayloadDescriptor>() as u32)?;
        }
    }

    /// Reads the table of names that runs beside a table of slots.
    fn entries(
        &mut self,
        mut names: u32,
        mut slots: u32,
        base: u64,
    ) -> Result<Vec<ImportEntry<'data>>, Error> {
        let what = "import table";
        let width = self.image.width();
        let mut entries = Vec::new();
        loop {
            let value = self.image.pointer(what, names)?;
            if value == 0 {
                return Ok(entries);
            }
            self.spend()?;
            let by_ordinal = match width {
                Width::Bits32 => value >> 31 != 0,
                Width::Bits64 => value >> 63 != 0,
            };
            // An ordinal's flag is also the top bit of a high absolute address; only old files have those, and they
            // stand low.
            let symbol = if by_ordinal {
                Symbol::Ordinal(value as u16)
            } else {
                let hint = relative("imported name", base, value)?;
                Symbol::Name(self.image.text("imported name", hint.saturating_add(2))?)
            };
            let room = self.image.image_size().saturating_sub(slots);
            if room < width.bytes() {
                return Err(Error::Outside {
                    what: "import slot",
                    address: slots.into(),
                    size: width.bytes().into(),
                });
            }
            entries.push(ImportEntry {
                slot_rva: slots,
                symbol,
            });
            names = next(what, names, width.bytes())?;
            slots = next(what, slots, width.bytes())?;
        }
    }

    fn spend(&mut self) -> Result<(), Error> {
        let too_many = Error::TooMany {
            what: "imports",
            limit: MOST_ENTRIES,
        };
        self.left = self.left.checked_sub(1).ok_or(too_many)?;
        Ok(())
    }
}

/// Steps to the next entry of a table.
fn next(what: &'static str, rva: u32, size: u32) -> Result<u32, Error> {
    rva.checked_add(size).ok_or(Error::Outside {
        what,
        address: rva.into(),
        size: size.into(),
    })
}

fn relative(what: &'static str, base: u64, value: u64) -> Result<u32, Error> {
    value
        .checked_sub(base)
        .and_then(|rva| u32::try_from(rva).ok())
        .ok_or(Error::Outside {
            what,
            address: value,
            size: 1,
        })
}
