//! What the headers of an image say, checked and kept.

use std::fmt;

use object::LittleEndian as LE;
use object::pe;
use object::pod::{Pod, from_bytes, slice_from_bytes};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader};

use crate::Error;

/// The unit of protection.
pub(crate) const PAGE: u32 = 0x1000;

/// No driver comes near; the bound keeps a hostile header from asking for the whole address space.
const LARGEST_IMAGE: u32 = 1 << 30;

/// Windows itself takes 96 in its stricter versions.
const MOST_SECTIONS: usize = 1024;

/// The size of the data directory that the format defines.
const DIRECTORIES: usize = 16;

/// Where the flags lie in the header of 16-bit modules, and the one that libraries have, drivers among them.
const NE_FLAGS: u64 = 0x0C;
const NE_LIBRARY: u16 = 0x8000;

/// The sector that Windows rounds file positions to.
const SECTOR: u32 = 0x200;

/// Everything that the headers say about an image: owned, so that it outlives the file.
#[derive(Clone, Debug)]
pub struct Layout {
    machine: Machine,
    width: Width,
    characteristics: u16,
    dll_characteristics: u16,
    subsystem: u16,
    timestamp: u32,
    image_base: u64,
    image_size: u32,
    headers_size: u32,
    entry: Option<u32>,
    directories: [(u32, u32); DIRECTORIES],
    sections: Vec<Section>,
}

/// The processor that an image is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Machine {
    /// 32-bit x86.
    X86,
    /// 64-bit x86.
    X86_64,
    /// Any other, by the number that the format gives it.
    Other(u16),
}

impl Machine {
    /// The machine that an image is for, by its first bytes; none when they are too few or no image's.
    pub fn of_head(head: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_le_bytes(*head.get(at..)?.first_chunk()?));
        let header = usize::from(word(0x3c)?) | usize::from(word(0x3e)?) << 16;
        let is_image = head.starts_with(b"MZ") && head.get(header..)?.starts_with(b"PE\0\0");
        is_image.then_some(Self::from_number(word(header + 4)?))
    }
}

/// The size of an address in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// PE32.
    Bits32,
    /// PE32+.
    Bits64,
}

/// A part of the image that has one place in the file and one protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    name: [u8; 8],
    /// Where it begins, relative to the image base.
    pub rva: u32,
    /// How much memory it takes.
    pub virtual_size: u32,
    /// Where its bytes begin in the file.
    pub file_offset: u32,
    /// How many of its bytes the file has; the rest is zero.
    pub file_size: u32,
    /// What may be done with it.
    pub access: Access,
    /// Whether it may be thrown away once the image is loaded.
    pub is_discardable: bool,
}

/// What the image asks to be allowed for a stretch of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Reading.
    pub read: bool,
    /// Writing.
    pub write: bool,
    /// Executing.
    pub execute: bool,
}

/// Whole pages of the mapped image with one protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Where it begins, relative to the image base.
    pub rva: u32,
    /// Its size in bytes, a multiple of the page size.
    pub size: u32,
    /// What may be done with it; nothing at all for a hole between sections.
    pub access: Access,
}

/// The tables that the optional header points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum Directory {
    Export = 0,
    Import = 1,
    Resource = 2,
    Exception = 3,
    Security = 4,
    BaseRelocation = 5,
    Debug = 6,
    Tls = 9,
    LoadConfig = 10,
    BoundImport = 11,
    ImportAddressTable = 12,
    DelayImport = 13,
    ComDescriptor = 14,
}

impl Layout {
    /// Reads the headers at the beginning of `data`.
    pub(crate) fn parse(data: &[u8]) -> Result<Self, Error> {
        let headers = signature(data)?;
        let file_header: &pe::ImageFileHeader = structure(data, headers + 4, "file header")?;
        let magic_at = headers + 4 + size_of::<pe::ImageFileHeader>() as u64;
        let magic: &object::U16<LE> = structure(data, magic_at, "optional header")?;
        match magic.get(LE) {
            pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => {
                let nt: &pe::ImageNtHeaders32 = structure(data, headers, "optional header")?;
                Self::from_headers(data, headers, file_header, nt, Width::Bits32)
            }
            pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC => {
                let nt: &pe::ImageNtHeaders64 = structure(data, headers, "optional header")?;
                Self::from_headers(data, headers, file_header, nt, Width::Bits64)
            }
            found => Err(Error::Magic { found }),
        }
    }

