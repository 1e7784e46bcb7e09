//! The process environment block, its parameters, and its list of modules.
//!
//! Layouts as `winternl.h` and public debugger documentation give them, of both widths.

use std::sync::Mutex;

use opendriver_pe::Width;

use crate::heap::Heap;
use crate::process::Config;
use crate::shim::Addr;
use crate::teb::Field;

/// What a driver that walks the PEB finds.
pub(crate) struct Peb {
    at: Block,
    loader: Block,
    heap: Addr,
    /// The entries of the lists, by the bases of their modules.
    entries: Mutex<Vec<(u64, Block)>>,
}

/// Fields of the PEB.
mod process {
    use super::Field;

    pub(super) const BYTES: u64 = 0x800;
    pub(super) const IMAGE_BASE: Field = Field::new(0x10, 0x08);
    pub(super) const LOADER: Field = Field::new(0x18, 0x0C);
    pub(super) const PARAMETERS: Field = Field::new(0x20, 0x10);
    pub(super) const HEAP: Field = Field::new(0x30, 0x18);
    pub(super) const PROCESSORS: Field = Field::new(0xB8, 0x64);
    pub(super) const MAJOR: Field = Field::new(0x118, 0xA4);
    pub(super) const MINOR: Field = Field::new(0x11C, 0xA8);
    /// The build, and the number of the service pack behind it.
    pub(super) const BUILD: Field = Field::new(0x120, 0xAC);
    pub(super) const PLATFORM: Field = Field::new(0x124, 0xB0);
}

/// Fields of `RTL_USER_PROCESS_PARAMETERS`.
mod parameters {
    use super::Field;

    pub(super) const BYTES: u64 = 0x400;
    pub(super) const MAXIMUM_LENGTH: Field = Field::new(0x00, 0x00);
    pub(super) const LENGTH: Field = Field::new(0x04, 0x04);
    pub(super) const FLAGS: Field = Field::new(0x08, 0x08);
    pub(super) const DIRECTORY: Field = Field::new(0x38, 0x24);
    pub(super) const DLL_PATH: Field = Field::new(0x50, 0x30);
    pub(super) const IMAGE: Field = Field::new(0x60, 0x38);
    pub(super) const COMMAND_LINE: Field = Field::new(0x70, 0x40);
    pub(super) const ENVIRONMENT: Field = Field::new(0x80, 0x48);
}

/// Fields of `PEB_LDR_DATA`.
mod loader {
    use super::Field;

    pub(super) const BYTES: Field = Field::new(0x58, 0x30);
    pub(super) const LENGTH: Field = Field::new(0x00, 0x00);
    pub(super) const INITIALIZED: Field = Field::new(0x04, 0x04);
}

/// Fields of `LDR_DATA_TABLE_ENTRY`.
mod entry {
    use super::Field;

    pub(super) const BYTES: u64 = 0x120;
    pub(super) const BASE: Field = Field::new(0x30, 0x18);
    pub(super) const START: Field = Field::new(0x38, 0x1C);
    pub(super) const SIZE: Field = Field::new(0x40, 0x20);
    pub(super) const PATH: Field = Field::new(0x48, 0x24);
    pub(super) const NAME: Field = Field::new(0x58, 0x2C);
    pub(super) const REFERENCES: Field = Field::new(0x6C, 0x38);
}

/// Where the three lists start in `PEB_LDR_DATA`, and where their links lie in an entry.
const LISTS: [(Field, Field); 3] = [
    (Field::new(0x10, 0x0C), Field::new(0x00, 0x00)),
    (Field::new(0x20, 0x14), Field::new(0x10, 0x08)),
    (Field::new(0x30, 0x1C), Field::new(0x20, 0x10)),
];
/// The fields of a `LIST_ENTRY`.
const NEXT: Field = Field::new(0, 0);
const PREVIOUS: Field = Field::new(8, 4);
/// The fields of a `UNICODE_STRING`.
const LENGTHS: Field = Field::new(0, 0);
const TEXT: Field = Field::new(8, 4);
/// Windows 10, which drivers that ask accept.
pub(crate) const VERSION: (u32, u32, u16) = (10, 0, 19041);
/// `VER_PLATFORM_WIN32_NT`.
const PLATFORM: u32 = 2;

