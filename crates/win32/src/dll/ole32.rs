//! `ole32.dll`: memory, identifiers and apartments; no class is registered.

mod marshaler;

use crate::cx::Cx;
use crate::letters::Letters::Wide;
use crate::shim::{Addr, Dll, Handle, Size, shims};
use crate::trap::Trap;

pub(super) static OLE32: Dll = Dll {
    name: "ole32.dll",
    tables: &[MEMORY, COM, marshaler::SHIMS],
    names: &["combase.dll"],
    ..Dll::EMPTY
};

const S_OK: u32 = 0;
const S_FALSE: u32 = 1;
const INVALID_ARGUMENT: u32 = 0x8007_0057;
/// `REGDB_E_CLASSNOTREG`
const NO_CLASS: u32 = 0x8004_0154;
/// `CO_E_CLASSSTRING`
const NO_IDENTIFIER: u32 = 0x8004_01F3;

shims! {
    static MEMORY = "ole32.dll", stdcall;

    /// Allocates memory that another component may free.
    fn CoTaskMemAlloc(cx, size: Size) -> Addr {
        Ok(cx.allocate(size))
    }

    /// Changes the size of memory that another component may free.
    fn CoTaskMemRealloc(cx, block: Addr, size: Size) -> Addr {
        if block.is_null() {
            return Ok(cx.allocate(size));
        }
        if size.0 == 0 {
            cx.free(block);
            return Ok(Addr::NULL);
        }
        Ok(cx.heap().reallocate(block, size.0, false))
    }

    /// Frees memory that another component may have allocated.
    fn CoTaskMemFree(cx, block: Addr) {
        if !block.is_null() {
            cx.free(block);
        }
        Ok(())
    }

    /// Empties a value that may be of any type.
    fn PropVariantClear(cx, value: Addr) -> u32 {
        let kind: u16 = cx.read(value)?;
        // VT_LPSTR, VT_LPWSTR, VT_CLSID, VT_BLOB: what they point at goes with them.
        let pointer = match kind {
            30 | 31 | 72 => Some(value.offset(8)),
            65 => Some(value.offset(8 + cx.pointer_size())),
            _ => None,
        };
        if let Some(pointer) = pointer {
            let block = cx.read_addr(pointer)?;
            if !block.is_null() {
                cx.free(block);
            }
        }
        cx.fill(value, 0, 8 + 2 * cx.pointer_size())?;
        Ok(S_OK)
    }

    /// Writes an identifier as text in braces; answers its length with the final zero.
    fn StringFromGUID2(cx, guid: Addr, buffer: Addr, room: i32) -> i32 {
        let text = text_of(cx, guid)?;
        if room < 39 {
            return Ok(0);
        }
        Wide.put(cx, buffer, &text)?;
        Ok(39)
    }

    /// Writes an identifier of a class as text in braces, to be freed.
    fn StringFromCLSID(cx, guid: Addr, text: Addr) -> u32 {
        give_text(cx, guid, text)
    }

    /// Writes an identifier of an interface as text in braces, to be freed.
    fn StringFromIID(cx, guid: Addr, text: Addr) -> u32 {
        give_text(cx, guid, text)
    }

    /// Reads the identifier of a class from text in braces.
    fn CLSIDFromString(cx, text: Addr, guid: Addr) -> u32 {
        read_identifier(cx, text, guid)
    }

    /// Reads the identifier of an interface from text in braces.
    fn IIDFromString(cx, text: Addr, guid: Addr) -> u32 {
        read_identifier(cx, text, guid)
    }

    /// Makes a new identifier.
    fn CoCreateGuid(cx, guid: Addr) -> u32 {
        cx.put(guid, &fresh_identifier())?;
        Ok(S_OK)
    }
}

shims! {
    static COM = "ole32.dll", stdcall;

    /// Prepares a thread for components.
    fn CoInitialize(cx, reserved: Addr) -> u32 {
        Ok(enter(cx))
    }

    /// Prepares a thread for components.
    fn CoInitializeEx(cx, reserved: Addr, model: u32) -> u32 {
        Ok(enter(cx))
    }

    /// Prepares a thread for components and documents.
    fn OleInitialize(cx, reserved: Addr) -> u32 {
        Ok(enter(cx))
    }

    /// Ends what `CoInitialize` began.
    fn CoUninitialize(cx) {
        leave(cx);
        Ok(())
    }

    /// Ends what `OleInitialize` began.
    fn OleUninitialize(cx) {
        leave(cx);
        Ok(())
    }

    /// Makes a component; no class is registered.
    fn CoCreateInstance(cx, class: Addr, outer: Addr, context: u32, interface: Addr, result: Addr) -> u32 {
        cx.write_addr(result, Addr::NULL)?;
        Ok(NO_CLASS)
    }

    /// Answers what makes components of a class; no class is registered.
    fn CoGetClassObject(cx, class: Addr, context: u32, server: Addr, interface: Addr, result: Addr) -> u32 {
        cx.write_addr(result, Addr::NULL)?;
        Ok(NO_CLASS)
    }

    /// Unloads components that nobody uses.
    fn CoFreeUnusedLibraries(cx) {
        Ok(())
    }

    /// Unloads the library of a component.
    fn CoFreeLibrary(cx, module: Handle) {
        Ok(())
    }

    /// Empties a medium of data.
    fn ReleaseStgMedium(cx, medium: Addr) {
        cx.fill(medium, 0, 3 * cx.pointer_size())
    }
}