    fn from_headers<H: ImageNtHeaders>(
        data: &[u8],
        headers: u64,
        file_header: &pe::ImageFileHeader,
        nt: &H,
        width: Width,
    ) -> Result<Self, Error> {
        let optional = nt.optional_header();
        let machine = Machine::from_number(file_header.machine.get(LE).0);
        if machine.width().is_some_and(|expected| expected != width) {
            return Err(Error::Malformed {
                what: "optional header",
                address: headers,
                problem: "is of another width than its machine",
            });
        }
        let image_size = optional.size_of_image();
        if image_size == 0 || image_size > LARGEST_IMAGE {
            return Err(Error::Malformed {
                what: "image size",
                address: u64::from(image_size),
                problem: "is not between 1 byte and 1 GiB",
            });
        }
        let optional_at = headers + 4 + size_of::<pe::ImageFileHeader>() as u64;
        let sections_at = optional_at + u64::from(file_header.size_of_optional_header.get(LE));
        let directories_at = headers + size_of::<H>() as u64;
        let sections = sections(data, file_header, sections_at, optional, image_size)?;
        let first = sections
            .first()
            .map_or(image_size, |section: &Section| section.rva);
        Ok(Self {
            machine,
            width,
            characteristics: file_header.characteristics.get(LE).0,
            dll_characteristics: optional.dll_characteristics().0,
            subsystem: optional.subsystem().0,
            timestamp: file_header.time_date_stamp.get(LE),
            image_base: optional.image_base(),
            image_size,
            headers_size: optional
                .size_of_headers()
                .min(u32::try_from(data.len()).unwrap_or(u32::MAX))
                .min(first),
            entry: Some(optional.address_of_entry_point()).filter(|&rva| rva != 0),
            directories: directories(data, directories_at, sections_at, optional),
            sections,
        })
    }

    /// The processor that the image is made for.
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// The size of an address in the image.
    pub fn width(&self) -> Width {
        self.width
    }

    /// Whether it is a library rather than a program.
    pub fn is_dll(&self) -> bool {
        self.characteristics & pe::IMAGE_FILE_DLL.0 != 0
    }

    /// Whether it runs with data that is not executable.
    pub fn is_nx_compatible(&self) -> bool {
        self.dll_characteristics & pe::IMAGE_DLLCHARACTERISTICS_NX_COMPAT.0 != 0
    }

    /// Whether the linker took the relocations away.
    pub fn is_stripped_of_relocations(&self) -> bool {
        self.characteristics & pe::IMAGE_FILE_RELOCS_STRIPPED.0 != 0
    }

    /// When the linker says it was made, in seconds since 1970; some linkers put a checksum here.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Where it would like to stand.
    pub fn image_base(&self) -> u64 {
        self.image_base
    }

    /// How much memory it takes.
    pub fn image_size(&self) -> u32 {
        self.image_size
    }

    /// How many bytes of headers are part of the image.
    pub fn headers_size(&self) -> u32 {
        self.headers_size
    }

    /// The address of `DllMain` or the program's beginning, relative to the image base.
    pub fn entry(&self) -> Option<u32> {
        self.entry
    }

    /// The subsystem it is made for (2 and 3 are Windows programs with and without a user interface of their own).
    pub fn subsystem(&self) -> u16 {
        self.subsystem
    }

    /// Address and size of a table, relative to the image base.
    pub fn directory(&self, directory: Directory) -> Option<(u32, u32)> {
        let (rva, size) = self.directories[directory as usize];
        (rva != 0).then_some((rva, size))
    }

    /// Whether a section is for debuggers alone, which read the file: data that may be thrown away and that no table of
    /// the image is in. It is often by far the largest part of a file.
    pub(crate) fn is_for_debuggers(&self, section: &Section) -> bool {
        let holds =
            |&(rva, _): &(u32, u32)| rva >= section.rva && rva - section.rva < section.span();
        section.is_discardable
            && !section.access.write
            && !section.access.execute
            && !self.directories.iter().any(holds)
    }

