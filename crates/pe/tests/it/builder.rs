//! Builds PE images from a description of what they are to say.

use opendriver_pe::{Symbol, Width};

/// Where the only section begins, in memory and in the file.
const SECTION_RVA: u32 = 0x1000;
const SECTION_AT: usize = 0x400;

/// What an image is to say.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) width: Width,
    pub(crate) base: u64,
    pub(crate) imports: Vec<(String, Vec<Wanted>)>,
    pub(crate) delayed: Vec<(String, Vec<Wanted>)>,
    /// Delayed imports by absolute addresses, as the first linkers wrote them.
    pub(crate) old_delayed: bool,
    pub(crate) first_ordinal: u32,
    pub(crate) exports: Vec<Offered>,
    pub(crate) tls: Option<(Vec<u8>, u32, usize)>,
    pub(crate) resources: Vec<(u16, u16, u16, Vec<u8>)>,
    /// Addresses that want relocation: each holds the image base plus its number.
    pub(crate) pointers: u32,
    /// Zeros that follow the bytes of the file.
    pub(crate) zeros: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Name(String),
    Ordinal(u16),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    Nothing,
    Numbered(u32),
    Named(String, u32),
    Forwarded(String, String),
}

/// An image, and where in it the things are that only its maker knows.
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    pub(crate) pointers: Vec<u32>,
    pub(crate) tls_index: u32,
}

impl Default for Description {
    fn default() -> Self {
        Self {
            width: Width::Bits64,
            base: 0x1_8000_0000,
            imports: Vec::new(),
            delayed: Vec::new(),
            old_delayed: false,
            first_ordinal: 1,
            exports: Vec::new(),
            tls: None,
            resources: Vec::new(),
            pointers: 0,
            zeros: 0,
        }
    }
}

impl Wanted {
    pub(crate) fn is(&self, symbol: Symbol<'_>) -> bool {
        match self {
            Self::Name(name) => symbol == Symbol::Name(name),
            Self::Ordinal(ordinal) => symbol == Symbol::Ordinal(*ordinal),
        }
    }
}

impl Description {
    pub(crate) fn build(&self) -> Built {
        let mut blob = Blob {
            bytes: Vec::new(),
            wide: self.width == Width::Bits64,
        };
        let mut directories = [(0u32, 0u32); 16];
        directories[1] = self.imports(&mut blob);
        directories[13] = self.delayed(&mut blob);
        directories[0] = self.exports(&mut blob);
        directories[2] = resources(&mut blob, &self.resources);
        let (tls, tls_index) = self.tls(&mut blob);
        directories[9] = tls;
        let pointers: Vec<u32> = (0..self.pointers)
            .map(|number| blob.address(self.base + u64::from(number)))
            .collect();
        directories[5] = relocations(&mut blob, &pointers);
        Built {
            bytes: self.file(blob, &directories),
            pointers,
            tls_index,
        }
    }

    fn imports(&self, blob: &mut Blob) -> (u32, u32) {
        let mut descriptors = Vec::new();
        for (dll, wanted) in &self.imports {
            let name = blob.text(dll);
            let names = self.wanted(blob, wanted, 0);
            let slots = self.wanted(blob, wanted, 0);
            descriptors.extend([names, 0, 0, name, slots]);
        }
        self.table(blob, descriptors, 5)
    }

    fn delayed(&self, blob: &mut Blob) -> (u32, u32) {
        let mut descriptors = Vec::new();
        let base = if self.old_delayed { self.base } else { 0 };
        for (dll, wanted) in &self.delayed {
            let name = blob.text(dll);
            let handle = blob.address(0);
            let names = self.wanted(blob, wanted, base);
            let slots = self.wanted(blob, wanted, base);
            let attributes = u32::from(!self.old_delayed);
            let field = |rva: u32| (base + u64::from(rva)) as u32;
            let fields = [field(name), field(handle), field(slots), field(names)];
            descriptors.push(attributes);
            descriptors.extend(fields);
            descriptors.extend([0, 0, 0]);
        }
        self.table(blob, descriptors, 8)
    }

    fn table(&self, blob: &mut Blob, mut fields: Vec<u32>, width: usize) -> (u32, u32) {
        if fields.is_empty() {
            return (0, 0);
        }
        fields.extend(std::iter::repeat_n(0, width));
        (blob.words(&fields), 4 * fields.len() as u32)
    }

