//! `oleaut32.dll`: texts with their length before them, and values of any type.

use crate::cx::Cx;
use crate::shim::{Addr, Dll, Size, shims};
use crate::trap::Trap;

pub(super) static OLEAUT32: Dll = Dll {
    name: "oleaut32.dll",
    tables: &[SHIMS],
    ordinals: &[
        (2, "SysAllocString"),
        (3, "SysReAllocString"),
        (4, "SysAllocStringLen"),
        (6, "SysFreeString"),
        (7, "SysStringLen"),
        (8, "VariantInit"),
        (9, "VariantClear"),
        (149, "SysStringByteLen"),
        (150, "SysAllocStringByteLen"),
    ],
    ..Dll::EMPTY
};

/// `VT_BSTR`
const TEXT: u16 = 8;

shims! {
    static SHIMS = "oleaut32.dll", stdcall;

    /// Makes a text of one that ends with a zero.
    fn SysAllocString(cx, text: Addr) -> Addr {
        if text.is_null() {
            return Ok(Addr::NULL);
        }
        let units = cx.wide(text)?.len() as u64;
        allocate(cx, text, units * 2)
    }

    /// Makes a text of so many units, or room for them.
    fn SysAllocStringLen(cx, text: Addr, units: u32) -> Addr {
        allocate(cx, text, u64::from(units) * 2)
    }

    /// Makes a text of so many bytes, or room for them.
    fn SysAllocStringByteLen(cx, text: Addr, bytes: u32) -> Addr {
        allocate(cx, text, u64::from(bytes))
    }

    /// Replaces a text by a copy of another one.
    fn SysReAllocString(cx, place: Addr, text: Addr) -> bool {
        let units = cx.wide(text)?.len() as u64;
        let new = allocate(cx, text, units * 2)?;
        free(cx, cx.read_addr(place)?);
        cx.write_addr(place, new)?;
        Ok(!new.is_null())
    }

    /// Frees a text.
    fn SysFreeString(cx, text: Addr) {
        free(cx, text);
        Ok(())
    }

    /// Answers the units of a text.
    fn SysStringLen(cx, text: Addr) -> u32 {
        length(cx, text).map(|bytes| bytes / 2)
    }

    /// Answers the bytes of a text.
    fn SysStringByteLen(cx, text: Addr) -> u32 {
        length(cx, text)
    }

    /// Makes a value empty whatever it was.
    fn VariantInit(cx, value: Addr) {
        cx.fill(value, 0, 8 + 2 * cx.pointer_size())
    }

    /// Makes a value empty and frees what it holds.
    fn VariantClear(cx, value: Addr) -> u32 {
        if cx.read::<u16>(value)? == TEXT {
            free(cx, cx.read_addr(value.offset(8))?);
        }
        cx.write(value, 0_u16)?;
        Ok(0)
    }
}

/// Bytes before the text, of which the last four hold its length.
const HEAD: u64 = 8;

fn allocate(cx: &Cx<'_>, text: Addr, bytes: u64) -> Result<Addr, Trap> {
    let block = cx.allocate_zeroed(Size(HEAD + bytes + 2));
    if block.is_null() {
        return Ok(block);
    }
    cx.write(block.offset(HEAD - 4), bytes as u32)?;
    let start = block.offset(HEAD);
    if !text.is_null() {
        cx.copy(start, text, bytes)?;
    }
    Ok(start)
}

fn free(cx: &Cx<'_>, text: Addr) {
    if !text.is_null() {
        cx.free(Addr(text.0.wrapping_sub(HEAD)));
    }
}

fn length(cx: &Cx<'_>, text: Addr) -> Result<u32, Trap> {
    if text.is_null() {
        Ok(0)
    } else {
        cx.read(Addr(text.0.wrapping_sub(4)))
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "oleaut32.dll";

    #[test]
    fn texts_know_their_length() {
        let bench = Bench::new();
        let text = bench.ask(DLL, "SysAllocString", &[bench.wide("abc")]);
        assert_eq!(bench.ask(DLL, "SysStringLen", &[text]), 3);
        assert_eq!(bench.ask(DLL, "SysStringByteLen", &[text]), 6);
        assert_eq!(bench.read(text, 8), b"a\0b\0c\0\0\0");
        assert_eq!(bench.ask(DLL, "SysAllocString", &[0]), 0);
        assert_eq!(bench.ask(DLL, "SysStringLen", &[0]), 0);
        let room = bench.ask(DLL, "SysAllocStringLen", &[0, 5]);
        assert_eq!(bench.ask(DLL, "SysStringLen", &[room]), 5);
        bench.ask(DLL, "SysFreeString", &[room]);
        let variant = [&8_u64.to_le_bytes()[..], &text.to_le_bytes(), &[0; 8]].concat();
        let variant = bench.bytes(&variant);
        assert_eq!(bench.ask(DLL, "VariantClear", &[variant]), 0);
        assert_eq!(bench.read(variant, 2), [0, 0]);
    }
}
