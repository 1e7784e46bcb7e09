//! `msdmo.dll`: descriptions of media that codecs hand to each other.

use crate::cx::Cx;
use crate::shim::{Addr, Dll, Size, shims};
use crate::structures::MediaType;
use crate::trap::Trap;

pub(super) static MSDMO: Dll = Dll {
    name: "msdmo.dll",
    tables: &[SHIMS],
    ..Dll::EMPTY
};

const S_OK: u32 = 0;
const E_INVALID: u32 = 0x8007_0057;
const E_MEMORY: u32 = 0x8007_000E;

shims! {
    static SHIMS = "msdmo.dll", stdcall;

    /// Prepares a description with room for a format.
    fn MoInitMediaType(cx, media: Addr, bytes: u32) -> u32 {
        if media.is_null() {
            return Ok(E_INVALID);
        }
        initialize(cx, media, bytes)
    }

    /// Makes a description with room for a format.
    fn MoCreateMediaType(cx, result: Addr, bytes: u32) -> u32 {
        if result.is_null() {
            return Ok(E_INVALID);
        }
        let media = create(cx, bytes)?;
        cx.write_addr(result, media)?;
        Ok(if media.is_null() { E_MEMORY } else { S_OK })
    }

    /// Copies a description and its format.
    fn MoCopyMediaType(cx, to: Addr, from: Addr) -> u32 {
        if to.is_null() || from.is_null() {
            return Ok(E_INVALID);
        }
        copy(cx, to, from)
    }

    /// Makes a copy of a description and its format.
    fn MoDuplicateMediaType(cx, result: Addr, from: Addr) -> u32 {
        if result.is_null() || from.is_null() {
            return Ok(E_INVALID);
        }
        let media = create(cx, 0)?;
        cx.write_addr(result, media)?;
        if media.is_null() { Ok(E_MEMORY) } else { copy(cx, media, from) }
    }

    /// Frees what a description holds.
    fn MoFreeMediaType(cx, media: Addr) -> u32 {
        if media.is_null() {
            return Ok(E_INVALID);
        }
        release(cx, media)
    }

    /// Frees a description and what it holds.
    fn MoDeleteMediaType(cx, media: Addr) -> u32 {
        if media.is_null() {
            return Ok(E_INVALID);
        }
        release(cx, media)?;
        cx.free(media);
        Ok(S_OK)
    }
}

fn initialize(cx: &Cx<'_>, media: Addr, bytes: u32) -> Result<u32, Trap> {
    cx.fill(media, 0, MediaType::size(cx))?;
    if bytes != 0 {
        let format = cx.allocate(Size(u64::from(bytes)));
        if format.is_null() {
            return Ok(E_MEMORY);
        }
        cx.write_addr(MediaType::format(cx, media), format)?;
        cx.write(MediaType::format_bytes(cx, media), bytes)?;
    }
    Ok(S_OK)
}

fn create(cx: &Cx<'_>, bytes: u32) -> Result<Addr, Trap> {
    let media = cx.allocate(Size(MediaType::size(cx)));
    if !media.is_null() && initialize(cx, media, bytes)? != S_OK {
        cx.free(media);
        return Ok(Addr::NULL);
    }
    Ok(media)
}

fn copy(cx: &Cx<'_>, to: Addr, from: Addr) -> Result<u32, Trap> {
    let bytes: u32 = cx.read(MediaType::format_bytes(cx, from))?;
    let old = cx.read_addr(MediaType::format(cx, from))?;
    cx.copy(to, from, MediaType::size(cx))?;
    if bytes == 0 || old.is_null() {
        cx.write_addr(MediaType::format(cx, to), Addr::NULL)?;
        return Ok(S_OK);
    }
    let format = cx.allocate(Size(u64::from(bytes)));
    cx.write_addr(MediaType::format(cx, to), format)?;
    if format.is_null() {
        return Ok(E_MEMORY);
    }
    cx.copy(format, old, u64::from(bytes))?;
    Ok(S_OK)
}

fn release(cx: &Cx<'_>, media: Addr) -> Result<u32, Trap> {
    let format = cx.read_addr(MediaType::format(cx, media))?;
    if !format.is_null() {
        cx.free(format);
    }
    cx.write_addr(MediaType::format(cx, media), Addr::NULL)?;
    cx.write(MediaType::format_bytes(cx, media), 0_u32)?;
    Ok(S_OK)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn a_copy_has_a_format_of_its_own() {
        let bench = Bench::new();
        let word = |at: u64| u64::from_le_bytes(bench.read(at, 8).try_into().unwrap());
        let place = bench.bytes(&[0; 16]);
        assert_eq!(bench.ask("msdmo.dll", "MoCreateMediaType", &[place, 4]), 0);
        let media = word(place);
        bench.with_cx(|cx| {
            cx.put(crate::shim::Addr(word(media + 80)), b"wave")
                .unwrap()
        });
        assert_eq!(
            bench.ask("msdmo.dll", "MoDuplicateMediaType", &[place + 8, media]),
            0
        );
        let copy = word(place + 8);
        assert_ne!(word(copy + 80), word(media + 80));
        assert_eq!(bench.ask("msdmo.dll", "MoDeleteMediaType", &[media]), 0);
        assert_eq!(
            (bench.read(copy + 72, 1), bench.read(word(copy + 80), 4)),
            (vec![4], b"wave".to_vec())
        );
        assert_eq!(bench.ask("msdmo.dll", "MoFreeMediaType", &[0]), 0x8007_0057);
    }
}