    /// The sections by rising address.
    pub fn sections(&self) -> impl ExactSizeIterator<Item = &Section> {
        self.sections.iter()
    }

    /// The section that covers an address relative to the image base.
    pub fn section_at(&self, rva: u32) -> Option<&Section> {
        let after = self.sections.partition_point(|section| section.rva <= rva);
        let section = &self.sections[after.checked_sub(1)?];
        (rva - section.rva < section.span()).then_some(section)
    }

    /// The whole image as pages with one protection each, by rising address and without gaps.
    pub fn regions(&self) -> Vec<Region> {
        let end = round_up(self.image_size, PAGE);
        let mut regions: Vec<Region> = Vec::with_capacity(self.sections.len() + 2);
        cover(
            &mut regions,
            0,
            round_up(self.headers_size, PAGE).min(end),
            Access::READ,
        );
        for section in &self.sections {
            let start = section.rva & !(PAGE - 1);
            let stop = round_up(section.rva + section.virtual_size, PAGE).min(end);
            cover(&mut regions, start, stop, section.access);
        }
        let covered = regions.last().map_or(0, Region::end);
        append(&mut regions, covered, end, Access::default());
        regions
    }
}

impl Machine {
    /// The size of its addresses, where that is known here.
    fn width(self) -> Option<Width> {
        match self {
            Self::X86 => Some(Width::Bits32),
            Self::X86_64 => Some(Width::Bits64),
            Self::Other(_) => None,
        }
    }

    fn from_number(number: u16) -> Self {
        match pe::Machine(number) {
            pe::IMAGE_FILE_MACHINE_I386 => Self::X86,
            pe::IMAGE_FILE_MACHINE_AMD64 => Self::X86_64,
            _ => Self::Other(number),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::X86 => "i386",
            Self::X86_64 => "x86-64",
            Self::Other(number) => match pe::Machine(number) {
                pe::IMAGE_FILE_MACHINE_ARM
                | pe::IMAGE_FILE_MACHINE_THUMB
                | pe::IMAGE_FILE_MACHINE_ARMNT => "ARM",
                pe::IMAGE_FILE_MACHINE_ARM64 => "ARM64",
                pe::IMAGE_FILE_MACHINE_ARM64EC => "ARM64EC",
                pe::IMAGE_FILE_MACHINE_ALPHA | pe::IMAGE_FILE_MACHINE_ALPHA64 => "Alpha",
                pe::IMAGE_FILE_MACHINE_IA64 => "Itanium",
                pe::IMAGE_FILE_MACHINE_R4000 => "MIPS",
                pe::IMAGE_FILE_MACHINE_POWERPC => "PowerPC",
                _ => return write!(f, "machine {number:#06x}"),
            },
        };
        f.write_str(name)
    }
}

impl Width {
    /// The size of an address in bytes.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Bits32 => 4,
            Self::Bits64 => 8,
        }
    }
}

impl Section {
    /// Its name, as far as it is text.
    pub fn name(&self) -> &str {
        let end = self
            .name
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(self.name.len());
        let name = &self.name[..end];
        str::from_utf8(name).unwrap_or_else(|error| {
            str::from_utf8(&name[..error.valid_up_to()]).unwrap_or_default()
        })
    }

    /// How much of the address space it fills: up to the end of its last page.
    pub(crate) fn span(&self) -> u32 {
        round_up(self.rva + self.virtual_size, PAGE) - self.rva
    }
}

impl Access {
    const READ: Self = Self {
        read: true,
        write: false,
        execute: false,
    };

    fn union(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            write: self.write || other.write,
            execute: self.execute || other.execute,
        }
    }
}

impl Region {
    /// Where it ends, relative to the image base.
    pub fn end(&self) -> u32 {
        self.rva + self.size
    }
}

/// Rounds up to a power of two; sizes are capped far below the overflow.
pub(crate) fn round_up(value: u32, to: u32) -> u32 {
    value.saturating_add(to - 1) & !(to - 1)
}

