//! The tree of resources: type, name, language, and what is kept there.

use object::LittleEndian as LE;
use object::{U16, pe};

use crate::version::{self, Version};
use crate::{Directory, Error, Image};

/// Kinds of resources by the numbers that Windows gives them.
pub mod kind {
    /// `RT_STRING`: blocks of sixteen strings.
    pub const STRING: u16 = 6;
    /// `RT_MESSAGETABLE`: what `FormatMessage` looks in.
    pub const MESSAGE_TABLE: u16 = 11;
    /// `RT_VERSION`: the version information.
    pub const VERSION: u16 = 16;
}

/// All resources of an image together; the largest system libraries have a few thousand.
const MOST_RESOURCES: usize = 65_536;

/// Names are words.
const LONGEST_NAME: u16 = 1024;

/// The resources of an image.
#[derive(Clone, Debug)]
pub struct Resources<'data> {
    image: Image<'data>,
    root: Option<u32>,
}

/// The type or the name of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceId {
    /// A number.
    Number(u16),
    /// A word; found whatever its case.
    Name(String),
}

/// One resource in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its type.
    pub kind: ResourceId,
    /// Its name.
    pub name: ResourceId,
    /// Its language, as Windows numbers them; 0 is neutral.
    pub language: u16,
    /// Where its description is, relative to the image base: what Windows calls the resource's handle.
    pub entry_rva: u32,
    /// Where its bytes are, relative to the image base.
    pub rva: u32,
    /// How many they are.
    pub size: u32,
    /// The code page that its maker noted.
    pub code_page: u32,
}

/// An entry of a directory: what it is called, and where it leads, relative to the root.
struct Entry {
    id: ResourceId,
    target: u32,
}

const IS_DIRECTORY: u32 = pe::IMAGE_RESOURCE_DATA_IS_DIRECTORY;
const WHAT: &str = "resource directory";