    fn wanted(&self, blob: &mut Blob, wanted: &[Wanted], base: u64) -> u32 {
        let flag = if blob.wide { 1 << 63 } else { 1 << 31 };
        let values: Vec<u64> = wanted
            .iter()
            .map(|wanted| match wanted {
                Wanted::Ordinal(ordinal) => flag | u64::from(*ordinal),
                Wanted::Name(name) => {
                    let hint = blob.put(&[0, 0], 2);
                    blob.bytes.extend(name.bytes().chain([0]));
                    base + u64::from(hint)
                }
            })
            .chain([0])
            .collect();
        let places: Vec<u32> = values
            .into_iter()
            .map(|value| blob.address(value))
            .collect();
        places[0]
    }

    fn exports(&self, blob: &mut Blob) -> (u32, u32) {
        if self.exports.is_empty() {
            return (0, 0);
        }
        // Forwarders are told from addresses by lying inside the table, so everything goes into one stretch.
        let start = blob.align(4);
        blob.put(&[0; 40], 4);
        let mut functions = Vec::new();
        let mut names = Vec::new();
        for (index, offered) in self.exports.iter().enumerate() {
            functions.push(match offered {
                Offered::Nothing => 0,
                Offered::Numbered(rva) | Offered::Named(_, rva) => *rva,
                Offered::Forwarded(_, target) => blob.text(target),
            });
            if let Offered::Named(name, _) | Offered::Forwarded(name, _) = offered {
                names.push((name.clone(), index as u16));
            }
        }
        names.sort();
        let name = blob.text("built.dll");
        let texts: Vec<u32> = names.iter().map(|(name, _)| blob.text(name)).collect();
        let ordinals: Vec<u8> = names
            .iter()
            .flat_map(|(_, index)| index.to_le_bytes())
            .collect();
        let ordinals = blob.put(&ordinals, 2);
        let (texts_at, functions_at) = (blob.words(&texts), blob.words(&functions));
        let (functions, names) = (functions.len() as u32, names.len() as u32);
        let table = [0, 0, 0, name, self.first_ordinal, functions, names];
        blob.set(start, &table[..]);
        blob.set(start + 28, &[functions_at, texts_at, ordinals]);
        (start, blob.end() - start)
    }

    fn tls(&self, blob: &mut Blob) -> ((u32, u32), u32) {
        let Some((data, zero_fill, callbacks)) = &self.tls else {
            return ((0, 0), 0);
        };
        let start = blob.put(data, 16);
        let index = blob.address(0);
        let list = blob.end();
        for number in 0..*callbacks as u64 {
            blob.address(self.base + u64::from(SECTION_RVA) + number);
        }
        blob.address(0);
        let directory = blob.end();
        let absolute = |rva: u32| self.base + u64::from(rva);
        blob.address(absolute(start));
        blob.address(absolute(start + data.len() as u32));
        blob.address(absolute(index));
        blob.address(absolute(list));
        blob.words(&[*zero_fill, 0]);
        ((directory, blob.end() - directory), index)
    }

    fn file(&self, mut blob: Blob, directories: &[(u32, u32)]) -> Vec<u8> {
        let virtual_size = blob.bytes.len() as u32 + self.zeros;
        blob.bytes
            .resize(blob.bytes.len().next_multiple_of(0x200), 0);
        let raw_size = blob.bytes.len() as u32;
        let image_size = SECTION_RVA + virtual_size.max(1).next_multiple_of(0x1000);
        let mut file = Blob {
            bytes: Vec::new(),
            wide: blob.wide,
        };
        let words = |file: &mut Blob, words: &[u32]| {
            file.bytes
                .extend(words.iter().flat_map(|word| word.to_le_bytes()));
        };
        file.bytes.extend(b"MZ");
        file.bytes.resize(0x3c, 0);
        words(&mut file, &[0x40]);
        file.bytes.extend(b"PE\0\0");
        let (machine, optional) = if blob.wide {
            (0x8664, 240)
        } else {
            (0x14c, 224)
        };
        words(
            &mut file,
            &[machine | 1 << 16, 0x5eed, 0, 0, optional | 0x2022 << 16],
        );
        let magic = if blob.wide { 0x20b } else { 0x10b };
        words(
            &mut file,
            &[magic, 0, raw_size, 0, SECTION_RVA, SECTION_RVA],
        );
        if blob.wide {
            file.bytes.extend(self.base.to_le_bytes());
        } else {
            words(&mut file, &[SECTION_RVA, self.base as u32]);
        }
        let headers = SECTION_AT as u32;
        words(
            &mut file,
            &[
                0x1000,
                0x200,
                4,
                0,
                4,
                0,
                image_size,
                headers,
                0,
                2 | 0x160 << 16,
            ],
        );
        for _ in 0..4 {
            file.bytes
                .extend(if blob.wide { &[0; 8][..] } else { &[0; 4] });
        }
        words(&mut file, &[0, 16]);
        for (rva, size) in directories {
            words(&mut file, &[*rva, *size]);
        }
        file.bytes.extend(b".all\0\0\0\0");
        words(
            &mut file,
            &[
                virtual_size,
                SECTION_RVA,
                raw_size,
                headers,
                0,
                0,
                0,
                0xc000_0040,
            ],
        );
        file.bytes.resize(SECTION_AT, 0);
        file.bytes.extend(blob.bytes);
        file.bytes
    }
}