/// Borrows a structure at a file offset.
fn structure<'data, T: Pod>(
    data: &'data [u8],
    offset: u64,
    what: &'static str,
) -> Result<&'data T, Error> {
    let tail = usize::try_from(offset)
        .ok()
        .and_then(|offset| data.get(offset..));
    match tail.map(from_bytes::<T>) {
        Some(Ok((value, _))) => Ok(value),
        _ => Err(Error::Truncated {
            what,
            offset,
            needed: size_of::<T>() as u64,
            length: data.len() as u64,
        }),
    }
}

/// Finds the "PE" signature, or names what the file is instead.
fn signature(data: &[u8]) -> Result<u64, Error> {
    if !data.starts_with(b"MZ") {
        return Err(Error::NotPe {
            expected: "MZ",
            offset: 0,
            found: describe(data),
        });
    }
    let dos: &pe::ImageDosHeader = structure(data, 0, "DOS header")?;
    let offset = u64::from(dos.e_lfanew.get(LE));
    let found: &[u8; 4] = match structure::<object::U32<LE>>(data, offset, "PE header") {
        Ok(value) => &value.get(LE).to_le_bytes(),
        // Programs of DOS have whatever they like where the offset would be.
        Err(_) if dos.e_lfarlc.get(LE) < 0x40 => return Err(Error::Older("program for DOS")),
        Err(error) => return Err(error),
    };
    match found {
        b"PE\0\0" => Ok(offset),
        [b'N', b'E', ..] => Err(Error::Older(
            match structure::<object::U16<LE>>(data, offset + NE_FLAGS, "NE flags") {
                Ok(flags) if flags.get(LE) & NE_LIBRARY != 0 => "16-bit Windows driver (NE)",
                _ => "16-bit Windows program (NE)",
            },
        )),
        [b'L', b'E', ..] => Err(Error::Older("virtual device driver (LE)")),
        [b'L', b'X', ..] => Err(Error::Older("OS/2 (LX) module")),
        _ if dos.e_lfarlc.get(LE) < 0x40 => Err(Error::Older("program for DOS")),
        found => Err(Error::NotPe {
            expected: "PE\0\0",
            offset,
            found: describe(found),
        }),
    }
}

