//! What a file says without being run: its kind, its machine, its exports, its version.

use std::path::{Path, PathBuf};

use object::read::elf::ElfFile64;
use object::{Object as _, ObjectSymbol as _, SymbolKind};
use opendriver_pe::{Machine, Version, Width};
use serde::Serialize;

use super::kind::Kind;

/// What a file says without being run.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    pub(crate) file: PathBuf,
    pub(crate) size: u64,
    pub(crate) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) machine: Option<String>,
    /// How wide addresses of that machine are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bits: Option<u8>,
    /// The names that it exports, as it spells them; numbers (`#7`) where there is no name.
    pub(crate) exports: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<VersionFacts>,
    /// What is broken in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<String>,
}

/// A version resource.
#[derive(Debug, Serialize)]
pub(crate) struct VersionFacts {
    /// The version of the file, as in `4.10.0.1998`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// What the resource says that the file is for (`installable driver`, `sound driver`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<&'static str>,
    /// The texts in the first language that has any.
    pub(crate) texts: Vec<(String, String)>,
}

impl Facts {
    /// Reads a file.
    ///
    /// # Errors
    /// Only where it cannot be read: a file that is no driver is described, too.
    pub(crate) fn read(file: &Path) -> std::io::Result<Self> {
        let bytes = std::fs::read(file)?;
        let mut facts = Self {
            file: file.to_owned(),
            size: bytes.len() as u64,
            kind: Kind::of(&bytes),
            machine: None,
            bits: None,
            exports: Vec::new(),
            version: None,
            problems: Vec::new(),
        };
        match facts.kind {
            Kind::Pe => facts.read_pe(&bytes),
            Kind::Elf => facts.read_elf(&bytes),
            _ => {}
        }
        Ok(facts)
    }

    fn read_pe(&mut self, bytes: &[u8]) {
        let file = match opendriver_pe::File::parse(bytes) {
            Ok(file) => file,
            Err(error) => return self.problems.push(format!("it is {error}")),
        };
        self.bits = Some(match file.layout().width() {
            Width::Bits32 => 32,
            Width::Bits64 => 64,
        });
        self.machine = Some(match file.layout().machine() {
            Machine::X86 => "i386, 32 bits".to_owned(),
            Machine::X86_64 => "x86-64, 64 bits".to_owned(),
            Machine::Other(0xaa64) => "ARM64, 64 bits".to_owned(),
            Machine::Other(0x01c0 | 0x01c4) => "ARM, 32 bits".to_owned(),
            Machine::Other(number) => format!("machine {number:#06x}"),
            other => format!("{other:?}"),
        });
        match file.exports() {
            Ok(exports) => self
                .exports
                .extend(exports.iter().map(|export| match export.name {
                    Some(name) => name.to_owned(),
                    None => format!("#{}", export.ordinal),
                })),
            Err(error) => self.problems.push(format!("its exports: it is {error}")),
        }
        match file.resources().and_then(|resources| resources.version()) {
            Ok(version) => self.version = version.map(VersionFacts::new),
            Err(error) => self.problems.push(format!("its version: it is {error}")),
        }
    }

    fn read_elf(&mut self, bytes: &[u8]) {
        let wide = bytes.get(4) == Some(&2);
        let machine = bytes.get(18..20).and_then(|number| number.try_into().ok());
        let name = match machine.map(u16::from_le_bytes) {
            Some(0x03) => "i386",
            Some(0x3e) => "x86-64",
            Some(0xb7) => "ARM64",
            Some(0x28) => "ARM",
            Some(0xf3) => "RISC-V",
            _ => "another machine",
        };
        let bits = if wide { 64 } else { 32 };
        self.bits = Some(bits);
        self.machine = Some(format!("{name}, {bits} bits"));
        if !wide {
            return;
        }
        match ElfFile64::<object::Endianness>::parse(bytes) {
            Ok(elf) => self.exports.extend(
                elf.dynamic_symbols()
                    .filter(|symbol| symbol.is_definition() && symbol.kind() == SymbolKind::Text)
                    .filter_map(|symbol| symbol.name().ok().map(str::to_owned)),
            ),
            Err(error) => self
                .problems
                .push(format!("it is no sound ELF file: {error}")),
        }
    }

    /// Whether one of the exports has this name.
    pub(crate) fn exports(&self, name: &str) -> bool {
        self.exports.iter().any(|export| export == name)
    }
}

impl VersionFacts {
    fn new(version: Version) -> Self {
        let fixed = version.fixed;
        Self {
            file: fixed.map(|fixed| fixed.file.map(|part| part.to_string()).join(".")),
            purpose: fixed.and_then(|fixed| purpose(fixed.kind, fixed.subkind)),
            texts: version
                .tables
                .into_iter()
                .map(|table| table.strings)
                .find(|strings| !strings.is_empty())
                .unwrap_or_default(),
        }
    }
}

/// `VFT_*` and `VFT2_DRV_*`, as winver.h numbers them.
fn purpose(kind: u32, subkind: u32) -> Option<&'static str> {
    Some(match (kind, subkind) {
        (1, _) => "application",
        (2, _) => "library",
        (3, 1) => "printer driver",
        (3, 2) => "keyboard driver",
        (3, 3) => "language driver",
        (3, 4) => "display driver",
        (3, 5) => "mouse driver",
        (3, 6) => "network driver",
        (3, 7) => "system driver",
        (3, 8) => "installable driver",
        (3, 9) => "sound driver",
        (3, 10) => "communications driver",
        (3, _) => "driver",
        (4, _) => "font",
        (5, _) => "virtual device",
        _ => return None,
    })
}
