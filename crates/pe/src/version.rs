//! The version resource: who made a file, what it is called, which version it is.

use crate::resources::utf16;

/// What the first field of the fixed part must be.
const SIGNATURE: u32 = 0xfeef_04bd;

/// Real files have one table per language.
const MOST_TABLES: usize = 64;
const MOST_STRINGS: usize = 1024;

/// Version information of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The part that is made of numbers.
    pub fixed: Option<Fixed>,
    /// The part that is made of words, by language.
    pub tables: Vec<StringTable>,
    /// Languages and code pages that the file says it speaks.
    pub translations: Vec<(u16, u16)>,
}

/// The numbers of a version resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The version of the file: major, minor, build, revision.
    pub file: [u16; 4],
    /// The version of the product that it belongs to.
    pub product: [u16; 4],
    /// Flags such as "debug build", those that are defined in it.
    pub flags: u32,
    /// The system that it is made for.
    pub system: u32,
    /// The kind of file: 2 is a library, 3 a driver.
    pub kind: u32,
    /// For a driver, what it drives.
    pub subkind: u32,
}

/// The words of a version resource in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringTable {
    /// Language and code page in hexadecimal, such as `040904b0`.
    pub language: String,
    /// Names and values in the file's order.
    pub strings: Vec<(String, String)>,
}

impl Version {
    /// A word such as `FileDescription`, in the first language that has it.
    pub fn string(&self, name: &str) -> Option<&str> {
        let strings = self.tables.iter().flat_map(|table| &table.strings);
        strings
            .into_iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The resource is a tree of blocks: length, length of the value, whether that is text, a name, the value, more blocks.
struct Block<'data> {
    name: String,
    value: &'data [u8],
    children: &'data [u8],
}

pub(crate) fn parse(data: &[u8]) -> Option<Version> {
    let (root, _) = block(data)?;
    if root.name != "VS_VERSION_INFO" {
        return None;
    }
    let mut version = Version {
        fixed: fixed(root.value),
        ..Version::default()
    };
    for child in blocks(root.children).take(MOST_TABLES) {
        match child.name.as_str() {
            "StringFileInfo" => {
                let room = MOST_TABLES.saturating_sub(version.tables.len());
                version
                    .tables
                    .extend(blocks(child.children).take(room).map(|table| {
                        StringTable {
                            language: table.name,
                            strings: blocks(table.children)
                                .take(MOST_STRINGS)
                                .map(|string| (string.name, text(string.value)))
                                .collect(),
                        }
                    }));
            }
            "VarFileInfo" => {
                let translations = blocks(child.children).take(MOST_TABLES);
                let translations = translations.filter(|child| child.name == "Translation");
                for pair in translations.flat_map(|child| child.value.as_chunks::<4>().0) {
                    let [a, b, c, d] = *pair;
                    let pair = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
                    version.translations.push(pair);
                }
            }
            _ => {}
        }
    }
    Some(version)
}

fn blocks(mut data: &[u8]) -> impl Iterator<Item = Block<'_>> {
    std::iter::from_fn(move || {
        let (found, length) = block(data)?;
        data = data.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(found)
    })
}

/// Reads one block and its length without padding.
fn block(data: &[u8]) -> Option<(Block<'_>, usize)> {
    let word = |at: usize| Some(u16::from_le_bytes(*data.get(at..)?.first_chunk()?));
    let length = usize::from(word(0)?);
    let (value_length, is_text) = (usize::from(word(2)?), word(4)? == 1);
    let block = data.get(..length)?;
    let name = block.get(6..)?;
    let end = 2 * name
        .as_chunks::<2>()
        .0
        .iter()
        .position(|unit| *unit == [0, 0])?;
    let value_at = (6 + end + 2).next_multiple_of(4);
    // A text's length counts characters, though some compilers count bytes; either way it ends with the block.
    let value_length = if is_text {
        2 * value_length
    } else {
        value_length
    };
    let rest = block.get(value_at..).unwrap_or_default();
    let value = &rest[..value_length.min(rest.len())];
    let children = rest
        .get(value_length.next_multiple_of(4)..)
        .unwrap_or_default();
    Some((
        Block {
            name: utf16(&name[..end]),
            value,
            children,
        },
        length,
    ))
}

/// A value's text up to its zero.
fn text(value: &[u8]) -> String {
    let units = value.as_chunks::<2>().0;
    let end = units
        .iter()
        .position(|unit| *unit == [0, 0])
        .unwrap_or(units.len());
    utf16(&value[..2 * end])
}

fn fixed(value: &[u8]) -> Option<Fixed> {
    let field = |index: usize| Some(u32::from_le_bytes(*value.get(4 * index..)?.first_chunk()?));
    if field(0)? != SIGNATURE {
        return None;
    }
    let version = |index: usize| {
        let (high, low) = (field(index)?, field(index + 1)?);
        Some([
            (high >> 16) as u16,
            high as u16,
            (low >> 16) as u16,
            low as u16,
        ])
    };
    Some(Fixed {
        file: version(2)?,
        product: version(4)?,
        flags: field(6)? & field(7)?,
        system: field(8)?,
        kind: field(9)?,
        subkind: field(10)?,
    })
}
