//! `version.dll`: the version information of files.

use opendriver_pe::{File, ResourceId};

use crate::cx::Cx;
use crate::disk::Place;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Dll, shims};
use crate::trap::Trap;

pub(super) static VERSION: Dll = Dll {
    name: "version.dll",
    tables: &[SHIMS],
    ..Dll::EMPTY
};

/// `ERROR_RESOURCE_DATA_NOT_FOUND`, `ERROR_FILE_NOT_FOUND` and `ERROR_INSUFFICIENT_BUFFER`
const NO_RESOURCE: u32 = 1812;
const NO_FILE: u32 = 2;
const TOO_SMALL: u32 = 122;

shims! {
    static SHIMS = "version.dll", stdcall;

    /// Answers how much room the version information of a file needs.
    fn GetFileVersionInfoSizeA(cx, file: Addr, zero: Addr) -> u32 {
        size(cx, Ansi, file, zero)
    }

    /// Answers how much room the version information of a file needs.
    fn GetFileVersionInfoSizeW(cx, file: Addr, zero: Addr) -> u32 {
        size(cx, Wide, file, zero)
    }

    /// Answers how much room the version information of a file needs.
    fn GetFileVersionInfoSizeExA(cx, flags: u32, file: Addr, zero: Addr) -> u32 {
        size(cx, Ansi, file, zero)
    }

    /// Answers how much room the version information of a file needs.
    fn GetFileVersionInfoSizeExW(cx, flags: u32, file: Addr, zero: Addr) -> u32 {
        size(cx, Wide, file, zero)
    }

    /// Reads the version information of a file.
    fn GetFileVersionInfoA(cx, file: Addr, handle: u32, room: u32, buffer: Addr) -> bool {
        read(cx, Ansi, file, room, buffer)
    }

    /// Reads the version information of a file.
    fn GetFileVersionInfoW(cx, file: Addr, handle: u32, room: u32, buffer: Addr) -> bool {
        read(cx, Wide, file, room, buffer)
    }

    /// Reads the version information of a file.
    fn GetFileVersionInfoExA(cx, flags: u32, file: Addr, handle: u32, room: u32, buffer: Addr) -> bool {
        read(cx, Ansi, file, room, buffer)
    }

    /// Reads the version information of a file.
    fn GetFileVersionInfoExW(cx, flags: u32, file: Addr, handle: u32, room: u32, buffer: Addr) -> bool {
        read(cx, Wide, file, room, buffer)
    }

    /// Finds one thing in version information by its path.
    fn VerQueryValueA(cx, block: Addr, path: Addr, value: Addr, length: Addr) -> bool {
        query(cx, Ansi, block, path, value, length)
    }

    /// Finds one thing in version information by its path.
    fn VerQueryValueW(cx, block: Addr, path: Addr, value: Addr, length: Addr) -> bool {
        query(cx, Wide, block, path, value, length)
    }

    /// Names a language by its number.
    fn VerLanguageNameA(cx, language: u32, buffer: Addr, room: u32) -> u32 {
        language_name(cx, Ansi, language, buffer, room)
    }

    /// Names a language by its number.
    fn VerLanguageNameW(cx, language: u32, buffer: Addr, room: u32) -> u32 {
        language_name(cx, Wide, language, buffer, room)
    }
}

/// The version resource of a file, or the last error that says why there is none.
fn resource(cx: &Cx<'_>, letters: Letters, file: Addr) -> Result<Result<Vec<u8>, u32>, Trap> {
    const VERSION_RESOURCE: u16 = 16;
    let path = letters.read(cx, file)?;
    let process = cx.process();
    // A bare name is that of a loaded module first, as the search path leads there on Windows.
    let loaded = process
        .module_handle(&path)
        .and_then(|handle| process.images().by_address(handle));
    let host = match loaded {
        Some(image) => Some(image.path().to_owned()),
        None => match process.locate(&path) {
            Ok(Place::Host(host)) => Some(host),
            _ => None,
        },
    };
    let Some(bytes) = host.and_then(|host| std::fs::read(host).ok()) else {
        return Ok(Err(NO_FILE));
    };
    let found = || {
        let file = File::parse(&bytes).ok()?;
        let resources = file.resources().ok()?;
        let kind = ResourceId::Number(VERSION_RESOURCE);
        let found = resources.find(kind, ResourceId::Number(1), None).ok()??;
        resources.data(&found).ok().map(<[u8]>::to_vec)
    };
    Ok(found().ok_or(NO_RESOURCE))
}

/// Behind the resource is room for each text in the form of the other functions.
fn size(cx: &Cx<'_>, letters: Letters, file: Addr, zero: Addr) -> Result<u32, Trap> {
    cx.write_unless_null(zero, 0_u32)?;
    match resource(cx, letters, file)? {
        Ok(bytes) => Ok(bytes.len() as u32 * 2),
        Err(error) => cx.fail(error, 0),
    }
}

fn read(cx: &Cx<'_>, letters: Letters, file: Addr, room: u32, buffer: Addr) -> Result<bool, Trap> {
    let bytes = match resource(cx, letters, file)? {
        Ok(bytes) => bytes,
        Err(error) => return cx.fail(error, false),
    };
    if (room as usize) < bytes.len() {
        return cx.fail(TOO_SMALL, false);
    }
    cx.put(buffer, &bytes)?;
    Ok(true)
}

/// One block of the tree: where it is and what it holds, counted from the start of the whole.
struct Block {
    end: u64,
    name: String,
    is_text: bool,
    value: u64,
    value_length: u16,
    children: u64,
}

