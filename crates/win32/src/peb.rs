//! The process environment block, its parameters, and its list of modules.
//!
//! Layouts as `winternl.h` and public debugger documentation give them, 64-bit.

use std::sync::Mutex;

use opendriver_pe::Width;

use crate::heap::Heap;
use crate::process::Config;
use crate::shim::Addr;

/// What a driver that walks the PEB finds.
pub(crate) struct Peb {
    at: Addr,
    loader: Addr,
    heap: Addr,
    entries: Mutex<Vec<(u64, Addr)>>,
}

const PEB_BYTES: u64 = 0x800;
const LOADER_BYTES: u64 = 0x58;
const PARAMETERS_BYTES: u64 = 0x400;
const ENTRY_BYTES: u64 = 0x120;
/// Where the three lists start in `PEB_LDR_DATA`, and where their links lie in an entry.
const LISTS: [(u64, u64); 3] = [(0x10, 0x00), (0x20, 0x10), (0x30, 0x20)];
/// Windows 10, which drivers that ask accept.
pub(crate) const VERSION: (u32, u32, u16) = (10, 0, 19041);

impl Peb {
    /// Makes a PEB in the process heap; it goes with the heap.
    pub(crate) fn new(heap: &Heap, config: &Config) -> Self {
        let at = heap.allocate(PEB_BYTES, true);
        let loader = heap.allocate(LOADER_BYTES, true);
        let parameters = heap.allocate(PARAMETERS_BYTES, true);
        assert!(!parameters.is_null(), "no memory for a Windows process");
        put(loader, 0x00, LOADER_BYTES as u32 as u64 | 1 << 32);
        for (list, _) in LISTS {
            put(loader, list, loader.offset(list).0);
            put(loader, list + 8, loader.offset(list).0);
        }
        put_text(
            heap,
            parameters,
            0x60,
            r"C:\windows\system32\opendriver.exe",
        );
        put_text(heap, parameters, 0x70, &config.command_line);
        put_text(heap, parameters, 0x38, r"C:\windows\system32\");
        put_text(heap, parameters, 0x50, r"C:\windows\system32");
        put(parameters, 0x00, PARAMETERS_BYTES | PARAMETERS_BYTES << 32);
        // The block is normalised: its strings are addresses, not offsets.
        put(parameters, 0x08, 1);
        let mut block: Vec<u16> = Vec::new();
        for (name, value) in &config.environment {
            block.extend(format!("{name}={value}").encode_utf16());
            block.push(0);
        }
        block.extend([0, 0]);
        put(parameters, 0x80, units(heap, &block).0);
        let mark = heap.allocate(16, true);
        match config.width {
            Width::Bits32 => put(at, 0x18, mark.0),
            Width::Bits64 => {
                put(at, 0x18, loader.0);
                put(at, 0x30, mark.0);
            }
        }
        put(at, 0x20, parameters.0);
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        put(at, 0xB8, processors as u64);
        let (major, minor, build) = VERSION;
        put(at, 0x118, u64::from(major) | u64::from(minor) << 32);
        put(at, 0x120, u64::from(build) | 2 << 32);
        Self {
            at,
            loader,
            heap: mark,
            entries: Mutex::default(),
        }
    }

    /// The address that `gs:[0x60]` holds.
    pub(crate) fn address(&self) -> u64 {
        self.at.0
    }

    /// The handle that `GetProcessHeap` answers: an address that can be read.
    pub(crate) fn default_heap(&self) -> u64 {
        self.heap.0
    }

    /// Says what `GetModuleHandle(NULL)` answers.
    pub(crate) fn set_program(&self, image: u64) {
        put(self.at, 0x10, image);
    }

    /// Adds a module to the end of the three lists.
    pub(crate) fn add(&self, heap: &Heap, base: u64, size: u64, entry: u64, path: &str) {
        let mut entries = self.entries.lock().expect("no holder panics");
        let at = heap.allocate(ENTRY_BYTES, true);
        if at.is_null() {
            return;
        }
        put(at, 0x30, base);
        put(at, 0x38, entry);
        put(at, 0x40, size);
        put_text(heap, at, 0x48, path);
        put_text(heap, at, 0x58, path.rsplit('\\').next().unwrap_or(path));
        for (list, link) in LISTS {
            let head = self.loader.offset(list);
            let node = at.offset(link);
            let last = Addr(take(head, 8));
            put(node, 0, head.0);
            put(node, 8, last.0);
            put(last, 0, node.0);
            put(head, 8, node.0);
        }
        entries.push((base, at));
    }

    /// Takes a module out of the lists.
    pub(crate) fn remove(&self, heap: &Heap, base: u64) {
        let mut entries = self.entries.lock().expect("no holder panics");
        let Some(index) = entries.iter().position(|(known, _)| *known == base) else {
            return;
        };
        let (_, at) = entries.remove(index);
        for (_, link) in LISTS {
            let (next, previous) = (Addr(take(at, link)), Addr(take(at, link + 8)));
            put(previous, 0, next.0);
            put(next, 8, previous.0);
        }
        for text in [0x50, 0x60] {
            heap.free(Addr(take(at, text)));
        }
        heap.free(at);
    }
}

/// Writes a word of a block that this file made.
fn put(block: Addr, at: u64, value: u64) {
    let word = block.offset(at).0 as usize;
    // SAFETY: callers pass blocks of the process heap and offsets that lie in them; where a driver
    // has overwritten a list, the tolerant write fails and nothing else happens.
    let _ = unsafe { opendriver_guard::write_u64(word, value) };
}

fn take(block: Addr, at: u64) -> u64 {
    let word = block.offset(at).0 as usize;
    // SAFETY: as in `put`.
    unsafe { opendriver_guard::read_u64(word) }.unwrap_or(0)
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

/// Writes a `UNICODE_STRING` with text of its own.
fn put_text(heap: &Heap, block: Addr, at: u64, text: &str) {
    let mut text: Vec<u16> = text.encode_utf16().collect();
    let bytes = (text.len() * 2).min(0xFFF0) as u64;
    text.push(0);
    put(block, at, bytes | (bytes + 2) << 16);
    put(block, at + 8, units(heap, &text).0);
}
