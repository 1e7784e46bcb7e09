//! `rpcrt4.dll`: identifiers.

use super::ole32::{fresh_identifier, parse, text_of};
use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Dll, Size, shims};
use crate::trap::Trap;

pub(super) static RPCRT4: Dll = Dll {
    name: "rpcrt4.dll",
    tables: &[SHIMS],
    ..Dll::EMPTY
};

/// `RPC_S_INVALID_STRING_UUID`
const INVALID: u32 = 1705;

shims! {
    static SHIMS = "rpcrt4.dll", stdcall;

    /// Makes a new identifier.
    fn UuidCreate(cx, identifier: Addr) -> u32 {
        cx.put(identifier, &fresh_identifier())?;
        Ok(0)
    }

    /// Makes a new identifier, whose maker need not be known.
    fn UuidCreateSequential(cx, identifier: Addr) -> u32 {
        cx.put(identifier, &fresh_identifier())?;
        Ok(0)
    }

    /// Writes an identifier as text without braces, to be freed.
    fn UuidToStringA(cx, identifier: Addr, text: Addr) -> u32 {
        give(cx, Ansi, identifier, text)
    }

    /// Writes an identifier as text without braces, to be freed.
    fn UuidToStringW(cx, identifier: Addr, text: Addr) -> u32 {
        give(cx, Wide, identifier, text)
    }

    /// Reads an identifier from text without braces.
    fn UuidFromStringA(cx, text: Addr, identifier: Addr) -> u32 {
        let text = cx.text_a(text)?;
        take(cx, &text, identifier)
    }

    /// Reads an identifier from text without braces.
    fn UuidFromStringW(cx, text: Addr, identifier: Addr) -> u32 {
        let text = cx.text_w(text)?;
        take(cx, &text, identifier)
    }

    /// Frees a text of this library.
    fn RpcStringFreeA(cx, text: Addr) -> u32 {
        free(cx, text)
    }

    /// Frees a text of this library.
    fn RpcStringFreeW(cx, text: Addr) -> u32 {
        free(cx, text)
    }
}

fn give(cx: &Cx<'_>, letters: Letters, identifier: Addr, result: Addr) -> Result<u32, Trap> {
    let text = text_of(cx, identifier)?.to_lowercase();
    let block = cx.allocate(Size(80));
    letters.put(cx, block, text.trim_matches(['{', '}']))?;
    cx.write_addr(result, block)?;
    Ok(0)
}

fn take(cx: &Cx<'_>, text: &str, identifier: Addr) -> Result<u32, Trap> {
    match parse(text).filter(|_| !text.starts_with('{')) {
        Some(bytes) => {
            cx.put(identifier, &bytes)?;
            Ok(0)
        }
        None => Ok(INVALID),
    }
}

fn free(cx: &Cx<'_>, place: Addr) -> Result<u32, Trap> {
    cx.free(cx.read_addr(place)?);
    cx.write_addr(place, Addr::NULL)?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn identifiers_come_back_from_their_text() {
        let bench = Bench::new();
        let (made, read, place) = (
            bench.bytes(&[0; 16]),
            bench.bytes(&[0; 16]),
            bench.bytes(&[0; 8]),
        );
        assert_eq!(bench.ask("rpcrt4.dll", "UuidCreate", &[made]), 0);
        assert_eq!(bench.ask("rpcrt4.dll", "UuidToStringA", &[made, place]), 0);
        let text = u64::from_le_bytes(bench.read(place, 8).try_into().unwrap());
        assert_eq!(bench.ask("rpcrt4.dll", "UuidFromStringA", &[text, read]), 0);
        assert_eq!(bench.read(made, 16), bench.read(read, 16));
        assert_eq!(bench.ask("rpcrt4.dll", "RpcStringFreeA", &[place]), 0);
        assert_eq!(
            bench.ask("rpcrt4.dll", "UuidFromStringA", &[bench.text("x"), read]),
            1705
        );
    }
}