impl<'data> Resources<'data> {
    pub(crate) fn read(image: &Image<'data>) -> Result<Self, Error> {
        let root = image.directory(Directory::Resource).map(|(rva, _)| rva);
        if let Some(root) = root {
            let _: pe::ImageResourceDirectory = image.read(WHAT, root)?;
        }
        Ok(Self {
            image: image.clone(),
            root,
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Finds a resource in a language; without one, in the neutral language, else in American English, else in any.
    ///
    /// # Errors
    ///
    /// When the tree is broken on the way.
    pub fn find(
        &self,
        kind: impl Into<ResourceId>,
        name: impl Into<ResourceId>,
        language: Option<u16>,
    ) -> Result<Option<Resource>, Error> {
        let (kind, name) = (kind.into(), name.into());
        let Some(root) = self.root else {
            return Ok(None);
        };
        let Some(names) = self.child(root, &kind)? else {
            return Ok(None);
        };
        let Some(languages) = self.child(self.directory(names)?, &name)? else {
            return Ok(None);
        };
        if languages & IS_DIRECTORY == 0 {
            return self.resource(kind, name, 0, languages).map(Some);
        }
        let mut entries = Vec::new();
        self.entries(self.directory(languages)?, &mut |entry| {
            entries.push(entry);
            Ok(())
        })?;
        let position = match language {
            Some(wanted) => entries.iter().position(|entry| entry.language() == wanted),
            None => [0, 0x400, 0x409]
                .into_iter()
                .find_map(|wanted| entries.iter().position(|entry| entry.language() == wanted))
                .or((!entries.is_empty()).then_some(0)),
        };
        position
            .map(|at| self.resource(kind, name, entries[at].language(), entries[at].target))
            .transpose()
    }

    /// The bytes of a resource.
    ///
    /// # Errors
    ///
    /// When they are not inside the image.
    pub fn data(&self, resource: &Resource) -> Result<&'data [u8], Error> {
        self.image.bytes("resource", resource.rva, resource.size)
    }

    /// Every resource, in the order of the tree.
    ///
    /// # Errors
    ///
    /// When the tree is broken, or larger than any real one.
    pub fn all(&self) -> Result<Vec<Resource>, Error> {
        let mut found = Vec::new();
        let mut left = MOST_RESOURCES;
        let Some(root) = self.root else {
            return Ok(found);
        };
        // The depth is fixed, so a tree that leads back into itself ends; the count keeps it from growing on the way.
        self.counted(root, &mut left, &mut |left, kind| {
            self.counted(self.directory(kind.target)?, left, &mut |left, name| {
                if name.target & IS_DIRECTORY == 0 {
                    found.push(self.resource(kind.id.clone(), name.id.clone(), 0, name.target)?);
                    return Ok(());
                }
                self.counted(self.directory(name.target)?, left, &mut |_, language| {
                    found.push(self.resource(
                        kind.id.clone(),
                        name.id.clone(),
                        language.language(),
                        language.target,
                    )?);
                    Ok(())
                })
            })
        })?;
        Ok(found)
    }

    /// A string of the string tables.
    ///
    /// # Errors
    ///
    /// When the tree or the string's block is broken.
    pub fn string(&self, id: u16, language: Option<u16>) -> Result<Option<String>, Error> {
        let block = self.find(kind::STRING, (id >> 4) + 1, language)?;
        let Some(block) = block else { return Ok(None) };
        let mut bytes = self.data(&block)?;
        for index in 0..=id & 15 {
            let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
                return Ok(None);
            };
            let length = 2 * usize::from(u16::from_le_bytes(*length));
            let Some((text, rest)) = rest.split_at_checked(length) else {
                return Err(Error::Malformed {
                    what: "string table",
                    address: block.rva.into(),
                    problem: "ends inside a string",
                });
            };
            if index == id & 15 {
                return Ok((length > 0).then(|| utf16(text)));
            }
            bytes = rest;
        }
        Ok(None)
    }

    /// A message of the message table.
    ///
    /// # Errors
    ///
    /// When the tree or the table is broken.
    pub fn message(&self, id: u32, language: Option<u16>) -> Result<Option<String>, Error> {
        let Some(table) = self.find(kind::MESSAGE_TABLE, 1, language)? else {
            return Ok(None);
        };
        let bytes = self.data(&table)?;
        let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let blocks = word(0).unwrap_or_default() as usize;
        for block in 0..blocks.min(bytes.len() / 12) {
            let at = 4 + 12 * block;
            let (Some(low), Some(high), Some(offset)) = (word(at), word(at + 4), word(at + 8))
            else {
                break;
            };
            if (low..=high).contains(&id) {
                return Ok(message_at(bytes, offset as usize, id - low));
            }
        }
        Ok(None)
    }

    /// The version information.
    ///
    /// # Errors
    ///
    /// When the tree is broken or what stands there is no version information.
    pub fn version(&self) -> Result<Option<Version>, Error> {
        let Some(resource) = self.find(kind::VERSION, 1, None)? else {
            return Ok(None);
        };
        version::parse(self.data(&resource)?)
            .map(Some)
            .ok_or(Error::Malformed {
                what: "version resource",
                address: resource.rva.into(),
                problem: "is no version information",
            })
    }

    /// Where the entry with an identifier leads, relative to the root.
    fn child(&self, directory: u32, id: &ResourceId) -> Result<Option<u32>, Error> {
        let (named, total) = self.counts(directory)?;
        let indices = match id {
            ResourceId::Name(_) => 0..named,
            ResourceId::Number(_) => named..total,
        };
        for index in indices {
            let entry = self.raw(directory, index)?;
            let name = entry.name_or_id.get(LE);
            let same = match id {
                ResourceId::Number(number) => name == u32::from(*number),
                ResourceId::Name(wanted) => self.is_named(name, wanted)?,
            };
            if same {
                return Ok(Some(entry.offset_to_data_or_directory.get(LE)));
            }
        }
        Ok(None)
    }

    /// Visits each entry of a directory against a budget for the whole tree.
    fn counted(
        &self,
        directory: u32,
        left: &mut usize,
        visit: &mut dyn FnMut(&mut usize, Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.entries(directory, &mut |entry| {
            let too_many = Error::TooMany {
                what: "resources",
                limit: MOST_RESOURCES,
            };
            *left = left.checked_sub(1).ok_or(too_many)?;
            visit(left, entry)
        })
    }

    fn entries(
        &self,
        directory: u32,
        visit: &mut dyn FnMut(Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (named, total) = self.counts(directory)?;
        for index in 0..total {
            let entry = self.raw(directory, index)?;
            let name = entry.name_or_id.get(LE);
            let id = if index < named {
                ResourceId::Name(utf16(self.name(name)?))
            } else {
                ResourceId::Number(name as u16)
            };
            visit(Entry {
                id,
                target: entry.offset_to_data_or_directory.get(LE),
            })?;
        }
        Ok(())
    }

    /// How many entries have names, and how many there are.
    fn counts(&self, directory: u32) -> Result<(u32, u32), Error> {
        let header: pe::ImageResourceDirectory = self.image.read(WHAT, directory)?;
        let named = u32::from(header.number_of_named_entries.get(LE));
        Ok((
            named,
            named + u32::from(header.number_of_id_entries.get(LE)),
        ))
    }

    fn raw(&self, directory: u32, index: u32) -> Result<pe::ImageResourceDirectoryEntry, Error> {
        let skip = size_of::<pe::ImageResourceDirectory>() as u32 + 8 * index;
        self.image.read(WHAT, directory.saturating_add(skip))
    }

    /// The address of the directory that an entry leads to.
    fn directory(&self, target: u32) -> Result<u32, Error> {
        if target & IS_DIRECTORY == 0 {
            return Err(Error::Malformed {
                what: WHAT,
                address: target.into(),
                problem: "has data where a directory belongs",
            });
        }
        self.place(target & !IS_DIRECTORY)
    }

    /// Turns an offset from the root into an address.
    fn place(&self, offset: u32) -> Result<u32, Error> {
        self.root
            .and_then(|root| root.checked_add(offset))
            .ok_or(Error::Outside {
                what: WHAT,
                address: offset.into(),
                size: 1,
            })
    }

    fn resource(
        &self,
        kind: ResourceId,
        name: ResourceId,
        language: u16,
        target: u32,
    ) -> Result<Resource, Error> {
        if target & IS_DIRECTORY != 0 {
            return Err(Error::Malformed {
                what: WHAT,
                address: target.into(),
                problem: "has a directory where data belongs",
            });
        }
        let entry_rva = self.place(target)?;
        let entry: pe::ImageResourceDataEntry = self.image.read("resource entry", entry_rva)?;
        Ok(Resource {
            kind,
            name,
            language,
            entry_rva,
            rva: entry.offset_to_data.get(LE),
            size: entry.size.get(LE),
            code_page: entry.code_page.get(LE),
        })
    }

    /// The UTF-16 text of a name; the flag that says it is one may be missing.
    fn name(&self, offset: u32) -> Result<&'data [u8], Error> {
        let rva = self.place(offset & !pe::IMAGE_RESOURCE_NAME_IS_STRING)?;
        let length: U16<LE> = self.image.read("resource name", rva)?;
        if length.get(LE) > LONGEST_NAME {
            return Err(Error::Malformed {
                what: "resource name",
                address: rva.into(),
                problem: "is longer than 1,024 characters",
            });
        }
        self.image.bytes(
            "resource name",
            rva.saturating_add(2),
            2 * u32::from(length.get(LE)),
        )
    }

    fn is_named(&self, offset: u32, wanted: &str) -> Result<bool, Error> {
        let name = self.name(offset)?;
        if name.len() != 2 * wanted.encode_utf16().count() {
            return Ok(false);
        }
        Ok(utf16(name).to_uppercase() == wanted.to_uppercase())
    }
}

impl Entry {
    fn language(&self) -> u16 {
        match self.id {
            ResourceId::Number(language) => language,
            ResourceId::Name(_) => 0,
        }
    }
}

impl From<u16> for ResourceId {
    fn from(number: u16) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for ResourceId {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for ResourceId {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl std::fmt::Display for ResourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "#{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Decodes little-endian UTF-16, with a mark for what is none.
pub(crate) fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&unit| u16::from_le_bytes(unit));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Steps over the entries before a message; each says its length, its kind of text, and the text.
fn message_at(table: &[u8], mut at: usize, skip: u32) -> Option<String> {
    for index in 0..=skip {
        let entry = table.get(at..)?;
        let length = usize::from(u16::from_le_bytes(*entry.first_chunk()?));
        let is_wide = u16::from_le_bytes(*entry.get(2..)?.first_chunk()?) & 1 != 0;
        if length < 4 {
            return None;
        }
        if index == skip {
            let text = entry.get(4..length)?;
            let text = if is_wide {
                utf16(text)
            } else {
                String::from_utf8_lossy(text).into_owned()
            };
            return Some(text.trim_end_matches('\0').to_owned());
        }
        at += length;
    }
    None
}