/// Shows the first bytes, and says what kind of file begins so.
fn describe(data: &[u8]) -> String {
    if data.is_empty() {
        return "an empty file".to_owned();
    }
    let hex: Vec<String> = data
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let kind = match data {
        [0x7f, b'E', b'L', b'F', ..] => " (an ELF file)",
        [b'#', b'!', ..] => " (a script)",
        [b'P', b'K', 3, 4, ..] => " (a ZIP archive)",
        [b'M', b'S', b'C', b'F', ..] => " (a cabinet archive)",
        [b'S', b'Z', b'D', b'D', ..] => " (a file packed by COMPRESS)",
        [b'R', b'I', b'F', b'F', ..] => " (a RIFF file)",
        [0xfe, 0xed, 0xfa, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => " (a Mach-O file)",
        _ => "",
    };
    hex.join(" ") + kind
}

fn directories(
    data: &[u8],
    at: u64,
    sections_at: u64,
    optional: &impl ImageOptionalHeader,
) -> [(u32, u32); DIRECTORIES] {
    let mut directories = [(0, 0); DIRECTORIES];
    let room = (sections_at.saturating_sub(at) / 8).min(DIRECTORIES as u64);
    let count = room.min(u64::from(optional.number_of_rva_and_sizes())) as usize;
    let bytes = usize::try_from(at)
        .ok()
        .and_then(|at| data.get(at..))
        .unwrap_or_default();
    let entries = slice_from_bytes::<pe::ImageDataDirectory>(bytes, count.min(bytes.len() / 8));
    for (slot, entry) in directories
        .iter_mut()
        .zip(entries.map_or(&[][..], |(found, _)| found))
    {
        *slot = (entry.virtual_address.get(LE), entry.size.get(LE));
    }
    directories
}

/// Reads the section table. As on Windows, sections rise and do not overlap.
fn sections(
    data: &[u8],
    file_header: &pe::ImageFileHeader,
    at: u64,
    optional: &impl ImageOptionalHeader,
    image_size: u32,
) -> Result<Vec<Section>, Error> {
    let count = usize::from(file_header.number_of_sections.get(LE));
    if count > MOST_SECTIONS {
        return Err(Error::TooMany {
            what: "sections",
            limit: MOST_SECTIONS,
        });
    }
    let mut sections: Vec<Section> = Vec::with_capacity(count);
    let mut free = 0;
    for index in 0..count {
        let entry_at = at + (index * size_of::<pe::ImageSectionHeader>()) as u64;
        let header: &pe::ImageSectionHeader = structure(data, entry_at, "section table")?;
        let section = section(data, header, optional.section_alignment() >= PAGE)?;
        let malformed = |problem| Error::Malformed {
            what: "section",
            address: u64::from(section.rva),
            problem,
        };
        let end = section.rva.checked_add(section.virtual_size);
        if end.is_none_or(|end| end > round_up(image_size, PAGE)) {
            return Err(malformed("reaches beyond the image"));
        }
        if section.rva < free {
            return Err(malformed("begins before the end of the section before it"));
        }
        free = section.rva + section.virtual_size;
        sections.push(section);
    }
    Ok(sections)
}

fn section(
    data: &[u8],
    header: &pe::ImageSectionHeader,
    page_aligned: bool,
) -> Result<Section, Error> {
    let raw_size = header.size_of_raw_data.get(LE);
    let virtual_size = match header.virtual_size.get(LE) {
        0 => raw_size,
        size => size,
    };
    let mut file_offset = header.pointer_to_raw_data.get(LE);
    let file_size = match file_offset {
        0 => 0,
        _ => raw_size.min(round_up(virtual_size, PAGE)),
    };
    if page_aligned {
        file_offset &= !(SECTOR - 1);
    }
    let length = data.len() as u64;
    let end = u64::from(file_offset) + u64::from(file_size);
    // The last sector of a file need not be whole.
    if file_size > 0 && end > length.next_multiple_of(u64::from(SECTOR)) {
        return Err(Error::Truncated {
            what: "section",
            offset: u64::from(file_offset),
            needed: u64::from(file_size),
            length,
        });
    }
    let present = length.saturating_sub(u64::from(file_offset));
    let flags = header.characteristics.get(LE).0;
    Ok(Section {
        name: header.name,
        rva: header.virtual_address.get(LE),
        virtual_size,
        file_offset,
        file_size: u64::from(file_size).min(present) as u32,
        access: Access {
            read: flags & pe::IMAGE_SCN_MEM_READ.0 != 0,
            write: flags & pe::IMAGE_SCN_MEM_WRITE.0 != 0,
            execute: flags & pe::IMAGE_SCN_MEM_EXECUTE.0 != 0,
        },
        is_discardable: flags & pe::IMAGE_SCN_MEM_DISCARDABLE.0 != 0,
    })
}

/// Adds the pages of one section. The first of them may be the last of the section before, when sections are smaller
/// than pages; such a page gets what both ask for.
fn cover(regions: &mut Vec<Region>, start: u32, stop: u32, access: Access) {
    let covered = regions.last().map_or(0, Region::end);
    if start >= stop {
        return;
    }
    if start >= covered {
        append(regions, covered, start, Access::default());
        append(regions, start, stop, access);
        return;
    }
    let Some(last) = regions.last_mut() else {
        return;
    };
    let shared = last.access.union(access);
    last.size -= PAGE;
    if last.size == 0 {
        regions.pop();
    }
    append(regions, start, start + PAGE, shared);
    append(regions, start + PAGE, stop, access);
}

fn append(regions: &mut Vec<Region>, start: u32, stop: u32, access: Access) {
    if start >= stop {
        return;
    }
    match regions.last_mut() {
        Some(last) if last.access == access && last.end() == start => last.size += stop - start,
        _ => regions.push(Region {
            rva: start,
            size: stop - start,
            access,
        }),
    }
}