impl Peb {
    /// Makes a PEB in the process heap; it goes with the heap. None where there is no memory.
    pub(crate) fn new(heap: &Heap, config: &Config) -> Option<Self> {
        let width = config.width;
        let block = |bytes| Block {
            at: heap.allocate(bytes, true),
            width,
        };
        let (at, loader) = (block(process::BYTES), block(loader::BYTES.at(width) as u64));
        let parameters = block(parameters::BYTES);
        if parameters.at.is_null() {
            return None;
        }
        loader.put_u32(loader::LENGTH, loader::BYTES.at(width) as u32);
        loader.put_u32(loader::INITIALIZED, 1);
        for (list, _) in LISTS {
            let head = loader.inside(list);
            head.put(NEXT, head.at.0);
            head.put(PREVIOUS, head.at.0);
        }
        for (field, text) in [
            (parameters::IMAGE, r"C:\windows\system32\opendriver.exe"),
            (parameters::COMMAND_LINE, &*config.command_line),
            (parameters::DIRECTORY, r"C:\windows\system32\"),
            (parameters::DLL_PATH, r"C:\windows\system32"),
        ] {
            parameters.put_text(heap, field, text);
        }
        parameters.put_u32(parameters::MAXIMUM_LENGTH, parameters::BYTES as u32);
        parameters.put_u32(parameters::LENGTH, parameters::BYTES as u32);
        // The block is normalised: its strings are addresses, not offsets.
        parameters.put_u32(parameters::FLAGS, 1);
        let mut environment: Vec<u16> = Vec::new();
        for (name, value) in &config.environment {
            environment.extend(format!("{name}={value}").encode_utf16());
            environment.push(0);
        }
        environment.extend([0, 0]);
        parameters.put(parameters::ENVIRONMENT, units(heap, &environment).0);
        let mark = heap.allocate(16, true);
        if mark.is_null() {
            return None;
        }
        at.put(process::LOADER, loader.at.0);
        at.put(process::HEAP, mark.0);
        at.put(process::PARAMETERS, parameters.at.0);
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        at.put_u32(process::PROCESSORS, processors as u32);
        let (major, minor, build) = VERSION;
        at.put_u32(process::MAJOR, major);
        at.put_u32(process::MINOR, minor);
        at.put_u32(process::BUILD, build.into());
        at.put_u32(process::PLATFORM, PLATFORM);
        Some(Self {
            at,
            loader,
            heap: mark,
            entries: Mutex::default(),
        })
    }

    /// The address that `gs:[0x60]` holds, and `fs:[0x30]` in 32-bit code.
    pub(crate) fn address(&self) -> u64 {
        self.at.at.0
    }

    /// The handle that `GetProcessHeap` answers: an address that can be read.
    pub(crate) fn default_heap(&self) -> u64 {
        self.heap.0
    }

    /// Says what `GetModuleHandle(NULL)` answers.
    pub(crate) fn set_program(&self, image: u64) {
        self.at.put(process::IMAGE_BASE, image);
    }

    /// Adds a module to the end of the three lists.
    pub(crate) fn add(&self, heap: &Heap, base: u64, size: u64, start: u64, path: &str) {
        let mut entries = self.entries.lock().expect("no holder panics");
        let entry = Block {
            at: heap.allocate(entry::BYTES, true),
            width: self.at.width,
        };
        if entry.at.is_null() {
            return;
        }
        entry.put(entry::BASE, base);
        entry.put(entry::START, start);
        entry.put_u32(entry::SIZE, size as u32);
        entry.put_u32(entry::REFERENCES, 1);
        entry.put_text(heap, entry::PATH, path);
        entry.put_text(heap, entry::NAME, path.rsplit('\\').next().unwrap_or(path));
        for (list, link) in LISTS {
            let (head, node) = (self.loader.inside(list), entry.inside(link));
            let last = head.followed(PREVIOUS);
            node.put(NEXT, head.at.0);
            node.put(PREVIOUS, last.at.0);
            last.put(NEXT, node.at.0);
            head.put(PREVIOUS, node.at.0);
        }
        entries.push((base, entry));
    }

    /// Takes a module out of the lists.
    pub(crate) fn remove(&self, heap: &Heap, base: u64) {
        let mut entries = self.entries.lock().expect("no holder panics");
        let Some(index) = entries.iter().position(|(known, _)| *known == base) else {
            return;
        };
        let (_, entry) = entries.remove(index);
        for (_, link) in LISTS {
            let node = entry.inside(link);
            let (next, previous) = (node.followed(NEXT), node.followed(PREVIOUS));
            previous.put(NEXT, next.at.0);
            next.put(PREVIOUS, previous.at.0);
        }
        for text in [entry::PATH, entry::NAME] {
            heap.free(entry.inside(text).followed(TEXT).at);
        }
        heap.free(entry.at);
    }
}

/// A block that this file made, or what a driver made of its links.
#[derive(Clone, Copy)]
struct Block {
    at: Addr,
    width: Width,
}

impl Block {
    /// What lies in it at a field.
    fn inside(self, field: Field) -> Self {
        Self {
            at: self.at.offset(field.at(self.width) as u64),
            ..self
        }
    }