/// Two-level numbers below types, each in one language: enough for the reader, which has its own idea of the depth.
fn resources(blob: &mut Blob, resources: &[(u16, u16, u16, Vec<u8>)]) -> (u32, u32) {
    if resources.is_empty() {
        return (0, 0);
    }
    let root = blob.align(4);
    let count = resources.len() as u32;
    let header = |count: u32| [0, 0, 0, count << 16];
    // The root, then a directory of names and one of languages for each resource, then the entries, then the data.
    let names = 16 + 8 * count;
    let entries = names + 48 * count;
    let data = entries + 16 * count;
    let mut words = header(count).to_vec();
    for (index, (kind, ..)) in resources.iter().enumerate() {
        words.extend([u32::from(*kind), 1 << 31 | (names + 48 * index as u32)]);
    }
    for (index, (_, name, language, _)) in resources.iter().enumerate() {
        let at = names + 48 * index as u32;
        words.extend(header(1));
        words.extend([u32::from(*name), 1 << 31 | (at + 24)]);
        words.extend(header(1));
        words.extend([u32::from(*language), entries + 16 * index as u32]);
    }
    let mut at = root + data;
    for (.., bytes) in resources {
        words.extend([at, bytes.len() as u32, 1252, 0]);
        at += bytes.len() as u32;
    }
    blob.words(&words);
    for (.., bytes) in resources {
        blob.bytes.extend(bytes);
    }
    (root, blob.end() - root)
}

fn relocations(blob: &mut Blob, pointers: &[u32]) -> (u32, u32) {
    let start = blob.align(4);
    let kind: u16 = if blob.wide { 10 } else { 3 };
    for page in pointers.chunk_by(|a, b| a >> 12 == b >> 12) {
        let mut entries: Vec<u16> = page
            .iter()
            .map(|rva| kind << 12 | *rva as u16 & 0xfff)
            .collect();
        entries.resize(entries.len().next_multiple_of(2), 0);
        blob.words(&[page[0] & !0xfff, 8 + 2 * entries.len() as u32]);
        blob.bytes
            .extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
    }
    if blob.end() == start {
        return (0, 0);
    }
    (start, blob.end() - start)
}

/// The section that grows; everything is put where it will stand in memory.
struct Blob {
    bytes: Vec<u8>,
    wide: bool,
}

impl Blob {
    fn end(&self) -> u32 {
        SECTION_RVA + self.bytes.len() as u32
    }

    fn align(&mut self, to: usize) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
        self.end()
    }

    fn put(&mut self, bytes: &[u8], align: usize) -> u32 {
        let rva = self.align(align);
        self.bytes.extend(bytes);
        rva
    }

    fn text(&mut self, text: &str) -> u32 {
        let rva = self.end();
        self.bytes.extend(text.bytes().chain([0]));
        rva
    }

    fn words(&mut self, words: &[u32]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.put(&bytes, 4)
    }

    fn address(&mut self, value: u64) -> u32 {
        let width = if self.wide { 8 } else { 4 };
        self.put(&value.to_le_bytes()[..width], width)
    }

    fn set(&mut self, rva: u32, words: &[u32]) {
        let at = (rva - SECTION_RVA) as usize;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.bytes[at..at + bytes.len()].copy_from_slice(&bytes);
    }
}