/// How often a thread has been prepared.
#[derive(Default)]
struct Apartment {
    entered: std::cell::Cell<u32>,
}

fn enter(cx: &Cx<'_>) -> u32 {
    let apartment = cx.thread().state::<Apartment>();
    let before = apartment.entered.get();
    apartment.entered.set(before + 1);
    if before == 0 { S_OK } else { S_FALSE }
}

fn leave(cx: &Cx<'_>) {
    let apartment = cx.thread().state::<Apartment>();
    apartment
        .entered
        .set(apartment.entered.get().saturating_sub(1));
}

/// A random identifier in the form that says so (version 4).
pub(super) fn fresh_identifier() -> [u8; 16] {
    let mut bytes = [0_u8; 16];
    // SAFETY: the array is ours and as long as said; so few bytes come whole.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    bytes[7] = bytes[7] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    bytes
}

/// The form `{00000000-0000-0000-0000-000000000000}`.
pub(super) fn text_of(cx: &Cx<'_>, guid: Addr) -> Result<String, Trap> {
    let bytes = cx.bytes(guid, 16)?;
    // The first three parts are numbers, little-endian; the rest are bytes.
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let digits: Vec<String> = order
        .iter()
        .map(|&at| format!("{:02X}", bytes[at]))
        .collect();
    let part = |range: std::ops::Range<usize>| digits[range].concat();
    Ok(format!(
        "{{{}-{}-{}-{}-{}}}",
        part(0..4),
        part(4..6),
        part(6..8),
        part(8..10),
        part(10..16)
    ))
}

/// The bytes of an identifier from its text, with or without braces.
pub(super) fn parse(text: &str) -> Option<[u8; 16]> {
    let text = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .unwrap_or(text);
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let digits: Vec<u8> = text
        .chars()
        .filter(|&c| c != '-')
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    if lengths != [8, 4, 4, 4, 12] {
        return None;
    }
    let byte = |at: usize| digits[2 * at] << 4 | digits[2 * at + 1];
    Some([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map(byte))
}

fn give_text(cx: &Cx<'_>, guid: Addr, result: Addr) -> Result<u32, Trap> {
    let text = text_of(cx, guid)?;
    let block = cx.allocate(Size(80));
    Wide.put(cx, block, &text)?;
    cx.write_addr(result, block)?;
    Ok(S_OK)
}

fn read_identifier(cx: &Cx<'_>, text: Addr, guid: Addr) -> Result<u32, Trap> {
    let Some(text) = Wide.optional(cx, text)? else {
        cx.fill(guid, 0, 16)?;
        return Ok(S_OK);
    };
    match parse(&text).filter(|_| text.starts_with('{')) {
        Some(bytes) => {
            cx.put(guid, &bytes)?;
            Ok(S_OK)
        }
        None if text.starts_with('{') => Ok(NO_IDENTIFIER),
        None => Ok(if text.is_empty() {
            INVALID_ARGUMENT
        } else {
            NO_IDENTIFIER
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "ole32.dll";

    #[test]
    fn identifiers_are_written_and_read() {
        let bench = Bench::new();
        let (guid, text) = (
            bench.bytes(&[0; 16]),
            bench.wide("{00112233-4455-6677-8899-aAbBcCdDeEfF}"),
        );
        assert_eq!(bench.ask(DLL, "CLSIDFromString", &[text, guid]), 0);
        assert_eq!(
            bench.read(guid, 9),
            [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88]
        );
        let buffer = bench.bytes(&[0; 80]);
        assert_eq!(bench.ask(DLL, "StringFromGUID2", &[guid, buffer, 39]), 39);
        bench.with_cx(|cx| {
            let text = cx.text_w(crate::shim::Addr(buffer)).unwrap();
            assert_eq!(text, "{00112233-4455-6677-8899-AABBCCDDEEFF}");
        });
        assert_eq!(bench.ask(DLL, "StringFromGUID2", &[guid, buffer, 38]), 0);
        assert_eq!(
            bench.ask(DLL, "CLSIDFromString", &[bench.wide("{short}"), guid]),
            u64::from(super::NO_IDENTIFIER)
        );
        assert_eq!(bench.ask(DLL, "CoCreateGuid", &[guid]), 0);
        assert_eq!(bench.read(guid + 7, 1)[0] >> 4, 4);
    }

    #[test]
    fn memory_grows_and_apartments_are_counted() {
        let bench = Bench::new();
        let block = bench.ask(DLL, "CoTaskMemAlloc", &[4]);
        bench.with_cx(|cx| cx.put(crate::shim::Addr(block), b"abcd").unwrap());
        let block = bench.ask(DLL, "CoTaskMemRealloc", &[block, 4000]);
        assert_eq!(bench.read(block, 4), b"abcd");
        bench.ask(DLL, "CoTaskMemFree", &[block]);
        assert_eq!(bench.ask(DLL, "CoInitialize", &[0]), 0);
        assert_eq!(bench.ask(DLL, "CoInitializeEx", &[0, 2]), 1);
        bench.ask(DLL, "CoUninitialize", &[]);
        bench.ask(DLL, "CoUninitialize", &[]);
        assert_eq!(bench.ask(DLL, "CoInitialize", &[0]), 0);
        let result = bench.bytes(&[0xff; 8]);
        assert_eq!(
            bench.ask(DLL, "CoCreateInstance", &[block, 0, 1, block, result]),
            u64::from(super::NO_CLASS)
        );
        assert_eq!(bench.read(result, 8), [0; 8]);
    }
}