impl Block {
    fn read(cx: &Cx<'_>, whole: Addr, at: u64) -> Result<Self, Trap> {
        let word = |offset| cx.read::<u16>(whole.offset(at + offset));
        let (length, value_length, kind) = (word(0)?, word(2)?, word(4)?);
        let name = cx.wide(whole.offset(at + 6))?;
        let value = (at + 6 + 2 * (name.len() as u64 + 1)).next_multiple_of(4);
        let bytes = u64::from(value_length) * if kind == 1 { 2 } else { 1 };
        Ok(Self {
            end: at + u64::from(length),
            name: String::from_utf16_lossy(&name),
            is_text: kind == 1,
            value,
            value_length,
            children: (value + bytes).next_multiple_of(4),
        })
    }

    fn child(&self, cx: &Cx<'_>, whole: Addr, name: &str) -> Result<Option<Self>, Trap> {
        let mut at = self.children;
        while at + 6 < self.end {
            let block = Self::read(cx, whole, at)?;
            if block.name.eq_ignore_ascii_case(name) {
                return Ok(Some(block));
            }
            if block.end <= at {
                break;
            }
            at = block.end.next_multiple_of(4);
        }
        Ok(None)
    }
}

fn query(
    cx: &Cx<'_>,
    letters: Letters,
    whole: Addr,
    path: Addr,
    value: Addr,
    length: Addr,
) -> Result<bool, Trap> {
    /// `ERROR_RESOURCE_TYPE_NOT_FOUND`
    const NOT_FOUND: u32 = 1813;
    let path = letters.read(cx, path)?;
    let mut block = Block::read(cx, whole, 0)?;
    let total = block.end;
    for name in path.split(['\\', '/']).filter(|name| !name.is_empty()) {
        match block.child(cx, whole, name)? {
            Some(child) => block = child,
            None => {
                cx.write_unless_null(length, 0_u32)?;
                return cx.fail(NOT_FOUND, false);
            }
        }
    }
    let mut at = whole.offset(block.value);
    if letters == Ansi && block.is_text {
        let text = cx.text_w(at)?;
        // Each text has a place of its own behind the resource: half as far in as the text itself.
        at = whole.offset(total + block.value / 2);
        Ansi.put(cx, at, &text)?;
    }
    cx.write_addr(value, at)?;
    cx.write_unless_null(length, u32::from(block.value_length))?;
    Ok(true)
}

fn language_name(
    cx: &Cx<'_>,
    letters: Letters,
    language: u32,
    buffer: Addr,
    room: u32,
) -> Result<u32, Trap> {
    let name = match language as u16 {
        0 => "Language Neutral",
        0x0407 => "German (Germany)",
        0x0409 => "English (United States)",
        0x040C => "French (France)",
        0x0411 => "Japanese (Japan)",
        0x0809 => "English (United Kingdom)",
        _ => "Language Neutral",
    };
    letters
        .put_cut(cx, buffer, name, u64::from(room))
        .map(|written| written as u32)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "version.dll";

    fn block(
        name: &str,
        is_text: bool,
        value: &[u8],
        value_length: u16,
        children: &[Vec<u8>],
    ) -> Vec<u8> {
        let mut bytes = [0_u16, value_length, u16::from(is_text)]
            .map(u16::to_le_bytes)
            .concat();
        bytes.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(value);
        for child in children {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes.extend(child);
        }
        let length = bytes.len() as u16;
        bytes[..2].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    #[test]
    fn things_are_found_by_their_path_in_both_forms() {
        let text: Vec<u8> = "Codéc\0"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let name = block("FileDescription", true, &text, 6, &[]);
        let table = block(
            "040904b0",
            true,
            &[],
            0,
            &[block("Other", true, &[], 0, &[]), name],
        );
        let strings = block("StringFileInfo", true, &[], 0, &[table]);
        let translations = block("Translation", false, &[9, 4, 0xB0, 4], 4, &[]);
        let variables = block("VarFileInfo", true, &[], 0, &[translations]);
        let mut whole = block(
            "VS_VERSION_INFO",
            false,
            &[0xBD; 52],
            52,
            &[strings, variables],
        );
        whole.resize(whole.len() * 2, 0);

        let bench = Bench::new();
        let (whole, value) = (bench.bytes(&whole), bench.bytes(&[0; 16]));
        let query = |path: &str| {
            let found = bench.ask(
                DLL,
                "VerQueryValueA",
                &[whole, bench.text(path), value, value + 8],
            );
            let word = |at| u64::from_le_bytes(bench.read(at, 8).try_into().unwrap());
            (found, word(value), word(value + 8) as u32)
        };
        let (found, at, length) = query(r"\stringfileinfo\040904B0\FileDescription");
        assert_eq!((found, length), (1, 6));
        assert_eq!(bench.read(at, 6), b"Cod\xe9c\0");
        let (found, at, length) = query(r"\VarFileInfo\Translation");
        assert_eq!(
            (found, length, bench.read(at, 4)),
            (1, 4, vec![9, 4, 0xB0, 4])
        );
        let (found, at, length) = query(r"\");
        assert_eq!((found, length, bench.read(at, 1)), (1, 52, vec![0xBD]));
        assert_eq!(query(r"\StringFileInfo\040904B0\Missing").0, 0);
    }

    #[test]
    fn a_file_that_is_not_there_has_no_version() {
        let bench = Bench::new();
        let path = bench.text(r"Z:\nowhere\x.dll");
        assert_eq!(bench.ask(DLL, "GetFileVersionInfoSizeA", &[path, 0]), 0);
        assert_eq!(bench.ask("kernel32.dll", "GetLastError", &[]), 2);
    }
}