    /// What the address leads to that a field holds.
    fn followed(self, field: Field) -> Self {
        let word = self.inside(field).at.0 as usize;
        let at = match self.width {
            // SAFETY: the tolerant read answers nothing for an address that is not mapped.
            Width::Bits64 => unsafe { opendriver_guard::read_u64(word) },
            // SAFETY: as above.
            Width::Bits32 => unsafe { opendriver_guard::read_u32(word) }.map(u64::from),
        };
        let at = Addr(at.unwrap_or(0));
        Self { at, ..self }
    }

    /// Writes a word as wide as an address.
    fn put(self, field: Field, value: u64) {
        match self.width {
            Width::Bits64 => {
                let word = self.inside(field).at.0 as usize;
                // SAFETY: fields lie in the blocks that this file made; where a driver has overwritten a list,
                // the tolerant write fails and nothing else happens.
                let _ = unsafe { opendriver_guard::write_u64(word, value) };
            }
            Width::Bits32 => self.put_u32(field, value as u32),
        }
    }

    fn put_u32(self, field: Field, value: u32) {
        let word = self.inside(field).at.0 as usize;
        // SAFETY: as in `put`.
        let _ = unsafe { opendriver_guard::write_u32(word, value) };
    }

    /// Writes a `UNICODE_STRING` with text of its own.
    fn put_text(self, heap: &Heap, field: Field, text: &str) {
        let mut text: Vec<u16> = text.encode_utf16().collect();
        let bytes = (text.len() * 2).min(0xFFF0) as u32;
        text.push(0);
        let string = self.inside(field);
        string.put_u32(LENGTHS, bytes | (bytes + 2) << 16);
        string.put(TEXT, units(heap, &text).0);
    }
}

/// Copies UTF-16 units into a block of their own.
fn units(heap: &Heap, units: &[u16]) -> Addr {
    let block = heap.allocate(size_of_val(units) as u64, false);
    // SAFETY: the block was just made for these bytes; a null block is answered, not followed.
    let _ = unsafe {
        opendriver_guard::copy(
            block.0 as *mut u8,
            units.as_ptr().cast(),
            size_of_val(units),
        )
    };
    block
}
